/*
** The delimiter is CR LF, two dashes and the boundary. Its first byte, CR, occurs nowhere else in it, so when
** it breaks off, what was matched is data, and the search goes on with the byte at hand: no byte is looked
** at twice. Before the first part the CR LF is taken for read.
*/
#include "http/multipart.h"

#include <strings.h>

enum state { DATA, AFTER, AFTER_CR, AFTER_DASH, HEAD, DONE, DONE_CR, OVER };

struct multipart {
  const struct multipart_ops *ops;
  void *arg;
  char delimiter[MULTIPART_BOUNDARY + 5];
  size_t delimiter_n, matched; /* so much of it was seen */
  enum state state;
  bool in_part; /* else DATA is what stands before the first boundary: nothing */
  int parts;
  char head[MULTIPART_HEAD];
  size_t head_n;
  struct multipart_part part;
};

static int wrong(struct ctx *cx, const char *what) {
  return fail(cx, E_INVALID, "body", "the form (multipart/form-data) cannot be read: %s", what);
}

/* ---- parameters of a header: name=token or name="quoted" ---- */

static bool is_token(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c && strchr("!#$%&'*+-.^_`|~", c));
}

static const char *skip_blanks(const char *p) { return p + strspn(p, " \t"); }

/* From behind the "=" on; NULL when it is none, or too long. */
static const char *read_value(const char *p, char *to, size_t room) {
  size_t n = 0;
  bool quoted = *p == '"';
  if (quoted) p++;
  for (; *p && (quoted ? *p != '"' : is_token(*p)); p++) {
    if (quoted && *p == '\\' && (p[1] == '"' || p[1] == '\\')) p++;
    if ((unsigned char)*p < 0x20 || *p == 0x7f || n + 1 >= room) return NULL;
    to[n++] = *p;
  }
  to[n] = 0;
  if (quoted) return *p == '"' ? p + 1 : NULL;
  return n ? p : NULL;
}

/* The next "; name=value"; false at the end. *p is NULL when it cannot be read. */
static bool next_parameter(const char **p, char name[32], char *value, size_t room) {
  size_t n = 0;
  const char *q = skip_blanks(*p);
  if (!*q) return false;
  *p = NULL;
  if (*q != ';') return false;
  for (q = skip_blanks(q + 1); is_token(*q) && n + 1 < 32; q++) name[n++] = *q;
  name[n] = 0;
  if (n == 0 || *q != '=') return false;
  *p = read_value(q + 1, value, room);
  return *p != NULL;
}

/* ---- the boundary ---- */

static bool good_boundary(const char *b) {
  size_t n = strlen(b);
  if (n == 0 || n > MULTIPART_BOUNDARY || b[n - 1] == ' ') return false;
  for (; *b; b++)
    if (!((*b >= '0' && *b <= '9') || (*b >= 'a' && *b <= 'z') || (*b >= 'A' && *b <= 'Z') ||
          strchr("'()+_,-./:=? ", *b)))
      return false;
  return true;
}

static int read_boundary(struct ctx *cx, const char *type, char out[MULTIPART_BOUNDARY + 2]) {
  static const char wanted[] = "multipart/form-data";
  char name[32], value[MULTIPART_NAME];
  bool found = false;
  if (!type || strncasecmp(type, wanted, sizeof wanted - 1) != 0)
    return wrong(cx, "its Content-Type is not multipart/form-data");
  const char *p = type + sizeof wanted - 1;
  while (next_parameter(&p, name, value, sizeof value)) {
    if (strcasecmp(name, "boundary") != 0) continue;
    if (found || !good_boundary(value)) return wrong(cx, "its boundary is not 1 to 70 plain characters");
    str_copy(out, MULTIPART_BOUNDARY + 2, str_of(value));
    found = true;
  }
  if (!p) return wrong(cx, "the parameters of its Content-Type");
  return found ? OK : wrong(cx, "its Content-Type names no boundary");
}

int multipart_new(struct ctx *cx, const char *content_type, const struct multipart_ops *ops, void *arg,
                  struct multipart **out) {
  char boundary[MULTIPART_BOUNDARY + 2];
  struct multipart *m = ctx_alloc(cx, sizeof *m);
  if (read_boundary(cx, content_type, boundary)) return cx->code;
  m->ops = ops;
  m->arg = arg;
  memcpy(m->delimiter, "\r\n--", 4);
  str_copy(m->delimiter + 4, sizeof m->delimiter - 4, str_of(boundary));
  m->delimiter_n = strlen(m->delimiter);
  m->matched = 2;
  *out = m;
  return OK;
}

/* ---- headers of a part ---- */

static int read_disposition(struct ctx *cx, struct multipart *m, const char *p) {
  char name[32], value[MULTIPART_NAME];
  bool named = false;
  if (strncasecmp(p, "form-data", 9) != 0) return wrong(cx, "a part is not form-data");
  p += 9;
  while (next_parameter(&p, name, value, sizeof value)) {
    bool is_name = strcasecmp(name, "name") == 0, is_file = strcasecmp(name, "filename") == 0;
    if ((is_name && named) || (is_file && m->part.is_file)) return wrong(cx, "a part has two names");
    if (is_name) str_copy(m->part.name, sizeof m->part.name, str_of(value));
    if (is_file) str_copy(m->part.filename, sizeof m->part.filename, str_of(value));
    named = named || is_name;
    m->part.is_file = m->part.is_file || is_file;
  }
  if (!p) return wrong(cx, "the Content-Disposition of a part");
  return named ? OK : wrong(cx, "a part has no name");
}

static int read_header(struct ctx *cx, struct multipart *m, char *line, bool *disposed) {
  char *colon = strchr(line, ':');
  if (!colon || colon == line) return wrong(cx, "a header of a part has no colon");
  for (const char *p = line; p < colon; p++)
    if (!is_token(*p)) return wrong(cx, "the name of a part's header");
  *colon = 0;
  const char *value = skip_blanks(colon + 1);
  if (strcasecmp(line, "Content-Transfer-Encoding") == 0 && strcasecmp(value, "binary") != 0 &&
      strcasecmp(value, "8bit") != 0 && strcasecmp(value, "7bit") != 0)
    return wrong(cx, "a part is encoded; send the bytes of the file as they are");
  if (strcasecmp(line, "Content-Disposition") != 0) return OK;
  if (*disposed) return wrong(cx, "a part has two Content-Dispositions");
  *disposed = true;
  return read_disposition(cx, m, value);
}

/* head holds all lines, each with its CR LF, without the empty one. */
static int read_head(struct ctx *cx, struct multipart *m) {
  bool disposed = false;
  m->part = (struct multipart_part){ 0 };
  if (memchr(m->head, 0, m->head_n)) return wrong(cx, "a header of a part holds a zero byte");
  m->head[m->head_n] = 0;
  for (char *line = m->head; *line;) {
    char *end = strstr(line, "\r\n");
    if (!end) return wrong(cx, "a header of a part does not end with CR LF");
    *end = 0;
    if (strpbrk(line, "\r\n")) return wrong(cx, "a header of a part does not end with CR LF");
    if (read_header(cx, m, line, &disposed)) return cx->code;
    line = end + 2;
  }
  if (!disposed) return wrong(cx, "a part has no Content-Disposition");
  if (++m->parts > MULTIPART_PARTS) return wrong(cx, "it has too many parts");
  m->head_n = 0;
  m->in_part = true;
  m->state = DATA;
  return m->ops->begin(cx, m->arg, &m->part);
}

static int take_head(struct ctx *cx, struct multipart *m, char c) {
  if (m->head_n + 1 >= sizeof m->head) return wrong(cx, "the headers of a part are too long");
  m->head[m->head_n++] = c;
  size_t n = m->head_n;
  bool empty = n == 2 && memcmp(m->head, "\r\n", 2) == 0;
  if (!empty && (n < 4 || memcmp(m->head + n - 4, "\r\n\r\n", 4) != 0)) return OK;
  m->head_n -= 2; /* the empty line */
  return read_head(cx, m);
}

/* ---- data ---- */

static int give(struct ctx *cx, struct multipart *m, const char *p, size_t n) {
  if (n == 0) return OK;
  if (!m->in_part) return wrong(cx, "it does not begin with its boundary");
  return m->ops->data(cx, m->arg, p, n);
}

/* What was taken for a delimiter and is none. */
static int give_matched(struct ctx *cx, struct multipart *m) {
  size_t n = m->matched;
  m->matched = 0;
  return give(cx, m, m->delimiter, n);
}

static int delimiter_found(struct ctx *cx, struct multipart *m) {
  bool ends = m->in_part;
  m->matched = 0;
  m->state = AFTER;
  m->in_part = false;
  return ends ? m->ops->end(cx, m->arg) : OK;
}

/* Data up to the end of a delimiter, or all; *used of it. */
static int take_data(struct ctx *cx, struct multipart *m, const char *p, size_t n, size_t *used) {
  size_t at = 0, from = 0; /* [from, at) is data that was not given yet */
  while (at < n) {
    if (m->matched == 0) {
      const char *cr = memchr(p + at, '\r', n - at);
      at = cr ? (size_t)(cr - p) : n;
      if (!cr) break;
      if (give(cx, m, p + from, at - from)) return cx->code;
      m->matched = 1;
      from = ++at;
    } else if (p[at] == m->delimiter[m->matched]) {
      from = ++at;
      if (++m->matched == m->delimiter_n) {
        *used = at;
        return delimiter_found(cx, m);
      }
    } else {
      if (give_matched(cx, m)) return cx->code;
      from = at; /* this byte again: it may be a CR */
    }
  }
  *used = n;
  return give(cx, m, p + from, at - from);
}

/* ---- what stands behind a delimiter ---- */

static int take_mark(struct ctx *cx, struct multipart *m, char c) {
  switch (m->state) {
  case AFTER:
    if (c != '\r' && c != '-') return wrong(cx, "a boundary is not followed by a new line");
    m->state = c == '-' ? AFTER_DASH : AFTER_CR;
    return OK;
  case AFTER_CR:
    if (c != '\n') return wrong(cx, "a boundary is not followed by a new line");
    m->state = HEAD;
    return OK;
  case AFTER_DASH:
    if (c != '-') return wrong(cx, "a boundary is not followed by a new line");
    m->state = DONE;
    return OK;
  case DONE:
    if (c != '\r') return wrong(cx, "something follows its last boundary");
    m->state = DONE_CR;
    return OK;
  case DONE_CR:
    if (c != '\n') return wrong(cx, "something follows its last boundary");
    m->state = OVER;
    return OK;
  default: return wrong(cx, "something follows its last boundary");
  }
}

int multipart_push(struct ctx *cx, struct multipart *m, const char *p, size_t n) {
  for (size_t at = 0; at < n && !cx->code;) {
    size_t used = 1;
    if (m->state == DATA)
      take_data(cx, m, p + at, n - at, &used);
    else if (m->state == HEAD)
      take_head(cx, m, p[at]);
    else
      take_mark(cx, m, p[at]);
    at += used;
  }
  return cx->code;
}

int multipart_end(struct ctx *cx, struct multipart *m) {
  if (cx->code) return cx->code;
  if (m->state == DONE || m->state == OVER) return OK;
  return wrong(cx, "it ends before its last boundary");
}
