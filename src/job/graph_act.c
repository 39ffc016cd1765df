/*
** graph_act.c - what people do to runs of graphs: backfill, retry, clear, cancel. Each is an
** entry of the change log.
*/
#include "base/time.h"
#include "job/cron.h"
#include "job/graph_internal.h"

#define SECOND INT64_C(1000000)

static int change_rows(struct ctx *cx, struct db *db, enum sql_id what, int64_t run, const char *task) {
  struct stmt *s = db_ask(cx, db, what, run);
  if (what == SQL_graph_task_cancel)
    stmt_int(s, 2, cx->now);
  else if (what != SQL_graph_task_unblock)
    stmt_text(s, 2, task);
  return stmt_run(cx, s);
}

static int check_task(struct ctx *cx, const struct run *run, const char *task, int *place) {
  *place = tasks_find(&run->tasks, task);
  if (*place >= 0) return OK;
  const char *names = run->tasks.task[0].name;
  for (int i = 1; i < run->tasks.count; i++) names = ctx_printf(cx, "%s, %s", names, run->tasks.task[i].name);
  return fail(cx, E_NOT_FOUND, "task", "run %lld has no task %.64s; it has %.300s", (long long)run->id, task,
              names);
}

/* ---- the jobs of tasks that are at work ---- */

struct at_work {
  int64_t *job;
  size_t count;
};

static int find_jobs(struct ctx *cx, struct db *db, int64_t run, const char *task, struct at_work *out) {
  return stmt_numbers(cx, db_ask(cx, db, SQL_graph_task_jobs, run, task), &out->job, &out->count);
}

static int cancel_jobs(struct ctx *cx, struct db *db, const struct at_work *jobs) {
  for (size_t i = 0; i < jobs->count && !cx->code; i++)
    if (job_cancel(cx, db, jobs->job[i]) && (cx->code == E_CONFLICT || cx->code == E_NOT_FOUND))
      ctx_forgive(cx);
  return cx->code;
}

/* ---- cancel ---- */

int graph_cancel(struct ctx *cx, struct db *db, int64_t id) {
  struct run run;
  struct at_work jobs;
  if (run_read(cx, db, id, &run)) return cx->code;
  if (strcmp(run.state, "running") != 0 && strcmp(run.state, "waiting") != 0)
    return fail(cx, E_CONFLICT, "run", "run %lld of %s is %s already", (long long)id, run.graph, run.state);
  if (find_jobs(cx, db, id, NULL, &jobs) || run_set_state(cx, db, id, "cancelled") ||
      change_rows(cx, db, SQL_graph_task_cancel, id, NULL) || cancel_jobs(cx, db, &jobs) ||
      run_tell(cx, db, &run, "cancelled") ||
      run_note(cx, db, "GRAPH_CANCELLED", id,
               ctx_printf(cx, "run %lld of %s was cancelled", (long long)id, run.graph)))
    return cx->code;
  return graph_begin_waiting(cx, db, run.graph);
}

/* ---- retry ---- */

/* A run that has ended waits for its turn again, like one that is new. */
static int go_on(struct ctx *cx, struct db *db, const struct run *run, const char *event, const char *text) {
  if (run_note(cx, db, event, run->id, text)) return cx->code;
  if (!strcmp(run->state, "running")) {
    if (run_advance(cx, db, run->id)) return cx->code;
  } else {
    if (db_act(cx, db, SQL_graph_run_wait, run->id)) return cx->code;
  }
  return graph_begin_waiting(cx, db, run->graph);
}

int graph_retry(struct ctx *cx, struct db *db, int64_t id, const char *task) {
  struct run run;
  int place;
  if (run_read(cx, db, id, &run) || (task && check_task(cx, &run, task, &place))) return cx->code;
  if (change_rows(cx, db, SQL_graph_task_again, id, task)) return cx->code;
  if (db_changes(db) == 0)
    return fail(cx, E_CONFLICT, "run",
                "%s of run %lld of %s has failed, so there is nothing to try again; the run is %s",
                task ? ctx_printf(cx, "the task %s", task) : "no task", (long long)id, run.graph, run.state);
  if (change_rows(cx, db, SQL_graph_task_unblock, id, NULL)) return cx->code;
  return go_on(cx, db, &run, "GRAPH_RETRIED",
               ctx_printf(cx, "run %lld of %s goes on%s%s", (long long)id, run.graph, task ? " at " : "",
                          task ? task : ""));
}

/* ---- clear ---- */

/* The rows are new before the old jobs are cancelled, so these end unnoticed. */
int graph_clear(struct ctx *cx, struct db *db, int64_t id, const char *task) {
  struct run run;
  int place;
  if (run_read(cx, db, id, &run) || check_task(cx, &run, task, &place)) return cx->code;
  if (!strcmp(run.state, "waiting"))
    return fail(cx, E_CONFLICT, "run", "run %lld of %s has not begun yet", (long long)id, run.graph);
  bool *in = ctx_alloc(cx, (size_t)run.tasks.count);
  struct at_work *jobs = ctx_alloc(cx, (size_t)run.tasks.count * sizeof *jobs);
  tasks_after(&run.tasks, place, in);
  for (int i = 0; i < run.tasks.count; i++) {
    const char *name = run.tasks.task[i].name;
    if (!in[i]) continue;
    if (find_jobs(cx, db, id, name, &jobs[i]) || change_rows(cx, db, SQL_graph_task_drop, id, name) ||
        task_add(cx, db, id, &run.tasks, i))
      return cx->code;
  }
  for (int i = 0; i < run.tasks.count; i++)
    if (in[i] && cancel_jobs(cx, db, &jobs[i])) return cx->code;
  return go_on(
      cx, db, &run, "GRAPH_CLEARED",
      ctx_printf(cx, "%s and all after it are done again in run %lld of %s", task, (long long)id, run.graph));
}

/* ---- backfill ---- */

struct fill {
  struct ctx *cx;
  struct db *db;
  const char *graph;
  int64_t first, count;
};

static int fill_window(struct fill *f, int64_t from, int64_t to) {
  int64_t run;
  if (f->count == GRAPH_BACKFILL_MOST)
    return fail(f->cx, E_LIMIT, "to", "these days have more than %d slots; fill them in several parts",
                GRAPH_BACKFILL_MOST);
  if (graph_start(
          f->cx, f->db,
          &(struct graph_order){ .graph = f->graph, .cause = "backfill", .window = { from, to, true } },
          &run))
    return f->cx->code;
  if (!f->count++) f->first = run;
  return OK;
}

/* The first of the schedules that start the graph; false when there is none. */
static bool find_schedule(struct fill *f, struct cron *cron, const struct zone **zone) {
  struct stmt *s = db_ask(f->cx, f->db, SQL_graph_schedules, f->graph);
  bool there = stmt_row(f->cx, s) && !cron_parse(f->cx, col_str(s, 1), cron) &&
               !zone_find(f->cx, ctx_strdup(f->cx, col_str(s, 2)), zone);
  stmt_done(s);
  return there;
}

/* The instant at which a day begins on the wall. */
static int64_t day_begins(const struct zone *z, int32_t day) {
  int64_t t = day * DAY_US;
  return t - zone_span_at(z, t - zone_span_at(z, t).offset * SECOND).offset * SECOND;
}

static int fill_slots(struct fill *f, const struct cron *cron, const struct zone *z, int32_t from,
                      int32_t to) {
  int64_t slot = day_begins(z, from) - 1, until = day_begins(z, to + 1), previous;
  while (!f->cx->code && cron_next(cron, z, slot, &slot) && slot < until) {
    if (!cron_previous(cron, z, slot, &previous)) previous = slot - DAY_US;
    fill_window(f, previous, slot);
  }
  return f->cx->code;
}

int graph_backfill(struct ctx *cx, struct db *db, const char *graph, int32_t from, int32_t to, int64_t *first,
                   int64_t *count) {
  struct fill f = { cx, db, graph, 0, 0 };
  char a[DATE_SIZE], b[DATE_SIZE];
  struct cron cron;
  const struct zone *zone;
  if (from > to)
    return fail(cx, E_INVALID, "to", "the last day %s lies before the first, %s", date_iso(a, to),
                date_iso(b, from));
  if (find_schedule(&f, &cron, &zone)) {
    fill_slots(&f, &cron, zone, from, to);
  } else {
    for (int32_t day = from; day <= to && !cx->code; day++) fill_window(&f, day * DAY_US, (day + 1) * DAY_US);
  }
  if (cx->code) return cx->code;
  if (!f.count)
    return fail(cx, E_INVALID, "to", "the schedule of %s has no slot from %s to %s", graph, date_iso(a, from),
                date_iso(b, to));
  *first = f.first;
  *count = f.count;
  return run_note(cx, db, "GRAPH_BACKFILLED", f.first,
                  ctx_printf(cx, "%lld runs of %s fill %s to %s", (long long)f.count, graph,
                             date_iso(a, from), date_iso(b, to)));
}
