/*
** engine.h - the threads that do what is to be done: jobs, schedules, consumers.
**
** A part says of each tenant whether there is something to do, does a bit of it, and says
** when to look again. Workers take parts that are due; after every commit to a tenant's
** file all of its parts are due, so nothing waits for a poll. What other processes commit
** is noticed within a quarter of a second.
**
** One worker more than asked for never takes jobs: schedules and consumers go on however
** long the jobs take.
*/
#ifndef JOB_ENGINE_H
#define JOB_ENGINE_H

#include "store/opened.h"

struct engine_part {
  const char *name;
  int at_once; /* how many threads may be in `work` of one tenant */
  /* Does a bit of work, if there is any (*did). *next: when to look again if nobody wakes it,
  ** UTC microseconds, or INT64_MAX. Cheap when there is nothing. What it returns is logged; it is
  ** called again a second later. */
  int (*work)(struct ctx *cx, struct tenant *t, bool *did, int64_t *next);
};
void engine_part_register(const struct engine_part *p); /* main.c, before any thread is started */

struct engine;

enum { ENGINE_WORKERS = 4, ENGINE_WORKERS_MOST = 64 };

/* Starts working for all tenants of a folder, those that are added later included. One that cannot be
** opened is logged and tried again; the others are not affected. */
int engine_start(struct ctx *cx, struct opened *tenants, int workers, struct engine **out);
/* Tells jobs to stop and waits for them, some seconds at most; what did not end is given back. */
void engine_stop(struct engine *e);

/* In the foreground, for commands, whether or not a server runs: works for one tenant until `over`
** says so (asked after whatever happened), or a signal. */
typedef bool engine_over_fn(struct ctx *cx, struct tenant *t, void *arg);
int engine_run_until(struct ctx *cx, struct tenant *t, engine_over_fn *over, void *arg);
int engine_run_on(struct ctx *cx, struct tenant *t); /* until a signal */
/* Until nothing is ready. What waits for its time (a second attempt) stays waiting. */
int engine_run_idle(struct ctx *cx, struct tenant *t);

#endif
