#include "replicate/clock.h"

#include <stdlib.h>

#include "base/boot.h"
#include "base/time.h"
#include "store/change.h"
#include "unit.h"

enum { ENTRIES = 300, EVERY = 50 };
#define HOUR INT64_C(3600000000)

static int64_t wrong; /* what the machine's clock is off */
static int64_t wrong_clock(void) { return INT64_C(1750000000000000) + wrong; }

static void note_entry(struct ctx *cx, struct db *db) {
  cx->now = time_now();
  CHECK_INT(change_append(cx, db, &(struct change){ .event = "TRIED", .text = "" }), OK);
}

static void note_contact(struct ctx *cx, struct db *db, int64_t hq_at, int64_t seq) {
  struct stmt *s = db_stmt(cx, db, SQL_sync_contact_add);
  stmt_int(s, 1, time_now());
  stmt_text(s, 2, boot_id());
  stmt_int(s, 3, boot_now());
  stmt_int(s, 4, hq_at);
  stmt_int(s, 5, 1000);
  stmt_int(s, 6, seq);
  CHECK_INT(stmt_run(cx, s), OK);
}

/* An hour between contacts, 50 entries in each; the clock is in 1970, ten years ahead, a day behind, right. */
UNIT(clock_order,
     "whatever the machine's clock says, stamps go up and lie between the contacts around them") {
  static const int64_t off[] = { 0, -INT64_C(1749000000000000), 87600 * HOUR, -24 * HOUR, 90000000, 0 };
  const int64_t began = INT64_C(1750000000000000);
  int64_t stamp[ENTRIES + 1] = { 0 }, hlc[ENTRIES + 1];
  struct ctx cx;
  struct db *db;
  struct clock *c;
  ctx_begin(&cx, "test");
  time_source = wrong_clock;
  if (!CHECK_INT(db_pristine(&cx, &db), OK)) return;
  struct change_end end;
  CHECK_INT(change_last(&cx, db, &end), OK);
  int64_t first = end.seq;
  note_contact(&cx, db, began, first);
  for (int i = 1; i <= ENTRIES; i++) {
    int hour = (i - 1) / EVERY;
    wrong = off[hour] + hour * HOUR + (i % EVERY) * INT64_C(60000000);
    note_entry(&cx, db);
    CHECK_INT(change_last(&cx, db, &end), OK);
    hlc[i] = end.hlc;
    if (i % EVERY == 0) {
      wrong = off[hour] + (hour + 1) * HOUR;
      note_contact(&cx, db, began + (hour + 1) * HOUR, end.seq);
    }
  }
  if (!CHECK_INT(clock_open(&cx, db, &c), OK)) return;
  for (int i = 1; i <= ENTRIES; i++) {
    int64_t hour = (i - 1) / EVERY, at;
    stamp[i] = clock_stamp(c, first + i, hlc[i]);
    at = clock_instant(stamp[i]);
    CHECK(stamp[i] > stamp[i - 1]);
    CHECK(at >= began + hour * HOUR && at <= began + (hour + 1) * HOUR);
  }
  CHECK(clock_instant(stamp[20]) - began == 20 * INT64_C(60000000)); /* right where the clock was right */
  ctx_end(&cx);
}

UNIT(clock_open_end, "behind the last contact headquarters' now is the bound") {
  struct ctx cx;
  struct db *db;
  struct clock *c;
  struct change_end end;
  ctx_begin(&cx, "test");
  time_source = wrong_clock;
  wrong = 87600 * HOUR;
  if (!CHECK_INT(db_pristine(&cx, &db), OK)) return;
  note_entry(&cx, db);
  CHECK_INT(change_last(&cx, db, &end), OK);
  CHECK_INT(clock_open(&cx, db, &c), OK);
  CHECK_INT(clock_stamp(c, end.seq, end.hlc), end.hlc); /* nobody knows better */
  note_contact(&cx, db, INT64_C(1750000000000000), end.seq);
  note_entry(&cx, db);
  CHECK_INT(change_last(&cx, db, &end), OK);
  CHECK_INT(clock_open(&cx, db, &c), OK);
  int64_t at = clock_instant(clock_stamp(c, end.seq, end.hlc));
  CHECK(at >= INT64_C(1750000000000000) - 1000 && at < INT64_C(1750000000000000) + HOUR);
  ctx_end(&cx);
}
