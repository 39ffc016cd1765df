#include "base/base64.h"

void base64_put(struct buf *out, const void *p, size_t n) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const unsigned char *b = p;
  for (; n >= 3; b += 3, n -= 3) {
    char four[4] = { digits[b[0] >> 2], digits[(b[0] & 3) << 4 | b[1] >> 4],
                     digits[(b[1] & 15) << 2 | b[2] >> 6], digits[b[2] & 63] };
    buf_add(out, four, 4);
  }
  if (n == 0) return;
  unsigned char second = n > 1 ? b[1] : 0;
  char four[4] = { digits[b[0] >> 2], digits[(b[0] & 3) << 4 | second >> 4],
                   n > 1 ? digits[(second & 15) << 2] : '=', '=' };
  buf_add(out, four, 4);
}
