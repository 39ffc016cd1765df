/*
** catalogue.c - see catalogue.h. One walk over datasets, entities, reports, and
** the file's own schema; each writes a table and its columns.
**
** Where a column of a report or view comes from is asked of SQLite, which knows
** of every column of a SELECT whether it is a column of a table.
*/
#include "export/catalogue.h"

#include "export/facts.h"
#include "model/entity.h"

enum { COUNTED_MOST = 10000 }; /* rows that are counted one by one */

struct walk {
  struct ctx *cx;
  struct db *db;
  struct jw *w;
  struct facts facts;
  int64_t rejected, log; /* rows */
};

struct column {
  const char *name, *type, *text, *lineage;
  const struct dataset *dataset; /* whose field it carries, or NULL */
  int field;
};

/* ---- one table ---- */

/* Bits of the fields, 0 for rules about the whole row. */
static void write_rules(struct walk *k, const struct dataset *d, uint64_t fields) {
  jw_array(k->w, "rules");
  for (size_t i = 0; d && i < k->facts.rule_count; i++) {
    const struct rule_fact *r = &k->facts.rules[i];
    if (r->dataset == d && (fields ? (r->fields & fields) != 0 : r->fields == 0))
      jw_text(k->w, NULL, r->name);
  }
  jw_close(k->w, ']');
}

static void write_owner(struct walk *k, const char *text, const struct steward_fact *s,
                        const struct steward_fact *inherited) {
  if (!s) s = inherited;
  jw_put(k->w, "description", s && s->description ? s->description : text, "owner", s ? s->owner : NULL);
}

enum { ROWS_UNKNOWN = -1 };

struct table {
  const char *name, *kind, *text;
  const char *stored; /* the table that it is kept in; NULL: that of its name */
  int64_t rows, fresh;
  bool exact;
  const struct dataset *dataset; /* whose rules look at its rows, or NULL */
};

static void table_begin(struct walk *k, const struct table *t) {
  jw_object(k->w, NULL);
  jw_put(k->w, "name", t->name, "kind", t->kind);
  if (t->stored) jw_text(k->w, "table", t->stored);
  if (t->rows == ROWS_UNKNOWN)
    jw_text(k->w, "rows", NULL);
  else
    jw_int(k->w, "rows", t->rows);
  jw_bool(k->w, "rows_exact", t->exact && t->rows != ROWS_UNKNOWN);
  write_owner(k, t->text ? t->text : facts_about_table(k->cx, t->name), facts_steward(&k->facts, t->name),
              NULL);
  jw_time_known(k->w, "fresh", t->fresh);
  write_rules(k, t->dataset, 0);
  jw_array(k->w, "columns");
}

static void table_end(struct walk *k) {
  jw_close(k->w, ']');
  jw_close(k->w, '}');
}

static const char *field_text(struct ctx *cx, const struct dataset *d, const struct field *f) {
  return ctx_printf(cx, "a field of %s%s%s%s", d->name, f->essential ? ", always there" : "",
                    f->group ? "; figures are shown by it" : "", f->total ? "; summed up" : "");
}

/* What people say of a field goes wherever the field goes. */
static void column_write(struct walk *k, const char *table, const struct column *c) {
  const struct dataset *d = c->dataset;
  const struct steward_fact *of_field =
      d ? facts_steward(&k->facts, ctx_printf(k->cx, "%s.%s", d->name, c->name)) : NULL;
  if (d && !of_field) of_field = facts_steward(&k->facts, ctx_printf(k->cx, "%s.%s", d->table, c->name));
  const char *text = c->text ? c->text : facts_about_column(c->name);
  if (!text && d) text = field_text(k->cx, d, &d->fields[c->field]);
  jw_object(k->w, NULL);
  jw_put(k->w, "name", c->name, "type", c->type);
  write_owner(k, text, facts_steward(&k->facts, ctx_printf(k->cx, "%s.%s", table, c->name)), of_field);
  write_rules(k, d, d ? UINT64_C(1) << c->field : 0);
  jw_text(k->w, "lineage", c->lineage);
  jw_close(k->w, '}');
}

/* ---- datasets and entities ---- */

static const char *field_type(struct ctx *cx, const struct field *f) {
  switch (f->kind) {
  case FIELD_CODE: return "code";
  case FIELD_DATE: return "date";
  case FIELD_DECIMAL: return ctx_printf(cx, "decimal, %d digits", f->scale);
  case FIELD_TEXT: break;
  }
  return "text";
}

static int sums_read(struct walk *k) {
  struct stmt *s = db_stmt(k->cx, k->db, SQL_catalogue_sums);
  if (!stmt_row(k->cx, s)) return k->cx->code;
  k->rejected = col_int(s, 0);
  k->log = col_int(s, 1);
  stmt_done(s);
  return OK;
}

static int64_t one_int(struct walk *k, struct stmt *s) {
  int64_t n = stmt_row(k->cx, s) ? col_int(s, 0) : 0;
  if (!k->cx->code && s) stmt_done(s);
  return n;
}

/* Rows that count now: the totals of them know. */
static int64_t current_rows(struct walk *k, const struct dataset *d) {
  return one_int(k, db_once(k->cx, k->db,
                            ctx_printf(k->cx, "SELECT coalesce(sum(orders), 0) FROM %s", d->current_table)));
}

static int64_t read_rows(struct walk *k, const struct dataset *d) {
  struct stmt *s = db_ask(k->cx, k->db, SQL_catalogue_read, d->name);
  return one_int(k, s);
}

static int64_t newer(int64_t a, int64_t b) { return a > b ? a : b; }

static int write_dataset(struct walk *k, const struct dataset *d) {
  struct table t = {
    .name = d->name,
    .kind = "dataset",
    .text = ctx_printf(k->cx, "rows of %s, brought in as files; kept in the table %s", d->name, d->table),
    .rows = current_rows(k, d),
    .exact = true,
    .fresh = newer(facts_fresh(&k->facts, d->table), facts_fresh(&k->facts, "run")),
    .dataset = d,
  };
  table_begin(k, &t);
  for (int i = 0; i < d->field_count; i++) {
    const struct field *f = &d->fields[i];
    struct column c = { .name = f->name,
                        .type = field_type(k->cx, f),
                        .text = field_text(k->cx, d, f),
                        .lineage = facts_lineage(&k->facts, d, i),
                        .dataset = d,
                        .field = i };
    column_write(k, d->name, &c);
  }
  table_end(k);
  return k->cx->code;
}

/* Counted up to a bound: *exact is false beyond it. name: of the schema or a descriptor. */
static int64_t count_rows(struct walk *k, const char *name, bool *exact) {
  struct stmt *s = db_once(
      k->cx, k->db,
      ctx_printf(k->cx, "SELECT count(*) FROM (SELECT 1 FROM \"%s\" LIMIT %d)", name, COUNTED_MOST + 1));
  int64_t n = one_int(k, s);
  *exact = n <= COUNTED_MOST;
  return *exact ? n : COUNTED_MOST;
}

static int write_entity(struct walk *k, const struct entity *e) {
  static const char *const own[] = { "id",         "version",    "created_at", "created_by",
                                     "updated_at", "updated_by", "deleted_at", "deleted_by" };
  struct table t = { .name = e->name,
                     .kind = "entity",
                     .stored = e->table,
                     .text = facts_about_table(k->cx, e->table),
                     .fresh = facts_fresh(&k->facts, e->table) };
  t.rows = count_rows(k, e->table, &t.exact);
  table_begin(k, &t);
  for (int i = 0; i < e->property_count; i++) {
    const struct property *p = &e->properties[i];
    column_write(k, e->name,
                 &(struct column){ .name = p->name, .type = property_kind_name(p->kind), .text = p->help });
  }
  for (size_t i = 0; i < sizeof own / sizeof *own; i++)
    column_write(k, e->name, &(struct column){ .name = own[i], .type = i == 1 ? "integer" : "text" });
  table_end(k);
  return k->cx->code;
}

/* ---- tables of the schema ---- */

/* The comment behind a column's definition: "  seq INTEGER PRIMARY KEY,  -- gapless from 1". */
static const char *comment_of(struct ctx *cx, const char *sql, const char *column) {
  size_t n = strlen(column);
  for (const char *line = sql; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
    const char *p = line + strspn(line, " ");
    size_t length = strcspn(p, "\n");
    if (strncmp(p, column, n) != 0 || p[n] != ' ') continue;
    for (size_t i = n; i + 3 < length; i++)
      if (!strncmp(p + i, "-- ", 3))
        return ctx_strdup(cx, str_trim((struct str){ p + i + 3, length - i - 3 }));
    return NULL;
  }
  return NULL;
}

/* A column that has the name of a field, in a table that carries fields. */
static void carry_field(struct column *c, const struct dataset *d) {
  int field = d ? dataset_field(d, str_of(c->name)) : -1;
  if (field < 0) return;
  c->dataset = d;
  c->field = field;
}

/* How many there are, where it is known without looking at each. */
static int64_t known_rows(struct walk *k, const char *name, bool *exact) {
  const struct dataset *d = facts_dataset_of(name), *raw = facts_dataset_after(name, "raw_");
  if (!d || strcmp(d->table, name) != 0) d = facts_dataset_after(name, "clean_");
  *exact = true;
  if (d) return current_rows(k, d);
  if (raw) return read_rows(k, raw);
  if (strcmp(name, "reject") == 0) return k->rejected;
  if (strcmp(name, "change_log") == 0 || strcmp(name, "audit_log") == 0) return k->log;
  *exact = false;
  return strcmp(name, "exceptions") == 0 ? k->rejected : ROWS_UNKNOWN;
}

/* Bytes lie in few, large rows, with a large part of each in the tree itself. */
static const char *const never_counted[] = { "raw_chunk", NULL };

static int64_t rows_of(struct walk *k, const char *name, bool *exact) {
  int64_t n = known_rows(k, name, exact);
  for (int i = 0; never_counted[i]; i++)
    if (strcmp(never_counted[i], name) == 0) return ROWS_UNKNOWN;
  return n == ROWS_UNKNOWN ? count_rows(k, name, exact) : n;
}

/* The origin of every column of a SELECT; *fresh is the newest change of where they come from. */
static void origin_write(struct walk *k, const struct stmt *s, int i, const char *name, struct column *c,
                         int64_t *fresh) {
  const char *table, *column;
  if (!s || !col_origin(s, i, &table, &column)) {
    c->lineage = ctx_printf(k->cx, "computed by %s", name);
    return;
  }
  const struct dataset *d = facts_dataset_of(table);
  *fresh = newer(*fresh, facts_fresh(&k->facts, table));
  if (c->dataset && (d || strcmp(table, "term") == 0))
    c->lineage = ctx_printf(k->cx, "field %s of %s", c->name, c->dataset->name);
  else
    c->lineage = ctx_printf(k->cx, "%s.%s", table, column);
}

/* The one dataset that a report or view with such a name or such columns speaks of. */
static const struct dataset *subject_of(const char *name) {
  const char *under = strchr(name, '_');
  const struct dataset *d = under ? dataset_find(under + 1) : NULL;
  return d ? d : dataset_at(1) ? NULL : dataset_at(0);
}

/* Reads s on the columns of one table or view, and stands on the next one after it. */
static bool write_object(struct walk *k, struct stmt *s) {
  struct ctx *cx = k->cx;
  const char *name = col_dup(cx, s, 1), *sql = col_dup(cx, s, 2);
  bool view = str_eq(col_str(s, 0), STR("view")), more = true, shown = view || !entity_of_table(name);
  struct stmt *select = view ? db_once(cx, k->db, ctx_printf(cx, "SELECT * FROM \"%s\"", name)) : NULL;
  const struct dataset *d = view ? subject_of(name) : facts_dataset_of(name);
  struct table t = { .name = name, .kind = view ? "view" : "table", .fresh = facts_fresh(&k->facts, name) };
  if (shown) t.rows = view ? known_rows(k, name, &t.exact) : rows_of(k, name, &t.exact);
  struct column *list = ctx_alloc(cx, 256 * sizeof *list);
  int count = 0;
  for (; more && str_eq(col_str(s, 1), str_of(name)); more = stmt_row(cx, s)) {
    if (!shown || count == 256) continue;
    struct column *c = &list[count++];
    *c = (struct column){ .name = col_dup(cx, s, 3), .type = col_dup(cx, s, 4) };
    c->text = view ? NULL : comment_of(cx, sql, c->name);
    carry_field(c, d);
    if (view)
      origin_write(k, select, count - 1, "the view", c, &t.fresh);
    else if (c->dataset)
      c->lineage = ctx_printf(cx, "field %s of %s", c->name, d->name);
  }
  if (!shown) return more;
  if (view && !t.fresh) t.fresh = facts_fresh(&k->facts, "run");
  table_begin(k, &t);
  for (int i = 0; i < count; i++) column_write(k, name, &list[i]);
  table_end(k);
  return more;
}

static int write_schema(struct walk *k) {
  struct stmt *s = db_stmt(k->cx, k->db, SQL_catalogue_columns);
  bool more = stmt_row(k->cx, s);
  while (more && !k->cx->code) more = write_object(k, s);
  return k->cx->code;
}

/* ---- reports ---- */

/* "revenue dec4.2" -> revenue, decimal */
static struct column spec_of(struct ctx *cx, struct str text) {
  struct str s = str_trim(text);
  size_t blank = 0;
  while (blank < s.n && s.p[blank] != ' ') blank++;
  struct str kind = str_trim((struct str){ s.p + blank, s.n - blank });
  const char *type = str_starts(kind, STR("dec")) ? "decimal"
                     : str_eq(kind, STR("int"))   ? "integer"
                     : str_eq(kind, STR("day"))   ? "date"
                     : str_eq(kind, STR("time"))  ? "instant"
                                                  : "text";
  return (struct column){ .name = ctx_strdup(cx, (struct str){ s.p, blank }), .type = type };
}

static int write_report(struct walk *k, const struct report_text *r) {
  struct column list[64];
  int count = 0;
  struct stmt *s = db_once(k->cx, k->db, r->text);
  struct table t = { .name = r->name, .kind = "report" };
  t.rows = known_rows(k, r->name, &t.exact);
  if (strcmp(r->name, "runs") == 0) t.rows = count_rows(k, "run", &t.exact);
  for (const char *p = r->columns; *p && count < 64;) {
    size_t n = strcspn(p, ",");
    if (str_trim((struct str){ p, n }).n) {
      list[count] = spec_of(k->cx, (struct str){ p, n });
      carry_field(&list[count], subject_of(r->name));
      origin_write(k, s, count, "the report", &list[count], &t.fresh);
      count++;
    }
    p += n + (p[n] == ',');
  }
  table_begin(k, &t);
  for (int i = 0; i < count; i++) column_write(k, r->name, &list[i]);
  table_end(k);
  return k->cx->code;
}

/* raw_DATASET has no SELECT: it is read from the bytes. */
static int write_raw(struct walk *k, const struct dataset *d) {
  static const struct column own[] = {
    { .name = "id", .type = "integer", .lineage = "computed by the report" },
    { .name = "run_id", .type = "text", .lineage = "run.uuid" },
    { .name = "ingestion_timestamp", .type = "instant", .lineage = "run.started_at" },
    { .name = "source_name", .type = "text", .lineage = "run.source" },
  };
  struct table t = { .name = ctx_printf(k->cx, "raw_%s", d->name),
                     .kind = "report",
                     .fresh = facts_fresh(&k->facts, "raw_chunk") };
  t.fresh = newer(t.fresh, facts_fresh(&k->facts, "run"));
  t.rows = known_rows(k, t.name, &t.exact);
  table_begin(k, &t);
  for (int i = 0; i < 4; i++) column_write(k, t.name, &own[i]);
  for (int i = 0; i < d->field_count; i++) {
    struct column c = { .name = d->fields[i].name,
                        .type = "text",
                        .text = "as it stands in the file",
                        .lineage = facts_lineage(&k->facts, d, i) };
    carry_field(&c, d);
    column_write(k, t.name, &c);
  }
  table_end(k);
  return k->cx->code;
}

int catalogue_write(struct ctx *cx, struct db *db, struct jw *w, const char *key) {
  struct walk k = { .cx = cx, .db = db, .w = w };
  if (facts_read(cx, db, &k.facts) || sums_read(&k)) return cx->code;
  jw_object(w, key);
  jw_array(w, "tables");
  for (int i = 0; dataset_at(i) && !cx->code; i++) write_dataset(&k, dataset_at(i));
  for (int i = 0; entity_at(i) && !cx->code; i++) write_entity(&k, entity_at(i));
  for (size_t i = 0; i < report_count && !cx->code; i++) write_report(&k, &report_texts[i]);
  for (int i = 0; dataset_at(i) && !cx->code; i++) write_raw(&k, dataset_at(i));
  if (!cx->code) write_schema(&k);
  jw_close(w, ']');
  jw_close(w, '}');
  return cx->code;
}
