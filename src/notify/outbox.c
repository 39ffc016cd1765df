#include "notify/outbox.h"

#include "base/hash.h"
#include "base/time.h"
#include "store/column.h"

enum { KEEP_DAYS = 30 }; /* what was sent: so long is a key known */

int outbox_key(struct ctx *cx, struct db *db, const char *cause, const char *target, const char **out) {
  unsigned char sum[SHA256_SIZE];
  char *text = ctx_alloc(cx, SHA256_HEX);
  struct stmt *s = db_stmt(cx, db, SQL_notify_identity);
  if (!s || !stmt_row(cx, s)) return fail(cx, E_FAIL, NULL, "this file has no tenant");
  const char *all = ctx_printf(cx, STR_FMT "\n%s\n%s", STR_ARG(col_str(s, 0)), cause, target);
  stmt_done(s);
  sha256_of(all, strlen(all), sum);
  *out = hex_encode(text, sum, 16);
  return OK;
}

/* ---- rows of a job ---- */

static int read_row(struct ctx *cx, struct db *db, struct outbox_row *row) {
  struct stmt *s = db_ask(cx, db, SQL_outbox_get, row->key);
  if (!s) return cx->code;
  if (!stmt_row(cx, s)) return fail(cx, E_FAIL, NULL, "a row of the outbox was removed");
  row->id = col_int(s, 0);
  row->sender = col_dup(cx, s, 1);
  row->target = col_dup(cx, s, 2);
  row->subject = col_dup(cx, s, 3);
  row->body = col_str(s, 4);
  row->body.p = ctx_strdup(cx, row->body);
  row->state = col_dup(cx, s, 5);
  row->tries = col_int(s, 6);
  row->answer = col_dup(cx, s, 7);
  stmt_done(s);
  return OK;
}

struct put {
  int64_t job;
  bool afresh; /* the first attempt since it was ordered or retried */
  struct outbox_row *row;
};

static int put_row(struct ctx *cx, struct db *db, void *arg) {
  const struct put *p = arg;
  const struct outbox_row *row = p->row;
  struct stmt *s = db_ask(cx, db, SQL_outbox_forget, cx->now - KEEP_DAYS * DAY_US);
  if (!s) return cx->code;
  if (stmt_run(cx, s) || !(s = db_stmt(cx, db, SQL_outbox_put))) return cx->code;
  stmt_bind(s, row->key, row->channel, p->job, row->sender, row->target, row->subject,
            arg_blob(row->body.p, row->body.n), cx->now, p->afresh);
  if (stmt_run(cx, s)) return cx->code;
  return read_row(cx, db, p->row);
}

int outbox_put(struct ctx *cx, struct job *job, struct outbox_row *row) {
  struct put p = { job_id(job), job_attempt(job) == 1, row };
  return job_write(cx, job, put_row, &p);
}

struct mark {
  int64_t row, job;
  const char *state;
  int code;
  const char *answer;
};

static int begin_row(struct ctx *cx, struct db *db, void *arg) {
  const struct mark *m = arg;
  struct stmt *s = db_ask(cx, db, SQL_outbox_begin, m->row, m->job, time_now());
  if (!s) return cx->code;
  if (stmt_run(cx, s)) return cx->code;
  return db_changes(db) ? OK : fail(cx, E_CONFLICT, NULL, "somebody else has sent it meanwhile");
}

int outbox_begin(struct ctx *cx, struct job *job, const struct outbox_row *row) {
  struct mark m = { .row = row->id, .job = job_id(job) };
  return job_write(cx, job, begin_row, &m);
}

static int mark_row(struct ctx *cx, struct db *db, void *arg) {
  const struct mark *m = arg;
  struct stmt *s = db_ask(cx, db, SQL_outbox_mark, m->row, m->state);
  if (!s) return cx->code;
  if (m->code)
    stmt_int(s, 3, m->code);
  else
    stmt_null(s, 3);
  stmt_text(s, 4, m->answer);
  stmt_int(s, 5, time_now());
  return stmt_run(cx, s);
}

int outbox_mark(struct ctx *cx, struct job *job, const struct outbox_row *row, const char *state, int code,
                const char *answer) {
  struct mark m = { row->id, job_id(job), state, code, answer };
  if (strcmp(state, "sent") == 0) return tenant_write(cx, job_tenant(job), mark_row, &m);
  return job_write(cx, job, mark_row, &m);
}

/* ---- the list ---- */

static void write_row(struct jw *w, const struct stmt *s) {
  jw_object(w, NULL);
  columns_write(w, s, 0,
                "id: int, channel, job: int, sender, target, subject, state, tries: int, repeats: int");
  if (!col_null(s, 9)) jw_int(w, "code", col_int(s, 9));
  if (!col_null(s, 10)) jw_str(w, "answer", col_str(s, 10));
  columns_write(w, s, 11, "made_at: instant, changed_at: instant");
  jw_close(w, '}');
}

int outbox_list(struct ctx *cx, struct db *db, const char *state, const char *channel, int64_t before,
                int64_t limit, struct jw *w, const char *key) {
  struct stmt *s = db_ask(cx, db, SQL_outbox_list, state, channel, before, limit);
  if (!s) return cx->code;
  jw_array(w, key);
  while (stmt_row(cx, s)) write_row(w, s);
  jw_close(w, ']');
  return cx->code;
}
