#include "base/deflate.h"

#include <stdlib.h>
#include <zlib.h>

#include "base/ctx.h"

void deflate_pack(struct buf *out, struct str plain, int level) {
  uLong room = compressBound((uLong)plain.n);
  unsigned char *packed = xmalloc(room);
  if (compress2(packed, &room, (const unsigned char *)plain.p, (uLong)plain.n, level) != Z_OK)
    abort(); /* only for lack of memory or a wrong level */
  buf_add(out, packed, room);
  free(packed);
}

bool deflate_unpack(struct str packed, void *to, size_t n) {
  uLongf got = (uLongf)n;
  uLong used = (uLong)packed.n;
  return uncompress2(to, &got, (const unsigned char *)packed.p, &used) == Z_OK && got == n &&
         used == packed.n;
}
