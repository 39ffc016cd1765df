/*
** json_rows.c - records from JSON lines and from a JSON array of objects.
**
** A record is one object. Where it ends is found by counting brackets outside of
** strings; a string cannot break over lines, so a missing quote costs one line.
** When a bracket is missing, the next line that begins like this record began is
** taken as the next record: one record is broken, not the rest of the file.
**
** An object becomes cells by its paths: {"a":{"b":1}} is the column a.b. Arrays
** stay JSON text. What document databases wrap ({"$date":…}, {"$oid":…},
** {"$numberDecimal":…}) is unwrapped. Headings are the paths seen in the sample, in
** the order in which they came; a path that comes only later is counted as extra.
*/
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/time.h"
#include "format/internal.h"

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool json_looks(struct str head, enum file_kind *kind) {
  struct str s = str_trim(head);
  if (s.n < 2 || (s.p[0] != '{' && s.p[0] != '[')) return false;
  struct str rest = str_trim((struct str){ s.p + 1, s.n - 1 });
  if (!rest.n) return false;
  bool lines = s.p[0] == '{';
  bool looks = rest.p[0] == '}' || rest.p[0] == ']' || rest.p[0] == (lines ? '"' : '{');
  if (looks) *kind = lines ? FILE_JSON_LINES : FILE_JSON_ARRAY;
  return looks;
}

/* ---- where a record ends ---- */

struct walk {
  int braces, brackets;
  bool in_string;
};

static void step(struct walk *w, const char *s, size_t *i) {
  char c = s[*i];
  if (c == '\n') { /* no string goes over it */
    w->in_string = false;
  } else if (w->in_string) {
    if (c == '\\')
      ++*i;
    else if (c == '"')
      w->in_string = false;
  } else if (c == '"') {
    w->in_string = true;
  } else if (c == '{') {
    w->braces++;
  } else if (c == '[') {
    w->brackets++;
  } else if (c == '}') {
    w->braces -= w->braces > 0;
    if (!w->braces) w->brackets = 0;
  } else if (c == ']') {
    w->brackets -= w->brackets > 0;
  }
}

/* Blanks, a comma and blanks again, up to and with the line end. */
static size_t after_element(const char *s, size_t n, size_t i) {
  bool comma = false;
  for (; i < n; i++) {
    if (s[i] == '\n') return i + 1;
    if (s[i] == ',' && !comma)
      comma = true;
    else if (!is_blank(s[i]))
      return i;
  }
  return i;
}

/* Whether the line at i begins as the record did: the same blanks, then a brace. */
static bool begins_alike(const char *s, size_t n, size_t i, size_t line, size_t brace) {
  size_t indent = brace - line;
  return i + indent < n && s[i + indent] == '{' && memcmp(s + i, s + line, indent) == 0;
}

static uint32_t lines_in(const char *s, size_t n) {
  uint32_t lines = 0;
  for (const char *p = s; (p = memchr(p, '\n', n - (size_t)(p - s))); p++) lines++;
  return lines ? lines : 1;
}

static size_t too_long(const char *s, size_t n) {
  const char *lf = memchr(s, '\n', n);
  return lf ? (size_t)(lf - s) + 1 : LIMIT_RECORD_BYTES;
}

size_t json_record(const struct profile *p, const char *s, size_t n, bool eof, uint32_t *lines) {
  bool array = p->kind == FILE_JSON_ARRAY;
  size_t i = 0, line = 0, end = 0;
  struct walk w = { 0 };
  while (i < n && (is_blank(s[i]) || (array && (s[i] == ',' || s[i] == '[')))) {
    if (s[i++] != '\n') continue;
    line = i;
    if (!array) end = i; /* a blank line is a record */
    if (end) break;
  }
  size_t brace = i;
  for (; i < n && !end; i++) {
    if (s[i] == '\n' && !w.braces) end = i + 1;
    if (s[i] == '\n' && w.braces && (!w.brackets || !array) && begins_alike(s, n, i + 1, line, brace))
      end = i + 1;
    if (end) break;
    step(&w, s, &i);
    if (array && i < n && s[i] == '}' && !w.braces && !w.in_string) {
      end = after_element(s, n, i + 1);
      if (end == n && !eof) return 0;
    }
  }
  if (!end && !eof) {
    if (n < LIMIT_RECORD_BYTES) return 0;
    end = too_long(s, n);
  }
  if (!end || end > n) end = n;
  *lines = lines_in(s, end);
  return end;
}

/* ---- what a value is as a cell ---- */

struct json_row {
  const struct profile *p;
  struct map columns; /* path -> column */
  struct jv *root;
  struct buf path, text; /* text: arrays and dates, made here */
  bool growing;          /* collecting headings: new paths are added */
  uint32_t count;
  struct cells *cells;
  bool *given;
  uint32_t extra;
  char why[200];
};

/* A path begins with this, so that the key "" has a path, too. */
enum { ROOT = 1 };
static void path_begin(struct json_row *j) {
  buf_reset(&j->path);
  buf_char(&j->path, '$');
}

struct json_row *json_row_new(const struct profile *p) {
  struct json_row *j = xcalloc(1, sizeof *j);
  j->p = p;
  map_init(&j->columns);
  buf_init(&j->path, KIB(64));
  buf_init(&j->text, 2 * LIMIT_RECORD_BYTES);
  j->given = xcalloc(LIMIT_COLUMNS + 1, 1);
  for (size_t i = 0; i < p->column_count; i++) {
    path_begin(j);
    buf_puts(&j->path, p->columns[i].label);
    *map_put(&j->columns, buf_view(&j->path), NULL) = i;
  }
  j->count = (uint32_t)p->column_count;
  return j;
}

void json_row_free(struct json_row *j) {
  if (!j) return;
  map_clear(&j->columns);
  buf_clear(&j->path);
  buf_clear(&j->text);
  free(j->given);
  jv_free(j->root);
  free(j);
}

/* Milliseconds since 1970, as databases export them. */
static struct str date_of_ms(struct json_row *j, struct str ms) {
  int64_t v;
  char iso[TIME_SIZE];
  if (!str_to_int(ms, &v) || v > INT64_C(4102444800000) || v < -INT64_C(62135596800000)) return ms;
  time_iso(iso, v * 1000);
  size_t at = j->text.n;
  buf_puts(&j->text, iso);
  return (struct str){ j->text.p + at, j->text.n - at };
}

/* {"$oid": "…"} and its like: the value inside; NULL when it is an ordinary object. */
static const struct jv *unwrap(const struct jv *v, bool *date) {
  static const char *const keys[] = { "$oid",          "$numberDecimal", "$numberLong", "$numberInt",
                                      "$numberDouble", "$date",          "$symbol",     "$uuid" };
  if (jv_size(v) != 1) return NULL;
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    const struct jv *inner = jv_get(v, keys[i]);
    if (!inner) continue;
    *date = *date || strcmp(keys[i], "$date") == 0;
    return inner;
  }
  return NULL;
}

static struct str as_cell(struct json_row *j, const struct jv *v, bool date) {
  struct str s = jv_text(v);
  if (s.p) return date ? date_of_ms(j, s) : s;
  if (jv_kind(v) == JV_NULL) return STR("");
  size_t at = j->text.n;
  jv_write(&j->text, v);
  return (struct str){ (j->text.p ? j->text.p : "") + at, j->text.n - at };
}

static void put_cell(struct json_row *j, const struct jv *v, bool date) {
  uint64_t *column = map_get(&j->columns, buf_view(&j->path));
  if (!column && j->growing && j->count < LIMIT_COLUMNS) {
    *map_put(&j->columns, buf_view(&j->path), NULL) = j->count++;
    return;
  }
  if (!j->cells) return;
  struct str cell = as_cell(j, v, date);
  if (!column) {
    j->extra += cell.n > 0;
    return;
  }
  j->cells->list[*column] = cell;
  j->given[*column] = true;
}

static void flatten(struct json_row *j, const struct jv *v) {
  bool date = false;
  const struct jv *inner = NULL;
  size_t at = j->path.n;
  while (jv_kind(v) == JV_OBJECT && (inner = unwrap(v, &date))) v = inner;
  if (jv_kind(v) != JV_OBJECT || (jv_size(v) == 0 && at > ROOT)) {
    put_cell(j, v, date);
    return;
  }
  for (void *it = jv_first(v); it; it = jv_next(v, it)) {
    if (at > ROOT) buf_char(&j->path, '.');
    buf_str(&j->path, jv_key(it));
    flatten(j, jv_value(it));
    j->path.n = at;
    j->path.full = false;
    if (j->path.p) j->path.p[at] = 0;
  }
}

/* ---- a record ---- */

static struct str without_edges(const struct profile *p, struct str s) {
  bool array = p->kind == FILE_JSON_ARRAY;
  while (s.n && (is_blank(*s.p) || (array && (*s.p == ',' || *s.p == '[')))) s.p++, s.n--;
  while (s.n && (is_blank(s.p[s.n - 1]) || (array && (s.p[s.n - 1] == ',' || s.p[s.n - 1] == ']')))) s.n--;
  return s;
}

static bool parse(struct json_row *j, struct str text) {
  jv_free(j->root);
  char why[160];
  j->root = jv_parse_raw(text, why, sizeof why);
  j->why[0] = 0;
  if (!j->root)
    snprintf(j->why, sizeof j->why, "%s", why);
  else if (jv_kind(j->root) != JV_OBJECT)
    snprintf(j->why, sizeof j->why, "the record is no JSON object");
  return !j->why[0];
}

void json_row_read(struct json_row *j, struct str text, struct cells *cells, struct row *out) {
  text = without_edges(j->p, text);
  path_begin(j);
  buf_reset(&j->text);
  buf_str(&j->text, text); /* room for all that is made: cells point into it */
  buf_str(&j->text, text);
  buf_reset(&j->text);
  cells->count = 0;
  out->kind = text.n ? ROW_DATA : ROW_OUTSIDE;
  if (!text.n) return;
  if (!parse(j, text)) {
    out->kind = ROW_BROKEN;
    out->why = j->why;
    return;
  }
  for (uint32_t i = 0; i < j->count; i++) cells_add(cells, STR(""));
  memset(j->given, 0, j->count);
  j->cells = cells;
  j->extra = 0;
  flatten(j, j->root);
  for (uint32_t i = 0; i < j->count; i++) {
    out->missing += !j->given[i];
    if (cells->list[i].n <= LIMIT_FIELD_BYTES) continue;
    out->kind = ROW_BROKEN;
    out->why = "a cell is larger than 1 MiB";
  }
  out->extra = j->extra;
  out->count = j->count;
  out->cells = cells->list;
}

/* ---- headings ---- */

static void name_columns(struct ctx *cx, struct json_row *j, struct profile *p) {
  /* The map gives numbers to paths; put the paths in that order. */
  p->column_count = j->count;
  p->columns = ctx_alloc(cx, (j->count + 1) * sizeof *p->columns);
}

struct naming {
  struct ctx *cx;
  struct profile *p;
  struct json_row *j;
};

static void name_path(struct naming *k, const struct jv *v) {
  bool date = false;
  const struct jv *inner = NULL;
  size_t at = k->j->path.n;
  while (jv_kind(v) == JV_OBJECT && (inner = unwrap(v, &date))) v = inner;
  if (jv_kind(v) != JV_OBJECT || (jv_size(v) == 0 && at > ROOT)) {
    uint64_t *column = map_get(&k->j->columns, buf_view(&k->j->path));
    if (!column || *column >= k->p->column_count || k->p->columns[*column].label) return;
    struct column *c = &k->p->columns[*column];
    c->label = c->heading = ctx_printf(k->cx, "%s", k->j->path.p + ROOT);
    return;
  }
  for (void *it = jv_first(v); it; it = jv_next(v, it)) {
    if (at > ROOT) buf_char(&k->j->path, '.');
    buf_str(&k->j->path, jv_key(it));
    name_path(k, jv_value(it));
    k->j->path.n = at;
    k->j->path.full = false;
    if (k->j->path.p) k->j->path.p[at] = 0;
  }
}

static void each_record(const struct sample *s, struct json_row *j, struct naming *naming) {
  for (size_t at = 0; at < s->text.n;) {
    uint32_t lines;
    size_t n = json_record(j->p, s->text.p + at, s->text.n - at, true, &lines);
    struct str text = without_edges(j->p, (struct str){ s->text.p + at, n });
    at += n;
    path_begin(j);
    if (!text.n || !parse(j, text)) continue;
    if (naming)
      name_path(naming, j->root);
    else
      flatten(j, j->root);
  }
}

int json_headings(struct ctx *cx, const struct sample *s, struct profile *p) {
  struct json_row *j = json_row_new(p);
  struct naming naming = { cx, p, j };
  j->growing = true;
  j->count = 0;
  each_record(s, j, NULL);
  name_columns(cx, j, p);
  each_record(s, j, &naming);
  for (size_t i = 0; i < p->column_count; i++)
    if (!p->columns[i].label) p->columns[i].label = p->columns[i].heading = "";
  json_row_free(j);
  p->table_begin = 0;
  if (p->column_count == 0)
    return fail(cx, E_INVALID, "input", "there is no JSON object in the file that could be read");
  return OK;
}
