/*
** fuzz_records.c - any bytes as JSON lines or as a JSON array of records: the
** batches cover every byte, every record is a row, broken or outside.
*/
#include <stdlib.h>

#include "base/utf8.h"
#include "format/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds) {
  if (!holds) abort();
}

static void read_all(struct ctx *cx, const struct input *in, const struct profile *p, size_t size) {
  struct splitter *s = splitter_new(cx, in, p, 1);
  struct parser *parser = parser_new(p);
  struct batch b;
  uint64_t at = 0;
  batch_init(&b);
  while (splitter_next(cx, s, &b) == OK && b.count) {
    must(b.offset == at);
    for (uint32_t i = 0, from = 0; i < b.count; from += b.spans[i++].length) {
      struct row r;
      parser_row(parser, (struct str){ b.bytes + from, b.spans[i].length }, b.offset + from, &r);
      must(r.kind != ROW_BROKEN || r.why);
      for (uint32_t c = 0; r.kind == ROW_DATA && c < r.count; c++) must(utf8_valid(r.cells[c]));
    }
    at += b.n;
  }
  must(at == size);
  batch_clear(&b);
  parser_free(parser);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct ctx cx;
  struct dialect d;
  struct profile *p;
  ctx_begin(&cx, "fuzz");
  dialect_init(&d);
  /* Whatever follows, it begins as JSON does. */
  char *bytes = ctx_alloc(&cx, size + 32);
  static const char *const begins[] = { "{\"a\":1}\n", "[{\"a\":1},\n", "" };
  const char *z = begins[size ? data[0] % 3 : 0];
  size_t n = strlen(z);
  memcpy(bytes, z, n);
  if (size > 1) memcpy(bytes + n, data + 1, size - 1);
  n += size ? size - 1 : 0;
  struct input *in = input_memory(&cx, (struct str){ bytes, n }, "fuzz");
  if (profile_file(&cx, in, &d, &p) == OK) read_all(&cx, in, p, n);
  ctx_end(&cx);
  return 0;
}
