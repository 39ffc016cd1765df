/*
** job.h - durable work: what is to be done, kept in the tenant's file, so that the
** write that causes it and the order to do it are one commit.
**
** TO ADD A KIND OF JOB
**   1. its function in the folder that it belongs to: int run(struct ctx *, struct job *)
**   2. a struct job_kind beside it: name, queue, a sentence, and what it takes to order one by hand
**   3. job_kind_register in main.c
**   4. job_enqueue where the work is caused, in that transaction
**   5. a case in a scenario that kills the program while it runs
**
** A job runs at least once: a process can be killed at any moment, and the job is then
** taken by another one. What it does to the tenant's file happens exactly once when it
** is done by job_step, job_write or job_finish: each checks in its own transaction that
** this attempt still has the job. What it does outside (a mail, a request) is to be
** keyed by job_id and the step's name.
**
** What `run` returns is the outcome. OK: done. E_INVALID, E_NOT_FOUND, E_DENIED, E_LIMIT
** and E_CONFLICT: dead at once, because trying again would not help; the message is the
** cause. E_BUSY and E_FAIL: tried again after min(cap, base * 2^(n-1)) with full jitter
** (base, cap, jitter and the number of attempts are settings of the queue), then dead.
** A dead job stays until somebody replays it.
*/
#ifndef JOB_JOB_H
#define JOB_JOB_H

#include "base/json.h"
#include "store/store.h"

struct job; /* one attempt; belongs to the worker's unit of work */

/* ---- kinds ---- */

struct job_kind {
  const char *name, *queue, *help;
  int (*run)(struct ctx *cx, struct job *job);
  const char
      *need;   /* "stock.write": the permission that it takes, besides work.write, to order one by hand, by a
                       schedule or in a graph; NULL: nobody may, only the program orders them */
  int at_once; /* jobs of this kind that may run at the same time in one tenant; 0: as many as the queue may */
  int rest; /* one with a unique key begins no sooner after the end of the last one done than so many times as long
                  as that one took, an hour at most, so that work which grows with the data takes the same share of
                  the machine */
};
void job_kind_register(const struct job_kind *k); /* main.c, before any thread is started */
const struct job_kind *job_kind_find(const char *name);
const struct job_kind *job_kind_at(int i); /* NULL beyond the last */

/* May whoever acts (ctx.may) order jobs of this kind? E_DENIED, or E_INVALID when there is none of that name. Asked where a
** person orders, schedules, draws or starts; never where a write causes work, nor when a slot has come. */
int job_kind_allowed(struct ctx *cx, const char *name);

void job_register_kinds(void); /* those of this folder */

/* ---- orders ---- */

/* What a run of a graph covers: from <= t < to, UTC microseconds. */
struct job_window {
  int64_t from, to;
  bool backfill; /* it must not touch live positions */
};

struct job_order {
  const char *kind;   /* must be registered: E_INVALID names those there are */
  const char *queue;  /* NULL: the kind's */
  struct str payload; /* a JSON object; p NULL: {} */
  const char *unique; /* as long as a job of this kind and key is waiting or running, no second one is
                         made: *id is that one's. May be NULL */
  int priority;       /* within its queue, higher first */
  int64_t due;        /* UTC microseconds; 0: now */
  int64_t wait;     /* microseconds from now on, whatever the clock is set to; the later of the two counts */
  int attempts;     /* 0: the queue's */
  int64_t retry_ms; /* between attempts exactly so long; 0: the backoff of the queue */

  /* Set by graph.c only. */
  int64_t graph_run;
  const char *graph_task;
  const struct job_window *window;
  const char *item;
};

/* Inside tenant_write: in the transaction of the write that causes it. id may be NULL. */
int job_enqueue(struct ctx *cx, struct db *db, const struct job_order *o, int64_t *id);

/* ---- inside run ---- */

struct tenant *job_tenant(const struct job *job);
int64_t job_id(const struct job *job);
const char *job_kind_name(const struct job *job);
int job_attempt(const struct job *job); /* 1, 2, ... */
const struct jv *job_payload(const struct job *job);
const struct job_window *job_window(const struct job *job); /* of a graph's task; else NULL */
const char *job_item(const struct job *job);                /* of a mapped task; else NULL */

/* Cancelled, lost to another process, or the program is shutting down: return soon, with
** whatever code. Who was told true is not done, even by job_finish: it is begun again later, unless it was
** cancelled. So ask only where there is more to do. */
bool job_stopped(struct job *job);

/* How far it is; text may be NULL. Cheap: it is told to live pages a few times a second and
** kept in the file about once a second. total 0: nobody knows. */
void job_progress(struct job *job, int64_t done, int64_t total, const char *text);

/* The same, told to live pages only and not kept: for a job that has the writer for itself (tenant_write_alone). */
void job_progress_live(struct job *job, int64_t done, int64_t total, const char *text);

/* A line that is kept with the attempt; at most LIMIT_JOB_LOG bytes of them. */
void job_log(struct job *job, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A step happens once, whatever becomes of the attempt: fn, the mark of the step and the
** check that this attempt has the job are one transaction. When it was done by an
** earlier attempt, fn is not called. E_CONFLICT: the job was lost or cancelled.
** fn may be NULL (a mark alone). */
int job_step(struct ctx *cx, struct job *job, const char *name, write_fn *fn, void *arg);
/* Whether a step is done already, for what need not be prepared again. */
bool job_step_done(struct ctx *cx, struct job *job, const char *name);
/* tenant_write with that check, and no step. */
int job_write(struct ctx *cx, struct job *job, write_fn *fn, void *arg);
/* The check alone, for a transaction of the job's own: E_CONFLICT when this attempt does not have the job any more. */
int job_held(struct ctx *cx, struct db *db, struct job *job);
/* The last effects and "done" in one transaction; run then returns OK. */
int job_finish(struct ctx *cx, struct job *job, write_fn *fn, void *arg);
/* Kept with the job, JSON; for a graph's task: its output. Before job_finish. */
void job_result(struct job *job, struct str json);
/* Should this attempt fail for now: the next one so much later, instead of after the backoff. */
void job_retry_after(struct job *job, int64_t ms);

/* ---- the end of a job of a graph ---- */

struct job_ended {
  int64_t id, graph_run;
  const char *graph_task, *item;
  const char *state; /* done, dead or cancelled */
  const char *cause; /* of a dead one, else NULL */
  struct str result; /* p NULL when there is none */
  int attempts;
};
/* Called in the transaction in which a job with a graph_run ends. Set once at start. */
typedef int job_ended_fn(struct ctx *cx, struct db *db, const struct job_ended *job);
void job_set_ended_hook(job_ended_fn *fn);
/* Called in the transaction in which a job dies that belongs to no graph. Set once at start. */
typedef int job_dead_fn(struct ctx *cx, struct db *db, int64_t id, const char *kind, const char *cause);
void job_set_dead_hook(job_dead_fn *fn);

/* ---- what people do to jobs: inside tenant_write, each an entry of the change log ---- */

/* A dead or cancelled job is begun again with all its attempts; one that waits for its time
** is begun at once. E_CONFLICT for others. Steps that are done stay done. */
int job_retry(struct ctx *cx, struct db *db, int64_t id);
/* Another payload, for a job that does not run. */
int job_edit(struct ctx *cx, struct db *db, int64_t id, struct str payload);
/* Ends a waiting or running job; what a running one has not written yet it cannot write any more. */
int job_cancel(struct ctx *cx, struct db *db, int64_t id);
/* job_retry for every dead one, of one queue when queue is not NULL. */
int job_replay_dead(struct ctx *cx, struct db *db, const char *queue, int64_t *count);

/* ---- reports ---- */

struct job_filter {
  const char *state, *queue, *kind; /* NULL: all */
  int64_t limit, before;            /* ids below this one; 0: from the newest on */
};
/* An array of jobs, newest first; *total of them there are, *next is `before` of the next page or 0. */
int job_list(struct ctx *cx, struct db *db, const struct job_filter *f, struct jw *w, const char *key,
             int64_t *total, int64_t *next);
int job_counts(struct ctx *cx, struct db *db, struct jw *w, const char *key);
/* One job with payload, result, steps and tries; E_NOT_FOUND. */
int job_show(struct ctx *cx, struct db *db, int64_t id, struct jw *w, const char *key);
int job_queues(struct ctx *cx, struct db *db, struct jw *w, const char *key);
void job_kinds(struct jw *w, const char *key);

/* ---- notices, for live pages ---- */

/* What happened to jobs in this process lately, kept in memory; the clock grows with each. Tells those of a tenant
** after `since` (the newest of each job) as {id, kind, queue, state, attempts, progress, cause}, where progress and
** cause may be absent. It is the state of the job, so a repetition does no harm. */
uint64_t job_notices_clock(void);
typedef void job_notice_fn(void *arg, struct str json);
uint64_t job_notices_tell(const char *slug, uint64_t since, job_notice_fn *fn, void *arg); /* the clock */
/* From the file, for a client that begins or comes back: what runs, and what ended after `at`. */
int job_tell_since(struct ctx *cx, struct db *db, int64_t at, job_notice_fn *fn, void *arg);

#endif
