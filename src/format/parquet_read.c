/*
** parquet_read.c - the rows of a row group.
**
** A column after the other is read, its pages are checked against their CRC-32 and
** opened, and its values are put in their rows; then the rows are handed out. All of it
** lives in a unit of work of its own and is gone with the group.
*/
#include "base/hash.h"
#include "format/parquet_reader.h"

struct page {
  int64_t type, plain, bytes, values, encoding;
  uint32_t crc;
  bool has_crc;
};

/* A column of the group. */
struct column_values {
  const struct parquet_column *spec;
  const struct chunk_entry *chunk;
  size_t rows;
  struct parquet_value *value;      /* a row each */
  struct parquet_value *dictionary; /* NULL: there is none */
  size_t distinct, filled, plain;
};

/* ---- page headers ---- */

static void page_detail(struct thrift_in *in, struct page *p) {
  int id;
  enum thrift_type type;
  thrift_enter(in);
  while (!in->bad && thrift_field(in, &id, &type)) {
    if (id == 1)
      p->values = thrift_int(in, type);
    else if (id == 2)
      p->encoding = thrift_int(in, type);
    else
      thrift_skip(in, type);
  }
}

static void page_head(struct thrift_in *in, struct page *p) {
  int id;
  enum thrift_type type;
  *p = (struct page){ .type = -1 };
  in->depth = 0;
  in->last[0] = 0;
  while (!in->bad && thrift_field(in, &id, &type)) {
    switch (id) {
    case 1: p->type = thrift_int(in, type); break;
    case 2: p->plain = thrift_int(in, type); break;
    case 3: p->bytes = thrift_int(in, type); break;
    case 4:
      p->crc = (uint32_t)thrift_int(in, type);
      p->has_crc = true;
      break;
    case 5:
    case 7:
      if (type == THRIFT_STRUCT)
        page_detail(in, p);
      else
        in->bad = true;
      break;
    default: thrift_skip(in, type);
    }
  }
}

/* ---- values ---- */

static bool plain_texts(struct str bytes, struct parquet_value *out, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (bytes.n < 4 || load32(bytes.p) > bytes.n - 4) return false;
    out[i].s = (struct str){ bytes.p + 4, load32(bytes.p) };
    bytes.p += 4 + out[i].s.n;
    bytes.n -= 4 + out[i].s.n;
  }
  return bytes.n == 0;
}

static bool plain_numbers(struct str bytes, struct parquet_value *out, size_t n, enum parquet_kind kind) {
  size_t size = kind == PARQUET_DAY ? 4 : 8;
  if (kind == PARQUET_BOOLEAN) {
    if (bytes.n != (n + 7) / 8) return false;
    for (size_t i = 0; i < n; i++) out[i].n = bytes.p[i / 8] >> i % 8 & 1;
    return true;
  }
  if (bytes.n != n * size) return false;
  for (size_t i = 0; i < n; i++)
    out[i].n = size == 4 ? (int32_t)load32(bytes.p + i * 4) : (int64_t)load64(bytes.p + i * 8);
  return true;
}

static bool plain_values(struct str bytes, struct parquet_value *out, size_t n, enum parquet_kind kind) {
  return parquet_is_text(kind) ? plain_texts(bytes, out, n) : plain_numbers(bytes, out, n, kind);
}

static bool numbered_values(struct ctx *cx, const struct column_values *c, struct str bytes,
                            struct parquet_value *out, size_t n) {
  uint32_t *index = ctx_alloc(cx, (n + 1) * sizeof *index);
  if (!c->dictionary || bytes.n < 1) return false;
  if (!rle_decode((struct str){ bytes.p + 1, bytes.n - 1 }, bytes.p[0], index, n)) return false;
  for (size_t i = 0; i < n; i++) {
    if (index[i] >= c->distinct) return false;
    out[i] = c->dictionary[index[i]];
  }
  return true;
}

static bool delta_values(struct ctx *cx, const struct column_values *c, struct str bytes,
                         struct parquet_value *out, size_t n) {
  int64_t *numbers = ctx_alloc(cx, (n + 1) * sizeof *numbers);
  if (parquet_is_text(c->spec->kind) || c->spec->kind == PARQUET_BOOLEAN) return false;
  if (!delta_decode(bytes, numbers, n, c->spec->kind == PARQUET_DAY)) return false;
  for (size_t i = 0; i < n; i++) out[i].n = numbers[i];
  return true;
}

/* Which rows of a page are there: sets `null` of the others. The levels are taken off the bytes. */
static bool levels(struct ctx *cx, struct str *bytes, struct parquet_value *row, size_t n, size_t *there) {
  uint32_t *level = ctx_alloc(cx, (n + 1) * sizeof *level);
  if (bytes->n < 4 || load32(bytes->p) > bytes->n - 4) return false;
  size_t length = load32(bytes->p);
  if (!rle_decode((struct str){ bytes->p + 4, length }, 1, level, n)) return false;
  bytes->p += 4 + length;
  bytes->n -= 4 + length;
  *there = 0;
  for (size_t i = 0; i < n; i++) {
    row[i].null = level[i] == 0;
    *there += level[i];
  }
  return true;
}

static bool data_page(struct ctx *cx, struct column_values *c, const struct page *p, struct str bytes) {
  if (p->values < 1 || (size_t)p->values > c->rows - c->filled) return false;
  size_t n = (size_t)p->values, there = n, from;
  struct parquet_value *row = c->value + c->filled, *found;
  if (!c->spec->required && !levels(cx, &bytes, row, n, &there)) return false;
  found = there == n ? row : ctx_alloc(cx, (there + 1) * sizeof *found);
  bool good = p->encoding == ENCODING_PLAIN   ? plain_values(bytes, found, there, c->spec->kind)
              : p->encoding == ENCODING_DELTA ? delta_values(cx, c, bytes, found, there)
              : p->encoding == ENCODING_DICTIONARY || p->encoding == ENCODING_PLAIN_DICTIONARY
                  ? numbered_values(cx, c, bytes, found, there)
                  : false;
  if (!good) return false;
  from = 0;
  if (found != row)
    for (size_t i = 0; i < n; i++)
      if (!row[i].null) row[i] = found[from++];
  c->filled += n;
  return true;
}

static bool dictionary_page(struct ctx *cx, struct column_values *c, const struct page *p, struct str bytes) {
  if (c->dictionary || c->filled || p->values < 1 || p->values > PARQUET_GROUP_ROWS_MAX ||
      p->encoding != ENCODING_PLAIN || c->spec->kind == PARQUET_BOOLEAN)
    return false;
  c->distinct = (size_t)p->values;
  c->dictionary = ctx_alloc(cx, c->distinct * sizeof *c->dictionary);
  return plain_values(bytes, c->dictionary, c->distinct, c->spec->kind);
}

/* ---- chunks ---- */

/* Deflate makes at most 1,032 bytes of one: what promises more lies. */
static bool opened(struct ctx *cx, const struct column_values *c, const struct page *p, struct str bytes,
                   struct str *out) {
  *out = bytes;
  if (c->chunk->codec == CODEC_NONE) return p->plain == p->bytes;
  if (p->plain > p->bytes * 1032 + 64) return false;
  char *plain = ctx_alloc(cx, (size_t)p->plain + 1);
  *out = (struct str){ plain, (size_t)p->plain };
  return gzip_decode(bytes, plain, (size_t)p->plain);
}

static const char *next_page(struct ctx *cx, struct column_values *c, struct thrift_in *in) {
  struct page p;
  struct str body;
  page_head(in, &p);
  if (in->bad || p.bytes < 0 || p.plain < 0 || p.bytes > in->end - in->p ||
      p.plain > (int64_t)PARQUET_PAGE_MAX)
    return "the head of a page cannot be read";
  struct str bytes = { (const char *)in->p, (size_t)p.bytes };
  in->p += p.bytes;
  c->plain += (size_t)p.plain;
  if (c->plain > PARQUET_CHUNK_MAX) return "a column is too large";
  if (!p.has_crc || crc32_of(0, bytes.p, bytes.n) != p.crc) return "the CRC-32 of a page is wrong";
  if (!opened(cx, c, &p, bytes, &body)) return "a page cannot be decompressed";
  if (p.type == PAGE_DICTIONARY ? dictionary_page(cx, c, &p, body)
                                : p.type == PAGE_DATA && data_page(cx, c, &p, body))
    return NULL;
  return "the values of a page cannot be read";
}

static int chunk_values(struct ctx *cx, const struct parquet_reader *r, struct column_values *c) {
  struct thrift_in in;
  const char *wrong = NULL;
  int64_t begin = c->chunk->dictionary_at ? c->chunk->dictionary_at : c->chunk->data_at;
  size_t n = (size_t)c->chunk->bytes;
  char *bytes = ctx_alloc(cx, n + 1);
  if (r->source.read(cx, r->source.arg, begin, bytes, n)) return cx->code;
  thrift_open(&in, (struct str){ bytes, n });
  while (!wrong && in.p < in.end) wrong = next_page(cx, c, &in);
  if (!wrong && c->filled != c->rows) wrong = "rows are missing";
  return wrong ? parquet_bad(cx, r, ctx_printf(cx, "%s (column %s)", wrong, c->spec->name)) : OK;
}

static int group_rows(struct ctx *cx, struct ctx *aside, struct parquet_reader *r,
                      const struct group_entry *g, parquet_row_fn *fn, void *arg) {
  struct parquet_value row[PARQUET_COLUMNS];
  struct column_values *columns = ctx_alloc(aside, (size_t)r->column_count * sizeof *columns);
  size_t plain = 0, n = (size_t)g->rows;
  for (int i = 0; i < r->column_count; i++) {
    struct column_values *c = &columns[i];
    *c = (struct column_values){ .spec = &r->columns[i], .chunk = &g->chunk[i], .rows = n };
    plain += (size_t)g->chunk[i].plain;
    if (plain > PARQUET_GROUP_MAX) return parquet_bad(cx, r, "a row group is too large");
    c->value = ctx_alloc(aside, n * sizeof *c->value);
    if (chunk_values(aside, r, c)) return fail_from(cx, aside);
  }
  for (size_t k = 0; k < n && !cx->code; k++) {
    for (int i = 0; i < r->column_count; i++) row[i] = columns[i].value[k];
    fn(cx, arg, row);
  }
  return cx->code;
}

int parquet_read(struct ctx *cx, struct parquet_reader *r, int group, parquet_row_fn *fn, void *arg) {
  struct ctx aside;
  ctx_begin(&aside, cx->actor);
  group_rows(cx, &aside, r, &r->groups[group], fn, arg);
  ctx_end(&aside);
  return cx->code;
}
