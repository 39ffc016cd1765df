/*
** fuzz_bundle.c - any bytes as a batch out of a bundle. What is taken is of tables that edges send, has the hash that it says, and
** written again it reads the same.
*/
#include <stdlib.h>

#include "replicate/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds) {
  if (!holds) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct ctx cx;
  struct up_batch b, again;
  ctx_begin(&cx, "fuzz");
  up_init(&b);
  up_init(&again);
  if (bundle_decode(&cx, (struct str){ (const char *)data, size }, &b) == OK) {
    struct buf out;
    buf_init(&out, SIZE_MAX);
    bundle_encode(&b, &out);
    must(bundle_decode(&cx, buf_view(&out), &again) == OK);
    must(memcmp(b.seal.hash, again.seal.hash, SHA256_SIZE) == 0 && b.count == again.count &&
         b.rows == again.rows);
    buf_clear(&out);
  } else {
    must(cx.code == E_INVALID && cx.message[0]);
  }
  up_clear(&b);
  up_clear(&again);
  ctx_end(&cx);
  return 0;
}
