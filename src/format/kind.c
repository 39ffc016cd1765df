/*
** kind.c - what a value looks like, for guessing. Nothing is converted here.
**
** Codes stay codes: digits with a leading zero (00123) and numbers with an
** exponent (1E+15) are text, because reading them as numbers would change them.
*/
#include "format/internal.h"

bool kind_absent(struct str s) {
  static const char *const words[] = { "-",   "--",  "n/a",  "na",  "null", "none",
                                       "nil", "nan", "#n/a", "\\n", "?" };
  if (s.n == 0) return true;
  if (s.n > 4) return false;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (str_eq_nocase(s, str_of(words[i]))) return true;
  return false;
}

static bool is_boolean(struct str s) {
  static const char *const words[] = { "true", "false", "yes", "no", "y", "n", "t", "f" };
  for (size_t i = 0; s.n <= 5 && i < sizeof words / sizeof *words; i++)
    if (str_eq_nocase(s, str_of(words[i]))) return true;
  return false;
}

static bool digits_only(struct str s) {
  for (size_t i = 0; i < s.n; i++)
    if (s.p[i] < '0' || s.p[i] > '9') return false;
  return s.n > 0;
}

static bool is_time(struct str s) {
  if (s.n < 4 || s.n > 15 || s.p[0] < '0' || s.p[0] > '9') return false;
  size_t colons = 0;
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] == ':')
      colons++;
    else if ((s.p[i] < '0' || s.p[i] > '9') && s.p[i] != '.')
      return false;
  }
  return colons == 1 || colons == 2;
}

static bool has_digit(struct str s) {
  for (size_t i = 0; i < s.n; i++)
    if (s.p[i] >= '0' && s.p[i] <= '9') return true;
  return false;
}

/* 00123 and 0.5: only the first is a code. */
static bool is_code(struct str s) {
  if (memchr(s.p, 'e', s.n) || memchr(s.p, 'E', s.n)) return s.p[0] >= '0' && s.p[0] <= '9';
  return s.n > 1 && s.p[0] == '0' && s.p[1] >= '0' && s.p[1] <= '9';
}

enum kind kind_of(struct str s) {
  int64_t v;
  struct date_parts d;
  if (kind_absent(s)) return KIND_EMPTY;
  if (s.n > 128) return KIND_TEXT;
  struct str unsigned_part = s.p[0] == '-' || s.p[0] == '+' ? (struct str){ s.p + 1, s.n - 1 } : s;
  if (digits_only(unsigned_part) && unsigned_part.n <= 18)
    return is_code(unsigned_part) ? KIND_TEXT : KIND_INTEGER;
  if (!has_digit(s)) return is_boolean(s) ? KIND_BOOLEAN : KIND_TEXT;
  if (date_split(s, &d)) return KIND_DATE;
  if (is_time(s)) return KIND_TIME;
  if (is_code(s)) return KIND_TEXT;
  if (value_number(s, '.', 9, &v, NULL) || (memchr(s.p, ',', s.n) && value_number(s, ',', 9, &v, NULL)))
    return KIND_DECIMAL;
  return KIND_TEXT;
}
