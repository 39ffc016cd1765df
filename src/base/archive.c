#include "base/archive.h"

#include <stdio.h>
#include <zlib.h>

enum { BLOCK = 512, OF_GZIP = 15 + 16 };

struct archive {
  z_stream z;
  struct buf out;
  int64_t seconds;
  bool bad;
};

static void archive_free(void *arg) {
  struct archive *a = arg;
  deflateEnd(&a->z);
  buf_clear(&a->out);
}

struct archive *archive_new(struct ctx *cx, int64_t when, size_t max) {
  struct archive *a = ctx_alloc(cx, sizeof *a);
  buf_init(&a->out, max);
  a->seconds = when / 1000000;
  a->bad = deflateInit2(&a->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, OF_GZIP, 8, Z_DEFAULT_STRATEGY) != Z_OK;
  ctx_defer(cx, archive_free, a);
  return a;
}

static void put(struct archive *a, const void *p, size_t n, int flush) {
  unsigned char part[16384];
  if (a->bad) return;
  a->z.next_in = (unsigned char *)p; /* it is only read */
  a->z.avail_in = (uInt)n;
  do {
    a->z.next_out = part;
    a->z.avail_out = sizeof part;
    if (deflate(&a->z, flush) == Z_STREAM_ERROR) a->bad = true;
    buf_add(&a->out, part, sizeof part - a->z.avail_out);
  } while (!a->bad && a->z.avail_out == 0);
}

/* name 100, mode 8, uid 8, gid 8, size 12, mtime 12, sum 8, type 1, link 100, "ustar" 6,
** "00" 2, then names and numbers that are left empty. Numbers are octal texts; the sum
** is over the header with blanks in its own place. */
void archive_add(struct archive *a, const char *name, struct str bytes) {
  static const char zeros[2 * BLOCK];
  char h[BLOCK] = { 0 };
  unsigned sum = 0;
  snprintf(h, 100, "%s", name);
  snprintf(h + 100, 8, "%07o", 0644u);
  snprintf(h + 108, 8, "%07o", 0u);
  snprintf(h + 116, 8, "%07o", 0u);
  snprintf(h + 124, 12, "%011llo", (unsigned long long)bytes.n);
  snprintf(h + 136, 12, "%011llo", (unsigned long long)a->seconds);
  memset(h + 148, ' ', 8);
  h[156] = '0';
  memcpy(h + 257, "ustar", 6);
  memcpy(h + 263, "00", 2);
  for (int i = 0; i < BLOCK; i++) sum += (unsigned char)h[i];
  snprintf(h + 148, 8, "%06o", sum & 0777777);
  put(a, h, sizeof h, Z_NO_FLUSH);
  put(a, bytes.p, bytes.n, Z_NO_FLUSH);
  put(a, zeros, (BLOCK - bytes.n % BLOCK) % BLOCK, Z_NO_FLUSH);
}

int archive_end(struct ctx *cx, struct archive *a, struct str *out) {
  static const char zeros[2 * BLOCK];
  put(a, zeros, sizeof zeros, Z_FINISH);
  if (a->bad) return fail(cx, E_FAIL, NULL, "the archive could not be compressed");
  if (a->out.full) return fail(cx, E_LIMIT, NULL, "the archive is too large");
  *out = buf_view(&a->out);
  return OK;
}
