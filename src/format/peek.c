/*
** peek.c - a file's rows as clean CSV.
**
** What the file says and nothing more: no heading is invented for a file without
** a header, and a column without a heading has an empty one.
*/
#include "format/peek.h"

#include "base/limits.h"

enum { PIECE = 256 * 1024 };

struct printer {
  struct buf out;
  int (*write)(void *arg, const char *p, size_t n);
  void *arg;
};

static int flush(struct printer *w) {
  int rc = w->out.n ? w->write(w->arg, w->out.p, w->out.n) : 0;
  buf_reset(&w->out);
  return rc;
}

static void end_line(struct printer *w, size_t from) {
  if (w->out.n == from) buf_puts(&w->out, "\"\""); /* one empty cell is not a blank line */
  buf_char(&w->out, '\n');
}

static void print_labels(struct printer *w, const struct profile *p) {
  size_t from = w->out.n;
  for (size_t i = 0; i < p->column_count; i++) {
    if (i) buf_char(&w->out, ',');
    csv_put(&w->out, str_of(p->columns[i].label));
  }
  end_line(w, from);
}

static int print_row(struct printer *w, const struct row *r) {
  size_t from = w->out.n;
  for (uint32_t i = 0; i < r->count; i++) {
    if (i) buf_char(&w->out, ',');
    csv_put(&w->out, r->cells[i]);
  }
  end_line(w, from);
  return w->out.n >= PIECE ? flush(w) : 0;
}

static int print_batch(struct printer *w, struct parser *parser, const struct batch *b) {
  uint64_t at = 0;
  for (uint32_t i = 0; i < b->count; i++) {
    struct row r;
    parser_row(parser, (struct str){ b->bytes + at, b->spans[i].length }, b->offset + at, &r);
    at += b->spans[i].length;
    int rc = r.kind == ROW_DATA ? print_row(w, &r) : 0;
    if (rc) return rc;
  }
  return OK;
}

int peek_csv(struct ctx *cx, const struct input *in, const struct profile *p,
             int (*write)(void *arg, const char *p, size_t n), void *arg) {
  struct printer w = { .write = write, .arg = arg };
  struct splitter *s = splitter_new(cx, in, p, PIECE);
  struct parser *parser = parser_new(p);
  struct batch b;
  batch_init(&b);
  buf_init(&w.out, 4 * LIMIT_RECORD_BYTES);
  int rc = OK;
  if (p->header_count || p->kind != FILE_CSV) print_labels(&w, p);
  do {
    rc = splitter_next(cx, s, &b);
    if (!rc) rc = print_batch(&w, parser, &b);
  } while (!rc && b.count);
  if (!rc) rc = flush(&w);
  buf_clear(&w.out);
  batch_clear(&b);
  parser_free(parser);
  return rc;
}
