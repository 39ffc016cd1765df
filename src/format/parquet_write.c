/*
** parquet_write.c - rows to a Parquet file.
**
** Values wait in memory, a column each, until a row group is full. Then every column
** becomes a chunk: the dictionary is tried first, whole numbers that do not repeat are
** written as differences, texts that do not repeat one after the other. The group's
** entry of the footer is made at once, so that only these entries are kept.
*/
#include <stdlib.h>
#include <zlib.h>

#include "base/hash.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "format/parquet_internal.h"

static const size_t PAGE_BYTES = MIB(1); /* of texts: a page ends behind the one that passes it */
enum { GZIP_LEVEL = 4 };                 /* half the time of 6 for a twentieth more bytes */

/* A column of the row group that is being filled. */
struct chunk {
  struct parquet_column spec;
  unsigned char *present; /* a row each: 1, or 0 for null */
  int64_t *ints;          /* those that are there */
  struct buf texts;       /* those that are there: length, bytes */
  size_t count;           /* of those that are there */
};

struct parquet_writer {
  struct parquet_setup setup;
  struct chunk *chunk;
  size_t rows, group_rows; /* of the group, and at most */
  size_t text_bytes;
  int64_t all_rows, offset;
  struct buf groups, notes; /* what the footer will say */
  size_t group_count, note_count;
  struct buf values, page, packed; /* of the page that is being made */
  uint32_t *index, *at;
  int64_t *distinct;
  z_stream gzip;
};

/* ---- the making of one ---- */

static void writer_clear(void *arg) {
  struct parquet_writer *w = arg;
  for (int i = 0; i < w->setup.column_count; i++) {
    free(w->chunk[i].present);
    free(w->chunk[i].ints);
    buf_clear(&w->chunk[i].texts);
  }
  buf_clear(&w->groups);
  buf_clear(&w->notes);
  buf_clear(&w->values);
  buf_clear(&w->page);
  buf_clear(&w->packed);
  free(w->index);
  free(w->at);
  free(w->distinct);
  deflateEnd(&w->gzip);
}

static int put(struct ctx *cx, struct parquet_writer *w, const void *p, size_t n) {
  w->offset += (int64_t)n;
  return w->setup.write(cx, w->setup.arg, p, n);
}

int parquet_new(struct ctx *cx, const struct parquet_setup *setup, struct parquet_writer **out) {
  enum { GZIP_WINDOW = 15 + 16, MEMORY = 8 };
  int n = setup->column_count;
  if (n < 1 || n > PARQUET_COLUMNS)
    return fail(cx, E_LIMIT, NULL, "a Parquet file has 1 to %d columns, not %d", PARQUET_COLUMNS, n);
  struct parquet_writer *w = *out = ctx_alloc(cx, sizeof *w);
  w->setup = *setup;
  bool given = setup->group_rows > 0 && setup->group_rows < PARQUET_GROUP_ROWS;
  w->group_rows = given ? (size_t)setup->group_rows : PARQUET_GROUP_ROWS;
  w->chunk = ctx_alloc(cx, (size_t)n * sizeof *w->chunk);
  for (int i = 0; i < n; i++) {
    struct chunk *c = &w->chunk[i];
    c->spec = setup->columns[i];
    if (!c->spec.required) c->present = xmalloc(w->group_rows);
    if (!parquet_is_text(c->spec.kind)) c->ints = xmalloc(w->group_rows * sizeof *c->ints);
    buf_init(&c->texts, PARQUET_CHUNK_MAX);
  }
  w->index = xmalloc(w->group_rows * sizeof *w->index);
  w->at = xmalloc(DICTIONARY_MAX * sizeof *w->at);
  w->distinct = xmalloc(DICTIONARY_MAX * sizeof *w->distinct);
  buf_init(&w->groups, PARQUET_FOOTER_MAX);
  buf_init(&w->notes, PARQUET_FOOTER_MAX);
  buf_init(&w->values, PARQUET_CHUNK_MAX);
  buf_init(&w->page, PARQUET_CHUNK_MAX);
  buf_init(&w->packed, PARQUET_CHUNK_MAX);
  ctx_defer(cx, writer_clear, w);
  if (deflateInit2(&w->gzip, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
    abort();
  return put(cx, w, "PAR1", 4);
}

int64_t parquet_rows(const struct parquet_writer *w) { return w->all_rows; }
int64_t parquet_bytes(const struct parquet_writer *w) { return w->offset; }

void parquet_note(struct ctx *cx, struct parquet_writer *w, const char *key, const char *value) {
  struct thrift_out o;
  (void)cx;
  thrift_begin(&o, &w->notes);
  thrift_str(&o, 1, str_of(key));
  thrift_str(&o, 2, str_of(value));
  thrift_end(&o);
  w->note_count++;
}

/* ---- pages ---- */

static int put_page(struct ctx *cx, struct parquet_writer *w, int type, size_t values, int encoding) {
  struct thrift_out o;
  struct str body = buf_view(&w->page);
  size_t plain = body.n;
  if (w->page.full || w->values.full || plain > PARQUET_PAGE_MAX)
    return fail(cx, E_LIMIT, NULL, "a page of a Parquet file would have more than %zu MiB",
                PARQUET_PAGE_MAX >> 20);
  if (!w->setup.plain) {
    size_t room = plain + plain / 1000 + KIB(1); /* deflateBound is too small in zlib 1.2.13 */
    if (w->packed.room < room + 1) {
      w->packed.p = xrealloc(w->packed.p, room + 1);
      w->packed.room = room + 1;
    }
    deflateReset(&w->gzip);
    w->gzip.next_in = (unsigned char *)(uintptr_t)body.p;
    w->gzip.avail_in = (unsigned)plain;
    w->gzip.next_out = (unsigned char *)w->packed.p;
    w->gzip.avail_out = (unsigned)room;
    if (deflate(&w->gzip, Z_FINISH) != Z_STREAM_END) abort();
    body = (struct str){ w->packed.p, room - w->gzip.avail_out };
  }
  struct buf head;
  buf_init(&head, KIB(1));
  thrift_begin(&o, &head);
  thrift_i32(&o, 1, type);
  thrift_i32(&o, 2, (int64_t)plain);
  thrift_i32(&o, 3, (int64_t)body.n);
  thrift_i32(&o, 4, (int32_t)crc32_of(0, body.p, body.n));
  thrift_struct(&o, type == PAGE_DATA ? 5 : 7);
  thrift_i32(&o, 1, (int64_t)values);
  thrift_i32(&o, 2, encoding);
  if (type == PAGE_DATA) thrift_i32(&o, 3, ENCODING_RLE);
  if (type == PAGE_DATA) thrift_i32(&o, 4, ENCODING_RLE);
  thrift_end(&o);
  thrift_end(&o);
  int rc = put(cx, w, head.p, head.n) || put(cx, w, body.p, body.n);
  buf_clear(&head);
  return rc ? (int)cx->code : OK;
}

/* Which of the rows from..to are there, before the values of a page. */
static void put_levels(struct parquet_writer *w, const struct chunk *c, size_t from, size_t to,
                       size_t there) {
  char length[4];
  uint32_t *levels;
  if (c->spec.required) return;
  size_t at = w->page.n;
  buf_add(&w->page, "\0\0\0", 4);
  if (there == to - from || there == 0) {
    thrift_varint(&w->page, (uint64_t)(to - from) << 1);
    buf_char(&w->page, there ? 1 : 0);
  } else {
    levels = xmalloc((to - from) * sizeof *levels);
    for (size_t i = from; i < to; i++) levels[i - from] = c->present[i];
    rle_encode(&w->page, levels, to - from, 1);
    free(levels);
  }
  store32(length, (uint32_t)(w->page.n - at - 4));
  if (!w->page.full) memcpy(w->page.p + at, length, 4);
}

static void put_booleans(struct buf *to, const int64_t *v, size_t n) {
  for (size_t i = 0; i < n; i += 8) {
    int byte = 0;
    for (size_t k = 0; k < 8 && i + k < n; k++) byte |= (v[i + k] != 0) << k;
    buf_char(to, (char)byte);
  }
}

static void put_ints(struct buf *to, const int64_t *v, size_t n, enum parquet_kind kind) {
  char bytes[8];
  for (size_t i = 0; i < n; i++) {
    store64(bytes, (uint64_t)v[i]);
    buf_add(to, bytes, kind == PARQUET_DAY ? 4 : 8);
  }
}

/* ---- chunks ---- */

struct chunk_made {
  int encoding; /* of the data pages */
  bool dictionary;
  int64_t dictionary_at, data_at, bytes, plain;
  struct str min, max; /* as the statistics have them; p NULL when there is none */
  char number[2][8];
};

/* The values first..last of a chunk, encoded, into w->values; bytes of texts begin at *text. */
static void put_values(struct parquet_writer *w, struct chunk *c, int encoding, size_t first, size_t count,
                       size_t distinct, size_t text, size_t text_bytes) {
  buf_reset(&w->values);
  if (encoding == ENCODING_DICTIONARY) {
    int width = width_of(distinct - 1);
    buf_char(&w->values, (char)width);
    rle_encode(&w->values, w->index + first, count, width);
  } else if (parquet_is_text(c->spec.kind)) {
    buf_add(&w->values, (c->texts.p ? c->texts.p : "") + text, text_bytes);
  } else if (c->spec.kind == PARQUET_BOOLEAN) {
    put_booleans(&w->values, c->ints + first, count);
  } else if (encoding == ENCODING_DELTA) {
    delta_encode(&w->values, c->ints + first, count, c->spec.kind == PARQUET_DAY);
  } else {
    put_ints(&w->values, c->ints + first, count, c->spec.kind);
  }
}

/* Data pages: of texts that stand one after the other as many rows as fill a page, else all. */
static int put_data(struct ctx *cx, struct parquet_writer *w, struct chunk *c, struct chunk_made *made,
                    size_t distinct) {
  bool split = made->encoding == ENCODING_PLAIN && parquet_is_text(c->spec.kind);
  size_t row = 0, first = 0, text = 0;
  while (row < w->rows && !cx->code) {
    size_t from = row, count = 0, bytes = 0;
    for (; row < w->rows && (!split || bytes < PAGE_BYTES); row++) {
      if (!c->spec.required && !c->present[row]) continue;
      if (split) bytes += 4 + load32(c->texts.p + text + bytes);
      count++;
    }
    buf_reset(&w->page);
    put_levels(w, c, from, row, count);
    put_values(w, c, made->encoding, first, count, distinct, text, bytes);
    buf_str(&w->page, buf_view(&w->values));
    made->plain += (int64_t)w->page.n;
    put_page(cx, w, PAGE_DATA, row - from, made->encoding);
    first += count;
    text += bytes;
  }
  return cx->code;
}

/* Tries to number the values; the dictionary's page is written when that pays. */
static int put_dictionary(struct ctx *cx, struct parquet_writer *w, struct chunk *c, struct chunk_made *made,
                          size_t *distinct) {
  bool text = parquet_is_text(c->spec.kind);
  *distinct = 0;
  if (c->count == 0 || c->spec.kind == PARQUET_BOOLEAN || w->setup.no_dictionary) return OK;
  *distinct = text ? dictionary_texts(c->texts.p, c->count, w->index, w->at)
                   : dictionary_ints(c->ints, c->count, w->index, w->distinct);
  if (!*distinct) return OK;
  buf_reset(&w->page);
  if (text)
    for (size_t i = 0; i < *distinct; i++)
      buf_add(&w->page, c->texts.p + w->at[i], 4 + load32(c->texts.p + w->at[i]));
  else
    put_ints(&w->page, w->distinct, *distinct, c->spec.kind);
  made->dictionary = true;
  made->dictionary_at = w->offset;
  made->plain += (int64_t)w->page.n;
  return put_page(cx, w, PAGE_DICTIONARY, *distinct, ENCODING_PLAIN);
}

static void range_of_ints(const struct chunk *c, const int64_t *v, size_t n, struct chunk_made *made) {
  int64_t min = v[0], max = v[0];
  size_t size = c->spec.kind == PARQUET_BOOLEAN ? 1 : c->spec.kind == PARQUET_DAY ? 4 : 8;
  for (size_t i = 1; i < n; i++) {
    if (v[i] < min) min = v[i];
    if (v[i] > max) max = v[i];
  }
  store64(made->number[0], (uint64_t)min);
  store64(made->number[1], (uint64_t)max);
  made->min = (struct str){ made->number[0], size };
  made->max = (struct str){ made->number[1], size };
}

static int compare_texts(struct str a, struct str b) {
  int c = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
  return c ? c : (a.n > b.n) - (a.n < b.n);
}

/* at: where the values begin, or NULL for all n of them, one after the other. */
static void range_of_texts(const struct chunk *c, const uint32_t *at, size_t n, struct chunk_made *made) {
  const char *p = c->texts.p;
  for (size_t i = 0; i < n; i++) {
    if (at) p = c->texts.p + at[i];
    struct str s = { p + 4, load32(p) };
    if (i == 0 || compare_texts(s, made->min) < 0) made->min = s;
    if (i == 0 || compare_texts(s, made->max) > 0) made->max = s;
    p += 4 + s.n;
  }
  if (made->min.n > STATISTICS_TEXT || made->max.n > STATISTICS_TEXT) made->min.p = made->max.p = NULL;
}

static void put_statistics(struct thrift_out *o, const struct parquet_writer *w, const struct chunk *c,
                           const struct chunk_made *made) {
  thrift_struct(o, 12);
  thrift_i64(o, 3, (int64_t)(w->rows - c->count));
  if (made->min.p) {
    thrift_str(o, 5, made->max);
    thrift_str(o, 6, made->min);
    thrift_bool(o, 7, true);
    thrift_bool(o, 8, true);
  }
  thrift_end(o);
}

static int type_of(enum parquet_kind kind) {
  if (parquet_is_text(kind)) return TYPE_BYTE_ARRAY;
  return kind == PARQUET_BOOLEAN ? TYPE_BOOLEAN : kind == PARQUET_DAY ? TYPE_INT32 : TYPE_INT64;
}

/* The chunk's entry of the footer. */
static void put_chunk_entry(struct thrift_out *o, const struct parquet_writer *w, const struct chunk *c,
                            const struct chunk_made *made) {
  thrift_struct(o, 0);
  thrift_i64(o, 2, 0); /* file_offset: no longer used */
  thrift_struct(o, 3);
  thrift_i32(o, 1, type_of(c->spec.kind));
  thrift_list(o, 2, THRIFT_I32, made->dictionary ? 3 : 2);
  if (made->dictionary) thrift_varint(o->to, ENCODING_PLAIN << 1);
  thrift_varint(o->to, ENCODING_RLE << 1);
  thrift_varint(o->to, (uint64_t)made->encoding << 1);
  thrift_list(o, 3, THRIFT_BINARY, 1);
  thrift_varint(o->to, strlen(c->spec.name));
  buf_puts(o->to, c->spec.name);
  thrift_i32(o, 4, w->setup.plain ? CODEC_NONE : CODEC_GZIP);
  thrift_i64(o, 5, (int64_t)w->rows);
  thrift_i64(o, 6, made->plain);
  thrift_i64(o, 7, made->bytes);
  thrift_i64(o, 9, made->data_at);
  if (made->dictionary) thrift_i64(o, 11, made->dictionary_at);
  put_statistics(o, w, c, made);
  thrift_end(o);
  thrift_end(o);
}

static int put_chunk(struct ctx *cx, struct parquet_writer *w, struct chunk *c, struct chunk_made *made) {
  size_t distinct;
  int64_t began = w->offset;
  *made = (struct chunk_made){ 0 };
  if (put_dictionary(cx, w, c, made, &distinct)) return cx->code;
  bool text = parquet_is_text(c->spec.kind);
  bool plain = text || c->spec.kind == PARQUET_BOOLEAN || c->count == 0 || w->setup.no_dictionary;
  made->encoding = made->dictionary ? ENCODING_DICTIONARY : plain ? ENCODING_PLAIN : ENCODING_DELTA;
  made->data_at = w->offset;
  if (put_data(cx, w, c, made, distinct)) return cx->code;
  made->bytes = w->offset - began;
  if (c->count == 0) return OK;
  if (text)
    range_of_texts(c, distinct ? w->at : NULL, distinct ? distinct : c->count, made);
  else
    range_of_ints(c, distinct ? w->distinct : c->ints, distinct ? distinct : c->count, made);
  return OK;
}

/* ---- row groups ---- */

static int flush_group(struct ctx *cx, struct parquet_writer *w) {
  struct thrift_out o;
  struct chunk_made made;
  int64_t began = w->offset, plain = 0;
  if (w->rows == 0) return OK;
  thrift_begin(&o, &w->groups);
  thrift_list(&o, 1, THRIFT_STRUCT, (size_t)w->setup.column_count);
  for (int i = 0; i < w->setup.column_count; i++) {
    if (put_chunk(cx, w, &w->chunk[i], &made)) return cx->code;
    put_chunk_entry(&o, w, &w->chunk[i], &made);
    plain += made.plain;
    w->chunk[i].count = 0;
    buf_reset(&w->chunk[i].texts);
  }
  thrift_i64(&o, 2, plain);
  thrift_i64(&o, 3, (int64_t)w->rows);
  thrift_i64(&o, 5, began);
  thrift_i64(&o, 6, w->offset - began);
  if (w->group_count < 32768) thrift_i16(&o, 7, (int64_t)w->group_count);
  thrift_end(&o);
  w->group_count++;
  w->rows = 0;
  w->text_bytes = 0;
  return OK;
}

static int refuse_number(struct ctx *cx, const struct parquet_column *c, int64_t n) {
  return fail(cx, E_INVALID, c->name, "%lld is too large for the column %s of a Parquet file", (long long)n,
              c->name);
}

static int add_value(struct ctx *cx, struct parquet_writer *w, struct chunk *c,
                     const struct parquet_value *v) {
  static const int64_t most = INT64_C(999999999999999999);
  char length[4];
  if (c->present) c->present[w->rows] = !v->null;
  if (v->null && c->spec.required)
    return fail(cx, E_INVALID, c->spec.name, "the column %s of a Parquet file holds no nulls", c->spec.name);
  if (v->null) return OK;
  if (!parquet_is_text(c->spec.kind)) {
    if (c->spec.kind == PARQUET_DECIMAL && (v->n > most || v->n < -most))
      return refuse_number(cx, &c->spec, v->n);
    if (c->spec.kind == PARQUET_DAY && v->n != (int32_t)v->n) return refuse_number(cx, &c->spec, v->n);
    c->ints[c->count++] = v->n;
    return OK;
  }
  if (v->s.n > LIMIT_RECORD_BYTES)
    return fail(cx, E_LIMIT, c->spec.name, "a text of %zu bytes is too long for a Parquet file", v->s.n);
  if (c->spec.kind == PARQUET_TEXT && !utf8_valid(v->s))
    return fail(cx, E_INVALID, c->spec.name, "a text of the column %s is not UTF-8", c->spec.name);
  store32(length, (uint32_t)v->s.n);
  buf_add(&c->texts, length, 4);
  buf_str(&c->texts, v->s);
  w->text_bytes += 4 + v->s.n;
  c->count++;
  return OK;
}

int parquet_add(struct ctx *cx, struct parquet_writer *w, const struct parquet_value *row) {
  for (int i = 0; i < w->setup.column_count; i++)
    if (add_value(cx, w, &w->chunk[i], &row[i])) return cx->code;
  w->rows++;
  w->all_rows++;
  if (w->rows < w->group_rows && w->text_bytes < PARQUET_GROUP_BYTES) return OK;
  return flush_group(cx, w);
}

/* ---- the footer ---- */

static void put_logical(struct thrift_out *o, const struct parquet_column *c) {
  static const int logical[] = { [PARQUET_DECIMAL] = LOGICAL_DECIMAL,
                                 [PARQUET_DAY] = LOGICAL_DATE,
                                 [PARQUET_TIME] = LOGICAL_TIMESTAMP,
                                 [PARQUET_TEXT] = LOGICAL_STRING,
                                 [PARQUET_BYTES] = 0 };
  if (!logical[c->kind]) return;
  thrift_struct(o, 10);
  thrift_struct(o, logical[c->kind]);
  if (c->kind == PARQUET_DECIMAL) {
    thrift_i32(o, 1, c->scale);
    thrift_i32(o, 2, DECIMAL_DIGITS);
  }
  if (c->kind == PARQUET_TIME) {
    thrift_bool(o, 1, true); /* adjusted to UTC */
    thrift_struct(o, 2);
    thrift_struct(o, 2); /* microseconds */
    thrift_end(o);
    thrift_end(o);
  }
  thrift_end(o);
  thrift_end(o);
}

static void put_column(struct thrift_out *o, const struct parquet_column *c) {
  thrift_struct(o, 0);
  thrift_i32(o, 1, type_of(c->kind));
  thrift_i32(o, 3, c->required ? 0 : 1);
  thrift_str(o, 4, str_of(c->name));
  if (c->kind == PARQUET_TEXT) thrift_i32(o, 6, CONVERTED_UTF8);
  if (c->kind == PARQUET_DAY) thrift_i32(o, 6, CONVERTED_DATE);
  if (c->kind == PARQUET_TIME) thrift_i32(o, 6, CONVERTED_TIMESTAMP_MICROS);
  if (c->kind == PARQUET_DECIMAL) {
    thrift_i32(o, 6, CONVERTED_DECIMAL);
    thrift_i32(o, 7, c->scale);
    thrift_i32(o, 8, DECIMAL_DIGITS);
  }
  put_logical(o, c);
  thrift_end(o);
}

static void put_footer(const struct parquet_writer *w, struct buf *to) {
  struct thrift_out o;
  size_t columns = (size_t)w->setup.column_count;
  thrift_begin(&o, to);
  thrift_i32(&o, 1, 1); /* version of the format */
  thrift_list(&o, 2, THRIFT_STRUCT, columns + 1);
  thrift_struct(&o, 0);
  thrift_str(&o, 4, STR("schema"));
  thrift_i32(&o, 5, (int64_t)columns);
  thrift_end(&o);
  for (size_t i = 0; i < columns; i++) put_column(&o, &w->chunk[i].spec);
  thrift_i64(&o, 3, w->all_rows);
  thrift_list(&o, 4, THRIFT_STRUCT, w->group_count);
  buf_str(to, buf_view(&w->groups));
  if (w->note_count) {
    thrift_list(&o, 5, THRIFT_STRUCT, w->note_count);
    buf_str(to, buf_view(&w->notes));
  }
  thrift_str(&o, 6, STR("outpost"));
  thrift_list(&o, 7, THRIFT_STRUCT, columns);
  for (size_t i = 0; i < columns; i++) {
    thrift_struct(&o, 0);
    thrift_struct(&o, 1); /* the order that belongs to the type */
    thrift_end(&o);
    thrift_end(&o);
  }
  thrift_end(&o);
}

int parquet_end(struct ctx *cx, struct parquet_writer *w) {
  struct buf footer;
  char length[4];
  if (flush_group(cx, w)) return cx->code;
  buf_init(&footer, PARQUET_FOOTER_MAX);
  put_footer(w, &footer);
  store32(length, (uint32_t)footer.n);
  if (footer.full || w->groups.full || w->notes.full)
    fail(cx, E_LIMIT, NULL, "the Parquet file would have too many row groups");
  else if (!put(cx, w, footer.p, footer.n) && !put(cx, w, length, 4))
    put(cx, w, "PAR1", 4);
  buf_clear(&footer);
  return cx->code;
}

/* ---- the digest ---- */

void parquet_digest(struct sha256 *h, const struct parquet_value *row, int columns) {
  for (int i = 0; i < columns; i++) {
    char head[9];
    head[0] = row[i].null ? 0 : row[i].s.p ? 2 : 1;
    store64(head + 1, row[i].null ? 0 : row[i].s.p ? row[i].s.n : (uint64_t)row[i].n);
    sha256_add(h, head, sizeof head);
    if (!row[i].null && row[i].s.p) sha256_add(h, row[i].s.p, row[i].s.n);
  }
}
