#include "export/params.h"

#include "base/buf.h"
#include "base/utf8.h"

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

static struct str decode(struct ctx *cx, struct str s) {
  char *out = ctx_alloc(cx, s.n + 1);
  size_t n = 0;
  for (size_t i = 0; i < s.n; i++) {
    int high = i + 2 < s.n && s.p[i] == '%' ? hex_digit(s.p[i + 1]) : -1;
    int low = high >= 0 ? hex_digit(s.p[i + 2]) : -1;
    if (low >= 0) {
      out[n++] = (char)(high << 4 | low);
      i += 2;
    } else {
      out[n++] = s.p[i] == '+' ? ' ' : s.p[i];
    }
  }
  return (struct str){ out, n };
}

static int add(struct ctx *cx, struct params *p, struct str part) {
  const char *equals = memchr(part.p, '=', part.n);
  size_t n = equals ? (size_t)(equals - part.p) : part.n;
  struct str name = decode(cx, (struct str){ part.p, n });
  struct str value = equals ? decode(cx, (struct str){ equals + 1, part.n - n - 1 }) : STR("");
  if (!utf8_valid(name) || memchr(name.p, 0, name.n))
    return fail(cx, E_INVALID, NULL, "the name of a parameter is not text in UTF-8");
  if (!utf8_valid(value) || memchr(value.p, 0, value.n))
    return fail(cx, E_INVALID, name.p, "%s is not text in UTF-8", name.p);
  if (value.n > PARAM_BYTES)
    return fail(cx, E_INVALID, name.p, "%s is longer than %d bytes", name.p, PARAM_BYTES);
  for (int i = 0; i < p->count; i++)
    if (strcmp(p->name[i], name.p) == 0) return fail(cx, E_INVALID, name.p, "%s is given twice", name.p);
  if (p->count == PARAMS_MOST)
    return fail(cx, E_LIMIT, NULL, "there are more than %d parameters", PARAMS_MOST);
  p->name[p->count] = name.p;
  p->value[p->count++] = value.p;
  return OK;
}

int params_read(struct ctx *cx, struct str query, struct params *out) {
  *out = (struct params){ 0 };
  while (query.n > 0 && !cx->code) {
    const char *end = memchr(query.p, '&', query.n);
    struct str part = { query.p, end ? (size_t)(end - query.p) : query.n };
    if (part.n) add(cx, out, part);
    size_t used = part.n + (end != NULL);
    query.p += used, query.n -= used;
  }
  return cx->code;
}

const char *params_get(const struct params *p, const char *name) {
  for (int i = 0; i < p->count; i++)
    if (strcmp(p->name[i], name) == 0) return *p->value[i] ? p->value[i] : NULL;
  return NULL;
}

int params_int(struct ctx *cx, const struct params *p, const char *name, int64_t least, int64_t most,
               int64_t otherwise, int64_t *out) {
  const char *value = params_get(p, name);
  *out = otherwise;
  if (!value) return OK;
  if (!str_to_int(str_of(value), out) || *out < least || *out > most)
    return fail(cx, E_INVALID, name, "%s must be a whole number from %lld to %lld", name, (long long)least,
                (long long)most);
  return OK;
}

static bool is_one_of(const char *name, const char *const *names) {
  for (; names && *names; names++)
    if (strcmp(name, *names) == 0) return true;
  return false;
}

static const char *join(struct ctx *cx, const char *text, const char *const *names) {
  for (; names && *names; names++) text = ctx_printf(cx, "%s%s%s", text, *text ? ", " : "", *names);
  return text;
}

int params_check(struct ctx *cx, const struct params *p, const char *const *names, const char *const *more) {
  for (int i = 0; i < p->count; i++)
    if (!is_one_of(p->name[i], names) && !is_one_of(p->name[i], more))
      return fail(cx, E_INVALID, p->name[i], "there is no parameter %.80s here; there are %s", p->name[i],
                  join(cx, join(cx, "", names), more));
  return OK;
}

const char *params_quote(struct ctx *cx, const char *text) {
  static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  struct buf b;
  buf_init(&b, 4 * PARAM_BYTES);
  for (const char *p = text; *p; p++) {
    if (strchr(plain, *p))
      buf_char(&b, *p);
    else
      buf_printf(&b, "%%%02X", (unsigned char)*p);
  }
  return ctx_take(cx, &b);
}
