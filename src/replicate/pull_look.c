/*
** pull_look.c - is there anything new at headquarters? One question for all tables, the conflicts and the requests.
**
** After a pass over everything the row SYNC_PULL_LOOK of sync_pull has, as its shape, what it depended on: which headquarters, the parts of its
** schema, this edge's scope, which columns this program knows, and the number of this file's schema; as its last key, the number of headquarters' schema. As long as these are the same, a table is looked at when it
** has a row that its position did not see, when its pass is under way or rows of it are parked, or when
** its position has become old.
*/
#include "base/hash.h"
#include "base/limits.h"
#include "replicate/pull_rows.h"

enum { L_NOW, L_HQ, L_VERSION, L_SHAPE, L_REQUESTS, L_TABLES };

/* A table with what it is asked for; e NULL: conflicts. */
struct asked {
  const struct entity *e;
  struct position at;
  bool wanted; /* whatever headquarters says */
  int column;  /* of the answer; 0: not asked */
};

static bool parked(struct ctx *cx, struct db *db, const char *table) {
  return stmt_exists(cx, db_ask(cx, db, SQL_pull_parked_any, table));
}

/* What this program would ask for, besides what headquarters has. */
static void add_program(struct buf *out) {
  const struct entity *e;
  for (int i = 0; (e = entity_at(i)); i++) {
    if (!pull_comes_down(e)) continue;
    buf_printf(out, "%s:", e->table);
    for (int k = 0; k < e->property_count; k++) buf_printf(out, "%s,", e->properties[k].name);
  }
}

static const char *shape_of(struct ctx *cx, const struct pg_rows *r, int64_t schema) {
  struct buf text;
  unsigned char hash[SHA256_SIZE];
  char hex[SHA256_HEX];
  buf_init(&text, LIMIT_BODY_BYTES);
  for (int i = L_HQ; i <= L_SHAPE; i++) buf_printf(&text, STR_FMT " ", STR_ARG(pg_text(r, 0, i)));
  add_program(&text);
  buf_printf(&text, "schema %lld", (long long)schema);
  sha256_of(text.p, text.n, hash);
  buf_clear(&text);
  return ctx_strdup(cx, str_of(hex_encode(hex, hash, sizeof hash)));
}

/* ---- the question ---- */

static void add_head(struct buf *sql) {
  buf_puts(sql, "SELECT pg_current_snapshot()::text, h.id::text, h.version::text, md5(concat((SELECT "
                "string_agg(s.version, ',' ORDER BY s.name) FROM outpost.schema_part s), (SELECT "
                "string_agg(concat_ws(chr(31), c.tbl, c.field, c.value), ',' ORDER BY c.tbl, c.field, "
                "c.value) FROM outpost.scope c WHERE c.organization_id = $1::uuid AND c.edge_id = "
                "$3::uuid))), EXISTS (SELECT FROM outpost.request q WHERE q.organization_id = $1::uuid AND "
                "q.edge_id = $3::uuid AND q.state = 'waiting')");
}

static void add_table(struct pull *pl, struct buf *sql, const struct asked *a) {
  buf_printf(sql, ", EXISTS (SELECT FROM outpost.\"%s\" t WHERE t.organization_id = $1::uuid AND ",
             a->e ? a->e->table : PULL_CONFLICTS);
  pull_add_new(sql, pg_literal(pl->cx, pl->pg, a->at.since));
  buf_puts(sql, a->e ? PULL_NOT_SHIPPED PULL_NOT_MINE : " AND " PULL_LOST_HERE);
  buf_puts(sql, ")");
}

/* $1 organization, $2 origin, $3 edge */
static int ask(struct pull *pl, struct asked *list, int n, struct pg_rows **out) {
  struct buf sql;
  int column = L_TABLES;
  buf_init(&sql, LIMIT_BODY_BYTES);
  add_head(&sql);
  for (int i = 0; i < n; i++) {
    if (list[i].wanted || !list[i].at.since) continue;
    list[i].column = column++;
    add_table(pl, &sql, &list[i]);
  }
  buf_puts(&sql, " FROM outpost.hq h WHERE $2::int IS NOT NULL");
  const char *text = ctx_take(pl->cx, &sql);
  return pg_ask(pl->cx, pl->pg, out, text, pl->u.organization, pl->u.origin, pl->u.edge);
}

/* ---- the answer ---- */

static int read_asked(struct pull *pl, struct db *db, struct asked *list, int n) {
  for (int i = 0; i < n && !pl->cx->code; i++) {
    struct asked *a = &list[i];
    const char *table = a->e ? a->e->table : PULL_CONFLICTS;
    if (pull_position_read(pl->cx, db, table, &a->at)) break;
    a->wanted = a->at.upto || *a->at.last_key || (a->e && parked(pl->cx, db, table));
  }
  return pl->cx->code;
}

static bool has_news(const struct pg_rows *r, const struct asked *a, const char *now) {
  if (a->wanted) return true;
  if (!a->column) return false; /* headquarters had no such table, and has the same schema */
  int64_t passed = pull_snapshot_end(now) - pull_snapshot_end(a->at.since);
  return passed < 0 || passed >= PULL_SNAPSHOTS_BETWEEN || pg_text(r, 0, a->column).p[0] == 't';
}

static int look_at(struct pull *pl, struct db *db, struct asked *list, int n, struct pull_look *out) {
  struct pg_rows *r;
  struct position all;
  if (read_asked(pl, db, list, n) || pull_position_read(pl->cx, db, SYNC_PULL_LOOK, &all))
    return pl->cx->code;
  int64_t schema = db_int(pl->cx, db, SQL_pull_schema, 0);
  tenant_read_end(db);
  if (ask(pl, list, n, &r)) return pl->cx->code;
  if (pg_rows_count(r) != 1)
    return fail(pl->cx, E_DENIED, NULL, "headquarters shows nothing to this edge: was it revoked?");
  const char *now = ctx_strdup(pl->cx, pg_text(r, 0, L_NOW));
  out->shape = shape_of(pl->cx, r, schema);
  out->brought = ctx_printf(pl->cx, "%lld", (long long)schema);
  out->version = ctx_strdup(pl->cx, pg_text(r, 0, L_VERSION));
  out->requests = pg_text(r, 0, L_REQUESTS).p[0] == 't';
  out->all = strcmp(out->shape, all.shape) != 0;
  for (int i = 0; i < n; i++) {
    out->news[i] = out->all || has_news(r, &list[i], now);
    out->any = out->any || out->news[i];
  }
  return OK;
}

int pull_look(struct pull *pl, struct db *db, struct pull_look *out) {
  int n = 1;
  const struct entity *e;
  while (entity_at(n - 1)) n++;
  struct asked *list = ctx_alloc(pl->cx, (size_t)n * sizeof *list);
  *out = (struct pull_look){ .news = ctx_alloc(pl->cx, (size_t)n * sizeof *out->news) };
  n = 0;
  list[n++] = (struct asked){ .e = NULL };
  for (int i = 0; (e = entity_at(i)); i++)
    if (pull_comes_down(e)) list[n++] = (struct asked){ .e = e };
  return look_at(pl, db, list, n, out);
}

static int save(struct ctx *cx, struct db *db, void *arg) {
  const struct pull_look *look = arg;
  struct position all = { .since = look->brought, .last_key = look->version, .shape = look->shape };
  return pull_position_save(cx, db, SYNC_PULL_LOOK, &all);
}

int pull_look_done(struct pull *pl, const struct pull_look *look) {
  if (!look->all) return OK;
  struct ctx one;
  ctx_begin(&one, "headquarters");
  tenant_write(&one, pl->tenant, save, (void *)(uintptr_t)look);
  return ctx_end_inside(pl->cx, &one);
}
