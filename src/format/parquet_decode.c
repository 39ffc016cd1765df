/*
** parquet_decode.c - the encodings of parquet_encode.c read back. The bytes may be
** anything: a length is compared with what is there before it is believed.
*/
#include <zlib.h>

#include "format/parquet_internal.h"

/* n values of `width` bits into `out`; the caller has seen that the bytes are there. */
static void unpack(const unsigned char *p, size_t n, int width, uint64_t *out) {
  unsigned __int128 bits = 0;
  int have = 0;
  uint64_t mask = width == 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
  for (size_t i = 0; i < n; i++) {
    for (; have < width; have += 8) bits |= (unsigned __int128)*p++ << have;
    out[i] = (uint64_t)bits & mask;
    bits >>= width;
    have -= width;
  }
}

static bool packed_run(struct thrift_in *in, uint64_t groups, int width, uint32_t *out, size_t n) {
  uint64_t eight[8];
  for (uint64_t g = 0; g < groups && g * 8 < n; g++) {
    if ((size_t)(in->end - in->p) < (size_t)width) return false;
    unpack(in->p, 8, width, eight);
    in->p += width;
    for (size_t k = 0; k < 8 && g * 8 + k < n; k++) out[g * 8 + k] = (uint32_t)eight[k];
  }
  return true;
}

bool rle_decode(struct str bytes, int width, uint32_t *out, size_t n) {
  struct thrift_in in;
  size_t value_bytes = (size_t)(width + 7) / 8;
  if (width < 1 || width > 32) return false;
  thrift_open(&in, bytes);
  for (size_t i = 0; i < n;) {
    uint64_t head = thrift_unsigned(&in), count = head >> 1;
    if (in.bad || count == 0 || count > PARQUET_GROUP_ROWS_MAX) return false;
    if (head & 1) {
      if (!packed_run(&in, count, width, out + i, n - i)) return false;
      count *= 8;
    } else {
      char value[4] = { 0 };
      if ((size_t)(in.end - in.p) < value_bytes) return false;
      memcpy(value, in.p, value_bytes);
      in.p += value_bytes;
      for (size_t k = 0; k < count && i + k < n; k++) out[i + k] = load32(value);
    }
    i += count < n - i ? (size_t)count : n - i;
  }
  return true;
}

static int64_t zagzig(uint64_t v) { return (int64_t)(v >> 1) ^ -(int64_t)(v & 1); }

struct delta {
  struct thrift_in in;
  size_t minis, mini; /* miniblocks of a block, values of a miniblock */
  uint64_t last;
  bool narrow;
};

static int64_t step(struct delta *d, uint64_t by) {
  d->last += by;
  return d->narrow ? (int32_t)(uint32_t)d->last : (int64_t)d->last;
}

static bool delta_block(struct delta *d, int64_t *out, size_t n) {
  uint64_t rest[256];
  uint64_t least = (uint64_t)zagzig(thrift_unsigned(&d->in));
  const unsigned char *widths = d->in.p;
  if (d->in.bad || (size_t)(d->in.end - d->in.p) < d->minis) return false;
  d->in.p += d->minis;
  for (size_t m = 0; m < d->minis && m * d->mini < n; m++) {
    int width = widths[m];
    size_t bytes = (size_t)width * d->mini / 8;
    if (width > 64 || (size_t)(d->in.end - d->in.p) < bytes) return false;
    unpack(d->in.p, d->mini, width, rest);
    d->in.p += bytes;
    for (size_t i = m * d->mini; i < n && i < (m + 1) * d->mini; i++)
      out[i] = step(d, least + rest[i - m * d->mini]);
  }
  return true;
}

bool delta_decode(struct str bytes, int64_t *out, size_t n, bool narrow) {
  struct delta d = { .narrow = narrow };
  thrift_open(&d.in, bytes);
  uint64_t block = thrift_unsigned(&d.in), minis = thrift_unsigned(&d.in), count = thrift_unsigned(&d.in);
  d.last = (uint64_t)zagzig(thrift_unsigned(&d.in));
  if (d.in.bad || count != n || block == 0 || block > 1024 || minis == 0 || minis > 32 || block % minis)
    return false;
  d.minis = (size_t)minis;
  d.mini = (size_t)(block / minis);
  if (d.mini % 32 || d.mini > 256) return false;
  if (n) out[0] = step(&d, 0);
  for (size_t i = 1; i < n; i += (size_t)block)
    if (!delta_block(&d, out + i, n - i < block ? n - i : (size_t)block)) return false;
  return true;
}

bool gzip_decode(struct str bytes, char *out, size_t n) {
  z_stream z = { 0 };
  if (inflateInit2(&z, 15 + 16) != Z_OK) return false;
  z.next_in = (unsigned char *)(uintptr_t)bytes.p;
  z.avail_in = (unsigned)bytes.n;
  z.next_out = (unsigned char *)out;
  z.avail_out = (unsigned)n;
  int rc = inflate(&z, Z_FINISH);
  bool whole = rc == Z_STREAM_END && z.avail_out == 0 && z.avail_in == 0;
  inflateEnd(&z);
  return whole;
}
