#include "replicate/push.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/sign.h"
#include "base/time.h"
#include "replicate/apply.h"
#include "replicate/compose.h"
#include "replicate/push_internal.h"

/* ---- how much at once ---- */

enum {
  ROWS_LEAST = 100,
  ROWS_FIRST = 2000,
  ROWS_MOST = 40000,
  BYTES_A_ROW = 800,
  BYTES_LEAST = 64 << 10,
  BYTES_MOST = 4 << 20 /* so that several connections have something to do when entries of the log are many */
};

static _Atomic int64_t borne = ROWS_FIRST; /* rows of a batch, as the link bore them last */

static struct compose_budget push_budget(void) {
  int64_t rows = atomic_load(&borne), bytes = rows * BYTES_A_ROW;
#ifdef OUTPOST_TEST
  int64_t said; /* a test wants many batches of few rows */
  if (str_to_int(str_of(getenv("OUTPOST_SYNC_ROWS")), &said))
    return (struct compose_budget){ said, BYTES_LEAST };
#endif
  if (bytes > BYTES_MOST) bytes = BYTES_MOST;
  return (struct compose_budget){ rows, bytes > BYTES_LEAST ? bytes : BYTES_LEAST };
}

/* full: the budget ended the batch, so that its time says something of the budget. */
void push_measured(double ms, bool full) {
  int64_t rows = atomic_load(&borne);
  if (ms > 2 * PUSH_MS)
    rows /= 2;
  else if (full && ms < PUSH_MS / 2.0)
    rows *= ms < PUSH_MS / 8.0 ? 4 : 2;
  atomic_store(&borne, rows < ROWS_LEAST ? ROWS_LEAST : rows > ROWS_MOST ? ROWS_MOST : rows);
}

void push_broke(void) {
  int64_t rows = atomic_load(&borne) / 4;
  atomic_store(&borne, rows < ROWS_LEAST ? ROWS_LEAST : rows);
}

bool push_is_full(const struct up_batch *b) {
  struct compose_budget budget = push_budget();
  return b->rows >= budget.rows || up_bytes(b) >= budget.bytes;
}

/* ---- what is known here ---- */

static int add_batch(struct ctx *cx, struct db *db, const struct seal *s, int64_t confirmed_at) {
  struct stmt *q =
      db_ask(cx, db, SQL_push_batch_add, s->origin, s->lane, s->sequence, arg_blob(s->previous, SHA256_SIZE),
             s->position_from, s->position_to, s->first_seq, s->last_seq, s->rows, s->bytes, s->sections,
             arg_blob(s->root, SHA256_SIZE), arg_blob(s->hash, SHA256_SIZE),
             arg_blob(s->signature, s->signature_size), s->made_at);
  if (confirmed_at)
    stmt_int(q, 16, confirmed_at);
  else
    stmt_null(q, 16);
  return stmt_run(cx, q);
}

int push_note(struct ctx *cx, struct db *db, const struct seal *s) { return add_batch(cx, db, s, 0); }

struct confirming {
  const struct up_batch *b;
  struct sync_sent sent;
};

static int confirm(struct ctx *cx, struct db *db, void *arg) {
  const struct confirming *c = arg;
  const struct seal *s = &c->b->seal;
  struct sync_lane lane = {
    .name = s->lane, .sequence = s->sequence, .position = s->position_to, .confirmed_at = time_now()
  };
  memcpy(lane.batch_hash, s->hash, SHA256_SIZE);
  if (sync_lane_save(cx, db, &lane) || add_batch(cx, db, s, lane.confirmed_at)) return cx->code;
  return sync_note_sent(cx, db, &c->sent);
}

struct push_effort push_effort(const struct pg *p) {
  return (struct push_effort){ pg_statements(p), pg_bytes_out(p) };
}

int push_confirm(struct ctx *cx, struct tenant *t, const struct up_batch *b, double seconds,
                 const struct pg *p, struct push_effort before) {
  struct push_effort now = push_effort(p);
  struct confirming c = { b,
                          { .rows = b->seal.rows,
                            .bytes = b->seal.bytes,
                            .took_us = (int64_t)(seconds * 1e6),
                            .statements = now.statements - before.statements,
                            .spoken = now.bytes - before.bytes } };
  return tenant_write(cx, t, confirm, &c);
}

/* ---- what is known there ---- */

struct adopting {
  struct sync_lane lane;
  struct seal *missed;
  int count;
};

static int adopt(struct ctx *cx, struct db *db, void *arg) {
  struct adopting *a = arg;
  for (int i = 0; i < a->count; i++)
    if (add_batch(cx, db, &a->missed[i], a->lane.confirmed_at)) return cx->code;
  return sync_lane_save(cx, db, &a->lane);
}

static void take_hash(unsigned char out[static SHA256_SIZE], struct str text) {
  if (text.n == SHA256_SIZE) memcpy(out, text.p, SHA256_SIZE);
}

/* Batches that arrived there and whose answer did not arrive here. */
static int read_missed(struct ctx *cx, struct push *u, int64_t after, struct adopting *a) {
  struct pg_rows *r;
  if (pg_ask(cx, u->pg, &r,
             "SELECT sequence, previous, position_from, position_to, first_seq, last_seq, row_count, "
             "byte_count, sections, root, hash, signature, (extract(epoch FROM made_at) * 1000000)::bigint "
             "FROM outpost.batch WHERE organization_id = $1::uuid AND origin = $2::int AND lane = $3 AND "
             "sequence > $4::bigint ORDER BY sequence LIMIT 1000",
             u->organization, u->origin, a->lane.name, after))
    return cx->code;
  a->count = pg_rows_count(r);
  a->missed = ctx_alloc(cx, (size_t)(a->count + 1) * sizeof *a->missed);
  for (int i = 0; i < a->count; i++) {
    struct seal *s = &a->missed[i];
    *s = (struct seal){ .organization = u->organization, .lane = a->lane.name, .origin = u->origin };
    s->sequence = pg_int(r, i, 0);
    take_hash(s->previous, pg_text(r, i, 1));
    s->position_from = ctx_strdup(cx, pg_text(r, i, 2));
    s->position_to = ctx_strdup(cx, pg_text(r, i, 3));
    s->first_seq = pg_int(r, i, 4);
    s->last_seq = pg_int(r, i, 5);
    s->rows = pg_int(r, i, 6);
    s->bytes = pg_int(r, i, 7);
    s->sections = ctx_strdup(cx, pg_text(r, i, 8));
    take_hash(s->root, pg_text(r, i, 9));
    take_hash(s->hash, pg_text(r, i, 10));
    struct str signature = pg_text(r, i, 11);
    s->signature_size = signature.n < SIGNATURE_MAX ? signature.n : 0;
    memcpy(s->signature, signature.p, s->signature_size);
    s->made_at = pg_int(r, i, 12);
    unsigned char hash[SHA256_SIZE];
    seal_hash(s, hash);
    if (memcmp(hash, s->hash, SHA256_SIZE) != 0 ||
        !sign_verify(u->key->pem, hash, s->signature, s->signature_size))
      return fail(cx, E_CONFLICT, "lane",
                  "headquarters holds batch %lld of lane %s, which this appliance did not sign",
                  (long long)s->sequence, a->lane.name);
  }
  return OK;
}

/* Headquarters' word on a lane becomes ours. */
static int settle_lane(struct ctx *cx, struct push *u, struct sync_lane *lane) {
  struct apply_lane there;
  if (apply_lane(cx, u->applier, u->organization, u->origin, lane->name, &there)) return cx->code;
  bool same = there.sequence == lane->sequence &&
              (there.sequence == 0 || memcmp(there.hash, lane->batch_hash, SHA256_SIZE) == 0);
  if (same) return OK;
  if (there.sequence < lane->sequence)
    return fail(cx, E_CONFLICT, "lane",
                "headquarters is at batch %lld of lane %s, and had confirmed batch %lld",
                (long long)there.sequence, lane->name, (long long)lane->sequence);
  struct adopting a = { .lane = { .name = lane->name,
                                  .sequence = there.sequence,
                                  .position = there.position,
                                  .confirmed_at = time_now() } };
  memcpy(a.lane.batch_hash, there.hash, SHA256_SIZE);
  int64_t known = there.sequence > lane->sequence ? lane->sequence : there.sequence - 1;
  if (there.sequence && read_missed(cx, u, known, &a)) return cx->code;
  if (tenant_write(cx, u->tenant, adopt, &a)) return cx->code;
  *lane = a.lane;
  return OK;
}

/* ---- one lane ---- */

int push_compose(struct ctx *cx, struct push *u, const struct sync_lane *lane, struct up_batch *b,
                 bool *whole) {
  struct db *db;
  struct compose_budget budget = push_budget();
  b->seal = (struct seal){ .organization = u->organization,
                           .lane = lane->name,
                           .origin = u->origin,
                           .sequence = lane->sequence + 1,
                           .position_from = ctx_strdup(cx, str_of(lane->position)) };
  memcpy(b->seal.previous, lane->batch_hash, SHA256_SIZE);
  if (tenant_read(cx, u->tenant, &db) || compose_batch(cx, db, &budget, b, whole)) return cx->code;
  tenant_read_end(db);
  return b->rows ? tenant_sync(cx, u->tenant)
                 : OK; /* nothing stands there that a power cut could take away here */
}

/* An idle lane looks again at what it has no part in; when that is long, it is noted. */
enum { WORTH_NOTING = 2000 };

static int save_lane(struct ctx *cx, struct db *db, void *arg) { return sync_lane_save(cx, db, arg); }

static int skip(struct ctx *cx, struct push *u, struct sync_lane *lane, const struct up_batch *b) {
  if (b->seal.last_seq - position_seq(cx, lane->position) < WORTH_NOTING) return OK;
  lane->position = b->seal.position_to;
  return tenant_write(cx, u->tenant, save_lane, lane);
}

static int send_batch(struct ctx *cx, struct push *u, struct up_batch *b) {
  double began = time_seconds();
  bool full = push_is_full(b);
  struct push_effort before = push_effort(u->pg);
  if (apply_rows(cx, u->applier, b) || up_seal(cx, u->key, b) || apply_changes(cx, u->applier, b) ||
      apply_commit(cx, u->applier, b)) {
    bool broken = pg_is_broken(u->pg);
    if (!broken) pg_rollback(u->pg);
    if (broken) push_broke();
    return cx->code;
  }
  double took = time_seconds() - began;
  push_measured(took * 1000, full);
  return push_confirm(cx, u->tenant, b, took, u->pg, before);
}

enum { ALONE = 1 };
enum sent { SENT_NOTHING, SENT_ALL, SENT_MORE };

/* One batch, in a unit of work of its own. */
static int lane_step(struct ctx *cx, struct push *u, enum sync_lane_id id, bool *settled, enum sent *sent) {
  struct ctx one;
  struct sync_lane lane;
  struct up_batch b;
  bool whole = false;
  up_init(&b);
  ctx_begin(&one, cx->actor);
  int rc = sync_lane_look(&one, u->tenant, id, &lane);
  if (!rc) rc = push_compose(&one, u, &lane, &b, &whole);
  if (!rc && b.rows && !*settled) {
    struct sync_lane there = lane;
    rc = settle_lane(&one, u, &there);
    *settled = true;
    bool moved =
        there.sequence != lane.sequence || memcmp(there.batch_hash, lane.batch_hash, SHA256_SIZE) != 0;
    *sent = SENT_MORE;
    if (rc || moved) goto end;
  }
  *sent = !b.rows ? SENT_NOTHING : whole ? SENT_ALL : SENT_MORE;
  if (!rc) rc = b.rows ? send_batch(&one, u, &b) : skip(&one, u, &lane, &b);
end:
  up_clear(&b);
  return ctx_end_inside(cx, &one);
}

/* The first batches alone, to learn what the link bears; when there is more, as push_wide does it. */
static int push_lane(struct ctx *cx, struct push *u, enum sync_lane_id id, bool *more) {
  double until = time_seconds() + PUSH_TURN_MS / 1000.0;
  bool settled = false, whole = false;
  enum sent sent = SENT_MORE;
  for (int alone = 0; sent == SENT_MORE && alone < ALONE; alone++)
    if (lane_step(cx, u, id, &settled, &sent)) return cx->code;
  if (sent != SENT_MORE) return OK;
  struct sync_lane lane;
  if (sync_lane_look(cx, u->tenant, id, &lane) || push_wide(cx, u, &lane, until, &whole)) return cx->code;
  *more = !whole;
  return OK;
}

int push_some(struct ctx *cx, struct tenant *t, struct pg *p, bool *more) {
  struct sync_upstream upstream;
  struct db *db;
  int64_t left = 0;
  *more = false;
  if (tenant_read(cx, t, &db) || sync_upstream_need(cx, db, &upstream) || sync_metered_left(cx, db, &left))
    return cx->code;
  tenant_read_end(db);
  if (left <= 0) return OK;
  struct push u = { .tenant = t, .pg = p, .organization = upstream.organization, .origin = upstream.origin };
  if (sign_key_open(cx, store_dir(tenant_store(t)), &u.key) || apply_open(cx, p, &u.applier)) return cx->code;
  for (int lane = LANE_LOG; lane < LANE_COUNT; lane++) {
    if (upstream.metered_bytes && lane != LANE_LOG) break;
    if (!apply_takes(u.applier, sync_lane_names[lane])) continue;
    if (push_lane(cx, &u, lane, more)) return cx->code;
    if (*more) break;
  }
  return OK;
}
