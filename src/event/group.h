/*
** group.h - who reads a topic, and how far.
**
** A group has a position in every partition: the offset that it reads next. Its members share
** the partitions: each holds a lease on some, for LEASE_SECONDS, and renews it while it works. A
** claim counts the fence of the partition up, and moving a position asks for the fence and for a
** lease that is not over, in the transaction of the effects. So a member that was paused beyond
** its lease cannot commit, whether or not somebody else has come meanwhile.
**
** Sharing: of m living members each holds at most ceil(partitions / m). One that holds more gives
** the surplus back when it claims the next time; one that holds less takes what is free: what nobody
** holds, whose lease is over, or whose holder is a process of this machine that is not there any more.
*/
#ifndef EVENT_GROUP_H
#define EVENT_GROUP_H

#include "event/event.h"

enum { LEASE_SECONDS = 30, GROUP_BYTES = 64, MEMBER_BYTES = 64 };

struct place {
  int partition;
  int64_t first, end; /* offsets that there are: first <= offset < end */
  int64_t next;       /* what the group reads next */
  int64_t fence;
  bool mine;   /* leased to the member */
  bool stale;  /* and the lease is to be renewed */
  bool unheld; /* nobody's */
};

struct reading {
  const char *topic, *group, *member;
  struct place place[EVENT_PARTITIONS];
  int count;
  int members; /* living ones */
  int mine;    /* places that are the member's */
  bool among;  /* the member is one of them, and not only for a moment more */
};

/* How the group stands. Reads only. */
int group_look(struct ctx *cx, struct db *db, const struct topic *t, struct reading *r);

/* Whether the member should claim before it reads: it holds too few or too many, or not for long. */
bool group_should_claim(const struct reading *r);

/* Inside tenant_write: makes the group if it is new, the member one of it, and gives it its share. */
int group_claim(struct ctx *cx, struct db *db, const struct topic *t, const char *help, bool outside,
                struct reading *r);

/* Inside tenant_write, with the effects: E_CONFLICT when the lease was lost. */
int group_move(struct ctx *cx, struct db *db, const struct reading *r, int partition, int64_t fence,
               int64_t next);

/* Inside tenant_write: gives all back. */
int group_leave(struct ctx *cx, struct db *db, const char *topic, const char *group, const char *member);

/* Names of groups and members from outside: 1 to GROUP_BYTES of letters, digits, . _ : and -. */
int group_check_name(struct ctx *cx, const char *field, const char *name);

#endif
