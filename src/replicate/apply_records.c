#include "replicate/apply_records.h"

#include "base/json.h"
#include "base/limits.h"
#include "replicate/apply_cells.h"
#include "replicate/merge.h"

/* Parameters of the statements: organization, origin, the rows of net changes when they are few, keys, kinds. */
enum { P_NET = 3, P_KEYS, P_KINDS };

/* An entity's changes on their way in: net changes and the records after them, in one source. */
struct putting {
  struct ctx *cx;
  struct applier *a;
  const struct entity *e;
  const char *stamps_type;            /* of the column sync_stamps */
  const char *columns, *names, *sets; /* of the record: a,b; "a", "b"; "a" = s."a", "b" = s."b" */
  struct apply_source from;
  struct arg v[P_KINDS];
  bool done;
};

static void name_columns(struct putting *u, const struct cell_columns *c) {
  struct buf columns, names, sets;
  struct buf *bufs[] = { &columns, &names, &sets };
  for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++) buf_init(bufs[i], LIMIT_TEXT_BYTES);
  for (int i = 0; i < c->count; i++) {
    const char *name = c->list[i].name;
    if (c->list[i].unknown) continue;
    buf_printf(&columns, ",%s", name);
    buf_printf(&names, "\"%s\", ", name);
    if (i) buf_printf(&sets, "\"%s\" = s.\"%s\", ", name, name); /* the first is the id */
  }
  if (c->unknown) {
    buf_puts(&columns, ",extra");
    buf_puts(&names, "extra, ");
    buf_puts(&sets, "extra = (coalesce(t.extra::jsonb, '{}') || coalesce(s.extra::jsonb, '{}'))::json, ");
  }
  u->columns = ctx_printf(u->cx, NET_COLUMNS "%s", buf_view(&columns).p);
  u->names = ctx_strdup(u->cx, buf_view(&names));
  u->sets = ctx_strdup(u->cx, buf_view(&sets));
  for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++) buf_clear(bufs[i]);
}

/* Each line of the net changes, with the record behind it. */
static int write_rows(struct ctx *cx, const struct up_section *log, const struct net_entity *n,
                      const struct cell_columns *c, struct buf *out) {
  struct buf plain;
  struct str after, copy = buf_view(&n->copy);
  size_t at = 0;
  buf_init(&plain, BATCH_BYTES_MOST);
  for (int64_t i = 0; i < n->rows && !cx->code; i++) {
    size_t end = (size_t)((const char *)memchr(copy.p + at, '\n', copy.n - at) - copy.p);
    buf_add(out, copy.p + at, end - at);
    buf_char(out, '\t');
    at = end + 1;
    if (!net_after(log, n->afters[i], &plain, &after))
      fail(cx, E_INVALID, "change_log", "an entry of the log cannot be read");
    else if (!record_cells(cx, c, after, out))
      out->p[out->n - 1] = '\n';
  }
  buf_clear(&plain);
  if (out->full)
    return fail(cx, E_LIMIT, n->entity->table, "records of %s are too long to be sent", n->entity->table);
  return cx->code;
}

static const struct up_section *log_of(const struct up_batch *b) {
  int i = 0;
  while (strcmp(b->sections[i].table, "change_log") != 0) i++;
  return &b->sections[i];
}

/* A statement about the net changes; how many rows it was about. */
static int put(struct putting *u, const char *sql, int64_t *changed) {
  struct pg_rows *r;
  if (pg_ask_all(u->cx, u->a->pg, &r, sql, u->from.json.p ? P_NET : P_NET - 1, u->v)) return u->cx->code;
  *changed = pg_rows_changed(r);
  return OK;
}

/* Records that are not there yet. */
static int insert_new(struct putting *u, int64_t *changed) {
  return put(
      u,
      ctx_printf(u->cx,
                 "INSERT INTO outpost.\"%s\" (%sorganization_id, sync_origin, sync_at, sync_stamps) SELECT "
                 "%s$1::uuid, $2::int, s.net_stamp, ('{\"\": [0, 0]}' || s.net_marks)::%s FROM %s WHERE "
                 "s.net_alone ORDER BY s.net_key COLLATE \"C\" ON CONFLICT (organization_id, id) DO NOTHING",
                 u->e->table, u->names, u->names, u->stamps_type, u->from.from),
      changed);
}

static int bring(struct putting *u, const struct up_batch *b, const struct net_entity *n) {
  struct cell_columns c;
  struct buf rows;
  cell_columns_of(u->cx, u->a, u->e, &c);
  name_columns(u, &c);
  u->stamps_type = apply_type(u->a, u->e->table, STR("sync_stamps"));
  buf_init(&rows, BATCH_BYTES_MOST);
  if (!write_rows(u->cx, log_of(b), n, &c, &rows))
    apply_source(u->cx, u->a, u->e->table, u->columns, n->rows, buf_view(&rows), P_NET, &u->from);
  buf_clear(&rows);
  u->v[0] = arg_text(b->seal.organization);
  u->v[1] = arg_int(b->seal.origin);
  u->v[P_NET - 1] = u->from.json;
  return u->cx->code;
}

/* Edges that share records take them in one order. */
static int lock_shared(struct putting *u) {
  int64_t locked;
  return put(
      u,
      ctx_printf(
          u->cx,
          "SELECT t.id FROM outpost.\"%s\" AS t WHERE t.organization_id = $1::uuid AND $2::int IS NOT NULL "
          "AND t.id IN (SELECT s.net_key FROM %s) ORDER BY t.id COLLATE \"C\" FOR UPDATE OF t",
          u->e->table, u->from.from),
      &locked);
}

/* Records that are there. $2 is the origin, %s: what stands behind FROM, and what else must be so. */
static int update(struct putting *u, const char *from, const char *which, int64_t *changed) {
  return put(
      u,
      ctx_printf(
          u->cx,
          "UPDATE outpost.\"%s\" AS t SET %ssync_at = greatest(s.net_stamp, t.sync_at + 1), sync_origin = "
          "$2::int, sync_stamps = (coalesce(t.sync_stamps::jsonb, jsonb_build_object('', "
          "jsonb_build_array(t.sync_at, coalesce(t.sync_origin, 0)))) || CASE WHEN t.sync_origin = $2::int "
          "THEN s.net_marks ELSE s.net_marks || '{\"*\": true}' END)::%s, sync_xid = pg_current_xact_id() "
          "FROM %s WHERE NOT s.net_fresh AND s.net_alone AND t.organization_id = $1::uuid AND t.id = "
          "s.net_key AND %s",
          u->e->table, u->sets, u->stamps_type, from, which),
      changed);
}

/* Those that nobody but us has ever written. Said so that no planner without statistics takes them for few: it would go through all that
** came for each. */
static int update_own(struct putting *u, int64_t *changed) {
  return update(u, u->from.from,
                "CASE WHEN t.sync_origin = $2::int THEN NOT coalesce(t.sync_stamps::jsonb ? '*', false) ELSE "
                "false END",
                changed);
}

/* Those that nobody else has written since we knew them: headquarters' row is the one that stands before the change here, nothing
** in it is later, and nobody waits for an answer about it. */
static int update_known(struct putting *u, int64_t *changed) {
  return update(
      u,
      ctx_printf(u->cx,
                 "%s JOIN outpost.change_log AS l ON l.organization_id = $1::uuid AND l.origin = $2::int AND "
                 "l.seq = s.net_first_seq CROSS JOIN LATERAL (SELECT CASE WHEN position('\\u0000' IN "
                 "l.before::text) = 0 THEN l.before END AS was) AS b",
                 u->from.from),
      ctx_printf(
          u->cx,
          "t.sync_xid <> pg_current_xact_id() AND t.version = (b.was ->> 'version')::bigint AND "
          "t.updated_at = timestamptz 'epoch' + (b.was ->> 'updated_at')::bigint * interval '1 "
          "microsecond' AND t.updated_by = b.was ->> 'updated_by' AND t.sync_at < (SELECT "
          "min((m.value ->> 0)::bigint) FROM jsonb_each(s.net_marks) AS m) AND NOT EXISTS (SELECT FROM "
          "outpost.conflict c WHERE c.organization_id = t.organization_id AND c.tbl = '%s' AND c.key = "
          "t.id AND c.state = 'open')",
          u->e->table),
      changed);
}

/* Keys of what is left: whatever this transaction wrote bears its number. */
static int find_rest(struct putting *u, struct pg_rows **keys) {
  return pg_ask_all(
      u->cx, u->a->pg, keys,
      ctx_printf(
          u->cx,
          "SELECT DISTINCT s.net_key FROM %s WHERE $2::int IS NOT NULL AND NOT EXISTS (SELECT FROM "
          "outpost.\"%s\" AS t WHERE t.organization_id = $1::uuid AND t.id = s.net_key AND t.sync_xid = "
          "pg_current_xact_id())",
          u->from.from, u->e->table),
      u->from.json.p ? P_NET : P_NET - 1, u->v);
}

/* {"": stamp, "field": stamp}, as outpost.merge_row wants them. */
#define STAMPS                                                                                               \
  "coalesce((SELECT jsonb_object_agg(m.key, m.value -> 0) FROM jsonb_each(s.net_marks) AS m), "              \
  "jsonb_build_object('', s.net_stamp)) AS stamps"
#define ENTRY_OF                                                                                             \
  "(SELECT l.%s FROM outpost.change_log l WHERE l.organization_id = $1::uuid AND l.origin = $2::int "        \
  "AND l.seq = s.net_%s) AS %s"

/* Those that somebody else wrote, too: field by field. */
static int merge_rest(struct putting *u) {
  struct ctx *cx = u->cx;
  struct pg_rows *keys;
  struct buf list;
  struct jw w;
  if (!u->a->merges)
    return fail(cx, E_FAIL, "schema",
                "headquarters' schema cannot merge changes of several places yet: `outpost upstream init` "
                "brings it up to date");
  if (find_rest(u, &keys)) return cx->code;
  buf_init(&list, BATCH_BYTES_MOST);
  jw_init(&w, &list);
  jw_array(&w, NULL);
  for (int i = 0; i < pg_rows_count(keys); i++) jw_str(&w, NULL, pg_text(keys, i, 0));
  jw_close(&w, ']');
  u->v[P_KEYS - 1] = arg_text(ctx_strdup(cx, buf_view(&list)));
  u->v[P_KINDS - 1] = arg_text(merge_kinds(cx, u->e));
  buf_clear(&list);
  return pg_ask_all(
      cx, u->a->pg, NULL,
      ctx_printf(
          cx,
          "SELECT count(*) FROM (SELECT outpost.merge_row($1::uuid, '%s', $2::int, d.net_key, d.before, "
          "d.after, d.stamps, $5::jsonb) FROM (SELECT s.net_key, " STAMPS ", s.net_first_seq, " ENTRY_OF
          ", " ENTRY_OF " FROM %s WHERE ($3::json IS NOT NULL OR true) AND s.net_key IN (SELECT value FROM "
          "json_array_elements_text($4::json))) AS d ORDER BY d.net_key COLLATE \"C\", d.net_first_seq) AS "
          "merged",
          u->e->table, "before", "first_seq", "before", "after", "last_seq", "after", u->from.from),
      P_KINDS, u->v);
}

int apply_bring(struct ctx *cx, struct applier *a, const struct up_batch *b) {
  a->puttings = ctx_alloc(cx, ((size_t)a->net.count + 1) * sizeof *a->puttings);
  for (int i = 0; i < a->net.count; i++) {
    const struct net_entity *n = &a->net.entities[i];
    a->puttings[i] = (struct putting){ .cx = cx, .a = a, .e = n->entity };
    if (!apply_type(a, n->entity->table, STR("sync_at")))
      continue; /* headquarters does not have it yet; the log does */
    if (bring(&a->puttings[i], b, n)) return cx->code;
  }
  return OK;
}

static int apply_entity(struct putting *u, const struct net_entity *n) {
  int64_t own = 0, known = 0, added = 0, later = n->alone - n->fresh;
  if (!u->from.from || u->done) return OK;
  u->done = true;
  if (n->entity->sync == SYNC_BOTH && n->rows > 1 && lock_shared(u)) return u->cx->code;
  if (later && update_own(u, &own)) return u->cx->code;
  if (later > own && u->a->merges && update_known(u, &known)) return u->cx->code;
  if (n->alone > own + known && insert_new(u, &added)) return u->cx->code;
  return own + known + added < n->rows ? merge_rest(u) : OK;
}

int apply_records(struct ctx *cx, struct applier *a, bool own) {
  for (int i = 0; i < a->net.count; i++) {
    if (own && a->net.entities[i].entity->sync != SYNC_UP) continue;
    if (apply_entity(&a->puttings[i], &a->net.entities[i])) return cx->code;
  }
  return OK;
}
