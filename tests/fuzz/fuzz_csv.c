/*
** fuzz_csv.c - any bytes as a file: profile, splitter and parser.
**
** What must hold for all of them: the batches cover every byte once and in order,
** spans add up to their batch, lines are counted alike, rows of data have the
** table's width, cells are within the limits and clean UTF-8. The first byte
** chooses the size of batches and whether settings are given.
*/
#include <stdlib.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "format/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds) {
  if (!holds) abort();
}

static void check_row(const struct row *r, const struct profile *p) {
  if (r->kind == ROW_OUTSIDE) return;
  if (r->kind == ROW_BROKEN) {
    must(r->why != NULL);
    return;
  }
  must(r->count == p->column_count);
  for (uint32_t i = 0; i < r->count; i++) {
    must(r->cells[i].n <= LIMIT_FIELD_BYTES);
    must(utf8_valid(r->cells[i]));
  }
}

static void check_batch(const struct batch *b, const struct profile *p, struct parser *parser) {
  size_t at = 0;
  for (uint32_t i = 0; i < b->count; i++) {
    struct row r;
    must(b->spans[i].length > 0 && b->spans[i].lines > 0);
    must(at + b->spans[i].length <= b->n);
    parser_row(parser, (struct str){ b->bytes + at, b->spans[i].length }, b->offset + at, &r);
    check_row(&r, p);
    at += b->spans[i].length;
  }
  must(at == b->n);
}

static void check_all(struct ctx *cx, const struct input *in, const struct profile *p, struct str bytes,
                      size_t target) {
  struct splitter *s = splitter_new(cx, in, p, target);
  struct parser *parser = parser_new(p);
  struct batch b;
  uint64_t at = 0, line = 1;
  batch_init(&b);
  while (splitter_next(cx, s, &b) == OK && b.count) {
    must(b.offset == at && b.line == line);
    must(at + b.n <= bytes.n && memcmp(b.bytes, bytes.p + at, b.n) == 0);
    check_batch(&b, p, parser);
    for (uint32_t i = 0; i < b.count; i++) line += b.spans[i].lines;
    at += b.n;
  }
  must(at == bytes.n);
  must(p->table_begin <= p->table_end && p->table_end <= bytes.n);
  batch_clear(&b);
  parser_free(parser);
}

static void state_settings(struct ctx *cx, struct dialect *d, uint8_t how) {
  if (how & 1) dialect_set(cx, d, "delimiter", how & 2 ? ", " : "\\t\\t");
  if (how & 4) dialect_set(cx, d, "escape", "\\");
  if (how & 8) dialect_set(cx, d, "quote", how & 2 ? "'" : "none");
  if (how & 16) dialect_set(cx, d, "header", how & 2 ? "yes" : "no");
  if (how & 32) dialect_set(cx, d, "encoding", how & 2 ? "SHIFT_JIS" : how & 4 ? "UTF-16BE" : "UTF-8");
  if (how & 64) dialect_set(cx, d, "skip", "2");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct ctx cx;
  struct dialect d;
  struct profile *p;
  if (size < 1) return 0;
  struct str bytes = { (const char *)data + 1, size - 1 };
  ctx_begin(&cx, "fuzz");
  dialect_init(&d);
  if (data[0] & 128) state_settings(&cx, &d, data[0]);
  struct input *in = input_memory(&cx, bytes, "fuzz");
  if (profile_file(&cx, in, &d, &p) == OK) {
    struct buf out;
    buf_init(&out, LIMIT_REPLY_BYTES);
    profile_json(p, &out);
    buf_reset(&out);
    profile_text(p, &out, data[0] & 1);
    buf_clear(&out);
    check_all(&cx, in, p, bytes, data[0] & 64 ? 1 : 1 << 20);
  }
  ctx_end(&cx);
  return 0;
}
