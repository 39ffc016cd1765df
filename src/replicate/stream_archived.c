#include "replicate/stream_archived.h"

#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"

struct movement {
  int64_t id;
  size_t from, to; /* its line in `lines` */
};

struct found {
  int64_t from, to;
  const char *kinds;
  struct buf lines;
  struct movement *list;
  size_t count, room, put;
};

static void write_value(struct buf *out, char kind, const struct parquet_value *v) {
  if (v->null) {
    cell_null(out);
    return;
  }
  switch (kind) {
  case 'i': cell_int(out, v->n); break;
  case 'd': cell_decimal(out, v->n, STREAM_AMOUNT_SCALE); break;
  case 's': cell_time(out, v->n); break;
  default: cell_text(out, v->s);
  }
}

/* The columns of the file are those of the stream. */
static int keep(struct ctx *cx, void *arg, const struct parquet_value *row) {
  struct found *f = arg;
  int64_t id = row[0].n;
  if (f->count == f->room) {
    f->room = f->room ? 2 * f->room : 256;
    f->list = xrealloc(f->list, f->room * sizeof *f->list);
  }
  struct movement *m = &f->list[f->count++];
  *m = (struct movement){ .id = id, .from = f->lines.n };
  for (int i = 0; f->kinds[i]; i++) write_value(&f->lines, f->kinds[i], &row[i]);
  m->to = f->lines.n;
  if (f->lines.full)
    return fail(cx, E_LIMIT, "stock_transactions", "movements in files are too long to be sent");
  return OK;
}

static int by_id(const void *a, const void *b) {
  const struct movement *x = a, *y = b;
  return (x->id > y->id) - (x->id < y->id);
}

/* Does a file hold some of them? */
static bool is_any(struct ctx *cx, struct db *db, int64_t from, int64_t to) {
  return stmt_exists(cx, db_ask(cx, db, SQL_push_archived, from, to));
}

static int find(struct ctx *cx, struct db *db, struct found *f) {
  const struct archive_filter those = { .first_id = f->from, .last_id = f->to };
  const struct archive_table *table = archive_table_find("stock_transactions");
  if (!is_any(cx, db, f->from, f->to)) return cx->code;
  if (archive_rows_each(cx, db, table, &those, keep, f, NULL)) return cx->code;
  if (f->count) qsort(f->list, f->count, sizeof *f->list, by_id);
  return OK;
}

/* Those in files whose numbers are below. */
static void put_below(struct found *f, int64_t id, struct up_batch *b, struct up_section *section) {
  for (; f->put < f->count && f->list[f->put].id < id; f->put++) {
    const struct movement *m = &f->list[f->put];
    buf_add(&section->copy, f->lines.p + m->from, m->to - m->from);
    up_row_end(b, section);
  }
}

int stream_movements(struct ctx *cx, struct db *db, struct up_batch *b, struct up_section *section,
                     const struct stream *st, struct stmt *s, int64_t from, int64_t to) {
  struct found f = { .from = from, .to = to, .kinds = st->kinds };
  buf_init(&f.lines, BATCH_BYTES_MOST);
  if (!find(cx, db, &f)) {
    while (stmt_row(cx, s)) {
      put_below(&f, col_int(s, 0), b, section);
      stream_row(b, section, s, st->kinds);
    }
    put_below(&f, INT64_MAX, b, section);
  }
  buf_clear(&f.lines);
  free(f.list);
  return cx->code;
}

int archived_waits(struct ctx *cx, struct db *db, const char *table, int64_t first, int64_t last,
                   const char **why) {
  *why = NULL;
  if (strcmp(table, "stock_transactions") != 0) return OK;
  struct stmt *s = db_ask(cx, db, SQL_push_waits, first, last);
  if (!stmt_row(cx, s)) return cx->code;
  stmt_done(s);
  *why = "its rows have not gone up to headquarters yet; it is deleted when they have";
  return OK;
}
