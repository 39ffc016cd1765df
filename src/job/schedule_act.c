/*
** schedule_act.c - what people do with schedules, what may be saved, and reports.
*/
#include <stdio.h>

#include "base/limits.h"
#include "base/time.h"
#include "job/cron.h"
#include "job/graph_internal.h"
#include "job/job.h"
#include "job/schedule.h"
#include "record/record.h"
#include "store/change.h"
#include "store/column.h"

enum { NEXT_SHOWN = 3, MISSED_DAYS = 7 };

/* ---- what may be saved ---- */

static int check_object(struct ctx *cx, const struct jv *object) {
  const struct jv *kind = jv_get(object, "kind"), *payload = jv_get(object, "payload");
  const char *name = kind && jv_text(kind).p ? ctx_strdup(cx, jv_text(kind)) : NULL;
  const struct jv *called = jv_get(object, "name");
  if (called && !graph_is_name(jv_text(called)))
    return fail(cx, E_INVALID, "name", "a name has letters, digits, _, - and ., at most 64 of them");
  if (payload && jv_kind(payload) != JV_OBJECT && jv_kind(payload) != JV_NULL)
    return fail(cx, E_INVALID, "payload", "payload is an object, such as {\"days\":30}");
  if (!name || !strcmp(name, "graph") || job_kind_find(name)) return OK;
  return fail(cx, E_INVALID, "kind",
              "there is no kind of job %.60s; write graph to start a graph, or one of %s", name,
              graph_kinds(cx));
}

static int check_graph(struct ctx *cx, struct db *db, const char *kind, const char *graph) {
  bool is_graph = !strcmp(kind, "graph");
  if (!is_graph && !graph) return OK;
  if (!is_graph)
    return fail(cx, E_INVALID, "graph", "a schedule of the kind %s starts no graph; its kind would be graph",
                kind);
  if (!graph)
    return fail(cx, E_INVALID, "graph", "the name of the graph is missing; there are %s",
                graph_names(cx, db));
  struct stmt *s = db_ask(cx, db, SQL_schedule_graph, graph);
  bool there = stmt_row(cx, s);
  stmt_done(s);
  if (there || cx->code) return cx->code;
  return fail(cx, E_INVALID, "graph", "there is no graph %s; there are %s", graph, graph_names(cx, db));
}

/* What it starts whoever saves it may start himself: its payload is laid over that of the tasks. */
static int check_allowed(struct ctx *cx, struct db *db, const char *kind, const char *graph) {
  struct tasks tasks;
  if (strcmp(kind, "graph") != 0) return job_kind_allowed(cx, kind);
  struct stmt *s = db_ask(cx, db, SQL_graph_of_name, graph);
  const char *json = stmt_row(cx, s) ? col_dup(cx, s, 0) : NULL;
  stmt_done(s);
  if (!json || tasks_read(cx, str_of(json), false, &tasks)) return cx->code;
  return tasks_allowed(cx, &tasks);
}

static int check_row(struct ctx *cx, struct db *db, const char *id) {
  struct cron cron;
  const struct zone *zone;
  struct stmt *s = db_ask(cx, db, SQL_schedule_of_id, id);
  if (!stmt_row(cx, s)) return cx->code;
  const char *when = col_dup(cx, s, 1), *where = col_dup(cx, s, 2), *kind = col_dup(cx, s, 3);
  const char *graph = col_dup(cx, s, 4);
  bool deleted = col_int(s, 6) != 0, active = col_int(s, 7) != 0;
  stmt_done(s);
  if (check_allowed(cx, db, kind, graph)) return cx->code;
  if (deleted) return OK;
  if (cron_parse(cx, str_of(when), &cron) || zone_find(cx, where, &zone)) return cx->code;
  return active ? check_graph(cx, db, kind, graph) : OK;
}

const struct entity_hooks schedule_hooks = { .check_object = check_object, .check_row = check_row };

/* ---- finding one ---- */

struct found {
  const char *id, *kind, *graph, *cron, *zone;
  struct str payload;
  bool active;
};

static int find(struct ctx *cx, struct db *db, const char *name, struct found *out) {
  struct stmt *s = db_ask(cx, db, SQL_schedule_of_name, name);
  if (stmt_row(cx, s)) {
    *out = (struct found){ .id = col_dup(cx, s, 0),
                           .kind = col_dup(cx, s, 1),
                           .graph = col_dup(cx, s, 2),
                           .payload = str_of(col_dup(cx, s, 3)),
                           .active = col_int(s, 4) != 0,
                           .cron = col_dup(cx, s, 5),
                           .zone = col_dup(cx, s, 6) };
    stmt_done(s);
    return OK;
  }
  const char *names = NULL;
  s = db_stmt(cx, db, SQL_schedule_names);
  if (stmt_row(cx, s)) names = col_dup(cx, s, 0);
  stmt_done(s);
  return fail(cx, E_NOT_FOUND, "name", "there is no schedule %.64s; there are %.400s", name,
              names ? names : "none");
}

int schedule_when(struct ctx *cx, struct db *db, const char *name, const char **cron, const char **zone) {
  struct found f;
  if (find(cx, db, name, &f)) return cx->code;
  *cron = f.cron;
  *zone = f.zone;
  return OK;
}

/* ---- acts ---- */

int schedule_run(struct ctx *cx, struct db *db, const char *name, int64_t *job, int64_t *run) {
  struct found f;
  *job = *run = 0;
  if (find(cx, db, name, &f)) return cx->code;
  if (!strcmp(f.kind, "graph"))
    graph_start(cx, db, &(struct graph_order){ .graph = f.graph, .cause = "manual", .payload = f.payload },
                run);
  else if (!job_kind_allowed(cx, f.kind))
    job_enqueue(cx, db,
                &(struct job_order){
                    .kind = f.kind, .payload = f.payload, .unique = ctx_printf(cx, "schedule:%s", name) },
                job);
  if (cx->code) return cx->code;
  return change_append(
      cx, db,
      &(struct change){
          .event = "SCHEDULE_STARTED",
          .table = "schedule",
          .after = str_of(ctx_printf(cx, "{\"job\":%lld,\"run\":%lld}", (long long)*job, (long long)*run)),
          .count = 1,
          .text = ctx_printf(cx, "the schedule %s was started by hand", name) });
}

int schedule_pause(struct ctx *cx, struct db *db, const char *name, bool paused) {
  struct found f;
  struct jv *object;
  char id[37];
  if (find(cx, db, name, &f)) return cx->code;
  if (f.active == !paused) return OK;
  const char *json = ctx_printf(cx, "{\"id\":\"%s\",\"active\":%s}", f.id, paused ? "false" : "true");
  if (jv_parse(cx, str_of(json), &object)) return cx->code;
  return record_save(cx, db, entity_find("schedule"), object, id);
}

/* ---- reports ---- */

static void next_write(struct jw *w, const struct cron *c, const struct zone *z, int64_t after, int64_t until,
                       int64_t count) {
  jw_array(w, "next");
  for (int64_t i = 0; i < count && cron_next(c, z, after, &after) && after < until; i++)
    jw_time(w, NULL, after);
  jw_close(w, ']');
}

static void words_write(struct jw *w, const struct cron *c) {
  struct buf words;
  buf_init(&words, KIB(1));
  cron_words(c, &words);
  jw_str(w, "words", buf_view(&words));
  buf_clear(&words);
}

int schedule_preview(struct ctx *cx, const char *cron, const char *zone, int64_t after, int64_t until,
                     int64_t count, struct jw *w, const char *key) {
  struct cron c;
  const struct zone *z;
  if (cron_parse(cx, str_of(cron), &c) || zone_find(cx, zone, &z)) return cx->code;
  jw_object(w, key);
  jw_put(w, "cron", cron, "zone", zone);
  words_write(w, &c);
  next_write(w, &c, z, after, until, count);
  jw_close(w, '}');
  return OK;
}

/* The columns of schedule_listed from `last slot` on. */
static void last_write(struct jw *w, const struct stmt *s) {
  enum { SLOT = 13, STATE, JOB, RUN };
  if (col_null(s, SLOT)) {
    jw_text(w, "last", NULL);
    return;
  }
  jw_object(w, "last");
  columns_write(w, s, SLOT, "slot: instant, state, job: int?, run: int?");
  jw_close(w, '}');
}

static void row_write(struct ctx *cx, const struct stmt *s, struct jw *w, const char *key) {
  static const char *const names[] = { "id", "name", "cron", "zone", "kind", "graph", NULL, "catch_up" };
  struct cron c;
  const struct zone *z;
  bool active = col_int(s, 8) != 0;
  jw_object(w, key);
  for (int i = 0; i < 8; i++)
    if (names[i]) column_text(w, names[i], s, i);
  jw_put(w, "payload", arg_json(col_str(s, 6)), "active", active);
  columns_write(w, s, 9, "owner: text?, help: text?");
  if (!cron_parse(cx, col_str(s, 2), &c) && !zone_find(cx, ctx_strdup(cx, col_str(s, 3)), &z)) {
    words_write(w, &c);
    next_write(w, &c, z, cx->now, INT64_MAX, active ? NEXT_SHOWN : 0);
  }
  ctx_forgive(cx);
  int64_t next = col_int(s, 11);
  if (active && next > 0 && next < cx->now - SCHEDULE_GRACE)
    jw_time(w, "overdue_since", next); /* nothing has looked since: no server runs */
  else
    jw_text(w, "overdue_since", NULL);
  jw_int(w, "missed", col_int(s, 12));
  last_write(w, s);
  jw_close(w, '}');
}

static struct stmt *listed(struct ctx *cx, struct db *db, const char *name) {
  struct stmt *s = db_ask(cx, db, SQL_schedule_listed, name, cx->now - MISSED_DAYS * DAY_US);
  return s;
}

int schedule_list(struct ctx *cx, struct db *db, struct jw *w, const char *key) {
  struct stmt *s = listed(cx, db, NULL);
  jw_array(w, key);
  while (stmt_row(cx, s)) row_write(cx, s, w, NULL);
  jw_close(w, ']');
  return cx->code;
}

int schedule_show(struct ctx *cx, struct db *db, const char *name, struct jw *w, const char *key) {
  struct found f;
  if (find(cx, db, name, &f)) return cx->code;
  struct stmt *s = listed(cx, db, name);
  if (stmt_row(cx, s)) row_write(cx, s, w, key);
  stmt_done(s);
  return cx->code;
}

int schedule_slots(struct ctx *cx, struct db *db, const char *name, int64_t limit, struct jw *w,
                   const char *key) {
  struct found f;
  if (find(cx, db, name, &f)) return cx->code;
  return columns_list(cx, db_ask(cx, db, SQL_schedule_slots_of, f.id, limit), w, key,
                      "slot: instant, state, since: instant!, reason!, at: instant, job: int?, run: int?");
}
