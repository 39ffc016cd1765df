/*
** graph_internal.h - private to what makes graphs.
**
**   graph_tasks.c    the declaration of a graph: read, checked, listed
**   graph.c          runs: begin, go on, end
**   graph_act.c      what people do to runs; backfill
**   graph_report.c   JSON
*/
#ifndef JOB_GRAPH_INTERNAL_H
#define JOB_GRAPH_INTERNAL_H

#include "base/json.h"
#include "job/graph.h"
#include "model/entity.h"

enum { GRAPH_TASKS_MOST = 200, GRAPH_ITEMS_MOST = 100000, GRAPH_RUNS_KEPT = 300 };

struct task {
  const char *name, *kind, *map; /* map NULL: one job */
  struct jv *payload;            /* NULL: none */
  int64_t retries, delay_s;      /* -1: the graph's */
  int *after;                    /* indices of the tasks that it waits for */
  int after_count;
};

struct tasks {
  struct task *task; /* in the order of the declaration */
  int count;
};

/* Reads and checks a declaration: names, what waits for what, no cycle. `kinds`: kinds and
** lists must be known as well, as is asked of what people save. E_INVALID, field tasks. */
int tasks_read(struct ctx *cx, struct str json, bool kinds, struct tasks *out);
/* May whoever acts order all of them? */
int tasks_allowed(struct ctx *cx, const struct tasks *t);
int tasks_find(const struct tasks *t, const char *name); /* -1 */
/* Marks what comes after a task, itself included. */
void tasks_after(const struct tasks *t, int from, bool *in);

/* Letters, digits, _, - and ., at most 64. */
bool graph_is_name(struct str s);

graph_lister *graph_lister_find(const char *name);
const char *graph_kinds(struct ctx *cx);                /* names of the kinds of jobs, for messages */
const char *graph_names(struct ctx *cx, struct db *db); /* of the graphs */

/* A run as it was made. */
struct run {
  int64_t id;
  const char *graph, *cause, *state, *notify;
  struct job_window window;
  struct str payload;
  int64_t retries, delay_s;
  struct tasks tasks;
};
int run_read(struct ctx *cx, struct db *db, int64_t id, struct run *out); /* E_NOT_FOUND */

int run_set_state(struct ctx *cx, struct db *db, int64_t id, const char *state); /* and its times */
/* Who asked for it is told how a run ended. */
int run_tell(struct ctx *cx, struct db *db, const struct run *run, const char *state);
/* Makes the jobs of the tasks that wait for nothing any more; ends the run when nothing is left. */
int run_advance(struct ctx *cx, struct db *db, int64_t id);
/* Begins waiting runs of a graph, as many as may be at work. */
int graph_begin_waiting(struct ctx *cx, struct db *db, const char *graph);
int graph_task_ended(struct ctx *cx, struct db *db, const struct job_ended *job); /* for job_set_ended_hook */
int run_note(struct ctx *cx, struct db *db, const char *event, int64_t run, const char *text);

/* Rows of graph_task as they are before a task begins. */
int task_add(struct ctx *cx, struct db *db, int64_t run, const struct tasks *t, int i);

#endif
