#include "replicate/merkle.h"

#include <stdlib.h>

/* What a backslash and `c` stand for; -1 when they mean nothing here. */
static int escaped(char c) {
  switch (c) {
  case 'b': return '\b';
  case 'f': return '\f';
  case 'n': return '\n';
  case 'r': return '\r';
  case 't': return '\t';
  case 'v': return '\v';
  case '\\': return '\\';
  default: return -1;
  }
}

static bool unescape(struct str cell, struct buf *plain) {
  buf_reset(plain);
  for (size_t i = 0; i < cell.n; i += 2) {
    const char *next = memchr(cell.p + i, '\\', cell.n - i);
    size_t run = next ? (size_t)(next - cell.p) - i : cell.n - i;
    buf_add(plain, cell.p + i, run);
    if (!next) break;
    i += run;
    int c = i + 1 < cell.n ? escaped(cell.p[i + 1]) : -1;
    if (c < 0) return false;
    buf_char(plain, (char)c);
  }
  return !plain->full;
}

bool copy_value(struct str line, size_t *at, struct buf *plain, struct str *value) {
  if (*at > line.n) return false;
  const char *from = line.p + *at, *end = memchr(from, '\t', line.n - *at);
  *value = (struct str){ from, end ? (size_t)(end - from) : line.n - *at };
  *at += value->n + 1;
  if (!memchr(value->p, '\\', value->n)) return true;
  if (str_eq(*value, STR("\\N"))) return *value = (struct str){ NULL, 0 }, true;
  if (!unescape(*value, plain)) return false;
  *value = buf_view(plain);
  return true;
}

void merkle_value(struct buf *out, struct str value) {
  if (!value.p) {
    buf_char(out, '-');
    return;
  }
  buf_int(out, (int64_t)value.n);
  buf_char(out, ':');
  buf_str(out, value);
}

bool copy_row_text(struct buf *text, struct buf *plain, struct str line) {
  struct str value;
  for (size_t at = 0; at <= line.n;) {
    if (!copy_value(line, &at, plain, &value)) return false;
    merkle_value(text, value);
  }
  return !text->full;
}

/* Where a name stands in "a,b,c": 0, 1, 2, or -1. */
static int place_in(const char *columns, struct str name) {
  int place = 0;
  for (const char *p = columns;; p++, place++) {
    size_t n = strcspn(p, ",");
    if (str_eq(str_trim((struct str){ p, n }), name)) return place;
    p += n;
    if (!*p) return -1;
  }
}

static bool value_at(struct str line, int place, struct buf *plain, struct str *value) {
  size_t at = 0;
  for (int i = 0; i <= place; i++)
    if (!copy_value(line, &at, plain, value)) return false;
  return true;
}

int copy_keys(struct ctx *cx, struct jw *w, const char *name, const char *columns, const char *keys,
              struct str line) {
  struct buf plain;
  buf_init(&plain, SIZE_MAX);
  jw_array(w, name);
  for (const char *p = keys; *p; p += *p == ',') {
    struct str key = { p, strcspn(p, ",") };
    int place = place_in(columns, key);
    struct str value;
    if (place < 0 || !value_at(line, place, &plain, &value) || !value.p)
      fail(cx, E_INVALID, "keys", "a row has no %.*s", (int)key.n, key.p);
    else
      jw_str(w, NULL, value);
    p += key.n;
  }
  jw_close(w, ']');
  buf_clear(&plain);
  return cx->code;
}

static void add_leaf(struct buf *leaves, const char *table, struct str rows) {
  unsigned char out[SHA256_SIZE];
  struct sha256 *h = sha256_new();
  sha256_add(h, "", 1);
  sha256_add(h, table, strlen(table));
  sha256_add(h, "\x1f", 1);
  sha256_add(h, rows.p, rows.n);
  sha256_end(h, out);
  sha256_free(h);
  buf_add(leaves, out, sizeof out);
}

static bool add_leaves(struct buf *leaves, const char *table, struct str copy, struct buf *text,
                       struct buf *plain, int64_t *rows) {
  *rows = 0;
  for (size_t at = 0; at < copy.n;) {
    const char *end = memchr(copy.p + at, '\n', copy.n - at);
    if (!end) return false;
    struct str line = { copy.p + at, (size_t)(end - copy.p) - at };
    if (!copy_row_text(text, plain, line)) return false;
    at += line.n + 1;
    if (++*rows % MERKLE_BLOCK && at < copy.n) continue;
    add_leaf(leaves, table, buf_view(text));
    buf_reset(text);
  }
  return !leaves->full;
}

int merkle_leaves(struct ctx *cx, struct buf *leaves, const char *table, struct str copy, int64_t *rows) {
  struct buf text, plain;
  buf_init(&text, SIZE_MAX);
  buf_init(&plain, SIZE_MAX);
  bool well = add_leaves(leaves, table, copy, &text, &plain, rows);
  buf_clear(&text);
  buf_clear(&plain);
  return well ? OK
              : fail(cx, E_INVALID, "copy", "row %lld of %s is no COPY text", (long long)*rows + 1, table);
}

static void node(const unsigned char *left, const unsigned char *right, unsigned char *out) {
  struct sha256 *h = sha256_new();
  sha256_add(h, "\x01", 1);
  sha256_add(h, left, SHA256_SIZE);
  sha256_add(h, right, SHA256_SIZE);
  sha256_end(h, out);
  sha256_free(h);
}

/* Level by level: who has no neighbour goes up as he is, which gives RFC 6962's tree. */
void merkle_root(struct str leaves, unsigned char out[static SHA256_SIZE]) {
  size_t n = leaves.n / SHA256_SIZE;
  if (n == 0) {
    sha256_of("", 0, out);
    return;
  }
  unsigned char *level = xmalloc(n * SHA256_SIZE);
  memcpy(level, leaves.p, n * SHA256_SIZE);
  for (; n > 1; n = (n + 1) / 2) {
    for (size_t i = 0; i + 1 < n; i += 2)
      node(level + i * SHA256_SIZE, level + (i + 1) * SHA256_SIZE, level + i / 2 * SHA256_SIZE);
    if (n % 2) memmove(level + n / 2 * SHA256_SIZE, level + (n - 1) * SHA256_SIZE, SHA256_SIZE);
  }
  memcpy(out, level, SHA256_SIZE);
  free(level);
}
