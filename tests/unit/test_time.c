#include "base/time.h"

#include <stdio.h>
#include <time.h>

#include "unit.h"

UNIT(time_every_day, "every day from 1900 to 2100 agrees with the C library") {
  struct tm tm = { .tm_year = 0, .tm_mon = 0, .tm_mday = 1, .tm_hour = 12 };
  time_t t = timegm(&tm);
  int32_t day = date_days(1900, 1, 1);
  for (int years = 0; years <= 200;) {
    gmtime_r(&t, &tm);
    int y, m, d;
    date_civil(day, &y, &m, &d);
    bool same = CHECK_INT(y, tm.tm_year + 1900) && CHECK_INT(m, tm.tm_mon + 1) && CHECK_INT(d, tm.tm_mday) &&
                CHECK_INT(date_days(y, m, d), day) && CHECK(date_valid(y, m, d)) &&
                CHECK_INT((int64_t)day * 86400 + 43200, t);
    char text[DATE_SIZE], want[DATE_SIZE];
    strftime(want, sizeof want, "%Y-%m-%d", &tm);
    if (!same || !CHECK_STR(date_iso(text, day), (const char *)want)) return;
    strftime(want, sizeof want, "%G-W%V", &tm);
    if (!CHECK_STR(date_week(text, day), (const char *)want)) return;
    if (m == 12 && d == 31) years++;
    day++, t += 86400;
  }
  CHECK_INT(day, date_days(2101, 1, 1));
}

UNIT(time_weeks, "the first days of a year may lie in the last week of the year before") {
  char text[DATE_SIZE];
  CHECK_STR(date_week(text, date_days(2020, 12, 31)), "2020-W53");
  CHECK_STR(date_week(text, date_days(2021, 1, 1)), "2020-W53");
  CHECK_STR(date_week(text, date_days(2021, 1, 4)), "2021-W01");
  CHECK_STR(date_week(text, date_days(2024, 12, 30)), "2025-W01");
  CHECK_STR(date_week(text, date_days(1969, 12, 28)), "1969-W52");
}

UNIT(time_valid_dates, "a date is valid exactly when the calendar has it") {
  for (int y = 1999; y <= 2101; y++)
    for (int m = -1; m <= 14; m++)
      for (int d = -1; d <= 33; d++) {
        int yy, mm, dd;
        bool there = false;
        if (m >= 1 && m <= 12 && d >= 1 && d <= 31) {
          date_civil(date_days(y, m, d), &yy, &mm, &dd);
          there = yy == y && mm == m && dd == d;
        }
        if (!CHECK_INT(date_valid(y, m, d), there)) printf("  %d-%d-%d\n", y, m, d);
      }
  CHECK(date_valid(9999, 12, 31));
  CHECK(!date_valid(10000, 1, 1));
  CHECK(!date_valid(0, 1, 1));
  CHECK(!date_valid(1900, 2, 29));
  CHECK(date_valid(2000, 2, 29));
}

UNIT(time_round_trip, "what was printed is parsed to the same instant, before 1970, too") {
  static const int64_t instants[] = { 0,
                                      1,
                                      -1,
                                      999999,
                                      -1000000,
                                      INT64_C(1709251199123456),
                                      -DAY_US,
                                      DAY_US - 1,
                                      INT64_C(253402300799999999),
                                      INT64_C(-62135596800000000) };
  for (size_t i = 0; i < sizeof instants / sizeof *instants; i++) {
    char text[TIME_SIZE];
    int64_t back = 0;
    time_iso(text, instants[i]);
    if (!CHECK(time_parse_iso(str_of(text), &back)) || !CHECK_INT(back, instants[i])) printf("  %s\n", text);
  }
  char text[TIME_SIZE];
  CHECK_STR(time_iso(text, INT64_C(1709251199123456)), "2024-02-29T23:59:59.123456Z");
  CHECK_STR(time_iso(text, -1), "1969-12-31T23:59:59.999999Z");
}

UNIT(time_parsing, "an instant is a date, or a date and a time in UTC, and nothing around it") {
  int64_t us = 0;
  CHECK(time_parse_iso(STR("1970-01-02"), &us));
  CHECK_INT(us, DAY_US);
  CHECK(time_parse_iso(STR("1970-01-01T00:00:01"), &us));
  CHECK_INT(us, 1000000);
  CHECK(time_parse_iso(STR("1970-01-01T00:00:01.5Z"), &us));
  CHECK_INT(us, 1500000);
  CHECK(time_parse_iso(STR("1970-01-01T00:00:01.1234569"), &us));
  CHECK_INT(us, 1123456);
  us = 42;
  static const struct str wrong[] = {
    { "", 0 },
    { NULL, 0 },
#define W(z) { z, sizeof(z) - 1 }
    W(" 1970-01-01"),
    W("1970-01-01 "),
    W("1970-1-1"),
    W("+970-01-01"),
    W("1970-02-29"),
    W("1970-01-01T"),
    W("1970-01-01T24:00:00"),
    W("1970-01-01T00:60:00"),
    W("1970-01-01T00:00:61"),
    W("1970-01-01T00:00"),
    W("1970-01-01T00:00:00."),
    W("1970-01-01T00:00:00ZZ"),
    W("1970-01-01T00:00:00+01:00"),
    W("1970-01-01\0"),
    W("1970-01-01T0:00:000"),
    W("1970-01-01T-1:00:00"),
    W("19700101"),
    W("0000-01-01"),
    W("1970-13-01"),
#undef W
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    if (!CHECK(!time_parse_iso(wrong[i], &us))) CHECK_STR(wrong[i], "refused");
  CHECK_INT(us, 42);
}
