/* quality.c - what is told about figures, once for each subject. See metric.h. */
#include "record/form.h"
#include "transform/metric.h"

struct known {
  const char *id, *message; /* id NULL: never told */
  bool resolved, by_itself;
};

static int find(struct ctx *cx, struct db *db, const char *key, struct known *k) {
  *k = (struct known){ 0 };
  struct stmt *s = db_ask(cx, db, SQL_quality_of, key);
  if (!stmt_row(cx, s)) return cx->code;
  k->id = col_dup(cx, s, 0);
  k->message = col_dup(cx, s, 1);
  k->resolved = col_int(s, 2);
  k->by_itself = str_eq(col_str(s, 3), STR("itself"));
  stmt_done(s);
  return OK;
}

int quality_alert_raise(struct ctx *cx, struct db *db, const struct quality_alert *a, bool *fresh) {
  struct known k;
  struct form f;
  *fresh = false;
  if (find(cx, db, a->key, &k)) return cx->code;
  bool same = k.id && !strcmp(k.message, a->message);
  if (same && !(k.resolved && k.by_itself)) return OK;
  struct jw *w = form_begin(&f, k.id);
  jw_put(w, "dedupe_key", a->key, "alert_type", a->type, "severity", a->severity, "message", a->message,
         "metric_id", a->metric, "resolved", arg_bool(false));
  if (k.id) jw_text(w, "resolved_at", NULL);
  if (k.id) jw_text(w, "resolved_by", NULL);
  *fresh = true;
  return form_save(cx, db, "data_quality_alert", &f, NULL);
}

int quality_alert_settle(struct ctx *cx, struct db *db, const char *key) {
  struct known k;
  struct form f;
  if (find(cx, db, key, &k) || !k.id || k.resolved) return cx->code;
  struct jw *w = form_begin(&f, k.id);
  jw_put(w, "resolved", arg_bool(true), "resolved_at", arg_time(cx->now), "resolved_by", "itself");
  return form_save(cx, db, "data_quality_alert", &f, NULL);
}
