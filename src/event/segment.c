#include "event/segment.h"

#include "base/deflate.h"
#include "event/internal.h"

void segment_put(struct buf *out, struct str json) {
  unsigned char head[10];
  size_t n = 0, left = json.n;
  do {
    head[n++] = (unsigned char)((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
    left >>= 7;
  } while (left);
  buf_add(out, head, n);
  buf_str(out, json);
}

bool segment_next(struct str body, size_t *at, struct str *json) {
  uint64_t n = 0;
  size_t i = *at;
  for (int shift = 0; i < body.n && shift < 35; shift += 7) {
    unsigned char c = (unsigned char)body.p[i++];
    n |= (uint64_t)(c & 0x7f) << shift;
    if (c & 0x80) continue;
    if (n > body.n - i) return false;
    *json = (struct str){ body.p + i, (size_t)n };
    *at = i + (size_t)n;
    return true;
  }
  return false;
}

int segment_store(struct ctx *cx, struct db *db, const char *topic, int partition, const struct segment *g,
                  int codec, struct str stored) {
  return db_act(cx, db, SQL_event_segment_add, topic, partition, g->first, g->count, (int64_t)g->body.n,
                crc32_of(0, g->body.p, g->body.n), codec, g->published_at, arg_blob(stored.p, stored.n));
}

int segment_add(struct ctx *cx, struct db *db, const struct topic *t, int partition, int64_t first,
                struct event *const *events, size_t n) {
  struct buf body;
  buf_init(&body, SEGMENT_BYTES + EVENT_BYTES + 16);
  struct segment g = { .first = first, .published_at = cx->now };
  for (size_t i = 0; i < n && !cx->code; i++) {
    events[i]->offset = first + (int64_t)i;
    events[i]->published_at = cx->now;
    segment_put(&body, events[i]->body);
    g.count++;
    if (body.n < SEGMENT_BYTES && i + 1 < n) continue;
    g.body = buf_view(&body);
    segment_store(cx, db, t->name, partition, &g, SEGMENT_PLAIN, g.body);
    g.first += g.count;
    g.count = 0;
    buf_reset(&body);
  }
  buf_clear(&body);
  return cx->code;
}

static int damaged(struct ctx *cx, const char *topic, int partition, int64_t first) {
  return fail(cx, E_FAIL, NULL, "topic %s: the segment at offset %lld of partition %d is damaged", topic,
              (long long)first, partition);
}

static bool counts(struct str body, int64_t count) {
  struct str json;
  size_t at = 0;
  int64_t n = 0;
  while (segment_next(body, &at, &json)) n++;
  return n == count && at == body.n;
}

/* A row of event_segment (id, first, count, plain, crc, codec, published_at, body), checked. */
static int segment_from_row(struct ctx *cx, struct stmt *s, const char *topic, int partition,
                            struct segment *out) {
  size_t plain = (size_t)col_int(s, 3);
  uint32_t crc = (uint32_t)col_int(s, 4);
  struct str stored = col_str(s, 7);
  *out = (struct segment){
    .id = col_int(s, 0), .first = col_int(s, 1), .count = col_int(s, 2), .published_at = col_int(s, 6)
  };
  if (plain > 2 * SEGMENT_BYTES) return damaged(cx, topic, partition, out->first);
  char *body = ctx_alloc(cx, plain + 1);
  bool ok = true;
  if (col_int(s, 5) == SEGMENT_ZLIB)
    ok = deflate_unpack(stored, body, plain);
  else if ((ok = stored.n == plain) && plain)
    memcpy(body, stored.p, plain);
  out->body = (struct str){ body, plain };
  ok = ok && crc32_of(0, body, plain) == crc && counts(out->body, out->count);
  return ok ? OK : damaged(cx, topic, partition, out->first);
}

int segment_read(struct ctx *cx, struct db *db, const char *topic, int partition, int64_t offset,
                 struct segment *out, bool *found) {
  struct stmt *s = db_ask(cx, db, SQL_event_segment_at, topic, partition, offset);
  *found = stmt_row(cx, s);
  if (!*found) return cx->code;
  segment_from_row(cx, s, topic, partition, out);
  stmt_done(s);
  return cx->code;
}
