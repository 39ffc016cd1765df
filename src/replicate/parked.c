#include "replicate/parked.h"

#include <stdio.h>

#include "notify/alert.h"
#include "record/record.h"

/* The record's own entry is of a unit hq:..., which never goes up again; what follows from it here (an alert) is ours. */
int parked_take(struct ctx *cx, struct db *db, const struct entity *e, struct str from, const struct jv *row,
                const char *text) {
  char unit[sizeof cx->id];
  memcpy(unit, cx->id, sizeof unit);
  snprintf(cx->id, sizeof cx->id, "hq:" STR_FMT, STR_ARG(from));
  int rc = record_take(cx, db, e, row, text);
  memcpy(cx->id, unit, sizeof unit);
  return rc;
}

bool parked_refused(const struct ctx *cx) {
  return cx->code == E_INVALID || cx->code == E_CONFLICT || cx->code == E_LIMIT || cx->code == E_NOT_FOUND;
}

static const char *subject_of(struct ctx *cx, const struct entity *e, const char *id) {
  return ctx_printf(cx, "%s %s", e->name, id);
}

static bool is_parked(struct ctx *cx, struct db *db, const struct entity *e, const char *id,
                      const char *reason) {
  return stmt_exists(cx, db_ask(cx, db, SQL_pull_parked_so, e->table, id, reason));
}

static int put(struct ctx *cx, struct db *db, const struct entity *e, const char *id, const char *reason) {
  struct stmt *s = db_stmt(cx, db, SQL_pull_park);
  stmt_text(s, 1, e->table);
  stmt_text(s, 2, id);
  stmt_text(s, 3, reason);
  stmt_int(s, 4, cx->now);
  return stmt_run(cx, s);
}

int parked_add(struct ctx *cx, struct db *db, const struct entity *e, const char *id, const char *reason,
               const char *address) {
  bool fresh;
  if (is_parked(cx, db, e, id, reason) || cx->code) return cx->code;
  if (put(cx, db, e, id, reason)) return cx->code;
  return alert_raise(cx, db,
                     &(struct alert){ .kind = "sync_parked",
                                      .subject = subject_of(cx, e, id),
                                      .state = "waiting",
                                      .severity = SEVERITY_WARNING,
                                      .title = ctx_printf(cx, "A %s of headquarters cannot come in", e->name),
                                      .text = reason,
                                      .address = address },
                     &fresh);
}

int parked_wait(struct ctx *cx, struct db *db, const struct entity *e, const char *id, const char *reason) {
  struct stmt *s = db_stmt(cx, db, SQL_pull_parked_is);
  stmt_text(s, 1, e->table);
  stmt_text(s, 2, id);
  bool again = stmt_row(cx, s);
  if (s) stmt_done(s);
  if (again) return parked_add(cx, db, e, id, reason, ctx_printf(cx, "#/records/%s", e->name));
  return cx->code ? (int)cx->code : put(cx, db, e, id, "it is looked at once more");
}

int parked_end(struct ctx *cx, struct db *db, const struct entity *e, const char *id, bool *was) {
  struct stmt *s = db_ask(cx, db, SQL_pull_unpark, e->table, id);
  *was = !stmt_run(cx, s) && db_changes(db) > 0;
  return *was ? alert_settle(cx, db, "sync_parked", subject_of(cx, e, id)) : (int)cx->code;
}
