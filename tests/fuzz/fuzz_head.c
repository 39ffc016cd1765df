/*
** fuzz_head.c - any bytes as what a client sends: a head, and behind it perhaps a body in chunks.
**
** It must not matter how the bytes are cut. What is taken has no byte that could mean something else to
** another reader: no control characters in names, values and targets, one length. Chunks of at most so many
** bytes come apart to no more than they were.
*/
#include <stdlib.h>

#include "base/buf.h"
#include "gate/chunks.h"
#include "gate/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds) {
  if (!holds) abort();
}

static char *copy(const uint8_t *data, size_t size) {
  char *p = malloc(size ? size : 1);
  if (!p) abort();
  if (size) memcpy(p, data, size);
  return p;
}

/* In pieces; the copy has exactly the bytes that are known, so reading further is seen. */
static int in_pieces(const uint8_t *data, size_t size, size_t step, struct head *h, struct head_fault *why) {
  size_t seen = 0;
  int rc = 0;
  for (size_t n = step; !rc; n += step) {
    size_t known = n < size ? n : size;
    char *p = copy(data, known);
    rc = head_parse(p, known, &seen, h, why);
    free(p);
    if (known == size) break;
  }
  return rc;
}

static void check_text(const char *p, struct head_span s, unsigned char least, unsigned char most) {
  must(strlen(p + s.at) == s.n);
  for (size_t i = 0; i < s.n; i++) {
    unsigned char c = (unsigned char)p[s.at + i];
    must((c >= least && c <= most && c != 0x7f) || (c == '\t' && most == 0xff));
  }
}

static void check_head(const char *p, const struct head *h) {
  int lengths, codings, hosts;
  check_text(p, h->method, 'A', 'Z');
  check_text(p, h->target, 0x21, 0x7e);
  must(p[h->target.at] == '/');
  if (h->scheme.n) check_text(p, h->scheme, 'A', 'z');
  if (h->host.at) check_text(p, h->host, 0x21, 0x7e);
  for (int i = 0; i < h->headers; i++) {
    check_text(p, h->name[i], 0x21, 0x7e);
    check_text(p, h->value[i], 0x20, 0xff);
  }
  head_find(h, p, STR("content-length"), &lengths);
  head_find(h, p, STR("transfer-encoding"), &codings);
  head_find(h, p, STR("host"), &hosts);
  must((h->host.at || h->old) && (h->scheme.n || !h->host.at == !hosts));
  must(lengths + codings <= 1 && hosts <= 1 && h->chunked == (codings == 1));
  must(h->length >= 0 && (lengths || !h->length) && !(h->old && h->chunked));
}

static int64_t unchunk(const uint8_t *data, size_t size, size_t step, struct buf *out) {
  struct chunks c = { 0 };
  size_t took;
  int64_t got = 0;
  for (size_t at = 0; at < size && got >= 0 && !chunks_over(&c); at += took) {
    size_t n = size - at < step ? size - at : step;
    char *p = copy(data + at, n);
    got = chunks_take(&c, p, n, p, n, &took);
    if (got > 0) buf_add(out, p, (size_t)got);
    if (got >= 0) must(took > 0);
    free(p);
  }
  return got < 0 ? got : 0;
}

static void check_chunks(const uint8_t *data, size_t size) {
  struct buf whole, pieces;
  buf_init(&whole, size + 1);
  buf_init(&pieces, size + 1);
  int64_t a = unchunk(data, size, size ? size : 1, &whole), b = unchunk(data, size, 3, &pieces);
  must(whole.n <= size);
  if (a != CHUNKS_FAULT) must(b != CHUNKS_FAULT && str_eq(buf_view(&whole), buf_view(&pieces)));
  buf_clear(&whole);
  buf_clear(&pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct head h, pieces;
  struct head_fault why = { 0 };
  size_t seen = 0;
  char *p = copy(data, size);
  int rc = head_parse(p, size, &seen, &h, &why);
  if (rc < 0) must(why.status >= 400 && why.sentence);
  if (rc == 1) check_head(p, &h);
  if (rc == 1) {
    must(in_pieces(data, size, 1 + size % 7, &pieces, &why) == 1 && pieces.bytes == h.bytes &&
         pieces.headers == h.headers);
    check_chunks(data + h.bytes, size - h.bytes);
  }
  free(p);
  return 0;
}
