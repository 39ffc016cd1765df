#include "ingest/mapping.h"

#include <stdlib.h>

/* ---- headings ---- */

static bool same_heading(const char *a, const char *b) {
  char x[LIMIT_HEADING], y[LIMIT_HEADING];
  return str_eq(heading_plain(x, a), heading_plain(y, b));
}

/* Rank of a heading among a field's synonyms, 0 the best; -1: it is none. */
static int synonym_rank(const struct field *f, const char *heading) {
  char x[LIMIT_HEADING], y[LIMIT_HEADING], one[LIMIT_HEADING];
  struct str wanted = heading_plain(x, heading);
  int rank = 0;
  for (const char *p = f->synonyms; p && *p; rank++) {
    size_t n = strcspn(p, "|");
    str_copy(one, sizeof one, (struct str){ p, n });
    if (str_eq(wanted, heading_plain(y, one))) return rank;
    p += n + (p[n] == '|');
  }
  return -1;
}

static const char *list_headings(struct ctx *cx, const struct profile *p) {
  const char *list = "";
  for (size_t i = 0; i < p->column_count && strlen(list) < 300; i++)
    list = ctx_printf(cx, "%s%s%s", list, i ? ", " : "", p->columns[i].heading);
  return list;
}

/* A column by its heading or by "#3"; -1 when there is none. */
static int find_column(const struct profile *p, const char *name) {
  int64_t number;
  if (name[0] == '#' && str_to_int(str_of(name + 1), &number) && number >= 1 &&
      (uint64_t)number <= p->column_count)
    return (int)number - 1;
  for (size_t i = 0; i < p->column_count; i++)
    if (strcmp(p->columns[i].heading, name) == 0) return (int)i;
  for (size_t i = 0; i < p->column_count; i++)
    if (same_heading(p->columns[i].heading, name)) return (int)i;
  return -1;
}

/* ---- fields ---- */

static bool is_taken(const struct dataset *d, const struct mapping *m, int column) {
  for (int i = 0; i < d->field_count; i++)
    if (m->column[i] == column) return true;
  return column == m->exception_column;
}

/* The field of a "field=Heading". */
static int given_field(struct ctx *cx, const struct dataset *d, const char *map, int *field) {
  const char *equals = strchr(map, '='), *names = "";
  if (!equals || !equals[1]) return fail(cx, E_INVALID, "map", "--map takes field=Heading, not '%s'", map);
  struct str name = { map, (size_t)(equals - map) };
  *field = dataset_field(d, name);
  if (*field >= 0) return OK;
  for (int k = 0; k < d->field_count; k++)
    names = ctx_printf(cx, "%s%s%s", names, k ? ", " : "", d->fields[k].name);
  return fail(cx, E_INVALID, "map", "%s has no field '" STR_FMT "'; its fields are %s", d->name,
              STR_ARG(name), names);
}

int mapping_check(struct ctx *cx, const struct dataset *d, const struct mapping_request *r) {
  bool seen[LIMIT_FIELDS] = { false };
  for (int i = 0; i < r->map_count; i++) {
    int field;
    if (given_field(cx, d, r->maps[i], &field)) return cx->code;
    if (seen[field])
      return fail(cx, E_INVALID, "map", "the field %s is mapped twice; a field takes one column",
                  d->fields[field].name);
    seen[field] = true;
  }
  return OK;
}

static int map_given(struct ctx *cx, const struct dataset *d, const struct profile *p,
                     const struct mapping_request *r, struct mapping *m) {
  if (mapping_check(cx, d, r)) return cx->code;
  for (int i = 0; i < r->map_count; i++) {
    const char *heading = strchr(r->maps[i], '=') + 1;
    int field, column = find_column(p, heading);
    if (given_field(cx, d, r->maps[i], &field)) return cx->code;
    if (column < 0)
      return fail(cx, E_INVALID, "map", "the file has no column '%s'; its columns are %s", heading,
                  list_headings(cx, p));
    m->column[field] = column;
    m->how[field] = "given";
  }
  return OK;
}

static void map_by_name(const struct dataset *d, const struct profile *p, struct mapping *m) {
  for (int i = 0; i < d->field_count; i++)
    for (size_t c = 0; c < p->column_count && m->column[i] < 0; c++)
      if (!is_taken(d, m, (int)c) && same_heading(p->columns[c].heading, d->fields[i].name)) {
        m->column[i] = (int)c;
        m->how[i] = "name";
      }
}

/* "field=Heading", where the file has that heading and the field no column yet. */
static void map_remembered(const struct dataset *d, const struct profile *p, const char *const *maps,
                           int count, struct mapping *m) {
  for (int i = 0; i < count; i++) {
    const char *equals = strchr(maps[i], '=');
    int field = equals ? dataset_field(d, (struct str){ maps[i], (size_t)(equals - maps[i]) }) : -1;
    int column = field >= 0 && m->column[field] < 0 ? find_column(p, equals + 1) : -1;
    if (column < 0 || is_taken(d, m, column)) continue;
    m->column[field] = column;
    m->how[field] = "remembered";
  }
}

static void map_by_synonym(const struct dataset *d, const struct profile *p, struct mapping *m) {
  for (int i = 0; i < d->field_count; i++) {
    int best = -1, best_rank = 0;
    for (size_t c = 0; c < p->column_count && m->column[i] < 0; c++) {
      int rank = is_taken(d, m, (int)c) ? -1 : synonym_rank(&d->fields[i], p->columns[c].heading);
      if (rank >= 0 && (best < 0 || rank < best_rank)) best = (int)c, best_rank = rank;
    }
    if (best < 0) continue;
    m->column[i] = best;
    m->how[i] = "synonym";
  }
}

/* "order_id, region", or "". */
static const char *missing_fields(struct ctx *cx, const struct dataset *d, const struct mapping *m) {
  const char *missing = "";
  for (int i = 0; i < d->field_count; i++)
    if (m->column[i] < 0 && !d->fields[i].optional)
      missing = ctx_printf(cx, "%s%s%s", missing, *missing ? ", " : "", d->fields[i].name);
  return missing;
}

static int check_complete(struct ctx *cx, const struct dataset *d, const struct profile *p,
                          const struct mapping *m) {
  const char *missing = missing_fields(cx, d, m);
  if (!*missing) return OK;
  return fail(
      cx, E_INVALID, "map",
      "no column was found for %s; the file's columns are %s. Say which, for example --map %.*s=\"%s\"",
      missing, list_headings(cx, p), (int)strcspn(missing, ","), missing, p->columns[0].heading);
}

/* ---- the unique key ---- */

/* A field or heading; -1 when the file has no such column. */
static int unique_column(struct ctx *cx, const struct dataset *d, const struct profile *p,
                         const struct mapping *m, struct str text) {
  int field = dataset_field(d, str_trim(text));
  return field >= 0 ? m->column[field] : find_column(p, ctx_strdup(cx, str_trim(text)));
}

/* "a|b|c": those that there are, in their order; a heading may have such a bar itself. */
static void map_part(struct ctx *cx, const struct dataset *d, const struct profile *p, struct str text,
                     struct mapping *m, int part) {
  int found[1 + UNIQUE_OTHERS] = { -1, -1, -1, -1 }, count = 0, whole = unique_column(cx, d, p, m, text);
  bool several = whole < 0 && memchr(text.p, '|', text.n);
  for (const char *q = text.p, *end = text.p + text.n; several && q <= end && count <= UNIQUE_OTHERS;) {
    const char *bar = memchr(q, '|', (size_t)(end - q));
    struct str one = { q, (size_t)((bar ? bar : end) - q) };
    int column = one.n ? unique_column(cx, d, p, m, one) : -1;
    if (column >= 0) found[count++] = column;
    q += one.n + 1;
  }
  m->unique[part] = several ? found[0] : whole;
  memcpy(m->unique_other[part], found + 1, sizeof m->unique_other[part]);
  m->unique_place[part] = several;
}

static int map_unique(struct ctx *cx, const struct dataset *d, const struct profile *p, const char *unique,
                      struct mapping *m) {
  int key_field = dataset_field(d, str_of(d->key_field));
  const char *text = unique && *unique ? unique : d->key_field;
  for (const char *q = text; *q;) {
    size_t n = strcspn(q, ",");
    if (m->unique_count == LIMIT_UNIQUE_PARTS)
      return fail(cx, E_LIMIT, "unique", "a unique key has at most %d parts", LIMIT_UNIQUE_PARTS);
    map_part(cx, d, p, str_trim((struct str){ q, n }), m, m->unique_count);
    if (m->unique[m->unique_count] < 0)
      return fail(cx, E_INVALID, "unique",
                  "the unique key names '" STR_FMT
                  "', which is neither a field nor a column; the columns are %s",
                  STR_ARG(str_trim((struct str){ q, n })), list_headings(cx, p));
    m->unique_count++;
    q += n + (q[n] == ',');
  }
  m->unique_is_key_field =
      m->unique_count == 1 && !m->unique_place[0] && m->unique[0] == m->column[key_field];
  return OK;
}

const char *column_heading(struct ctx *cx, const struct profile *p, int column) {
  (void)cx;
  return p->columns[column].heading;
}

static const char *column_number(struct ctx *cx, const struct profile *p, int column) {
  (void)p;
  return ctx_printf(cx, "#%d", column + 1);
}

const char *mapping_part(struct ctx *cx, const struct profile *p, const struct mapping *m, int part,
                         column_name_fn *name) {
  const char *text = name(cx, p, m->unique[part]);
  if (!m->unique_place[part]) return text;
  if (m->unique_other[part][0] < 0) return ctx_printf(cx, "%s|", text); /* else only its place */
  for (int i = 0; i < UNIQUE_OTHERS && m->unique_other[part][i] >= 0; i++)
    text = ctx_printf(cx, "%s|%s", text, name(cx, p, m->unique_other[part][i]));
  return text;
}

const char *mapping_unique(struct ctx *cx, const struct profile *p, const struct mapping *m,
                           column_name_fn *name) {
  const char *text = "";
  for (int i = 0; i < m->unique_count; i++)
    text = ctx_printf(cx, "%s%s%s", text, i ? "," : "", mapping_part(cx, p, m, i, name));
  return text;
}

/* The tables clean_NAME and raw_NAME begin with these two, an exception file has its own. */
static enum guard guard_of(const struct profile *p, const struct mapping *m, enum guard asked) {
  bool exceptions = m->exception_column >= 0;
  bool table = p->kind == FILE_CSV && p->column_count > 2 && !strcmp(p->columns[0].heading, "id") &&
               !strcmp(p->columns[1].heading, "run_id");
  if (asked == GUARD_EARLIER) return exceptions ? GUARD_START : GUARD_NONE;
  return asked != GUARD_LOOK ? asked : exceptions || table ? GUARD_ALL : GUARD_NONE;
}

struct str mapping_cell(struct ctx *cx, const struct mapping *m, struct str cell) {
  size_t n = 0;
  if (m->guard == GUARD_ALL) return csv_unguarded(cx, cell);
  if (m->guard != GUARD_START) return cell;
  while (n < cell.n && cell.p[n] == '\'') n++;
  bool guarded = n > 0 && n < cell.n && memchr("=+-@\t\r", cell.p[n], 6);
  return guarded ? (struct str){ cell.p + 1, cell.n - 1 } : cell;
}

static int map_fields(struct ctx *cx, const struct dataset *d, const struct profile *p,
                      const struct mapping_request *r, struct mapping *out) {
  *out = (struct mapping){ .exception_column = -1 };
  for (int i = 0; i < LIMIT_FIELDS; i++) out->column[i] = -1;
  for (size_t c = 0; c < p->column_count; c++)
    if (strcmp(p->columns[c].heading, EXCEPTION_HEADING) == 0) out->exception_column = (int)c;
  out->guard = guard_of(p, out, r->guard);
  if (map_given(cx, d, p, r, out)) return cx->code;
  map_remembered(d, p, r->remembered.same, r->remembered.same_count, out);
  map_by_name(d, p, out);
  map_remembered(d, p, r->remembered.other, r->remembered.other_count, out);
  map_by_synonym(d, p, out);
  return OK;
}

int64_t exception_number(struct str cell) {
  int64_t number;
  cell = str_trim(cell);
  if (cell.n == 0) return 0;
  if (*cell.p == '\'') cell.p++, cell.n--;
  if (cell.n > 0 && (*cell.p == 'x' || *cell.p == 'X')) cell.p++, cell.n--;
  return str_to_int(cell, &number) && number > 0 ? number : -1;
}

int mapping_make(struct ctx *cx, const struct dataset *d, const struct profile *p,
                 const struct mapping_request *r, struct mapping *out) {
  if (map_fields(cx, d, p, r, out) || check_complete(cx, d, p, out)) return cx->code;
  return map_unique(cx, d, p, r->unique, out);
}

void mapping_suggest(struct ctx *cx, const struct dataset *d, const struct profile *p,
                     const struct mapping_request *r, struct mapping *out, const char **problem) {
  struct ctx aside;
  ctx_begin(&aside, cx->actor);
  int rc = map_fields(&aside, d, p, r, out);
  const char *missing = missing_fields(&aside, d, out);
  if (!rc && *missing)
    rc = fail(&aside, E_INVALID, "map", "no column was found for %s; say which column it is", missing);
  if (!rc) map_unique(&aside, d, p, r->unique, out);
  *problem = aside.code ? ctx_strdup(cx, str_of(aside.message)) : NULL;
  ctx_end(&aside);
}

void mapping_json(struct ctx *cx, struct jw *w, const struct dataset *d, const struct profile *p,
                  const struct mapping *m) {
  jw_array(w, "mapping");
  for (int i = 0; i < d->field_count; i++) {
    if (m->column[i] < 0) continue;
    jw_record(w, NULL, "field", d->fields[i].name, "heading", p->columns[m->column[i]].heading, "column",
              m->column[i] + 1, "how", m->how[i]);
  }
  jw_close(w, ']');
  jw_array(w, "unknown_columns");
  for (size_t c = 0; c < p->column_count; c++) {
    bool ours = (int)c == m->exception_column || strcmp(p->columns[c].heading, REASONS_HEADING) == 0;
    if (!ours && !is_taken(d, m, (int)c)) jw_text(w, NULL, p->columns[c].heading);
  }
  jw_close(w, ']');
  jw_array(w, "unique");
  for (int i = 0; i < m->unique_count; i++) jw_text(w, NULL, mapping_part(cx, p, m, i, column_heading));
  jw_close(w, ']');
  jw_array(w, "unique_columns"); /* by number: a heading may hold anything */
  for (int i = 0; i < m->unique_count; i++)
    if (m->unique_place[i])
      jw_text(w, NULL, mapping_part(cx, p, m, i, column_number));
    else
      jw_int(w, NULL, m->unique[i] + 1);
  jw_close(w, ']');
}
