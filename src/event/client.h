/*
** client.h - groups whose members are outside: who polls over HTTP, who reads in a shell.
**
** A poll gives what comes behind the group's committed positions, in the partitions that are the
** member's; a commit moves them. What was not committed comes again, to this member or to the one that has
** the partition then. A commit names the fence that the poll gave: who lost the lease meanwhile
** gets E_CONFLICT and nothing moves.
*/
#ifndef EVENT_CLIENT_H
#define EVENT_CLIENT_H

#include "event/event.h"

enum { POLL_MOST = 1000, POLL_WAIT_MOST_MS = 30000 };

struct event_position {
  int partition;
  int64_t offset; /* the one behind the last event: what is read next */
  int64_t fence;
};

struct event_poll {
  const char *topic, *group, *member;
  size_t max;              /* events, 1 to POLL_MOST */
  int64_t wait_ms;         /* for the first one */
  bool (*stop)(void *arg); /* asked while it waits; may be NULL */
  void *arg;

  struct event *events; /* out; they live as long as the unit of work */
  size_t count;
  struct event_position positions[EVENT_PARTITIONS]; /* to be committed when all of them are dealt with */
  int position_count;
};

int event_poll(struct ctx *cx, struct tenant *t, struct event_poll *p);
int event_commit(struct ctx *cx, struct tenant *t, const char *topic, const char *group, const char *member,
                 const struct event_position *positions, int count);
int event_leave(struct ctx *cx, struct tenant *t, const char *topic, const char *group, const char *member);

/* Without a group: events of one partition (-1: of all) from an offset on; nothing moves. */
int event_read(struct ctx *cx, struct db *db, const struct topic *t, int partition, int64_t offset,
               size_t most, struct event *events, size_t *n);

/* As CloudEvents 1.0, structured mode, with the extensions partition and offset. */
void event_json(struct jw *w, const char *key, const char *tenant, const char *topic, const struct event *e);

#endif
