/*
** stream.c - a reply that is sent while it is made: tables and files that are
** larger than we want to hold.
**
** The first part is held back until it is full, so that what fails early (no such
** table, no such run) is answered like any other failure. From then on the status
** is out: a failure can only end the reply without its last chunk, which every
** client takes for a reply that was cut off.
*/
#include <stdio.h>

#include "base/limits.h"
#include "http/cache.h"

void reply_stream(struct request *rq, const char *type, const char *attachment) {
  rq->type = type;
  rq->attachment = attachment;
  rq->streams = true;
  cache_let_go(rq);
}

static void head_send(struct request *rq) {
  struct buf head;
  rq->streamed = true;
  if (!rq->status) rq->status = 200;
  buf_init(&head, KIB(16));
  reply_head(rq, false, &head);
  rq->gone = !wire_write(rq, buf_view(&head));
  buf_clear(&head);
}

void stream_part(struct request *rq, struct str bytes) {
  char size[24];
  int n = snprintf(size, sizeof size, "%zx\r\n", bytes.n);
  bool plain = wire_old(rq); /* HTTP/1.0 knows no chunks: the end is the end of the connection */
  const struct str parts[] = { { size, (size_t)n }, bytes, STR("\r\n") };
  rq->gone = !(plain ? wire_write(rq, bytes) : wire_write_parts(rq, parts, 3));
}

static void reply_flush(struct request *rq) {
  if (!rq->streamed) head_send(rq);
  struct str bytes = buf_view(&rq->pending);
  if (bytes.n && !rq->gone && !rq->head && !spool_keep(rq, bytes)) stream_part(rq, bytes);
  buf_reset(&rq->pending);
}

int reply_write(struct ctx *cx, void *arg, const char *p, size_t n) {
  struct request *rq = arg;
  while (n) {
    size_t part = n < STREAM_PART ? n : STREAM_PART;
    buf_add(&rq->pending, p, part);
    p += part;
    n -= part;
    if (rq->pending.n >= STREAM_PART) reply_flush(rq);
    if (rq->gone) return fail(cx, E_FAIL, NULL, "the client went away");
  }
  return OK;
}

void stream_end(struct request *rq) {
  if (!rq->cx->code) reply_flush(rq);
  if (!rq->cx->code) spool_send(rq);
  bool whole = !rq->cx->code && !rq->gone;
  if (whole && !rq->head && !wire_old(rq)) wire_write(rq, STR("0\r\n\r\n"));
  if (!whole) wire_close_after(rq);
}
