/*
** parquet_write.c - rows to a Parquet file.
**
** Values wait in memory, a column each, until a row group is full. Then parquet_chunk.c makes
** bytes of it, on a thread of its own while the caller fills the other group: there are two,
** and they take turns. Only the caller's thread writes, in the order of the groups, so that
** the file is the same whatever the threads do. A file of one group starts no thread.
*/
#include <pthread.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "format/parquet_writer.h"

struct parquet_writer {
  struct parquet_setup setup;
  struct group group[2];
  int filling; /* which of them */
  size_t group_rows;
  int64_t all_rows, written;
  struct encoder encoder;
  bool encoding; /* the thread has the encoder and the group that is not being filled */
  pthread_t thread;
  struct ctx aside; /* the thread's */
  struct buf notes; /* what the footer will say */
  size_t note_count;
};

/* ---- the making of one ---- */

static void group_begin(struct ctx *cx, const struct parquet_writer *w, struct group *g) {
  int n = w->setup.column_count;
  g->chunk = ctx_alloc(cx, (size_t)n * sizeof *g->chunk);
  for (int i = 0; i < n; i++) {
    struct chunk *c = &g->chunk[i];
    c->spec = w->setup.columns[i];
    if (!c->spec.required) c->present = xmalloc(w->group_rows);
    if (!parquet_is_text(c->spec.kind)) c->ints = xmalloc(w->group_rows * sizeof *c->ints);
    buf_init(&c->texts, PARQUET_CHUNK_MAX);
  }
}

static void group_clear(const struct parquet_writer *w, struct group *g) {
  for (int i = 0; g->chunk && i < w->setup.column_count; i++) {
    free(g->chunk[i].present);
    free(g->chunk[i].ints);
    buf_clear(&g->chunk[i].texts);
  }
}

static void writer_clear(void *arg) {
  struct parquet_writer *w = arg;
  if (w->encoding) {
    pthread_join(w->thread, NULL);
    ctx_end(&w->aside);
  }
  for (int i = 0; i < 2; i++) group_clear(w, &w->group[i]);
  encoder_clear(&w->encoder);
  buf_clear(&w->notes);
}

static int put(struct ctx *cx, struct parquet_writer *w, const void *p, size_t n) {
  w->written += (int64_t)n;
  return w->setup.write(cx, w->setup.arg, p, n);
}

int parquet_new(struct ctx *cx, const struct parquet_setup *setup, struct parquet_writer **out) {
  int n = setup->column_count;
  if (n < 1 || n > PARQUET_COLUMNS)
    return fail(cx, E_LIMIT, NULL, "a Parquet file has 1 to %d columns, not %d", PARQUET_COLUMNS, n);
  struct parquet_writer *w = *out = ctx_alloc(cx, sizeof *w);
  w->setup = *setup;
  bool given = setup->group_rows > 0 && setup->group_rows < PARQUET_GROUP_ROWS;
  w->group_rows = given ? (size_t)setup->group_rows : PARQUET_GROUP_ROWS;
  group_begin(cx, w, &w->group[0]);
  encoder_begin(&w->encoder, &w->setup, w->group_rows);
  w->encoder.offset = 4;
  buf_init(&w->notes, PARQUET_FOOTER_MAX);
  ctx_defer(cx, writer_clear, w);
  return put(cx, w, "PAR1", 4);
}

void parquet_note(struct ctx *cx, struct parquet_writer *w, const char *key, const char *value) {
  struct thrift_out o;
  (void)cx;
  thrift_begin(&o, &w->notes);
  thrift_str(&o, 1, str_of(key));
  thrift_str(&o, 2, str_of(value));
  thrift_end(&o);
  w->note_count++;
}

/* ---- row groups ---- */

static int put_encoded(struct ctx *cx, struct parquet_writer *w) {
  struct str bytes = buf_view(&w->encoder.bytes);
  return put(cx, w, bytes.p, bytes.n);
}

static void *encoder_main(void *arg) {
  struct parquet_writer *w = arg;
  encoder_group(&w->aside, &w->encoder, &w->group[1 - w->filling]);
  return NULL;
}

/* Waits for the group that is being encoded, and writes it. */
static int take_encoded(struct ctx *cx, struct parquet_writer *w) {
  if (!w->encoding) return OK;
  pthread_join(w->thread, NULL);
  w->encoding = false;
  if (w->aside.code) fail_from(cx, &w->aside);
  ctx_end(&w->aside);
  return cx->code ? (int)cx->code : put_encoded(cx, w);
}

/* The group that is full goes to the thread, the other one is filled. */
static int turn(struct ctx *cx, struct parquet_writer *w) {
  struct group *full = &w->group[w->filling], *other = &w->group[1 - w->filling];
  if (take_encoded(cx, w)) return cx->code;
  if (!other->chunk) group_begin(cx, w, other);
  w->filling = 1 - w->filling;
  ctx_begin(&w->aside, cx->actor);
  w->encoding = pthread_create(&w->thread, NULL, encoder_main, w) == 0;
  if (w->encoding) return OK;
  ctx_end(&w->aside);
  return encoder_group(cx, &w->encoder, full) ? (int)cx->code : put_encoded(cx, w);
}

static int refuse_number(struct ctx *cx, const struct parquet_column *c, int64_t n) {
  return fail(cx, E_INVALID, c->name, "%lld is too large for the column %s of a Parquet file", (long long)n,
              c->name);
}

static int add_value(struct ctx *cx, struct group *g, struct chunk *c, const struct parquet_value *v) {
  static const int64_t most = INT64_C(999999999999999999);
  char length[4];
  if (c->present) c->present[g->rows] = !v->null;
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
  g->text_bytes += 4 + v->s.n;
  c->count++;
  return OK;
}

int parquet_add(struct ctx *cx, struct parquet_writer *w, const struct parquet_value *row) {
  struct group *g = &w->group[w->filling];
  if (g->rows == w->group_rows || g->text_bytes >= PARQUET_GROUP_BYTES) {
    if (turn(cx, w)) return cx->code;
    g = &w->group[w->filling];
  }
  for (int i = 0; i < w->setup.column_count; i++)
    if (add_value(cx, g, &g->chunk[i], &row[i])) return cx->code;
  g->rows++;
  w->all_rows++;
  return OK;
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
  thrift_i32(o, 1, parquet_type_of(c->kind));
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
  for (size_t i = 0; i < columns; i++) put_column(&o, &w->group[0].chunk[i].spec);
  thrift_i64(&o, 3, w->all_rows);
  thrift_list(&o, 4, THRIFT_STRUCT, w->encoder.group_count);
  buf_str(to, buf_view(&w->encoder.entries));
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
  struct group *last = &w->group[w->filling];
  if (take_encoded(cx, w)) return cx->code;
  if (last->rows && (encoder_group(cx, &w->encoder, last) || put_encoded(cx, w))) return cx->code;
  buf_init(&footer, PARQUET_FOOTER_MAX);
  put_footer(w, &footer);
  store32(length, (uint32_t)footer.n);
  if (footer.full || w->encoder.entries.full || w->notes.full)
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
