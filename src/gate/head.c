/* head.c - see head.h for what is taken and what is not. */
#include "gate/head.h"

#include <ctype.h>

struct reader {
  char *p;
  size_t at, end; /* end: of the line, at its CR */
  struct head *out;
  struct head_fault *why;
  int lengths, codings, hosts;
};

static const char *const METHODS[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS" };

static bool refuse(struct reader *r, int status, const char *sentence) {
  *r->why = (struct head_fault){ status, sentence };
  return false;
}

static bool is_token(unsigned char c) { return isalnum(c) || (c && strchr("!#$%&'*+-.^_`|~", c)); }
static bool is_visible(unsigned char c) { return c > 0x20 && c < 0x7f; }
static bool is_text(unsigned char c) { return c == '\t' || (c >= 0x20 && c != 0x7f); }
static bool is_blank(char c) { return c == ' ' || c == '\t'; }

static struct str view(const struct reader *r, struct head_span s) {
  return (struct str){ r->p + s.at, s.n };
}
static struct head_span span(size_t from, size_t to) {
  return (struct head_span){ (uint16_t)from, (uint16_t)(to - from) };
}

/* ---- the request line ---- */

static bool known_method(struct str method) {
  for (size_t i = 0; i < sizeof METHODS / sizeof *METHODS; i++)
    if (str_eq(method, str_of(METHODS[i]))) return true;
  return false;
}

static bool read_version(struct reader *r) {
  struct str version = { r->p + r->at, r->end - r->at };
  r->out->old = str_eq(version, STR("HTTP/1.0"));
  if (r->out->old || str_eq(version, STR("HTTP/1.1"))) return true;
  bool other = version.n == 8 && str_starts(version, STR("HTTP/")) && isdigit((unsigned char)version.p[5]) &&
               version.p[6] == '.' && isdigit((unsigned char)version.p[7]);
  if (other) return refuse(r, 505, "this server speaks HTTP/1.1 and HTTP/1.0");
  return refuse(r, 400, "the first line of a request is METHOD /path HTTP/1.1");
}

/* Host and port, as in an address and in the header. What is wrong in it is nobody's name. */
static bool is_authority(struct str s) {
  for (size_t i = 0; i < s.n; i++)
    if (!isalnum((unsigned char)s.p[i]) && !strchr("-._~%!$&'()*+,;=:[]", s.p[i])) return false;
  return true;
}

/* "http://host/path" (RFC 9112, 3.2.2). The path may be missing, and then is "/", so that the host moves to make room
** for it: "http:host", an end, "/path". */
static bool take_address(struct reader *r) {
  struct head_span *target = &r->out->target;
  size_t from = target->at, end = from + target->n, at = from;
  while (at < end && isalpha((unsigned char)r->p[at])) at++;
  struct str scheme = { r->p + from, at - from };
  bool known = str_eq_nocase(scheme, STR("http")) || str_eq_nocase(scheme, STR("https"));
  if (!known || !str_starts((struct str){ r->p + at, end - at }, STR("://")))
    return refuse(r, 400, "the address of a request is a path that begins with a slash, or http://host/path");
  size_t host = at + 3, path = host;
  while (path < end && !strchr("/?#", r->p[path])) path++;
  if (path == host || !is_authority((struct str){ r->p + host, path - host }))
    return refuse(r, 400, "the address of a request has no host that could be one");
  memmove(r->p + at + 1, r->p + host, path - host);
  r->out->scheme = span(from, at);
  r->out->host = span(at + 1, at + 1 + path - host);
  if (path == end || r->p[path] != '/') r->p[--path] = '/';
  *target = span(path, end);
  return true;
}

static bool read_request_line(struct reader *r) {
  size_t from = r->at, at = from;
  while (at < r->end && is_token((unsigned char)r->p[at])) at++;
  r->out->method = span(from, at);
  if (at == r->end || r->p[at] != ' ' || !known_method(view(r, r->out->method)))
    return refuse(r, 400, "the request begins with no method that this server knows");
  from = ++at;
  while (at < r->end && is_visible((unsigned char)r->p[at])) at++;
  r->out->target = span(from, at);
  if (at == r->end || r->p[at] != ' ')
    return refuse(r, 400, "the first line of a request is METHOD /path HTTP/1.1");
  r->at = at + 1;
  return read_version(r) && (r->p[from] == '/' || take_address(r));
}

/* ---- what some headers say ---- */

static bool take_length(struct reader *r, struct str value) {
  if (++r->lengths > 1) return refuse(r, 400, "the request states its length more than once");
  for (size_t i = 0; i < value.n; i++)
    if (!isdigit((unsigned char)value.p[i])) return refuse(r, 400, "Content-Length is no number");
  if (!value.n || value.n > 18 || !str_to_int(value, &r->out->length))
    return refuse(r, 400, "Content-Length is no number that a body can have");
  return true;
}

static bool take_coding(struct reader *r, struct str value) {
  if (++r->codings > 1) return refuse(r, 400, "the request states its length more than once");
  r->out->chunked = true;
  if (str_eq_nocase(value, STR("chunked"))) return true;
  return refuse(r, 400, "of transfer codings only \"chunked\" is known here");
}

static bool take_expect(struct reader *r, struct str value) {
  r->out->expects = true;
  if (str_eq_nocase(value, STR("100-continue"))) return true;
  return refuse(r, 417, "of expectations only \"100-continue\" is known here");
}

static bool take_connection(struct reader *r, struct str value) {
  while (value.n) {
    const char *comma = memchr(value.p, ',', value.n);
    size_t n = comma ? (size_t)(comma - value.p) : value.n;
    if (str_eq_nocase(str_trim((struct str){ value.p, n }), STR("close"))) r->out->close = true;
    n += comma != NULL;
    value = (struct str){ value.p + n, value.n - n };
  }
  return true;
}

static bool take_host(struct reader *r, struct str value) {
  if (++r->hosts > 1) return refuse(r, 400, "the request has more than one Host header");
  if (!is_authority(value)) return refuse(r, 400, "the Host header is no host");
  if (!r->out->scheme.n) r->out->host = span((size_t)(value.p - r->p), (size_t)(value.p - r->p) + value.n);
  return true;
}

static const struct {
  struct str name;
  bool (*take)(struct reader *r, struct str value);
} TELLING[] = {
  { { "content-length", 14 }, take_length },
  { { "transfer-encoding", 17 }, take_coding },
  { { "expect", 6 }, take_expect },
  { { "connection", 10 }, take_connection },
  { { "host", 4 }, take_host },
};

static bool take_header(struct reader *r, struct str name, struct str value) {
  for (size_t i = 0; i < sizeof TELLING / sizeof *TELLING; i++)
    if (str_eq_nocase(name, TELLING[i].name)) return TELLING[i].take(r, value);
  return true;
}

/* ---- lines ---- */

static bool read_header(struct reader *r) {
  size_t name = r->at, at = name, end = r->end;
  struct head *h = r->out;
  if (h->headers == HEAD_HEADERS) return refuse(r, 431, "the request has too many headers");
  while (at < end && is_token((unsigned char)r->p[at])) at++;
  if (at == name && is_blank(r->p[at])) return refuse(r, 400, "a header goes on in the next line");
  if (at == name || at == end || r->p[at] != ':')
    return refuse(r, 400, "a line of the request is no header, which is a name, a colon and a value");
  h->name[h->headers] = span(name, at++);
  while (at < end && is_blank(r->p[at])) at++;
  while (end > at && is_blank(r->p[end - 1])) end--;
  for (size_t i = at; i < end; i++)
    if (!is_text((unsigned char)r->p[i])) return refuse(r, 400, "a header contains a control character");
  h->value[h->headers] = span(at, end);
  h->headers++;
  return take_header(r, view(r, h->name[h->headers - 1]), view(r, h->value[h->headers - 1]));
}

/* The next line, without its end; false when a CR or LF stands alone. A line ends where the first CRLF is, and all
** lines of a head that is whole do. */
static bool next_line(struct reader *r, size_t whole) {
  const char *lf = memchr(r->p + r->at, '\n', whole - r->at);
  r->end = (size_t)(lf - r->p) - 1;
  if (lf == r->p + r->at || r->p[r->end] != '\r' || memchr(r->p + r->at, '\r', r->end - r->at))
    return refuse(r, 400, "a line of the request ends in a single CR or LF");
  return true;
}

static bool read_lines(struct reader *r, size_t whole) {
  if (r->p[whole - 2] != '\r') return refuse(r, 400, "a line of the request ends in a single CR or LF");
  if (!next_line(r, whole) || !read_request_line(r)) return false;
  for (r->at = r->end + 2; r->at < whole - 2; r->at = r->end + 2)
    if (!next_line(r, whole) || !read_header(r)) return false;
  if (r->lengths && r->codings) return refuse(r, 400, "the request states its length more than once");
  if (r->codings && r->out->old) return refuse(r, 400, "HTTP/1.0 knows no transfer codings");
  if (!r->hosts && !r->out->old) return refuse(r, 400, "the request has no Host header");
  r->out->close |= r->out->old;
  r->out->expects &= !r->out->old && (r->out->chunked || r->out->length > 0);
  return true;
}

/* Where the empty line ends, 0 if it is not there yet; a line that ends in LF alone counts, to be refused. */
static size_t find_end(const char *p, size_t n, size_t from, size_t *seen) {
  for (size_t at = *seen > from ? *seen : from; at < n; at++) {
    const char *lf = memchr(p + at, '\n', n - at);
    if (!lf) break;
    at = (size_t)(lf - p);
    if (at + 1 < n && p[at + 1] == '\n') return at + 2;
    if (at + 2 < n && p[at + 1] == '\r' && p[at + 2] == '\n') return at + 3;
  }
  *seen = n > 3 ? n - 3 : 0;
  return 0;
}

static void terminate(struct head *h, char *p) {
  p[h->method.at + h->method.n] = p[h->target.at + h->target.n] = 0;
  if (h->scheme.n) p[h->scheme.at + h->scheme.n] = p[h->host.at + h->host.n] = 0;
  for (int i = 0; i < h->headers; i++)
    p[h->name[i].at + h->name[i].n] = p[h->value[i].at + h->value[i].n] = 0;
}

int head_parse(char *p, size_t n, size_t *seen, struct head *out, struct head_fault *why) {
  size_t first = n >= 2 && p[0] == '\r' && p[1] == '\n' ? 2 : 0;
  struct reader r = { .p = p, .at = first, .out = out, .why = why };
  size_t whole = find_end(p, n, first, seen);
  if (whole ? whole > HEAD_BYTES : n > HEAD_BYTES) {
    refuse(&r, 431, "the headers of the request are too long");
    return -1;
  }
  if (!whole) return 0;
  out->headers = 0;
  out->old = out->close = out->chunked = out->expects = false;
  out->length = 0;
  out->scheme = out->host = (struct head_span){ 0 };
  if (!read_lines(&r, whole)) return -1;
  out->bytes = (uint16_t)whole;
  terminate(out, p);
  return 1;
}

const char *head_next(const struct head *h, const char *bytes, struct str name, int *at) {
  while (*at < h->headers) {
    int i = (*at)++;
    if (str_eq_nocase((struct str){ bytes + h->name[i].at, h->name[i].n }, name))
      return bytes + h->value[i].at;
  }
  return NULL;
}

const char *head_find(const struct head *h, const char *bytes, struct str name, int *count) {
  const char *first = NULL;
  int found = 0;
  for (int i = 0; i < h->headers; i++) {
    if (h->name[i].n != name.n || !str_eq_nocase((struct str){ bytes + h->name[i].at, name.n }, name))
      continue;
    if (!found++) first = bytes + h->value[i].at;
    if (!count) break;
  }
  if (count) *count = found;
  return first;
}
