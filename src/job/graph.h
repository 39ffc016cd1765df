/*
** graph.h - graphs of tasks: declared as records of the entity `graph`, run as jobs.
**
** A task is a job of the queue `graph`. When it has ended, the transaction that says so
** also makes the jobs of the tasks that waited for it: there is no moment at which a
** process that is killed could forget or repeat one. A run keeps the graph as it was
** when the run was made.
**
** States of a run: waiting (for another one of its graph, see max_active), running, done,
** failed (a task failed and nothing is left to do), cancelled. Of a task: waiting (for
** others), ready (its job waits for a worker), running, done, failed, upstream_failed (one
** that it waits for has failed), cancelled.
**
** Retries: a task that fails in a way that may pass is tried again as often and as much
** later as the graph or the task says; see job.h for what does not pass.
**
** TO ADD A GRAPH: a record of the entity `graph`, by the terminal, the API, or a migration;
** for its times a record of `schedule` of the kind `graph`. TO ADD A KIND OF TASK: a kind
** of job (job.h); job_window says what its run covers, job_item what it is mapped to, and
** job_result is its output.
*/
#ifndef JOB_GRAPH_H
#define JOB_GRAPH_H

#include "job/job.h"

/* ---- lists that tasks are mapped over ---- */

/* Writes the items, texts, into an open array: jw_str(items, NULL, name). payload: of the
** task. In the transaction in which the task begins. */
typedef int graph_lister(struct ctx *cx, struct db *db, const struct jv *payload, struct jw *items);
void graph_lister_register(const char *name, graph_lister *fn); /* main.c, before any thread is started */

/* main.c: what cannot work is not saved; a job of a task that ends is noticed. */
void graph_register(void);

/* Told, in the transaction, how a run ended: done or failed. */
typedef int graph_ended_fn(struct ctx *cx, struct db *db, const char *graph, int64_t run, const char *state);
extern graph_ended_fn *graph_ended_hook; /* main.c; NULL: nobody */

/* ---- runs; all of it inside tenant_write ---- */

struct graph_order {
  const char *graph;
  const char *cause;        /* manual, schedule or backfill */
  struct job_window window; /* to 0: of a manual run, from the end of the last one until now */
  struct str payload;       /* an object that is laid over the payload of every task; p NULL: {} */
  const char *notify;       /* a webhook's name or address, or, from who may order webhook_send, any http(s)
                               address: it gets a POST when the run ends; NULL */
};
/* Makes a run and begins it, unless max_active of them are at work. E_NOT_FOUND names the
** graphs there are. */
int graph_start(struct ctx *cx, struct db *db, const struct graph_order *o, int64_t *run);

/* A run for each slot of the graph's schedule on the days from..to (of the schedule's zone; for
** each day when it has none), oldest first. Their windows say backfill, so live positions stay.
** E_LIMIT beyond GRAPH_BACKFILL_MOST. */
enum { GRAPH_BACKFILL_MOST = 1000 };
int graph_backfill(struct ctx *cx, struct db *db, const char *graph, int32_t from, int32_t to, int64_t *first,
                   int64_t *count);

/* Failed and cancelled tasks go on where they failed (steps that are done stay done), and those
** behind them follow. task NULL: all of them. */
int graph_retry(struct ctx *cx, struct db *db, int64_t run, const char *task);
/* A task and all after it are done again from their beginning, whatever became of them. */
int graph_clear(struct ctx *cx, struct db *db, int64_t run, const char *task);
int graph_cancel(struct ctx *cx, struct db *db, int64_t run);

/* ---- reports ---- */

int graph_list(struct ctx *cx, struct db *db, struct jw *w, const char *key);
/* Newest first; before: ids below this one, 0 for the newest. graph NULL: of all; E_NOT_FOUND: none was ever called so. */
int graph_runs(struct ctx *cx, struct db *db, const char *graph, int64_t limit, int64_t before, struct jw *w,
               const char *key);
/* A run with its tasks; E_NOT_FOUND. */
int graph_run_show(struct ctx *cx, struct db *db, int64_t run, struct jw *w, const char *key);
/* "17", "latest", or a graph's name for its latest run. */
int graph_run_find(struct ctx *cx, struct db *db, const char *text, int64_t *run);

struct graph_run_state {
  const char *graph, *state;
  bool over;
};
int graph_run_state(struct ctx *cx, struct db *db, int64_t run, struct graph_run_state *out);

#endif
