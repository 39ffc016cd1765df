/*
** graph.c - runs of graphs: they begin, go on whenever a task has ended, and end.
**
** Everything here happens in a transaction of the writer, most of it in the one in which
** a job has ended (graph_task_ended). What a run is to do next is read from its rows, never
** from memory, so it goes on the same whoever does it.
**
** run_advance: a task begins when all rows of all tasks before it are done; it is
** upstream_failed when one of these came to a bad end. A mapped task has one row until it
** begins, and then a row an item. A run in which nothing waits and nothing is at work is over.
*/
#include <stdio.h>

#include "base/crash.h"
#include "base/limits.h"
#include "base/time.h"
#include "job/cron.h"
#include "job/graph_internal.h"
#include "net/http_client.h"
#include "store/change.h"

/* ---- reading a run ---- */

int run_read(struct ctx *cx, struct db *db, int64_t id, struct run *out) {
  struct stmt *s = db_ask(cx, db, SQL_graph_run_read, id);
  if (!stmt_row(cx, s))
    return cx->code ? (int)cx->code
                    : fail(cx, E_NOT_FOUND, "run", "there is no run %lld of a graph", (long long)id);
  *out = (struct run){ .id = id,
                       .graph = col_dup(cx, s, 0),
                       .cause = col_dup(cx, s, 1),
                       .state = col_dup(cx, s, 2),
                       .window = { .from = col_int(s, 3), .to = col_int(s, 4) },
                       .payload = str_of(col_dup(cx, s, 5)),
                       .retries = col_int(s, 7),
                       .delay_s = col_int(s, 8),
                       .notify = col_dup(cx, s, 9) };
  const char *tasks = col_dup(cx, s, 6);
  stmt_done(s);
  out->window.backfill = !strcmp(out->cause, "backfill");
  return tasks_read(cx, str_of(tasks), false, &out->tasks);
}

int run_note(struct ctx *cx, struct db *db, const char *event, int64_t run, const char *text) {
  return change_append(cx, db,
                       &(struct change){ .event = event,
                                         .table = "graph_run",
                                         .key = ctx_printf(cx, "%lld", (long long)run),
                                         .count = 1,
                                         .text = text });
}

int task_add(struct ctx *cx, struct db *db, int64_t run, const struct tasks *t, int i) {
  return db_act(cx, db, SQL_graph_task_add, run, t->task[i].name, "", i);
}

/* ---- a task begins ---- */

struct start {
  struct ctx *cx;
  struct db *db;
  const struct run *run;
  const struct task *task;
  int place;
  struct str payload; /* of the task, with that of the run laid over it */
};

/* Members of `over` replace those of `under`. Either may be NULL. */
static struct str lay_over(struct ctx *cx, const struct jv *under, const struct jv *over) {
  struct buf out, one;
  struct jw w;
  buf_init(&out, LIMIT_TEXT_BYTES);
  buf_init(&one, LIMIT_TEXT_BYTES);
  jw_init(&w, &out);
  jw_object(&w, NULL);
  for (int layer = 0; layer < 2; layer++) {
    const struct jv *from = layer ? over : under;
    for (void *it = from ? jv_first(from) : NULL; it; it = jv_next(from, it)) {
      const char *key = ctx_strdup(cx, jv_key(it));
      if (!layer && jv_get(over, key)) continue;
      buf_reset(&one);
      jv_write(&one, jv_value(it));
      jw_raw(&w, key, buf_view(&one));
    }
  }
  jw_close(&w, '}');
  struct str json = str_of(ctx_strdup(cx, buf_view(&out)));
  if (out.full || one.full) fail(cx, E_LIMIT, "payload", "the payload of the run is too long");
  buf_clear(&one);
  buf_clear(&out);
  return json;
}

static int set_failed(struct start *st, const char *item, const char *cause) {
  return db_act(st->cx, st->db, SQL_graph_task_fail, st->run->id, st->task->name, item, "failed", cause,
                st->cx->now);
}

/* The job that it had goes on where it failed; without one it gets a new one. */
static int make_job(struct start *st, const char *item, int64_t *job) {
  struct ctx *cx = st->cx;
  if (*job && !job_retry(cx, st->db, *job)) return OK;
  if (cx->code == E_NOT_FOUND || cx->code == E_CONFLICT) ctx_forgive(cx); /* it is gone, or did not fail */
  if (cx->code) return cx->code;
  int64_t retries = st->task->retries >= 0 ? st->task->retries : st->run->retries;
  int64_t delay_s = st->task->delay_s >= 0 ? st->task->delay_s : st->run->delay_s;
  return job_enqueue(cx, st->db,
                     &(struct job_order){ .kind = st->task->kind,
                                          .queue = "graph",
                                          .payload = st->payload,
                                          .attempts = (int)retries + 1,
                                          .retry_ms = delay_s ? delay_s * 1000 : 1,
                                          .graph_run = st->run->id,
                                          .graph_task = st->task->name,
                                          .window = &st->run->window,
                                          .item = *item ? item : NULL },
                     job);
}

static int queue_row(struct start *st, const char *item, int64_t job) {
  struct ctx *cx = st->cx;
  make_job(st, item, &job);
  if (cx->code == E_INVALID || cx->code == E_LIMIT || cx->code == E_NOT_FOUND) {
    const char *cause = ctx_printf(cx, "%s", cx->message);
    ctx_forgive(cx);
    return set_failed(st, item, cause);
  }
  if (cx->code) return cx->code;
  return db_act(cx, st->db, SQL_graph_task_queue, st->run->id, st->task->name, item, job);
}

/* A mapped task's one row becomes a row an item. */
static int add_items(struct start *st, const struct jv *items) {
  struct ctx *cx = st->cx;
  struct stmt *s;
  if (jv_size(items) > GRAPH_ITEMS_MOST)
    return set_failed(st, "",
                      ctx_printf(cx, "the list %s has more than %d items", st->task->map, GRAPH_ITEMS_MOST));
  s = db_ask(cx, st->db, jv_size(items) ? SQL_graph_task_drop : SQL_graph_task_empty, st->run->id,
             st->task->name);
  if (!jv_size(items)) stmt_int(s, 3, cx->now);
  if (stmt_run(cx, s)) return cx->code;
  for (size_t i = 0; i < jv_size(items); i++) {
    if (db_act(cx, st->db, SQL_graph_task_add, st->run->id, st->task->name, jv_text(jv_at(items, i)),
               st->place))
      return cx->code;
  }
  return OK;
}

static int expand(struct start *st) {
  struct ctx *cx = st->cx;
  graph_lister *fn = graph_lister_find(st->task->map);
  struct jv *items = NULL, *payload;
  struct buf out;
  struct jw w;
  if (!fn) return set_failed(st, "", ctx_printf(cx, "there is no list %s to map it over", st->task->map));
  buf_init(&out, MIB(8));
  jw_init(&w, &out);
  jw_array(&w, NULL);
  int rc = jv_parse(cx, st->payload, &payload);
  if (!rc) rc = fn(cx, st->db, payload, &w);
  jw_close(&w, ']');
  if (!rc) rc = jv_parse(cx, buf_view(&out), &items);
  buf_clear(&out);
  return rc ? rc : add_items(st, items);
}

/* The rows of a task that wait, each with the job that it had. */
struct waiting {
  const char *item;
  int64_t job;
  struct waiting *next;
};

static struct waiting *read_waiting(struct start *st) {
  struct waiting *first = NULL, **end = &first;
  struct stmt *s = db_ask(st->cx, st->db, SQL_graph_task_waiting, st->run->id, st->task->name);
  while (stmt_row(st->cx, s)) {
    *end = ctx_alloc(st->cx, sizeof **end);
    **end = (struct waiting){ .item = ctx_strdup(st->cx, col_str(s, 0)), .job = col_int(s, 1) };
    end = &(*end)->next;
  }
  return first;
}

static int task_begin(struct ctx *cx, struct db *db, const struct run *run, int place) {
  struct start st = { .cx = cx, .db = db, .run = run, .task = &run->tasks.task[place], .place = place };
  struct jv *over;
  if (jv_parse(cx, run->payload, &over)) return cx->code;
  st.payload = lay_over(cx, st.task->payload, over);
  struct waiting *rows = cx->code ? NULL : read_waiting(&st);
  if (!cx->code && st.task->map && rows && !*rows->item) {
    if (expand(&st)) return cx->code;
    rows = read_waiting(&st);
    if (rows && !*rows->item) return cx->code; /* it failed, or its list is empty: nothing waits */
  }
  for (; rows && !cx->code; rows = rows->next) queue_row(&st, rows->item, rows->job);
  return cx->code;
}

/* ---- a run goes on ---- */

struct tally {
  int64_t waiting, queued, done, bad;
};

static int count_rows(struct ctx *cx, struct db *db, const struct run *run, struct tally *tally) {
  struct stmt *s = db_ask(cx, db, SQL_graph_task_counts, run->id);
  memset(tally, 0, (size_t)run->tasks.count * sizeof *tally);
  while (stmt_row(cx, s)) {
    int64_t place = col_int(s, 0);
    if (place >= 0 && place < run->tasks.count)
      tally[place] = (struct tally){ col_int(s, 1), col_int(s, 2), col_int(s, 3), col_int(s, 4) };
  }
  return cx->code;
}

static int block(struct ctx *cx, struct db *db, const struct run *run, const char *task, const char *by) {
  struct stmt *s = db_ask(cx, db, SQL_graph_task_block, run->id, task);
  stmt_text(s, 3, ctx_printf(cx, "it waits for %s, which was not done", by));
  stmt_int(s, 4, cx->now);
  return stmt_run(cx, s);
}

/* One look at every task; *moved when one has begun or was blocked. */
static int look(struct ctx *cx, struct db *db, const struct run *run, const struct tally *tally,
                bool *moved) {
  for (int i = 0; i < run->tasks.count && !cx->code; i++) {
    const struct task *t = &run->tasks.task[i];
    bool ready = true;
    int by = -1;
    if (!tally[i].waiting) continue;
    for (int k = 0; k < t->after_count; k++) {
      const struct tally *before = &tally[t->after[k]];
      if (before->waiting || before->queued || before->bad) ready = false;
      if (before->bad && !before->waiting && !before->queued) by = t->after[k];
    }
    if (!ready && by < 0) continue;
    *moved = true;
    if (ready)
      task_begin(cx, db, run, i);
    else
      block(cx, db, run, t->name, run->tasks.task[by].name);
  }
  return cx->code;
}

/* ---- a run ends ---- */

/* Old runs go: as many as end stay. */
static int forget_old(struct ctx *cx, struct db *db, const char *graph) {
  static const enum sql_id forget[] = { SQL_graph_task_forget, SQL_graph_run_forget };
  int64_t old[50];
  int count = 0;
  struct stmt *s = db_ask(cx, db, SQL_graph_run_old, graph, GRAPH_RUNS_KEPT);
  while (count < 50 && stmt_row(cx, s)) old[count++] = col_int(s, 0);
  stmt_done(s);
  for (int i = 0; i < 2 * count && !cx->code; i++) {
    db_act(cx, db, forget[i % 2], old[i / 2]);
  }
  return cx->code;
}

graph_ended_fn *graph_ended_hook;

/* Whoever asked for it is told, by a job of the kind webhook_send. */
int run_tell(struct ctx *cx, struct db *db, const struct run *run, const char *state) {
  struct buf out;
  struct jw w;
  if (graph_ended_hook && graph_ended_hook(cx, db, run->graph, run->id, state)) return cx->code;
  if (!run->notify || !job_kind_find("webhook_send")) return OK;
  jw_begin(&w, &out, LIMIT_TEXT_BYTES);
  jw_put(&w, "target", run->notify, "type", "outpost.graph_run.ended", "subject",
         ctx_printf(cx, "graph-runs/%lld", (long long)run->id));
  jw_record(&w, "data", "run", run->id, "graph", run->graph, "cause", run->cause, "state", state, "address",
            ctx_printf(cx, "/api/graph-runs/%lld", (long long)run->id));
  jw_close(&w, '}');
  int rc =
      job_enqueue(cx, db, &(struct job_order){ .kind = "webhook_send", .payload = buf_view(&out) }, NULL);
  buf_clear(&out);
  return rc;
}

int run_set_state(struct ctx *cx, struct db *db, int64_t id, const char *state) {
  bool begins = !strcmp(state, "running");
  struct stmt *s = db_ask(cx, db, begins ? SQL_graph_run_begin : SQL_graph_run_end, id);
  if (begins) {
    stmt_int(s, 2, cx->now);
  } else {
    stmt_text(s, 2, state);
    stmt_int(s, 3, cx->now);
  }
  return stmt_run(cx, s);
}

int run_advance(struct ctx *cx, struct db *db, int64_t id) {
  struct run run;
  if (run_read(cx, db, id, &run)) return cx->code;
  if (strcmp(run.state, "running") != 0) return OK;
  struct tally *tally = ctx_alloc(cx, (size_t)run.tasks.count * sizeof *tally);
  int64_t left = 0, bad = 0;
  for (bool moved = true; moved;) {
    moved = false;
    if (count_rows(cx, db, &run, tally) || look(cx, db, &run, tally, &moved)) return cx->code;
  }
  for (int i = 0; i < run.tasks.count; i++) {
    left += tally[i].waiting + tally[i].queued;
    bad += tally[i].bad;
  }
  if (left) return OK;
  const char *state = bad ? "failed" : "done";
  if (run_set_state(cx, db, id, state) || run_tell(cx, db, &run, state)) return cx->code;
  return forget_old(cx, db, run.graph);
}

/* ---- a job of a task has ended ---- */

static bool is_current(struct ctx *cx, struct db *db, const struct job_ended *job, bool *was_queued) {
  struct stmt *s = db_ask(cx, db, SQL_graph_task_of_job, job->graph_run, job->graph_task,
                          job->item ? job->item : "", job->id);
  bool there = stmt_row(cx, s);
  *was_queued = there && str_eq(col_str(s, 0), STR("queued"));
  stmt_done(s);
  return there;
}

static int end_task(struct ctx *cx, struct db *db, const struct job_ended *job) {
  bool done = !strcmp(job->state, "done"), dead = !strcmp(job->state, "dead");
  return db_act(cx, db, SQL_graph_task_end, job->graph_run, job->graph_task, job->item ? job->item : "",
                done   ? "done"
                : dead ? "failed"
                       : "cancelled",
                dead ? job->cause : NULL, job->result, job->attempts, cx->now);
}

static bool others_at_work(struct ctx *cx, struct db *db, const struct job_ended *job) {
  return stmt_exists(cx, db_ask(cx, db, SQL_graph_task_at_work, job->graph_run, job->graph_task));
}

int graph_task_ended(struct ctx *cx, struct db *db, const struct job_ended *job) {
  bool was_queued;
  struct run run;
  if (!is_current(cx, db, job, &was_queued)) return cx->code; /* of a task that was cleared meanwhile */
  if (end_task(cx, db, job)) return cx->code;
  crash_point("task ended");
  if (was_queued && others_at_work(cx, db, job)) return cx->code; /* of the same mapped task */
  if (run_read(cx, db, job->graph_run, &run)) return cx->code;
  bool revived = !was_queued && !strcmp(job->state, "done") && strcmp(run.state, "running") != 0;
  if (revived) { /* a dead job was replayed by itself: its run goes on */
    if (db_act(cx, db, SQL_graph_task_unblock, run.id) || run_set_state(cx, db, run.id, "running"))
      return cx->code;
  }
  if (run_advance(cx, db, run.id)) return cx->code;
  crash_point("run advanced");
  return graph_begin_waiting(cx, db, run.graph);
}

/* ---- runs begin ---- */

static int64_t count_of(struct ctx *cx, struct db *db, enum sql_id question, const char *graph, int column,
                        int64_t otherwise) {
  struct stmt *s = db_ask(cx, db, question, graph);
  int64_t v = stmt_row(cx, s) && !col_null(s, column) ? col_int(s, column) : otherwise;
  stmt_done(s);
  return v;
}

int graph_begin_waiting(struct ctx *cx, struct db *db, const char *graph) {
  enum { MAX_ACTIVE = 3 };
  int64_t most = count_of(cx, db, SQL_graph_of_name, graph, MAX_ACTIVE, 1);
  while (!cx->code && count_of(cx, db, SQL_graph_run_active, graph, 0, 0) < most) {
    int64_t id = count_of(cx, db, SQL_graph_run_waiting, graph, 0, 0);
    if (!id || cx->code) break;
    if (!run_set_state(cx, db, id, "running")) run_advance(cx, db, id);
  }
  return cx->code;
}

/* From the end of the last run until now; of the first one, from the slot before. */
static int manual_window(struct ctx *cx, struct db *db, const char *graph, struct job_window *out) {
  struct cron cron;
  const struct zone *zone;
  out->to = cx->now;
  out->from = count_of(cx, db, SQL_graph_run_covered, graph, 0, INT64_MIN);
  if (out->from != INT64_MIN || cx->code) return cx->code;
  out->from = cx->now - DAY_US;
  struct stmt *s = db_ask(cx, db, SQL_graph_schedules, graph);
  bool scheduled = stmt_row(cx, s);
  if (scheduled && !cron_parse(cx, col_str(s, 1), &cron) &&
      !zone_find(cx, ctx_strdup(cx, col_str(s, 2)), &zone))
    cron_previous(&cron, zone, cx->now, &out->from);
  stmt_done(s);
  ctx_forgive(cx);
  return OK;
}

/* The record of the graph is copied into the run. */
static int add_run(struct ctx *cx, struct db *db, const struct graph_order *o,
                   const struct job_window *window, struct tasks *tasks, int64_t *run) {
  struct stmt *g = db_ask(cx, db, SQL_graph_of_name, o->graph);
  if (!stmt_row(cx, g))
    return cx->code ? (int)cx->code
                    : fail(cx, E_NOT_FOUND, "graph", "there is no graph %.64s; there are %s", o->graph,
                           graph_names(cx, db));
  const char *json = col_dup(cx, g, 0);
  int64_t retries = col_int(g, 1), delay_s = col_int(g, 2);
  stmt_done(g);
  if (tasks_read(cx, str_of(json), false, tasks)) return cx->code;
  if (db_act(cx, db, SQL_graph_run_add, o->graph, o->cause, window->from, window->to,
             (o->payload.p ? o->payload : STR("{}")), json, retries, delay_s, o->notify, cx->now, cx->actor))
    return cx->code;
  *run = db_last_id(db);
  return OK;
}

/* A webhook was entered by somebody who may; to tell anybody else is to order a request like any other. */
static int check_notify(struct ctx *cx, struct db *db, const char *notify) {
  bool known = stmt_exists(cx, db_ask(cx, db, SQL_webhook_find, notify));
  if (known || cx->code || http_check_url(cx, "notify", notify)) return cx->code;
  return job_kind_find("webhook_send") ? job_kind_allowed(cx, "webhook_send") : OK;
}

int graph_start(struct ctx *cx, struct db *db, const struct graph_order *o, int64_t *run) {
  struct job_window window = o->window;
  struct tasks tasks;
  if (o->notify && check_notify(cx, db, o->notify)) return cx->code;
  if (!window.to && manual_window(cx, db, o->graph, &window)) return cx->code;
  if (add_run(cx, db, o, &window, &tasks, run) || tasks_allowed(cx, &tasks)) return cx->code;
  for (int i = 0; i < tasks.count; i++)
    if (task_add(cx, db, *run, &tasks, i)) return cx->code;
  return graph_begin_waiting(cx, db, o->graph);
}
