#include "base/buf.h"
#include "gate/chunks.h"
#include "gate/head.h"

#include <stdlib.h>

#include "unit.h"

/* The head in memory of exactly its size, in pieces of `step` bytes. */
static int parse(const char *text, size_t n, size_t step, struct head *h, struct head_fault *why,
                 char **bytes) {
  size_t seen = 0, at = 0;
  int rc = 0;
  *bytes = malloc(n);
  if (!*bytes) abort();
  while (!rc && at < n) {
    size_t part = n - at < step ? n - at : step;
    memcpy(*bytes + at, text + at, part);
    rc = head_parse(*bytes, at += part, &seen, h, why);
  }
  return rc;
}

static int outcome(const char *text, size_t step, struct head *h) {
  struct head_fault why = { 0 };
  char *bytes;
  int rc = parse(text, strlen(text), step, h, &why, &bytes);
  free(bytes);
  return rc < 0 ? why.status : rc;
}

UNIT(head_taken, "a head that is right, whole and byte by byte") {
  static const char text[] =
      "POST /a/b?c=d%20e HTTP/1.1\r\nHost: h:1\r\nX-Empty:\r\nX-Tabs:\t a\tb \t\r\nx-tabs: again\r\n"
      "Content-Length: 012\r\nConnection: x, Close\r\nExpect: 100-Continue\r\n\r\nbody";
  for (size_t step = 1; step < sizeof text; step += 7) {
    struct head h;
    struct head_fault why;
    char *p;
    int count;
    CHECK(parse(text, strlen(text), step, &h, &why, &p) == 1);
    CHECK_STR(str_of(p + h.method.at), "POST");
    CHECK_STR(str_of(p + h.target.at), "/a/b?c=d%20e");
    CHECK_STR(str_of(head_find(&h, p, STR("HOST"), NULL)), "h:1");
    CHECK_STR(str_of(head_find(&h, p, STR("x-empty"), NULL)), "");
    CHECK_STR(str_of(head_find(&h, p, STR("X-TABS"), &count)), "a\tb");
    CHECK(count == 2);
    CHECK(!head_find(&h, p, STR("X-Tab"), &count) && count == 0);
    CHECK(h.length == 12 && h.close && h.expects && !h.chunked && !h.old && h.headers == 7);
    CHECK(h.bytes == strlen(text) - 4);
    free(p);
  }
}

UNIT(head_refused, "what is not exactly a head, and with which status") {
#define FIRST "GET / HTTP/1.1\r\n"
#define LINE FIRST "Host: h\r\n"
  static const struct {
    const char *text;
    int status;
  } cases[] = {
    { "\r\n" LINE "\r\n", 1 },
    { "\r\n\r\n" FIRST "\r\n", 400 },
    { "GET / HTTP/1.0\r\n\r\n", 1 },
    { "GET / HTTP/2.0\r\n\r\n", 505 },
    { "GET / HTTP/1.2\r\n\r\n", 505 },
    { "GET / HTTP/1.10\r\n\r\n", 400 },
    { "GET / http/1.1\r\n\r\n", 400 },
    { "GET /\r\n\r\n", 400 },
    { "GET  / HTTP/1.1\r\n\r\n", 400 },
    { "GET / HTTP/1.1 \r\n\r\n", 400 },
    { "GET\t/\tHTTP/1.1\r\n\r\n", 400 },
    { " GET / HTTP/1.1\r\n\r\n", 400 },
    { "get / HTTP/1.1\r\n\r\n", 400 },
    { "GET http:/h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
    { "GET http:// HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
    { "GET http:///a HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
    { "GET http://me@h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
    { "GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
    { "GET h:1/ HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
    { "GET http://h/ HTTP/1.1\r\n\r\n", 400 },
    { "GET http://h/ HTTP/1.0\r\n\r\n", 1 },
    { "OPTIONS * HTTP/1.1\r\n\r\n", 400 },
    { "CONNECT h:1 HTTP/1.1\r\n\r\n", 400 },
    { "GET /\x01 HTTP/1.1\r\n\r\n", 400 },
    { "GET /\xc3\xa4 HTTP/1.1\r\n\r\n", 400 },
    { "GET / HTTP/1.1\n\n", 400 },
    { "GET / HTTP/1.1\r\n\n", 400 },
    { "GET / HTTP/1.1\n\r\n", 400 },
    { LINE "A: b\n\r\n", 400 },
    { LINE "A: b\rC: d\r\n\r\n", 400 },
    { LINE "A: b\r\r\n\r\n", 400 },
    { LINE "A: b\r\n c\r\n\r\n", 400 },
    { FIRST " A: b\r\n\r\n", 400 },
    { LINE " A: b\r\n\r\n", 400 },
    { LINE "A : b\r\n\r\n", 400 },
    { LINE ": b\r\n\r\n", 400 },
    { LINE "A\r\n\r\n", 400 },
    { LINE "A(b): c\r\n\r\n", 400 },
    { LINE "A: \x01\r\n\r\n", 400 },
    { LINE "A: \x7f\r\n\r\n", 400 },
    { LINE "A: \xff\r\n\r\n", 1 },
    { LINE "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400 },
    { LINE "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400 },
    { LINE "Transfer-Encoding: chunked\r\ncontent-length: 5\r\n\r\n", 400 },
    { LINE "Content-Length: 5, 5\r\n\r\n", 400 },
    { LINE "Content-Length: +5\r\n\r\n", 400 },
    { LINE "Content-Length: -5\r\n\r\n", 400 },
    { LINE "Content-Length: 0x5\r\n\r\n", 400 },
    { LINE "Content-Length: 5 5\r\n\r\n", 400 },
    { LINE "Content-Length:\r\n\r\n", 400 },
    { LINE "Content-Length: 9999999999999999999\r\n\r\n", 400 },
    { LINE "Content-Length: 99999999999999999999999999\r\n\r\n", 400 },
    { LINE "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400 },
    { LINE "Transfer-Encoding: identity\r\n\r\n", 400 },
    { LINE "Transfer-Encoding: gzip, chunked\r\n\r\n", 400 },
    { LINE "Transfer-Encoding: \x0b"
           "chunked\r\n\r\n",
      400 },
    { LINE "Transfer-Encoding: xchunked\r\n\r\n", 400 },
    { "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400 },
    { LINE "Transfer_Encoding: chunked\r\n\r\n", 1 },
    { LINE "Expect: 200-ok\r\n\r\n", 417 },
    { FIRST "\r\n", 400 },
    { FIRST "Host:\r\n\r\n", 1 },
    { FIRST "Host: a b\r\n\r\n", 400 },
    { FIRST "Host: me@a\r\n\r\n", 400 },
    { FIRST "Host: a/b\r\n\r\n", 400 },
    { LINE "Host: h\r\n\r\n", 400 },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct head h;
    CHECK(outcome(cases[i].text, 4096, &h) == cases[i].status);
    CHECK(outcome(cases[i].text, 1, &h) == cases[i].status);
  }
}

UNIT(head_whole_address,
     "of a whole address scheme, host and path are told, and its host is the one that counts") {
  static const struct {
    const char *target, *scheme, *host, *path;
  } cases[] = {
    { "/a", "", "h:1", "/a" },
    { "http://x.y:8080/a?b=http://c/", "http", "x.y:8080", "/a?b=http://c/" },
    { "HTTPS://[::1]/", "HTTPS", "[::1]", "/" },
    { "http://x", "http", "x", "/" },
    { "http://x?b", "http", "x", "/?b" },
    { "http://x//y", "http", "x", "//y" },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    for (int last = 0; last < 2; last++) {
      struct buf b;
      struct head h;
      struct head_fault why;
      char *p;
      buf_init(&b, 1000);
      buf_printf(&b, "GET %s HTTP/1.1\r\n%sA: b\r\n%s\r\n", cases[i].target, last ? "" : "Host: h:1\r\n",
                 last ? "Host: h:1\r\n" : "");
      CHECK(parse(b.p, b.n, 3, &h, &why, &p) == 1);
      CHECK((h.scheme.n > 0) == (*cases[i].scheme != 0));
      if (h.scheme.n) CHECK_STR(str_of(p + h.scheme.at), cases[i].scheme);
      CHECK_STR(str_of(p + h.host.at), cases[i].host);
      CHECK_STR(str_of(p + h.target.at), cases[i].path);
      CHECK_STR(str_of(head_find(&h, p, STR("A"), NULL)), "b");
      free(p);
      buf_clear(&b);
    }
  }
}

UNIT(head_zero, "a zero byte is a control character like others") {
  static const char text[] = LINE "A: b\0c\r\n\r\n";
  struct head h;
  struct head_fault why;
  char *p;
  CHECK(parse(text, sizeof text - 1, 5, &h, &why, &p) == -1);
  CHECK(why.status == 400);
  free(p);
}

static int with_headers(int count, int bytes) {
  struct buf b;
  struct head h;
  buf_init(&b, 100000);
  buf_puts(&b, LINE);
  for (int i = 0; i < count; i++) buf_printf(&b, "X%d: %0*d\r\n", i, bytes, 1);
  buf_puts(&b, "\r\n");
  int rc = outcome(b.p, 777, &h);
  CHECK(rc != 1 || h.headers == count + 1); /* and Host */
  buf_clear(&b);
  return rc;
}

UNIT(head_ceilings, "so many headers and bytes, and no more") {
  CHECK(with_headers(HEAD_HEADERS - 1, 1) == 1);
  CHECK(with_headers(HEAD_HEADERS, 1) == 431);
  CHECK(with_headers(1, HEAD_BYTES - 16 - 9 - 6 - 2) == 1);
  CHECK(with_headers(1, HEAD_BYTES - 16 - 9 - 6 - 1) == 431);
}

/* ---- chunks ---- */

enum { OVER = 1 };

static int64_t unchunk(const char *text, size_t n, size_t step, size_t room, struct buf *out) {
  struct chunks c = { 0 };
  char part[64];
  size_t at = 0, took;
  while (at < n) {
    size_t piece = n - at < step ? n - at : step;
    int64_t got = chunks_take(&c, text + at, piece, part, room, &took);
    if (got < 0) return got;
    buf_add(out, part, (size_t)got);
    at += took;
  }
  return chunks_over(&c) ? OVER : 0;
}

UNIT(chunks_taken, "chunks come apart however they are cut") {
  static const char text[] =
      "5\r\nhello\r\n0c;name=\"x\"\r\n, wide world\r\n1\r\n!\r\n0\r\nTrailer: x\r\n\r\n";
  struct buf out;
  buf_init(&out, 1000);
  for (size_t step = 1; step < sizeof text; step++) {
    buf_reset(&out);
    CHECK(unchunk(text, strlen(text), step, 1 + step % 9, &out) == OVER);
    CHECK_STR(buf_view(&out), "hello, wide world!");
  }
  buf_clear(&out);
}

UNIT(chunks_refused, "what is no chunk ends the body") {
  static const char *const wrong[] = {
    "\r\n",          " 5\r\nhello\r\n", "+5\r\nhello", "0x5\r\nhello",
    "5\nhello",      "5 \r\nhello",     "5\r\nhellox", "5\r\nhello\n",
    "5\r\nhello\r0", "g\r\n",           "5;\x01\r\n",  "5;a\n",
    "0\r\n a: b",    "0\r\nA\x7f",      "0\r\n\n",     "10000000000000000\r\n",
    "-1\r\n"
  };
  struct buf out;
  buf_init(&out, 1000);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    CHECK(unchunk(wrong[i], strlen(wrong[i]), 100, 64, &out) == CHUNKS_FAULT);
    CHECK(unchunk(wrong[i], strlen(wrong[i]), 1, 64, &out) == CHUNKS_FAULT);
  }
  char flood[CHUNK_TRAILERS * 2];
  memset(flood, 'a', sizeof flood);
  memcpy(flood, "5;", 2);
  CHECK(unchunk(flood, CHUNK_LINE, 64, 64, &out) == 0);
  CHECK(unchunk(flood, CHUNK_LINE + 1, 64, 64, &out) == CHUNKS_FAULT);
  memcpy(flood, "0\r\n", 3);
  CHECK(unchunk(flood, CHUNK_TRAILERS, 64, 64, &out) == 0);
  CHECK(unchunk(flood, CHUNK_TRAILERS + 1, 64, 64, &out) == CHUNKS_FAULT);
  buf_clear(&out);
}
