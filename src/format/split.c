/*
** split.c - the file as batches of records: spans of original bytes.
**
** The batches lie one after the other and cover every byte. Most of a file has
** no quote near: from the place of the next quote backwards, line ends are all
** there is to look for. Only a line with a quote is walked cell by cell (scan.c).
**
** Where the table begins and ends the profile has decided: no record lies
** across these two places, and outside of them a record is a line.
**
** What a batch could not use because its last record is not complete is kept
** for the next one. At most target + 2 * LIMIT_RECORD_BYTES are held.
*/
#include <stdlib.h>

#include "format/internal.h"

struct splitter {
  const struct input *in;
  const struct profile *p;
  struct rules rules, outside; /* of the table; of what is around it */
  enum shadow how;
  size_t unit, target;
  uint32_t limit;        /* records of a batch; 0: none */
  uint64_t offset, line; /* of the next batch */
  char *kept;            /* read already, starting at offset */
  size_t kept_n, kept_room;
  char *shadow;
  size_t shadow_room;
  struct scan_memo memo;
};

void batch_init(struct batch *b) { *b = (struct batch){ 0 }; }

void batch_clear(struct batch *b) {
  free(b->bytes);
  free(b->spans);
  batch_init(b);
}

static void free_splitter(void *arg) {
  struct splitter *s = arg;
  free(s->kept);
  free(s->shadow);
}

struct splitter *splitter_new(struct ctx *cx, const struct input *in, const struct profile *p,
                              size_t target) {
  struct splitter *s = ctx_alloc(cx, sizeof *s);
  s->in = in;
  s->p = p;
  s->how = shadow_of(p->dialect.encoding);
  s->unit = shadow_unit(s->how);
  s->target = target < 4096 ? 4096 : target;
  s->line = 1;
  rules_shadow(p, &s->rules);
  s->outside = s->rules;
  s->outside.quote = 0;
  ctx_defer(cx, free_splitter, s);
  return s;
}

void splitter_limit(struct splitter *s, uint32_t records) { s->limit = records; }

static void grow(char **p, size_t *room, size_t want) {
  if (want <= *room) return;
  *p = xrealloc(*p, want);
  *room = want;
}

static void add_span(struct batch *b, size_t length, uint32_t lines) {
  if (b->count == b->spans_room) {
    b->spans_room = b->spans_room ? b->spans_room * 2 : 1024;
    b->spans = xrealloc(b->spans, b->spans_room * sizeof *b->spans);
  }
  b->spans[b->count++] = (struct span){ (uint32_t)length, lines };
}

/* Lines up to `end` that hold no quote; returns where the first unfinished one begins. */
static size_t cut_plain(struct splitter *s, struct batch *b, const char *p, size_t at, size_t end) {
  while (at < end) {
    const char *lf = memchr(p + at, '\n', end - at);
    if (!lf) break;
    size_t length = (size_t)(lf - p) + 1 - at;
    if (length > LIMIT_RECORD_BYTES) break;
    add_span(b, length * s->unit, 1);
    s->line++;
    at += length;
  }
  return at;
}

/* Where records must end in any case: where the table begins or ends, or at n. */
static size_t stretch(const struct splitter *s, size_t at, size_t n, bool *inside) {
  uint64_t here = s->offset + (uint64_t)at * s->unit, begin = s->p->table_begin, end = s->p->table_end;
  uint64_t stop = here < begin ? begin : here < end ? end : UINT64_MAX;
  *inside = here >= begin && here < end;
  uint64_t units = (stop - s->offset + s->unit - 1) / s->unit; /* half a unit may end the file */
  return stop == UINT64_MAX || units >= n ? n : (size_t)units;
}

static size_t cut_csv(struct splitter *s, struct batch *b, const char *p, size_t n, bool eof) {
  size_t at = 0, quote_at = 0; /* no quote lies between `at` and quote_at */
  while (at < n) {
    bool inside;
    size_t stop = stretch(s, at, n, &inside);
    const struct rules *r = inside ? &s->rules : &s->outside;
    if (r->quote && quote_at <= at) {
      const char *q = memchr(p + at, r->quote, n - at);
      quote_at = q ? (size_t)(q - p) : n;
    }
    if (!r->cr) at = cut_plain(s, b, p, at, !r->quote || quote_at > stop ? stop : quote_at);
    if (at >= stop) continue;
    uint32_t lines;
    size_t length = scan_record(r, p + at, stop - at, eof || stop < n, s->offset + at, &s->memo, &lines);
    if (length == 0) break;
    add_span(b, length * s->unit, lines);
    s->line += lines;
    at += length;
  }
  return at;
}

static size_t cut_json(struct splitter *s, struct batch *b, const char *p, size_t n, bool eof) {
  size_t at = 0;
  while (at < n) {
    uint32_t lines;
    size_t length = json_record(s->p, p + at, n - at, eof, &lines);
    if (length == 0) break;
    add_span(b, length * s->unit, lines);
    s->line += lines;
    at += length;
  }
  return at;
}

/* Cuts what is in the batch; returns how many bytes became records. */
static size_t cut(struct splitter *s, struct batch *b, bool eof) {
  const char *p = b->bytes;
  size_t n = b->n;
  if (s->how != SHADOW_SAME) {
    grow(&s->shadow, &s->shadow_room, b->n + 1);
    n = shadow_make(s->how, b->bytes, b->n, s->shadow);
    p = s->shadow;
  }
  size_t at = s->p->kind == FILE_CSV ? cut_csv(s, b, p, n, eof) : cut_json(s, b, p, n, eof);
  at *= s->unit;
  if (at > b->n) { /* half a unit at the end of a UTF-16 file */
    b->spans[b->count - 1].length -= (uint32_t)(at - b->n);
    at = b->n;
  }
  return at;
}

/* Fills the batch to `want` bytes with what was kept and what is read. */
static int fill(struct ctx *cx, struct splitter *s, struct batch *b, size_t want, bool *eof) {
  grow(&b->bytes, &b->room, want);
  if (b->n == 0 && s->kept_n) {
    grow(&b->bytes, &b->room, s->kept_n);
    memcpy(b->bytes, s->kept, s->kept_n);
    b->n = s->kept_n;
  }
  size_t got = 0;
  if (b->n < want) {
    int rc = input_read(cx, s->in, s->offset + b->n, b->bytes + b->n, want - b->n, &got);
    if (rc) return rc;
    b->n += got;
  }
  *eof = s->offset + b->n >= input_size(s->in) || (b->n < want && got == 0);
  return OK;
}

/* What is beyond the limit is cut again next time. */
static size_t keep_to_limit(struct splitter *s, struct batch *b, size_t used) {
  if (!s->limit || b->count <= s->limit) return used;
  for (; b->count > s->limit; b->count--) {
    used -= b->spans[b->count - 1].length;
    s->line -= b->spans[b->count - 1].lines;
  }
  return used;
}

int splitter_next(struct ctx *cx, struct splitter *s, struct batch *b) {
  size_t want = s->target, used = 0;
  bool eof = false;
  b->n = 0;
  b->count = 0;
  b->offset = s->offset;
  b->line = s->line;
  if (want < s->kept_n) want = s->kept_n;
  for (;;) {
    int rc = fill(cx, s, b, want, &eof);
    if (rc) return rc;
    used = b->n ? cut(s, b, eof) : 0;
    if (b->count || eof) break;
    want = want * 2;
  }
  used = keep_to_limit(s, b, used);
  grow(&s->kept, &s->kept_room, b->n - used + 1);
  s->kept_n = b->n - used;
  memcpy(s->kept, b->bytes + used, s->kept_n);
  b->n = used;
  s->offset += used;
  return OK;
}
