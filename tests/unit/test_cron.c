/* Cron expressions: what is read, what is refused, slots around changes of the clock, words.
** Ten years beside another implementation are in tests/scenario/schedules.test.mjs. */
#include <stdio.h>

#include "base/time.h"
#include "job/cron.h"
#include "unit.h"

/* The next n slots after an instant, as wall times with their offset. */
static const char *slots(const char *cron, const char *zone_wanted, const char *after, int n) {
  static char out[600];
  struct ctx cx;
  struct cron c;
  const struct zone *z;
  char iso[ZONE_TIME_SIZE];
  int64_t t = 0;
  out[0] = 0;
  ctx_begin(&cx, "test");
  CHECK(time_parse_iso(str_of(after), &t));
  if (CHECK_INT(cron_parse(&cx, str_of(cron), &c), OK) && CHECK_INT(zone_find(&cx, zone_wanted, &z), OK))
    for (size_t used = 0; n > 0 && cron_next(&c, z, t, &t); n--)
      used += (size_t)snprintf(out + used, sizeof out - used, "%s%.11s%.5s%s", used ? " " : "",
                               zone_iso(iso, z, t), iso + 11, iso + 19);
  ctx_end(&cx);
  return out;
}

UNIT(cron_fields, "lists, ranges, steps and names; both fields of days, and one with a star") {
  CHECK_STR(slots("0 0 13 * fri", "UTC", "2024-09-01", 4),
            "2024-09-06T00:00Z 2024-09-13T00:00Z 2024-09-20T00:00Z 2024-09-27T00:00Z");
  CHECK_STR(slots("0 0 */2 * fri", "UTC", "2024-09-01", 2), "2024-09-13T00:00Z 2024-09-27T00:00Z");
  CHECK_STR(slots("*/20 8-9 * jan mon", "UTC", "2024-01-31", 3),
            "2025-01-06T08:00Z 2025-01-06T08:20Z 2025-01-06T08:40Z");
  CHECK_STR(slots("0 12 * * 7", "UTC", "2024-09-01T12:00:00Z", 1), "2024-09-08T12:00Z");
  CHECK_STR(slots("0 12 * * fri-sun", "UTC", "2024-09-04", 4),
            "2024-09-06T12:00Z 2024-09-07T12:00Z 2024-09-08T12:00Z 2024-09-13T12:00Z");
  CHECK_STR(slots("0 0 29 2 *", "UTC", "2024-03-01", 2), "2028-02-29T00:00Z 2032-02-29T00:00Z");
  CHECK_STR(slots("0 0 29 2 *", "UTC", "2096-03-01", 1), "2104-02-29T00:00Z");
  CHECK_STR(slots("  @weekly ", "UTC", "2024-09-04", 1), "2024-09-08T00:00Z");
  CHECK_STR(slots("59 23 31 12 *", "UTC", "1969-01-01", 2), "1969-12-31T23:59Z 1970-12-31T23:59Z");
}

UNIT(cron_gap, "a wall time that does not exist has its slot as much later as the clock went forward") {
  CHECK_STR(slots("30 2 * * *", "Europe/Berlin", "2024-03-30T00:00:00Z", 3),
            "2024-03-30T02:30+01:00 2024-03-31T03:30+02:00 2024-04-01T02:30+02:00");
  CHECK_STR(slots("30 2,3 * * *", "Europe/Berlin", "2024-03-30T12:00:00Z", 2),
            "2024-03-31T03:30+02:00 2024-04-01T02:30+02:00");
  CHECK_STR(slots("15,45 2 * * *", "Europe/Berlin", "2024-03-31T00:00:00Z", 2),
            "2024-03-31T03:15+02:00 2024-03-31T03:45+02:00");
  CHECK_STR(slots("15 2 * * *", "Australia/Lord_Howe", "2024-10-05T00:00:00Z", 2),
            "2024-10-06T02:45+11:00 2024-10-07T02:15+11:00");
  CHECK_STR(slots("0 0 * * *", "America/Sao_Paulo", "2017-10-14T12:00:00Z", 2),
            "2017-10-15T01:00-02:00 2017-10-16T00:00-02:00");
  CHECK_STR(slots("30 * * * *", "Europe/Berlin", "2024-03-31T00:00:00Z", 2),
            "2024-03-31T01:30+01:00 2024-03-31T03:30+02:00");
}

UNIT(cron_overlap,
     "a wall time that comes twice has one slot when hours are fixed, else it goes by elapsed time") {
  CHECK_STR(slots("30 2 * * *", "Europe/Berlin", "2024-10-26T12:00:00Z", 2),
            "2024-10-27T02:30+02:00 2024-10-28T02:30+01:00");
  CHECK_STR(slots("30 2 * * *", "Europe/Berlin", "2024-10-27T00:45:00Z", 1), "2024-10-28T02:30+01:00");
  CHECK_STR(slots("30 * * * *", "Europe/Berlin", "2024-10-27T00:00:00Z", 3),
            "2024-10-27T02:30+02:00 2024-10-27T02:30+01:00 2024-10-27T03:30+01:00");
  CHECK_STR(slots("59 1 * * *", "Australia/Lord_Howe", "2024-04-06T00:00:00Z", 2),
            "2024-04-07T01:59+11:00 2024-04-08T01:59+10:30");
}

UNIT(cron_back, "looking back finds the slot before") {
  struct ctx cx;
  struct cron c;
  int64_t t = 0, want = 0;
  ctx_begin(&cx, "test");
  CHECK(time_parse_iso(STR("2024-03-01T02:00:00Z"), &t));
  CHECK_INT(cron_parse(&cx, STR("0 2 1 * *"), &c), OK);
  CHECK(time_parse_iso(STR("2024-02-01T02:00:00Z"), &want));
  CHECK(cron_previous(&c, zone_utc(), t, &t));
  CHECK_INT(t, want);
  CHECK_INT(cron_parse(&cx, STR("0 0 29 2 *"), &c), OK);
  CHECK(time_parse_iso(STR("2020-02-29"), &want));
  CHECK(cron_previous(&c, zone_utc(), t, &t));
  CHECK_INT(t, want);
  ctx_end(&cx);
}

static const char *wrong(const char *cron) {
  static char out[600];
  struct ctx cx;
  struct cron c;
  ctx_begin(&cx, "test");
  CHECK_INT(cron_parse(&cx, str_of(cron), &c), E_INVALID);
  CHECK_STR(cx.field, "cron");
  snprintf(out, sizeof out, "%s", cx.message);
  ctx_end(&cx);
  return out;
}

UNIT(cron_refuses, "what is wrong is refused by a sentence that names the field") {
  CHECK_STR(wrong("61 * * * *"),
            "minute '61': the number is out of its range; a minute is 0 to 59, such as 0, */15 or 5,35");
  CHECK(strstr(wrong("0 24 * * *"), "hour '24'") != NULL);
  CHECK(strstr(wrong("0 0 0 * *"), "day of the month '0'") != NULL);
  CHECK(strstr(wrong("0 0 * foo *"), "month 'foo': a number is expected") != NULL);
  CHECK(strstr(wrong("0 0 * * 8"), "day of the week '8'") != NULL);
  CHECK(strstr(wrong("*/60 * * * *"), "step") != NULL);
  CHECK(strstr(wrong("*/0 * * * *"), "step") != NULL);
  CHECK(strstr(wrong("5/15 * * * *"), "a step needs a range") != NULL);
  CHECK(strstr(wrong("30-10 * * * *"), "from the smaller to the greater") != NULL);
  CHECK(strstr(wrong("1,, * * * *"), "minute '1,,'") != NULL);
  CHECK(strstr(wrong("0 0 * *"), "too few fields") != NULL);
  CHECK(strstr(wrong("0 0 0 * * *"), "too many fields") != NULL);
  CHECK(strstr(wrong("@reboot"), "there are @hourly") != NULL);
  CHECK(strstr(wrong("0 0 30 2 *"), "never comes") != NULL);
  CHECK(strstr(wrong(""), "too few fields") != NULL);
}

static const char *words(const char *cron) {
  static char out[300];
  struct ctx cx;
  struct cron c;
  struct buf b;
  ctx_begin(&cx, "test");
  buf_init(&b, sizeof out - 1);
  if (CHECK_INT(cron_parse(&cx, str_of(cron), &c), OK)) cron_words(&c, &b);
  str_copy(out, sizeof out, buf_view(&b));
  buf_clear(&b);
  ctx_end(&cx);
  return out;
}

UNIT(cron_sentences, "an expression is said in words") {
  CHECK_STR(words("0 */6 * * *"), "every 6 hours, at minute 0");
  CHECK_STR(words("0 * * * *"), "every hour, at minute 0");
  CHECK_STR(words("* * * * *"), "every minute");
  CHECK_STR(words("0 1 * * 1"), "at 01:00 on Monday");
  CHECK_STR(words("30 3 * * *"), "at 03:30 every day");
  CHECK_STR(words("0 2,14 1 * *"), "at 02:00 and 14:00 on day 1 of every month");
  CHECK_STR(words("*/15 8-17 * * mon-fri"), "every 15 minutes of the hours 8 to 17 on Monday to Friday");
  CHECK_STR(words("0 0 13 * fri"), "at 00:00 on day 13 of every month and on Friday");
  CHECK_STR(words("0 12 * jan-mar sat,sun"), "at 12:00 on Saturday and Sunday in January to March");
}
