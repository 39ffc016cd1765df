/*
** alert.c - see alert.h.
**
** The alert is a record like any other, saved through the one door: who looked at
** it and when stands in its history. How often it was seen since is a count beside
** it (alert_seen), so that a check every few minutes does not fill the log.
*/
#include "notify/alert.h"

#include "base/crash.h"
#include "base/limits.h"
#include "job/job.h"
#include "record/form.h"
#include "store/column.h"

enum { REOPEN_MINUTES = 60, MINUTE_US = 60000000 };

static const char *const severity_names[] = { "info", "warning", "critical" };

static int severity_of(struct str name) {
  for (int i = 0; i < 3; i++)
    if (str_eq(name, str_of(severity_names[i]))) return i;
  return SEVERITY_WARNING;
}

/* ---- what goes out ---- */

/* One thing that goes over one route. */
struct notice {
  int64_t id; /* of alert_notice */
  const char *route, *channel, *target;
  const char *alert, *kind, *subject, *state, *severity, *title, *text, *detail, *address;
};

static const char *notice_key(struct ctx *cx, const struct notice *n) {
  return ctx_printf(cx, "alert/%s/%s/%s", n->alert, n->state, n->route);
}

static void notice_json(struct jw *w, const char *key, const struct notice *n) {
  jw_record(w, key, "id", n->alert, "kind", n->kind, "subject", n->subject, "state", n->state, "severity",
            n->severity, "title", n->title, "text", n->text, "detail",
            arg_json(str_of(n->detail ? n->detail : "{}")), "address", n->address);
}

static int enqueue(struct ctx *cx, struct db *db, const char *kind, const char *unique, struct buf *payload,
                   int64_t *job) {
  struct job_order o = { .kind = kind, .payload = buf_view(payload), .unique = unique };
  int rc = job_enqueue(cx, db, &o, job);
  buf_clear(payload);
  return rc;
}

/* A mail of one alert, or of many of the same route. */
static int send_mail(struct ctx *cx, struct db *db, const struct notice *n, size_t count, int64_t *job) {
  struct buf payload, text;
  struct jw w;
  const char *key = notice_key(cx, n);
  buf_init(&text, LIMIT_BODY_BYTES);
  for (size_t i = 0; i < count; i++) {
    if (count > 1) buf_printf(&text, "%s: %s\n", n[i].severity, n[i].title);
    if (n[i].text) buf_printf(&text, "%s\n", n[i].text);
    buf_char(&text, '\n');
  }
  if (n->address) buf_printf(&text, "In Outpost: %s\n", n->address);
  buf_init(&payload, LIMIT_BODY_BYTES);
  jw_init(&w, &payload);
  jw_record(&w, NULL, "to", n->target, "subject",
            count > 1 ? ctx_printf(cx, "%zu alerts: %s, and more", count, n->title)
                      : ctx_printf(cx, "%s: %s", n->severity, n->title),
            "text", buf_view(&text), "key", key);
  buf_clear(&text);
  return enqueue(cx, db, "mail_send", key, &payload, job);
}

static int send_webhook(struct ctx *cx, struct db *db, const struct notice *n, size_t count, int64_t *job) {
  struct buf payload;
  struct jw w;
  const char *key = notice_key(cx, n);
  jw_begin(&w, &payload, LIMIT_BODY_BYTES);
  jw_put(&w, "target", n->target, "type", "outpost.alert.raised", "subject",
         ctx_printf(cx, "alerts/%s", n->alert));
  jw_object(&w, "data");
  jw_array(&w, "alerts");
  for (size_t i = 0; i < count; i++) notice_json(&w, NULL, &n[i]);
  jw_close(&w, ']');
  jw_close(&w, '}');
  jw_text(&w, "key", key);
  jw_close(&w, '}');
  return enqueue(cx, db, "webhook_send", key, &payload, job);
}

static int mark_sent(struct ctx *cx, struct db *db, const struct notice *n, int64_t job) {
  struct stmt *s = db_ask(cx, db, SQL_alert_notice_sent, n->id, cx->now);
  if (job) stmt_int(s, 3, job);
  return stmt_run(cx, s);
}

/* Sends notices of one route together. What is for the page needs no sending: it is there. */
static int send_together(struct ctx *cx, struct db *db, const struct notice *n, size_t count) {
  int64_t job = 0;
  if (!strcmp(n->channel, "email")) send_mail(cx, db, n, count, &job);
  if (!strcmp(n->channel, "webhook")) send_webhook(cx, db, n, count, &job);
  for (size_t i = 0; i < count && !cx->code; i++) mark_sent(cx, db, &n[i], job);
  return cx->code;
}

int alert_send_held(struct ctx *cx, struct db *db, const char *kind, int64_t *sent) {
  struct notice *list = NULL;
  size_t count = 0;
  *sent = 0;
  struct stmt *s = db_ask(cx, db, SQL_alert_notice_held, kind);
  while (stmt_row(cx, s)) {
    list = ctx_more(cx, list, count, sizeof *list);
    struct notice *n = &list[count++];
    n->id = col_int(s, 0);
    const char **to[] = { &n->route, &n->channel,  &n->target, &n->alert, &n->kind,   &n->subject,
                          &n->state, &n->severity, &n->title,  &n->text,  &n->detail, &n->address };
    for (size_t i = 0; i < sizeof to / sizeof *to; i++) *to[i] = col_dup(cx, s, (int)i + 1);
  }
  for (size_t from = 0; from < count && !cx->code;) {
    size_t n = 1;
    while (from + n < count && !strcmp(list[from].route, list[from + n].route)) n++;
    size_t at_once = n > ALERT_DIGEST_FROM ? n : 1;
    for (size_t i = 0; i < n && !cx->code; i += at_once) {
      send_together(cx, db, &list[from + i], at_once);
      *sent += strcmp(list[from].channel, "page") != 0;
    }
    from += n;
  }
  return cx->code;
}

/* A notice for every route that takes it. Held ones wait in the table; the others go at once. */
static int tell(struct ctx *cx, struct db *db, const struct alert *a, const char *id) {
  struct stmt *s = db_ask(cx, db, SQL_alert_routes, a->kind, a->severity);
  while (stmt_row(cx, s)) {
    struct notice n = { .route = col_dup(cx, s, 0),
                        .channel = col_dup(cx, s, 1),
                        .target = col_dup(cx, s, 2),
                        .alert = id,
                        .kind = a->kind,
                        .subject = a->subject,
                        .state = a->state,
                        .severity = severity_names[a->severity],
                        .title = a->title,
                        .text = a->text,
                        .detail = a->detail.p ? ctx_strdup(cx, a->detail) : NULL,
                        .address = a->address };
    if (db_act(cx, db, SQL_alert_notice_add, id, a->state, n.route, cx->now) || !db_changes(db) || a->hold)
      continue;
    n.id = db_last_id(db);
    send_together(cx, db, &n, 1);
  }
  return cx->code;
}

/* ---- raise and settle ---- */

static int seen(struct ctx *cx, struct db *db, const char *id) {
  return db_act(cx, db, SQL_alert_seen, id, cx->now);
}

/* *id NULL: a new one. *id is the record's afterwards. */
static int save(struct ctx *cx, struct db *db, const struct alert *a, const char **id) {
  struct form f;
  struct jw *w = form_begin(&f, *id);
  jw_put(w, "kind", a->kind, "subject", a->subject, "state", a->state, "severity",
         severity_names[a->severity], "title", a->title, "text", a->text, "detail",
         arg_json(a->detail.p ? a->detail : STR("{}")), "address", a->address, "status", "open");
  if (*id) jw_text(w, "resolved_at", NULL);
  if (*id) jw_text(w, "resolved_by", NULL);
  return form_save(cx, db, "alert", &f, id);
}

/* The alert that there is, or one that was settled by itself a short while ago. */
static int find(struct ctx *cx, struct db *db, const struct alert *a, const char **id, bool *same) {
  struct stmt *s = db_ask(cx, db, SQL_alert_open, a->kind, a->subject);
  if (stmt_row(cx, s)) {
    *id = col_dup(cx, s, 0);
    *same = str_eq(col_str(s, 1), str_of(a->state)) && severity_of(col_str(s, 2)) == (int)a->severity;
    stmt_done(s);
    return cx->code;
  }
  s = db_ask(cx, db, SQL_alert_settled_lately, a->kind, a->subject,
             cx->now - (int64_t)REOPEN_MINUTES * MINUTE_US);
  if (!stmt_row(cx, s)) return cx->code;
  *id = col_dup(cx, s, 0);
  stmt_done(s);
  return cx->code;
}

int alert_raise(struct ctx *cx, struct db *db, const struct alert *a, bool *fresh) {
  const char *id = NULL;
  bool same = false;
  *fresh = false;
  if (find(cx, db, a, &id, &same)) return cx->code;
  if (same) return seen(cx, db, id);
  if (save(cx, db, a, &id) || seen(cx, db, id) || tell(cx, db, a, id)) return cx->code;
  crash_point("alert");
  *fresh = true;
  return OK;
}

static int set_status(struct ctx *cx, struct db *db, const char *id, const char *status, const char *by,
                      const char *note) {
  struct form f;
  struct jw *w = form_begin(&f, id);
  jw_text(w, "status", status);
  if (by) jw_text(w, "resolved_by", by);
  if (by) jw_time(w, "resolved_at", cx->now);
  if (note) jw_text(w, "note", note);
  return form_save(cx, db, "alert", &f, NULL);
}

/* What waits to be sent about it is not sent any more. */
static int drop_held(struct ctx *cx, struct db *db, const char *id) {
  return db_act(cx, db, SQL_alert_notice_drop, id);
}

int alert_settle(struct ctx *cx, struct db *db, const char *kind, const char *subject) {
  struct stmt *s = db_ask(cx, db, SQL_alert_open, kind, subject);
  if (!stmt_row(cx, s)) return cx->code;
  const char *id = col_dup(cx, s, 0);
  stmt_done(s);
  return drop_held(cx, db, id) ? (int)cx->code : set_status(cx, db, id, "resolved", "itself", NULL);
}

/* ---- what people do ---- */

static int check_status(struct ctx *cx, struct db *db, const char *id) {
  struct stmt *s = db_ask(cx, db, SQL_alert_status, id);
  if (!stmt_row(cx, s))
    return cx->code ? (int)cx->code : fail(cx, E_NOT_FOUND, "id", "there is no alert %.80s", id);
  bool resolved = str_eq(col_str(s, 0), STR("resolved"));
  stmt_done(s);
  return resolved ? fail(cx, E_CONFLICT, "id", "the alert is resolved already") : OK;
}

int alert_acknowledge(struct ctx *cx, struct db *db, const char *id, const char *note) {
  int rc = check_status(cx, db, id);
  return rc ? rc : set_status(cx, db, id, "acknowledged", NULL, note);
}

int alert_resolve(struct ctx *cx, struct db *db, const char *id, const char *note) {
  int rc = check_status(cx, db, id);
  if (!rc) rc = drop_held(cx, db, id);
  return rc ? rc : set_status(cx, db, id, "resolved", "people", note);
}

/* ---- lists ---- */

static void put(struct jw *w, const char *name, const struct stmt *s, int i) {
  if (col_null(s, i))
    jw_text(w, name, NULL);
  else
    jw_str(w, name, col_str(s, i));
}

static void write_alert(struct jw *w, const struct stmt *s) {
  static const char *const texts[] = { "id", "kind", "subject", "state", "severity", "title", "text" };
  jw_object(w, NULL);
  for (int i = 0; i < 7; i++) put(w, texts[i], s, i);
  jw_raw(w, "detail", col_null(s, 7) ? STR("{}") : col_str(s, 7));
  put(w, "address", s, 8);
  put(w, "status", s, 9);
  put(w, "note", s, 10);
  columns_write(w, s, 11, "created_at: instant, times: int, last_at: instant, resolved_at: instant?");
  put(w, "resolved_by", s, 15);
  put(w, "updated_by", s, 16);
  jw_int(w, "sent", col_int(s, 17));
  jw_close(w, '}');
}

static int check_filter(struct ctx *cx, const char *status) {
  static const char *const known[] = { "unresolved", "open", "acknowledged", "resolved", "all" };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (!strcmp(status, known[i])) return OK;
  return fail(cx, E_INVALID, "state", "a state is open, acknowledged, resolved or all, not '%.40s'", status);
}

int alert_list(struct ctx *cx, struct db *db, const char *status, const char *kind, int64_t limit,
               struct jw *w, const char *key) {
  if (!status) status = "unresolved";
  if (check_filter(cx, status)) return cx->code;
  struct stmt *s = db_ask(cx, db, SQL_alert_list, status, kind, limit);
  jw_array(w, key);
  while (stmt_row(cx, s)) write_alert(w, s);
  jw_close(w, ']');
  return cx->code;
}

int alert_counts(struct ctx *cx, struct db *db, struct jw *w, const char *key) {
  static const char *const names[] = { "open", "acknowledged", "resolved" };
  struct stmt *s = db_stmt(cx, db, SQL_alert_counts);
  jw_object(w, key);
  while (stmt_row(cx, s))
    for (int i = 0; i < 3; i++) jw_int(w, names[i], col_int(s, i));
  jw_close(w, '}');
  return cx->code;
}

/* ---- the records' own rules ---- */

static bool is_http(struct str url) {
  return (str_starts(url, STR("http://")) && url.n > 7) || (str_starts(url, STR("https://")) && url.n > 8);
}

/* Where a route leads is looked at as the record will be: in the transaction. */
static int check_route(struct ctx *cx, struct db *db, const char *id) {
  struct stmt *s = db_ask(cx, db, SQL_alert_route_of, id);
  if (!stmt_row(cx, s)) return cx->code; /* deleted: that is allowed */
  struct str channel = col_str(s, 0), target = col_str(s, 1);
  const char *at = target.p ? memchr(target.p, '@', target.n) : NULL;
  bool hook = is_http(target) || col_int(s, 2);
  bool mail = at && at > target.p && at < target.p + target.n - 1 && !memchr(target.p, ' ', target.n) &&
              !memchr(target.p, '\n', target.n) && !memchr(target.p, '\r', target.n);
  if (str_eq(channel, STR("email")) && !mail)
    fail(cx, E_INVALID, "target", "a route by email needs a mail address as its target");
  if (str_eq(channel, STR("webhook")) && !hook)
    fail(cx, E_INVALID, "target",
         "a route by webhook needs as its target an http or https address, or the name of a webhook");
  stmt_done(s);
  return cx->code;
}

const struct entity_hooks alert_route_hooks = { .check_row = check_route };
