#include "replicate/shipped.h"

#include "base/limits.h"
#include "record/record.h"

/* The records as a JSON array; rows: how many. */
static int collect(struct ctx *cx, struct db *db, const struct entity *e, struct jw *w, int64_t *rows) {
  struct stmt *s = db_compose(
      cx, db,
      ctx_printf(cx,
                 "SELECT id FROM %s r WHERE created_at = 0 AND NOT EXISTS (SELECT 1 FROM change_log "
                 "c WHERE c.tbl = '%s' AND c.key = r.id) ORDER BY id",
                 e->table, e->table));
  *rows = 0;
  jw_array(w, NULL);
  while (stmt_row(cx, s)) {
    if (record_get(cx, db, e, col_dup(cx, s, 0), w, NULL)) break;
    ++*rows;
  }
  jw_close(w, ']');
  return cx->code;
}

static int send(struct pull *pl, struct ctx *cx, const struct entity *e) {
  struct pg_rows *said;
  struct buf json;
  struct db *db;
  struct jw w;
  int64_t rows;
  buf_init(&json, LIMIT_REPLY_BYTES);
  jw_init(&w, &json);
  int rc = tenant_read(cx, pl->tenant, &db);
  if (!rc) rc = collect(cx, db, e, &w, &rows);
  if (!rc) tenant_read_end(db);
  if (!rc && json.full)
    rc = fail(cx, E_LIMIT, NULL, "the records of %s that came with the program are too many at once",
              e->table);
  if (!rc && rows) {
    const struct pg_value v[] = { pg_z(pl->u.organization), pg_z(e->table), pg_number(pl->u.origin),
                                  pg_str(buf_view(&json)) };
    rc = pg_ask(cx, pl->pg,
                "SELECT count(*) FILTER (WHERE outpost.merge_insert($1::uuid, $2, $3::int, "
                "outpost.edge_times(d.value), '{}', false, '{\"\": 0}', 0)) FROM "
                "json_array_elements($4::json) d",
                v, 4, &said);
  }
  buf_clear(&json);
  return rc;
}

int shipped_send(struct pull *pl) {
  const struct entity *e;
  for (int i = 0; (e = entity_at(i)) && !pl->cx->code; i++) {
    struct ctx one;
    if ((e->sync != SYNC_UP && e->sync != SYNC_BOTH) || !pull_has(pl, e->table, "id")) continue;
    ctx_begin(&one, "headquarters");
    if (send(pl, &one, e)) fail_from(pl->cx, &one);
    ctx_end(&one);
  }
  return pl->cx->code;
}
