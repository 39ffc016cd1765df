#include "http/gzip.h"

#include <stdlib.h>
#include <zlib.h>

#include "base/limits.h"

#define PAYS_FROM KIB(2) /* bytes; less goes into one or two packets anyway */

enum { QUICK = 1, WINDOW_BITS = 15, AS_GZIP = 16, MEMORY = 8 };

bool gzip_taken(const struct request *rq) {
  const char *list = wire_header(rq, "Accept-Encoding", NULL);
  const char *at = list ? strstr(list, "gzip") : NULL;
  if (!at) return false;
  at += strlen("gzip");
  at += strspn(at, " ;");
  return strncmp(at, "q=0", 3) || (at[3] == '.' && strspn(at + 4, "0") != strcspn(at + 4, ", "));
}

struct str gzip_pack(struct str bytes) {
  z_stream z = { .next_in = (unsigned char *)(uintptr_t)bytes.p, .avail_in = (uInt)bytes.n };
  struct str none = { 0 };
  if (bytes.n < PAYS_FROM || bytes.n > UINT32_MAX) return none;
  if (deflateInit2(&z, QUICK, Z_DEFLATED, WINDOW_BITS + AS_GZIP, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
    return none;
  size_t room = bytes.n - bytes.n / 8;
  unsigned char *out = xmalloc(room);
  z.next_out = out;
  z.avail_out = (uInt)room;
  bool done = deflate(&z, Z_FINISH) == Z_STREAM_END;
  size_t n = z.total_out;
  deflateEnd(&z);
  if (done) return (struct str){ (const char *)out, n };
  free(out);
  return none;
}
