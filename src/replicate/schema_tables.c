/*
** schema_tables.c - tables of entities and datasets, from their declarations.
**
** What a table should be is composed as a text: columns, indexes, triggers, grants, comments. When it is the text of the
** last time, nothing is done. Otherwise what is missing is made; no column is ever dropped or changed, because an older
** program, or somebody's report, may rely on it.
*/
#include "replicate/schema_tables.h"

#include "base/limits.h"
#include "replicate/merge.h"

/* One table on its way. */
struct making {
  struct pg *p;
  const char *name;   /* quoted, with its schema */
  const char *table;  /* its bare name */
  struct buf columns; /* of CREATE TABLE, ends with a comma */
  struct buf after;   /* what is said in any case: indexes, triggers, grants, comments */
  const char *column[DATASET_FIELDS + 1], *type[DATASET_FIELDS + 1], *otherwise[DATASET_FIELDS + 1];
  int count;
  const struct entity *entity; /* NULL: a dataset; else it has the column `extra` */
};

/* ---- types ---- */

static const char *upstream_property_type(struct ctx *cx, const struct property *p) {
  switch (p->kind) {
  case PROPERTY_INTEGER: return "bigint";
  case PROPERTY_DECIMAL: return ctx_printf(cx, "numeric(20,%d)", p->scale);
  case PROPERTY_BOOLEAN: return "boolean";
  case PROPERTY_DAY: return "date";
  case PROPERTY_INSTANT: return "timestamptz";
  case PROPERTY_JSON: return "json";
  default: return "text";
  }
}

static const char *upstream_field_type(struct ctx *cx, const struct field *f) {
  if (f->kind == FIELD_DATE) return "date";
  return f->kind == FIELD_DECIMAL ? ctx_printf(cx, "numeric(19,%d)", f->scale) : "text";
}

/* ---- composing ---- */

static void make_begin(struct ctx *cx, struct making *m, struct pg *p, const char *table) {
  *m = (struct making){ .p = p, .table = table };
  m->name = ctx_printf(cx, "outpost.%s", pg_identifier(cx, p, table));
  buf_init(&m->columns, LIMIT_TEXT_BYTES);
  buf_init(&m->after, LIMIT_TEXT_BYTES);
}

static void make_end(struct making *m) {
  buf_clear(&m->columns);
  buf_clear(&m->after);
}

/* A column that may come later. otherwise: its default as SQL, or NULL. */
static void add_column(struct ctx *cx, struct making *m, const char *name, const char *type,
                       const char *otherwise) {
  const char *column = pg_identifier(cx, m->p, name);
  m->column[m->count] = name;
  m->type[m->count] = type;
  m->otherwise[m->count++] = otherwise;
  buf_printf(&m->columns, "%s %s%s%s, ", column, type, otherwise ? " DEFAULT " : "",
             otherwise ? otherwise : "");
}

static void add_comment(struct ctx *cx, struct making *m, const char *column, const char *text) {
  if (column)
    buf_printf(&m->after, "COMMENT ON COLUMN %s.%s IS ", m->name, pg_identifier(cx, m->p, column));
  else
    buf_printf(&m->after, "COMMENT ON TABLE %s IS ", m->name);
  buf_printf(&m->after, "%s; ", pg_literal(cx, m->p, text));
}

static void add_index(struct ctx *cx, struct making *m, const char *suffix, const char *columns) {
  buf_printf(&m->after, "CREATE INDEX IF NOT EXISTS %s ON %s (organization_id, %s); ",
             pg_identifier(cx, m->p, ctx_printf(cx, "%.50s_%s", m->table, suffix)), m->name, columns);
}

static void add_key(struct ctx *cx, struct making *m, const struct entity *e, int k) {
  struct buf columns;
  buf_init(&columns, LIMIT_KEY_BYTES);
  for (int i = 0; i < e->keys[k].count; i++)
    buf_printf(&columns, "%s%s", i ? ", " : "",
               pg_identifier(cx, m->p, e->properties[e->keys[k].property[i]].name));
  add_index(cx, m, ctx_printf(cx, "key%d", k + 1), buf_view(&columns).p);
  buf_clear(&columns);
}

/* A change stays on the page of what it changes, and touches no index, when there is room and no column of an index changes.
** sync_xid does with every change, so only those tables have an index on it that edges ask for what is new. */
static void add_room(struct ctx *cx, struct making *m, const struct entity *e) {
  buf_printf(&m->after, "ALTER TABLE %s SET (fillfactor = 70); ", m->name);
  if (e->sync == SYNC_UP)
    buf_printf(&m->after, "DROP INDEX IF EXISTS outpost.%s; ",
               pg_identifier(cx, m->p, ctx_printf(cx, "%.50s_xid", m->table)));
  else
    add_index(cx, m, "xid", "sync_xid");
}

/* Arguments of the triggers: see 020_records.sql. */
static const char *trigger_arguments(struct ctx *cx, struct making *m, const struct entity *e) {
  struct buf out;
  buf_init(&out, LIMIT_TEXT_BYTES);
  for (int i = 0; i < e->property_count; i++) {
    const struct property *p = &e->properties[i];
    const char *comma = out.n ? ", " : "";
    if (p->choices)
      buf_printf(&out, "%s%s", comma, pg_literal(cx, m->p, ctx_printf(cx, "%s=%s", p->name, p->choices)));
    comma = out.n ? ", " : "";
    if (p->required || p->otherwise) buf_printf(&out, "%s%s", comma, pg_literal(cx, m->p, p->name));
  }
  return ctx_take(cx, &out);
}

static void add_triggers(struct ctx *cx, struct making *m, const struct entity *e) {
  const char *arguments = trigger_arguments(cx, m, e);
  buf_printf(
      &m->after,
      "CREATE OR REPLACE TRIGGER added_by_hand BEFORE INSERT ON %s FOR EACH ROW WHEN (new.sync_at IS NULL) "
      "EXECUTE FUNCTION outpost.added_by_hand(%s); "
      "CREATE OR REPLACE TRIGGER changed_by_hand BEFORE UPDATE ON %s FOR EACH ROW WHEN (new.sync_at IS NOT "
      "DISTINCT FROM old.sync_at) EXECUTE FUNCTION outpost.changed_by_hand(%s); "
      "CREATE OR REPLACE TRIGGER never_removed BEFORE DELETE ON %s FOR EACH ROW EXECUTE FUNCTION "
      "outpost.never_removed(); ",
      m->name, arguments, m->name, arguments, m->name);
}

static void add_grants(struct making *m, const char *edge, const char *hq) {
  buf_printf(&m->after,
             "REVOKE ALL ON %s FROM outpost_edge, outpost_hq; GRANT %s ON %s TO outpost_edge; GRANT %s ON %s "
             "TO outpost_hq; ",
             m->name, edge, m->name, hq, m->name);
}

static const char *default_of(struct ctx *cx, struct pg *p, const struct property *y) {
  return y->otherwise
             ? ctx_printf(cx, "%s::%s", pg_literal(cx, p, y->otherwise), upstream_property_type(cx, y))
             : NULL;
}

#define WHO "text NOT NULL DEFAULT session_user"
#define WHEN "timestamptz NOT NULL DEFAULT clock_timestamp()"

static void compose_entity(struct ctx *cx, struct making *m, const struct entity *e) {
  static const char write[] = "SELECT, INSERT, UPDATE", read[] = "SELECT";
  m->entity = e;
  buf_puts(&m->columns, "organization_id uuid NOT NULL, id text NOT NULL DEFAULT gen_random_uuid()::text, ");
  for (int i = 0; i < e->property_count; i++) {
    const struct property *p = &e->properties[i];
    add_column(cx, m, p->name, upstream_property_type(cx, p), default_of(cx, m->p, p));
    add_comment(cx, m, p->name, p->help);
  }
  buf_puts(&m->columns,
           "version bigint NOT NULL DEFAULT 1, created_at " WHEN ", created_by " WHO ", updated_at " WHEN
           ", updated_by " WHO ", deleted_at timestamptz, deleted_by text, extra json, sync_at bigint NOT "
           "NULL, sync_origin integer, sync_stamps jsonb, sync_xid xid8 NOT NULL DEFAULT "
           "pg_current_xact_id(), PRIMARY KEY (organization_id, id)");
  add_comment(cx, m, NULL, e->help);
  add_room(cx, m, e);
  for (int k = 0; k < e->key_count; k++) add_key(cx, m, e, k);
  add_triggers(cx, m, e);
  add_grants(m, e->sync == SYNC_DOWN ? read : write, e->sync == SYNC_UP ? read : write);
}

static void compose_dataset(struct ctx *cx, struct making *m, const struct dataset *d) {
  buf_puts(&m->columns, "organization_id uuid NOT NULL, origin integer NOT NULL, run bigint NOT NULL, record "
                        "bigint NOT NULL, key text COLLATE \"C\" NOT NULL, ");
  for (int i = 0; i < d->field_count; i++)
    add_column(cx, m, d->fields[i].name, upstream_field_type(cx, &d->fields[i]), NULL);
  buf_puts(&m->columns, "PRIMARY KEY (organization_id, origin, run, key)");
  add_comment(cx, m, NULL,
              ctx_printf(cx, "Every version of a row of %s; clean_%s is what counts", d->name, d->name));
  add_grants(m, "SELECT, INSERT", "SELECT");
}

/* ---- making ---- */

/* What newer edges sent of it before; neither the policies nor the triggers are in the way. */
static int take_over(struct ctx *cx, struct making *m, int i, int64_t *taken) {
  struct pg_rows *r;
  if (pg_do(cx, m->p,
            ctx_printf(cx, "ALTER TABLE %s NO FORCE ROW LEVEL SECURITY; ALTER TABLE %s DISABLE TRIGGER USER",
                       m->name, m->name)) ||
      pg_ask(cx, m->p, &r, "SELECT outpost.take_over($1, $2, $3)", m->table, m->column[i], m->type[i]))
    return cx->code;
  *taken = pg_int(r, 0, 0);
  return pg_do(cx, m->p,
               ctx_printf(cx, "ALTER TABLE %s FORCE ROW LEVEL SECURITY; ALTER TABLE %s ENABLE TRIGGER USER",
                          m->name, m->name));
}

static int column_new(struct ctx *cx, struct making *m, int i, struct jw *said) {
  int64_t taken = 0;
  const char *otherwise = m->otherwise[i];
  if (pg_do(cx, m->p,
            ctx_printf(cx, "ALTER TABLE %s ADD COLUMN %s %s%s%s", m->name,
                       pg_identifier(cx, m->p, m->column[i]), m->type[i], otherwise ? " DEFAULT " : "",
                       otherwise ? otherwise : "")) ||
      (m->entity && take_over(cx, m, i, &taken)))
    return cx->code;
  jw_text(said, NULL,
          taken ? ctx_printf(cx, "column %s.%s was added; newer devices had sent %lld values of it", m->table,
                             m->column[i], (long long)taken)
                : ctx_printf(cx, "column %s.%s was added", m->table, m->column[i]));
  return OK;
}

static int columns_missing(struct ctx *cx, struct making *m, struct jw *said) {
  for (int i = 0; i < m->count; i++) {
    struct pg_rows *r;
    if (pg_ask(cx, m->p, &r,
               "SELECT count(*) FROM pg_attribute WHERE attrelid = $1::regclass AND attname = $2 AND NOT "
               "attisdropped",
               m->name, m->column[i]))
      return cx->code;
    if (pg_int(r, 0, 0) == 0 && column_new(cx, m, i, said)) return cx->code;
  }
  return OK;
}

/* What newer edges sent before there was a table is in the log. Its policies let nobody but members see it, not even its
** owner. */
static int fill(struct ctx *cx, struct making *m, struct jw *said) {
  struct pg_rows *r;
  if (pg_do(cx, m->p,
            "ALTER TABLE outpost.change_log NO FORCE ROW LEVEL SECURITY; ALTER TABLE outpost.conflict NO "
            "FORCE ROW LEVEL SECURITY") ||
      pg_ask(cx, m->p, &r, "SELECT outpost.fill_from_log($1, $2::jsonb)", m->table,
             merge_kinds(cx, m->entity)))
    return cx->code;
  if (pg_int(r, 0, 0))
    jw_text(
        said, NULL,
        ctx_printf(cx, "newer devices had sent %lld changes of %s", (long long)pg_int(r, 0, 0), m->table));
  return pg_do(cx, m->p,
               "ALTER TABLE outpost.change_log FORCE ROW LEVEL SECURITY; ALTER TABLE outpost.conflict FORCE "
               "ROW LEVEL SECURITY");
}

static int make_table(struct ctx *cx, struct making *m, struct jw *said, bool *made) {
  struct pg_rows *r;
  *made = false;
  if (pg_ask(cx, m->p, &r, "SELECT to_regclass($1) IS NOT NULL", m->name)) return cx->code;
  if (str_eq(pg_text(r, 0, 0), STR("t"))) return columns_missing(cx, m, said);
  *made = true;
  jw_text(said, NULL, ctx_printf(cx, "table %s was made", m->table));
  return pg_do(cx, m->p, ctx_printf(cx, "CREATE TABLE %s (%s)", m->name, buf_view(&m->columns).p));
}

static int make(struct ctx *cx, struct making *m, struct jw *said) {
  bool same, made;
  const char *part = ctx_printf(cx, "table %s", m->table);
  if (m->columns.full || m->after.full)
    return fail(cx, E_LIMIT, NULL, "table %s has too many columns", m->table);
  const char *text = ctx_printf(cx, "%s;%s", buf_view(&m->columns).p, buf_view(&m->after).p);
  if (schema_part_same(cx, m->p, part, text, &same) || same) return cx->code;
  if (make_table(cx, m, said, &made) || pg_do(cx, m->p, buf_view(&m->after).p)) return cx->code;
  if (made && m->entity && fill(cx, m, said)) return cx->code;
  return schema_part_note(cx, m->p, part, text);
}

int schema_tables(struct ctx *cx, struct pg *p, struct jw *said) {
  struct making m;
  const struct entity *e;
  const struct dataset *d;
  for (int i = 0; (d = dataset_at(i)) && !cx->code; i++) {
    make_begin(cx, &m, p, d->table);
    compose_dataset(cx, &m, d);
    make(cx, &m, said);
    make_end(&m);
  }
  for (int i = 0; (e = entity_at(i)) && !cx->code; i++) {
    if (e->sync == SYNC_NONE) continue;
    make_begin(cx, &m, p, e->table);
    compose_entity(cx, &m, e);
    make(cx, &m, said);
    make_end(&m);
  }
  return cx->code;
}
