#include "record/internal.h"

/* ---- references ---- */

static const char *there_sql(struct ctx *cx, const struct entity *e, int key) {
  (void)key;
  return ctx_printf(cx, "SELECT 1 FROM %s WHERE id = ?1 AND deleted_at IS NULL", e->table);
}

static int check_reference(struct ctx *cx, struct db *db, const struct property *p, struct str id) {
  const struct entity *target = entity_find(p->reference);
  struct stmt *s = db_compose(cx, db, sql_kept(cx, target, KEPT_THERE, there_sql));
  if (stmt_known(cx, s, id)) return OK;
  return fail(cx, E_INVALID, p->name,
              "%s: there is no %s " STR_FMT " (it holds the id of one that is not deleted)", p->name,
              target->name, STR_ARG(id));
}

int check_unused(struct ctx *cx, struct db *db, const struct entity *e, const char *id) {
  const struct entity *other;
  for (int i = 0; (other = entity_at(i)); i++)
    for (int k = 0; k < other->property_count; k++) {
      const struct property *p = &other->properties[k];
      if (!p->reference || p->cascade || strcmp(p->reference, e->name) != 0) continue;
      struct stmt *s = db_compose(
          cx, db,
          ctx_printf(cx, "SELECT id FROM %s WHERE %s = ?1 AND deleted_at IS NULL AND id <> ?1 LIMIT 1",
                     other->table, p->name));
      stmt_text(s, 1, id);
      if (!stmt_row(cx, s)) continue;
      fail(cx, E_CONFLICT, "id",
           "the %s is the %s of the %s " STR_FMT ": delete that first, or let it name another", e->name,
           p->name, other->name, STR_ARG(col_str(s, 0)));
      stmt_done(s);
      return cx->code;
    }
  return cx->code;
}

/* ---- unique keys ---- */

static const char *key_names(struct ctx *cx, const struct entity *e, const struct entity_key *k) {
  const char *names = "";
  for (int i = 0; i < k->count; i++)
    names = ctx_printf(cx, "%s%s%s", names, i ? ", " : "", e->properties[k->property[i]].name);
  return names;
}

/* Which other record has the same key? What is not given is as the row has it. d NULL: nothing is given. */
static const char *key_sql_of(struct ctx *cx, const struct entity *e, const struct entity_key *k,
                              const struct draft *d) {
  const char *sql = ctx_printf(cx, "SELECT id FROM %s x WHERE deleted_at IS NULL AND id <> ?1", e->table);
  for (int i = 0; i < k->count; i++) {
    const char *name = e->properties[k->property[i]].name;
    sql = d && !d->given[k->property[i]]
              ? ctx_printf(cx, "%s AND %s = (SELECT %s FROM %s WHERE id = ?1)", sql, name, name, e->table)
              : ctx_printf(cx, "%s AND %s = ?%d", sql, name, i + 2);
  }
  return sql;
}

/* All of it is given. */
static const char *key_sql(struct ctx *cx, const struct entity *e, int key) {
  return key_sql_of(cx, e, &e->keys[key], NULL);
}

static int given_of(const struct entity_key *k, const struct draft *d) {
  int n = 0;
  for (int i = 0; i < k->count; i++) n += d->given[k->property[i]];
  return n;
}

/* Who has it; NULL: nobody else. d NULL: the row as it is. */
const char *key_holder(struct ctx *cx, struct db *db, const struct entity *e, const struct entity_key *k,
                       const char *id, const struct draft *d) {
  static const bool nothing[PROPERTIES_MOST];
  const struct draft row = { .id = id, .given = nothing };
  int given = d ? given_of(k, d) : 0;
  if (d && !given) return NULL;
  const char *sql = given == k->count ? sql_kept(cx, e, KEPT_KEY + (int)(k - e->keys), key_sql)
                                      : key_sql_of(cx, e, k, d ? d : &row);
  struct stmt *s = db_compose(cx, db, sql);
  stmt_text(s, 1, id);
  for (int i = 0; d && i < k->count; i++)
    if (d->given[k->property[i]]) value_bind(s, i + 2, &d->values[k->property[i]]);
  if (!stmt_row(cx, s)) return NULL;
  const char *holder = col_dup(cx, s, 0);
  stmt_done(s);
  return holder;
}

static int check_key(struct ctx *cx, struct db *db, const struct entity *e, const struct entity_key *k,
                     const char *id, const struct draft *d) {
  const char *holder = key_holder(cx, db, e, k, id, d);
  if (!holder) return cx->code;
  return fail(cx, E_CONFLICT, e->properties[k->property[0]].name,
              "there is a %s with the same %s already: %s", e->name, key_names(cx, e, k), holder);
}

/* ---- all of them ---- */

int check_references(struct ctx *cx, struct db *db, const struct entity *e, const struct draft *d) {
  for (int i = 0; i < e->property_count; i++) {
    const struct value *v = &d->values[i];
    if (!e->properties[i].reference || !d->given[i] || v->kind == VALUE_NULL || v->known) continue;
    if (check_reference(cx, db, &e->properties[i], v->text) && !fail_aside(cx)) break;
  }
  return cx->code;
}

int check_keys(struct ctx *cx, struct db *db, const struct entity *e, const struct draft *d) {
  for (int i = 0; i < e->key_count && !cx->code; i++) check_key(cx, db, e, &e->keys[i], d->id, d);
  return cx->code;
}

int check_restored(struct ctx *cx, struct db *db, const struct entity *e, const char *id) {
  for (int i = 0; i < e->property_count && !cx->code; i++) {
    const struct property *p = &e->properties[i];
    if (!p->reference) continue;
    struct stmt *s = db_compose(cx, db, ctx_printf(cx, "SELECT %s FROM %s WHERE id = ?1", p->name, e->table));
    stmt_text(s, 1, id);
    if (!stmt_row(cx, s)) continue;
    const char *named = col_dup(cx, s, 0);
    stmt_done(s);
    if (named && strcmp(named, id) != 0) check_reference(cx, db, p, str_of(named));
  }
  for (int i = 0; i < e->key_count && !cx->code; i++) check_key(cx, db, e, &e->keys[i], id, NULL);
  return cx->code;
}
