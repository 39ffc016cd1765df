#include "replicate/bundle.h"

#include <stdio.h>

#include "unit.h"

static enum err read_seed(struct ctx *cx, const char *name, struct up_batch *b) {
  char text[4096];
  FILE *f = fopen(ctx_printf(cx, "tests/fuzz/seeds/bundle/%s", name), "rb");
  if (!CHECK(f != NULL)) return E_NOT_FOUND;
  size_t n = fread(text, 1, sizeof text, f);
  fclose(f);
  up_init(b);
  return bundle_decode(cx, (struct str){ text, n }, b);
}

static const char *refused(const char *name) {
  static char message[256];
  struct ctx cx;
  struct up_batch b;
  ctx_begin(&cx, "test");
  CHECK_INT(read_seed(&cx, name, &b), E_INVALID);
  str_copy(message, sizeof message, str_of(cx.message));
  up_clear(&b);
  ctx_end(&cx);
  return message;
}

/* The files were made by node, hashes included. */
UNIT(bundle_batches, "a batch of a bundle is read as it was written, or refused with what is wrong") {
  struct ctx cx;
  struct up_batch b;
  ctx_begin(&cx, "test");
  if (!CHECK_INT(read_seed(&cx, "rows", &b), OK)) return;
  CHECK_INT(b.count, 2);
  CHECK_STR(b.sections[0].table, "reject");
  CHECK_STR(buf_view(&b.sections[0].copy), "1\t7\t\\\\x00ff\n");
  CHECK_INT(b.sections[1].how, BATCH_REPLACE);
  CHECK_STR(buf_view(&b.sections[1].values), "1,2");
  CHECK_STR(b.seal.position_to, "{\"seq\":2}");
  up_clear(&b);
  CHECK_INT(read_seed(&cx, "log", &b), OK);
  CHECK_INT(b.rows, 2);
  up_clear(&b);
  CHECK_INT(read_seed(&cx, "empty", &b), OK);
  ctx_end(&cx);
  CHECK_STR(refused("stranger"), "no edge sends rows of a table 'member'");
  CHECK_STR(refused("names"), "the bundle is damaged: columns of a batch cannot be read");
  CHECK_STR(refused("changed"), "batch 1 of lane log was changed on its way");
  CHECK_STR(refused("cut"), "the bundle is damaged: rows of a batch cannot be read");
}
