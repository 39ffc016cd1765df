#include "ingest/versions.h"

/* Columns of `top` before the fields. */
enum { RUN, RECORD, FIELDS };

struct versions {
  struct db *db;
  const struct dataset *dataset;
  int64_t run;
  struct totals *taken;
  struct stmt *top, *bury, *update;
  struct version_top last; /* rank and edit of the run that was asked for last */
};

/* The row keeps its place in the tree: nothing is deleted, and pages stay as they are. */
int versions_new(struct ctx *cx, struct db *db, const struct dataset *d, int64_t run, struct totals *taken,
                 struct versions **out) {
  struct versions *v = ctx_alloc(cx, sizeof *v);
  const char *fields = "", *values = "?1, ?2, ?3";
  const char *set = ctx_printf(cx, "run = %lld, record = ?2", (long long)run);
  for (int i = 0; i < d->field_count; i++) {
    fields = ctx_printf(cx, "%s, %s", fields, d->fields[i].name);
    values = ctx_printf(cx, "%s, ?%d", values, 4 + i);
    set = ctx_printf(cx, "%s, %s = ?%d", set, d->fields[i].name, 3 + i);
  }
  *v = (struct versions){ .db = db, .dataset = d, .run = run, .taken = taken };
  v->top = db_once(cx, db, ctx_printf(cx, "SELECT run, record%s FROM %s WHERE key = ?1", fields, d->table));
  v->bury = db_once(
      cx, db,
      ctx_printf(cx, "INSERT INTO %s (%s) VALUES (%s)", d->past_table, dataset_row_columns(cx, d), values));
  v->update = db_once(cx, db, ctx_printf(cx, "UPDATE %s SET %s WHERE key = ?1", d->table, set));
  *out = v;
  return cx->code;
}

static int ask_run(struct ctx *cx, struct versions *v, int64_t run) {
  if (v->last.run == run) return OK;
  struct stmt *s = db_ask(cx, v->db, SQL_run_rank, run);
  if (!stmt_row(cx, s)) return cx->code;
  v->last = (struct version_top){ .run = run, .rank = col_int(s, 0), .edit = col_int(s, 1) };
  stmt_done(s);
  return OK;
}

bool versions_top(struct ctx *cx, struct versions *v, struct str key, struct version_top *out) {
  stmt_done(v->top);
  stmt_str(v->top, 1, key); /* the row that the statement stands on is what versions_replace buries */
  if (!stmt_row(cx, v->top) || ask_run(cx, v, col_int(v->top, RUN))) return false;
  *out = v->last;
  out->record = col_int(v->top, RECORD);
  return true;
}

void versions_bind(struct stmt *s, int i, const struct field *f, const struct value *v) {
  if (f->kind == FIELD_TEXT)
    stmt_str(s, i, v->text);
  else if (v->number == VALUE_NONE)
    stmt_null(s, i);
  else
    stmt_int(s, i, v->number);
}

/* What the row on top counts for; says whether `row` has the same values. */
static bool read_top(struct versions *v, const struct value *values, int key_field,
                     int64_t groups[GROUPS_MAX], int64_t sums[SUMS_MAX]) {
  const struct dataset *d = v->dataset;
  int g = 0, t = 0;
  bool same = true;
  for (int i = 0; i < d->field_count; i++) {
    const struct field *f = &d->fields[i];
    int column = FIELDS + i;
    if (f->group) groups[g++] = col_int(v->top, column);
    if (f->total) sums[t++] = col_int(v->top, column);
    if (i == key_field) continue; /* it is the key */
    if (f->kind != FIELD_TEXT)
      same = same && (col_null(v->top, column) ? VALUE_NONE : col_int(v->top, column)) == values[i].number;
    else if (!col_null(v->top, column))
      same = same && str_eq(col_str(v->top, column), values[i].text);
  }
  return same;
}

static int bury(struct ctx *cx, struct versions *v, struct str key) {
  const struct dataset *d = v->dataset;
  stmt_bind(v->bury, key, col_int(v->top, RUN), col_int(v->top, RECORD));
  for (int i = 0; i < d->field_count; i++) {
    int column = FIELDS + i;
    if (col_null(v->top, column))
      stmt_null(v->bury, 4 + i);
    else if (d->fields[i].kind == FIELD_TEXT)
      stmt_str(v->bury, 4 + i, col_str(v->top, column));
    else
      stmt_int(v->bury, 4 + i, col_int(v->top, column));
  }
  return stmt_run(cx, v->bury);
}

int versions_replace(struct ctx *cx, struct versions *v, const struct judged *row, int key_field,
                     bool *same) {
  const struct dataset *d = v->dataset;
  int64_t groups[GROUPS_MAX] = { 0 }, sums[SUMS_MAX] = { 0 };
  *same = read_top(v, row->values, key_field, groups, sums);
  if (bury(cx, v, row->key)) return cx->code;
  stmt_done(v->top);
  stmt_bind(v->update, row->key, (int64_t)row->record);
  for (int i = 0; i < d->field_count; i++) {
    if (i == key_field)
      stmt_null(v->update, 3 + i);
    else
      versions_bind(v->update, 3 + i, &d->fields[i], &row->values[i]);
  }
  if (stmt_run(cx, v->update)) return cx->code;
  totals_add(v->taken, groups, sums); /* fits: it was in a total before */
  return OK;
}
