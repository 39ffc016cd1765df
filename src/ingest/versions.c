#include "ingest/versions.h"

struct versions {
  struct db *db;
  const struct dataset *dataset;
  struct totals *taken;
  struct stmt *top, *values, *bury, *leave;
};

const char *versions_columns(struct ctx *cx, const struct dataset *d) {
  const char *sql = "key, run, record";
  for (int i = 0; i < d->field_count; i++) sql = ctx_printf(cx, "%s, %s", sql, d->fields[i].name);
  return sql;
}

int versions_new(struct ctx *cx, struct db *db, const struct dataset *d, struct totals *taken,
                 struct versions **out) {
  struct versions *v = ctx_alloc(cx, sizeof *v);
  const char *columns = versions_columns(cx, d);
  *v = (struct versions){ .db = db, .dataset = d, .taken = taken };
  v->top =
      db_once(cx, db,
              ctx_printf(cx,
                         "SELECT x.run, r.rank, x.record, r.kind = 'edit' FROM %s x JOIN run r ON r.id = "
                         "x.run WHERE x.key = ?1",
                         d->table));
  v->values = db_once(cx, db, ctx_printf(cx, "SELECT %s FROM %s WHERE key = ?1", columns, d->table));
  v->bury = db_once(cx, db,
                    ctx_printf(cx, "INSERT INTO %s (%s) SELECT %s FROM %s WHERE key = ?1", d->past_table,
                               columns, columns, d->table));
  v->leave = db_once(cx, db, ctx_printf(cx, "DELETE FROM %s WHERE key = ?1", d->table));
  *out = v;
  return cx->code;
}

bool versions_top(struct ctx *cx, struct versions *v, struct str key, struct version_top *out) {
  stmt_str(v->top, 1, key);
  if (!stmt_row(cx, v->top)) return false;
  *out = (struct version_top){ .run = col_int(v->top, 0),
                               .rank = col_int(v->top, 1),
                               .record = col_int(v->top, 2),
                               .edit = col_int(v->top, 3) };
  stmt_done(v->top);
  return true;
}

/* Takes the row's sums away from current_table; says whether `coming` has the same values. */
static bool take_away(struct versions *v, const struct value *coming, int key_field) {
  const struct dataset *d = v->dataset;
  int64_t groups[GROUPS_MAX] = { 0 }, sums[SUMS_MAX] = { 0 };
  int g = 0, t = 0;
  bool same = true;
  for (int i = 0; i < d->field_count; i++) {
    const struct field *f = &d->fields[i];
    int column = 3 + i;
    if (f->group) groups[g++] = col_int(v->values, column);
    if (f->total) sums[t++] = col_int(v->values, column);
    if (i == key_field) continue;
    if (f->kind != FIELD_TEXT)
      same = same && col_int(v->values, column) == coming[i].number;
    else if (!col_null(v->values, column))
      same = same && str_eq(col_str(v->values, column), coming[i].text);
    else
      same = same && (strcmp(f->name, d->key_field) == 0 || coming[i].text.n == 0);
  }
  totals_add(v->taken, groups, sums); /* fits: it was in a total before */
  return same;
}

int versions_bury(struct ctx *cx, struct versions *v, struct str key, const struct value *coming,
                  int key_field, bool *same) {
  stmt_str(v->values, 1, key);
  bool equal = stmt_row(cx, v->values) && take_away(v, coming, key_field);
  stmt_done(v->values);
  if (same) *same = equal;
  stmt_str(v->bury, 1, key);
  if (stmt_run(cx, v->bury)) return cx->code;
  stmt_str(v->leave, 1, key);
  return stmt_run(cx, v->leave);
}
