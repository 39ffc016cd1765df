#include "base/json.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/decimal.h"
#include "base/limits.h"
#include "base/time.h"
#include "base/utf8.h"

/* ---- out ---- */

void jw_init(struct jw *w, struct buf *out) { *w = (struct jw){ .out = out }; }

static void begin(struct jw *w, const char *key) {
  uint64_t bit = UINT64_C(1) << w->depth;
  if (w->used & bit) buf_char(w->out, ',');
  w->used |= bit;
  if (!key) return;
  json_quote(w->out, str_of(key));
  buf_char(w->out, ':');
}

static void open_bracket(struct jw *w, const char *key, char bracket) {
  begin(w, key);
  buf_char(w->out, bracket);
  w->depth++;
  w->used &= ~(UINT64_C(1) << w->depth);
}

void jw_object(struct jw *w, const char *key) { open_bracket(w, key, '{'); }
void jw_array(struct jw *w, const char *key) { open_bracket(w, key, '['); }

void jw_close(struct jw *w, char bracket) {
  w->depth--;
  buf_char(w->out, bracket);
}

void jw_begin(struct jw *w, struct buf *out, size_t limit) {
  buf_init(out, limit);
  jw_init(w, out);
  jw_object(w, NULL);
}

char *jw_end(struct ctx *cx, struct jw *w) {
  jw_close(w, '}');
  return ctx_take(cx, w->out);
}

void jw_str(struct jw *w, const char *key, struct str s) {
  begin(w, key);
  json_quote(w->out, s);
}

void jw_text(struct jw *w, const char *key, const char *z) {
  if (z)
    jw_str(w, key, str_of(z));
  else
    jw_raw(w, key, STR("null"));
}

void jw_int(struct jw *w, const char *key, int64_t v) {
  begin(w, key);
  buf_int(w->out, v);
}

void jw_bool(struct jw *w, const char *key, bool v) { jw_raw(w, key, v ? STR("true") : STR("false")); }

void jw_real(struct jw *w, const char *key, double v, int decimals) {
  begin(w, key);
  buf_printf(w->out, "%.*f", decimals, v);
}

void jw_decimal(struct jw *w, const char *key, int64_t v, int scale, int min) {
  begin(w, key);
  buf_char(w->out, '"');
  dec_print(w->out, v, scale, min);
  buf_char(w->out, '"');
}

void jw_number(struct jw *w, const char *key, int64_t v, int scale, int min) {
  begin(w, key);
  dec_print(w->out, v, scale, min);
}

void jw_time(struct jw *w, const char *key, int64_t us) {
  char at[TIME_SIZE];
  jw_text(w, key, time_iso(at, us));
}

void jw_time_known(struct jw *w, const char *key, int64_t us) {
  if (us)
    jw_time(w, key, us);
  else
    jw_text(w, key, NULL);
}

void jw_raw(struct jw *w, const char *key, struct str json) {
  begin(w, key);
  buf_str(w->out, json);
}

static void put_one(struct jw *w, const char *key, const struct arg *v) {
  switch (v->kind) {
  case ARG_INT: jw_int(w, key, v->n); break;
  case ARG_TEXT: jw_str(w, key, (struct str){ v->p, (size_t)v->n }); break;
  case ARG_BOOL: jw_bool(w, key, v->n != 0); break;
  case ARG_TIME: jw_time(w, key, v->n); break;
  case ARG_JSON: jw_raw(w, key, (struct str){ v->p, (size_t)v->n }); break;
  case ARG_DECIMAL: jw_decimal(w, key, v->n, v->scale, v->min); break;
  case ARG_NUMBER: jw_number(w, key, v->n, v->scale, v->min); break;
  case ARG_REAL: jw_real(w, key, v->real, v->scale); break;
  case ARG_BLOB: abort(); /* JSON has no such value: a mistake of whoever called */
  case ARG_NULL: jw_text(w, key, NULL); break;
  }
}

void jw_put_all(struct jw *w, int count, const struct arg *args) {
  for (int i = 0; i + 1 < count; i += 2) put_one(w, args[i].p, &args[i + 1]);
}

void jw_record_all(struct jw *w, const char *key, int count, const struct arg *args) {
  jw_object(w, key);
  jw_put_all(w, count, args);
  jw_close(w, '}');
}

struct str json_one_all(struct ctx *cx, int count, const struct arg *args) {
  struct buf out;
  struct jw w;
  buf_init(&out, LIMIT_BODY_BYTES);
  jw_init(&w, &out);
  jw_record_all(&w, NULL, count, args);
  return str_of(ctx_take(cx, &out));
}

/* What stands in a text as it is, without a look at the bytes behind it: ASCII but ", \, DEL and what controls. */
static bool is_plain(unsigned char c) { return c - 0x20u < 0x60u - 1 && c != '"' && c != '\\'; }

static void quote_escaped(struct buf *out, unsigned char c) {
  static const char letters[] = "\n\t\r\"\\", names[] = "ntr\"\\";
  const char *known = c ? strchr(letters, c) : NULL;
  if (known)
    buf_char(out, '\\'), buf_char(out, names[known - letters]);
  else
    buf_printf(out, "\\u%04x", c);
}

void json_quote(struct buf *out, struct str s) {
  buf_char(out, '"');
  for (size_t i = 0, from = 0; i < s.n;) {
    while (i < s.n && is_plain((unsigned char)s.p[i])) i++;
    size_t step = i < s.n && (unsigned char)s.p[i] >= 0x80 ? utf8_step(s.p + i, s.n - i) : 0;
    i += step;
    if (step && i < s.n) continue;
    buf_add(out, s.p + from, i - from);
    if (i == s.n) break;
    unsigned char c = (unsigned char)s.p[i++];
    from = i;
    if (c >= 0x80)
      buf_puts(out, "\xef\xbf\xbd");
    else
      quote_escaped(out, c);
  }
  buf_char(out, '"');
}

/* ---- in ---- */

/* Numbers become strings that start with U+001F and "#". A string that starts
** with U+001F by itself, which JSON text can only hold escaped, gets U+001F and
** "$" before it. */
#define MARK "\\u001f"
#define NUMBER_MARK MARK "#"
#define STRING_MARK MARK "$"

static bool number_char(char c) {
  return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

/* The grammar of RFC 8259: jansson would have checked it, had it seen the number. */
static bool number_valid(struct str s) {
  size_t i = 0;
  if (i < s.n && s.p[i] == '-') i++;
  size_t whole = i;
  while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9') i++;
  if (i == whole || (s.p[whole] == '0' && i > whole + 1)) return false;
  if (i < s.n && s.p[i] == '.') {
    size_t from = ++i;
    while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9') i++;
    if (i == from) return false;
  }
  if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
    i++;
    if (i < s.n && (s.p[i] == '-' || s.p[i] == '+')) i++;
    size_t from = i;
    while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9') i++;
    if (i == from) return false;
  }
  return i == s.n;
}

static const char *quote_numbers(struct str text, struct buf *out) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.n; i++) {
    char c = text.p[i];
    if (in_string) {
      buf_char(out, c);
      if (c == '\\' && i + 1 < text.n)
        buf_char(out, text.p[++i]);
      else if (c == '"')
        in_string = false;
      continue;
    }
    if (c == '{' || c == '[') {
      if (++depth > LIMIT_JSON_DEPTH) return "is nested too deeply";
    } else if (c == '}' || c == ']') {
      depth--;
    } else if (c == '"') {
      in_string = true;
      struct str rest = { text.p + i + 1, text.n - i - 1 };
      if (rest.n > sizeof MARK - 1) rest.n = sizeof MARK - 1;
      if (str_eq_nocase(rest, STR(MARK))) {
        buf_puts(out, "\"" STRING_MARK);
        continue;
      }
    } else if (c == '-' || (c >= '0' && c <= '9')) {
      struct str number = { text.p + i, 0 };
      while (i + number.n < text.n && number_char(text.p[i + number.n])) number.n++;
      if (number.n > LIMIT_JSON_NUMBER) return "holds a number of hundreds of digits";
      if (!number_valid(number)) return "holds a malformed number";
      buf_puts(out, "\"" NUMBER_MARK);
      buf_str(out, number);
      buf_char(out, '"');
      i += number.n - 1;
      size_t next = i + 1;
      while (next < text.n && strchr(" \t\r\n", text.p[next])) next++;
      if (next < text.n && text.p[next] == ':') return "has a number where a key should be";
      continue;
    }
    buf_char(out, c);
  }
  return out->full ? "is too large" : NULL;
}

struct jv *jv_parse_raw(struct str text, char *error, size_t size) {
  struct buf quoted;
  buf_init(&quoted, text.n * 8 + 16);
  const char *why = quote_numbers(text, &quoted);
  json_error_t at;
  json_t *root = NULL;
  if (why) {
    snprintf(error, size, "the JSON %s", why);
  } else {
    root = json_loadb(quoted.p ? quoted.p : "", quoted.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &at);
    bool nul = !root && json_error_code(&at) == json_error_null_character;
    if (!root) snprintf(error, size, nul ? "the JSON has \\u0000 in a text" : "not valid JSON: %s", at.text);
  }
  buf_clear(&quoted);
  return (struct jv *)root;
}

void jv_free(struct jv *root) { json_decref((json_t *)root); }
static void free_root(void *root) { jv_free(root); }

int jv_parse(struct ctx *cx, struct str text, struct jv **root) {
  char why[256];
  *root = jv_parse_raw(text, why, sizeof why);
  if (!*root) return fail(cx, E_INVALID, NULL, "%s", why);
  ctx_defer(cx, free_root, *root);
  return OK;
}

static json_t *of(const struct jv *v) { return (json_t *)(uintptr_t)v; }
static bool is_marked(struct str s) { return s.n > 2 && s.p[0] == 0x1f; }
static bool is_number(struct str s) { return is_marked(s) && s.p[1] == '#'; }
static struct str unmarked(struct str s) { return is_marked(s) ? (struct str){ s.p + 2, s.n - 2 } : s; }
static struct str whole_string(const struct jv *v) {
  return (struct str){ json_string_value(of(v)), json_string_length(of(v)) };
}

enum jv_kind jv_kind(const struct jv *v) {
  if (!v) return JV_NULL;
  switch (json_typeof(of(v))) {
  case JSON_OBJECT: return JV_OBJECT;
  case JSON_ARRAY: return JV_ARRAY;
  case JSON_STRING: return is_number(whole_string(v)) ? JV_NUMBER : JV_STRING;
  case JSON_TRUE:
  case JSON_FALSE: return JV_BOOL;
  default: return JV_NULL;
  }
}

struct str jv_text(const struct jv *v) {
  switch (jv_kind(v)) {
  case JV_STRING:
  case JV_NUMBER: return unmarked(whole_string(v));
  case JV_BOOL: return json_is_true(of(v)) ? STR("true") : STR("false");
  default: return (struct str){ NULL, 0 };
  }
}

struct jv *jv_get(const struct jv *object, const char *key) {
  return (struct jv *)json_object_get(of(object), key);
}

size_t jv_size(const struct jv *v) {
  return jv_kind(v) == JV_ARRAY ? json_array_size(of(v)) : json_object_size(of(v));
}

struct jv *jv_at(const struct jv *array, size_t i) {
  return (struct jv *)json_array_get(of(array), i);
}

void *jv_first(const struct jv *object) { return json_object_iter(of(object)); }
void *jv_next(const struct jv *object, void *it) { return json_object_iter_next(of(object), it); }
struct str jv_key(void *it) {
  return unmarked(str_of(json_object_iter_key(it)));
}
struct jv *jv_value(void *it) {
  return (struct jv *)json_object_iter_value(it);
}

static void write_value(struct jw *w, const char *key, const struct jv *v) {
  struct str text = jv_text(v);
  switch (jv_kind(v)) {
  case JV_OBJECT:
    jw_object(w, key);
    for (void *it = jv_first(v); it; it = jv_next(v, it)) write_value(w, jv_key(it).p, jv_value(it));
    jw_close(w, '}');
    break;
  case JV_ARRAY:
    jw_array(w, key);
    for (size_t i = 0; i < jv_size(v); i++) write_value(w, NULL, jv_at(v, i));
    jw_close(w, ']');
    break;
  case JV_STRING: jw_str(w, key, text); break;
  case JV_NUMBER: jw_raw(w, key, text); break;
  case JV_BOOL: jw_raw(w, key, text); break;
  case JV_NULL: jw_text(w, key, NULL); break;
  }
}

void jv_write(struct buf *out, const struct jv *v) {
  struct jw w;
  jw_init(&w, out);
  write_value(&w, NULL, v);
}

bool jv_same(const struct jv *a, const struct jv *b) {
  struct buf x, y;
  buf_init(&x, LIMIT_REPLY_BYTES);
  buf_init(&y, LIMIT_REPLY_BYTES);
  jv_write(&x, a);
  jv_write(&y, b);
  bool same = str_eq(buf_view(&x), buf_view(&y));
  buf_clear(&x);
  buf_clear(&y);
  return same;
}
