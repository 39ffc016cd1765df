#include "replicate/apply_records.h"

#include "base/json.h"
#include "base/limits.h"
#include "replicate/merge.h"

/* Parameters of the statements: organization, origin, the rows of net changes when they are few, keys, kinds. */
enum { P_NET = 3, P_KEYS, P_KINDS };

struct maker {
  struct ctx *cx;
  const struct applier *a;
  const struct entity *e;
  struct buf names, values, sets, shape, unknown;
};

static const char *shape_of(enum property_kind kind) {
  switch (kind) {
  case PROPERTY_INTEGER: return "bigint";
  case PROPERTY_DECIMAL: return "numeric";
  case PROPERTY_BOOLEAN: return "boolean";
  case PROPERTY_DAY: return "date";
  case PROPERTY_INSTANT: return "timestamptz";
  case PROPERTY_JSON: return "json";
  default: return "text";
  }
}

/* A member of the entry's object as a column. moment: microseconds there. */
static void add_member(struct maker *m, const char *name, const char *shape, bool moment) {
  const char *type = apply_type(m->a, m->e->table, str_of(name));
  if (!type) {
    buf_printf(&m->unknown, "%s'%s'", m->unknown.n ? ", " : "", name);
    return;
  }
  buf_printf(&m->shape, "%s\"%s\" %s", m->shape.n ? ", " : "", name, shape);
  buf_printf(&m->names, ", \"%s\"", name);
  if (moment)
    buf_printf(&m->values, ", timestamptz 'epoch' + r.\"%s\" * interval '1 microsecond'", name);
  else
    buf_printf(&m->values, ", r.\"%s\"::%s", name, type);
  buf_printf(&m->sets, "%s\"%s\" = excluded.\"%s\"", m->sets.n ? ", " : "", name, name);
}

static void add_members(struct maker *m) {
  static const struct {
    const char *name, *shape;
    bool moment;
  } stamps[] = {
    { "id", "text", false },          { "version", "bigint", false },   { "created_at", "bigint", true },
    { "created_by", "text", false },  { "updated_at", "bigint", true }, { "updated_by", "text", false },
    { "deleted_at", "bigint", true }, { "deleted_by", "text", false },
  };
  for (size_t i = 0; i < sizeof stamps / sizeof *stamps; i++)
    add_member(m, stamps[i].name, stamps[i].shape, stamps[i].moment);
  for (int i = 0; i < m->e->property_count; i++)
    add_member(m, m->e->properties[i].name, shape_of(m->e->properties[i].kind), false);
  if (!m->unknown.n) return;
  buf_puts(&m->names, ", extra");
  buf_printf(&m->values, ", (SELECT json_object_agg(key, value) FROM json_each(d.after) WHERE key IN (%s))",
             buf_view(&m->unknown).p);
  buf_puts(&m->sets,
           ", extra = (coalesce(t.extra::jsonb, '{}') || coalesce(excluded.extra::jsonb, '{}'))::json");
}

/* The rows of net changes with what the log says after them, and before. Looked up one by one: of a table that has just
** grown the server knows too little to join it well. */
static const char *changes_sql(struct ctx *cx, const char *from, bool before) {
  const char *entry =
      "(SELECT l.%s FROM outpost.change_log l WHERE l.organization_id = $1::uuid AND l.origin = $2::int "
      "AND l.seq = s.%s::bigint) AS %s";
  const char *after_it = ctx_printf(cx, entry, "after", "last_seq", "after");
  const char *before_it =
      before ? ctx_printf(cx, entry, "before", "first_seq", "before") : "NULL::json AS before";
  return ctx_printf(
      cx,
      "SELECT s.key, s.first_seq::bigint AS first_seq, count(*) OVER (PARTITION BY s.key COLLATE \"C\") AS "
      "parts, s.stamp::bigint AS stamp, s.stamps, s.marks, %s, %s FROM %s",
      before_it, after_it, from);
}

/* Inserts and updates all that nobody else has written; answers with the keys of the others. */
static const char *upsert_sql(struct maker *m, const char *from) {
  const char *table = m->e->table, *type = apply_type(m->a, table, STR("sync_stamps"));
  add_members(m);
  return ctx_printf(
      m->cx,
      "WITH d AS MATERIALIZED (%s), up AS ("
      "INSERT INTO outpost.\"%s\" AS t (organization_id%s, sync_origin, sync_at, sync_stamps) "
      "SELECT $1::uuid%s, $2::int, d.stamp, d.marks::%s FROM d, json_to_record(d.after) AS r(%s) "
      "WHERE d.parts = 1 ORDER BY d.key COLLATE \"C\" "
      "ON CONFLICT (organization_id, id) DO UPDATE SET %s, sync_at = greatest(excluded.sync_at, t.sync_at + "
      "1), "
      "sync_stamps = (coalesce(t.sync_stamps::jsonb, jsonb_build_object('', jsonb_build_array(t.sync_at, "
      "t.sync_origin))) "
      "|| (excluded.sync_stamps::jsonb - ''))::%s, sync_xid = pg_current_xact_id() "
      "WHERE t.sync_origin = excluded.sync_origin AND NOT coalesce(t.sync_stamps::jsonb ? '*', false) "
      "AND excluded.sync_stamps IS NOT NULL RETURNING t.id) "
      "SELECT DISTINCT d.key FROM d WHERE NOT EXISTS (SELECT FROM up WHERE up.id::text = d.key)",
      changes_sql(m->cx, from, false), table, buf_view(&m->names).p, buf_view(&m->values).p, type,
      buf_view(&m->shape).p, buf_view(&m->sets).p, type);
}

/* Those that somebody else wrote, too: field by field. */
static int merge_rest(struct ctx *cx, struct applier *a, const struct entity *e,
                      const struct pg_value *of_batch, const struct apply_source *from,
                      struct pg_rows *keys) {
  struct buf list;
  struct jw w;
  if (!a->merges)
    return fail(cx, E_FAIL, "schema",
                "headquarters' schema cannot merge changes of several places yet: `outpost upstream init` "
                "brings it up to date");
  buf_init(&list, BATCH_BYTES_MOST);
  jw_init(&w, &list);
  jw_array(&w, NULL);
  for (int i = 0; i < pg_rows_count(keys); i++) jw_str(&w, NULL, pg_text(keys, i, 0));
  jw_close(&w, ']');
  struct pg_value v[P_KINDS];
  memcpy(v, of_batch, P_NET * sizeof *v);
  v[P_KEYS - 1] = pg_z(ctx_strdup(cx, buf_view(&list)));
  v[P_KINDS - 1] = pg_z(merge_kinds(cx, e));
  buf_clear(&list);
  return pg_ask(
      cx, a->pg,
      ctx_printf(
          cx,
          "SELECT count(*) FROM (SELECT outpost.merge_row($1::uuid, '%s', $2::int, d.key, d.before, d.after, "
          "d.stamps::jsonb, $5::jsonb) FROM (%s) AS d WHERE ($3::json IS NOT NULL OR true) "
          "AND d.key IN (SELECT value FROM json_array_elements_text($4::json)) ORDER BY d.key COLLATE \"C\", "
          "d.first_seq) "
          "AS merged",
          e->table, changes_sql(cx, from->from, true)),
      v, P_KINDS, NULL);
}

static int apply_entity(struct ctx *cx, struct applier *a, const struct up_batch *b,
                        const struct net_entity *n) {
  struct maker m = { .cx = cx, .a = a, .e = n->entity };
  struct buf *bufs[] = { &m.names, &m.values, &m.sets, &m.shape, &m.unknown };
  struct apply_source from;
  struct pg_rows *rest;
  if (!apply_type(a, n->entity->table, STR("sync_at")))
    return OK; /* headquarters does not have it yet; the log does */
  if (apply_source(cx, a, NULL, NET_COLUMNS, n->rows, buf_view(&n->copy), P_NET, &from)) return cx->code;
  for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++) buf_init(bufs[i], LIMIT_TEXT_BYTES);
  const struct pg_value v[] = { pg_z(b->seal.organization), pg_number(b->seal.origin), from.json };
  const char *sql = upsert_sql(&m, from.from);
  for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++) buf_clear(bufs[i]);
  if (pg_ask(cx, a->pg, sql, v, from.json.kind == PG_NULL ? P_NET - 1 : P_NET, &rest)) return cx->code;
  return pg_rows_count(rest) ? merge_rest(cx, a, n->entity, v, &from, rest) : OK;
}

int apply_records(struct ctx *cx, struct applier *a, const struct up_batch *b, const struct net *net) {
  for (int i = 0; i < net->count; i++)
    if (apply_entity(cx, a, b, &net->entities[i])) return cx->code;
  return OK;
}
