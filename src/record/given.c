#include "base/limits.h"
#include "record/internal.h"

/* ---- from JSON that was read ---- */

struct member member_of(const struct jv *v) {
  return (struct member){ .kind = jv_kind(v), .there = v != NULL, .text = jv_text(v), .json = v };
}

static int unknown(struct ctx *cx, const struct entity *e, struct str name) {
  const char *names = "id";
  for (int i = 0; i < e->property_count; i++) names = ctx_printf(cx, "%s, %s", names, e->properties[i].name);
  return fail(cx, E_INVALID, ctx_strdup(cx, name), "a %s has no '" STR_FMT "'; it has %s", e->name,
              STR_ARG(name), names);
}

/* Where the member of this name belongs; NULL: it has none. */
static struct member *place(const struct entity *e, struct given *g, struct str name) {
  if (str_eq(name, STR("id"))) return &g->id;
  if (str_eq(name, STR("version"))) return &g->version;
  int i = entity_property(e, name);
  return i < 0 ? NULL : &g->of[i];
}

static void begin(struct ctx *cx, const struct entity *e, struct given *out) {
  *out = (struct given){ .of = ctx_alloc(cx, (size_t)e->property_count * sizeof *out->of) };
}

int given_object(struct ctx *cx, const struct entity *e, struct jv *object, struct given *out) {
  begin(cx, e, out);
  out->written = true;
  if (jv_kind(object) != JV_OBJECT) return fail(cx, E_INVALID, NULL, "a %s is a JSON object", e->name);
  for (void *it = jv_first(object); it; it = jv_next(object, it)) {
    struct member *m = place(e, out, jv_key(it));
    if (m)
      *m = member_of(jv_value(it));
    else if (unknown(cx, e, jv_key(it)), !fail_aside(cx))
      break;
  }
  return cx->code;
}

/* ---- from cells ---- */

int given_cells(struct ctx *cx, const struct entity *e, const struct record_cell *cells, size_t count,
                struct given *out) {
  begin(cx, e, out);
  int at = -1; /* most come in the order of the properties */
  for (const struct record_cell *c = cells; c != cells + count; c++) {
    bool next = at + 1 < e->property_count && strcmp(e->properties[at + 1].name, c->property) == 0;
    at = next ? at + 1 : entity_property(e, str_of(c->property));
    if (at < 0) return unknown(cx, e, str_of(c->property));
    struct member *m = &out->of[at];
    m->there = true;
    if (c->kind == CELL_NUMBER) {
      *m = (struct member){ .kind = JV_NUMBER, .there = true, .stored = true, .number = c->number };
    } else if (c->text) {
      *m = (struct member){
        .kind = JV_STRING, .there = true, .text = str_of(c->text), .known = c->kind == CELL_KNOWN
      };
    }
  }
  return OK;
}

/* ---- from JSON as struct jw writes it ---- */

/* From an opening quote to behind the closing one; 0: there is none. */
static size_t string_length(struct str s) {
  for (size_t i = 1; i < s.n; i += s.p[i] == '\\' ? 2 : 1)
    if (s.p[i] == '"') return i + 1;
  return 0;
}

/* A list or an object, from its first bracket to behind the last. */
static size_t nested_length(struct str s) {
  int depth = 0;
  for (size_t i = 0; i < s.n; i++) {
    char c = s.p[i];
    size_t quoted = c == '"' ? string_length((struct str){ s.p + i, s.n - i }) : 1;
    if (!quoted) return 0;
    i += quoted - 1;
    if (c == '{' || c == '[') depth++;
    if ((c == '}' || c == ']') && --depth == 0) return i + 1;
  }
  return 0;
}

static size_t scalar_length(struct str s) {
  size_t n = 0;
  while (n < s.n && !strchr(",} \t\r\n", s.p[n])) n++;
  return n;
}

/* A string with a backslash in it is read by the parser. */
static int unescape(struct ctx *cx, struct str quoted, struct member *out) {
  struct jv *v;
  if (jv_parse(cx, quoted, &v)) return cx->code;
  *out = member_of(v);
  return OK;
}

static size_t blanks(struct str s, size_t at) {
  size_t n = 0;
  while (at + n < s.n && strchr(" \t\r\n", s.p[at + n])) n++;
  return n;
}

/* *length: of the value that s begins with, and of the blanks around it. */
static int read_value(struct ctx *cx, struct str s, struct member *out, size_t *length) {
  size_t before = blanks(s, 0);
  struct str rest = { s.p + before, s.n - before }, all = rest;
  char c = rest.n ? rest.p[0] : 0;
  all.n = c == '"' ? string_length(rest) : c == '{' || c == '[' ? nested_length(rest) : scalar_length(rest);
  *length = before + all.n + blanks(rest, all.n);
  if (!all.n) return fail(cx, E_INVALID, NULL, "not valid JSON: %.80s", rest.n ? rest.p : "");
  *out = (struct member){ .there = true, .raw = all };
  if (c == '"' && all.n > 2 && memchr(all.p, '\\', all.n)) return unescape(cx, all, out);
  if (c == '"') {
    out->kind = JV_STRING;
    out->text = (struct str){ all.p + 1, all.n - 2 };
  } else if (c == '{' || c == '[') {
    out->kind = c == '{' ? JV_OBJECT : JV_ARRAY;
  } else if (!str_eq(all, STR("null"))) {
    out->kind = c == 't' || c == 'f' ? JV_BOOL : JV_NUMBER;
    out->text = all;
  }
  return OK;
}

int given_form(struct ctx *cx, const struct entity *e, struct str json, struct given *out) {
  begin(cx, e, out);
  size_t at = 1, n = 0; /* behind the first brace */
  while (at + 1 < json.n && !cx->code) {
    n = string_length((struct str){ json.p + at, json.n - at });
    struct str name = { json.p + at + 1, n < 2 ? 0 : n - 2 };
    struct member *m = place(e, out, name);
    if (!n || !m) return unknown(cx, e, name);
    at += n + 1;
    if (read_value(cx, (struct str){ json.p + at, json.n - at }, m, &n)) break;
    at += n + 1;
  }
  return cx->code;
}
