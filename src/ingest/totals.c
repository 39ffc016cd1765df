#include "ingest/totals.h"

#include <stdlib.h>

#include "base/limits.h"

struct cell {
  int64_t groups[GROUPS_MAX], sums[SUMS_MAX], rows; /* rows 0: free */
};

struct totals {
  struct db *db;
  int64_t run; /* 0: of current_table */
  int sign;
  int group_count, sum_count;
  const char *sql;
  int64_t all[SUMS_MAX]; /* over all groups of the run: what SQL's sum() will add up */
  struct cell *cells;
  size_t count, room;
};

static void free_cells(void *arg) { free(((struct totals *)arg)->cells); }

/* "ON CONFLICT (keys) DO UPDATE SET orders = orders + excluded.orders, ..." */
static const char *adding(struct ctx *cx, const struct dataset *d, const char *keys) {
  const char *sql = ctx_printf(cx, "ON CONFLICT (%s) DO UPDATE SET orders = orders + excluded.orders", keys);
  for (int i = 0; i < d->field_count; i++) {
    const char *name = d->fields[i].name;
    if (d->fields[i].total) sql = ctx_printf(cx, "%s, %s = %s + excluded.%s", sql, name, name, name);
  }
  return sql;
}

/* INSERT of one cell: ?1 the run or, for current_table, not used; then groups, orders, sums. */
static const char *compose(struct ctx *cx, const struct dataset *d, const struct totals *t) {
  const char *groups = dataset_group_columns(cx, d),
             *keys = t->run ? ctx_printf(cx, "run, %s", groups) : groups;
  const char *values = t->run ? "?1" : "";
  for (int i = 0, n = t->group_count + 1 + t->sum_count; i < n; i++)
    values = ctx_printf(cx, "%s%s?%d", values, *values ? ", " : "", i + 2);
  return ctx_printf(cx, "INSERT INTO %s (%s, orders%s) VALUES (%s) %s",
                    t->run ? d->total_table : d->current_table, keys, dataset_total_columns(cx, d, "", ""),
                    values, adding(cx, d, keys));
}

static struct totals *make(struct ctx *cx, struct db *db, const struct dataset *d, int64_t run, int sign) {
  struct totals *t = ctx_alloc(cx, sizeof *t);
  t->db = db;
  t->run = run;
  t->sign = sign;
  for (int i = 0; i < d->field_count; i++) {
    t->group_count += d->fields[i].group;
    t->sum_count += d->fields[i].total;
  }
  t->sql = compose(cx, d, t);
  t->room = 1024;
  t->cells = xcalloc(t->room, sizeof *t->cells);
  ctx_defer(cx, free_cells, t);
  return t;
}

struct totals *totals_new(struct ctx *cx, struct db *db, const struct dataset *d, int64_t run) {
  return make(cx, db, d, run, 1);
}

struct totals *totals_taken(struct ctx *cx, struct db *db, const struct dataset *d) {
  return make(cx, db, d, 0, -1);
}

/* Small numbers, four of them: a multiplication each spreads them well enough. */
static size_t place(const int64_t g[GROUPS_MAX]) {
  uint64_t h = (uint64_t)g[0] * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)g[1] * UINT64_C(0xbf58476d1ce4e5b9) +
               (uint64_t)g[2] * UINT64_C(0x94d049bb133111eb) + (uint64_t)g[3] * UINT64_C(0xd6e8feb86659fd93);
  return (size_t)(h ^ h >> 32);
}

static bool same(const int64_t a[GROUPS_MAX], const int64_t b[GROUPS_MAX]) {
  return a[0] == b[0] && a[1] == b[1] && a[2] == b[2] && a[3] == b[3];
}

static struct cell *find(struct cell *cells, size_t room, const int64_t groups[GROUPS_MAX]) {
  size_t i = place(groups) & (room - 1);
  while (cells[i].rows && !same(cells[i].groups, groups)) i = (i + 1) & (room - 1);
  return &cells[i];
}

static void grow(struct totals *t) {
  size_t room = t->room * 2;
  struct cell *cells = xcalloc(room, sizeof *cells);
  for (size_t i = 0; i < t->room; i++)
    if (t->cells[i].rows) *find(cells, room, t->cells[i].groups) = t->cells[i];
  free(t->cells);
  t->cells = cells;
  t->room = room;
}

bool totals_add(struct totals *t, const int64_t groups[GROUPS_MAX], const int64_t sums[SUMS_MAX]) {
  if (t->count * 4 >= t->room * 3) grow(t);
  struct cell *c = find(t->cells, t->room, groups);
  if (!c->rows) {
    memcpy(c->groups, groups, sizeof c->groups);
    t->count++;
  }
  c->rows++;
  for (int i = 0; i < t->sum_count; i++) {
    if (__builtin_add_overflow(t->all[i], sums[i], &t->all[i]))
      return false; /* then no cell's sum can, either */
    c->sums[i] += sums[i];
  }
  return true;
}

bool totals_full(const struct totals *t) { return t->count >= LIMIT_TOTALS_IN_MEMORY; }

static int by_groups(const void *a, const void *b) {
  const struct cell *x = a, *y = b;
  for (int i = 0; i < GROUPS_MAX; i++)
    if (x->groups[i] != y->groups[i]) return x->groups[i] < y->groups[i] ? -1 : 1;
  return 0;
}

static int write_cell(struct ctx *cx, struct totals *t, struct stmt *s, const struct cell *c) {
  int parameter = 2;
  if (t->run) stmt_int(s, 1, t->run);
  for (int i = 0; i < t->group_count; i++) stmt_int(s, parameter++, c->groups[i]);
  stmt_int(s, parameter++, t->sign * c->rows);
  for (int i = 0; i < t->sum_count; i++) stmt_int(s, parameter++, t->sign * c->sums[i]);
  return stmt_run(cx, s);
}

int totals_flush(struct ctx *cx, struct totals *t) {
  struct stmt *s = db_compose(cx, t->db, t->sql);
  size_t n = 0;
  for (size_t i = 0; i < t->room; i++)
    if (t->cells[i].rows) t->cells[n++] = t->cells[i];
  qsort(t->cells, n, sizeof *t->cells, by_groups); /* in the order of the key: the tree grows at its end */
  for (size_t i = 0; i < n && !cx->code; i++) write_cell(cx, t, s, &t->cells[i]);
  memset(t->cells, 0, t->room * sizeof *t->cells);
  t->count = 0;
  return cx->code;
}

/* ---- current_table as a whole ---- */

int totals_count(struct ctx *cx, struct db *db, const struct dataset *d, int64_t run, int sign) {
  const char *minus = sign < 0 ? "-" : "", *groups = dataset_group_columns(cx, d);
  struct stmt *s =
      db_once(cx, db,
              ctx_printf(cx, "INSERT INTO %s (%s, orders%s) SELECT %s, %sorders%s FROM %s WHERE run = ?1 %s",
                         d->current_table, groups, dataset_total_columns(cx, d, "", ""), groups, minus,
                         dataset_total_columns(cx, d, minus, ""), d->total_table, adding(cx, d, groups)));
  if (s) stmt_int(s, 1, run);
  return stmt_run(cx, s);
}

/* Added up here: SQL's GROUP BY would sort the rows. */
int totals_count_rows(struct ctx *cx, struct db *db, const struct dataset *d, const char *from, int64_t run,
                      const struct str keys[2]) {
  struct totals *t = make(cx, db, d, 0, 1);
  int64_t groups[GROUPS_MAX] = { 0 }, sums[SUMS_MAX] = { 0 };
  struct stmt *s = db_once(cx, db,
                           ctx_printf(cx, "SELECT %s%s FROM %s", dataset_group_columns(cx, d),
                                      dataset_total_columns(cx, d, "", ""), from));
  if (s && run) stmt_int(s, 1, run);
  for (int i = 0; s && keys && i < 2; i++) stmt_str(s, 2 + i, keys[i]);
  while (stmt_row(cx, s)) {
    for (int i = 0; i < t->group_count; i++) groups[i] = col_int(s, i);
    for (int i = 0; i < t->sum_count; i++) sums[i] = col_int(s, t->group_count + i);
    totals_add(t, groups, sums); /* fits: it was in a total before */
    if (totals_full(t) && totals_flush(cx, t)) return cx->code;
  }
  return cx->code ? (int)cx->code : totals_flush(cx, t);
}

int totals_tidy(struct ctx *cx, struct db *db, const struct dataset *d) {
  return stmt_run(cx,
                  db_compose(cx, db, ctx_printf(cx, "DELETE FROM %s WHERE orders = 0", d->current_table)));
}
