#include "base/base64.h"

#include <mbedtls/base64.h>

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

static const char url_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void base64url_put(struct buf *out, const void *p, size_t n) {
  const unsigned char *c = p;
  for (size_t i = 0; i < n; i += 3) {
    uint32_t bits =
        (uint32_t)c[i] << 16 | (i + 1 < n ? (uint32_t)c[i + 1] << 8 : 0) | (i + 2 < n ? c[i + 2] : 0);
    for (size_t k = 0; k < 4 && i + k < n + 1; k++) buf_char(out, url_alphabet[bits >> (18 - 6 * k) & 63]);
  }
}

bool base64url_get(struct buf *out, struct str text) {
  uint32_t bits = 0;
  int have = 0;
  for (size_t i = 0; i < text.n; i++) {
    const char *at = text.p[i] ? strchr(url_alphabet, text.p[i]) : NULL;
    if (!at) return false;
    bits = bits << 6 | (uint32_t)(at - url_alphabet);
    have += 6;
    if (have < 8) continue;
    have -= 8;
    buf_char(out, (char)(bits >> have));
  }
  return have < 6 && (bits & ((1u << have) - 1)) == 0;
}

bool base64_get(struct buf *out, struct str text) {
  unsigned char part[256];
  size_t n = 0;
  if (mbedtls_base64_decode(part, sizeof part, &n, (const unsigned char *)text.p, text.n) != 0) return false;
  buf_add(out, part, n);
  return true;
}
