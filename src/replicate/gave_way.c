#include "replicate/gave_way.h"

#include "record/record.h"
#include "replicate/parked.h"

/* The next property that names records of e, behind *i and *k; NULL: there is none. */
static const struct property *next_reference(const struct entity *e, int *i, int *k,
                                             const struct entity **of) {
  for (; (*of = entity_at(*i)); ++*i, *k = 0)
    while (*k < (*of)->property_count) {
      const struct property *p = &(*of)->properties[(*k)++];
      if (p->reference && strcmp(p->reference, e->name) == 0) return p;
    }
  return NULL;
}

bool gave_way_matters(const struct entity *e) {
  const struct entity *of;
  int i = 0, k = 0;
  return next_reference(e, &i, &k, &of) != NULL;
}

static bool is_any(struct ctx *cx, struct db *db, const char *table, const char *column, const char *id) {
  struct stmt *s = db_compose(
      cx, db, ctx_printf(cx, "SELECT 1 FROM %s WHERE %s = ?1 AND deleted_at IS NULL LIMIT 1", table, column));
  stmt_text(s, 1, id);
  bool is = stmt_row(cx, s);
  if (s) stmt_done(s);
  return is;
}

static bool is_there(struct ctx *cx, struct db *db, const struct entity *e, const char *id) {
  return is_any(cx, db, e->table, "id", id);
}

static bool is_named(struct ctx *cx, struct db *db, const struct entity *e, const char *id) {
  const struct entity *of;
  const struct property *p;
  int i = 0, k = 0;
  while (!cx->code && (p = next_reference(e, &i, &k, &of)))
    if (is_any(cx, db, of->table, p->name, id)) return true;
  return false;
}

/* All of them or none. */
static int redirect(struct ctx *cx, struct db *db, const struct entity *e, const char *id, const char *to,
                    const char **waits) {
  if (stmt_run(cx, db_once(cx, db, "SAVEPOINT gave_way"))) return cx->code;
  if (record_redirect(cx, db, e, id, to)) {
    if (!parked_refused(cx)) return cx->code;
    *waits = ctx_printf(cx, "it gave way to another %s, and what names it here cannot name that: %s", e->name,
                        cx->message);
    ctx_forgive(cx);
    if (stmt_run(cx, db_once(cx, db, "ROLLBACK TO gave_way"))) return cx->code;
  }
  return stmt_run(cx, db_once(cx, db, "RELEASE gave_way"));
}

int gave_way_follow(struct ctx *cx, struct db *db, const struct entity *e, const char *id, const char *to,
                    const char **waits) {
  *waits = NULL;
  if (!to || is_there(cx, db, e, id) || !is_named(cx, db, e, id)) return cx->code;
  if (is_there(cx, db, e, to)) return redirect(cx, db, e, id, to, waits);
  *waits = ctx_printf(cx, "it gave way to another %s, which is not here yet; what names it here follows then",
                      e->name);
  return cx->code;
}
