/*
** report.c - jobs and queues as JSON, for the API and the terminal.
*/
#include <stdio.h>

#include "job/internal.h"
#include "store/column.h"

enum {
  ID,
  QUEUE,
  KIND,
  STATE,
  PRIORITY,
  DUE,
  ATTEMPTS,
  ATTEMPTS_MAX,
  DONE,
  TOTAL,
  TEXT,
  CAUSE,
  UNIQUE,
  CREATED,
  CREATED_BY,
  STARTED,
  ENDED,
  GRAPH_RUN,
  GRAPH_TASK,
  PAYLOAD,
  RESULT,
  ITEM,
  FENCE,
  WORKER,
  FROM,
  TO,
  BACKFILL,
  LOST
};

static void write_json(struct jw *w, const char *key, const struct stmt *s, int i) {
  if (col_null(s, i))
    jw_text(w, key, NULL);
  else
    jw_raw(w, key, col_str(s, i));
}

void job_progress_json(struct jw *w, const struct stmt *s, int column) {
  if (col_null(s, column)) {
    jw_text(w, "progress", NULL);
    return;
  }
  jw_object(w, "progress");
  columns_write(w, s, column, "done: int, total: int, text: text?");
  jw_close(w, '}');
}

/* The properties of a job that a list has. */
static void write_head(struct jw *w, const struct stmt *s) {
  columns_write(w, s, ID,
                "id: int, queue: text?, kind: text?, state: text?, priority: int, due_at: instant?, "
                "attempts: int, attempts_max: int");
  job_progress_json(w, s, DONE);
  columns_write(w, s, CAUSE,
                "cause: text?, unique: text?, created_at: instant?, created_by: text?, "
                "started_at: instant?, ended_at: instant?, graph_run: int?, graph_task: text?");
}

/* ---- lists ---- */

static void bind_filter(struct stmt *s, const struct job_filter *f) {
  stmt_bind(s, f->state, f->queue, f->kind);
}

/* The statements for a state: of the jobs that are kept for months most are done. */
static const struct list {
  const char *state;
  enum sql_id ids, count;
} lists[] = { { "waiting", SQL_job_list_waiting, SQL_job_list_count_waiting },
              { "running", SQL_job_list_running, SQL_job_list_count_running },
              { "done", SQL_job_list, SQL_job_list_count },
              { "dead", SQL_job_list_failed, SQL_job_list_count_failed },
              { "cancelled", SQL_job_list_failed, SQL_job_list_count_failed },
              { NULL, SQL_job_list, SQL_job_list_count } };

static const struct list *list_of(struct ctx *cx, const char *state) {
  const struct list *l = lists;
  while (l->state && (!state || strcmp(l->state, state) != 0)) l++;
  if (state && !l->state)
    fail(cx, E_INVALID, "state", "a job is waiting, running, done, dead or cancelled, not '%.40s'", state);
  return l;
}

static int write_row(struct ctx *cx, struct db *db, int64_t id, struct jw *w) {
  struct stmt *s = db_ask(cx, db, SQL_job_row, id);
  if (!stmt_row(cx, s)) return cx->code;
  jw_object(w, NULL);
  write_head(w, s);
  jw_close(w, '}');
  stmt_done(s);
  return OK;
}

int job_list(struct ctx *cx, struct db *db, const struct job_filter *f, struct jw *w, const char *key,
             int64_t *total, int64_t *next) {
  const struct list *l = list_of(cx, f->state);
  int64_t last = 0, n = 0;
  *next = *total = 0;
  if (cx->code) return cx->code;
  struct stmt *s = db_stmt(cx, db, l->ids);
  bind_filter(s, f);
  stmt_int(s, 4, f->before ? f->before : INT64_MAX);
  stmt_int(s, 5, f->limit + 1);
  jw_array(w, key);
  while (stmt_row(cx, s)) {
    if (n++ == f->limit) *next = last;
    last = col_int(s, 0);
    if (n <= f->limit) write_row(cx, db, last, w);
  }
  jw_close(w, ']');
  s = db_stmt(cx, db, l->count);
  bind_filter(s, f);
  if (stmt_row(cx, s)) *total = col_int(s, 0), stmt_done(s);
  return cx->code;
}

int job_tell_since(struct ctx *cx, struct db *db, int64_t at, job_notice_fn *fn, void *arg) {
  enum { MOST = 500 };
  struct buf out;
  struct stmt *s = db_ask(cx, db, SQL_job_since, at, MOST);
  buf_init(&out, KIB(64));
  while (stmt_row(cx, s)) {
    struct jw w;
    buf_reset(&out);
    jw_init(&w, &out);
    if (!write_row(cx, db, col_int(s, 0), &w) && out.n) fn(arg, buf_view(&out));
  }
  buf_clear(&out);
  return cx->code;
}

int job_counts(struct ctx *cx, struct db *db, struct jw *w, const char *key) {
  static const char *const states[] = { "waiting", "running", "done", "dead", "cancelled" };
  int64_t counts[5] = { 0 };
  struct stmt *s = db_stmt(cx, db, SQL_job_counts);
  while (stmt_row(cx, s))
    for (int i = 0; i < 5; i++)
      if (str_eq(col_str(s, 0), str_of(states[i]))) counts[i] = col_int(s, 1);
  jw_object(w, key);
  for (int i = 0; i < 5; i++) jw_int(w, states[i], counts[i]);
  jw_close(w, '}');
  return cx->code;
}

/* ---- one ---- */

static void write_lines(struct jw *w, const char *key, struct str text) {
  jw_array(w, key);
  while (text.n) {
    const char *end = memchr(text.p, '\n', text.n);
    size_t n = end ? (size_t)(end - text.p) : text.n;
    jw_str(w, NULL, (struct str){ text.p, n });
    text.p += end ? n + 1 : n;
    text.n -= end ? n + 1 : n;
  }
  jw_close(w, ']');
}

static void write_steps(struct ctx *cx, struct db *db, int64_t id, struct jw *w) {
  struct stmt *s = db_ask(cx, db, SQL_job_steps, id);
  columns_list(cx, s, w, "steps", "name: text?, at: instant?");
}

/* The last attempt stands in the job alone when it had nothing to say. */
struct last_try {
  int64_t fence;
  const char *state, *worker;
  int64_t started, ended;
};

static void write_last(struct jw *w, const struct last_try *t) {
  char text[TIME_SIZE];
  jw_object(w, NULL);
  jw_put(w, "n", t->fence, "started_at", arg_time(t->started), "ended_at",
         strcmp(t->state, "done") == 0 ? time_iso(text, t->ended) : NULL, "worker", t->worker, "outcome",
         t->state, "cause", NULL);
  jw_array(w, "log");
  jw_close(w, ']');
  jw_close(w, '}');
}

static void write_tries(struct ctx *cx, struct db *db, int64_t id, const struct last_try *last,
                        struct jw *w) {
  int64_t seen = 0;
  struct stmt *s = db_ask(cx, db, SQL_job_tries, id);
  jw_array(w, "tries");
  while (stmt_row(cx, s)) {
    seen = col_int(s, 0);
    jw_object(w, NULL);
    jw_int(w, "n", seen);
    columns_write(w, s, 1,
                  "started_at: instant?, ended_at: instant?, worker: text?, outcome: text?, cause: text?");
    write_lines(w, "log", col_str(s, 6));
    jw_close(w, '}');
  }
  bool apart = strcmp(last->state, "done") == 0 || strcmp(last->state, "running") == 0;
  if (apart && seen < last->fence) write_last(w, last);
  jw_close(w, ']');
}

int job_show(struct ctx *cx, struct db *db, int64_t id, struct jw *w, const char *key) {
  struct stmt *s = db_ask(cx, db, SQL_job_row, id);
  if (!stmt_row(cx, s))
    return cx->code ? (int)cx->code : fail(cx, E_NOT_FOUND, "id", "there is no job %lld", (long long)id);
  struct last_try last = { col_int(s, FENCE), col_dup(cx, s, STATE), col_dup(cx, s, WORKER),
                           col_int(s, STARTED), col_int(s, ENDED) };
  jw_object(w, key);
  write_head(w, s);
  column_text(w, "item", s, ITEM);
  write_json(w, "payload", s, PAYLOAD);
  write_json(w, "result", s, RESULT);
  stmt_done(s);
  write_steps(cx, db, id, w);
  write_tries(cx, db, id, &last, w);
  jw_close(w, '}');
  return cx->code;
}

/* ---- queues and kinds ---- */

int job_queues(struct ctx *cx, struct db *db, struct jw *w, const char *key) {
  static const char *const numbers[] = { "weight",         "paused",   "attempts",   "backoff_ms",
                                         "backoff_cap_ms", "jitter",   "rate_count", "rate_seconds",
                                         "at_once",        "keep_days" };
  int64_t now = time_now();
  struct stmt *s = db_ask(cx, db, SQL_job_queue_report, now);
  jw_array(w, key);
  while (stmt_row(cx, s)) {
    jw_object(w, NULL);
    columns_write(w, s, 0, "name: text?, help: text?");
    for (int i = 0; i < 10; i++) {
      if (i == 1 || i == 5)
        jw_bool(w, numbers[i], col_int(s, 2 + i));
      else
        jw_int(w, numbers[i], col_int(s, 2 + i));
    }
    columns_write(w, s, 12, "id: text?, waiting: int, delayed: int, running: int, dead: int, done_day: int");
    if (col_null(s, 18))
      jw_text(w, "oldest_seconds", NULL);
    else
      jw_int(w, "oldest_seconds", (now - col_int(s, 18)) / 1000000);
    jw_close(w, '}');
  }
  jw_close(w, ']');
  return cx->code;
}

void job_kinds(struct jw *w, const char *key) {
  jw_array(w, key);
  for (int i = 0; job_kind_at(i); i++) {
    const struct job_kind *k = job_kind_at(i);
    jw_record(w, NULL, "name", k->name, "queue", k->queue, "need", k->need, "help", k->help);
  }
  jw_close(w, ']');
}
