/* Topics: what an event must be, and how it gets into the log. */
#include <limits.h>
#include <stdio.h>

#include "base/time.h"
#include "event/event.h"
#include "event/measure.h"
#include "event/scan.h"
#include "unit.h"

static struct tenant *opened(struct ctx *cx) {
  static char dir[PATH_MAX];
  struct store *s;
  struct tenant *t = NULL;
  snprintf(dir, sizeof dir, "%s/data", unit_dir());
  ctx_begin(cx, "test");
  if (!store_init(cx, dir) && !store_open(cx, dir, &s) && !tenant_add(cx, s, "demo", "Demo"))
    tenant_open(cx, s, "demo", &t);
  CHECK_INT(cx->code, OK);
  return t;
}

struct deed {
  const char *topic;
  struct event *events;
  size_t n;
};

static int publish(struct ctx *cx, struct db *db, void *arg) {
  struct deed *d = arg;
  return event_publish(cx, db, d->topic, d->events, d->n);
}

#define PLAIN(id, more)                                                                                      \
  "{\"eventId\":\"" id "\",\"eventType\":\"REORDER_RECOMMENDED\",\"sku\":\"A\",\"warehouseId\":\"W\","       \
  "\"quantity\":5,\"timestamp\":\"2024-01-01T00:00:00Z\"" more "}"

UNIT(event_publish, "an event is taken once; the same id with other content is refused") {
  struct ctx cx;
  struct tenant *t = opened(&cx);
  if (!t) return;
  struct event events[5] = {
    { .body = STR(PLAIN("1", "")) },        { .body = STR(PLAIN("2", "")) },
    { .body = STR(PLAIN("1", "")) },        { .body = STR(PLAIN("2", ",\"notes\":\"x\"")) },
    { .body = STR("{\"eventId\":\"3\"}") },
  };
  struct deed d = { "reorder-events", events, 5 };
  CHECK_INT(tenant_write(&cx, t, publish, &d), OK);
  const enum event_outcome wanted[] = { EVENT_TAKEN, EVENT_TAKEN, EVENT_KNOWN, EVENT_REFUSED, EVENT_REFUSED };
  for (int i = 0; i < 5; i++) CHECK_INT(events[i].outcome, wanted[i]);
  CHECK_INT(events[1].offset, 1);
  ctx_end(&cx);
}

UNIT(event_instants, "an instant needs its zone, and offsets count") {
  static const struct {
    const char *text;
    int64_t us;
  } good[] = {
    { "1970-01-01T00:00:00Z", 0 },
    { "1970-01-01t00:00:00z", 0 },
    { "1970-01-01T02:00:00.5+02:00", 500000 },
    { "1969-12-31T18:30:00-0530", 0 },
    { "1970-01-01T01:00:00,1234567+01", 123456 },
  };
  static const char *const bad[] = { "",
                                     "1970-01-01",
                                     "1970-01-01T00:00:00",
                                     "1970-01-01T00:00Z",
                                     "1970-13-01T00:00:00Z",
                                     "1970-01-01T24:00:00Z",
                                     "1970-01-01T00:00:00.Z",
                                     "1970-01-01T00:00:00+24:00",
                                     "1970-01-01T00:00:00+1",
                                     "1970-01-01T00:00:00Zx",
                                     "1970-01-01 00:00:00Z" };
  int64_t us;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    CHECK(time_parse_zoned(str_of(good[i].text), &us));
    CHECK_INT(us, good[i].us);
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) CHECK(!time_parse_zoned(str_of(bad[i]), &us));
}

UNIT(event_decimals, "numbers of JSON become units of 10^-4, exactly or not at all") {
  static const struct {
    const char *text;
    int64_t units;
  } good[] = { { "0", 0 },          { "-2", -20000 },
               { "1.5", 15000 },    { "1.50000000", 15000 },
               { "1e3", 10000000 }, { "12.5e-2", 1250 },
               { "-0.0001", -1 },   { "100E-6", 1 },
               { "0e999999", 0 },   { "922337203685477.5807", INT64_MAX } };
  static const char *const bad[] = { "1.00001", "1e-5", "1e300", "922337203685477.5808",
                                     "99999999999999999999" };
  const char *why;
  int64_t units;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    CHECK(scan_decimal(str_of(good[i].text), 4, &units, &why));
    CHECK_INT(units, good[i].units);
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) CHECK(!scan_decimal(str_of(bad[i]), 4, &units, &why));
}

UNIT(event_waiting_times, "a percentile is the upper end of its bucket, within a fifth of the time") {
  struct histogram h = { { 0 } }, again;
  unsigned char blob[MEASURE_BYTES];
  CHECK_INT(histogram_percentile(&h, 0.5), 0);
  for (int64_t us = 1; us <= 10000; us++) histogram_add(&h, us, 1);
  histogram_write(&h, blob);
  histogram_read(&again, (struct str){ (const char *)blob, sizeof blob });
  CHECK(memcmp(&h, &again, sizeof h) == 0);
  int64_t half = histogram_percentile(&h, 0.5), most = histogram_percentile(&h, 0.99);
  CHECK(half >= 5000 && half < 6000);
  CHECK(most >= 9900 && most < 12000);
}
