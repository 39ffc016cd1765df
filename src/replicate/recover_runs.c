#include "event/event.h"
#include "ingest/import.h"
#include "ingest/settings.h"
#include "ingest/undo.h"

#include <unistd.h>

#include "base/file.h"
#include "format/input.h"
#include "replicate/recover_internal.h"
#include "replicate/state.h"
#include "store/change.h"

enum { CHUNKS = 8, MOVES = 1000 };

/* ---- runs ---- */

/* A run at headquarters that this file may lack. */
struct gone {
  const struct lost *lost;
  int64_t origin, run;
  const char *uuid, *dataset, *source, *kind, *sha256, *settings;
  bool undone;
  const char *as; /* the run that stands for it here, once it does */
};

static int is_here(struct ctx *cx, struct tenant *t, const struct gone *g, bool *here) {
  struct db *db;
  if (tenant_read(cx, t, &db)) return cx->code;
  *here = stmt_exists(cx, db_ask(cx, db, SQL_sync_run_here, g->uuid, g->dataset, g->sha256, g->kind));
  return cx->code;
}

/* Its bytes, in a file that is removed with the unit of work. */
static int fetch_bytes(struct ctx *cx, struct tenant *t, struct pg *p, const struct gone *g,
                       const char **path) {
  struct file_out *file;
  *path = ctx_printf(cx, "%s/recover-%s.part", store_dir(tenant_store(t)), g->uuid);
  unlink(*path);
  if (file_begin(cx, &file, *path, true)) return cx->code;
  for (int64_t from = -1, count = CHUNKS; count == CHUNKS && !cx->code;) {
    struct ctx page;
    struct pg_rows *rows;
    ctx_begin(&page, cx->actor);
    count = 0;
    if (!pg_ask(&page, p, &rows,
                "SELECT chunk, bytes FROM outpost.raw_chunk WHERE organization_id = $1::uuid AND origin = "
                "$2::int AND run = $3::bigint AND chunk > $4::bigint ORDER BY chunk LIMIT $5::bigint",
                g->lost->organization, g->origin, g->run, from, CHUNKS))
      count = pg_rows_count(rows);
    for (int i = 0; i < count && !cx->code; i++) {
      struct str bytes = pg_text(rows, i, 1);
      from = pg_int(rows, i, 0);
      file_write(cx, file, bytes.p, bytes.n);
    }
    ctx_end_inside(cx, &page);
  }
  return cx->code ? (int)cx->code : file_end(cx, file);
}

/* Which run of headquarters this one stands for: recover_settle looks for it. */
static int note_as(struct ctx *cx, struct db *db, const char *run, void *arg) {
  const struct gone *g = arg;
  const char *after =
      ctx_printf(cx, "{\"run\":\"%s\",\"uuid\":\"%s\",\"origin\":%lld}", run, g->uuid, (long long)g->origin);
  return change_append(
      cx, db,
      &(struct change){ .event = "SYNC_RUN_FETCHED",
                        .table = "sync_run",
                        .key = g->uuid,
                        .after = str_of(after),
                        .count = 1,
                        .text = ctx_printf(cx, "%s was fetched back from headquarters", g->source) });
}

static int import_bytes(struct ctx *cx, struct tenant *t, const struct gone *g, const char *path) {
  struct import_request r = { .dataset = dataset_find(g->dataset), .also = note_as, .also_arg = (void *)g };
  struct import_result result;
  struct input *in;
  struct file_digest digest;
  struct undo_result undo;
  struct jv *settings;
  if (file_digest(cx, path, &digest)) return cx->code;
  if (strcmp(digest.sha256, g->sha256) != 0)
    return fail(cx, E_NOT_FOUND, NULL,
                "its bytes had not arrived at headquarters whole: import the file again");
  if (jv_parse(cx, str_of(g->settings), &settings) ||
      settings_read(cx, str_of(g->settings), &r.dialect, &r.mapping))
    return cx->code;
  r.update = str_eq(jv_text(jv_get(settings, "existing")), STR("update"));
  if (strcmp(g->kind, "file") != 0) r.kind = g->kind;
  if (input_open_as(cx, path, g->source, store_dir(tenant_store(t)), &in)) return cx->code;
  r.input = in;
  if (import_run(cx, t, &r, &result)) return cx->code;
  return g->undone ? undo_run(cx, t, result.run, false, &undo) : OK;
}

static int one_run(struct ctx *cx, struct tenant *t, struct pg *p, const struct gone *g,
                   struct recovered *out) {
  struct ctx aside;
  const char *path = NULL;
  unit_of_lost(&aside, g->lost);
  if (!dataset_find(g->dataset))
    fail(&aside, E_INVALID, NULL, "this version knows no dataset '%s'", g->dataset);
  else if (!fetch_bytes(&aside, t, p, g, &path) && !import_bytes(&aside, t, g, path))
    out->runs++;
  if (path) unlink(path);
  if (aside.code == E_BUSY || aside.code == E_FAIL || aside.code == E_DENIED)
    fail_from(cx, &aside);
  else if (aside.code)
    note_left(cx, out, &out->runs_left, ctx_printf(cx, "the run of %s", g->source),
              ctx_strdup(cx, str_of(aside.message)));
  ctx_end(&aside);
  return cx->code;
}

/* Those that began in the lost part, in their order. */
int recover_runs(struct ctx *cx, struct tenant *t, struct pg *p, const struct lost *lost,
                 struct recovered *out) {
  struct pg_rows *rows;
  if (pg_ask(cx, p, &rows,
             "SELECT r.origin, r.run, r.uuid, r.dataset, r.source, r.kind, r.sha256, r.settings::text, "
             "r.undone_at IS NOT NULL FROM outpost.run AS r WHERE r.organization_id = $1::uuid AND r.origin "
             "= ANY ($2::int[]) AND r.state = 'done' AND r.uuid::text IN (SELECT c.unit FROM "
             "outpost.change_log AS c WHERE c.organization_id = $1::uuid AND c.origin = ANY ($2::int[]) AND "
             "c.event = 'RUN_STARTED' AND (c.origin <> $3::int OR c.seq > $4::bigint AND c.seq <= "
             "$5::bigint)) ORDER BY r.started_at, r.run",
             LOST_VALUES(lost)))
    return cx->code;
  for (int i = 0; i < pg_rows_count(rows) && !cx->code; i++) {
    struct gone g = { .lost = lost,
                      .origin = pg_int(rows, i, 0),
                      .run = pg_int(rows, i, 1),
                      .uuid = ctx_strdup(cx, pg_text(rows, i, 2)),
                      .dataset = ctx_strdup(cx, pg_text(rows, i, 3)),
                      .source = ctx_strdup(cx, pg_text(rows, i, 4)),
                      .kind = ctx_strdup(cx, pg_text(rows, i, 5)),
                      .sha256 = ctx_strdup(cx, pg_text(rows, i, 6)),
                      .settings = ctx_strdup(cx, pg_text(rows, i, 7)),
                      .undone = str_eq(pg_text(rows, i, 8), STR("t")) };
    bool here = false;
    if (!is_here(cx, t, &g, &here) && !here) one_run(cx, t, p, &g, out);
  }
  return cx->code;
}

static int settle_one(struct ctx *cx, struct pg *p, const struct sync_upstream *up, const char *said) {
  struct jv *v;
  struct pg_rows *rows;
  if (jv_parse(cx, str_of(said), &v)) return cx->code;
  return pg_ask(
      cx, p, &rows,
      "UPDATE outpost.run AS o SET counts = false, message = 'stands again as ' || $4::text WHERE "
      "o.organization_id = $1::uuid AND o.origin = $2::int AND o.uuid = $3::uuid AND o.counts "
      "AND EXISTS (SELECT FROM outpost.run AS n WHERE n.organization_id = $1::uuid AND n.uuid = $4::uuid)",
      up->organization, jv_text(jv_get(v, "origin")), jv_text(jv_get(v, "uuid")), jv_text(jv_get(v, "run")));
}

/* Few, and only until headquarters has what stands for them. */
int recover_settle(struct ctx *cx, struct tenant *t, struct pg *p) {
  struct sync_upstream up;
  struct sync_lane lane;
  struct db *db;
  if (tenant_read(cx, t, &db) || sync_upstream_need(cx, db, &up) || sync_lane_read(cx, db, LANE_ROWS, &lane))
    return cx->code;
  struct stmt *s = db_ask(cx, db, SQL_sync_runs_fetched, up.origin);
  while (!cx->code && stmt_row(cx, s))
    if (col_int(s, 0) <= lane.seq && settle_one(cx, p, &up, ctx_strdup(cx, col_str(s, 1)))) return cx->code;
  return cx->code;
}

/* ---- movements of stock ---- */

struct moves {
  struct event *events;
  size_t count;
};

static int publish(struct ctx *cx, struct db *db, void *arg) {
  struct moves *m = arg;
  return event_publish(cx, db, "inventory-events", m->events, m->count);
}

static int move_page(struct ctx *cx, struct tenant *t, struct pg *p, const struct lost *lost, int64_t offset,
                     int64_t *count, struct recovered *out) {
  struct ctx page;
  struct pg_rows *rows;
  struct moves m = { 0 };
  unit_of_lost(&page, lost);
  if (!pg_ask(
          &page, p, &rows,
          "WITH ranges AS (SELECT c.origin, (c.after ->> 'first')::bigint AS a, (c.after ->> 'last')::bigint "
          "AS z FROM outpost.change_log AS c WHERE c.organization_id = $1::uuid AND c.origin = ANY "
          "($2::int[]) AND c.event = 'STOCK_MOVED' AND (c.origin <> $3::int OR c.seq > $4::bigint AND c.seq "
          "<= $5::bigint)) SELECT json_strip_nulls(json_build_object('eventId', x.event_id, 'eventType', "
          "x.kind, 'timestamp', to_char(x.at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), "
          "'sku', x.item, 'warehouseId', x.warehouse, 'quantityChange', trim_scale(CASE WHEN x.kind IN "
          "('RESERVATION', 'RELEASE') THEN x.reserved ELSE x.quantity END), 'referenceId', x.reference_id, "
          "'notes', x.notes, 'location', x.location, 'lot', x.lot, 'serial', x.serial, 'unitCost', "
          "trim_scale(x.unit_cost), 'deviceId', x.device, 'deviceSeq', x.device_seq))::text FROM "
          "outpost.stock_transactions AS x JOIN ranges AS r ON r.origin = x.origin AND x.id BETWEEN r.a AND "
          "r.z WHERE x.organization_id = $1::uuid ORDER BY x.origin, x.id LIMIT $6::bigint OFFSET $7::bigint",
          LOST_VALUES(lost), MOVES, offset))
    m.count = (size_t)pg_rows_count(rows);
  m.events = ctx_alloc(&page, (m.count + 1) * sizeof *m.events);
  for (size_t i = 0; i < m.count; i++) m.events[i].body = pg_text(rows, (int)i, 0);
  if (m.count) tenant_write(&page, t, publish, &m);
  for (size_t i = 0; i < m.count && !page.code; i++) out->moves += m.events[i].outcome == EVENT_TAKEN;
  *count = (int64_t)m.count;
  return ctx_end_inside(cx, &page);
}

/* What the ledger knows by its id it does not book again; what it refuses is parked. */
int recover_moves(struct ctx *cx, struct tenant *t, struct pg *p, const struct lost *lost,
                  struct recovered *out) {
  for (int64_t offset = 0, count = MOVES; count == MOVES && !cx->code; offset += MOVES)
    move_page(cx, t, p, lost, offset, &count, out);
  return cx->code;
}
