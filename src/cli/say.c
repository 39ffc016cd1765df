/* say.c - what a command's JSON document says, in words. */
#include <stdlib.h>

#include "base/limits.h"
#include "base/time.h"
#include "cli/cli.h"

struct saying {
  struct buf out;
  const struct jv *object;
  bool missing; /* a member of the part that is being said is not there, or empty */
};

/* "last.state" of an object, "next.0" of the first of a list; "" is the value itself. */
static const struct jv *find(const struct jv *v, struct str path) {
  char name[64];
  int64_t place;
  while (path.n && v) {
    const char *dot = memchr(path.p, '.', path.n);
    size_t n = dot ? (size_t)(dot - path.p) : path.n;
    struct str part = { path.p, n };
    str_copy(name, sizeof name, part);
    v = jv_kind(v) == JV_ARRAY && str_to_int(part, &place) ? jv_at(v, (size_t)place) : jv_get(v, name);
    path.p += n + (dot != NULL);
    path.n -= n + (dot != NULL);
  }
  return v;
}

static bool is_instant(struct str text) {
  int64_t us;
  return text.n == sizeof "2024-02-29T12:00:00.000000Z" - 1 && time_parse_iso(text, &us);
}

/* At most so many bytes; of an instant, which is then told as people write it: 2024-02-29 12:00:00. */
static struct str cut(struct str text, size_t most, char at[static TIME_SIZE]) {
  if (text.n <= most) return text;
  bool instant = is_instant(text);
  text.n = most;
  if (!instant) return text;
  str_copy(at, TIME_SIZE, text);
  if (most > 10) at[10] = ' ';
  return str_of(at);
}

/* p stands behind the brace; the result behind the one that closes. */
static const char *say_member(struct saying *y, const char *p) {
  const char *end = p + strcspn(p, "}"), *how = p + strcspn(p, "?:}");
  struct str text = jv_text(find(y->object, (struct str){ p, (size_t)(how - p) }));
  char at[TIME_SIZE], *point = NULL;
  if (*how == '?') {
    const char *other = how + strcspn(how, ":");
    bool yes = str_eq(text, STR("true"));
    buf_str(&y->out, yes ? (struct str){ how + 1, (size_t)(other - how - 1) }
                         : (struct str){ other + 1, (size_t)(end - other - 1) });
    return end + 1;
  }
  if (!text.n) y->missing = true;
  if (!text.p) text = STR("-");
  int width = *how == ':' ? (int)strtol(how + 1, &point, 10) : 0;
  if (point && *point == '.') text = cut(text, (size_t)strtol(point + 1, NULL, 10), at);
  buf_printf(&y->out, "%*.*s", width, STR_ARG(text));
  return end + 1;
}

/* Up to a bracket that closes, or the end. */
static const char *say_part(struct saying *y, const char *p) {
  while (*p && *p != ']') {
    size_t plain = strcspn(p, "{[]");
    buf_add(&y->out, p, plain);
    p += plain;
    if (*p == '{') {
      p = say_member(y, p + 1);
    } else if (*p == '[') {
      size_t begin = y->out.n;
      bool missing = y->missing;
      y->missing = false;
      p = say_part(y, p + 1) + 1;
      if (y->missing) y->out.n = begin;
      y->missing = missing;
    }
  }
  return p;
}

int cli_say(struct ctx *cx, const struct jv *object, const char *pattern) {
  struct saying y = { .object = object };
  buf_init(&y.out, LIMIT_REPLY_BYTES);
  say_part(&y, pattern);
  int rc = cli_write(cx, NULL, y.out.p ? y.out.p : "", y.out.n);
  buf_clear(&y.out);
  return rc;
}

int cli_say_each(struct ctx *cx, const struct jv *list, const char *pattern) {
  for (size_t i = 0; i < jv_size(list) && !cx->code; i++) cli_say(cx, jv_at(list, i), pattern);
  return cx->code;
}

bool cli_is(const struct jv *object, const char *key) {
  return str_eq(jv_text(jv_get(object, key)), STR("true"));
}

/* ---- the document of a command ---- */

int cli_print_json(struct ctx *cx, struct buf *out) {
  buf_char(out, '\n');
  int rc =
      out->full ? fail(cx, E_LIMIT, NULL, "the answer is too large") : cli_write(cx, NULL, out->p, out->n);
  buf_clear(out);
  return rc;
}

int cli_show(struct ctx *cx, struct cli *c, cli_show_fn *show) {
  struct jv *document;
  if (cli_has(c, "json") || c->out.full) return cli_print_json(cx, &c->out);
  if (!jv_parse(cx, buf_view(&c->out), &document)) show(cx, document);
  return cx->code;
}

int cli_answer(struct ctx *cx, struct cli *c, const char *pattern) {
  struct jv *document;
  if (cli_has(c, "json") || c->out.full) return cli_print_json(cx, &c->out);
  return jv_parse(cx, buf_view(&c->out), &document) ? (int)cx->code : cli_say(cx, document, pattern);
}

int cli_print_list(struct ctx *cx, struct cli *c, const struct cli_column *columns, const char *none) {
  enum { TO_THE_SECOND = 19 };
  char at[TIME_SIZE];
  struct jv *list;
  if (cli_has(c, "json") || c->out.full) return cli_print_json(cx, &c->out);
  if (jv_parse(cx, buf_view(&c->out), &list)) return cx->code;
  if (!jv_size(list)) return cli_print(cx, "%s\n", none);
  for (size_t row = 0; row <= jv_size(list) && !cx->code; row++)
    for (const struct cli_column *k = columns; k->key; k++) {
      struct str text = row ? jv_text(jv_get(jv_at(list, row - 1), k->key)) : str_of(k->title);
      if (is_instant(text)) text = cut(text, TO_THE_SECOND, at);
      cli_print(cx, "%*.*s%s", k->width, STR_ARG(text), k[1].key ? "  " : "\n");
    }
  return cx->code;
}
