/* state.c - see state.h; state_show.c says it to people. */
#include "replicate/state.h"

#include "base/time.h"
#include "store/change.h"

const char *const sync_lane_names[LANE_COUNT] = { "log", "rows", "checks", "raw" };

/* ---- who we are there ---- */

int sync_upstream_read(struct ctx *cx, struct db *db, struct sync_upstream *out) {
  *out = (struct sync_upstream){ 0 };
  struct stmt *s = db_stmt(cx, db, SQL_sync_upstream_get);
  if (!stmt_row(cx, s)) return cx->code;
  *out = (struct sync_upstream){ .enrolled = true,
                                 .dsn = col_dup(cx, s, 0),
                                 .organization = col_dup(cx, s, 1),
                                 .edge = col_dup(cx, s, 2),
                                 .role = col_dup(cx, s, 3),
                                 .name = col_dup(cx, s, 4),
                                 .enrolled_at = col_int(s, 5),
                                 .paused = col_int(s, 6) != 0,
                                 .metered_bytes = col_int(s, 7),
                                 .origin = col_int(s, 8),
                                 .epoch = col_int(s, 9),
                                 .instance = col_dup(cx, s, 10) };
  stmt_done(s);
  return OK;
}

int sync_upstream_need(struct ctx *cx, struct db *db, struct sync_upstream *out) {
  if (sync_upstream_read(cx, db, out)) return cx->code;
  if (out->enrolled) return OK;
  return fail(cx, E_NOT_FOUND, "tenant",
              "this tenant is not enrolled at headquarters: outpost upstream enroll --dsn ... does it");
}

int sync_upstream_look(struct ctx *cx, struct tenant *t, struct sync_upstream *out) {
  struct ctx look;
  struct db *db;
  ctx_begin(&look, cx->actor);
  if (!tenant_read(&look, t, &db)) sync_upstream_need(cx, db, out);
  return ctx_end_inside(cx, &look);
}

static int run_plain(struct ctx *cx, struct db *db, enum sql_id id) {
  struct stmt *s = db_stmt(cx, db, id);
  return s ? stmt_run(cx, s) : (int)cx->code;
}

/* A first origin, or another one than before: the lanes begin at nothing. */
static int origin_first(struct ctx *cx, struct db *db, const struct sync_upstream *u) {
  if (run_plain(cx, db, SQL_sync_origin_left) || run_plain(cx, db, SQL_sync_lanes_clear)) return cx->code;
  return db_act(cx, db, SQL_sync_origin_put, u->origin, u->epoch, u->instance, cx->now);
}

int sync_upstream_save(struct ctx *cx, struct db *db, const struct sync_upstream *u) {
  struct sync_upstream before;
  if (sync_upstream_read(cx, db, &before)) return cx->code;
  struct stmt *s = db_ask(cx, db, SQL_sync_upstream_put, u->dsn, u->organization, u->edge, u->role, u->name,
                          u->enrolled_at ? u->enrolled_at : cx->now);
  if (!s) return cx->code;
  bool other =
      !before.enrolled || before.origin != u->origin || strcmp(before.organization, u->organization) != 0;
  if (stmt_run(cx, s) || (other && origin_first(cx, db, u)) ||
      sync_history_add(cx, db, "enrolled", ctx_printf(cx, "enrolled at headquarters as %s", u->name)))
    return cx->code;
  return change_append(
      cx, db,
      &(struct change){ .event = "SYNC_ENROLLED",
                        .table = "sync_upstream",
                        .key = u->edge,
                        .count = 1,
                        .text = ctx_printf(cx, "this tenant was enrolled at headquarters as %s", u->name) });
}

static int set_paused(struct ctx *cx, struct db *db, void *arg) {
  const bool paused = *(const bool *)arg;
  struct sync_upstream u;
  if (sync_upstream_need(cx, db, &u) || u.paused == paused) return cx->code;
  struct stmt *s = db_ask(cx, db, SQL_sync_pause, paused);
  if (stmt_run(cx, s)) return cx->code;
  return sync_history_add(cx, db, paused ? "paused" : "resumed",
                          ctx_printf(cx, paused ? "paused by %s" : "resumed by %s", cx->actor));
}

static int set_metered(struct ctx *cx, struct db *db, void *arg) {
  const int64_t bytes_a_day = *(const int64_t *)arg;
  struct sync_upstream u;
  if (sync_upstream_need(cx, db, &u)) return cx->code;
  return db_act(cx, db, SQL_sync_metered, bytes_a_day);
}

int sync_pause(struct ctx *cx, struct tenant *t) { return tenant_write(cx, t, set_paused, &(bool){ true }); }
int sync_resume(struct ctx *cx, struct tenant *t) {
  return tenant_write(cx, t, set_paused, &(bool){ false });
}
int sync_meter(struct ctx *cx, struct tenant *t, int64_t bytes_a_day) {
  return tenant_write(cx, t, set_metered, &bytes_a_day);
}

/* ---- lanes ---- */

int sync_lane_read(struct ctx *cx, struct db *db, enum sync_lane_id lane, struct sync_lane *out) {
  *out = (struct sync_lane){ .name = sync_lane_names[lane], .position = "{}" };
  struct stmt *s = db_ask(cx, db, SQL_sync_lane_get, out->name);
  if (!stmt_row(cx, s)) return cx->code;
  out->sequence = col_int(s, 0);
  out->position = col_dup(cx, s, 1);
  struct str hash = col_str(s, 2);
  if (hash.n == SHA256_SIZE) memcpy(out->batch_hash, hash.p, SHA256_SIZE);
  out->confirmed_at = col_int(s, 3);
  out->seq = col_int(s, 4);
  stmt_done(s);
  return OK;
}

int sync_lane_look(struct ctx *cx, struct tenant *t, enum sync_lane_id lane, struct sync_lane *out) {
  struct ctx look;
  struct db *db;
  ctx_begin(&look, cx->actor);
  if (!tenant_read(&look, t, &db)) sync_lane_read(cx, db, lane, out);
  return ctx_end_inside(cx, &look);
}

enum sync_lane_id sync_lane_named(struct str name) {
  int i = 0;
  while (i < LANE_COUNT && !str_eq(name, str_of(sync_lane_names[i]))) i++;
  return (enum sync_lane_id)i;
}

int sync_lane_save(struct ctx *cx, struct db *db, const struct sync_lane *lane) {
  return db_act(cx, db, SQL_sync_lane_put, lane->name, lane->sequence, lane->position,
                arg_blob(lane->batch_hash, SHA256_SIZE), lane->confirmed_at);
}

int sync_lane_behind(struct ctx *cx, struct db *db, const struct sync_lane *lane, struct sync_behind *out) {
  static const enum sql_id sql[LANE_COUNT] = { SQL_sync_behind_log, SQL_sync_behind_rows,
                                               SQL_sync_behind_checks, SQL_sync_behind_raw };
  *out = (struct sync_behind){ 0 };
  struct stmt *s = db_ask(cx, db, sql[sync_lane_named(str_of(lane->name))], lane->seq);
  if (!stmt_row(cx, s)) return cx->code;
  *out = (struct sync_behind){ col_int(s, 0), col_int(s, 1), col_int(s, 2) };
  stmt_done(s);
  return OK;
}

/* When all is there it is so since the last contact, which found it so. */
int sync_holds_until(struct ctx *cx, struct db *db, int64_t *out) {
  struct sync_lane lane;
  struct sync_behind behind;
  int64_t until = db_int(cx, db, SQL_sync_last_contact, 0);
  for (int i = 0; i < LANE_COUNT; i++) {
    if (sync_lane_read(cx, db, i, &lane)) return cx->code;
    if (lane.confirmed_at > until) until = lane.confirmed_at;
  }
  for (int i = 0; i < LANE_COUNT; i++) {
    if (sync_lane_read(cx, db, i, &lane) || sync_lane_behind(cx, db, &lane, &behind)) return cx->code;
    if (behind.since && behind.since < until) until = behind.since;
    if (i == LANE_LOG && !lane.seq) until = 0;
  }
  *out = until;
  return cx->code;
}

int sync_note_sent(struct ctx *cx, struct db *db, const struct sync_sent *sent) {
  return db_act(cx, db, SQL_sync_day_add, cx->now / DAY_US, sent->rows, sent->bytes, sent->took_us,
                sent->statements, sent->spoken);
}

int sync_metered_left(struct ctx *cx, struct db *db, int64_t *left) {
  *left = INT64_MAX;
  struct stmt *s = db_ask(cx, db, SQL_sync_metered_left, cx->now / DAY_US);
  if (!stmt_row(cx, s)) return cx->code;
  if (col_int(s, 0)) *left = col_int(s, 0) > col_int(s, 1) ? col_int(s, 0) - col_int(s, 1) : 0;
  stmt_done(s);
  return OK;
}

/* ---- how it goes ---- */

int sync_error_set(struct ctx *cx, struct db *db, enum err code, const char *sentence, int64_t next_try,
                   bool *first) {
  *first = true;
  struct stmt *s = db_stmt(cx, db, SQL_sync_error_get);
  if (stmt_row(cx, s)) {
    *first = !str_eq(col_str(s, 0), str_of(err_name(code)));
    stmt_done(s);
  }
  if (cx->code) return cx->code;
  if (db_act(cx, db, SQL_sync_error_put, err_name(code), sentence, cx->now, next_try)) return cx->code;
  return *first ? sync_history_add(cx, db, "failed", sentence) : OK;
}

int sync_error_clear(struct ctx *cx, struct db *db) {
  if (run_plain(cx, db, SQL_sync_error_remove)) return cx->code;
  return db_changes(db) > 0 ? sync_history_add(cx, db, "reached", "headquarters was reached again") : OK;
}

int sync_history_add(struct ctx *cx, struct db *db, const char *kind, const char *text) {
  if (db_act(cx, db, SQL_sync_history_put, cx->now, kind, text)) return cx->code;
  return run_plain(cx, db, SQL_sync_history_cut);
}
