#include "base/utf8.h"

static bool tail(const unsigned char *p, size_t i) { return (p[i] & 0xc0) == 0x80; }

size_t utf8_step(const char *s, size_t n) {
  const unsigned char *p = (const unsigned char *)s;
  if (n == 0) return 0;
  if (p[0] < 0x80) return 1;
  if (p[0] >= 0xc2 && p[0] <= 0xdf) return n >= 2 && tail(p, 1) ? 2 : 0;
  if (p[0] >= 0xe0 && p[0] <= 0xef) {
    if (n < 3 || !tail(p, 1) || !tail(p, 2)) return 0;
    if (p[0] == 0xe0 && p[1] < 0xa0) return 0; /* overlong */
    if (p[0] == 0xed && p[1] > 0x9f) return 0; /* surrogate */
    return 3;
  }
  if (p[0] >= 0xf0 && p[0] <= 0xf4) {
    if (n < 4 || !tail(p, 1) || !tail(p, 2) || !tail(p, 3)) return 0;
    if (p[0] == 0xf0 && p[1] < 0x90) return 0; /* overlong */
    if (p[0] == 0xf4 && p[1] > 0x8f) return 0; /* beyond U+10FFFF */
    return 4;
  }
  return 0;
}

/* Short texts are the usual ones: the last word overlaps the one before. */
static bool is_ascii(struct str s) {
  uint64_t word, all = 0;
  size_t i = 0;
  for (; s.n - i >= 8; i += 8) {
    memcpy(&word, s.p + i, 8);
    all |= word;
  }
  if (s.n >= 8) {
    memcpy(&word, s.p + s.n - 8, 8);
    all |= word;
  } else {
    for (; i < s.n; i++) all |= (unsigned char)s.p[i];
  }
  return !(all & UINT64_C(0x8080808080808080));
}

bool utf8_valid(struct str s) {
  size_t i = 0;
  if (s.n <= 64 && is_ascii(s)) return true;
  while (i < s.n) {
    uint64_t word;
    while (s.n - i >= 8) {
      memcpy(&word, s.p + i, 8);
      if (word & UINT64_C(0x8080808080808080)) break;
      i += 8;
    }
    if (i >= s.n) break;
    size_t step = utf8_step(s.p + i, s.n - i);
    if (!step) return false;
    i += step;
  }
  return true;
}

uint32_t utf8_decode(const char *s, size_t n, size_t *step) {
  const unsigned char *p = (const unsigned char *)s;
  *step = utf8_step(s, n);
  switch (*step) {
  case 1: return p[0];
  case 2: return (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
  case 3: return (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
  case 4:
    return (uint32_t)(p[0] & 7) << 18 | (uint32_t)(p[1] & 0x3f) << 12 | (uint32_t)(p[2] & 0x3f) << 6 |
           (p[3] & 0x3f);
  default: *step = 1; return 0xfffd;
  }
}

size_t utf8_put(char out[static 4], uint32_t c) {
  if (c < 0x80) {
    out[0] = (char)c;
    return 1;
  }
  if (c < 0x800) {
    out[0] = (char)(0xc0 | c >> 6);
    out[1] = (char)(0x80 | (c & 0x3f));
    return 2;
  }
  if (c < 0x10000) {
    out[0] = (char)(0xe0 | c >> 12);
    out[1] = (char)(0x80 | (c >> 6 & 0x3f));
    out[2] = (char)(0x80 | (c & 0x3f));
    return 3;
  }
  out[0] = (char)(0xf0 | c >> 18);
  out[1] = (char)(0x80 | (c >> 12 & 0x3f));
  out[2] = (char)(0x80 | (c >> 6 & 0x3f));
  out[3] = (char)(0x80 | (c & 0x3f));
  return 4;
}
