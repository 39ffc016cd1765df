/*
** digest.h - CRC-32 over the columns of a row: each as decimal text or text, each
** followed by a zero byte. SQL's crc32(column, ...) gives the same. Digests of a
** run are sums of them, so that the order of rows does not matter.
**
** Small pieces are put together first: a call for each costs more than its bytes.
*/
#ifndef INGEST_DIGEST_H
#define INGEST_DIGEST_H

#include "base/str.h"

struct digest {
  uint32_t crc;
  size_t n;
  char bytes[512];
};

void digest_begin(struct digest *d);
void digest_text(struct digest *d, struct str s);
void digest_int(struct digest *d, int64_t v);
uint32_t digest_end(struct digest *d);

#endif
