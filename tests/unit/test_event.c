/* Topics: what an event must be, and how it gets into the log. */
#include <limits.h>
#include <stdio.h>

#include "base/time.h"
#include "event/event.h"
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
