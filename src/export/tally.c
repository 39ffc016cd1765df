#include "export/tally.h"

#include <stdlib.h>

const struct field *sums_field(const struct dataset *d, int index) {
  for (int i = 0; index > 0 && i < d->field_count; i++)
    if (d->fields[i].total && --index == 0) return &d->fields[i];
  return NULL;
}

const char *sums_name(const struct dataset *d, int index) {
  const struct field *f = sums_field(d, index);
  return f ? f->name : "orders";
}

int sums_count(const struct dataset *d) {
  int n = 1;
  while (sums_field(d, n)) n++;
  return n;
}

int sums_index(const struct dataset *d, const char *name) {
  for (int i = 0; i < sums_count(d); i++)
    if (strcmp(sums_name(d, i), name) == 0) return i;
  return -1;
}

void sums_write_one(struct jw *w, const char *key, const struct dataset *d, int index, int64_t v) {
  const struct field *f = sums_field(d, index);
  if (f)
    jw_decimal(w, key, v, f->scale, 2);
  else
    jw_int(w, key, v);
}

void sums_write(struct jw *w, const struct dataset *d, const struct sums *s) {
  for (int i = 0; i < sums_count(d); i++) sums_write_one(w, sums_name(d, i), d, i, s->v[i]);
}

const char *term_text(struct ctx *cx, struct db *db, int64_t id) {
  const char *text = NULL;
  struct stmt *s = db_ask(cx, db, SQL_term_text, id);
  while (stmt_row(cx, s)) text = col_dup(cx, s, 0);
  return text ? text : "?";
}

/* ---- adding up ---- */

static int add(struct ctx *cx, struct sums *to, const struct sums *cell, int count) {
  for (int i = 0; i < count; i++)
    if (__builtin_add_overflow(to->v[i], cell->v[i], &to->v[i]))
      return fail(cx, E_LIMIT, NULL, "the sums are too large to be told exactly");
  return OK;
}

static struct sums *place(struct tally_by *by, int64_t value) {
  bool added;
  uint64_t *at = map_put(&by->place, (struct str){ (const char *)&value, sizeof value }, &added);
  if (added) {
    by->group = xmore(by->group, by->count, sizeof *by->group);
    *at = by->count;
    by->group[by->count++] = (struct tally_group){ .value = value };
  }
  return &by->group[*at].sums;
}

static int add_cell(struct ctx *cx, struct tally *t, const struct stmt *s, int sum_count) {
  struct sums cell;
  for (int i = 0; i < sum_count; i++) cell.v[i] = col_int(s, t->by_count + i);
  if (add(cx, &t->all, &cell, sum_count)) return cx->code;
  for (int i = 0; i < t->by_count; i++)
    if (add(cx, place(&t->by[i], col_int(s, i)), &cell, sum_count)) return cx->code;
  return OK;
}

static void release(void *arg) {
  struct tally *t = arg;
  for (int i = 0; i < t->by_count; i++) {
    map_clear(&t->by[i].place);
    free(t->by[i].group);
  }
}

static int by_value(const void *a, const void *b) {
  const struct tally_group *x = a, *y = b;
  return x->value < y->value ? -1 : x->value > y->value;
}

static int by_name(const void *a, const void *b) {
  return strcmp(((const struct tally_group *)a)->name, ((const struct tally_group *)b)->name);
}

static void name_and_sort(struct ctx *cx, struct db *db, const struct dataset *d, struct tally_by *by) {
  bool date = d->fields[by->field].kind == FIELD_DATE;
  for (size_t i = 0; !date && i < by->count; i++) by->group[i].name = term_text(cx, db, by->group[i].value);
  if (by->count) qsort(by->group, by->count, sizeof *by->group, date ? by_value : by_name);
}

int tally_read(struct ctx *cx, struct db *db, const struct scope *s, struct tally *out) {
  const struct dataset *d = s->dataset;
  struct tally *t = ctx_alloc(cx, sizeof *t); /* released as it is: the caller's is a copy */
  t->dataset = d;
  for (int i = 0; i < d->field_count; i++)
    if (d->fields[i].group) {
      map_init(&t->by[t->by_count].place);
      t->by[t->by_count++].field = i;
    }
  ctx_defer(cx, release, t);
  struct stmt *q =
      db_compose(cx, db,
                 ctx_printf(cx, "SELECT %s, orders%s FROM %s%s", dataset_group_columns(cx, d),
                            dataset_total_columns(cx, d, "", ""), scope_totals(s), scope_where(cx, s)));
  if (q) scope_bind(s, q);
  int sum_count = sums_count(d);
  while (stmt_row(cx, q)) add_cell(cx, t, q, sum_count);
  for (int i = 0; i < t->by_count && !cx->code; i++) name_and_sort(cx, db, d, &t->by[i]);
  *out = *t;
  return cx->code;
}
