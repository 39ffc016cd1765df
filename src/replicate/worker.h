/*
** worker.h - replication runs by itself: a thread for each tenant that is enrolled.
**
**   commit here, or elsewhere -> wake -> the steps, in their order, over one connection that stays open:
**
**   contact   who we are, and what time it is (clock.h)
**   compare   whether this file is still the one that headquarters knows (epoch.h)
**   push      what is new here goes up (push.h)
**   pull      what is new there comes down
**
** As long as one of them has more to do all are called again in turn, so a long backlog keeps nothing else waiting. The steps
** stand in worker_steps.c: one more is a row there.
**
** What fails is said (state.h: sync_error) and tried again after a time that grows with every failure, from a second to five
** minutes, at random below that, so that a thousand edges do not come back at one moment. A failure of one step keeps the
** others from nothing, unless the connection is gone. When headquarters refuses us, or was not reached for a day,
** people are told (alert `sync`).
**
** One process does it for a tenant at a time: DIR/tenants/SLUG.sync is locked as long. Nothing here holds the tenant's writer
** while it waits for headquarters.
*/
#ifndef REPLICATE_WORKER_H
#define REPLICATE_WORKER_H

#include "job/engine.h"
#include "replicate/pg.h"

struct sync_step {
  const char *name;
  /* Does a piece of work, some seconds at most. *more: there is more of it. Called outside of any transaction, in a unit of
  ** work of its own. E_CONFLICT: this file and headquarters do not fit; compare looks why. */
  int (*some)(struct ctx *cx, struct tenant *t, struct pg *p, bool *more);
  int every; /* seconds between calls when there was nothing more; 0: whenever the file was changed */
};
extern const struct sync_step sync_steps[]; /* ends with a name of NULL */

/* For a server: threads are started from now on (by the part, when a tenant is found to be enrolled), until sync_stop, which waits
** for them and comes after engine_stop and before the tenants are closed. */
void sync_start(void);
void sync_stop(void);
extern const struct engine_part sync_part;

/* In the foreground, until nothing is left to do. E_BUSY when another process does it; the failure, otherwise, is kept in the
** file like any other. */
int sync_once(struct ctx *cx, struct tenant *t);
/* Until the process is interrupted; failures are told by `say` and tried again. */
int sync_forever(struct ctx *cx, struct tenant *t, void (*say)(struct ctx *cx, const char *sentence));

/* A connection of its own for what somebody asks for; it ends with the unit of work. */
int sync_dial(struct ctx *cx, struct tenant *t, struct pg **out);

/* The thread of this process, if there is one, tries at once, whatever it waits for. */
void sync_wake(struct tenant *t);

#endif
