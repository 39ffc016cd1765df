/*
** schema_views.c - the views of datasets at headquarters, from their declarations:
**
**   raw_DATASET         the cells of every record as they came, from the original bytes (035_raw.sql)
**   clean_DATASET       what counts: of every key the version of the highest rank among runs that count
**   validation_results  a row for each control and record: clean rows passed all, a rejected one failed those that its faults name
**
** A view that is there keeps its columns in their order, and what is new comes behind them: somebody's report may rely on it,
** and PostgreSQL replaces no view otherwise.
*/
#include "base/limits.h"
#include "replicate/schema_tables.h"

/* A view on its way. */
struct viewing {
  struct pg *p;
  const char *view;
  struct pg_rows *there; /* its columns as they are */
  const char *name[DATASET_FIELDS + 16], *what[DATASET_FIELDS + 16];
  int count;
};

static int view_begin(struct ctx *cx, struct viewing *v, struct pg *p, const char *view) {
  *v = (struct viewing){ .p = p, .view = view };
  return pg_ask(
      cx, p, &v->there,
      "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass('outpost.' || quote_ident($1)) "
      "AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
      view);
}

static void add(struct viewing *v, const char *name, const char *what) {
  v->name[v->count] = name;
  v->what[v->count++] = what;
}

static void put(struct ctx *cx, const struct viewing *v, struct buf *out, int i) {
  buf_printf(out, "%s%s AS %s", out->n ? ", " : "", v->what[i], pg_identifier(cx, v->p, v->name[i]));
}

static bool is_there(const struct viewing *v, int i) {
  for (int r = 0; r < pg_rows_count(v->there); r++)
    if (str_eq(pg_text(v->there, r, 0), str_of(v->name[i]))) return true;
  return false;
}

static const char *selected(struct ctx *cx, const struct viewing *v) {
  struct buf out;
  buf_init(&out, LIMIT_BODY_BYTES);
  for (int r = 0; r < pg_rows_count(v->there); r++)
    for (int i = 0; i < v->count; i++)
      if (str_eq(pg_text(v->there, r, 0), str_of(v->name[i]))) put(cx, v, &out, i);
  for (int i = 0; i < v->count; i++)
    if (!is_there(v, i)) put(cx, v, &out, i);
  return ctx_take(cx, &out);
}

static int view_make(struct ctx *cx, const struct viewing *v, const char *from, struct jw *said) {
  bool same;
  const char *part = ctx_printf(cx, "view %s", v->view);
  const char *name = ctx_printf(cx, "outpost.%s", pg_identifier(cx, v->p, v->view));
  const char *text = ctx_printf(cx,
                                "CREATE OR REPLACE VIEW %s WITH (security_invoker = true) AS SELECT %s FROM "
                                "%s; GRANT SELECT ON %s TO outpost_hq",
                                name, selected(cx, v), from, name);
  if (schema_part_same(cx, v->p, part, text, &same) || same || pg_do(cx, v->p, text)) return cx->code;
  jw_text(said, NULL, ctx_printf(cx, "part %s was made", part));
  return schema_part_note(cx, v->p, part, text);
}

#define RUN_OF(row)                                                                                          \
  "JOIN outpost.origin o ON o.organization_id = " row ".organization_id AND o.origin = " row ".origin "      \
  "JOIN outpost.run r ON r.organization_id = " row ".organization_id AND r.origin = " row ".origin AND "     \
  "r.run = " row ".run "

/* ---- raw_DATASET ---- */

static int make_raw(struct ctx *cx, struct pg *p, const struct dataset *d, struct jw *said) {
  struct viewing v;
  struct buf places;
  if (view_begin(cx, &v, p, ctx_printf(cx, "raw_%s", d->name))) return cx->code;
  buf_init(&places, LIMIT_BODY_BYTES);
  add(&v, "organization_id", "r.organization_id");
  add(&v, "edge_id", "o.edge_id");
  add(&v, "id", "(r.run << 32) | x.record");
  add(&v, "run_id", "r.uuid");
  add(&v, "ingestion_timestamp", "r.started_at");
  add(&v, "source_name", "r.source");
  for (int i = 0; i < d->field_count; i++) {
    add(&v, d->fields[i].name, ctx_printf(cx, "x.cells[m.c%d]", i));
    buf_printf(&places, "%s(max(e ->> 'column') FILTER (WHERE e ->> 'field' = %s))::int AS c%d",
               i ? ", " : "", pg_literal(cx, p, d->fields[i].name), i);
  }
  add(&v, "line", "x.line");
  add(&v, "raw_data", "x.raw_data");
  const char *from = ctx_printf(
      cx,
      "outpost.run r JOIN outpost.origin o ON o.organization_id = r.organization_id AND o.origin = r.origin "
      "CROSS JOIN LATERAL (SELECT %s FROM json_array_elements(r.settings -> 'mapping') e) m "
      "CROSS JOIN LATERAL outpost.raw_rows(r.organization_id, r.origin, r.run) x "
      "WHERE r.dataset = %s AND r.state = 'done'",
      buf_view(&places).p, pg_literal(cx, p, d->name));
  buf_clear(&places);
  return view_make(cx, &v, from, said);
}

/* ---- clean_DATASET ---- */

static int make_clean(struct ctx *cx, struct pg *p, const struct dataset *d, struct jw *said) {
  struct viewing v;
  if (view_begin(cx, &v, p, ctx_printf(cx, "clean_%s", d->name))) return cx->code;
  add(&v, "organization_id", "s.organization_id");
  add(&v, "edge_id", "s.edge_id");
  add(&v, "id", "s.id");
  add(&v, "run_id", "s.run_id");
  for (int i = 0; i < d->field_count; i++)
    add(&v, d->fields[i].name, ctx_printf(cx, "s.%s", pg_identifier(cx, p, d->fields[i].name)));
  if (d->ratio)
    add(&v, d->ratio->name, ctx_printf(cx, "outpost.per_unit(s.%s, s.%s)", d->ratio->of, d->ratio->by));
  add(&v, "processed_timestamp", "s.processed_timestamp");
  const char *from = ctx_printf(
      cx,
      "(SELECT DISTINCT ON (s.organization_id, o.edge_id, s.key) s.*, o.edge_id, (s.run << 32) | s.record AS "
      "id, r.uuid AS run_id, r.ended_at AS processed_timestamp FROM outpost.%s s " RUN_OF(
          "s") "WHERE r.counts OR EXISTS (SELECT FROM outpost.undo_kept k WHERE k.organization_id = "
               "s.organization_id AND k.origin = s.origin AND k.run = s.run AND k.key = s.key) ORDER BY "
               "s.organization_id, o.edge_id, s.key, r.rank DESC, s.origin DESC) s",
      pg_identifier(cx, p, d->table));
  return view_make(cx, &v, from, said);
}

/* ---- validation_results ---- */

static int make_results(struct ctx *cx, struct pg *p, struct jw *said) {
  struct viewing v;
  struct buf clean;
  const struct dataset *d;
  if (view_begin(cx, &v, p, "validation_results")) return cx->code;
  static const char *const columns[][2] = {
    { "organization_id", "v.organization_id" },
    { "edge_id", "o.edge_id" },
    { "id", "((v.run << 32) | v.record) << 8 | c.position" },
    { "run_id", "r.uuid" },
    { "record_id", "v.record" },
    { "validation_stage", "c.stage" },
    { "control_type", "c.kind" },
    { "status", "CASE WHEN f.value IS NULL THEN 'PASS' ELSE 'FAIL' END" },
    { "failure_reason", "f.value ->> 'reason'" },
    { "timestamp", "r.ended_at" },
    { "control", "c.control" },
    { "rule_version", "c.version" },
  };
  for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) add(&v, columns[i][0], columns[i][1]);
  buf_init(&clean, LIMIT_BODY_BYTES);
  for (int i = 0; (d = dataset_at(i)); i++)
    buf_printf(&clean,
               "SELECT organization_id, origin, run, record, NULL::json AS faults FROM outpost.%s UNION ALL ",
               pg_identifier(cx, p, d->table));
  const char *from = ctx_printf(
      cx,
      "(" STR_FMT "SELECT organization_id, origin, run, record, faults FROM outpost.reject) v " RUN_OF(
          "v") "JOIN outpost.run_control c ON c.organization_id = v.organization_id AND c.origin = v.origin "
               "AND c.run = v.run LEFT JOIN LATERAL (SELECT e.value FROM "
               "json_array_elements(outpost.no_zero(v.faults)) e WHERE e.value ->> 'control' = c.control "
               "LIMIT 1) f ON true WHERE r.undone_at IS NULL",
      STR_ARG(buf_view(&clean)));
  buf_clear(&clean);
  return view_make(cx, &v, from, said);
}

int schema_views(struct ctx *cx, struct pg *p, struct jw *said) {
  const struct dataset *d;
  for (int i = 0; (d = dataset_at(i)); i++)
    if (make_raw(cx, p, d, said) || make_clean(cx, p, d, said)) return cx->code;
  return make_results(cx, p, said);
}
