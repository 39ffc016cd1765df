#include "replicate/pull_rows.h"

#include "base/hash.h"
#include "base/limits.h"
#include "replicate/gave_way.h"

/* ---- what all tables need ---- */

int pull_begin(struct pull *pl) {
  struct pg_rows *one;
  if (pg_get(pl->cx, pl->pg, &one,
             "SELECT pg_current_snapshot()::text, id::text, "
             "to_regprocedure('outpost.gave_way(uuid,text,text)') IS NOT NULL FROM outpost.hq") ||
      pg_get(pl->cx, pl->pg, &pl->columns,
             "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE "
             "c.relnamespace = 'outpost'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT "
             "a.attisdropped") ||
      pg_ask(pl->cx, pl->pg, &pl->scope,
             "SELECT tbl, field, value FROM outpost.scope WHERE organization_id = $1::uuid AND edge_id = "
             "$2::uuid ORDER BY tbl, field, value",
             pl->u.organization, pl->u.edge))
    return pl->cx->code;
  if (pg_rows_count(one) != 1)
    return fail(pl->cx, E_DENIED, NULL, "headquarters shows nothing to this edge: was it revoked?");
  pl->now = ctx_strdup(pl->cx, pg_text(one, 0, 0));
  pl->hq = ctx_strdup(pl->cx, pg_text(one, 0, 1));
  pl->says_heirs = str_eq(pg_text(one, 0, 2), STR("t"));
  return OK;
}

bool pull_has(const struct pull *pl, const char *table, const char *column) {
  for (int i = 0; i < pg_rows_count(pl->columns); i++)
    if (str_eq(pg_text(pl->columns, i, 0), str_of(table)) &&
        str_eq(pg_text(pl->columns, i, 1), str_of(column)))
      return true;
  return false;
}

/* A line of its scope; the field "*" is of the table itself. */
static bool in_scope_of(const struct pull *pl, int i, const char *table) {
  return str_eq(pg_text(pl->scope, i, 0), str_of(table)) && !str_eq(pg_text(pl->scope, i, 1), STR("*"));
}

static bool is_kept_there(const struct pull *pl, const char *table) {
  for (int i = 0; i < pg_rows_count(pl->scope); i++)
    if (str_eq(pg_text(pl->scope, i, 0), str_of(table)) && str_eq(pg_text(pl->scope, i, 1), STR("*")) &&
        str_eq(pg_text(pl->scope, i, 2), STR("read only")))
      return true;
  return false;
}

static bool says_heirs(const struct pull *pl, const struct entity *e) {
  return pl->says_heirs && gave_way_matters(e);
}

const char *pull_shape(const struct pull *pl, const struct entity *e) {
  struct buf text;
  unsigned char hash[SHA256_SIZE];
  char hex[SHA256_HEX];
  buf_init(&text, LIMIT_BODY_BYTES);
  buf_puts(&text, pl->hq);
  for (int i = 0; i < e->property_count; i++)
    buf_printf(&text, ",%s %d", e->properties[i].name, pull_has(pl, e->table, e->properties[i].name));
  for (int i = 0; i < pg_rows_count(pl->scope); i++)
    if (in_scope_of(pl, i, e->table))
      buf_printf(&text, "|" STR_FMT "=" STR_FMT, STR_ARG(pg_text(pl->scope, i, 1)),
                 STR_ARG(pg_text(pl->scope, i, 2)));
  if (says_heirs(pl, e)) buf_puts(&text, "|heirs");
  sha256_of(text.p, text.n, hash);
  buf_clear(&text);
  return ctx_printf(pl->cx, "%s%s", is_kept_there(pl, e->table) ? SYNC_PULL_READ_ONLY : "",
                    hex_encode(hex, hash, sizeof hash));
}

/* ---- questions ---- */

/* A property as the own log would write it. */
static void add_property(struct buf *out, const struct property *p) {
  const char *n = p->name;
  switch (p->kind) {
  case PROPERTY_DECIMAL: buf_printf(out, ", trim_scale(t.\"%s\")::text AS \"%s\"", n, n); break;
  case PROPERTY_BOOLEAN: buf_printf(out, ", coalesce(t.\"%s\", false) AS \"%s\"", n, n); break;
  case PROPERTY_INSTANT:
    buf_printf(out, ", to_char(t.\"%s\" AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS \"%s\"",
               n, n);
    break;
  default: buf_printf(out, ", t.\"%s\"", n);
  }
}

static void add_moment(struct buf *out, const char *name) {
  buf_printf(out, ", (extract(epoch FROM t.\"%s\") * 1000000)::bigint AS \"%s\"", name, name);
}

static void add_row(const struct pull *pl, struct buf *out, const struct entity *e) {
  buf_puts(out, "row_to_json((SELECT x FROM (SELECT t.id");
  for (int i = 0; i < e->property_count; i++)
    if (pull_has(pl, e->table, e->properties[i].name)) add_property(out, &e->properties[i]);
  buf_puts(out, ", t.version");
  add_moment(out, "created_at");
  buf_puts(out, ", t.created_by");
  add_moment(out, "updated_at");
  buf_puts(out, ", t.updated_by");
  add_moment(out, "deleted_at");
  buf_puts(out, ", t.deleted_by) x))::text");
}

/* Whether this edge gets the row: in each field that is named it has one of the values. */
static void add_scope(const struct pull *pl, struct ctx *cx, struct buf *out, const struct entity *e) {
  struct str field = { NULL, 0 };
  for (int i = 0; i < pg_rows_count(pl->scope); i++) {
    if (!in_scope_of(pl, i, e->table)) continue;
    struct str name = pg_text(pl->scope, i, 1);
    if (!field.p || !str_eq(name, field))
      buf_printf(out, "%s(to_jsonb(t) ->> %s) IN (", field.p ? ") AND " : "",
                 pg_literal(cx, pl->pg, ctx_strdup(cx, name)));
    else
      buf_puts(out, ", ");
    buf_puts(out, pg_literal(cx, pl->pg, ctx_strdup(cx, pg_text(pl->scope, i, 2))));
    field = name;
  }
  buf_puts(out, field.p ? ")" : "true");
}

static void add_columns(const struct pull *pl, struct ctx *cx, struct buf *out, const struct entity *e) {
  buf_puts(out, "SELECT t.id, (");
  add_scope(pl, cx, out, e);
  buf_puts(out, ")::int, ");
  add_row(pl, out, e);
  buf_puts(out,
           ", t.extra::text, t.sync_stamps::text, t.sync_at, coalesce(t.sync_origin, 0), t.sync_xid::text, "
           /* In a new epoch it has what was before the fork. */
           "(SELECT greatest(l.head_seq, o.fork_seq) FROM outpost.origin o LEFT JOIN outpost.lane l ON "
           "l.organization_id = o.organization_id AND l.origin = o.origin AND l.lane = 'log' WHERE "
           "o.organization_id = $1::uuid AND o.origin = $2::int), ");
  if (says_heirs(pl, e))
    buf_printf(out, "CASE WHEN t.deleted_at IS NOT NULL THEN outpost.gave_way($1::uuid, '%s', t.id) END",
               e->table);
  else
    buf_puts(out, "NULL");
  buf_printf(out, " FROM outpost.\"%s\" t WHERE t.organization_id = $1::uuid AND ", e->table);
}

void pull_add_new(struct buf *out, const char *since) {
  buf_printf(out,
             "t.sync_xid >= pg_snapshot_xmin(%s::pg_snapshot) AND NOT pg_visible_in_snapshot(t.sync_xid, "
             "%s::pg_snapshot)",
             since, since);
}

/* What `upto` sees and `since` did not. */
static void add_new(struct buf *out, bool since) {
  buf_puts(out, "pg_visible_in_snapshot(t.sync_xid, $4::pg_snapshot) AND ");
  if (since)
    pull_add_new(out, "$3");
  else
    buf_puts(out, "$3::pg_snapshot IS NULL");
}

static const char *text_of(struct ctx *cx, struct buf *sql) {
  const char *text = ctx_strdup(cx, buf_view(sql));
  buf_clear(sql);
  return text;
}

const char *pull_rows_sql(const struct pull *pl, struct ctx *cx, const struct entity *e, bool since,
                          const char *whole) {
  struct buf sql;
  buf_init(&sql, LIMIT_BODY_BYTES);
  if (e)
    add_columns(pl, cx, &sql, e);
  else
    buf_puts(&sql, whole);
  add_new(&sql, since);
  if (e) buf_puts(&sql, PULL_NOT_SHIPPED);
  if (e && since) buf_puts(&sql, PULL_NOT_MINE);
  buf_printf(&sql, " AND t.%s > $5 ORDER BY t.%s LIMIT %d", e ? "id" : "conflict_id::text",
             e ? "id" : "conflict_id::text", PULL_PAGE);
  return text_of(cx, &sql);
}

const char *pull_keys_sql(const struct pull *pl, struct ctx *cx, const struct entity *e) {
  struct buf sql;
  buf_init(&sql, LIMIT_BODY_BYTES);
  add_columns(pl, cx, &sql, e);
  buf_puts(&sql, "t.id IN (SELECT json_array_elements_text($3::json)) ORDER BY t.deleted_at IS NOT NULL, "
                 "t.id"); /* an heir comes first */
  return text_of(cx, &sql);
}

const char PULL_CONFLICTS_SQL[] =
    "SELECT t.conflict_id::text, t.tbl, t.key, t.field, t.base::text, t.lost::text, t.won::text, t.state "
    "FROM outpost.conflict t WHERE t.organization_id = $1::uuid AND " PULL_LOST_HERE " AND ";
