#include "ingest/flow.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/hash.h"

enum { SLOTS = 6 };
static const size_t FLOW_BATCH = KIB(512);

struct slot {
  struct batch raw;
  uint32_t crc;
  uint64_t first_record;
  struct buf index;
  struct judged *rows;
  struct value *values;
  uint32_t row_count, rows_room;
  struct ctx keep;
};

/* A queue of slots between two threads; NULL is the end. */
struct queue {
  struct slot *slot[SLOTS + 1];
  int first, count;
  pthread_cond_t changed;
};

struct flow {
  const struct flow_setup *setup;
  struct flow_result *result;
  pthread_mutex_t lock;
  bool stopped;
  struct queue empty, cut, judged;
  struct slot slots[SLOTS];
  struct ctx reader, judge;
};

/* ---- queues ---- */

static void put(struct flow *f, struct queue *q, struct slot *s) {
  pthread_mutex_lock(&f->lock);
  q->slot[(q->first + q->count++) % (SLOTS + 1)] = s;
  pthread_cond_signal(&q->changed);
  pthread_mutex_unlock(&f->lock);
}

/* The next slot; NULL at the end, or when the flow was stopped. */
static struct slot *take(struct flow *f, struct queue *q) {
  pthread_mutex_lock(&f->lock);
  while (q->count == 0 && !f->stopped) pthread_cond_wait(&q->changed, &f->lock);
  struct slot *s = NULL;
  if (!f->stopped) {
    s = q->slot[q->first];
    q->first = (q->first + 1) % (SLOTS + 1);
    q->count--;
  }
  pthread_mutex_unlock(&f->lock);
  return s;
}

static void stop(struct flow *f) {
  pthread_mutex_lock(&f->lock);
  f->stopped = true;
  pthread_cond_broadcast(&f->empty.changed);
  pthread_cond_broadcast(&f->cut.changed);
  pthread_cond_broadcast(&f->judged.changed);
  pthread_mutex_unlock(&f->lock);
}

static double thread_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- reader ---- */

static void read_all(struct flow *f, struct sha256 *digest) {
  struct ctx *cx = &f->reader;
  struct splitter *splitter = splitter_new(cx, f->setup->input, f->setup->judge->profile, FLOW_BATCH);
  struct slot *s;
  splitter_limit(splitter, f->setup->records);
  while (!cx->code && (s = take(f, &f->empty))) {
    if (splitter_next(cx, splitter, &s->raw)) return;
    if (s->raw.count == 0) {
      put(f, &f->cut, NULL);
      return;
    }
    if (!f->setup->anew) {
      sha256_add(digest, s->raw.bytes, s->raw.n);
      s->crc = crc32_of(0, s->raw.bytes, s->raw.n);
    }
    f->result->bytes += s->raw.n;
    put(f, &f->cut, s);
  }
}

static void *reader_main(void *arg) {
  struct flow *f = arg;
  pthread_setname_np(pthread_self(), "reader");
  struct sha256 *digest = sha256_new();
  unsigned char sum[SHA256_SIZE];
  read_all(f, digest);
  sha256_end(digest, sum);
  sha256_free(digest);
  hex_encode(f->result->sha256, sum, sizeof sum);
  f->result->reading = thread_seconds();
  if (f->reader.code) stop(f);
  return NULL;
}

/* ---- judge ---- */

static void put_varint(struct buf *b, uint64_t v) {
  while (v >= 0x80) {
    buf_char(b, (char)(v | 0x80));
    v >>= 7;
  }
  buf_char(b, (char)v);
}

static void add_to_index(struct buf *index, const struct span *span, bool data) {
  bool breaks = span->lines != 1;
  put_varint(index, (uint64_t)span->length << 3 | (uint64_t)breaks << 2 | data);
  if (breaks) put_varint(index, span->lines);
}

static void make_room(struct slot *s, uint32_t rows, int fields) {
  if (rows <= s->rows_room) return;
  free(s->rows);
  free(s->values);
  s->rows_room = rows + rows / 4;
  s->rows = xcalloc(s->rows_room, sizeof *s->rows);
  s->values = xcalloc((size_t)s->rows_room * (size_t)fields, sizeof *s->values);
}

static void judge_slot(struct flow *f, struct parser *parser, struct judge *judge, struct slot *s) {
  int fields = f->setup->judge->dataset->field_count;
  uint64_t offset = s->raw.offset, line = s->raw.line;
  const char *p = s->raw.bytes;
  struct row row;
  make_room(s, s->raw.count, fields);
  buf_reset(&s->index);
  ctx_end(&s->keep);
  ctx_begin(&s->keep, "import");
  s->row_count = 0;
  for (uint32_t i = 0; i < s->raw.count; i++) {
    const struct span *span = &s->raw.spans[i];
    struct str raw = { p, span->length };
    parser_row(parser, raw, offset, &row);
    if (!f->setup->anew) add_to_index(&s->index, span, row.kind != ROW_OUTSIDE);
    if (row.kind != ROW_OUTSIDE) {
      struct judged *j = &s->rows[s->row_count];
      *j = (struct judged){ .record = s->first_record + i,
                            .line = line,
                            .offset = offset,
                            .length = span->length,
                            .values = &s->values[(size_t)s->row_count * (size_t)fields] };
      if (f->setup->anew && !record_in(f->setup->anew, j->record))
        judge_known(judge, &row, raw, !record_in(f->setup->rejected, j->record), &s->keep, j);
      else
        judge_row(judge, &row, raw, &s->keep, j);
      s->row_count++;
    }
    p += span->length;
    offset += span->length;
    line += span->lines;
  }
  s->crc = crc32_of(s->crc, s->index.p, s->index.n);
  f->result->records += s->row_count;
}

static void *judge_main(void *arg) {
  struct flow *f = arg;
  pthread_setname_np(pthread_self(), "judge");
  struct ctx *cx = &f->judge;
  const struct judge_setup *setup = f->setup->judge;
  struct parser *parser = parser_new(setup->profile);
  struct judge *judge;
  uint64_t record = 1;
  if (judge_new(cx, setup, &judge)) {
    stop(f);
    parser_free(parser);
    return NULL;
  }
  for (struct slot *s; (s = take(f, &f->cut)); put(f, &f->judged, s)) {
    s->first_record = record;
    record += s->raw.count;
    judge_slot(f, parser, judge, s);
  }
  memcpy(f->result->failed, judge_failed(judge), (size_t)setup->rules->count * sizeof *f->result->failed);
  memcpy(f->result->failed_known, judge_failed_known(judge),
         (size_t)setup->rules->count * sizeof *f->result->failed_known);
  memcpy(f->result->sums, judge_sums(judge), (size_t)setup->dataset->field_count * sizeof *f->result->sums);
  f->result->rounded = judge_rounded(judge);
  f->result->judging = thread_seconds();
  put(f, &f->judged, NULL);
  parser_free(parser);
  return NULL;
}

/* ---- all of it ---- */

static void take_all(struct ctx *cx, struct flow *f) {
  for (struct slot *s; !cx->code && (s = take(f, &f->judged)); put(f, &f->empty, s)) {
    struct load_batch b = { .raw = &s->raw,
                            .first_record = s->first_record,
                            .index = buf_view(&s->index),
                            .crc = s->crc,
                            .rows = s->rows,
                            .row_count = s->row_count,
                            .keep = &s->keep };
    f->setup->take(cx, f->setup->arg, &b);
  }
  if (cx->code) stop(f);
}

static void flow_init(struct flow *f) {
  pthread_mutex_init(&f->lock, NULL);
  pthread_cond_init(&f->empty.changed, NULL);
  pthread_cond_init(&f->cut.changed, NULL);
  pthread_cond_init(&f->judged.changed, NULL);
  ctx_begin(&f->reader, "import");
  ctx_begin(&f->judge, "import");
  for (int i = 0; i < SLOTS; i++) {
    struct slot *s = &f->slots[i];
    batch_init(&s->raw);
    buf_init(&s->index, LIMIT_REPLY_BYTES);
    ctx_begin(&s->keep, "import");
    put(f, &f->empty, s);
  }
}

static void flow_clear(struct flow *f) {
  for (int i = 0; i < SLOTS; i++) {
    struct slot *s = &f->slots[i];
    batch_clear(&s->raw);
    buf_clear(&s->index);
    free(s->rows);
    free(s->values);
    ctx_end(&s->keep);
  }
  ctx_end(&f->reader);
  ctx_end(&f->judge);
  pthread_cond_destroy(&f->empty.changed);
  pthread_cond_destroy(&f->cut.changed);
  pthread_cond_destroy(&f->judged.changed);
  pthread_mutex_destroy(&f->lock);
}

int flow_run(struct ctx *cx, const struct flow_setup *setup, struct flow_result *out) {
  struct flow *f = ctx_alloc(cx, sizeof *f);
  pthread_t reader, judge;
  *out = (struct flow_result){ 0 };
  f->setup = setup;
  f->result = out;
  flow_init(f);
  if (pthread_create(&reader, NULL, reader_main, f) != 0)
    fail(cx, E_FAIL, NULL, "no thread could be started");
  else if (pthread_create(&judge, NULL, judge_main, f) != 0) {
    fail(cx, E_FAIL, NULL, "no thread could be started");
    stop(f);
    pthread_join(reader, NULL);
  } else {
    take_all(cx, f);
    pthread_join(reader, NULL);
    pthread_join(judge, NULL);
  }
  if (f->reader.code) fail_from(cx, &f->reader);
  if (f->judge.code) fail_from(cx, &f->judge);
  flow_clear(f);
  return cx->code;
}
