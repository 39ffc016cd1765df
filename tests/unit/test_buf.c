#include "base/buf.h"

#include <stdlib.h>

#include "unit.h"

UNIT(buf_grows, "a buffer holds what was added, byte for byte, and a zero behind it") {
  struct buf b;
  buf_init(&b, 100000);
  CHECK_STR(buf_view(&b), "");
  for (int i = 0; i < 5000; i++) buf_add(&b, "a\0b", 3);
  CHECK_INT(b.n, 15000);
  for (size_t i = 0; i < b.n; i++)
    if (!CHECK_INT(b.p[i], "a\0b"[i % 3])) break;
  CHECK_INT(b.p[b.n], 0);
  buf_reset(&b);
  CHECK_STR(buf_view(&b), "");
  CHECK(b.room >= 15000);
  buf_clear(&b);
  CHECK(!b.p);
}

UNIT(buf_ceiling, "beyond the ceiling nothing is added, not even what would still fit") {
  struct buf b;
  buf_init(&b, 4);
  buf_puts(&b, "abcd");
  CHECK(!b.full);
  buf_char(&b, 'e');
  CHECK(b.full);
  CHECK_STR(buf_view(&b), "abcd");
  buf_reset(&b);
  CHECK(!b.full);
  buf_puts(&b, "ab");
  buf_puts(&b, "cde"); /* too long */
  buf_puts(&b, "c");   /* would fit, but something is missing before it */
  CHECK_STR(buf_view(&b), "ab");
  buf_clear(&b);
  buf_init(&b, 0);
  buf_printf(&b, "%d", 1);
  CHECK(b.full);
  CHECK_STR(buf_view(&b), "");
  buf_clear(&b);
}

UNIT(buf_numbers, "integers and formats are printed as printf does") {
  struct buf b;
  buf_init(&b, 1000);
  buf_int(&b, 0);
  buf_char(&b, ' ');
  buf_int(&b, INT64_MIN);
  buf_char(&b, ' ');
  buf_int(&b, INT64_MAX);
  buf_printf(&b, " %s %05d%s", "x", -42, "");
  CHECK_STR(buf_view(&b), "0 -9223372036854775808 9223372036854775807 x -0042");
  buf_clear(&b);
}

UNIT(buf_taking, "what is taken is a string that the taker frees; the buffer goes on empty") {
  struct buf b;
  buf_init(&b, 10);
  char *nothing = buf_take(&b);
  CHECK_STR(nothing, "");
  free(nothing);
  buf_puts(&b, "abc");
  char *z = buf_take(&b);
  CHECK_STR(z, "abc");
  free(z);
  CHECK_INT(b.n, 0);
  buf_puts(&b, "0123456789");
  CHECK(!b.full); /* the ceiling is still the same */
  buf_char(&b, '!');
  CHECK(b.full);
  buf_clear(&b);
}
