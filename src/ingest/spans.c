#include "ingest/spans.h"

#include <stdlib.h>

enum { STEP = 64 }; /* records from mark to mark */

/* Where the first record of a step lies, and where its length stands. */
struct mark {
  int64_t offset, line;
  size_t at;
};

struct spans {
  struct buf lengths; /* of all chunks, one after the other */
  struct mark *marks;
  size_t mark_count;
  int64_t first, count; /* records */
};

static void spans_free(void *arg) {
  struct spans *s = arg;
  buf_clear(&s->lengths);
  free(s->marks);
}

static uint64_t get_varint(const struct buf *b, size_t *at) {
  uint64_t v = 0;
  for (int shift = 0; *at < b->n && shift < 64; shift += 7) {
    unsigned char c = (unsigned char)b->p[(*at)++];
    v |= (uint64_t)(c & 0x7f) << shift;
    if (!(c & 0x80)) break;
  }
  return v;
}

static struct record_span step(const struct buf *b, size_t *at, int64_t *lines) {
  uint64_t head = get_varint(b, at);
  *lines = head & 4 ? (int64_t)get_varint(b, at) : 1;
  return (struct record_span){ .length = (int64_t)(head >> 3) };
}

static void add_mark(struct spans *s, struct mark m) {
  s->marks = xmore(s->marks, s->mark_count, sizeof *s->marks);
  s->marks[s->mark_count++] = m;
}

/* Chunks follow each other without a gap, in records as in bytes. */
static void add_chunk(struct spans *s, int64_t offset, int64_t line, struct str records) {
  size_t at = s->lengths.n;
  buf_str(&s->lengths, records);
  while (at < s->lengths.n) {
    if (s->count % STEP == 0) add_mark(s, (struct mark){ offset, line, at });
    int64_t lines;
    offset += step(&s->lengths, &at, &lines).length;
    line += lines;
    s->count++;
  }
}

int spans_open(struct ctx *cx, struct db *db, int64_t run, struct spans **out) {
  struct spans *s = ctx_alloc(cx, sizeof *s);
  buf_init(&s->lengths, SIZE_MAX / 2);
  ctx_defer(cx, spans_free, s);
  struct stmt *q = db_ask(cx, db, SQL_raw_chunk_spans, run);
  while (stmt_row(cx, q)) {
    if (s->count == 0) s->first = col_int(q, 2);
    if (col_int(q, 2) != s->first + s->count)
      return fail(cx, E_FAIL, NULL, "the original bytes of run %lld are not complete: record %lld is missing",
                  (long long)run, (long long)(s->first + s->count));
    add_chunk(s, col_int(q, 0), col_int(q, 1), col_str(q, 3));
  }
  *out = s;
  return cx->code;
}

bool spans_find(const struct spans *s, int64_t record, struct record_span *out) {
  int64_t number = record - s->first;
  if (number < 0 || number >= s->count) return false;
  struct mark m = s->marks[number / STEP];
  for (int64_t left = number % STEP;; left--) {
    int64_t lines;
    *out = step(&s->lengths, &m.at, &lines);
    out->offset = m.offset;
    out->line = m.line;
    if (left == 0) return true;
    m.offset += out->length;
    m.line += lines;
  }
}
