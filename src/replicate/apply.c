#include "replicate/apply.h"

#include <stdio.h>

#include "base/crash.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/map.h"
#include "model/dataset.h"
#include "replicate/apply_records.h"
#include "replicate/merkle.h"
#include "replicate/net.h"

/* ---- what is known of the tables there ---- */

static void forget(void *arg) {
  struct applier *a = arg;
  map_clear(&a->types);
  map_clear(&a->known);
}

int apply_open(struct ctx *cx, struct pg *p, struct applier **out) {
  struct applier *a = ctx_alloc(cx, sizeof *a);
  struct pg_rows *r;
  a->pg = p;
  a->cx = cx;
  map_init(&a->types);
  map_init(&a->known);
  ctx_defer(cx, forget, a);
  if (pg_ask_all(
          cx, p, &r,
          "SELECT pg_catalog.to_regclass('outpost.lane'), "
          "pg_catalog.to_regprocedure('outpost.merge_row(uuid,text,integer,text,json,json,jsonb,jsonb)'), "
          "pg_catalog.to_regclass('outpost.run_check')",
          0, NULL))
    return cx->code;
  if (pg_is_null(r, 0, 0))
    return fail(cx, E_FAIL, "dsn",
                "there is no schema of ours at headquarters: `outpost upstream init` makes it there");
  a->merges = !pg_is_null(r, 0, 1);
  a->checks = !pg_is_null(r, 0, 2);
  *out = a;
  return OK;
}

bool apply_takes(const struct applier *a, const char *lane) {
  return a->checks || strcmp(lane, "checks") != 0;
}

static int apply_know(struct ctx *cx, struct applier *a, const char *tables) {
  struct pg_rows *r;
  if (pg_ask(cx, a->pg, &r,
             "SELECT c.relname || ' ' || a.attname, format_type(a.atttypid, a.atttypmod) "
             "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid "
             "WHERE c.relnamespace = pg_catalog.to_regnamespace('outpost') AND c.relname = ANY ($1::text[]) "
             "AND a.attnum > 0 AND NOT a.attisdropped",
             ctx_printf(cx, "{%s}", tables)))
    return cx->code;
  for (int i = 0; i < pg_rows_count(r); i++)
    *map_put(&a->types, pg_text(r, i, 0), NULL) = (uint64_t)(uintptr_t)ctx_strdup(a->cx, pg_text(r, i, 1));
  return OK;
}

const char *apply_type(const struct applier *a, const char *table, struct str column) {
  char name[160];
  int n = snprintf(name, sizeof name, "%s " STR_FMT, table, STR_ARG(column));
  if (n <= 0 || n >= (int)sizeof name) return NULL;
  uint64_t *type = map_get(&a->types, (struct str){ name, (size_t)n });
  return type ? (const char *)(uintptr_t)*type : NULL;
}

/* ---- where lanes are ---- */

int apply_lane(struct ctx *cx, struct applier *a, const char *organization, int64_t origin, const char *lane,
               struct apply_lane *out) {
  struct pg_rows *r;
  *out = (struct apply_lane){ .position = "{}" };
  if (pg_ask(cx, a->pg, &r,
             "SELECT sequence, position, batch_hash FROM outpost.lane "
             "WHERE organization_id = $1::uuid AND origin = $2::int AND lane = $3",
             organization, origin, lane))
    return cx->code;
  if (!pg_rows_count(r))
    return pg_ask(cx, a->pg, NULL,
                  "INSERT INTO outpost.lane (organization_id, origin, lane) VALUES ($1::uuid, $2::int, $3) "
                  "ON CONFLICT DO NOTHING",
                  organization, origin, lane);
  out->sequence = pg_int(r, 0, 0);
  if (!pg_is_null(r, 0, 1)) out->position = ctx_strdup(cx, pg_text(r, 0, 1));
  struct str hash = pg_text(r, 0, 2);
  if (hash.n == SHA256_SIZE) memcpy(out->hash, hash.p, SHA256_SIZE);
  return OK;
}

/* ---- rows on their way: a temporary table, or one parameter ---- */

/* Few rows as a JSON text: the catalog of the server is spared a table. */
enum { ROWS_AS_PARAMETER = 400, BYTES_AS_PARAMETER = 1 << 20 };

typedef void column_fn(void *arg, struct str name, int i);
static void each_column(const char *columns, column_fn *fn, void *arg) {
  for (int i = 0;; i++) {
    size_t n = strcspn(columns, ",");
    fn(arg, (struct str){ columns, n }, i);
    if (!columns[n]) return;
    columns += n + 1;
  }
}

struct writing {
  struct buf *out;
  const struct applier *a;
  const char *table;
  struct str missing; /* a column that is not there */
};

static void write_name(void *arg, struct str name, int i) {
  struct writing *w = arg;
  buf_printf(w->out, "%s\"" STR_FMT "\"", i ? ", " : "", STR_ARG(name));
}

static bool is_net(struct str name) { return str_starts(name, STR("net_")); }

/* What is known of the net change itself, see NET_COLUMNS. */
static const char *net_type(struct str name) {
  static const char *const types[][2] = {
    { "net_key", "text" }, { "net_marks", "jsonb" }, { "net_fresh", "boolean" }, { "net_alone", "boolean" }
  };
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (str_eq(name, str_of(types[i][0]))) return types[i][1];
  return "bigint";
}

static const char *type_of(struct writing *w, struct str name) {
  const char *type = is_net(name) ? net_type(name) : apply_type(w->a, w->table, name);
  if (!type) w->missing = name;
  return type ? type : "text";
}

static void write_column(void *arg, struct str name, int i) {
  struct writing *w = arg;
  buf_printf(w->out, "%s\"" STR_FMT "\" %s", i ? ", " : "", STR_ARG(name), type_of(w, name));
}

static void write_text_column(void *arg, struct str name, int i) {
  struct writing *w = arg;
  buf_printf(w->out, "%s\"" STR_FMT "\" text", i ? ", " : "", STR_ARG(name));
}

static void write_cast(void *arg, struct str name, int i) {
  buf_printf(((struct writing *)arg)->out, "%s\"" STR_FMT "\"::%s AS \"" STR_FMT "\"", i ? ", " : "",
             STR_ARG(name), type_of(arg, name), STR_ARG(name));
}

static const char *written(struct ctx *cx, struct buf *out) {
  const char *text = ctx_strdup(cx, buf_view(out));
  buf_clear(out);
  return text;
}

static const char *column_list(struct ctx *cx, const char *columns, column_fn *fn, struct writing *w) {
  struct buf out;
  buf_init(&out, LIMIT_TEXT_BYTES);
  w->out = &out;
  each_column(columns, fn, w);
  w->out = NULL;
  return written(cx, &out);
}

struct naming {
  struct str *names;
  int count;
};

static void keep_name(void *arg, struct str name, int i) {
  struct naming *n = arg;
  n->names[i] = name;
  n->count = i + 1;
}

/* The lines as an array of objects whose members are texts. */
static int json_rows(struct ctx *cx, const char *columns, struct str copy, struct buf *out) {
  struct naming n = { ctx_alloc(cx, (strlen(columns) + 1) * sizeof *n.names), 0 };
  struct buf plain;
  struct jw w;
  each_column(columns, keep_name, &n);
  buf_init(&plain, BATCH_BYTES_MOST);
  jw_init(&w, out);
  jw_array(&w, NULL);
  for (size_t at = 0; at < copy.n && !cx->code;) {
    const char *end = memchr(copy.p + at, '\n', copy.n - at);
    struct str line = { copy.p + at, end ? (size_t)(end - copy.p) - at : 0 }, value;
    jw_object(&w, NULL);
    size_t cell = 0;
    for (int i = 0; i < n.count && !cx->code; i++) {
      char name[64];
      str_copy(name, sizeof name, n.names[i]);
      if (!end || !copy_value(line, &cell, &plain, &value))
        fail(cx, E_INVALID, "batch", "rows of the batch cannot be read");
      else if (value.p)
        jw_str(&w, name, value);
    }
    jw_close(&w, '}');
    at += line.n + 1;
  }
  jw_close(&w, ']');
  buf_clear(&plain);
  return cx->code;
}

/* What to select rows from, after they are on their way: as texts in a JSON parameter, whose place is `parameter`, or from a
** temporary table. Columns are those of `table`, and of net changes. */
int apply_source(struct ctx *cx, struct applier *a, const char *table, const char *columns, int64_t rows,
                 struct str copy, int parameter, struct apply_source *out) {
  struct writing w = { .a = a, .table = table };
  *out = (struct apply_source){ .json = arg_text(NULL) };
  if (rows <= ROWS_AS_PARAMETER && copy.n <= BYTES_AS_PARAMETER) {
    struct buf json;
    buf_init(&json, BATCH_BYTES_MOST);
    json_rows(cx, columns, copy, &json);
    out->json = arg_text(written(cx, &json));
    const char *casts = column_list(cx, columns, write_cast, &w);
    out->from = ctx_printf(cx, "(SELECT %s FROM json_to_recordset($%d::json) AS j(%s)) AS s", casts,
                           parameter, column_list(cx, columns, write_text_column, &w));
  } else {
    const char *name = ctx_printf(cx, "up_%d", a->temporary++);
    const char *make = ctx_printf(cx, "CREATE TEMPORARY TABLE %s (%s) ON COMMIT DROP", name,
                                  column_list(cx, columns, write_column, &w));
    if (!w.missing.p && !pg_do(cx, a->pg, make) &&
        !pg_copy_begin(cx, a->pg, ctx_printf(cx, "COPY pg_temp.%s FROM STDIN", name)) &&
        !pg_copy_put(cx, a->pg, copy))
      pg_copy_end(cx, a->pg);
    out->from = ctx_printf(cx, "pg_temp.%s AS s", name);
  }
  if (w.missing.p && !cx->code)
    return fail(cx, E_FAIL, "schema",
                "headquarters' table %s has no column " STR_FMT
                ": its schema is older than this program; `outpost upstream init` brings it up to date",
                table, STR_ARG(w.missing));
  return cx->code;
}

/* ---- sections ---- */

static const char change_log[] = "change_log";

static int64_t origin_of(const struct up_batch *b, const struct up_section *s) {
  return s->origin ? s->origin : b->seal.origin;
}

static int insert_rows(struct ctx *cx, struct applier *a, const struct up_batch *b,
                       const struct up_section *s) {
  struct apply_source from;
  struct writing w = { .a = a };
  if (!s->rows) return OK;
  if (apply_source(cx, a, s->table, s->columns, s->rows, buf_view(&s->copy), 3, &from)) return cx->code;
  const char *names = column_list(cx, s->columns, write_name, &w);
  const struct arg v[] = { arg_text(b->seal.organization), arg_int(origin_of(b, s)), from.json };
  return pg_tell_all(
      cx, a->pg,
      ctx_printf(
          cx,
          "INSERT INTO outpost.\"%s\" (organization_id, origin, %s) SELECT $1::uuid, $2::int, %s FROM %s%s",
          s->table, names, names, from.from, s->missing ? " ON CONFLICT DO NOTHING" : ""),
      from.json.p ? 3 : 2, v);
}

/* What was said before of the values goes. */
static int clear_rows(struct ctx *cx, struct applier *a, const struct up_batch *b,
                      const struct up_section *s) {
  return pg_ask(
      cx, a->pg, NULL,
      ctx_printf(
          cx,
          "DELETE FROM outpost.\"%s\" WHERE organization_id = $1::uuid AND origin = $2::int AND \"%s\" = ANY "
          "($3::bigint[])",
          s->table, s->of),
      b->seal.organization, origin_of(b, s), ctx_printf(cx, "{%s}", buf_view(&s->values).p));
}

static int put_section(struct ctx *cx, struct applier *a, const struct up_batch *b,
                       const struct up_section *s) {
  if (s->how == BATCH_REPLACE && s->values.n && clear_rows(cx, a, b, s)) return cx->code;
  return insert_rows(cx, a, b, s);
}

/* A table that is to be asked for. */
static void want_table(struct applier *a, struct buf *tables, const char *table) {
  bool added;
  map_put(&a->known, str_of(table), &added);
  if (added) buf_printf(tables, "%s%s", tables->n ? "," : "", table);
}

static int learn(struct ctx *cx, struct applier *a, struct buf *tables) {
  bool all = !tables->n;
  const char *names = written(cx, tables);
  return cx->code || all ? (int)cx->code : apply_know(cx, a, names);
}

/* No plan is worth compiling. Batches wait for each other here, so none may wait there without end. */
static const char begin[] =
    "BEGIN; SET LOCAL TIME ZONE 'UTC'; SET LOCAL datestyle = 'ISO'; SET LOCAL jit = off; "
    "SET LOCAL lock_timeout = '60s'";

enum { PATIENCE_OF_A_BATCH = 600 };

int apply_rows(struct ctx *cx, struct applier *a, const struct up_batch *b) {
  struct buf tables;
  buf_init(&tables, LIMIT_TEXT_BYTES);
  for (int i = 0; i < b->count; i++) want_table(a, &tables, b->sections[i].table);
  if (learn(cx, a, &tables)) return cx->code;
  a->temporary = 0;
  pg_patience(a->pg, PATIENCE_OF_A_BATCH);
  if (pg_do(cx, a->pg, begin)) return cx->code;
  for (int i = 0; i < b->count; i++)
    if (put_section(cx, a, b, &b->sections[i])) return cx->code;
  return OK;
}

int apply_changes(struct ctx *cx, struct applier *a, const struct up_batch *b) {
  struct buf tables;
  int logs = 0;
  a->net = (struct net){ 0 };
  for (int i = 0; i < b->count && !cx->code; i++) {
    if (strcmp(b->sections[i].table, change_log) != 0) continue;
    if (logs++)
      return fail(cx, E_INVALID, change_log,
                  "a batch has the entries of one change_log, and this one of two");
    net_make(cx, &b->sections[i], b->seal.origin, &a->net);
  }
  if (cx->code) return cx->code;
  buf_init(&tables, LIMIT_TEXT_BYTES);
  for (int i = 0; i < a->net.count; i++) want_table(a, &tables, a->net.entities[i].entity->table);
  if (learn(cx, a, &tables) || apply_bring(cx, a, b)) return cx->code;
  crash_point("push rows");
  return OK;
}

int apply_own(struct ctx *cx, struct applier *a) { return apply_records(cx, a, true); }

/* ---- position and batch ---- */

static int move_lane(struct ctx *cx, struct applier *a, const struct up_batch *b) {
  const struct seal *s = &b->seal;
  struct pg_rows *r;
  bool log = strcmp(s->lane, "log") == 0;
  if (pg_ask(cx, a->pg, &r,
             "UPDATE outpost.lane SET sequence = $4::bigint, position = $5, batch_hash = $6::bytea, head_seq "
             "= coalesce($7::bigint, head_seq), head_hash = coalesce($8::bytea, head_hash), moved_at = now() "
             "WHERE organization_id = $1::uuid AND origin = $2::int AND lane = $3 AND sequence = $4::bigint "
             "- 1 AND (sequence = 0 OR batch_hash = $9::bytea)",
             s->organization, s->origin, s->lane, s->sequence, s->position_to, arg_blob(s->hash, SHA256_SIZE),
             log ? arg_int(s->last_seq) : arg_text(NULL), arg_blob(log ? b->last_hash : NULL, SHA256_SIZE),
             arg_blob(s->previous, SHA256_SIZE)))
    return cx->code;
  if (pg_rows_changed(r) != 1)
    return fail(cx, E_CONFLICT, "lane", "lane %s is not at batch %lld at headquarters", s->lane,
                (long long)s->sequence - 1);
  return OK;
}

static int store_batch(struct ctx *cx, struct applier *a, const struct up_batch *b) {
  const struct seal *s = &b->seal;
  return pg_ask(cx, a->pg, NULL,
                "INSERT INTO outpost.batch (organization_id, origin, lane, sequence, previous, "
                "position_from, position_to, first_seq, last_seq, row_count, byte_count, sections, leaves, "
                "root, hash, signature, made_at) VALUES ($1::uuid, $2::int, $3, $4::bigint, $5::bytea, $6, "
                "$7, $8::bigint, $9::bigint, $10::bigint, $11::bigint, $12, $13::bytea, $14::bytea, "
                "$15::bytea, $16::bytea, timestamptz 'epoch' + $17::bigint * interval '1 microsecond')",
                s->organization, s->origin, s->lane, s->sequence, arg_blob(s->previous, SHA256_SIZE),
                s->position_from, s->position_to, s->first_seq, s->last_seq, s->rows, s->bytes, s->sections,
                arg_blob(s->leaves.p ? s->leaves.p : "", s->leaves.n), arg_blob(s->root, SHA256_SIZE),
                arg_blob(s->hash, SHA256_SIZE), arg_blob(s->signature, s->signature_size), s->made_at);
}

/* Somebody said at the edge that what holds is right, or took that back: the conflict is settled, or open, for everybody. */
static int apply_decisions(struct ctx *cx, struct applier *a, const struct up_batch *b) {
  if (!a->net.decided) return OK;
  return pg_ask(cx, a->pg, NULL,
                "WITH said AS (SELECT DISTINCT ON (l.key) l.key, l.after ->> 'state' AS state, l.before ->> "
                "'state' AS was FROM outpost.change_log l WHERE l.organization_id = $1::uuid AND l.origin = "
                "$2::int AND l.seq BETWEEN $3::bigint AND $4::bigint AND l.tbl = 'sync_conflicts' ORDER BY "
                "l.key, l.seq DESC) UPDATE outpost.conflict c SET state = CASE s.state WHEN 'kept' THEN "
                "'settled' ELSE 'open' END, sync_xid = pg_current_xact_id() FROM said s WHERE "
                "c.organization_id = $1::uuid AND c.conflict_id::text = s.key AND (s.state = 'kept' AND "
                "c.state = 'open' OR s.state = 'open' AND s.was = 'kept' AND c.state = 'settled')",
                b->seal.organization, b->seal.origin, b->seal.first_seq, b->seal.last_seq);
}

int apply_commit(struct ctx *cx, struct applier *a, const struct up_batch *b) {
  if (apply_records(cx, a, false) || apply_decisions(cx, a, b) || move_lane(cx, a, b) ||
      store_batch(cx, a, b))
    return cx->code;
  crash_point("push commit");
  int rc = pg_do(cx, a->pg, "COMMIT");
  pg_patience(a->pg, PG_PATIENCE);
  crash_point("push committed");
  return rc;
}
