#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int64_t real_clock(void) {
  struct timespec ts;
  clock_gettime(CLOCK_REALTIME, &ts);
  return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

#ifdef OUTPOST_TEST
/* A test build adds what the file $OUTPOST_CLOCK holds, in microseconds: a clock that is
** wrong, or jumps while the program runs. */
static int64_t test_clock(void) {
  const char *path = getenv("OUTPOST_CLOCK");
  char text[32] = "";
  FILE *f = path ? fopen(path, "r") : NULL;
  if (f && !fgets(text, sizeof text, f)) text[0] = 0;
  if (f) fclose(f);
  return real_clock() + strtoll(text, NULL, 10);
}
int64_t (*time_source)(void) = test_clock;
#else
int64_t (*time_source)(void) = real_clock;
#endif

double time_seconds(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

bool date_valid(int year, int month, int day) {
  static const char length[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
  if (month < 1 || month > 12 || day < 1 || year < 1 || year > 9999) return false;
  bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return day <= length[month - 1] + (month == 2 && leap);
}

int32_t date_days(int year, int month, int day) {
  year -= month <= 2;
  int era = (year >= 0 ? year : year - 399) / 400;
  int yoe = year - era * 400;
  int doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  int doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + doe - 719468;
}

void date_civil(int32_t days, int *year, int *month, int *day) {
  int z = days + 719468;
  int era = (z >= 0 ? z : z - 146096) / 146097;
  int doe = z - era * 146097;
  int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  int doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  int mp = (5 * doy + 2) / 153;
  *day = doy - (153 * mp + 2) / 5 + 1;
  *month = mp < 10 ? mp + 3 : mp - 9;
  *year = yoe + era * 400 + (*month <= 2);
}

const char *date_iso(char out[static DATE_SIZE], int32_t days) {
  int y, m, d;
  date_civil(days, &y, &m, &d);
  snprintf(out, DATE_SIZE, "%04d-%02d-%02d", y, m, d);
  return out;
}

/* v with n digits, and what follows; the place behind it. */
static char *put_digits(char *p, int v, int n, char then) {
  for (int i = n - 1; i >= 0; i--, v /= 10) p[i] = (char)('0' + v % 10);
  p[n] = then;
  return p + n + 1;
}

const char *time_iso(char out[static TIME_SIZE], int64_t us) {
  int64_t day = us / DAY_US, rest = us % DAY_US;
  if (rest < 0) day--, rest += DAY_US;
  int y, m, d;
  date_civil((int32_t)day, &y, &m, &d);
  int seconds = (int)(rest / 1000000);
  if (y < 0 || y > 9999) {
    snprintf(out, TIME_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", y, m, d, seconds / 3600,
             seconds / 60 % 60, seconds % 60, (int)(rest % 1000000));
    return out;
  }
  char *p = out;
  p = put_digits(p, y, 4, '-');
  p = put_digits(p, m, 2, '-');
  p = put_digits(p, d, 2, 'T');
  p = put_digits(p, seconds / 3600, 2, ':');
  p = put_digits(p, seconds / 60 % 60, 2, ':');
  p = put_digits(p, seconds % 60, 2, '.');
  p = put_digits(p, (int)(rest % 1000000), 6, 'Z');
  *p = 0;
  return out;
}

/* Days since a Monday: 1970-01-01 was a Thursday. */
static int weekday(int32_t days) { return (days % 7 + 7 + 3) % 7; }

const char *date_week(char out[static DATE_SIZE], int32_t days) {
  int32_t thursday = days - weekday(days) + 3;
  int y, m, d;
  date_civil(thursday, &y, &m, &d);
  snprintf(out, DATE_SIZE, "%04d-W%02d", y, (thursday - date_days(y, 1, 1)) / 7 % 53 + 1);
  return out;
}

/* Exactly n digits at *p, which moves behind them; -1 otherwise. */
static int digits(const char **p, const char *end, int n) {
  int v = 0;
  if (end - *p < n) return -1;
  for (; n > 0; n--, (*p)++) {
    if (**p < '0' || **p > '9') return -1;
    v = v * 10 + (**p - '0');
  }
  return v;
}

static bool take(const char **p, const char *end, char c) {
  if (*p == end || **p != c) return false;
  (*p)++;
  return true;
}

bool time_parse_iso(struct str s, int64_t *us) {
  if (s.n == 0) return false;
  const char *p = s.p, *end = s.p + s.n;
  int y = digits(&p, end, 4);
  int m = take(&p, end, '-') ? digits(&p, end, 2) : -1;
  int d = take(&p, end, '-') ? digits(&p, end, 2) : -1;
  if (!date_valid(y, m, d)) return false;
  int64_t t = date_days(y, m, d) * DAY_US;
  if (p == end) {
    *us = t;
    return true;
  }
  int hh = take(&p, end, 'T') ? digits(&p, end, 2) : -1;
  int mm = take(&p, end, ':') ? digits(&p, end, 2) : -1;
  int ss = take(&p, end, ':') ? digits(&p, end, 2) : -1;
  if (hh < 0 || hh > 23 || mm < 0 || mm > 59 || ss < 0 || ss > 60) return false; /* 60: a leap second */
  t += ((int64_t)hh * 3600 + mm * 60 + ss) * 1000000;
  if (take(&p, end, '.')) {
    const char *from = p;
    for (int64_t unit = 100000; p < end && *p >= '0' && *p <= '9'; p++, unit /= 10) t += (*p - '0') * unit;
    if (p == from) return false;
  }
  take(&p, end, 'Z');
  if (p != end) return false;
  *us = t;
  return true;
}

/* Z, or hours east of Greenwich, with or without minutes: as microseconds. */
static bool zone(const char *p, const char *end, int64_t *east) {
  *east = 0;
  if (end - p == 1) return *p == 'Z' || *p == 'z';
  if (p == end || (*p != '+' && *p != '-')) return false;
  bool west = *p++ == '-';
  int hours = digits(&p, end, 2), minutes = 0;
  if (p < end) {
    take(&p, end, ':');
    minutes = digits(&p, end, 2);
  }
  if (p != end || hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return false;
  *east = ((int64_t)hours * 60 + minutes) * (west ? -60000000 : 60000000);
  return true;
}

bool time_parse_zoned(struct str s, int64_t *us) {
  enum { DATE_AND_TIME = 19 };
  char text[DATE_AND_TIME + 8];
  int64_t east, fraction = 0;
  if (s.n <= DATE_AND_TIME) return false;
  memcpy(text, s.p, DATE_AND_TIME);
  if (text[10] == 't') text[10] = 'T';
  if (!time_parse_iso((struct str){ text, DATE_AND_TIME }, us)) return false;
  const char *p = s.p + DATE_AND_TIME, *end = s.p + s.n;
  if (*p == '.' || *p == ',') {
    const char *from = ++p;
    for (int64_t unit = 100000; p < end && *p >= '0' && *p <= '9'; p++, unit /= 10)
      fraction += (*p - '0') * unit;
    if (p == from) return false;
  }
  if (!zone(p, end, &east)) return false;
  *us += fraction - east;
  return true;
}
