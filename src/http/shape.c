/*
** shape.c - reads the language of shape.h. It is the program's own and stands in tables, so what cannot be read is a mistake of ours:
** the test of the document finds it.
*/
#include "http/shape.h"

#include <stdio.h>

static const char *blanks(const char *p) { return p + strspn(p, " \n"); }

/* The end of a type that begins here: a comma or a bracket that is not its own. */
static const char *type_end(const char *p) {
  int depth = 0;
  for (; *p; p++) {
    if (*p == '{' || *p == '[') depth++;
    if (*p == '}' || *p == ']')
      if (depth-- == 0) break;
    if (*p == ',' && depth == 0) break;
  }
  return p;
}

bool shape_member(const char **at, struct str *name, struct str *type, bool *must) {
  const char *p = blanks(*at);
  if (!*p || *p == '}' || !strncmp(p, "...", 3)) return false;
  *name = (struct str){ p, strcspn(p, ":,!?}") };
  p = blanks(p + name->n);
  *name = str_trim(*name);
  *must = *p == '!' ? true : *p == '?' ? false : *must;
  p = blanks(p + (*p == '!' || *p == '?'));
  *type = STR("");
  if (*p == ':') {
    const char *from = blanks(p + 1);
    p = type_end(from);
    *type = str_trim((struct str){ from, (size_t)(p - from) });
  }
  *at = p + (*p == ',');
  return true;
}

bool shape_has(const char *shape, const char *name) {
  struct str member, type;
  bool must = false;
  const char *at = blanks(shape);
  at += *at == '{';
  while (shape_member(&at, &member, &type, &must))
    if (str_eq(member, str_of(name))) return true;
  return false;
}

/* ---- as a schema ---- */

static void write_type(struct jw *w, const char *type, bool null) {
  if (null) {
    jw_array(w, "type");
    jw_text(w, NULL, type);
    jw_text(w, NULL, "null");
    jw_close(w, ']');
  } else {
    jw_text(w, "type", type);
  }
}

static void write_choices(struct jw *w, struct str list, bool null) {
  jw_array(w, "enum");
  while (list.n) {
    const char *bar = memchr(list.p, '|', list.n);
    size_t n = bar ? (size_t)(bar - list.p) : list.n;
    jw_str(w, NULL, str_trim((struct str){ list.p, n }));
    list = (struct str){ list.p + n + (bar != NULL), list.n - n - (bar != NULL) };
  }
  if (null) jw_text(w, NULL, NULL);
  jw_close(w, ']');
}

static void write_word(struct jw *w, struct str word, bool null) {
  static const struct {
    const char *word, *type, *format;
  } words[] = {
    { "", "string", NULL },      { "text", "string", NULL },
    { "int", "integer", NULL },  { "number", "number", NULL },
    { "bool", "boolean", NULL }, { "object", "object", NULL },
    { "@", "object", NULL },     { "decimal", "string", "decimal" },
    { "day", "string", "date" }, { "instant", "string", "date-time" },
    { "id", "string", "uuid" },
  };
  if (str_eq(word, STR("any"))) return;
  if (memchr(word.p, '|', word.n)) {
    write_type(w, "string", null);
    write_choices(w, word, null);
    return;
  }
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (!str_eq(word, str_of(words[i].word))) continue;
    write_type(w, words[i].type, null);
    if (words[i].format) jw_text(w, "format", words[i].format);
    return;
  }
  jw_str(w, "type", word); /* no type of JSON Schema: whoever checks the document finds it */
}

static void write_members(struct jw *w, const char *at, bool reply, const char *self) {
  struct str name, type, rest = { 0 };
  bool must = reply, any = false;
  const char *from = at;
  jw_object(w, "properties");
  for (; shape_member(&at, &name, &type, &must); must = reply) {
    char z[64];
    str_copy(z, sizeof z, name);
    if (str_eq(name, STR("*"))) {
      rest = type;
      continue;
    }
    shape_write(w, z, type, reply, self);
    any = any || must;
  }
  jw_close(w, '}');
  if (rest.p)
    shape_write(w, "additionalProperties", rest, reply, self);
  else if (strncmp(blanks(at), "...", 3) != 0)
    jw_bool(w, "additionalProperties", false);
  if (!any) return;
  jw_array(w, "required");
  for (must = reply; shape_member(&from, &name, &type, &must); must = reply)
    if (must && !str_eq(name, STR("*"))) jw_str(w, NULL, name);
  jw_close(w, ']');
}

/* Where the schema is of @NAME, or of @; NULL: not known. */
static const char *record_ref(struct str shape, const char *self, char out[static 128]) {
  if (shape.n == 1) return self;
  snprintf(out, 128, "#/components/schemas/%.*s", (int)shape.n - 1, shape.p + 1);
  return out;
}

void shape_write(struct jw *w, const char *key, struct str shape, bool reply, const char *self) {
  shape = str_trim(shape);
  bool null = shape.n && shape.p[shape.n - 1] == '?';
  shape.n -= null;
  const char *named =
      shape.n && *shape.p == '#' ? shape_named((struct str){ shape.p + 1, shape.n - 1 }) : NULL;
  if (named) shape = str_of(named);
  if (named && shape.p[shape.n - 1] == '?') null = true, shape.n--;
  char ref[128];
  jw_object(w, key);
  if (shape.n && *shape.p == '@' && record_ref(shape, self, ref)) {
    jw_text(w, "$ref", record_ref(shape, self, ref));
  } else if (shape.n && *shape.p == '[') {
    write_type(w, "array", null);
    shape_write(w, "items", (struct str){ shape.p + 1, shape.n - 2 }, reply, self);
  } else if (shape.n && *shape.p == '{') {
    write_type(w, "object", null);
    write_members(w, shape.p + 1, reply, self);
  } else {
    write_word(w, shape, null);
  }
  jw_close(w, '}');
}
