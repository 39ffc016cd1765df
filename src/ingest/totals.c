#include "ingest/totals.h"

#include <stdlib.h>

#include "base/limits.h"

struct cell {
  int64_t groups[GROUPS_MAX], sums[SUMS_MAX], rows; /* rows 0: free */
};

struct totals {
  struct db *db;
  int64_t run;
  int group_count, sum_count;
  const char *sql[2];    /* into the totals of the run; into what counts now */
  int64_t all[SUMS_MAX]; /* over all groups of the run: what SQL's sum() will add up */
  struct cell *cells;
  size_t count, room;
};

static void free_cells(void *arg) { free(((struct totals *)arg)->cells); }

/* INSERT ... ON CONFLICT DO UPDATE SET orders = orders + excluded.orders, ...; ?1 is the run. */
static const char *compose(struct ctx *cx, const struct dataset *d, const char *table, bool of_run) {
  const char *keys = of_run ? "run" : "", *values = of_run ? "?1" : "",
             *adding = "orders = orders + excluded.orders";
  int parameter = 1;
  for (int i = 0; i < d->field_count; i++) {
    if (!d->fields[i].group) continue;
    keys = ctx_printf(cx, "%s%s%s", keys, *keys ? ", " : "", d->fields[i].name);
    values = ctx_printf(cx, "%s%s?%d", values, *values ? ", " : "", ++parameter);
  }
  const char *columns = ctx_printf(cx, "%s, orders", keys);
  values = ctx_printf(cx, "%s, ?%d", values, ++parameter);
  for (int i = 0; i < d->field_count; i++) {
    const char *name = d->fields[i].name;
    if (!d->fields[i].total) continue;
    columns = ctx_printf(cx, "%s, %s", columns, name);
    values = ctx_printf(cx, "%s, ?%d", values, ++parameter);
    adding = ctx_printf(cx, "%s, %s = %s + excluded.%s", adding, name, name, name);
  }
  return ctx_printf(cx, "INSERT INTO %s (%s) VALUES (%s) ON CONFLICT (%s) DO UPDATE SET %s", table, columns,
                    values, keys, adding);
}

struct totals *totals_new(struct ctx *cx, struct db *db, const struct dataset *d, int64_t run) {
  struct totals *t = ctx_alloc(cx, sizeof *t);
  t->db = db;
  t->run = run;
  t->sql[0] = compose(cx, d, d->total_table, true);
  t->sql[1] = compose(cx, d, d->current_table, false);
  for (int i = 0; i < d->field_count; i++) {
    t->group_count += d->fields[i].group;
    t->sum_count += d->fields[i].total;
  }
  t->room = 1024;
  t->cells = xcalloc(t->room, sizeof *t->cells);
  ctx_defer(cx, free_cells, t);
  return t;
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

static int write_cell(struct ctx *cx, struct totals *t, const char *sql, const struct cell *c) {
  struct stmt *s = db_compose(cx, t->db, sql);
  int parameter = 2;
  if (sql == t->sql[0]) stmt_int(s, 1, t->run);
  for (int i = 0; i < t->group_count; i++) stmt_int(s, parameter++, c->groups[i]);
  stmt_int(s, parameter++, c->rows);
  for (int i = 0; i < t->sum_count; i++) stmt_int(s, parameter++, c->sums[i]);
  return stmt_run(cx, s);
}

int totals_flush(struct ctx *cx, struct totals *t) {
  size_t n = 0;
  for (size_t i = 0; i < t->room; i++)
    if (t->cells[i].rows) t->cells[n++] = t->cells[i];
  qsort(t->cells, n, sizeof *t->cells, by_groups); /* in the order of the key: the tree grows at its end */
  for (int to = 0; to < 2; to++)
    for (size_t i = 0; i < n && !cx->code; i++) write_cell(cx, t, t->sql[to], &t->cells[i]);
  memset(t->cells, 0, t->room * sizeof *t->cells);
  t->count = 0;
  return cx->code;
}

/* ---- checking ---- */

int64_t totals_unfounded(struct ctx *cx, struct db *db, const struct dataset *d) {
  const char *groups = "", *stored = "orders", *added = "count(*)";
  for (int i = 0; i < d->field_count; i++) {
    const char *name = d->fields[i].name;
    if (d->fields[i].group) groups = ctx_printf(cx, "%s%s%s", groups, *groups ? ", " : "", name);
    if (!d->fields[i].total) continue;
    stored = ctx_printf(cx, "%s, %s", stored, name);
    added = ctx_printf(cx, "%s, sum(%s)", added, name);
  }
  const char *a = ctx_printf(cx, "SELECT %s, %s FROM %s", groups, stored, d->current_table);
  const char *b = ctx_printf(cx, "SELECT %s, %s FROM %s GROUP BY %s", groups, added, d->table, groups);
  struct stmt *s = db_compose(cx, db,
                              ctx_printf(cx,
                                         "SELECT (SELECT count(*) FROM (%s EXCEPT %s)) "
                                         "+ (SELECT count(*) FROM (%s EXCEPT %s))",
                                         a, b, b, a));
  int64_t n = 0;
  if (stmt_row(cx, s)) {
    n = col_int(s, 0);
    stmt_done(s);
  }
  return n;
}
