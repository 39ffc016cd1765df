/* Figures of the stock from sums over windows, the line through days, GS1 element strings. */
#include <stdio.h>

#include "base/time.h"
#include "inventory/gs1.h"
#include "inventory/metric.h"
#include "unit.h"

enum { D = 20700 };

UNIT(metric_by_hand, "velocity, trend, average, turnover and cover of ten days") {
  struct metric_sums s = { .first_day = D - 9, .last_day = D };
  struct metric m;
  CHECK(metric_add(&s, D, D - 9, 0, 100 * STOCK_UNIT, 1));
  for (int i = 0; i < 4; i++)
    CHECK(metric_add(&s, D, D - 3 + i, (i + 1) * STOCK_UNIT, -(i + 1) * STOCK_UNIT, 1));
  metric_of(&s, D, 84 * STOCK_UNIT, &m);
  CHECK_INT(m.velocity, 3571);
  CHECK_INT(m.trend, 68418);
  CHECK_INT(m.average, 98 * STOCK_UNIT);
  CHECK_INT(m.turnover, 37245);
  CHECK_INT(m.days_of_cover, 2352000);
}

UNIT(metric_nothing, "without issues there is no cover, without stock no turnover") {
  struct metric_sums s = { .first_day = D, .last_day = D };
  struct metric m;
  metric_of(&s, D, 5 * STOCK_UNIT, &m);
  CHECK(!m.has_cover && !m.has_turnover);
  CHECK_INT(m.velocity, 0);
  CHECK_INT(m.trend, 0);
}

UNIT(metric_windows, "a day enters and leaves without a trace, days outside do not count") {
  struct metric_sums s = { .first_day = D, .last_day = D }, was = s;
  CHECK(metric_add(&s, D, D - METRIC_DAYS, 7, -7, 1));
  CHECK_INT(s.issued_28, 0);
  CHECK_INT(s.issued_365, 7);
  CHECK(metric_add(&s, D, D - METRIC_YEAR, 9, -9, 1));
  CHECK_INT(s.issued_365, 7);
  CHECK_INT(s.on_hand, -16);
  CHECK(metric_add(&s, D, D + 1, 9, -9, 1));
  CHECK_INT(s.on_hand, -16);
  CHECK(metric_add(&s, D, D - METRIC_DAYS, 7, -7, -1));
  CHECK(metric_add(&s, D, D - METRIC_YEAR, 9, -9, -1));
  CHECK(memcmp(&s, &was, sizeof s) == 0);
}

UNIT(metric_overflow, "sums that cannot be counted are refused") {
  struct metric_sums s = { 0 };
  CHECK(!metric_add(&s, D, D, INT64_MAX / 2, 0, 1));
}

UNIT(trend_line, "the line through points that lie on one leaves no error") {
  int64_t v[28], slope, error;
  for (int i = 0; i < 28; i++) v[i] = (3 + 2 * i) * STOCK_UNIT;
  trend_of(v, 28, &slope, &error);
  CHECK_INT(slope, 2000000);
  CHECK(error >= 0 && error < 10);
  const int64_t w[] = { 1 * STOCK_UNIT, 3 * STOCK_UNIT, 2 * STOCK_UNIT, 4 * STOCK_UNIT }; /* slope 0.8 */
  trend_of(w, 4, &slope, &error);
  CHECK_INT(slope, 800000);
  CHECK_INT(error, 424264); /* sqrt(1.8 / 2 / 5) */
}

/* What is read of it, or why nothing is. */
static const char *read(const char *text) {
  static char out[256];
  struct gs1 g;
  char why[128], made[DATE_SIZE] = "", expires[DATE_SIZE] = "";
  if (!gs1_parse(str_of(text), 2026, &g, why, sizeof why)) {
    snprintf(out, sizeof out, "%s", why);
    return out;
  }
  if (g.made != GS1_NO_DAY) date_iso(made, g.made);
  if (g.expires != GS1_NO_DAY) date_iso(expires, g.expires);
  snprintf(out, sizeof out, "%s/%s/%s/%s/%s/%lld", g.gtin, g.lot, g.serial, made, expires,
           (long long)g.count);
  return out;
}

UNIT(gs1_ways, "as printed and as scanned, with and without the symbology's identifier") {
  CHECK_STR(read("(01)09521234543213(17)270228(10)L-9(21)X1"), "09521234543213/L-9/X1//2027-02-28/-1");
  CHECK_STR(read("]d201095212345432131727022810L-9\x1d"
                 "21X1"),
            "09521234543213/L-9/X1//2027-02-28/-1");
  CHECK_STR(read("\x1d"
                 "10L-9\x1d"
                 "0109521234543213"),
            "09521234543213/L-9////-1");
  CHECK_STR(read("(10)A(B)(37)12"), "/A(B)////12");
  CHECK_STR(read("(3103)001750(01)09521234543213"), "09521234543213/////-1");
}

UNIT(gs1_days, "a century for two digits, the last day of a month for 00") {
  CHECK_STR(read("(17)280200"), "////2028-02-29/-1");
  CHECK_STR(read("(11)770101"), "///1977-01-01//-1");
  CHECK_STR(read("(11)760101"), "///2076-01-01//-1");
  CHECK_STR(read("(17)270231"), "270231 is no day");
}

UNIT(gs1_refused, "what is cut off, twice there, of the wrong kind or unknown") {
  CHECK_STR(read("(01)0952123454321"), "(01) has 14 digits, not 13");
  CHECK_STR(read("(01)09521234543214"), "the check digit of 09521234543214 is wrong");
  CHECK_STR(read("(10)A(10)B"), "an application identifier is there twice");
  CHECK_STR(read("(30)1x"), "(30) has digits only");
  CHECK_STR(read("(10)"), "(10) has no value");
  CHECK_STR(read("(05)1"), "(05) is no application identifier that is known here");
  CHECK_STR(read("ABC"), "ABC begins with no application identifier that is known here");
  CHECK_STR(read(""), "it is empty");
}
