#include "event/keep.h"

#include <pthread.h>

#include "base/deflate.h"
#include "base/limits.h"
#include "base/time.h"
#include "event/internal.h"
#include "event/segment.h"
#include "store/change.h"

enum { RUN_MOST = 4096, LEVEL = 6, EXPIRE_AT_ONCE = 64 };
static const int64_t SECOND_US = 1000000;

struct keeping {
  struct tenant *tenant;
  const struct topic *topic;
  int partition;
  bool now;
  struct keep_result *out;
};

/* ---- packing ---- */

struct known { /* of a segment, without its body */
  int64_t id, first, count, plain, published_at;
  bool packed;
};

struct run {
  struct keeping *keeping;
  struct known *parts;
  size_t count;
  struct segment joined;
  struct str stored;
};

/* Whether the segments parts[0..n) are worth being one. */
static bool worth(const struct keeping *k, const struct known *parts, size_t n, int64_t now) {
  int64_t fresh = 0, packed = 0, oldest = INT64_MAX;
  for (size_t i = 0; i < n; i++) {
    if (parts[i].packed)
      packed += parts[i].plain;
    else
      fresh += parts[i].plain;
    if (!parts[i].packed && parts[i].published_at < oldest) oldest = parts[i].published_at;
  }
  if (fresh == 0) return false;
  return k->now || fresh + packed >= (int64_t)SEGMENT_BYTES / 2 ||
         oldest < now - (int64_t)KEEP_FEW_SECONDS * SECOND_US;
}

/* The next run of neighbours behind an offset that fit into one segment. A packed one is taken in
** only where it is small: it is not packed again and again for a few events. */
static int find_run(struct ctx *cx, struct db *db, struct run *r, int64_t from, int64_t now) {
  struct keeping *k = r->keeping;
  int64_t bytes = 0, fresh = 0;
  struct stmt *s = db_ask(cx, db, SQL_event_segments_old, k->topic->name, k->partition, from,
                          k->now ? INT64_MAX : now - (int64_t)KEEP_NEW_SECONDS * SECOND_US);
  r->count = 0;
  while (stmt_row(cx, s)) {
    struct known one = { col_int(s, 0), col_int(s, 1), col_int(s, 2),
                         col_int(s, 3), col_int(s, 5), col_int(s, 4) != 0 };
    bool fits = r->count < RUN_MOST && bytes + one.plain <= (int64_t)SEGMENT_BYTES;
    bool small = !one.packed || one.plain < (int64_t)SEGMENT_BYTES / 4;
    bool next = r->count == 0 || one.first == r->parts[r->count - 1].first + r->parts[r->count - 1].count;
    if (r->count && !(fits && small && next)) {
      stmt_done(s);
      break;
    }
    r->parts[r->count++] = one;
    bytes += one.plain;
    fresh += one.packed ? 0 : one.plain;
    if (r->count == 1 && !small) r->count = 0, bytes = fresh = 0;
  }
  return cx->code;
}

static int join(struct ctx *cx, struct db *db, struct run *r) {
  struct keeping *k = r->keeping;
  struct buf body, packed;
  buf_init(&body, 2 * SEGMENT_BYTES);
  buf_init(&packed, 2 * SEGMENT_BYTES + KIB(64));
  r->joined = (struct segment){ .first = r->parts[0].first };
  for (size_t i = 0; i < r->count && !cx->code; i++) {
    struct segment one;
    bool found;
    if (segment_read(cx, db, k->topic->name, k->partition, r->parts[i].first, &one, &found) || !found) break;
    buf_str(&body, one.body);
    r->joined.count += one.count;
    if (one.published_at > r->joined.published_at) r->joined.published_at = one.published_at;
  }
  deflate_pack(&packed, buf_view(&body), LEVEL);
  r->joined.body = (struct str){ ctx_alloc(cx, body.n + 1), body.n };
  memcpy((char *)r->joined.body.p, body.p ? body.p : "", body.n);
  r->stored = (struct str){ ctx_alloc(cx, packed.n + 1), packed.n };
  memcpy((char *)r->stored.p, packed.p ? packed.p : "", packed.n);
  buf_clear(&body);
  buf_clear(&packed);
  return cx->code;
}

/* They are replaced only if all of them are still there. */
static int replace(struct ctx *cx, struct db *db, void *arg) {
  struct run *r = arg;
  struct keeping *k = r->keeping;
  int64_t gone = 0;
  for (size_t i = 0; i < r->count && !cx->code; i++) {
    struct stmt *s = db_ask(cx, db, SQL_event_segment_drop, r->parts[i].id, k->topic->name);
    if (!stmt_run(cx, s)) gone += db_changes(db);
  }
  if (!cx->code && gone != (int64_t)r->count)
    return fail(cx, E_BUSY, NULL, "segments of %s were changed meanwhile", k->topic->name);
  if (cx->code || segment_store(cx, db, k->topic->name, k->partition, &r->joined, SEGMENT_ZLIB, r->stored))
    return cx->code;
  k->out->joined += gone;
  k->out->packed++;
  k->out->bytes_plain += (int64_t)r->joined.body.n;
  k->out->bytes += (int64_t)r->stored.n;
  return OK;
}

/* One run; *from moves behind it, *more: there may be another. */
static int pack_some(struct ctx *cx, struct keeping *k, int64_t *from, bool *more) {
  struct ctx one;
  struct db *db;
  struct run r = { .keeping = k };
  ctx_begin(&one, cx->actor);
  r.parts = ctx_alloc(&one, RUN_MOST * sizeof *r.parts);
  *more = false;
  if (!tenant_read(&one, k->tenant, &db) && !find_run(&one, db, &r, *from, one.now) && r.count) {
    const struct known *last = &r.parts[r.count - 1];
    *from = last->first + last->count;
    *more = true;
    if (worth(k, r.parts, r.count, one.now) && !join(&one, db, &r))
      tenant_write(&one, k->tenant, replace, &r);
  }
  if (one.code && one.code != E_BUSY) fail_from(cx, &one);
  ctx_end(&one);
  return cx->code;
}

/* ---- retention ---- */

bool events_hold_fits(struct str subject) {
  return str_eq(subject, STR("event_segment")) || str_starts(subject, STR("topic "));
}

static bool held(struct ctx *cx, struct db *db, const struct topic *t) {
  return stmt_exists(cx, db_ask(cx, db, SQL_event_held, t->name));
}

/* The offset that every group has passed; the program's own groups count before they began, too. */
static int64_t passed(struct ctx *cx, struct db *db, const struct keeping *k) {
  if (k->topic->beyond_groups) return INT64_MAX;
  for (int i = 0; consumer_at(i); i++) {
    if (strcmp(consumer_at(i)->topic, k->topic->name) != 0) continue;
    struct stmt *s = db_ask(cx, db, SQL_event_group_latency, k->topic->name, consumer_at(i)->group);
    bool there = stmt_row(cx, s);
    stmt_done(s);
    if (!there) return 0;
  }
  struct stmt *s = db_ask(cx, db, SQL_event_slowest, k->topic->name, k->partition);
  int64_t slowest = stmt_row(cx, s) && !col_null(s, 0) ? col_int(s, 0) : INT64_MAX;
  stmt_done(s);
  return slowest;
}

struct expiry {
  int64_t first, count, segments; /* the offset that is kept from; what goes */
};

/* Which of the oldest segments go. */
static int find_expired(struct ctx *cx, struct db *db, const struct keeping *k, struct expiry *x) {
  const struct topic *t = k->topic;
  int64_t most = passed(cx, db, k), bytes = 0;
  struct stmt *s = db_ask(cx, db, SQL_event_bytes, t->name, k->partition);
  if (stmt_row(cx, s)) bytes = col_int(s, 0);
  stmt_done(s);
  s = db_ask(cx, db, SQL_event_segments_oldest, t->name, k->partition);
  *x = (struct expiry){ 0 };
  while (stmt_row(cx, s)) {
    int64_t end = col_int(s, 0) + col_int(s, 1);
    bool old = t->retention_days && col_int(s, 2) < cx->now - t->retention_days * DAY_US;
    bool large = t->retention_bytes && bytes > t->retention_bytes;
    if (end > most || !(old || large) || x->segments == EXPIRE_AT_ONCE) {
      stmt_done(s);
      break;
    }
    bytes -= col_int(s, 3);
    x->first = end;
    x->count += col_int(s, 1);
    x->segments++;
  }
  return cx->code;
}

static int drop(struct ctx *cx, struct db *db, const struct keeping *k, int64_t first) {
  static const enum sql_id steps[] = { SQL_event_segments_expire, SQL_event_seen_expire,
                                       SQL_event_partition_first };
  for (int i = 0; i < 3 && !cx->code; i++) {
    db_act(cx, db, steps[i], k->topic->name, k->partition, first);
  }
  return cx->code;
}

static int expire(struct ctx *cx, struct db *db, void *arg) {
  struct keeping *k = arg;
  struct expiry x;
  if (find_expired(cx, db, k, &x) || !x.segments || drop(cx, db, k, x.first)) return cx->code;
  k->out->expired += x.segments;
  k->out->expired_events += x.count;
  return change_append(
      cx, db,
      &(struct change){ .event = "EVENTS_EXPIRED",
                        .table = "event_segment",
                        .after = str_of(ctx_printf(cx, "{\"topic\":\"%s\",\"partition\":%d,\"first\":%lld}",
                                                   k->topic->name, k->partition, (long long)x.first)),
                        .count = x.count,
                        .text = ctx_printf(cx, "%lld events of %s went by its retention", (long long)x.count,
                                           k->topic->name) });
}

static int expire_all(struct ctx *cx, struct keeping *k) {
  struct ctx one;
  int64_t before = -1;
  if (!k->topic->retention_days && !k->topic->retention_bytes) return OK;
  while (before != k->out->expired && !cx->code) {
    before = k->out->expired;
    ctx_begin(&one, cx->actor);
    if (tenant_write(&one, k->tenant, expire, k)) fail_from(cx, &one);
    ctx_end(&one);
  }
  return cx->code;
}

/* ---- all of it ---- */

static int forget_minutes(struct ctx *cx, struct db *db, void *arg) {
  (void)arg;
  return db_act(cx, db, SQL_event_minutes_forget, cx->now / 60000000 - 24 * 60);
}

static int keep_topic(struct ctx *cx, struct tenant *t, const struct topic *topic, bool is_held, bool now,
                      struct keep_result *out) {
  for (int p = 0; p < topic->partitions && !cx->code; p++) {
    struct keeping k = { t, topic, p, now, out };
    bool more = true;
    int64_t from = 0;
    if (!is_held) expire_all(cx, &k);
    while (more && !cx->code) pack_some(cx, &k, &from, &more);
  }
  return cx->code;
}

int events_keep(struct ctx *cx, struct tenant *t, bool now, struct keep_result *out) {
  struct db *db;
  struct topic *topics;
  size_t count = 0;
  *out = (struct keep_result){ 0 };
  if (tenant_read(cx, t, &db) || topic_list(cx, db, &topics, &count)) return cx->code;
  bool *holds = ctx_alloc(cx, (count + 1) * sizeof *holds);
  for (size_t i = 0; i < count && !cx->code; i++) out->held += holds[i] = held(cx, db, &topics[i]);
  tenant_read_end(db);
  for (size_t i = 0; i < count && !cx->code; i++)
    if (!topics[i].changes) keep_topic(cx, t, &topics[i], holds[i], now, out);
  return cx->code ? (int)cx->code : tenant_write(cx, t, forget_minutes, NULL);
}

/* When it comes round again in which tenant; few, and kept as long as the process. */
struct round {
  char tenant[128];
  int64_t at;
  struct round *next;
};

int events_keep_work(struct ctx *cx, struct tenant *t, bool *did, int64_t *next) {
  static struct round *rounds; /* one thread at a time is here, of one tenant; see main.c */
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  struct keep_result result;
  pthread_mutex_lock(&lock);
  struct round *r = rounds;
  while (r && strcmp(r->tenant, tenant_slug(t)) != 0) r = r->next;
  if (!r) {
    r = xcalloc(1, sizeof *r);
    str_copy(r->tenant, sizeof r->tenant, str_of(tenant_slug(t)));
    r->at = cx->now + (int64_t)KEEP_EVERY_SECONDS * SECOND_US;
    r->next = rounds;
    rounds = r;
  }
  bool due = cx->now >= r->at || r->at > cx->now + 2 * (int64_t)KEEP_EVERY_SECONDS * SECOND_US;
  if (due) r->at = cx->now + (int64_t)KEEP_EVERY_SECONDS * SECOND_US;
  *next = r->at;
  pthread_mutex_unlock(&lock);
  *did = false;
  return due ? events_keep(cx, t, false, &result) : OK;
}
