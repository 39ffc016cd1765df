/*
** consume.h - the program's own consumer groups at work.
**
** One group is worked on by one thread of a process at a time, several groups by several threads; their
** commits are shared (store/writer.c). Another process is another member of the group, and
** gets its share of the partitions (group.h).
**
** One round of a group: look where it stands, claim partitions if it should, read up to EVENT_BATCH
** events on a reader, then, in one transaction: handler, positions, figures. Before that commit nothing
** has happened, after it everything has: a crash loses nothing and repeats nothing.
**
** When the handler fails, the transaction is undone and the batch is halved, until the event that
** it fails at stands alone. If it is the event's fault (E_INVALID, E_NOT_FOUND, E_DENIED, E_LIMIT,
** E_CONFLICT), it is parked and the group goes on. If it is the world's (E_BUSY, E_FAIL), the group waits,
** min(60 s, 0.1 s * 2^(n-1)) with full jitter, and tries again; after TRIES_MOST of E_FAIL the event is
** parked, too, so that one event cannot stop a group for ever.
*/
#ifndef EVENT_CONSUME_H
#define EVENT_CONSUME_H

#include "event/event.h"

enum { TRIES_MOST = 12 };

/* One round of one group that has something to do. Fits struct engine_part. */
int consumers_work(struct ctx *cx, struct tenant *t, bool *did, int64_t *next);

/* Until no group has anything to do, with as many threads as there are groups, at most four. */
int consumers_run_idle(struct ctx *cx, struct tenant *t);

/* Gives up this process's leases in the tenant, so that others need not wait for their end. */
int consumers_leave(struct ctx *cx, struct tenant *t);

#endif
