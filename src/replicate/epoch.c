#include "replicate/epoch.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/crash.h"
#include "base/file.h"
#include "base/ids.h"
#include "base/key_file.h"
#include "notify/alert.h"
#include "replicate/recover.h"
#include "replicate/state.h"
#include "replicate/went_back.h"
#include "store/change.h"

enum { TRIES = 5 };

/* Where the two logs are, and what is known of them. */
struct compared {
  struct sync_upstream up;
  const char *instance; /* beside the signing key; NULL: there is none */
  struct change_end end;
  int64_t shared;   /* the last entry that both are known to have */
  int64_t head;     /* headquarters has entries of this origin up to here; 0: none */
  bool same_head;   /* and this file has that one, too */
  const char *why;  /* a new epoch is needed: a sentence; NULL: none */
  struct str lanes; /* where they are there, see went_back.h */
};

/* ---- the instance ---- */

static const char *instance_path(struct ctx *cx, struct tenant *t) {
  return ctx_printf(cx, "%s/keys/instance-%s", store_dir(tenant_store(t)), tenant_slug(t));
}

static int instance_read(struct ctx *cx, struct tenant *t, const char **out) {
  char text[64];
  size_t n;
  *out = NULL;
  if (key_file_read(cx, "the instance of the file", instance_path(cx, t), text, sizeof text, &n))
    return cx->code;
  struct str id = str_trim((struct str){ text, n });
  if (uuid_valid(id)) *out = ctx_strdup(cx, id);
  return OK;
}

int epoch_instance_keep(struct ctx *cx, struct tenant *t, const char *id) {
  const char *path = instance_path(cx, t);
  if (unlink(path) == 0) crash_point("instance removed");
  return key_file_make(cx, "the instance of the file", ctx_printf(cx, "%s/keys", store_dir(tenant_store(t))),
                       path, 0600, str_of(ctx_printf(cx, "%s\n", id)));
}

/* ---- both sides ---- */

static int local_hash(struct ctx *cx, struct db *db, int64_t seq, struct str *out) {
  *out = (struct str){ NULL, 0 };
  struct stmt *s = db_ask(cx, db, SQL_sync_hash_at, seq);
  if (!stmt_row(cx, s)) return cx->code;
  *out = (struct str){ ctx_strdup(cx, col_str(s, 0)), col_str(s, 0).n };
  stmt_done(s);
  return OK;
}

static int hq_hash(struct ctx *cx, struct pg *p, const struct compared *c, int64_t seq, struct str *out) {
  struct pg_rows *rows;
  *out = (struct str){ NULL, 0 };
  if (pg_ask(cx, p, &rows,
             "SELECT hash FROM outpost.change_log WHERE organization_id = $1::uuid AND origin = $2::int AND "
             "seq = $3::bigint",
             c->up.organization, c->up.origin, seq))
    return cx->code;
  if (pg_rows_count(rows)) *out = pg_text(rows, 0, 0);
  return OK;
}

static int same_entry(struct ctx *cx, struct db *db, struct pg *p, const struct compared *c, int64_t seq,
                      bool *same) {
  struct str here, there;
  if (local_hash(cx, db, seq, &here) || hq_hash(cx, p, c, seq, &there)) return cx->code;
  *same = here.p && there.p && str_eq(here, there);
  return OK;
}

static int read_head(struct ctx *cx, struct db *db, struct pg *p, struct compared *c) {
  struct pg_rows *rows;
  struct str here;
  if (pg_ask(cx, p, &rows,
             "SELECT coalesce(l.head_seq, 0), l.head_hash, coalesce(o.fork_seq, 0), (SELECT "
             "string_agg(x.lane || ' ' || x.sequence, ',') FROM outpost.lane AS x WHERE x.organization_id = "
             "$1::uuid AND x.origin = $2::int) FROM outpost.origin AS o LEFT JOIN outpost.lane AS l ON "
             "l.organization_id = o.organization_id AND l.origin = o.origin AND l.lane = 'log' WHERE "
             "o.organization_id = $1::uuid AND o.origin = $2::int",
             c->up.organization, c->up.origin))
    return cx->code;
  if (pg_rows_count(rows) == 0)
    return fail(cx, E_DENIED, NULL,
                "headquarters does not know this edge any more (origin %lld): enroll it again",
                (long long)c->up.origin);
  c->head = pg_int(rows, 0, 0);
  c->shared = pg_int(rows, 0, 2);
  c->lanes = pg_text(rows, 0, 3);
  if (c->head <= c->shared || c->head > c->end.seq) return OK;
  if (local_hash(cx, db, c->head, &here)) return cx->code;
  c->same_head = here.p && str_eq(here, pg_text(rows, 0, 1));
  return OK;
}

static void decide(struct ctx *cx, struct compared *c) {
  if (c->head > c->shared && c->head > c->end.seq)
    c->why = ctx_printf(
        cx,
        "headquarters holds the log up to entry %lld, and here it ends with %lld: an older copy of the "
        "file is in its place",
        (long long)c->head, (long long)c->end.seq);
  else if (c->head > c->shared && !c->same_head)
    c->why = ctx_printf(
        cx,
        "entry %lld is another one here than at headquarters: an older copy of the file, or a copy of "
        "this folder, went on",
        (long long)c->head);
  else if (!c->instance || strcmp(c->instance, c->up.instance) != 0)
    c->why =
        "the file names another instance than this folder: it was copied from elsewhere, or is an older one";
}

/* The last entry that both have: what is the same stays the same all the way down. */
static int find_fork(struct ctx *cx, struct db *db, struct pg *p, struct compared *c) {
  int64_t most = c->head < c->end.seq ? c->head : c->end.seq;
  while (c->shared < most) {
    int64_t middle = c->shared + (most - c->shared + 1) / 2;
    bool same = false;
    if (same_entry(cx, db, p, c, middle, &same)) return cx->code;
    if (same)
      c->shared = middle;
    else
      most = middle - 1;
  }
  return OK;
}

/* ---- a new epoch ---- */

struct opening {
  const struct compared *c;
  char instance[37];
  int64_t origin, epoch;
  struct str fork_hash;
  const char *position[LANE_COUNT];
  const struct recovered *back;
};

/* Two edges of one organization may want the same number: then once more. */
static int open_there(struct ctx *cx, struct pg *p, struct opening *o) {
  const struct compared *c = o->c;
  for (int i = 0;; i++) {
    struct pg_rows *rows;
    int rc = pg_ask(
        cx, p, &rows,
        "INSERT INTO outpost.origin (organization_id, origin, edge_id, epoch, instance, fork_seq, fork_hash) "
        "SELECT $1::uuid, (SELECT max(origin) + 1 FROM outpost.origin WHERE organization_id = $1::uuid), "
        "$2::uuid, (SELECT max(epoch) + 1 FROM outpost.origin WHERE organization_id = $1::uuid "
        "AND edge_id = $2::uuid), $3::uuid, $4::bigint, $5::bytea RETURNING origin, epoch",
        c->up.organization, c->up.edge, o->instance, c->shared, arg_blob(o->fork_hash.p, o->fork_hash.n));
    if (rc == E_CONFLICT && i < TRIES) {
      ctx_forgive(cx);
      continue;
    }
    if (rc) return rc;
    o->origin = pg_int(rows, 0, 0);
    o->epoch = pg_int(rows, 0, 1);
    return OK;
  }
}

/* The lanes of rows and bytes begin at the entry that headquarters has not wholly, and not behind the fork. */
static int lane_starts(struct ctx *cx, struct pg *p, struct opening *o) {
  struct pg_rows *rows;
  for (int i = 0; i < LANE_COUNT; i++)
    o->position[i] = i == LANE_LOG ? ctx_printf(cx, "{\"seq\":%lld}", (long long)o->c->shared) : "{}";
  if (pg_ask(cx, p, &rows,
             "SELECT lane, coalesce((position::json ->> 'seq')::bigint, 0) FROM outpost.lane "
             "WHERE organization_id = $1::uuid AND origin = $2::int",
             o->c->up.organization, o->c->up.origin))
    return cx->code;
  for (int r = 0; r < pg_rows_count(rows); r++) {
    enum sync_lane_id i = sync_lane_named(pg_text(rows, r, 0));
    int64_t seq = pg_int(rows, r, 1);
    if (i == LANE_LOG || i == LANE_COUNT) continue;
    o->position[i] = ctx_printf(cx, "{\"seq\":%lld}", (long long)(seq < o->c->shared ? seq : o->c->shared));
  }
  return OK;
}

static const char *told(struct ctx *cx, const struct opening *o) {
  const struct recovered *b = o->back;
  const char *text = ctx_printf(cx, "epoch %lld: %s.", (long long)o->epoch, o->c->why);
  if (b->records || b->runs || b->moves)
    text = ctx_printf(cx, "%s Fetched back: %lld records, %lld runs, %lld movements of stock.", text,
                      (long long)b->records, (long long)b->runs, (long long)b->moves);
  if (b->renamed)
    text = ctx_printf(cx, "%s %lld records have a number that another has, too: both are there.", text,
                      (long long)b->renamed);
  if (b->records_left || b->runs_left)
    text = ctx_printf(cx, "%s %lld records and %lld runs are at headquarters only: %s.", text,
                      (long long)b->records_left, (long long)b->runs_left, b->first_left);
  return text;
}

static int note_epoch(struct ctx *cx, struct db *db, const struct opening *o) {
  const char *text = told(cx, o);
  bool fresh;
  struct alert alert = { .kind = "sync_epoch",
                         .subject = ctx_printf(cx, "epoch %lld", (long long)o->epoch),
                         .state = "opened",
                         .severity = SEVERITY_WARNING,
                         .title = "the file went back in time, or has a twin",
                         .text = text };
  if (sync_history_add(cx, db, "epoch", text) || alert_raise(cx, db, &alert, &fresh)) return cx->code;
  for (const struct renamed *r = o->back->renames; r; r = r->next) {
    alert = (struct alert){ .kind = "sync_number",
                            .subject = r->subject,
                            .state = "twice",
                            .severity = SEVERITY_WARNING,
                            .title = r->title,
                            .text = r->text };
    if (alert_raise(cx, db, &alert, &fresh)) return cx->code;
  }
  const char *after =
      ctx_printf(cx, "{\"epoch\":%lld,\"origin\":%lld,\"fork_seq\":%lld,\"head_seq\":%lld}",
                 (long long)o->epoch, (long long)o->origin, (long long)o->c->shared, (long long)o->c->head);
  return change_append(cx, db,
                       &(struct change){ .event = "SYNC_EPOCH_OPENED",
                                         .after = str_of(after),
                                         .count = o->back->records + o->back->runs + o->back->moves,
                                         .text = text });
}

static int open_here(struct ctx *cx, struct db *db, void *arg) {
  const struct opening *o = arg;
  struct stmt *s = db_stmt(cx, db, SQL_sync_origin_past);
  if (stmt_run(cx, s)) return cx->code;
  if (db_act(cx, db, SQL_sync_origin_add, o->origin, o->epoch, o->instance, o->c->shared,
             arg_blob(o->fork_hash.p, o->fork_hash.n), cx->now))
    return cx->code;
  for (int i = 0; i < LANE_COUNT; i++) {
    struct sync_lane lane = { .name = sync_lane_names[i], .position = o->position[i] };
    if (sync_lane_save(cx, db, &lane)) return cx->code;
  }
  return note_epoch(cx, db, o);
}

static int fork_hash(struct ctx *cx, struct db *db, struct opening *o) {
  return o->c->shared ? local_hash(cx, db, o->c->shared, &o->fork_hash) : OK;
}

/* Whose parts this file may lack: its own origin's, and those of later epochs up to the one that the folder names. */
static int lost_origins(struct ctx *cx, struct pg *p, const struct compared *c, struct lost *lost) {
  struct pg_rows *rows;
  *lost = (struct lost){
    .organization = c->up.organization, .origin = c->up.origin, .from = c->shared, .to = c->head
  };
  if (pg_ask(
          cx, p, &rows,
          "SELECT array_agg(origin ORDER BY epoch) FROM outpost.origin WHERE organization_id = $1::uuid "
          "AND edge_id = $2::uuid AND (origin = $5::int OR epoch > $3::int AND epoch <= (SELECT max(epoch) "
          "FROM outpost.origin WHERE organization_id = $1::uuid AND edge_id = $2::uuid AND instance = "
          "$4::uuid))",
          c->up.organization, c->up.edge, c->up.epoch, c->instance, c->up.origin))
    return cx->code;
  lost->origins = ctx_strdup(cx, pg_text(rows, 0, 0));
  return OK;
}

/* What is lost comes back first: killed anywhere, the next contact finds the same fork and goes on. */
static int open_epoch(struct ctx *cx, struct tenant *t, struct db *db, struct pg *p,
                      const struct compared *c) {
  struct lost lost;
  struct recovered back = { 0 };
  struct opening o = { .c = c, .back = &back };
  if (fork_hash(cx, db, &o) || lost_origins(cx, p, c, &lost) || recover_lost(cx, t, p, &lost, &back))
    return cx->code;
  uuid7(o.instance, cx->now);
  if (lane_starts(cx, p, &o) || open_there(cx, p, &o)) return cx->code;
  crash_point("epoch opened at headquarters");
  if (epoch_instance_keep(cx, t, o.instance)) return cx->code;
  crash_point("instance written");
  return tenant_write(cx, t, open_here, &o);
}

int epoch_check(struct ctx *cx, struct tenant *t, struct pg *p, bool *opened) {
  struct compared c = { 0 };
  struct db *db;
  *opened = false;
  if (tenant_read(cx, t, &db) || sync_upstream_need(cx, db, &c.up) || instance_read(cx, t, &c.instance))
    return cx->code;
  if (change_last(cx, db, &c.end)) return cx->code;
  tenant_read_end(db);
  if (read_head(cx, db, p, &c)) return cx->code;
  decide(cx, &c);
  if (!c.why) return went_back_check(cx, db, c.lanes) ? (int)cx->code : recover_settle(cx, t, p);
  if (find_fork(cx, db, p, &c) || open_epoch(cx, t, db, p, &c)) return cx->code;
  *opened = true;
  return OK;
}
