/*
** graph_report.c - graphs, their runs and tasks as JSON.
*/
#include "base/time.h"
#include "job/cron.h"
#include "job/graph_internal.h"
#include "job/internal.h"
#include "store/column.h"

/* ---- runs ---- */

enum {
  RUN_ID,
  RUN_GRAPH,
  RUN_CAUSE,
  RUN_STATE,
  RUN_FROM,
  RUN_TO,
  RUN_CREATED,
  RUN_BY,
  RUN_STARTED,
  RUN_ENDED,
  RUN_PAYLOAD,
  RUN_NOTIFY
};

static void run_members(struct jw *w, const struct stmt *s) {
  columns_write(w, s, RUN_ID,
                "id: int, graph, cause, state, from: instant?, to: instant?, created_at: instant?, "
                "created_by, started_at: instant?, ended_at: instant?");
}

/* One that was deleted has left its runs. */
static int check_known(struct ctx *cx, struct db *db, const char *graph) {
  struct stmt *s = db_ask(cx, db, SQL_graph_of_name, graph);
  bool known = stmt_row(cx, s);
  stmt_done(s);
  if (known || cx->code) return cx->code;
  s = db_ask(cx, db, SQL_graph_run_latest, graph);
  known = stmt_row(cx, s) && !col_null(s, 0);
  stmt_done(s);
  return known || cx->code ? (int)cx->code
                           : fail(cx, E_NOT_FOUND, "graph", "there is no graph %.64s; there are %s", graph,
                                  graph_names(cx, db));
}

int graph_runs(struct ctx *cx, struct db *db, const char *graph, int64_t limit, int64_t before, struct jw *w,
               const char *key) {
  if (graph && check_known(cx, db, graph)) return cx->code;
  struct stmt *s = db_ask(cx, db, SQL_graph_runs_listed, graph, before, limit);
  jw_array(w, key);
  while (stmt_row(cx, s)) {
    jw_object(w, NULL);
    run_members(w, s);
    jw_close(w, '}');
  }
  jw_close(w, ']');
  return cx->code;
}

/* The lines that all attempts of a job have left. */
static int log_write(struct ctx *cx, struct db *db, int64_t job, struct jw *w) {
  struct stmt *s = db_ask(cx, db, SQL_graph_task_log, job);
  jw_array(w, "log");
  while (job && stmt_row(cx, s)) {
    struct str rest = col_str(s, 0);
    while (rest.n) {
      const char *end = memchr(rest.p, '\n', rest.n);
      size_t n = end ? (size_t)(end - rest.p) : rest.n;
      jw_str(w, NULL, (struct str){ rest.p, n });
      n += end != NULL;
      rest.p += n, rest.n -= n;
    }
  }
  jw_close(w, ']');
  return cx->code;
}

enum { NAME, ITEM, PLACE, STATE, JOB, ATTEMPTS, STARTED, ENDED, CAUSE, OUTPUT, JOB_STATE, DONE, TOTAL, TEXT };

/* A queued task is what its job is. */
static const char *task_state(struct ctx *cx, const struct stmt *s) {
  if (!str_eq(col_str(s, STATE), STR("queued"))) return ctx_strdup(cx, col_str(s, STATE));
  return str_eq(col_str(s, JOB_STATE), STR("running")) ? "running" : "ready";
}

static void seconds_write(struct ctx *cx, struct jw *w, const struct stmt *s) {
  enum { MILLI = 3 };
  int64_t until = col_null(s, ENDED) ? cx->now : col_int(s, ENDED), us = until - col_int(s, STARTED);
  if (col_null(s, STARTED))
    jw_text(w, "seconds", NULL);
  else
    jw_real(w, "seconds", (double)(us < 0 ? 0 : us) / 1e6, MILLI);
}

static void task_write(struct ctx *cx, struct db *db, const struct run *run, const struct stmt *s,
                       struct jw *w) {
  int64_t place = col_int(s, PLACE);
  const struct task *t = place >= 0 && place < run->tasks.count ? &run->tasks.task[place] : NULL;
  bool mapped = col_str(s, ITEM).n > 0;
  jw_object(w, NULL);
  jw_put(w, "name", col_str(s, NAME), "item", mapped ? col_str(s, ITEM) : STR(""), "kind",
         t ? t->kind : NULL);
  jw_array(w, "after");
  for (int k = 0; t && k < t->after_count; k++) jw_text(w, NULL, run->tasks.task[t->after[k]].name);
  jw_close(w, ']');
  jw_text(w, "map", t ? t->map : NULL);
  jw_text(w, "state", task_state(cx, s));
  columns_write(w, s, ATTEMPTS, "attempts: int, started_at: instant?, ended_at: instant?");
  seconds_write(cx, w, s);
  column_text(w, "cause", s, CAUSE);
  if (col_null(s, JOB))
    jw_text(w, "job", NULL);
  else
    jw_int(w, "job", col_int(s, JOB));
  jw_raw(w, "output", col_null(s, OUTPUT) ? STR("null") : col_str(s, OUTPUT));
  job_progress_json(w, s, DONE);
  log_write(cx, db, col_null(s, JOB) ? 0 : col_int(s, JOB), w);
  jw_close(w, '}');
}

int graph_run_show(struct ctx *cx, struct db *db, int64_t id, struct jw *w, const char *key) {
  struct run run;
  if (run_read(cx, db, id, &run)) return cx->code;
  struct stmt *s = db_ask(cx, db, SQL_graph_run_one, id);
  if (!stmt_row(cx, s)) return cx->code;
  jw_object(w, key);
  run_members(w, s);
  columns_write(w, s, RUN_PAYLOAD, "payload: any, notify: text?");
  stmt_done(s);
  s = db_ask(cx, db, SQL_graph_tasks_listed, id);
  jw_array(w, "tasks");
  while (stmt_row(cx, s)) task_write(cx, db, &run, s, w);
  jw_close(w, ']');
  jw_close(w, '}');
  return cx->code;
}

int graph_run_state(struct ctx *cx, struct db *db, int64_t id, struct graph_run_state *out) {
  struct stmt *s = db_ask(cx, db, SQL_graph_run_read, id);
  if (!stmt_row(cx, s))
    return cx->code ? (int)cx->code
                    : fail(cx, E_NOT_FOUND, "run", "there is no run %lld of a graph", (long long)id);
  out->graph = col_dup(cx, s, 0);
  out->state = col_dup(cx, s, 2);
  out->over = strcmp(out->state, "waiting") != 0 && strcmp(out->state, "running") != 0;
  stmt_done(s);
  return OK;
}

int graph_run_find(struct ctx *cx, struct db *db, const char *text, int64_t *run) {
  if (str_to_int(str_of(text), run)) return OK;
  bool latest = !strcmp(text, "latest");
  struct stmt *s = db_ask(cx, db, SQL_graph_run_latest, latest ? NULL : text);
  bool there = stmt_row(cx, s) && !col_null(s, 0);
  if (there) *run = col_int(s, 0);
  stmt_done(s);
  if (there || cx->code) return cx->code;
  if (latest) return fail(cx, E_NOT_FOUND, "run", "no graph has run yet");
  return fail(cx, E_NOT_FOUND, "run",
              "there is no run of a graph %.64s; name a run by its number, latest, or a graph: %s", text,
              graph_names(cx, db));
}

/* ---- graphs ---- */

static void tasks_write(struct ctx *cx, struct str json, struct jw *w) {
  struct tasks t;
  jw_array(w, "tasks");
  if (!tasks_read(cx, json, false, &t))
    for (int i = 0; i < t.count; i++) {
      jw_object(w, NULL);
      jw_put(w, "name", t.task[i].name, "kind", t.task[i].kind);
      jw_array(w, "after");
      for (int k = 0; k < t.task[i].after_count; k++) jw_text(w, NULL, t.task[t.task[i].after[k]].name);
      jw_close(w, ']');
      jw_text(w, "map", t.task[i].map);
      jw_close(w, '}');
    }
  ctx_forgive(cx);
  jw_close(w, ']');
}

/* The next slot of a row of graph_schedules; INT64_MAX when it has none. */
static int64_t next_of(struct ctx *cx, const struct stmt *s, int64_t *next) {
  struct cron cron;
  const struct zone *zone;
  bool known = !cron_parse(cx, col_str(s, 1), &cron) &&
               !zone_find(cx, ctx_strdup(cx, col_str(s, 2)), &zone) && col_int(s, 3) &&
               cron_next(&cron, zone, cx->now, next);
  ctx_forgive(cx);
  return known ? *next : (*next = INT64_MAX);
}

static void schedule_write(struct ctx *cx, const struct stmt *s, struct jw *w, const char *key) {
  char iso[TIME_SIZE];
  int64_t next;
  jw_object(w, key);
  columns_write(w, s, 0, "name, cron, zone, active: bool");
  jw_text(w, "next", next_of(cx, s, &next) < INT64_MAX ? time_iso(iso, next) : NULL);
  jw_close(w, '}');
}

/* Of the schedules that start a graph: `schedule` is the one that comes first, `schedules` all. */
static int schedules_write(struct ctx *cx, struct db *db, const char *graph, struct jw *w) {
  int64_t next, soonest = INT64_MAX;
  const char *first = NULL;
  struct stmt *s = db_ask(cx, db, SQL_graph_schedules, graph);
  while (stmt_row(cx, s))
    if (next_of(cx, s, &next) < soonest || !first) first = col_dup(cx, s, 0), soonest = next;
  for (int all = 0; all < 2; all++) {
    if (all) jw_array(w, "schedules");
    s = db_ask(cx, db, SQL_graph_schedules, graph);
    while (stmt_row(cx, s))
      if (all || str_eq(col_str(s, 0), str_of(first))) schedule_write(cx, s, w, all ? NULL : "schedule");
    if (all) jw_close(w, ']');
    if (!all && !first) jw_text(w, "schedule", NULL);
  }
  return cx->code;
}

static int history_write(struct ctx *cx, struct db *db, const char *graph, struct jw *w) {
  enum { SHOWN = 51, MILLI = 3 };
  int64_t durations[SHOWN];
  int count = 0;
  struct stmt *s = db_ask(cx, db, SQL_graph_runs_listed, graph, 0, 1);
  if (stmt_row(cx, s)) {
    jw_object(w, "last_run");
    run_members(w, s);
    jw_close(w, '}');
    stmt_done(s);
  } else {
    jw_text(w, "last_run", NULL);
  }
  s = db_ask(cx, db, SQL_graph_tally, graph);
  if (!stmt_row(cx, s)) return cx->code;
  columns_write(w, s, 0, "runs_ok: int, runs_failed: int");
  stmt_done(s);
  s = db_ask(cx, db, SQL_graph_durations, graph);
  while (count < SHOWN && stmt_row(cx, s)) durations[count++] = col_int(s, 0);
  stmt_done(s);
  int64_t middle = count ? durations[count / 2] : 0;
  if (count)
    jw_real(w, "median_seconds", (double)middle / 1e6, MILLI);
  else
    jw_text(w, "median_seconds", NULL);
  return cx->code;
}

int graph_list(struct ctx *cx, struct db *db, struct jw *w, const char *key) {
  struct stmt *s = db_stmt(cx, db, SQL_graph_listed);
  jw_array(w, key);
  while (stmt_row(cx, s)) {
    const char *name = col_dup(cx, s, 0);
    jw_object(w, NULL);
    jw_text(w, "name", name);
    columns_write(w, s, 1,
                  "help: text?, owner: text?, retries: int, retry_delay_s: int, start_day: text?, "
                  "catch_up: bool, max_active: int");
    tasks_write(cx, col_str(s, 8), w);
    if (schedules_write(cx, db, name, w) || history_write(cx, db, name, w)) return cx->code;
    jw_close(w, '}');
  }
  jw_close(w, ']');
  return cx->code;
}
