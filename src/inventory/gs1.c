#include "inventory/gs1.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/time.h"

enum { GS = 0x1d };

/* Application identifiers: how many digits they have, and how long the value is. */
static const struct ai {
  const char *prefix;
  uint8_t digits, fixed, most; /* fixed 0: of free length up to most */
  bool numeric;
} table[] = {
  { "00", 2, 18, 18, true },   { "01", 2, 14, 14, true },   { "02", 2, 14, 14, true },
  { "10", 2, 0, 20, false },   { "11", 2, 6, 6, true },     { "12", 2, 6, 6, true },
  { "13", 2, 6, 6, true },     { "15", 2, 6, 6, true },     { "16", 2, 6, 6, true },
  { "17", 2, 6, 6, true },     { "20", 2, 2, 2, true },     { "21", 2, 0, 20, false },
  { "22", 2, 0, 20, false },   { "30", 2, 0, 8, true },     { "37", 2, 0, 8, true },
  { "240", 3, 0, 30, false },  { "241", 3, 0, 30, false },  { "250", 3, 0, 30, false },
  { "251", 3, 0, 30, false },  { "253", 3, 0, 30, false },  { "254", 3, 0, 20, false },
  { "400", 3, 0, 30, false },  { "401", 3, 0, 30, false },  { "402", 3, 17, 17, true },
  { "403", 3, 0, 30, false },  { "41", 3, 13, 13, true },   { "420", 3, 0, 20, false },
  { "421", 3, 0, 12, false },  { "422", 3, 3, 3, true },    { "31", 4, 6, 6, true },
  { "32", 4, 6, 6, true },     { "33", 4, 6, 6, true },     { "34", 4, 6, 6, true },
  { "35", 4, 6, 6, true },     { "36", 4, 6, 6, true },     { "390", 4, 0, 15, true },
  { "391", 4, 0, 18, true },   { "392", 4, 0, 15, true },   { "393", 4, 0, 18, true },
  { "703", 4, 0, 30, false },  { "8003", 4, 0, 30, false }, { "8004", 4, 0, 30, false },
  { "8005", 4, 6, 6, true },   { "8006", 4, 18, 18, true }, { "8008", 4, 0, 12, true },
  { "8020", 4, 0, 25, false }, { "91", 2, 0, 90, false },   { "92", 2, 0, 90, false },
  { "93", 2, 0, 90, false },   { "94", 2, 0, 90, false },   { "95", 2, 0, 90, false },
  { "96", 2, 0, 90, false },   { "97", 2, 0, 90, false },   { "98", 2, 0, 90, false },
  { "99", 2, 0, 90, false },
};

struct reading {
  struct gs1 *out;
  int year;
  char *why;
  size_t size;
};

static bool no(struct reading *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool no(struct reading *r, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  vsnprintf(r->why, r->size, fmt, args);
  va_end(args);
  return false;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool all_digits(struct str s) {
  for (size_t i = 0; i < s.n; i++)
    if (!is_digit(s.p[i])) return false;
  return s.n > 0;
}

bool gs1_check_digit(struct str digits) {
  int sum = 0;
  if (digits.n < 2 || !all_digits(digits)) return false;
  for (size_t i = 0; i + 1 < digits.n; i++) sum += (digits.p[digits.n - 2 - i] - '0') * (i % 2 ? 1 : 3);
  return (10 - sum % 10) % 10 == digits.p[digits.n - 1] - '0';
}

static const struct ai *find(struct str s) {
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (s.n >= table[i].digits && all_digits((struct str){ s.p, table[i].digits }) &&
        str_starts(s, str_of(table[i].prefix)))
      return &table[i];
  return NULL;
}

/* ---- values ---- */

static bool keep(struct reading *r, char *to, size_t size, struct str v) {
  if (to[0]) return no(r, "an application identifier is there twice");
  return str_copy(to, size, v) || no(r, "a value is too long");
}

static bool keep_checked(struct reading *r, char *to, size_t size, struct str v) {
  return gs1_check_digit(v) ? keep(r, to, size, v) : no(r, "the check digit of %.*s is wrong", (int)v.n, v.p);
}

/* YYMMDD; DD 00 is the last day of the month. */
static bool keep_day(struct reading *r, int32_t *to, struct str v) {
  int yy = (v.p[0] - '0') * 10 + v.p[1] - '0', month = (v.p[2] - '0') * 10 + v.p[3] - '0';
  int day = (v.p[4] - '0') * 10 + v.p[5] - '0', year = r->year - r->year % 100 + yy,
      ahead = yy - r->year % 100;
  if (*to != GS1_NO_DAY) return no(r, "an application identifier is there twice");
  if (ahead > 50) year -= 100;
  if (ahead < -49) year += 100;
  if (day == 0)
    for (day = 31; day > 28 && !date_valid(year, month, day);) day--;
  if (!date_valid(year, month, day)) return no(r, "%.*s is no day", (int)v.n, v.p);
  *to = date_days(year, month, day);
  return true;
}

static bool keep_count(struct reading *r, struct str v) {
  if (r->out->count >= 0) return no(r, "there are two counts");
  return str_to_int(v, &r->out->count) || no(r, "%.*s is no count", (int)v.n, v.p);
}

static bool take(struct reading *r, const struct ai *ai, struct str v) {
  struct gs1 *o = r->out;
  const char *p = ai->prefix;
  o->fields++;
  if (strcmp(p, "00") == 0) return keep_checked(r, o->sscc, sizeof o->sscc, v);
  if (strcmp(p, "01") == 0) return keep_checked(r, o->gtin, sizeof o->gtin, v);
  if (strcmp(p, "02") == 0) return keep_checked(r, o->content, sizeof o->content, v);
  if (strcmp(p, "10") == 0) return keep(r, o->lot, sizeof o->lot, v);
  if (strcmp(p, "21") == 0) return keep(r, o->serial, sizeof o->serial, v);
  if (strcmp(p, "400") == 0) return keep(r, o->order, sizeof o->order, v);
  if (strcmp(p, "11") == 0) return keep_day(r, &o->made, v);
  if (strcmp(p, "15") == 0) return keep_day(r, &o->best_before, v);
  if (strcmp(p, "17") == 0) return keep_day(r, &o->expires, v);
  if (strcmp(p, "30") == 0 || strcmp(p, "37") == 0) return keep_count(r, v);
  return true;
}

static bool check_value(struct reading *r, const struct ai *ai, struct str v) {
  if (v.n == 0) return no(r, "(%s) has no value", ai->prefix);
  if (ai->fixed && v.n != ai->fixed) return no(r, "(%s) has %d digits, not %zu", ai->prefix, ai->fixed, v.n);
  if (v.n > ai->most) return no(r, "(%s) has at most %d characters", ai->prefix, ai->most);
  if (ai->numeric && !all_digits(v)) return no(r, "(%s) has digits only", ai->prefix);
  for (size_t i = 0; i < v.n; i++)
    if ((unsigned char)v.p[i] < 0x21 || (unsigned char)v.p[i] > 0x7e)
      return no(r, "(%s) has a character that no symbol has", ai->prefix);
  return take(r, ai, v);
}

/* ---- the two ways to write it ---- */

static bool parse_printed(struct reading *r, struct str s) {
  while (s.n) {
    const char *close = memchr(s.p, ')', s.n);
    if (s.p[0] != '(' || !close) return no(r, "an application identifier stands in brackets, such as (01)");
    struct str id = { s.p + 1, (size_t)(close - s.p) - 1 };
    const struct ai *ai = find(id);
    if (!ai || ai->digits != id.n)
      return no(r, "(%.*s) is no application identifier that is known here", (int)(id.n > 8 ? 8 : id.n),
                id.p);
    s = (struct str){ close + 1, s.n - id.n - 2 };
    /* Brackets may stand in a value: the next identifier is one that is known. */
    size_t end = 0;
    while (end < s.n) {
      const char *shut = s.p[end] == '(' ? memchr(s.p + end, ')', s.n - end) : NULL;
      struct str next =
          shut ? (struct str){ s.p + end + 1, (size_t)(shut - s.p) - end - 1 } : (struct str){ 0 };
      const struct ai *known = next.n ? find(next) : NULL;
      if (known && known->digits == next.n && end > 0) break;
      end++;
    }
    struct str v = { s.p, end };
    if (v.n && v.p[v.n - 1] == GS) v.n--;
    if (!check_value(r, ai, v)) return false;
    s = (struct str){ s.p + end, s.n - end };
  }
  return true;
}

static bool parse_scanned(struct reading *r, struct str s) {
  while (s.n) {
    if (s.p[0] == GS) {
      s = (struct str){ s.p + 1, s.n - 1 };
      continue;
    }
    const struct ai *ai = find(s);
    if (!ai)
      return no(r, "%.*s begins with no application identifier that is known here", (int)(s.n > 8 ? 8 : s.n),
                s.p);
    s = (struct str){ s.p + ai->digits, s.n - ai->digits };
    const char *end = memchr(s.p, GS, s.n);
    size_t n = end ? (size_t)(end - s.p) : s.n;
    if (ai->fixed && n > ai->fixed) n = ai->fixed;
    if (!check_value(r, ai, (struct str){ s.p, n })) return false;
    s = (struct str){ s.p + n, s.n - n };
  }
  return true;
}

bool gs1_parse(struct str text, int year, struct gs1 *out, char *why, size_t size) {
  struct reading r = { .out = out, .year = year, .why = why, .size = size };
  *out = (struct gs1){ .made = GS1_NO_DAY, .best_before = GS1_NO_DAY, .expires = GS1_NO_DAY, .count = -1 };
  if (size) why[0] = '\0';
  if (text.n > 512) return no(&r, "it is longer than any symbol");
  if (text.n >= 3 && text.p[0] == ']') text = (struct str){ text.p + 3, text.n - 3 };
  while (text.n && text.p[0] == GS) text = (struct str){ text.p + 1, text.n - 1 };
  if (!text.n) return no(&r, "it is empty");
  if (text.p[0] != '(') return parse_scanned(&r, text);
  return parse_printed(&r, text);
}
