#include "event/scan.h"

#include "base/utf8.h"

static bool no(struct scan *s, const char *why) {
  if (!s->why) s->why = why;
  return false;
}

void scan_init(struct scan *s, struct ctx *cx, struct str json) {
  *s = (struct scan){ .cx = cx, .from = json.p, .p = json.p, .end = json.p + json.n };
}

static bool blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static void skip(struct scan *s) {
  if (s->p == s->end || !blank(*s->p)) return;
  s->loose = true;
  while (s->p < s->end && blank(*s->p)) s->p++;
}

bool scan_peek(struct scan *s, char *c) {
  skip(s);
  if (s->p == s->end) return no(s, "it ends too early");
  *c = *s->p;
  return true;
}

bool scan_char(struct scan *s, char c) {
  skip(s);
  if (s->p == s->end) return no(s, "it ends too early");
  if (*s->p == c) return s->p++, true;
  return no(s, c == '{'   ? "an object has to begin here"
               : c == ':' ? "a colon is missing"
               : c == '"' ? "a name in quotes is missing"
                          : "a comma or a bracket is missing");
}

bool scan_end(struct scan *s) {
  skip(s);
  return s->p == s->end || no(s, "something follows the object");
}

/* ---- strings ---- */

/* Whether one of eight bytes ends a run of plain ones: a quote, a backslash, a control
** character, or what is not ASCII. A borrow can only come from below such a byte. */
static bool special(uint64_t v) {
  const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
  uint64_t quote = v ^ (ones * '"'), back = v ^ (ones * '\\');
  return ((quote - ones) | (back - ones) | (v - ones * 0x20) | v) & tops;
}

static void plain_run(struct scan *s) {
  uint64_t word;
  for (; s->end - s->p >= 8; s->p += 8) {
    memcpy(&word, s->p, 8);
    if (special(word)) break;
  }
  while (s->p < s->end && *s->p >= 0x20 && !(*s->p & 0x80) && *s->p != '"' && *s->p != '\\') s->p++;
}

static int hex4(const char *p, const char *end) {
  int v = 0;
  if (end - p < 4) return -1;
  for (int i = 0; i < 4; i++) {
    char c = p[i];
    int digit = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
    if (digit < 0) return -1;
    v = v << 4 | digit;
  }
  return v;
}

/* \uXXXX, p behind the u: a character of its own, or the first half of a pair. */
static bool scan_unicode(struct scan *s, char **to) {
  int c = hex4(s->p, s->end);
  if (c < 0) return no(s, "\\u wants four hexadecimal digits");
  s->p += 4;
  if (c == 0) return no(s, "a text holds a zero character");
  if (c >= 0xdc00 && c <= 0xdfff) return no(s, "half a character (\\uDC00 to \\uDFFF) stands alone");
  if (c >= 0xd800 && c <= 0xdbff) {
    int low = s->end - s->p >= 6 && s->p[0] == '\\' && s->p[1] == 'u' ? hex4(s->p + 2, s->end) : -1;
    if (low < 0xdc00 || low > 0xdfff) return no(s, "half a character (\\uD800 to \\uDBFF) stands alone");
    s->p += 6;
    c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
  }
  char put[4];
  size_t n = utf8_put(put, (uint32_t)c);
  memcpy(*to, put, n);
  *to += n;
  return true;
}

static bool scan_escape(struct scan *s, char **to) {
  static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
  s->p++;
  if (s->p == s->end) return no(s, "a text has no end");
  if (*s->p == 'u') return s->p++, scan_unicode(s, to);
  const char *known = memchr(from, *s->p, sizeof from - 1);
  if (!known) return no(s, "there is no such escape");
  s->p++;
  *(*to)++ = into[known - from];
  return true;
}

/* The same text again, with room for what its escapes say: never more than is written. */
static bool scan_escaped(struct scan *s, const char *from, struct str *out) {
  const char *close = from; /* where it ends, to know its length */
  while (close < s->end && *close != '"') close += *close == '\\' && s->end - close > 1 ? 2 : 1;
  char *text = ctx_alloc(s->cx, (size_t)(close - from) + 1), *to = text;
  for (s->p = from; s->p < s->end && *s->p != '"';) {
    if (*s->p == '\\') {
      if (!scan_escape(s, &to)) return false;
      continue;
    }
    const char *run = s->p;
    plain_run(s);
    if (s->p == run) {
      size_t step = utf8_step(s->p, (size_t)(s->end - s->p));
      if ((unsigned char)*s->p < 0x20) return no(s, "a control character stands in a text");
      if (!step) return no(s, "a text is not UTF-8");
      s->p += step;
    }
    memcpy(to, run, (size_t)(s->p - run));
    to += s->p - run;
  }
  if (s->p >= s->end) return no(s, "a text has no end");
  s->p++;
  *out = (struct str){ text, (size_t)(to - text) };
  return true;
}

bool scan_string(struct scan *s, struct str *out) {
  if (!scan_char(s, '"')) return false;
  const char *from = s->p;
  while (true) {
    plain_run(s);
    if (s->p == s->end) return no(s, "a text has no end");
    unsigned char c = (unsigned char)*s->p;
    if (c == '"') break;
    if (c == '\\') return scan_escaped(s, from, out);
    if (c < 0x20) return no(s, "a control character stands in a text");
    size_t step = utf8_step(s->p, (size_t)(s->end - s->p));
    if (!step) return no(s, "a text is not UTF-8");
    s->p += step;
  }
  *out = (struct str){ from, (size_t)(s->p - from) };
  s->p++;
  return true;
}

/* ---- numbers ---- */

static bool digits(struct scan *s) {
  const char *from = s->p;
  while (s->p < s->end && *s->p >= '0' && *s->p <= '9') s->p++;
  return s->p > from;
}

/* A number as it is written. */
static bool scan_number(struct scan *s, struct str *out) {
  skip(s);
  const char *from = s->p;
  if (s->p < s->end && *s->p == '-') s->p++;
  const char *whole = s->p;
  if (!digits(s)) return no(s, "no value begins like this");
  if (*whole == '0' && s->p > whole + 1) return no(s, "a number begins with a zero too many");
  if (s->p < s->end && *s->p == '.' && (s->p++, !digits(s)))
    return no(s, "digits are missing behind the point");
  if (s->p < s->end && (*s->p == 'e' || *s->p == 'E')) {
    s->p++;
    if (s->p < s->end && (*s->p == '-' || *s->p == '+')) s->p++;
    if (!digits(s)) return no(s, "digits are missing in an exponent");
  }
  *out = (struct str){ from, (size_t)(s->p - from) };
  return true;
}

/* The exponent of a number, bounded: beyond a thousand all are alike. */
static int exponent(struct str n, size_t at) {
  int e = 0;
  if (at >= n.n) return 0;
  bool negative = n.p[at + 1] == '-';
  for (size_t i = at + 1; i < n.n; i++)
    if (n.p[i] >= '0' && n.p[i] <= '9' && e < 1000) e = e * 10 + (n.p[i] - '0');
  return negative ? -e : e;
}

bool scan_decimal(struct str n, int scale, int64_t *out, const char **why) {
  size_t mantissa = 0;
  int behind = 0, zeros = 0; /* digits behind the point; zeros that wait for a digit to count */
  bool point = false, negative = n.n && n.p[0] == '-';
  int64_t v = 0;
  while (mantissa < n.n && n.p[mantissa] != 'e' && n.p[mantissa] != 'E') mantissa++;
  *why = "is too large";
  for (size_t i = negative; i < mantissa; i++) {
    if (n.p[i] == '.') {
      point = true;
      continue;
    }
    behind += point;
    if (n.p[i] == '0') {
      zeros++;
      continue;
    }
    if (v == 0) zeros = 0;
    for (; zeros; zeros--)
      if (__builtin_mul_overflow(v, 10, &v)) return false;
    if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, n.p[i] - '0', &v)) return false;
  }
  if (v == 0) return *out = 0, true;
  int shift = zeros - behind + exponent(n, mantissa) + scale;
  for (; shift > 0; shift--)
    if (__builtin_mul_overflow(v, 10, &v)) return false;
  for (; shift < 0 && v % 10 == 0; shift++) v /= 10;
  *why = scale ? "has too many decimals" : "is no whole number";
  if (shift < 0) return false;
  *out = negative ? -v : v;
  return true;
}

/* ---- values ---- */

static bool literal(struct scan *s, const char *word, struct str *out) {
  size_t n = strlen(word);
  if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0) return no(s, "no value begins like this");
  *out = (struct str){ s->p, n };
  s->p += n;
  return true;
}

static bool nested(struct scan *s, struct str *out) {
  const char *from = s->p;
  int64_t depth = 0;
  bool text = false;
  for (; s->p < s->end; s->p++) {
    char c = *s->p;
    if (text) {
      if (c == '\\') s->p++;
      text = c != '"';
    } else if (c == '"') {
      text = true;
    } else if (c == '{' || c == '[') {
      depth++;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      *out = (struct str){ from, (size_t)(++s->p - from) };
      return true;
    } else if (blank(c)) {
      s->loose = true;
    }
  }
  s->p = s->end;
  return no(s, "it ends too early");
}

bool scan_raw(struct scan *s, struct str *out) {
  char c;
  struct str text;
  if (!scan_peek(s, &c)) return false;
  if (c == '{' || c == '[') return nested(s, out);
  if (c == 't') return literal(s, "true", out);
  if (c == 'f') return literal(s, "false", out);
  if (c == 'n') return literal(s, "null", out);
  if (c != '"') return scan_number(s, out);
  const char *from = s->p;
  if (!scan_string(s, &text)) return false;
  *out = (struct str){ from, (size_t)(s->p - from) };
  return true;
}

struct str scan_compact(struct ctx *cx, struct str json) {
  char *out = ctx_alloc(cx, json.n + 1), *to = out;
  bool text = false;
  for (size_t i = 0; i < json.n; i++) {
    char c = json.p[i];
    if (!text && blank(c)) continue;
    *to++ = c;
    if (text && c == '\\' && i + 1 < json.n)
      *to++ = json.p[++i];
    else if (c == '"')
      text = !text;
  }
  return (struct str){ out, (size_t)(to - out) };
}
