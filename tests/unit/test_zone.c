/* Time zones: changes of the table and of the rule, names, files that are none. */
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "job/zone.h"
#include "unit.h"

static int64_t at(const char *iso) {
  int64_t t = 0;
  CHECK(time_parse_iso(str_of(iso), &t));
  return t;
}

static const struct zone *zone(const char *name) {
  static struct ctx cx;
  const struct zone *z = NULL;
  ctx_begin(&cx, "test");
  CHECK_INT(zone_find(&cx, name, &z), OK);
  ctx_end(&cx);
  return z ? z : zone_utc();
}

static const char *iso(const char *name, const char *instant) {
  static char out[ZONE_TIME_SIZE];
  return zone_iso(out, zone(name), at(instant));
}

UNIT(zone_offsets, "wall clocks of known days, by the table and by the rule behind it") {
  CHECK_STR(iso("UTC", "2024-02-29T12:00:00Z"), "2024-02-29T12:00:00Z");
  CHECK_STR(iso("Europe/Berlin", "2024-03-31T00:59:59Z"), "2024-03-31T01:59:59+01:00");
  CHECK_STR(iso("Europe/Berlin", "2024-03-31T01:00:00Z"), "2024-03-31T03:00:00+02:00");
  CHECK_STR(iso("Europe/Berlin", "2150-07-01T00:00:00Z"), "2150-07-01T02:00:00+02:00");
  CHECK_STR(iso("America/New_York", "2024-11-03T06:00:00Z"), "2024-11-03T01:00:00-05:00");
  CHECK_STR(iso("Australia/Lord_Howe", "2024-10-05T15:30:00Z"), "2024-10-06T02:30:00+11:00");
  CHECK_STR(iso("Australia/Lord_Howe", "2050-01-01T00:00:00Z"), "2050-01-01T11:00:00+11:00");
  CHECK_STR(iso("Asia/Kolkata", "1970-01-01T00:00:00Z"), "1970-01-01T05:30:00+05:30");
  CHECK_STR(iso("Africa/Casablanca", "2024-03-20T12:00:00Z"), "2024-03-20T12:00:00+00:00"); /* Ramadan */
  CHECK_STR(iso("America/Sao_Paulo", "2030-01-01T12:00:00Z"), "2030-01-01T09:00:00-03:00");
}

UNIT(zone_spans, "a span ends where the next begins, and knows the offset before it") {
  struct zone_span s = zone_span_at(zone("Europe/Berlin"), at("2024-06-01"));
  CHECK_INT(s.from, at("2024-03-31T01:00:00Z"));
  CHECK_INT(s.until, at("2024-10-27T01:00:00Z"));
  CHECK_INT(s.offset, 7200);
  CHECK_INT(s.before, 3600);
  CHECK_INT(zone_span_at(zone_utc(), 0).until, INT64_MAX);
}

static int refused(const char *name, const char *says) {
  struct ctx cx;
  const struct zone *z;
  ctx_begin(&cx, "test");
  int rc = zone_find(&cx, name, &z);
  CHECK_STR(cx.field, "zone");
  if (!CHECK(strstr(cx.message, says) != NULL)) fprintf(stderr, "  %s\n", cx.message);
  ctx_end(&cx);
  return rc;
}

UNIT(zone_names, "what is no zone is refused with a sentence; no name leads out of the folder") {
  CHECK_INT(refused("Mars/Olympus", "there is no time zone Mars/Olympus"), E_INVALID);
  CHECK_INT(refused("../../etc/passwd", "no name of a time zone"), E_INVALID);
  CHECK_INT(refused("/etc/localtime", "no name of a time zone"), E_INVALID);
  CHECK_INT(refused("", "no name of a time zone"), E_INVALID);
  CHECK_INT(refused("Europe", "there is no time zone Europe"), E_INVALID);
  CHECK_INT(refused("tzdata.zi", "no name of a time zone"), E_INVALID);
}

UNIT(zone_no_folder, "without the system's files it says what to do, and UTC is there") {
  setenv("TZDIR", "/nonexistent", 1);
  CHECK_INT(refused("Europe/Berlin", "install tzdata, or use UTC"), E_INVALID);
  CHECK(zone("UTC") == zone_utc());
}
