/*
** number.c - numbers as people and programs write them, exactly.
**
**   [ sign | ( | currency ]  digits in groups [ decimal digits ] [ exponent ]  [ sign | ) | currency | code ]
**
** Groups are of three digits, or Indian: three at the end, two before. They must
** be well formed, because 12,34.5 may be anything; one kind of group sign is
** used in one number. Nothing passes through a double: digits are copied into
** plain decimal text and read by dec_parse.
*/
#include "base/decimal.h"
#include "format/format.h"

enum { DIGITS_MAX = 80 };

struct reader {
  const char *p, *end;
};

static bool eat(struct reader *r, struct str z) {
  if (r->p == r->end || *r->p != *z.p) return false; /* nearly always */
  if ((size_t)(r->end - r->p) < z.n || memcmp(r->p, z.p, z.n) != 0) return false;
  r->p += z.n;
  return true;
}

static bool eat_end(struct reader *r, struct str z) {
  if (r->p == r->end || r->end[-1] != z.p[z.n - 1]) return false;
  if ((size_t)(r->end - r->p) < z.n || memcmp(r->end - z.n, z.p, z.n) != 0) return false;
  r->end -= z.n;
  return true;
}

static const struct str blanks[] = {
  { " ", 1 }, { "\t", 1 }, { "\xc2\xa0", 2 }, { "\xe2\x80\xaf", 3 }, { "\xe2\x80\x89", 3 }
};

/* Nothing at either end that could be a blank, a sign or a currency. */
static bool bare(const struct reader *r) {
  return r->p < r->end && *r->p >= '0' && *r->p <= '9' && r->end[-1] >= '0' && r->end[-1] <= '9';
}

static void eat_blanks(struct reader *r) {
  if (bare(r)) return;
  for (size_t i = 0; i < sizeof blanks / sizeof *blanks;)
    i = eat(r, blanks[i]) || eat_end(r, blanks[i]) ? 0 : i + 1;
}

/* Signs and ISO 4217 codes; longer ones before those that they begin with. */
#define MARK(z)                                                                                              \
  { z, sizeof(z) - 1 }
static const struct str currencies[] = {
  MARK("\xe2\x82\xb9"), MARK("$"),   MARK("\xe2\x82\xac"), MARK("\xc2\xa3"), MARK("\xc2\xa5"),
  MARK("US$"),          MARK("A$"),  MARK("C$"),           MARK("R$"),       MARK("\xe2\x82\xa9"),
  MARK("\xe2\x82\xbd"), MARK("Rs."), MARK("Rs"),           MARK("RS."),      MARK("RS"),
  MARK("rs."),          MARK("rs"),  MARK("INR"),          MARK("USD"),      MARK("EUR"),
  MARK("GBP"),          MARK("JPY"), MARK("CNY"),          MARK("CHF"),      MARK("AUD"),
  MARK("CAD"),          MARK("NZD"), MARK("SGD"),          MARK("HKD"),      MARK("SEK"),
  MARK("NOK"),          MARK("DKK"), MARK("PLN"),          MARK("CZK"),      MARK("HUF"),
  MARK("BRL"),          MARK("MXN"), MARK("ZAR"),          MARK("AED"),      MARK("SAR"),
  MARK("KRW"),          MARK("THB"), MARK("IDR"),          MARK("MYR"),      MARK("PHP"),
  MARK("TRY"),          MARK("RUB"), MARK("ILS"),          MARK("VND"),      MARK("TWD"),
  MARK("PKR"),          MARK("BDT"), MARK("LKR"),          MARK("NPR"),      MARK("EGP"),
  MARK("NGN"),          MARK("KES"), MARK("Fr."),          MARK("kr"),       MARK("z\xc5\x82"),
};

static bool eat_currency(struct reader *r) {
  if (bare(r)) return false;
  for (size_t i = 0; i < sizeof currencies / sizeof *currencies; i++)
    if (eat(r, currencies[i]) || eat_end(r, currencies[i])) return true;
  return false;
}

/* Signs, parentheses and currency at both ends, in any order; each at most once. */
static bool eat_ends(struct reader *r, bool *negative) {
  bool sign = false, money = false;
  for (bool again = true; again;) {
    again = false;
    eat_blanks(r);
    if (r->p == r->end) return false;
    bool minus = !sign && (eat(r, STR("-")) || eat(r, STR("\xe2\x88\x92")) || eat_end(r, STR("-")) ||
                           eat_end(r, STR("\xe2\x88\x92")));
    bool plus = !sign && !minus && (eat(r, STR("+")) || eat_end(r, STR("+")));
    if (!sign && !minus && !plus && r->end - r->p >= 2 && *r->p == '(' && r->end[-1] == ')') {
      r->p++, r->end--;
      minus = true;
    }
    if (minus) *negative = true;
    if (minus || plus) sign = again = true;
    if (!money && eat_currency(r)) money = again = true;
  }
  return r->p < r->end;
}

/* Which group sign stands here: 0 none, else a number that names it. */
static int group_sign(struct reader *r, char decimal, size_t *n) {
  static const char *const signs[] = { "'", "\xe2\x80\x99", " ", "\xc2\xa0", "\xe2\x80\xaf", "\xe2\x80\x89" };
  size_t left = (size_t)(r->end - r->p);
  *n = 1;
  if (left && *r->p == (decimal == ',' ? '.' : ',')) return *r->p == ',' ? 1 : 2;
  for (int i = 0; i < 6; i++) {
    *n = strlen(signs[i]);
    if (left >= *n && memcmp(r->p, signs[i], *n) == 0) return 3 + i;
  }
  return 0;
}

struct digits {
  char text[DIGITS_MAX + 32];
  size_t n;
};

static size_t copy_digits(struct reader *r, struct digits *d) {
  size_t n = 0;
  while (r->p < r->end && *r->p >= '0' && *r->p <= '9' && d->n < DIGITS_MAX) {
    d->text[d->n++] = *r->p++;
    n++;
  }
  return n;
}

/* The whole part. Sizes of groups: the first 1..3, then all 3; or, with commas
** only, the first 1..2, then all 2 and the last 3. */
static bool read_whole(struct reader *r, char decimal, struct digits *d) {
  size_t first = copy_digits(r, d), size, last = first, twos = 0, threes = 0;
  int sign = 0;
  for (;;) {
    int here = group_sign(r, decimal, &size);
    if (!here) break;
    if (first == 0 || (sign && here != sign)) return false;
    sign = here;
    r->p += size;
    last = copy_digits(r, d);
    if (last == 2)
      twos++;
    else if (last == 3)
      threes++;
    else
      return false;
  }
  if (!sign) return true;
  if (first > 3 || last != 3) return false;
  return twos == 0 || (sign == 1 && threes == 1 && first <= 2);
}

static bool read_exponent(struct reader *r, int *exponent) {
  *exponent = 0;
  if (r->p == r->end) return true;
  if (*r->p != 'e' && *r->p != 'E') return false;
  r->p++;
  bool minus = r->p < r->end && *r->p == '-';
  if (r->p < r->end && (*r->p == '-' || *r->p == '+')) r->p++;
  if (r->p == r->end || r->end - r->p > 3) return false;
  int v = 0;
  for (; r->p < r->end; r->p++) {
    if (*r->p < '0' || *r->p > '9') return false;
    v = v * 10 + (*r->p - '0');
  }
  *exponent = minus ? -v : v;
  return true;
}

/* The digits with the point moved by the exponent, as plain decimal text. */
static bool place_point(struct digits *d, size_t whole, int exponent) {
  char out[sizeof d->text + 2];
  long point = (long)whole + exponent;
  size_t n = 0;
  if (point < -40 || point > DIGITS_MAX) return false;
  for (long i = point < 0 ? point : 0; i < (long)d->n || i < point; i++) {
    if (i == point) out[n++] = '.';
    if (n + 2 >= sizeof out) return false;
    out[n++] = i >= 0 && i < (long)d->n ? d->text[i] : '0';
  }
  if (n >= sizeof d->text) return false;
  memcpy(d->text, out, n);
  d->n = n;
  return true;
}

/* A code of three letters and an exponent are all the letters of a number. */
static bool too_wordy(struct str s) {
  size_t letters = 0;
  for (size_t i = 0; i < s.n; i++) letters += (s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'z';
  return letters > 4;
}

static bool read_any(struct str s, char decimal, int scale, int64_t *out, bool *rounded) {
  struct reader r = { s.p, s.p + s.n };
  struct digits d = { .n = 0 };
  bool negative = false;
  int exponent;
  if (too_wordy(s) || !eat_ends(&r, &negative) || !read_whole(&r, decimal, &d)) return false;
  size_t whole = d.n;
  if (r.p < r.end && *r.p == decimal) {
    r.p++;
    copy_digits(&r, &d);
  }
  if (d.n == 0 || !read_exponent(&r, &exponent) || !place_point(&d, whole, exponent)) return false;
  if (!dec_parse((struct str){ d.text, d.n }, scale, out, rounded)) return false;
  if (negative) *out = -*out;
  return true;
}

bool value_number(struct str s, char decimal, int scale, int64_t *out, bool *rounded) {
  if (rounded) *rounded = false;
  if (s.n == 0 || s.n > 128) return false;
  /* Nearly all numbers are digits with at most one point and fit without care. */
  int64_t v = 0;
  size_t i = s.p[0] == '-', from = i;
  int decimals = -1;
  for (; i < s.n && s.n - from <= 18; i++) {
    unsigned digit = (unsigned char)s.p[i] - '0';
    if (digit <= 9) {
      v = v * 10 + digit;
      decimals += decimals >= 0;
    } else if (s.p[i] == decimal && decimals < 0 && i > from) {
      decimals = 0;
    } else {
      return read_any(s, decimal, scale, out, rounded);
    }
  }
  if (decimals < 0) decimals = 0;
  if (i < s.n || i == from || decimals > scale) return read_any(s, decimal, scale, out, rounded);
  if (__builtin_mul_overflow(v, dec_pow10[scale - decimals], &v)) return false;
  *out = from ? -v : v;
  return true;
}
