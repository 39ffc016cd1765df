#include "base/decimal.h"
#include "base/ids.h"
#include "base/limits.h"
#include "base/time.h"
#include "base/utf8.h"
#include "record/internal.h"

/* ---- sentences ---- */

static int wrong(struct ctx *cx, const struct property *p, const char *what) {
  return fail(cx, E_INVALID, p->name, "%s is %s: %s", p->name, what, p->help);
}

/* "at least 0", "at most 10", "from 0 to 10", in the property's own units. */
static const char *range_of(struct ctx *cx, const struct property *p) {
  struct buf out;
  buf_init(&out, LIMIT_HEADING);
  buf_puts(&out, p->has_min && p->has_max ? "from " : p->has_min ? "at least " : "at most ");
  if (p->has_min) dec_print(&out, p->min, p->scale, 0);
  if (p->has_min && p->has_max) buf_puts(&out, " to ");
  if (p->has_max) dec_print(&out, p->max, p->scale, 0);
  if (p->kind == PROPERTY_TEXT) buf_puts(&out, " characters long");
  return ctx_take(cx, &out);
}

static int check_range(struct ctx *cx, const struct property *p, int64_t v) {
  if ((!p->has_min || v >= p->min) && (!p->has_max || v <= p->max)) return OK;
  return wrong(cx, p, range_of(cx, p));
}

/* ---- one kind each ---- */

static int read_text(struct ctx *cx, const struct property *p, struct str text, struct value *out) {
  int64_t characters = 0;
  for (size_t i = 0; i < text.n; characters++) {
    size_t step = utf8_step(text.p + i, text.n - i);
    if (text.p[i] == 0 || !step) return wrong(cx, p, "text in UTF-8 without zero bytes");
    i += step;
  }
  *out = (struct value){ .kind = VALUE_TEXT, .text = text };
  return check_range(cx, p, characters);
}

static int read_number(struct ctx *cx, const struct property *p, struct str text, struct value *out) {
  bool rounded = false;
  out->kind = VALUE_INT;
  if (p->kind == PROPERTY_INTEGER && !str_to_int(text, &out->number)) return wrong(cx, p, "a whole number");
  if (p->kind == PROPERTY_DECIMAL && (!dec_parse(text, p->scale, &out->number, &rounded) || rounded ||
                                      out->number == INT64_MIN)) /* its abs() is not a number */
    return wrong(cx, p,
                 ctx_printf(cx, "a number with at most %d digits behind the point, such as 12.5", p->scale));
  return check_range(cx, p, out->number);
}

static int read_boolean(struct ctx *cx, const struct property *p, struct str text, struct value *out) {
  bool yes = str_eq(text, STR("true")) || str_eq(text, STR("1"));
  if (!yes && !str_eq(text, STR("false")) && !str_eq(text, STR("0"))) return wrong(cx, p, "true or false");
  *out = (struct value){ .kind = VALUE_INT, .number = yes };
  return OK;
}

static int read_day(struct ctx *cx, const struct property *p, struct str text, struct value *out) {
  int64_t at;
  if (text.n != sizeof "2024-02-29" - 1 || !time_parse_iso(text, &at))
    return wrong(cx, p, "a day, such as 2024-02-29");
  *out = (struct value){ .kind = VALUE_TEXT, .text = text };
  return OK;
}

/* "+05:30" at the end of text: cut off, and how far it is from UTC. */
static int64_t take_offset(struct str *text) {
  enum { OFFSET = 6 };
  const char *p = text->p + text->n - OFFSET;
  int64_t hours, minutes;
  if (text->n <= OFFSET + 10 || (*p != '+' && *p != '-') || p[3] != ':') return 0;
  if (p[1] == '-' || p[1] == '+' || p[4] == '-' || p[4] == '+') return 0;
  if (!str_to_int((struct str){ p + 1, 2 }, &hours) || !str_to_int((struct str){ p + 4, 2 }, &minutes))
    return 0;
  if (hours > 14 || minutes > 59) return 0;
  text->n -= OFFSET;
  return (*p == '-' ? -1 : 1) * (hours * 60 + minutes) * INT64_C(60000000);
}

static int read_instant(struct ctx *cx, const struct property *p, struct str text, struct value *out) {
  int64_t offset = take_offset(&text);
  out->kind = VALUE_INT;
  if (!time_parse_iso(text, &out->number) || (offset && text.p[text.n - 1] == 'Z'))
    return wrong(cx, p, "an instant, such as 2024-02-29T12:00:00Z");
  out->number -= offset;
  return OK;
}

static int read_choice(struct ctx *cx, const struct property *p, struct str text, struct value *out) {
  const char *list = "";
  for (const char *c = p->choices; *c; c += strcspn(c, "|"), c += *c == '|') {
    struct str one = { c, strcspn(c, "|") };
    const char *between = !*list ? "" : c[one.n] ? ", " : " or ";
    list = ctx_printf(cx, "%s%s" STR_FMT, list, between, STR_ARG(one));
    *out = (struct value){ .kind = VALUE_TEXT, .text = text };
    if (str_eq(one, text)) return OK;
  }
  return fail(cx, E_INVALID, p->name, "%s is %s, not '%.*s'", p->name, list, (int)(text.n < 60 ? text.n : 60),
              text.p);
}

static int read_reference(struct ctx *cx, const struct property *p, struct str text, struct value *out) {
  if (!uuid_valid(text)) return wrong(cx, p, ctx_printf(cx, "the id of a %s", p->reference));
  *out = (struct value){ .kind = VALUE_TEXT, .text = text };
  return OK;
}

static int read_json(struct ctx *cx, const struct property *p, const struct member *m, struct value *out) {
  struct buf text;
  struct jv *parsed = NULL;
  if (!m->json && jv_parse(cx, m->raw, &parsed)) return cx->code;
  buf_init(&text, LIMIT_TEXT_BYTES);
  jv_write(&text, m->json ? m->json : parsed);
  bool full = text.full;
  *out = (struct value){ .kind = VALUE_TEXT, .text = str_of(ctx_strdup(cx, buf_view(&text))) };
  buf_clear(&text);
  return full ? fail(cx, E_LIMIT, p->name, "%s is too long", p->name) : OK;
}

/* ---- any kind ---- */

bool property_is_number(const struct property *p) {
  return p->kind == PROPERTY_INTEGER || p->kind == PROPERTY_DECIMAL || p->kind == PROPERTY_BOOLEAN ||
         p->kind == PROPERTY_INSTANT;
}

int value_parse(struct ctx *cx, const struct property *p, struct str text, struct value *out) {
  *out = (struct value){ .kind = VALUE_NULL };
  if (text.n == 0) return OK;
  if (text.n > LIMIT_TEXT_BYTES) return fail(cx, E_LIMIT, p->name, "%s is too long", p->name);
  switch (p->kind) {
  case PROPERTY_TEXT: return read_text(cx, p, text, out);
  case PROPERTY_INTEGER:
  case PROPERTY_DECIMAL: return read_number(cx, p, text, out);
  case PROPERTY_BOOLEAN: return read_boolean(cx, p, text, out);
  case PROPERTY_DAY: return read_day(cx, p, text, out);
  case PROPERTY_INSTANT: return read_instant(cx, p, text, out);
  case PROPERTY_CHOICE: return read_choice(cx, p, text, out);
  case PROPERTY_REFERENCE: return read_reference(cx, p, text, out);
  case PROPERTY_JSON: break;
  }
  *out = (struct value){ .kind = VALUE_TEXT, .text = text };
  return OK;
}

int value_read(struct ctx *cx, const struct property *p, const struct member *m, struct value *out) {
  struct str text = m->text;
  if (m->stored) {
    *out = (struct value){ .kind = VALUE_INT, .number = m->number };
    return check_range(cx, p, m->number);
  }
  bool nothing = m->kind == JV_NULL || (p->kind != PROPERTY_JSON && text.p && text.n == 0);
  if (nothing && p->required) return fail(cx, E_INVALID, p->name, "%s is needed: %s", p->name, p->help);
  if (nothing) return value_parse(cx, p, str_of(p->otherwise), out);
  if (p->kind == PROPERTY_JSON) return read_json(cx, p, m, out);
  if (!text.p) return fail(cx, E_INVALID, p->name, "%s is a single value: %s", p->name, p->help);
  if (value_parse(cx, p, text, out)) return cx->code;
  out->known = m->known;
  return OK;
}

/* One @ with something on both sides, and no blanks: what is behind it only a mail can tell. */
static bool is_address(struct str s) {
  const char *at = memchr(s.p, '@', s.n);
  if (!at || at == s.p || at == s.p + s.n - 1 || memchr(at + 1, '@', (size_t)(s.p + s.n - at - 1)))
    return false;
  for (size_t i = 0; i < s.n; i++)
    if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f) return false;
  return true;
}

int value_judge(struct ctx *cx, const struct property *p, const struct value *v) {
  if (p->kind != PROPERTY_TEXT || v->kind != VALUE_TEXT) return OK;
  if (p->required && str_trim(v->text).n == 0)
    return fail(cx, E_INVALID, p->name, "%s is needed, and more than blanks: %s", p->name, p->help);
  return p->email && !is_address(v->text) ? wrong(cx, p, "an address such as me@example.org") : OK;
}

void value_bind(struct stmt *s, int at, const struct value *v) {
  if (v->kind == VALUE_NULL)
    stmt_null(s, at);
  else if (v->kind == VALUE_INT)
    stmt_int(s, at, v->number);
  else
    stmt_str(s, at, v->text);
}

int stamp_bind(struct ctx *cx, struct stmt *s, int at, const struct jv *v) {
  struct str text = jv_text(v);
  int64_t n;
  if (!text.p)
    stmt_null(s, at);
  else if (jv_kind(v) != JV_NUMBER)
    stmt_str(s, at, text);
  else if (str_to_int(text, &n))
    stmt_int(s, at, n);
  else
    return fail(cx, E_INVALID, NULL, "'" STR_FMT "' stands where a number should be", STR_ARG(text));
  return OK;
}
