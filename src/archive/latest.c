/*
** latest.c - the newest archived rows, for lists that are read from their end.
**
** Months are asked one after the other, the last one first, until there are enough.
*/
#include <stdio.h>
#include <stdlib.h>

#include "archive/internal.h"
#include "base/decimal.h"
#include "base/limits.h"
#include "base/time.h"

struct latest {
  const struct archive_table *table;
  int64_t at, id; /* before it, newest first */
  size_t most, count;
  struct latest_row {
    int64_t at, id;
    const char *json;
  } * row; /* newest first */
};

static void put_value(struct jw *w, const struct archive_column *c, const struct parquet_value *v) {
  char at[TIME_SIZE];
  struct buf number;
  const char *name = c->json ? c->json : c->file.name;
  if (v->null) return;
  switch (c->file.kind) {
  case PARQUET_TEXT:
  case PARQUET_BYTES: jw_str(w, name, v->s); break;
  case PARQUET_TIME: jw_text(w, name, time_iso(at, v->n)); break;
  case PARQUET_DECIMAL:
    buf_init(&number, 64);
    dec_print(&number, v->n, c->file.scale, 0);
    jw_raw(w, name, buf_view(&number));
    buf_clear(&number);
    break;
  default: jw_int(w, name, v->n);
  }
}

static const char *row_json(struct ctx *cx, const struct archive_table *t, const struct parquet_value *row) {
  struct buf b;
  struct jw w;
  jw_begin(&w, &b, LIMIT_REPLY_BYTES);
  for (int i = 0; i < t->column_count; i++) put_value(&w, &t->columns[i], &row[i]);
  return jw_end(cx, &w);
}

static bool newer(int64_t at, int64_t id, int64_t than_at, int64_t than_id) {
  return at > than_at || (at == than_at && id > than_id);
}

/* Into its place among the newest; the oldest of too many goes. */
static int keep(struct ctx *cx, void *arg, const struct parquet_value *row) {
  struct latest *l = arg;
  int64_t at = row[l->table->at_column].n, id = row[l->table->id_column].n;
  if (!newer(l->at, l->id, at, id)) return OK;
  if (l->count == l->most && !newer(at, id, l->row[l->count - 1].at, l->row[l->count - 1].id)) return OK;
  size_t low = 0, high = l->count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (newer(at, id, l->row[middle].at, l->row[middle].id))
      high = middle;
    else
      low = middle + 1;
  }
  if (l->count < l->most) l->count++;
  memmove(&l->row[low + 1], &l->row[low], (l->count - 1 - low) * sizeof *l->row);
  l->row[low] = (struct latest_row){ at, id, row_json(cx, l->table, row) };
  return OK;
}

struct month {
  char text[8];
  struct month *next;
};

static struct month *list_months(struct ctx *cx, struct db *db, const struct archive_filter *f,
                                 const struct archive_table *t) {
  struct month *first = NULL, **last = &first;
  char from[TIME_SIZE] = "0000-00", to[TIME_SIZE] = "9999-99";
  if (f->from > 0) time_iso(from, f->from);
  if (f->to) time_iso(to, f->to - 1);
  from[7] = to[7] = 0;
  struct stmt *s = db_ask(cx, db, SQL_archive_months, t->name, from, to, f->place);
  for (; stmt_row(cx, s); last = &(*last)->next) {
    *last = ctx_alloc(cx, sizeof **last);
    str_copy((*last)->text, sizeof(*last)->text, col_str(s, 0));
  }
  return first;
}

int archive_latest(struct ctx *cx, struct db *db, const char *sku, const char *warehouse, int64_t from,
                   int64_t to, int64_t before_at, int64_t before_id, size_t most,
                   void (*found)(void *, int64_t, int64_t, const char *), void *arg) {
  const struct archive_table *t = archive_table_find("stock_transactions");
  struct latest l = { .table = t, .at = before_at, .id = before_id, .most = most };
  if (before_at < INT64_MAX && (!to || before_at + 1 < to)) to = before_at + 1;
  struct archive_filter whole = { .place = warehouse, .key = sku, .from = from, .to = to };
  l.row = ctx_alloc(cx, (most + 1) * sizeof *l.row);
  for (struct month *m = list_months(cx, db, &whole, t); m && !cx->code && l.count < most; m = m->next) {
    struct archive_filter f = whole;
    int year = 0, month = 0;
    if (sscanf(m->text, "%4d-%2d", &year, &month) != 2) continue;
    int64_t begin = date_days(year, month, 1) * DAY_US;
    int64_t end = (month == 12 ? date_days(year + 1, 1, 1) : date_days(year, month + 1, 1)) * DAY_US;
    if (f.from < begin) f.from = begin;
    if (!f.to || f.to > end) f.to = end;
    archive_rows_each(cx, db, t, &f, keep, &l, NULL);
  }
  for (size_t i = 0; i < l.count && !cx->code; i++) found(arg, l.row[i].at, l.row[i].id, l.row[i].json);
  return cx->code;
}
