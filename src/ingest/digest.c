#include "ingest/digest.h"

#include "base/hash.h"

void digest_begin(struct digest *d) {
  d->crc = 0;
  d->n = 0;
}

static void piece(struct digest *d, const char *p, size_t n) {
  if (n > sizeof d->bytes - d->n) {
    d->crc = crc32_of(d->crc, d->bytes, d->n);
    d->n = 0;
  }
  if (n > sizeof d->bytes) {
    d->crc = crc32_of(d->crc, p, n);
    return;
  }
  memcpy(d->bytes + d->n, p, n);
  d->n += n;
}

void digest_text(struct digest *d, struct str s) {
  if (s.n) piece(d, s.p, s.n);
  piece(d, "", 1);
}

void digest_int(struct digest *d, int64_t v) {
  char text[24];
  size_t at = sizeof text;
  uint64_t u = v < 0 ? -(uint64_t)v : (uint64_t)v;
  text[--at] = 0;
  do text[--at] = (char)('0' + u % 10);
  while ((u /= 10) != 0);
  if (v < 0) text[--at] = '-';
  piece(d, text + at, sizeof text - at);
}

uint32_t digest_end(struct digest *d) { return crc32_of(d->crc, d->bytes, d->n); }
