#include "replicate/went_back.h"

#include "base/time.h"
#include "replicate/state.h"
#include "store/change.h"

/* ---- is it so? ---- */

/* The number behind "log " in "log 41,rows 7"; 0: it is not there. */
static int64_t sequence_there(struct str there, const char *lane) {
  size_t n = strlen(lane);
  for (size_t at = 0; at < there.n;) {
    const char *end = memchr(there.p + at, ',', there.n - at);
    struct str part = { there.p + at, end ? (size_t)(end - there.p) - at : there.n - at };
    int64_t sequence;
    if (part.n > n + 1 && memcmp(part.p, lane, n) == 0 && part.p[n] == ' ' &&
        str_to_int((struct str){ part.p + n + 1, part.n - n - 1 }, &sequence))
      return sequence;
    at += part.n + 1;
  }
  return 0;
}

int went_back_check(struct ctx *cx, struct db *db, struct str there) {
  for (int i = 0; i < LANE_COUNT; i++) {
    struct sync_lane lane;
    if (sync_lane_read(cx, db, i, &lane)) return cx->code;
    int64_t sequence = sequence_there(there, lane.name);
    if (sequence >= lane.sequence) continue;
    char when[TIME_SIZE];
    time_iso(when, lane.confirmed_at);
    return fail(
        cx, E_DENIED, NULL,
        WENT_BACK
        ": it had confirmed batch %lld of lane %s (%.16s UTC) and has batch %lld now, so an older backup is "
        "in its place. Nothing is sent until somebody says that it is the right one: outpost sync resend",
        (long long)lane.sequence, lane.name, when, (long long)sequence);
  }
  return OK;
}

/* ---- once more ---- */

struct resending {
  const struct pg_rows *there; /* lane, sequence, position, batch_hash */
  struct jw *w;
  const char *key;
  int64_t origin;
};

static int row_of_lane(const struct pg_rows *there, const char *lane) {
  for (int r = 0; r < pg_rows_count(there); r++)
    if (str_eq(pg_text(there, r, 0), str_of(lane))) return r;
  return -1;
}

/* Its receipts were of what is not there any more. */
static int forget(struct ctx *cx, struct db *db, const struct resending *g, const struct sync_lane *lane,
                  int64_t from, int64_t *batches, int64_t *rows) {
  struct stmt *s = db_ask(cx, db, SQL_sync_batches_behind, g->origin, lane->name, from);
  if (stmt_row(cx, s)) {
    *batches += col_int(s, 0);
    *rows += col_int(s, 1);
    stmt_done(s);
  }
  return db_act(cx, db, SQL_sync_batches_forget, g->origin, lane->name, from);
}

static int lane_back(struct ctx *cx, struct db *db, const struct resending *g, int id, int64_t *batches,
                     int64_t *rows) {
  struct sync_lane lane;
  if (sync_lane_read(cx, db, id, &lane)) return cx->code;
  int r = row_of_lane(g->there, lane.name);
  int64_t sequence = r < 0 ? 0 : pg_int(g->there, r, 1);
  if (sequence >= lane.sequence) return OK;
  if (forget(cx, db, g, &lane, sequence, batches, rows)) return cx->code;
  struct str hash = r < 0 ? (struct str){ NULL, 0 } : pg_text(g->there, r, 3);
  bool begun = r >= 0 && !pg_is_null(g->there, r, 2);
  lane.sequence = sequence;
  lane.position = begun ? ctx_strdup(cx, pg_text(g->there, r, 2)) : "{}";
  memset(lane.batch_hash, 0, SHA256_SIZE);
  if (hash.n == SHA256_SIZE) memcpy(lane.batch_hash, hash.p, SHA256_SIZE);
  return sync_lane_save(cx, db, &lane);
}

static int64_t received_since(struct ctx *cx, struct db *db) {
  struct sync_lane lane;
  if (sync_lane_read(cx, db, LANE_LOG, &lane)) return 0;
  return stmt_number(cx, db_ask(cx, db, SQL_sync_received_since, lane.seq), 0);
}

static int go_back(struct ctx *cx, struct db *db, void *arg) {
  struct resending *g = arg;
  int64_t batches = 0, rows = 0;
  for (int i = 0; i < LANE_COUNT; i++)
    if (lane_back(cx, db, g, i, &batches, &rows)) return cx->code;
  if (!batches)
    return fail(cx, E_CONFLICT, NULL,
                "headquarters holds all that it has confirmed: there is nothing to be sent once more");
  int64_t received = received_since(cx, db);
  const char *text = ctx_printf(cx,
                                "headquarters went back in time: %lld batches with %lld rows are sent once "
                                "more, and all that it has is read anew",
                                (long long)batches, (long long)rows);
  if (received)
    text = ctx_printf(cx,
                      "%s; of the %lld records that headquarters had changed here since, what its own people "
                      "changed is in this file's log alone",
                      text, (long long)received);
  struct stmt *s = db_stmt(cx, db, SQL_sync_pull_forget);
  const struct change entry = {
    .event = "SYNC_RESENT", .table = "sync_upstream", .count = batches, .text = text
  };
  if (stmt_run(cx, s) || sync_history_add(cx, db, "resent", text) || change_append(cx, db, &entry))
    return cx->code;
  jw_object(g->w, g->key);
  jw_put(g->w, "batches", batches, "rows", rows, "received", received, "sentence", text);
  jw_close(g->w, '}');
  return OK;
}

int went_back_resend(struct ctx *cx, struct tenant *t, struct pg *p, struct jw *w, const char *key) {
  struct resending g = { .w = w, .key = key };
  struct sync_upstream up;
  struct pg_rows *rows;
  if (sync_upstream_look(cx, t, &up)) return cx->code;
  if (pg_ask(cx, p, &rows,
             "SELECT lane, sequence, position, batch_hash FROM outpost.lane WHERE organization_id = $1::uuid "
             "AND origin = $2::int AND EXISTS (SELECT FROM outpost.origin o WHERE o.organization_id = "
             "$1::uuid AND o.origin = $2::int)",
             up.organization, up.origin))
    return cx->code;
  g.origin = up.origin;
  g.there = rows;
  return tenant_write(cx, t, go_back, &g);
}
