#include "replicate/shipped.h"

#include "base/limits.h"
#include "record/record.h"

/* The records as a JSON array; rows: how many. */
static int collect(struct ctx *cx, struct db *db, const struct entity *e, struct jw *w, const char *key,
                   int64_t *rows) {
  struct stmt *s = db_compose(
      cx, db,
      ctx_printf(cx,
                 "SELECT id FROM %s r WHERE created_at = 0 AND NOT EXISTS (SELECT 1 FROM change_log "
                 "c WHERE c.tbl = '%s' AND c.key = r.id) ORDER BY id",
                 e->table, e->table));
  *rows = 0;
  jw_array(w, key);
  while (stmt_row(cx, s)) {
    if (record_get(cx, db, e, col_dup(cx, s, 0), w, NULL)) break;
    ++*rows;
  }
  jw_close(w, ']');
  return cx->code;
}

/* Those that are not there. */
static int put(struct ctx *cx, struct pg *p, const char *organization, int64_t origin, const struct entity *e,
               struct str records) {
  struct pg_rows *said;
  return pg_ask(cx, p, &said,
                "SELECT count(*) FILTER (WHERE outpost.merge_insert($1::uuid, $2, $3::int, "
                "outpost.edge_times(d.value), '{}', false, '{\"\": 0}', 0)) FROM "
                "json_array_elements($4::json) d WHERE d.value ->> 'created_at' = '0'",
                organization, e->table, origin, records);
}

static bool goes_up(const struct entity *e) { return e->sync == SYNC_UP || e->sync == SYNC_BOTH; }

static int too_many(struct ctx *cx, const struct entity *e) {
  return fail(cx, E_LIMIT, NULL, "the records of %s that came with the program are too many at once",
              e->table);
}

static int send(struct pull *pl, struct ctx *cx, const struct entity *e) {
  struct buf json;
  struct db *db;
  struct jw w;
  int64_t rows;
  buf_init(&json, LIMIT_REPLY_BYTES);
  jw_init(&w, &json);
  int rc = tenant_read(cx, pl->tenant, &db);
  if (!rc) rc = collect(cx, db, e, &w, NULL, &rows);
  if (!rc) tenant_read_end(db);
  if (!rc && json.full) rc = too_many(cx, e);
  if (!rc && rows) rc = put(cx, pl->pg, pl->u.organization, pl->u.origin, e, buf_view(&json));
  buf_clear(&json);
  return rc;
}

int shipped_send(struct pull *pl) {
  const struct entity *e;
  for (int i = 0; (e = entity_at(i)) && !pl->cx->code; i++) {
    struct ctx one;
    if (!goes_up(e) || !pull_has(pl, e->table, "id")) continue;
    ctx_begin(&one, "headquarters");
    send(pl, &one, e);
    ctx_end_inside(pl->cx, &one);
  }
  return pl->cx->code;
}

int shipped_write(struct ctx *cx, struct db *db, struct jw *w, const char *key) {
  const struct entity *e;
  int64_t rows;
  jw_object(w, key);
  for (int i = 0; (e = entity_at(i)) && !cx->code; i++)
    if (goes_up(e)) collect(cx, db, e, w, e->table, &rows);
  jw_close(w, '}');
  return cx->code;
}

/* Is there such a table at headquarters, which may have an older schema? */
static bool has_table(struct ctx *cx, struct pg *p, const struct entity *e) {
  struct pg_rows *r;
  return !pg_ask(cx, p, &r, "SELECT pg_catalog.to_regclass($1)",
                 ctx_printf(cx, "outpost.\"%s\"", e->table)) &&
         !pg_is_null(r, 0, 0);
}

int shipped_put(struct ctx *cx, struct pg *p, const char *organization, int64_t origin,
                const struct jv *tables) {
  const struct entity *e;
  for (int i = 0; (e = entity_at(i)) && !cx->code; i++) {
    const struct jv *records = goes_up(e) ? jv_get(tables, e->table) : NULL;
    struct buf json;
    if (!jv_size(records) || !has_table(cx, p, e)) continue;
    buf_init(&json, LIMIT_REPLY_BYTES);
    jv_write(&json, records);
    if (json.full)
      too_many(cx, e);
    else
      put(cx, p, organization, origin, e, buf_view(&json));
    buf_clear(&json);
  }
  return cx->code;
}
