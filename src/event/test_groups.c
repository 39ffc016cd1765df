/*
** test_groups.c - consumer groups that exist in test builds only, when OUTPOST_TEST_GROUPS names
** the data folder: what they do can be counted.
**
**   test-inside   a row of event_seen under the topic "test-inside" for every event of inventory-events: a second
**                 one for the same event breaks the key. Notes that say "poison" are refused, "sick" fails as
**                 the world does.
**   test-outside  a row in the file of the tenant "effects", by event id
**   test-slow     reads, and takes OUTPOST_TEST_SLOW_MS for a batch
*/
#ifdef OUTPOST_TEST
#include <stdlib.h>
#include <time.h>

#include "base/crash.h"
#include "event/internal.h"

static int inside(struct ctx *cx, struct db *db, const struct event *events, size_t n) {
  for (size_t i = 0; i < n && !cx->code; i++) {
    struct str notes = events[i].value[INVENTORY_NOTES].text;
    if (str_eq(notes, STR("poison"))) return fail(cx, E_INVALID, "notes", "poison");
    if (str_eq(notes, STR("sick"))) return fail(cx, E_FAIL, NULL, "the world is sick");
    struct stmt *s = stmt_bind(db_once(cx, db,
                                       "INSERT INTO event_seen (topic, id, crc, partition, position) VALUES "
                                       "('test-inside', ?1, 0, ?2, ?3)"),
                               events[i].id, events[i].partition, events[i].offset);
    stmt_run(cx, s);
  }
  return cx->code;
}

struct batch {
  const struct event *events;
  size_t n;
};

static int effects(struct ctx *cx, struct db *db, void *arg) {
  const struct batch *b = arg;
  struct stmt *s =
      db_once(cx, db, "CREATE TABLE IF NOT EXISTS test_event (id TEXT PRIMARY KEY, times INTEGER)");
  stmt_run(cx, s);
  for (size_t i = 0; i < b->n && !cx->code; i++) {
    s = stmt_bind(
        db_once(cx, db, "INSERT INTO test_event VALUES (?1, 1) ON CONFLICT DO UPDATE SET times = times + 1"),
        b->events[i].id);
    stmt_run(cx, s);
  }
  return cx->code;
}

static int outside(struct ctx *cx, struct db *db, const struct event *events, size_t n) {
  struct batch b = { events, n };
  struct store *store;
  struct tenant *t;
  (void)db;
  if (store_open(cx, getenv("OUTPOST_TEST_GROUPS"), &store) || tenant_open(cx, store, "effects", &t) ||
      tenant_write(cx, t, effects, &b))
    return cx->code;
  crash_point("effect outside");
  return OK;
}

static int slow(struct ctx *cx, struct db *db, const struct event *events, size_t n) {
  int64_t ms;
  (void)cx, (void)db, (void)events, (void)n;
  if (str_to_int(str_of(getenv("OUTPOST_TEST_SLOW_MS")), &ms))
    nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL);
  return OK;
}

void consumer_register_test_groups(void) {
  static const struct consumer groups[] = {
    { "inventory-events", "test-inside", "counts", inside, false },
    { "inventory-events", "test-outside", "counts elsewhere", outside, false },
    { "inventory-events", "test-slow", "takes its time", slow, false },
  };
  if (!getenv("OUTPOST_TEST_GROUPS")) return;
  for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) consumer_register(&groups[i]);
}
#else
typedef int test_groups_are_nothing; /* ISO C wants a declaration in every file */
#endif
