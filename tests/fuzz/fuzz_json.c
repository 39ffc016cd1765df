/* fuzz_json.c - what our reader takes, our writer gives back as the same document. */
#include <stdint.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void written(struct buf *out, struct jv *v) {
  buf_init(out, SIZE_MAX / 2);
  jv_write(out, v);
  if (!utf8_valid(buf_view(out))) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char why[256];
  struct buf once, twice;
  struct jv *first = jv_parse_raw((struct str){ (const char *)data, size }, why, sizeof why);
  if (!first) return 0;
  written(&once, first);
  struct jv *second = jv_parse_raw(buf_view(&once), why, sizeof why);
  if (!second) abort();
  written(&twice, second);
  if (!str_eq(buf_view(&once), buf_view(&twice))) abort();
  if (jv_kind(first) != jv_kind(second) || jv_size(first) != jv_size(second)) abort();
  buf_clear(&once);
  buf_clear(&twice);
  jv_free(first);
  jv_free(second);
  return 0;
}
