#include "base/decimal.h"

#include <stdio.h>

const int64_t dec_pow10[SCALE_MAX + 1] = {
  INT64_C(1),
  INT64_C(10),
  INT64_C(100),
  INT64_C(1000),
  INT64_C(10000),
  INT64_C(100000),
  INT64_C(1000000),
  INT64_C(10000000),
  INT64_C(100000000),
  INT64_C(1000000000),
  INT64_C(10000000000),
  INT64_C(100000000000),
  INT64_C(1000000000000),
  INT64_C(10000000000000),
  INT64_C(100000000000000),
  INT64_C(1000000000000000),
  INT64_C(10000000000000000),
  INT64_C(100000000000000000),
  INT64_C(1000000000000000000),
};

int64_t dec_div(int64_t a, int64_t b) {
  if (b == -1) return a == INT64_MIN ? INT64_MAX : -a; /* the one quotient that does not fit */
  int64_t q = a / b, r = a % b;
  uint64_t rest = r < 0 ? -(uint64_t)r : (uint64_t)r;
  uint64_t whole = b < 0 ? -(uint64_t)b : (uint64_t)b;
  uint64_t other = whole - rest;
  if (rest > other || (rest == other && (q & 1))) q += (a < 0) == (b < 0) ? 1 : -1;
  return q;
}

bool dec_rescale(int64_t v, int from, int to, int64_t *out) {
  if (to >= from) return !__builtin_mul_overflow(v, dec_pow10[to - from], out);
  *out = dec_div(v, dec_pow10[from - to]);
  return true;
}

bool dec_parse(struct str s, int scale, int64_t *out, bool *rounded) {
  size_t i = 0;
  bool negative = s.n > 0 && s.p[0] == '-';
  if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+')) i++;
  int64_t v = 0;     /* counted downwards: INT64_MIN fits */
  int decimals = -1; /* -1: still before the point */
  size_t digits = 0;
  int half = 0; /* what was cut: -1 less than half, 0 exactly half so far, 1 more */
  bool cut = false, lost = false;
  for (; i < s.n; i++) {
    char c = s.p[i];
    if (c == '.' && decimals < 0) {
      decimals = 0;
      continue;
    }
    if (c < '0' || c > '9') return false;
    digits++;
    if (decimals >= 0 && decimals >= scale) { /* beyond the scale: only for rounding */
      if (!cut)
        half = c > '5' ? 1 : c < '5' ? -1 : 0;
      else if (half == 0 && c > '0')
        half = 1;
      cut = true;
      lost = lost || c != '0';
      continue;
    }
    if (__builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, c - '0', &v)) return false;
    if (decimals >= 0) decimals++;
  }
  if (digits == 0) return false;
  int missing = scale - (decimals < 0 ? 0 : decimals);
  if (missing > 0 && __builtin_mul_overflow(v, dec_pow10[missing], &v)) return false;
  if (cut && (half > 0 || (half == 0 && (v & 1))) && __builtin_sub_overflow(v, 1, &v)) return false;
  if (!negative && __builtin_sub_overflow(0, v, &v)) return false;
  if (lost && rounded) *rounded = true;
  *out = v;
  return true;
}

/* Without printf, which takes five times as long: every amount of every reply comes by. */
void dec_print(struct buf *b, int64_t v, int scale, int min) {
  uint64_t u = v < 0 ? -(uint64_t)v : (uint64_t)v;
  char digits[48];
  size_t i = sizeof digits;
  int shown = scale;
  while (shown > min && u % 10 == 0) u /= 10, shown--;
  for (int k = 0; k < shown; k++, u /= 10) digits[--i] = (char)('0' + u % 10);
  if (shown > 0) digits[--i] = '.';
  do digits[--i] = (char)('0' + u % 10);
  while ((u /= 10) != 0);
  if (v < 0) digits[--i] = '-';
  buf_add(b, digits + i, sizeof digits - i);
}
