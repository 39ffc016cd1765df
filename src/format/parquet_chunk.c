/*
** parquet_chunk.c - a row group becomes bytes: every column a chunk. The dictionary is tried
** first, whole numbers that do not repeat are written as differences, texts that do not
** repeat one after the other. The group's entry of the footer is made at once, so that only
** these entries are kept.
**
** Not here: files. The bytes of a group stay in memory until whoever asked takes them, so
** that this can be done on another thread (parquet_write.c).
*/
#include <stdlib.h>

#include "base/hash.h"
#include "base/limits.h"
#include "format/parquet_writer.h"

static const size_t PAGE_BYTES = MIB(1); /* of texts: a page ends behind the one that passes it */
enum { GZIP_LEVEL = 4 };                 /* half the time of 6 for a twentieth more bytes */

/* ---- the making of one ---- */

void encoder_begin(struct encoder *e, const struct parquet_setup *setup, size_t group_rows) {
  enum { GZIP_WINDOW = 15 + 16, MEMORY = 8 };
  *e = (struct encoder){ .setup = setup };
  e->index = xmalloc(group_rows * sizeof *e->index);
  e->at = xmalloc(DICTIONARY_MAX * sizeof *e->at);
  e->distinct = xmalloc(DICTIONARY_MAX * sizeof *e->distinct);
  buf_init(&e->bytes, PARQUET_GROUP_MAX);
  buf_init(&e->entries, PARQUET_FOOTER_MAX);
  buf_init(&e->values, PARQUET_CHUNK_MAX);
  buf_init(&e->page, PARQUET_CHUNK_MAX);
  buf_init(&e->packed, PARQUET_CHUNK_MAX);
  if (deflateInit2(&e->gzip, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
    abort();
}

void encoder_clear(struct encoder *e) {
  buf_clear(&e->bytes);
  buf_clear(&e->entries);
  buf_clear(&e->values);
  buf_clear(&e->page);
  buf_clear(&e->packed);
  free(e->index);
  free(e->at);
  free(e->distinct);
  deflateEnd(&e->gzip);
}

/* ---- pages ---- */

static int put_page(struct ctx *cx, struct encoder *e, int type, size_t values, int encoding) {
  struct thrift_out o;
  struct str body = buf_view(&e->page);
  size_t plain = body.n;
  if (e->page.full || e->values.full || plain > PARQUET_PAGE_MAX)
    return fail(cx, E_LIMIT, NULL, "a page of a Parquet file would have more than %zu MiB",
                PARQUET_PAGE_MAX >> 20);
  if (!e->setup->plain) {
    size_t room = plain + plain / 1000 + KIB(1); /* deflateBound is too small in zlib 1.2.13 */
    if (e->packed.room < room + 1) {
      e->packed.p = xrealloc(e->packed.p, room + 1);
      e->packed.room = room + 1;
    }
    deflateReset(&e->gzip);
    e->gzip.next_in = (unsigned char *)(uintptr_t)body.p;
    e->gzip.avail_in = (unsigned)plain;
    e->gzip.next_out = (unsigned char *)e->packed.p;
    e->gzip.avail_out = (unsigned)room;
    if (deflate(&e->gzip, Z_FINISH) != Z_STREAM_END) abort();
    body = (struct str){ e->packed.p, room - e->gzip.avail_out };
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
  e->offset += (int64_t)(head.n + body.n);
  buf_str(&e->bytes, buf_view(&head));
  buf_str(&e->bytes, body);
  buf_clear(&head);
  return OK;
}

/* Which of the rows from..to are there, before the values of a page. */
static void put_levels(struct encoder *e, const struct chunk *c, size_t from, size_t to, size_t there) {
  char length[4];
  uint32_t *levels;
  if (c->spec.required) return;
  size_t at = e->page.n;
  buf_add(&e->page, "\0\0\0", 4);
  if (there == to - from || there == 0) {
    thrift_varint(&e->page, (uint64_t)(to - from) << 1);
    buf_char(&e->page, there ? 1 : 0);
  } else {
    levels = xmalloc((to - from) * sizeof *levels);
    for (size_t i = from; i < to; i++) levels[i - from] = c->present[i];
    rle_encode(&e->page, levels, to - from, 1);
    free(levels);
  }
  store32(length, (uint32_t)(e->page.n - at - 4));
  if (!e->page.full) memcpy(e->page.p + at, length, 4);
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

/* The values first..last of a chunk, encoded, into e->values; bytes of texts begin at *text. */
static void put_values(struct encoder *e, const struct chunk *c, int encoding, size_t first, size_t count,
                       size_t distinct, size_t text, size_t text_bytes) {
  buf_reset(&e->values);
  if (encoding == ENCODING_DICTIONARY) {
    int width = width_of(distinct - 1);
    buf_char(&e->values, (char)width);
    rle_encode(&e->values, e->index + first, count, width);
  } else if (parquet_is_text(c->spec.kind)) {
    buf_add(&e->values, (c->texts.p ? c->texts.p : "") + text, text_bytes);
  } else if (c->spec.kind == PARQUET_BOOLEAN) {
    put_booleans(&e->values, c->ints + first, count);
  } else if (encoding == ENCODING_DELTA) {
    delta_encode(&e->values, c->ints + first, count, c->spec.kind == PARQUET_DAY);
  } else {
    put_ints(&e->values, c->ints + first, count, c->spec.kind);
  }
}

/* Data pages: of texts that stand one after the other as many rows as fill a page, else all. */
static int put_data(struct ctx *cx, struct encoder *e, size_t rows, const struct chunk *c,
                    struct chunk_made *made, size_t distinct) {
  bool split = made->encoding == ENCODING_PLAIN && parquet_is_text(c->spec.kind);
  size_t row = 0, first = 0, text = 0;
  while (row < rows && !cx->code) {
    size_t from = row, count = 0, bytes = 0;
    for (; row < rows && (!split || bytes < PAGE_BYTES); row++) {
      if (!c->spec.required && !c->present[row]) continue;
      if (split) bytes += 4 + load32(c->texts.p + text + bytes);
      count++;
    }
    buf_reset(&e->page);
    put_levels(e, c, from, row, count);
    put_values(e, c, made->encoding, first, count, distinct, text, bytes);
    buf_str(&e->page, buf_view(&e->values));
    made->plain += (int64_t)e->page.n;
    put_page(cx, e, PAGE_DATA, row - from, made->encoding);
    first += count;
    text += bytes;
  }
  return cx->code;
}

/* Tries to number the values; the dictionary's page is written when that pays. */
static int put_dictionary(struct ctx *cx, struct encoder *e, const struct chunk *c, struct chunk_made *made,
                          size_t *distinct) {
  bool text = parquet_is_text(c->spec.kind);
  *distinct = 0;
  if (c->count == 0 || c->spec.kind == PARQUET_BOOLEAN || e->setup->no_dictionary) return OK;
  *distinct = text ? dictionary_texts(c->texts.p, c->count, e->index, e->at)
                   : dictionary_ints(c->ints, c->count, e->index, e->distinct);
  if (!*distinct) return OK;
  buf_reset(&e->page);
  if (text)
    for (size_t i = 0; i < *distinct; i++)
      buf_add(&e->page, c->texts.p + e->at[i], 4 + load32(c->texts.p + e->at[i]));
  else
    put_ints(&e->page, e->distinct, *distinct, c->spec.kind);
  made->dictionary = true;
  made->dictionary_at = e->offset;
  made->plain += (int64_t)e->page.n;
  return put_page(cx, e, PAGE_DICTIONARY, *distinct, ENCODING_PLAIN);
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

static void put_statistics(struct thrift_out *o, size_t rows, const struct chunk *c,
                           const struct chunk_made *made) {
  thrift_struct(o, 12);
  thrift_i64(o, 3, (int64_t)(rows - c->count));
  if (made->min.p) {
    thrift_str(o, 5, made->max);
    thrift_str(o, 6, made->min);
    thrift_bool(o, 7, true);
    thrift_bool(o, 8, true);
  }
  thrift_end(o);
}

/* The chunk's entry of the footer. */
static void put_chunk_entry(struct thrift_out *o, const struct encoder *e, size_t rows, const struct chunk *c,
                            const struct chunk_made *made) {
  thrift_struct(o, 0);
  thrift_i64(o, 2, 0); /* file_offset: no longer used */
  thrift_struct(o, 3);
  thrift_i32(o, 1, parquet_type_of(c->spec.kind));
  thrift_list(o, 2, THRIFT_I32, made->dictionary ? 3 : 2);
  if (made->dictionary) thrift_varint(o->to, ENCODING_PLAIN << 1);
  thrift_varint(o->to, ENCODING_RLE << 1);
  thrift_varint(o->to, (uint64_t)made->encoding << 1);
  thrift_list(o, 3, THRIFT_BINARY, 1);
  thrift_varint(o->to, strlen(c->spec.name));
  buf_puts(o->to, c->spec.name);
  thrift_i32(o, 4, e->setup->plain ? CODEC_NONE : CODEC_GZIP);
  thrift_i64(o, 5, (int64_t)rows);
  thrift_i64(o, 6, made->plain);
  thrift_i64(o, 7, made->bytes);
  thrift_i64(o, 9, made->data_at);
  if (made->dictionary) thrift_i64(o, 11, made->dictionary_at);
  put_statistics(o, rows, c, made);
  thrift_end(o);
  thrift_end(o);
}

static int put_chunk(struct ctx *cx, struct encoder *e, size_t rows, const struct chunk *c,
                     struct chunk_made *made) {
  size_t distinct;
  int64_t began = e->offset;
  *made = (struct chunk_made){ 0 };
  if (put_dictionary(cx, e, c, made, &distinct)) return cx->code;
  bool text = parquet_is_text(c->spec.kind);
  bool plain = text || c->spec.kind == PARQUET_BOOLEAN || c->count == 0 || e->setup->no_dictionary;
  made->encoding = made->dictionary ? ENCODING_DICTIONARY : plain ? ENCODING_PLAIN : ENCODING_DELTA;
  made->data_at = e->offset;
  if (put_data(cx, e, rows, c, made, distinct)) return cx->code;
  made->bytes = e->offset - began;
  if (c->count == 0) return OK;
  if (text)
    range_of_texts(c, distinct ? e->at : NULL, distinct ? distinct : c->count, made);
  else
    range_of_ints(c, distinct ? e->distinct : c->ints, distinct ? distinct : c->count, made);
  return OK;
}

/* ---- row groups ---- */

int encoder_group(struct ctx *cx, struct encoder *e, struct group *g) {
  struct thrift_out o;
  struct chunk_made made;
  int64_t began = e->offset, plain = 0;
  buf_reset(&e->bytes);
  thrift_begin(&o, &e->entries);
  thrift_list(&o, 1, THRIFT_STRUCT, (size_t)e->setup->column_count);
  for (int i = 0; i < e->setup->column_count; i++) {
    if (put_chunk(cx, e, g->rows, &g->chunk[i], &made)) return cx->code;
    put_chunk_entry(&o, e, g->rows, &g->chunk[i], &made);
    plain += made.plain;
    g->chunk[i].count = 0;
    buf_reset(&g->chunk[i].texts);
  }
  thrift_i64(&o, 2, plain);
  thrift_i64(&o, 3, (int64_t)g->rows);
  thrift_i64(&o, 5, began);
  thrift_i64(&o, 6, e->offset - began);
  if (e->group_count < 32768) thrift_i16(&o, 7, (int64_t)e->group_count);
  thrift_end(&o);
  e->group_count++;
  g->rows = g->text_bytes = 0;
  if (!e->bytes.full) return OK;
  return fail(cx, E_LIMIT, NULL, "a row group of a Parquet file would have more than %zu MiB",
              PARQUET_GROUP_MAX >> 20);
}
