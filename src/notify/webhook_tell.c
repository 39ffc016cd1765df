/*
** webhook_tell.c - webhooks as readers of the change log: an outside program is told what happened here, and may
** then ask for the rest over the API.
**
** Each webhook has a position. A round takes the entries behind it, orders a webhook_send for those that its list of
** events names, and moves the position, in one transaction: each entry is told once, whatever is killed. The
** key of the request is made from webhook and entry, so it is the same even if the job is ordered anew.
**
** RUN_COMPLETED is run.completed; a change of a record is named by its table, alert.created. That a request to a
** webhook is dead is told to nobody this way: it would have itself to tell of.
*/
#include <ctype.h>

#include "base/limits.h"
#include "notify/outbox.h"
#include "store/column.h"

enum { ENTRIES = 200 };

struct hook {
  const char *id, *name, *events;
  int64_t seq;
};

/* ---- names ---- */

static const char *name_of(struct ctx *cx, struct str event, struct str table) {
  char *name = ctx_strdup(cx, event);
  for (char *p = name; *p; p++) *p = (char)tolower((unsigned char)*p);
  char *under = strchr(name, '_');
  if (!under) return name;
  *under = '.';
  return strncmp(name, "record.", 7) == 0 ? ctx_printf(cx, STR_FMT ".%s", STR_ARG(table), under + 1) : name;
}

/* "run.*" takes "run.completed". */
static bool takes(const char *events, const char *name) {
  struct str rest = str_of(events), all = str_of(name);
  while (rest.n) {
    const char *comma = memchr(rest.p, ',', rest.n);
    struct str one = { rest.p, comma ? (size_t)(comma - rest.p) : rest.n };
    rest = (struct str){ rest.p + one.n + !!comma, rest.n - one.n - !!comma };
    one = str_trim(one);
    bool open = one.n && one.p[one.n - 1] == '*';
    if (open ? str_starts(all, (struct str){ one.p, one.n - 1 }) : str_eq(one, all)) return true;
  }
  return false;
}

/* ---- telling ---- */

static void put_entry(struct jw *w, const struct stmt *s) {
  jw_object(w, "data");
  columns_write(w, s, 0, "seq: int, at: instant, actor, unit, event");
  if (!col_null(s, 5)) jw_str(w, "table", col_str(s, 5));
  if (!col_null(s, 6)) jw_str(w, "key", col_str(s, 6));
  jw_int(w, "count", col_int(s, 7));
  if (!col_null(s, 8)) jw_str(w, "text", col_str(s, 8));
  if (!col_null(s, 9)) jw_raw(w, "after", col_str(s, 9));
  jw_close(w, '}');
}

static int order(struct ctx *cx, struct db *db, const struct hook *h, const struct stmt *s,
                 const char *name) {
  struct buf payload;
  struct jw w;
  jw_begin(&w, &payload, LIMIT_BODY_BYTES);
  jw_put(&w, "target", h->name, "type", ctx_printf(cx, "outpost.%s", name), "key",
         ctx_printf(cx, "%s %lld", h->id, (long long)col_int(s, 0)));
  put_entry(&w, s);
  jw_close(&w, '}');
  struct job_order o = { .kind = "webhook_send", .payload = buf_view(&payload) };
  int rc = payload.full ? OK : job_enqueue(cx, db, &o, NULL);
  buf_clear(&payload);
  return rc;
}

static int tell(struct ctx *cx, struct db *db, void *arg) {
  struct hook *h = arg;
  struct stmt *s = db_stmt(cx, db, SQL_webhook_changes);
  int64_t last = h->seq;
  if (!s) return cx->code;
  stmt_bind(s, h->seq, ENTRIES);
  while (stmt_row(cx, s)) {
    const char *name = name_of(cx, col_str(s, 4), col_str(s, 5));
    bool own = strncmp(name, "job.", 4) == 0 && str_eq(col_str(s, 10), STR("webhook_send"));
    last = col_int(s, 0);
    if (!own && takes(h->events, name) && order(cx, db, h, s, name)) break;
  }
  if (cx->code || !(s = db_stmt(cx, db, SQL_webhook_told))) return cx->code;
  stmt_bind(s, h->id, last, h->seq);
  if (stmt_run(cx, s) || db_changes(db) == 1) return cx->code;
  return fail(cx, E_BUSY, NULL, "another process has told webhook %s of the same meanwhile", h->name);
}

static int work(struct ctx *cx, struct tenant *t, bool *did, int64_t *next) {
  struct hook h = { 0 };
  struct db *db;
  *next = INT64_MAX;
  if (tenant_read(cx, t, &db)) return cx->code;
  struct stmt *s = db_stmt(cx, db, SQL_webhook_behind);
  if (!s || !stmt_row(cx, s)) return cx->code;
  h = (struct hook){ col_dup(cx, s, 0), col_dup(cx, s, 1), col_dup(cx, s, 2), col_int(s, 3) };
  stmt_done(s);
  *did = true;
  return tenant_write(cx, t, tell, &h);
}

const struct engine_part webhooks_part = { "webhooks", 1, work };
