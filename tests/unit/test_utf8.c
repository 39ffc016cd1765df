#include "base/utf8.h"

#include "unit.h"

/* RFC 3629 by its table, written differently from the code: decode loosely, then
** refuse what was not the shortest form, a surrogate, or too large. */
static size_t loosely(const unsigned char *p, size_t n) {
  if (n == 0) return 0;
  if (p[0] < 0x80) return 1;
  size_t length = p[0] >= 0xf8 ? 0 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : p[0] >= 0xc0 ? 2 : 0;
  if (length == 0 || length > n) return 0;
  uint32_t c = p[0] & (0x7f >> length);
  for (size_t i = 1; i < length; i++) {
    if (p[i] >> 6 != 2) return 0;
    c = c << 6 | (p[i] & 0x3f);
  }
  static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
  return c < least[length] || (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff ? 0 : length;
}

UNIT(utf8_all_starts, "every sequence of three bytes is judged as RFC 3629 says") {
  for (uint32_t v = 0; v < 1u << 24; v++) {
    char s[3] = { (char)(v >> 16), (char)(v >> 8), (char)v };
    size_t got = utf8_step(s, 3), want = loosely((const unsigned char *)s, 3);
    if (got != want && !CHECK_INT((int64_t)got, (int64_t)want)) return;
  }
}

UNIT(utf8_four_bytes, "of four bytes, exactly U+10000 to U+10FFFF are characters") {
  for (int a = 0xef; a <= 0xff; a++)
    for (int b = 0; b < 256; b++)
      for (int c = 0x70; c < 0xd0; c++) {
        char s[4] = { (char)a, (char)b, (char)c, (char)(c ^ 0x3f) };
        if (!CHECK_INT((int64_t)utf8_step(s, 4), (int64_t)loosely((const unsigned char *)s, 4))) return;
      }
}

UNIT(utf8_all_characters, "every character is written and read back") {
  for (uint32_t c = 0; c <= 0x10ffff; c++) {
    if (c >= 0xd800 && c <= 0xdfff) continue;
    char s[4];
    size_t n = utf8_put(s, c), step = 0;
    if (utf8_decode(s, n, &step) == c && step == n && utf8_step(s, n) == n && utf8_step(s, n - 1) == 0)
      continue;
    CHECK_INT(utf8_decode(s, n, &step), c);
    CHECK_INT((int64_t)step, (int64_t)n);
    return;
  }
}

UNIT(utf8_long_text, "a bad byte is found at every place of a long text") {
  char text[100];
  memset(text, 'x', sizeof text);
  for (size_t n = 0; n <= sizeof text; n++) {
    CHECK(utf8_valid((struct str){ text, n }));
    for (size_t i = 0; i < n; i++) {
      text[i] = (char)0xff;
      CHECK(!utf8_valid((struct str){ text, n }));
      if (i + 1 < n) {
        text[i] = (char)0xc3, text[i + 1] = (char)0xa9;
        CHECK(utf8_valid((struct str){ text, n }));
        CHECK(!utf8_valid((struct str){ text, i + 1 }));
        text[i + 1] = 'x';
      }
      text[i] = 'x';
    }
  }
  CHECK(utf8_valid((struct str){ 0 }));
  size_t step = 0;
  CHECK_INT(utf8_decode("\xff", 1, &step), 0xfffd);
  CHECK_INT((int64_t)step, 1);
}
