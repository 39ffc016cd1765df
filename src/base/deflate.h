/* deflate.h - bytes as a zlib stream (RFC 1950) and back, in memory. */
#ifndef BASE_DEFLATE_H
#define BASE_DEFLATE_H

#include "base/buf.h"

/* Appends; `level` 1 (fast) to 9 (small). */
void deflate_pack(struct buf *out, struct str plain, int level);

/* True when the stream holds exactly n bytes and nothing follows it. */
bool deflate_unpack(struct str packed, void *to, size_t n);

#endif
