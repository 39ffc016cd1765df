/*
** date.c - dates as people and programs write them, to days since 1970.
**
** Reading has two steps. date_split finds what the text itself decides: a year
** of four digits in front, a month's name. Two small numbers stay undecided
** (1/2/2024); value_date then applies the column's order to them.
**
** A time of day after the date is checked and dropped. Spreadsheet serials
** (45292) are numbers and not dates.
*/
#include "base/time.h"
#include "format/internal.h"

struct reader {
  const char *p, *end;
};

static bool digit(char c) { return c >= '0' && c <= '9'; }
static size_t left(const struct reader *r) { return (size_t)(r->end - r->p); }
static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }
static bool letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }

static size_t read_int(struct reader *r, int *out) {
  size_t n = 0;
  *out = 0;
  while (left(r) && digit(*r->p) && n < 9) *out = *out * 10 + (*r->p++ - '0'), n++;
  return n;
}

static bool read_char(struct reader *r, char c) {
  if (!left(r) || *r->p != c) return false;
  r->p++;
  return true;
}

static bool read_blanks(struct reader *r) {
  const char *from = r->p;
  while (left(r) && *r->p == ' ') r->p++;
  return r->p > from;
}

/* A word against a list of names; at least three letters must be there. */
static int read_name(struct reader *r, const char *const *names, int count) {
  size_t n = 0;
  while (n < left(r) && letter(r->p[n])) n++;
  if (n < 3) return 0;
  for (int i = 0; i < count; i++) {
    if (lower(*r->p) != names[i][0]) continue;
    size_t full = strlen(names[i]), k = 0;
    if (n > full || (n > 3 && n < full && !(n == 4 && strncmp(names[i], "sept", 4) == 0))) continue;
    while (k < n && lower(r->p[k]) == names[i][k]) k++;
    if (k < n) continue;
    r->p += n;
    return i + 1;
  }
  return 0;
}

static int read_month(struct reader *r) {
  static const char *const months[] = {
    "january", "february", "march",     "april",   "may",      "june",
    "july",    "august",   "september", "october", "november", "december"
  };
  return read_name(r, months, 12);
}

static void skip_weekday(struct reader *r) {
  static const char *const days[] = { "monday", "tuesday",  "wednesday", "thursday",
                                      "friday", "saturday", "sunday" };
  if (!read_name(r, days, 7)) return;
  read_char(r, ',');
  read_blanks(r);
}

/* ---- the time after the date ---- */

static bool read_zone(struct reader *r) {
  int n;
  read_blanks(r);
  if (!left(r) || read_char(r, 'Z') || read_char(r, 'z')) return true;
  if (left(r) >= 3 && (memcmp(r->p, "UTC", 3) == 0 || memcmp(r->p, "GMT", 3) == 0)) {
    r->p += 3;
    return true;
  }
  if (!read_char(r, '+') && !read_char(r, '-')) return false;
  size_t digits = read_int(r, &n);
  if (digits == 4) return true;
  return digits == 2 && (!read_char(r, ':') || read_int(r, &n) == 2);
}

static bool read_half_day(struct reader *r) { /* AM, PM, a.m. */
  struct reader was = *r;
  read_blanks(r);
  char c = left(r) ? lower(*r->p) : 0;
  if (c != 'a' && c != 'p') {
    *r = was;
    return true;
  }
  r->p++;
  read_char(r, '.');
  if (!left(r) || lower(*r->p) != 'm') return false;
  r->p++;
  read_char(r, '.');
  return true;
}

static bool read_time(struct reader *r) {
  int h, m, s, fraction;
  size_t n = read_int(r, &h);
  if (n == 0 || n > 2 || h > 24 || !read_char(r, ':') || read_int(r, &m) != 2 || m > 59) return false;
  if (read_char(r, ':')) {
    if (read_int(r, &s) != 2 || s > 60) return false;
    if ((read_char(r, '.') || read_char(r, ',')) && read_int(r, &fraction) == 0) return false;
  }
  return read_half_day(r) && read_zone(r) && !left(r);
}

/* Nothing, or a time of day. */
static bool read_rest(struct reader *r) {
  if (!left(r)) return true;
  if (!read_char(r, 'T') && !read_char(r, 't')) {
    bool comma = read_char(r, ',');
    if (!read_blanks(r) && !comma) return false;
  }
  return read_time(r);
}

/* ---- the date ---- */

static int full_year(size_t digits, int year) {
  if (digits == 4) return year >= 1000 ? year : 0;
  return digits == 2 ? year + (year < 70 ? 2000 : 1900) : 0;
}

static bool separator(struct reader *r, char *out) {
  if (!left(r) || !strchr("-/. ", *r->p) || !*r->p) return false;
  *out = *r->p++;
  if (*out == '.') read_blanks(r); /* 5. 3. 2024 */
  return true;
}

static bool split_iso(struct reader *r, struct date_parts *d) {
  int month_digits;
  char second;
  d->form = FORM_ISO;
  if (!separator(r, &d->separator)) return false;
  d->month = read_month(r);
  if (!d->month) {
    month_digits = (int)read_int(r, &d->month);
    if (month_digits < 1 || month_digits > 2) return false;
  }
  if (!separator(r, &second) || second != d->separator) return false;
  size_t n = read_int(r, &d->day);
  return n >= 1 && n <= 2 && read_rest(r);
}

static bool split_compact(struct reader *r, int v, struct date_parts *d) {
  d->form = FORM_ISO;
  d->year = v / 10000, d->month = v / 100 % 100, d->day = v % 100;
  return d->year >= 1900 && d->year <= 2100 && read_rest(r);
}

static bool read_year(struct reader *r, struct date_parts *d) {
  int year;
  size_t n = read_int(r, &year);
  d->year = full_year(n, year);
  return d->year != 0 && read_rest(r);
}

static void skip_ordinal(struct reader *r) { /* 1st 2nd 3rd 4th */
  static const char *const ends[] = { "st", "nd", "rd", "th" };
  for (int i = 0; i < 4; i++)
    if (left(r) >= 2 && lower(r->p[0]) == ends[i][0] && lower(r->p[1]) == ends[i][1]) {
      r->p += 2;
      return;
    }
}

static bool between_words(struct reader *r) {
  char c;
  if (read_char(r, ',')) {
    read_blanks(r);
    return true;
  }
  if (!separator(r, &c)) return false;
  read_blanks(r);
  return true;
}

/* 5 Mar 2024, 05-Mar-24 */
static bool split_day_name(struct reader *r, struct date_parts *d) {
  d->form = FORM_NAMED;
  skip_ordinal(r);
  struct reader was = *r;
  if (!between_words(r)) *r = was; /* 05Mar2024 */
  d->month = read_month(r);
  if (!d->month) return false;
  read_char(r, '.');
  was = *r;
  if (!between_words(r)) *r = was;
  return read_year(r, d);
}

/* Mar 5, 2024 */
static bool split_name_day(struct reader *r, struct date_parts *d) {
  d->form = FORM_NAMED;
  d->month_first = true;
  d->month = read_month(r);
  if (!d->month) return false;
  read_char(r, '.');
  if (!between_words(r)) return false;
  size_t n = read_int(r, &d->day);
  if (n < 1 || n > 2) return false;
  skip_ordinal(r);
  return between_words(r) && read_year(r, d);
}

static bool split_numeric(struct reader *r, struct date_parts *d) {
  char second;
  d->form = FORM_NUMERIC;
  if (!separator(r, &d->separator)) return false;
  size_t n = read_int(r, &d->second);
  if (n < 1 || n > 2 || !separator(r, &second) || second != d->separator) return false;
  return read_year(r, d) && d->first >= 1 && d->second >= 1 && d->first <= 31 && d->second <= 31 &&
         (d->first <= 12 || d->second <= 12);
}

bool date_split(struct str s, struct date_parts *d) {
  s = str_trim(s);
  *d = (struct date_parts){ .form = FORM_NONE };
  if (s.n < 6 || s.n > 64) return false;
  struct reader r = { s.p, s.p + s.n };
  int first;
  if (letter(*r.p)) skip_weekday(&r);
  if (left(&r) && letter(*r.p)) return split_name_day(&r, d) && date_valid(d->year, d->month, d->day);
  size_t n = read_int(&r, &first);
  if (n == 8) return split_compact(&r, first, d) && date_valid(d->year, d->month, d->day);
  if (n == 4) {
    d->year = full_year(n, first);
    return d->year && split_iso(&r, d) && date_valid(d->year, d->month, d->day);
  }
  if (n < 1 || n > 2) return false;
  d->first = d->day = first;
  struct reader was = r;
  if (split_numeric(&r, d)) return true;
  return split_day_name(&was, d) && date_valid(d->year, d->month, d->day);
}

/* From 1970 to 2099 every fourth year is a leap year: no division is needed. */
static bool near_days(int year, int month, int day, int32_t *days) {
  static const short before[13] = { 0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
  static const signed char length[13] = { 0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
  int leap = year % 4 == 0;
  if (month < 1 || month > 12 || day < 1 || day > length[month] + (leap && month == 2)) return false;
  int since = year - 1970;
  *days = since * 365 + (since + 1) / 4 + before[month] + (leap && month > 2) + day - 1;
  return true;
}

/* YYYY-MM-DD without looking twice. */
static bool iso_fast(const char *p, int32_t *days) {
  static const unsigned char at[8] = { 0, 1, 2, 3, 5, 6, 8, 9 };
  unsigned d[8], wrong = 0;
  for (int i = 0; i < 8; i++) {
    d[i] = (unsigned char)p[at[i]] - '0';
    wrong |= d[i] > 9;
  }
  if (wrong) return false;
  int year = (int)(d[0] * 1000 + d[1] * 100 + d[2] * 10 + d[3]), month = (int)(d[4] * 10 + d[5]),
      day = (int)(d[6] * 10 + d[7]);
  if (year >= 1970 && year < 2100) return near_days(year, month, day, days);
  if (year < 1000 || !date_valid(year, month, day)) return false;
  *days = date_days(year, month, day);
  return true;
}

static bool numeric_date(const struct date_parts *d, enum date_order order, int *month, int *day) {
  if (order == DATE_YMD) return false;
  if (order == DATE_AUTO) { /* only what cannot be anything else */
    if (d->first <= 12 && d->second <= 12 && d->first != d->second) return false;
    order = d->first > 12 ? DATE_DMY : DATE_MDY;
  }
  *month = order == DATE_DMY ? d->second : d->first;
  *day = order == DATE_DMY ? d->first : d->second;
  return true;
}

bool value_date(struct str s, enum date_order order, int32_t *days) {
  struct date_parts d;
  if (s.n == 10 && s.p[4] == '-' && s.p[7] == '-') return iso_fast(s.p, days);
  if (!date_split(s, &d)) return false;
  if (d.form == FORM_NAMED && order == DATE_YMD) return false;
  if (d.form == FORM_NUMERIC && !numeric_date(&d, order, &d.month, &d.day)) return false;
  if (!date_valid(d.year, d.month, d.day)) return false;
  *days = date_days(d.year, d.month, d.day);
  return true;
}
