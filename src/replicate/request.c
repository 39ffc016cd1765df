#include "replicate/request.h"

#include "base/json.h"
#include "job/job.h"
#include "replicate/state.h"

enum { REQUESTS_AT_ONCE = 50 };
enum { R_ID, R_KIND, R_PAYLOAD };

/* ---- taking ---- */

static int note(struct ctx *cx, struct db *db, const char *id, int64_t job, const char *refused) {
  struct stmt *s = db_ask(cx, db, SQL_request_put, id);
  if (job) stmt_int(s, 2, job);
  stmt_text(s, 3, refused);
  return stmt_run(cx, s);
}

static bool known(struct ctx *cx, struct db *db, const char *id) {
  return stmt_exists(cx, db_ask(cx, db, SQL_request_known, id));
}

/* What is wrong with the request itself is the answer to it. */
static int order(struct ctx *cx, struct db *db, const struct pg_rows *rows, int i) {
  const char *id = ctx_strdup(cx, pg_text(rows, i, R_ID));
  const char *kind = ctx_strdup(cx, pg_text(rows, i, R_KIND)), *refused = NULL;
  int64_t job = 0;
  struct jv *payload;
  if (known(cx, db, id) || cx->code) return cx->code;
  if (!jv_parse(cx, pg_text(rows, i, R_PAYLOAD), &payload) && jv_kind(payload) != JV_OBJECT)
    fail(cx, E_INVALID, "payload", "the payload of a request is a JSON object");
  struct job_order o = { .kind = kind, .payload = pg_text(rows, i, R_PAYLOAD), .unique = id };
  if (!cx->code && !job_kind_allowed(cx, kind)) job_enqueue(cx, db, &o, &job);
  if (cx->code && cx->code != E_INVALID && cx->code != E_LIMIT && cx->code != E_DENIED &&
      cx->code != E_NOT_FOUND)
    return cx->code;
  if (cx->code) refused = ctx_strdup(cx, str_of(cx->message));
  ctx_forgive(cx);
  return note(cx, db, id, job, refused);
}

static int order_all(struct ctx *cx, struct db *db, void *arg) {
  const struct pg_rows *rows = arg;
  for (int i = 0; i < pg_rows_count(rows) && !cx->code; i++) order(cx, db, rows, i);
  return cx->code;
}

static int take(struct ctx *cx, struct tenant *t, struct pg *p, const struct sync_upstream *u, bool *more) {
  struct pg_rows *rows;
  if (pg_ask(cx, p, &rows,
             ctx_printf(
                 cx,
                 "SELECT request_id::text, kind, payload::text FROM outpost.request WHERE organization_id = "
                 "$1::uuid AND edge_id = $2::uuid AND state = 'waiting' ORDER BY created_at, request_id "
                 "LIMIT %d",
                 REQUESTS_AT_ONCE),
             u->organization, u->edge))
    return cx->code;
  int n = pg_rows_count(rows);
  *more = n == REQUESTS_AT_ONCE;
  if (n == 0 || tenant_write(cx, t, order_all, rows)) return cx->code;
  for (int i = 0; i < n && !cx->code; i++) {
    pg_ask(cx, p, NULL,
           "UPDATE outpost.request SET state = 'taken' WHERE organization_id = $1::uuid AND request_id = "
           "$2::uuid AND state = 'waiting'",
           u->organization, pg_text(rows, i, R_ID));
  }
  return cx->code;
}

/* ---- telling ---- */

struct ended {
  const char *id, *state, *result; /* result: JSON, or NULL */
  struct ended *next;
};

static const char *error_json(struct ctx *cx, const char *sentence) {
  return json_one(cx, "error", sentence).p;
}

static struct ended *read_ended(struct ctx *cx, struct db *db) {
  struct ended *list = NULL;
  struct stmt *s = db_stmt(cx, db, SQL_request_ended);
  while (stmt_row(cx, s)) {
    struct ended *e = ctx_alloc(cx, sizeof *e);
    const char *refused = col_dup(cx, s, 1), *job = col_dup(cx, s, 2), *cause = col_dup(cx, s, 3);
    *e = (struct ended){ .id = col_dup(cx, s, 0), .next = list };
    bool done = !refused && job && strcmp(job, "done") == 0;
    bool cancelled = !refused && job && strcmp(job, "cancelled") == 0;
    e->state = done ? "done" : cancelled ? "cancelled" : "failed";
    e->result = done ? col_dup(cx, s, 4)
                     : error_json(cx, refused     ? refused
                                      : cause     ? cause
                                      : cancelled ? "cancelled at the edge"
                                                  : "the job is gone");
    list = e;
  }
  return list;
}

static int mark_told(struct ctx *cx, struct db *db, void *arg) {
  for (const struct ended *e = arg; e && !cx->code; e = e->next) {
    db_act(cx, db, SQL_request_told, e->id);
  }
  return cx->code;
}

static int tell(struct ctx *cx, struct tenant *t, struct pg *p, const struct sync_upstream *u,
                struct db *db) {
  struct ended *list = read_ended(cx, db);
  tenant_read_end(db);
  for (const struct ended *e = list; e && !cx->code; e = e->next) {
    pg_ask(cx, p, NULL,
           "UPDATE outpost.request SET state = $3, result = $4::json, done_at = now() WHERE organization_id "
           "= $1::uuid AND request_id = $2::uuid AND state IN ('waiting', 'taken')",
           u->organization, e->id, e->state, e->result);
  }
  return list && !cx->code ? tenant_write(cx, t, mark_told, list) : (int)cx->code;
}

int request_some(struct ctx *cx, struct tenant *t, struct pg *p, bool waiting, bool *more) {
  struct db *db;
  struct sync_upstream u;
  *more = false;
  if (tenant_read(cx, t, &db) || sync_upstream_need(cx, db, &u)) return cx->code;
  return tell(cx, t, p, &u, db) || !waiting ? (int)cx->code : take(cx, t, p, &u, more);
}
