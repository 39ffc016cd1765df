#include "ingest/suggest.h"

#include <stdlib.h>

#include "ingest/correct.h"
#include "ingest/memory.h"
#include "ingest/rules.h"
#include "ingest/settings.h"

enum { EXAMPLES = 3, ROWS_SHOWN = 5, ROWS_LOOKED_AT = 200 };
static const size_t CELL_SHOWN = 200;

/* ---- the first rows ---- */

struct look {
  struct str (*examples)[EXAMPLES]; /* of each column, different ones */
  struct str *rows[ROWS_SHOWN];     /* a cell for each column */
  int row_count, looked_at;
};

/* Not more than can be shown, and no half a character. */
static struct str keep(struct ctx *cx, struct str cell) {
  size_t n = cell.n < CELL_SHOWN ? cell.n : CELL_SHOWN;
  while (n < cell.n && n > 0 && ((unsigned char)cell.p[n] & 0xc0) == 0x80) n--;
  return (struct str){ ctx_strdup(cx, (struct str){ cell.p, n }), n };
}

static void look_at_cell(struct ctx *cx, struct str examples[EXAMPLES], struct str cell) {
  if (!str_trim(cell).n) return;
  for (int i = 0; i < EXAMPLES; i++) {
    if (!examples[i].p) {
      examples[i] = keep(cx, cell);
      return;
    }
    if (str_eq(examples[i], cell)) return;
  }
}

static void look_at_row(struct ctx *cx, const struct profile *p, const struct row *row, struct look *l) {
  struct str *shown = NULL;
  if (row->kind == ROW_OUTSIDE) return;
  l->looked_at++;
  if (l->row_count < ROWS_SHOWN)
    l->rows[l->row_count++] = shown = ctx_alloc(cx, p->column_count * sizeof *shown);
  for (size_t i = 0; i < p->column_count; i++) {
    struct str cell = i < row->count ? row->cells[i] : STR("");
    if (shown) shown[i] = keep(cx, cell);
    look_at_cell(cx, l->examples[i], cell);
  }
}

static int look_at(struct ctx *cx, const struct input *in, const struct profile *p, struct look *l) {
  struct parser *parser = parser_new(p);
  struct splitter *splitter = splitter_new(cx, in, p, KIB(64));
  struct batch b;
  struct row row;
  *l = (struct look){ .examples = ctx_alloc(cx, p->column_count * sizeof *l->examples) };
  batch_init(&b);
  int rc = OK;
  do {
    uint64_t at = 0;
    rc = splitter_next(cx, splitter, &b);
    for (uint32_t i = 0; !rc && i < b.count && l->looked_at < ROWS_LOOKED_AT; i++) {
      parser_row(parser, (struct str){ b.bytes + at, b.spans[i].length }, b.offset + at, &row);
      at += b.spans[i].length;
      look_at_row(cx, p, &row, l);
    }
  } while (!rc && b.count && l->looked_at < ROWS_LOOKED_AT);
  batch_clear(&b);
  parser_free(parser);
  return rc;
}

/* ---- as JSON ---- */

static void write_columns(struct jw *w, const struct profile *p, const struct look *l) {
  jw_array(w, "columns");
  for (size_t i = 0; i < p->column_count; i++) {
    jw_object(w, NULL);
    jw_put(w, "index", (int64_t)i + 1, "heading", p->columns[i].heading, "type",
           column_type_name(p->columns[i].type));
    jw_array(w, "examples");
    for (int k = 0; k < EXAMPLES && l->examples[i][k].p; k++) jw_str(w, NULL, l->examples[i][k]);
    jw_close(w, ']');
    jw_close(w, '}');
  }
  jw_close(w, ']');
}

static void write_sample(struct jw *w, const struct profile *p, const struct look *l) {
  jw_array(w, "sample");
  for (int r = 0; r < l->row_count; r++) {
    jw_array(w, NULL);
    for (size_t i = 0; i < p->column_count; i++) jw_str(w, NULL, l->rows[r][i]);
    jw_close(w, ']');
  }
  jw_close(w, ']');
}

static int write_profile(struct ctx *cx, const struct input *in, const struct profile *p, struct jw *w) {
  struct look l;
  if (look_at(cx, in, p, &l)) return cx->code;
  jw_put(w, "kind", file_kind_name(p->kind), "encoding", p->dialect.encoding);
  settings_decisions(cx, w, p);
  profile_oddities(p, w);
  write_columns(w, p, &l);
  jw_int(w, "rows_estimate", (int64_t)p->rows_estimate);
  write_sample(w, p, &l);
  return OK;
}

static void write_nothing(struct jw *w) {
  static const char *const empty[] = { "decisions", "oddities", "columns", "sample" };
  jw_put(w, "kind", NULL, "encoding", NULL);
  for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
    jw_array(w, empty[i]);
    jw_close(w, ']');
  }
  jw_text(w, "rows_estimate", NULL);
}

/* "a date", and what else its column is often called. */
static const char *help_of(struct ctx *cx, const struct field *f) {
  static const char *const kinds[] = {
    [FIELD_TEXT] = "a text", [FIELD_CODE] = "a text", [FIELD_DATE] = "a date", [FIELD_DECIMAL] = "a number"
  };
  const char *help = kinds[f->kind], *from = f->synonyms;
  for (int i = 0; from && *from && i < 4; i++) {
    size_t n = strcspn(from, "|");
    help = ctx_printf(cx, "%s%s%.*s", help, i ? ", " : "; also called ", (int)n, from);
    from += n + (from[n] == '|');
  }
  return help;
}

static const char *heading_at(const struct profile *p, int column) {
  return p && column >= 0 ? p->columns[column].heading : NULL;
}

/* m NULL: there is no table to map. remembered: something else already comes from an earlier import. */
static void write_mapping(struct ctx *cx, struct jw *w, const struct dataset *d, const struct profile *p,
                          const struct mapping *m, bool remembered) {
  static const char *const kinds[] = {
    [FIELD_TEXT] = "text", [FIELD_CODE] = "code", [FIELD_DATE] = "date", [FIELD_DECIMAL] = "decimal"
  };
  jw_array(w, "mapping");
  for (int i = 0; i < d->field_count; i++) {
    const char *how = m ? m->how[i] : NULL;
    remembered = remembered || (how && strcmp(how, "remembered") == 0);
    jw_object(w, NULL);
    jw_put(w, "field", d->fields[i].name, "kind", kinds[d->fields[i].kind], "essential",
           d->fields[i].essential, "optional", d->fields[i].optional);
    jw_text(w, "heading", heading_at(p, m ? m->column[i] : -1));
    if (m && m->column[i] >= 0) jw_int(w, "column", m->column[i] + 1);
    if (!m || m->column[i] < 0) jw_text(w, "column", NULL);
    jw_text(w, "how", how);
    jw_text(w, "help", help_of(cx, &d->fields[i]));
    jw_close(w, '}');
  }
  jw_close(w, ']');
  jw_array(w, "unique");
  for (int i = 0; m && i < m->unique_count; i++) jw_text(w, NULL, mapping_part(cx, p, m, i, column_heading));
  jw_close(w, ']');
  jw_bool(w, "remembered", remembered);
}

/* A file that holds no table is an answer, too. */
static int profile_or_problem(struct ctx *cx, const struct import_request *r, struct profile **p,
                              const char **problem) {
  *p = NULL;
  if (!profile_file(cx, r->input, &r->dialect, p)) return OK;
  if (cx->code != E_INVALID) return cx->code;
  *problem = ctx_strdup(cx, str_of(cx->message));
  *p = NULL;
  ctx_forgive(cx);
  return OK;
}

int suggest_json(struct ctx *cx, struct db *db, const struct import_request *r, const char *existing,
                 struct jw *w) {
  struct profile *p;
  struct mapping m;
  struct rules *rules;
  struct mapping_request asked = r->mapping;
  const char *problem = NULL;
  if (mapping_check(cx, r->dataset, &asked) || profile_or_problem(cx, r, &p, &problem)) return cx->code;
  if (!p) {
    write_nothing(w);
    write_mapping(cx, w, r->dataset, NULL, NULL, false);
  } else {
    if (rules_load(cx, db, r->dataset, &rules) || memory_recall(cx, db, r->dataset, p, &asked) ||
        correct_recall(cx, db, p, &asked))
      return cx->code;
    if (!asked.unique) asked.unique = rules->unique_fields;
    mapping_suggest(cx, r->dataset, p, &asked, &m, &problem);
    if (write_profile(cx, r->input, p, w)) return cx->code;
    write_mapping(cx, w, r->dataset, p, &m, !existing && asked.remembered.update);
  }
  jw_put(w, "existing",
         existing                  ? existing
         : asked.remembered.update ? "update"
                                   : "reject",
         "problem", problem);
  return OK;
}
