/*
** head.h - the head of an HTTP/1 request (RFC 9112), and where the request ends.
**
** Two servers that read the same bytes must agree on where a request ends, or a client can hide one request in
** another. So nothing is guessed and nothing repaired here: what is not exactly of the grammar is refused, and the
** connection closed after it, because what follows cannot be trusted.
**
**   request line  METHOD SP target SP HTTP/1.0|1.1 CRLF; one space; the target is visible ASCII: a path that begins
**                 with /, or a whole address, as proxies are asked, "http://host/path"
**   header        name ":" value CRLF; the name a token; no line goes on in the next; no control characters but tabs
**   host          Host once, and always in HTTP/1.1; where the target is a whole address, the host in it counts
**   length        Content-Length once, digits only; or Transfer-Encoding: chunked once, in HTTP/1.1; not both
**   ceilings      HEAD_BYTES in all, HEAD_HEADERS lines
**
** One empty line before the request line is passed over (RFC 9112, 2.2). Lines end in CRLF: a bare LF or CR is
** refused. Pure: bytes in, offsets out, no memory.
*/
#ifndef GATE_HEAD_H
#define GATE_HEAD_H

#include "base/str.h"

enum { HEAD_BYTES = 16 << 10, HEAD_HEADERS = 100 };

struct head_span {
  uint16_t at, n; /* in the bytes of the head */
};

struct head {
  struct head_span method, target; /* a zero follows the last byte of each, once head_parse has taken it */
  struct head_span scheme;         /* of a whole address, which target is the path of; n 0: it was a path */
  struct head_span host;           /* and port, as they were told; at 0: they were not */
  struct head_span name[HEAD_HEADERS], value[HEAD_HEADERS]; /* as above; values without blanks at the ends */
  uint16_t headers;
  uint16_t bytes; /* of all of it, the empty line included */
  bool old;       /* HTTP/1.0 */
  bool close;     /* the client will not ask again (Connection: close, or HTTP/1.0) */
  bool chunked;
  bool expects;   /* Expect: 100-continue */
  int64_t length; /* of the body, when it is not chunked */
};

struct head_fault {
  int status;           /* 400, 417, 431, 505 */
  const char *sentence; /* for people; constant */
};

/* Reads a head at the beginning of n bytes. 1: it is whole; names, values, method and target now end in a zero,
** which is written over the byte behind them. 0: more bytes are needed. -1: it is none, *why says why. *seen (0
** for a new head) saves looking at the same bytes again when it is called with more of them. */
int head_parse(char *p, size_t n, size_t *seen, struct head *out, struct head_fault *why);

/* The first header of that name, in any case, or NULL; *count (may be NULL) of them there are. */
const char *head_find(const struct head *h, const char *bytes, struct str name, int *count);

/* All of that name, one after another: for (int at = 0; (value = head_next(...));). A list may stand in several lines. */
const char *head_next(const struct head *h, const char *bytes, struct str name, int *at);

#endif
