#include "replicate/clock.h"

#include <stdlib.h>

#include "base/boot.h"
#include "base/time.h"
#include "notify/alert.h"
#include "store/change.h"

enum { QUESTIONS = 3 };

struct anchor {
  int64_t seq;   /* the last entry before it */
  int64_t hq_at; /* UTC microseconds */
  int64_t off;   /* the machine's clock less headquarters' */
};

struct clock {
  struct anchor *anchors;
  size_t count;
  int64_t now, off, last; /* headquarters' now, what the machine is ahead, and the last entry of the log */
};

/* ---- a contact ---- */

struct contact {
  int64_t at, boot_at, hq_at, round_trip, seq;
};

/* The middle of the fastest question. Headquarters says the time of the statement, not of its transaction. */
static int ask_time(struct ctx *cx, struct pg *p, struct contact *out) {
  out->round_trip = INT64_MAX;
  for (int i = 0; i < QUESTIONS; i++) {
    struct pg_rows *rows;
    int64_t began = boot_now();
    if (pg_get(cx, p, &rows, "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"))
      return cx->code;
    int64_t ended = boot_now(), trip = ended - began;
    if (trip >= out->round_trip) continue;
    *out = (struct contact){ time_now(), ended, pg_int(rows, 0, 0) + trip / 2, trip, 0 };
  }
  return OK;
}

static const char *time_of(struct ctx *cx, int64_t us) {
  char text[TIME_SIZE];
  return ctx_strdup(cx, str_of(time_iso(text, us)));
}

/* "3 d", "2 h", "90 s": how far, for people. */
static const char *span(struct ctx *cx, int64_t us) {
  int64_t s = llabs((long long)us) / 1000000;
  if (s >= 2 * 86400) return ctx_printf(cx, "%lld days", (long long)(s / 86400));
  if (s >= 2 * 3600) return ctx_printf(cx, "%lld hours", (long long)(s / 3600));
  if (s >= 120) return ctx_printf(cx, "%lld minutes", (long long)(s / 60));
  return ctx_printf(cx, "%lld seconds", (long long)s);
}

static int say_clock(struct ctx *cx, struct db *db, const struct contact *c) {
  int64_t off = c->at - c->hq_at;
  if (llabs((long long)off) <= CLOCK_ALERT_US) return alert_settle(cx, db, "clock_off", "clock");
  const char *text = ctx_printf(cx,
                                "This machine says %s, and headquarters said %s at that moment. Set the "
                                "machine's clock; what was noted by it in "
                                "the meantime is corrected on the way to headquarters, and its order stays.",
                                time_of(cx, c->at), time_of(cx, c->hq_at));
  bool fresh;
  return alert_raise(cx, db,
                     &(struct alert){ .kind = "clock_off",
                                      .subject = "clock",
                                      .state = off > 0 ? "ahead" : "behind",
                                      .severity = SEVERITY_WARNING,
                                      .title = ctx_printf(cx, "the clock is %s %s", span(cx, off),
                                                          off > 0 ? "ahead" : "behind"),
                                      .text = text },
                     &fresh);
}

/* Anchors never go back either: where this question was slower than the last, its uncertainty stays in the past. */
static int note_contact(struct ctx *cx, struct db *db, void *arg) {
  struct contact *c = arg;
  struct change_end end;
  struct clock *clock;
  if (change_last(cx, db, &end) || clock_open(cx, db, &clock)) return cx->code;
  if (clock->count && clock->anchors[clock->count - 1].hq_at >= c->hq_at)
    c->hq_at = clock->anchors[clock->count - 1].hq_at + 1000;
  struct stmt *s = db_ask(cx, db, SQL_sync_contact_between, end.seq);
  if (stmt_run(cx, s)) return cx->code;
  s = db_ask(cx, db, SQL_sync_contact_add, c->at, boot_id(), c->boot_at, c->hq_at, c->round_trip, end.seq);
  return stmt_run(cx, s) ? (int)cx->code : say_clock(cx, db, c);
}

int clock_contact(struct ctx *cx, struct tenant *t, struct pg *p) {
  struct contact c;
  return ask_time(cx, p, &c) ? (int)cx->code : tenant_write(cx, t, note_contact, &c);
}

/* ---- stamps ---- */

/* The last contact says what the time is now, as long as the machine runs. */
static void read_now(struct clock *c, const struct contact *last, struct str boot) {
  int64_t passed = str_eq(boot, str_of(boot_id())) ? boot_now() - last->boot_at : time_now() - last->at;
  c->now = last->hq_at + (passed > 0 ? passed : 0);
  c->off = time_now() - c->now;
}

static void free_clock(void *clock) { free(((struct clock *)clock)->anchors); }

int clock_open(struct ctx *cx, struct db *db, struct clock **out) {
  struct clock *c = ctx_alloc(cx, sizeof *c);
  size_t room = 0;
  struct change_end end;
  ctx_defer(cx, free_clock, c);
  c->now = time_now();
  if (change_last(cx, db, &end)) return cx->code;
  c->last = end.seq;
  struct stmt *s = db_stmt(cx, db, SQL_sync_contacts);
  while (stmt_row(cx, s)) {
    if (c->count == room)
      c->anchors = xrealloc(c->anchors, (room = room ? room * 2 : 64) * sizeof *c->anchors);
    struct contact k = { col_int(s, 0), col_int(s, 2), col_int(s, 3), 0, col_int(s, 4) };
    c->anchors[c->count++] = (struct anchor){ k.seq, k.hq_at, k.at - k.hq_at };
    read_now(c, &k, col_str(s, 1));
  }
  *out = c;
  return cx->code;
}

/* The first anchor whose entries reach `seq`; count when it is behind the last. */
static size_t anchor_behind(const struct clock *c, int64_t seq) {
  size_t from = 0, to = c->count;
  while (from < to) {
    size_t middle = from + (to - from) / 2;
    if (c->anchors[middle].seq < seq)
      from = middle + 1;
    else
      to = middle;
  }
  return from;
}

static int64_t stamp_of(int64_t us) { return us / 1000 << 16; }

/* The least and the greatest of what an entry may have are both counted by its place between the anchors, so that
** three functions that never go down are joined, and the result never does. Where the clock leapt between two anchors, the
** offset is the greater of theirs: nothing is dated later than it was. */
int64_t clock_stamp(const struct clock *c, int64_t seq, int64_t hlc) {
  if (c->count == 0) return hlc;
  size_t i = anchor_behind(c, seq);
  bool open = i == c->count;
  int64_t first = i ? c->anchors[i - 1].seq + 1 : 1, last = open ? c->last : c->anchors[i].seq;
  int64_t least = i ? stamp_of(c->anchors[i - 1].hq_at) + (seq - first) : INT64_MIN;
  int64_t most = stamp_of(open ? c->now : c->anchors[i].hq_at) - 1 - (last > seq ? last - seq : 0);
  int64_t off = open ? c->off : c->anchors[i].off;
  if (i && c->anchors[i - 1].off > off) off = c->anchors[i - 1].off;
  int64_t stamp = hlc - off / 1000 * 65536;
  if (stamp > most) stamp = most;
  return stamp < least ? least : stamp;
}
