#include "base/base64.h"

#include "unit.h"

static const char *put(struct buf *b, const char *text) {
  buf_reset(b);
  base64url_put(b, text, strlen(text));
  return b->p ? b->p : "";
}

/* The vectors of RFC 4648, section 10, without padding. */
UNIT(base64url_vectors, "the alphabet for addresses, there and back") {
  static const char *const pairs[][2] = {
    { "", "" },           { "f", "Zg" },          { "fo", "Zm8" },          { "foo", "Zm9v" },
    { "foob", "Zm9vYg" }, { "fooba", "Zm9vYmE" }, { "foobar", "Zm9vYmFy" }, { "\xfb\xff\xfe", "-__-" }
  };
  struct buf b, back;
  buf_init(&b, 100);
  buf_init(&back, 100);
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    CHECK_STR(put(&b, pairs[i][0]), pairs[i][1]);
    buf_reset(&back);
    CHECK(base64url_get(&back, str_of(pairs[i][1])));
    CHECK_STR(buf_view(&back), pairs[i][0]);
  }
  buf_clear(&b);
  buf_clear(&back);
}

UNIT(base64url_wrong, "what it would not have written is refused") {
  static const char *const wrong[] = { "Z", "Zh", "Zm9v ", "Zm9=", "Zm9+", "Zm9/", "\xc3\xa4", "Zm9vY" };
  struct buf b;
  buf_init(&b, 100);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) CHECK(!base64url_get(&b, str_of(wrong[i])));
  CHECK(!base64url_get(&b, (struct str){ "Zm\0v", 4 }));
  buf_clear(&b);
}
