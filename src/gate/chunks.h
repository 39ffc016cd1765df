/*
** chunks.h - a body in chunks (RFC 9112, 7.1), taken apart as it comes, as strictly as the head.
**
**   chunk   size in hexadecimal, extensions that are passed over, CRLF, so many bytes, CRLF
**   end     a chunk of size 0, trailers that are passed over, CRLF
**
** Lines end in CRLF; a bare CR or LF, a sign, a blank before the size or a control character is a fault. A line
** has at most CHUNK_LINE bytes and trailers CHUNK_TRAILERS in all. Pure: one byte at a time through `state`, so it
** does not matter how the bytes are cut.
*/
#ifndef GATE_CHUNKS_H
#define GATE_CHUNKS_H

#include "base/str.h"

enum { CHUNK_LINE = 256, CHUNK_TRAILERS = 4096 };

struct chunks {
  int state;     /* 0: at the beginning of a chunk */
  uint64_t left; /* bytes of this chunk */
  uint32_t line; /* bytes of this line, or of the trailers */
};

enum { CHUNKS_FAULT = -1 };

/* Takes from n bytes at `from`, and puts the body's bytes to `to`, at most `room` (it may be `from` itself). *took:
** so many of n were taken. Returns bytes of the body; CHUNKS_FAULT when it is none. 0: more are needed, there is no
** room, or it is over. */
int64_t chunks_take(struct chunks *c, const char *from, size_t n, char *to, size_t room, size_t *took);
bool chunks_over(const struct chunks *c); /* its last byte was taken */

#endif
