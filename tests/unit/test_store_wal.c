/* The write-ahead log: when it is copied into the file, and begins anew. */
#include <limits.h>
#include <stdio.h>
#include <time.h>

#include "store/change.h"
#include "store/tenant.h"
#include "unit.h"

enum { MIB = 1 << 20 };

static int run_sql(struct ctx *cx, struct db *db, void *arg) { return db_run(cx, db, arg); }

/* A tenant with a table to be filled, for as long as the unit of work lasts. */
static struct tenant *opened(struct ctx *cx) {
  char dir[PATH_MAX];
  struct store *s;
  struct tenant *t = NULL;
  snprintf(dir, sizeof dir, "%s/data", unit_dir());
  ctx_begin(cx, "test");
  if (!store_init(cx, dir) && !store_open(cx, dir, &s) && !tenant_add(cx, s, "demo", "Demo") &&
      !tenant_open(cx, s, "demo", &t))
    tenant_write(cx, t, run_sql, "CREATE TABLE heap(x)");
  return CHECK_INT(cx->code, OK) ? t : NULL;
}

/* Half a megabyte at a time, until the WAL is so long or has begun anew: how long it is then. */
static int64_t heap_up(struct ctx *cx, struct tenant *t, int64_t enough) {
  int64_t before, now = 0;
  do {
    before = now;
    if (tenant_write(cx, t, run_sql, "INSERT INTO heap VALUES (randomblob(524288))")) return -1;
    while (copier_busy(&t->copier)) nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    now = t->writer->wal_bytes;
  } while (now >= before && now < enough);
  return now;
}

UNIT(store_wal_held, "a WAL that a reader held begins anew soon after he is gone") {
  struct ctx cx, reading;
  struct tenant *t = opened(&cx);
  struct change_end seen;
  struct db *db;
  if (!t) return;
  ctx_begin(&reading, "test");
  CHECK_INT(tenant_read(&reading, t, &db), OK);
  CHECK_INT(change_last(&reading, db, &seen), OK);
  CHECK(heap_up(&cx, t, 20 * MIB) >= 20 * MIB);
  ctx_end(&reading);
  int64_t anew = heap_up(&cx, t, 28 * MIB);
  CHECK(anew > 0 && anew < 2 * MIB);
  CHECK_INT(cx.code, OK);
  ctx_end(&cx);
}
