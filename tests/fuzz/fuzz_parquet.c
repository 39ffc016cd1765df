/* fuzz_parquet.c - any bytes as a Parquet file: refused with a sentence, or read twice alike. */
#include <stdint.h>
#include <stdlib.h>

#include "base/hash.h"
#include "format/parquet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_at(struct ctx *cx, void *arg, int64_t offset, char *to, size_t n) {
  struct str *s = arg;
  if (offset < 0 || (size_t)offset > s->n || n > s->n - (size_t)offset)
    return fail(cx, E_FAIL, NULL, "beyond the end");
  memcpy(to, s->p + offset, n);
  return OK;
}

struct seen {
  const struct parquet_reader *r;
  struct sha256 *h;
};

static int row(struct ctx *cx, void *arg, const struct parquet_value *v) {
  struct seen *seen = arg;
  parquet_digest(seen->h, v, parquet_column_count(seen->r));
  return (int)cx->code;
}

static enum err read_all(struct str bytes, unsigned char digest[static SHA256_SIZE]) {
  struct ctx cx;
  struct parquet_reader *r;
  struct parquet_value min, max;
  struct seen seen = { .h = sha256_new() };
  ctx_begin(&cx, "fuzz");
  struct parquet_source source = { read_at, &bytes, (int64_t)bytes.n, "the file" };
  if (!parquet_open(&cx, &source, &r)) {
    seen.r = r;
    for (int g = 0; g < parquet_group_count(r) && g < 16 && !cx.code; g++) {
      for (int c = 0; c < parquet_column_count(r); c++) parquet_group_range(r, g, c, &min, &max);
      parquet_read(&cx, r, g, row, &seen);
    }
  }
  sha256_end(seen.h, digest);
  sha256_free(seen.h);
  if (cx.code && !cx.message[0]) abort();
  enum err code = cx.code;
  ctx_end(&cx);
  return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  unsigned char first[SHA256_SIZE], second[SHA256_SIZE];
  struct str bytes = { (const char *)data, size };
  enum err code = read_all(bytes, first);
  if (read_all(bytes, second) != code || (!code && memcmp(first, second, sizeof first) != 0)) abort();
  return 0;
}
