#include "base/str.h"

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v';
}

struct str str_trim(struct str s) {
  while (s.n > 0 && is_blank(s.p[0])) s.p++, s.n--;
  while (s.n > 0 && is_blank(s.p[s.n - 1])) s.n--;
  return s;
}

static unsigned char fold(char c) { return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c); }

bool str_eq_nocase(struct str a, struct str b) {
  if (a.n != b.n) return false;
  for (size_t i = 0; i < a.n; i++)
    if (fold(a.p[i]) != fold(b.p[i])) return false;
  return true;
}

bool str_starts(struct str s, struct str prefix) {
  return s.n >= prefix.n && str_eq((struct str){ s.p, prefix.n }, prefix);
}

bool str_to_int(struct str s, int64_t *out) {
  bool negative = s.n > 0 && s.p[0] == '-';
  size_t i = negative;
  int64_t v = 0;
  if (i == s.n) return false;
  for (; i < s.n; i++) {
    int digit = s.p[i] - '0';
    if (digit < 0 || digit > 9) return false;
    if (__builtin_mul_overflow(v, 10, &v)) return false;
    if (__builtin_sub_overflow(v, digit, &v)) return false; /* downwards: INT64_MIN fits */
  }
  if (!negative && __builtin_sub_overflow(0, v, &v)) return false;
  *out = v;
  return true;
}

bool str_copy(char *to, size_t size, struct str s) {
  size_t n = s.n < size ? s.n : size - 1;
  if (n) memcpy(to, s.p, n);
  to[n] = 0;
  return n == s.n;
}
