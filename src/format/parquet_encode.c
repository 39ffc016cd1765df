/*
** parquet_encode.c - numbers and texts in few bits, as Parquet wants them
** (parquet-format, Encodings.md). Nothing here knows of pages or files.
*/
#include <stdlib.h>

#include "base/hash.h"
#include "format/parquet_internal.h"

int width_of(uint64_t most) {
  int width = 1;
  while (width < 64 && most >> width) width++;
  return width;
}

/* n values of `width` bits, n a multiple of 8: n / 8 * width bytes. */
static void pack(unsigned char *to, const uint64_t *v, size_t n, int width) {
  unsigned __int128 bits = 0;
  int have = 0;
  for (size_t i = 0; i < n; i++) {
    bits |= (unsigned __int128)v[i] << have;
    for (have += width; have >= 8; have -= 8, bits >>= 8) *to++ = (unsigned char)bits;
  }
}

/* ---- run lengths and bit packing ---- */

enum { RUN_LEAST = 16 }; /* shorter runs are packed with their neighbours */

static size_t run_length(const uint32_t *v, size_t n) {
  size_t r = 1;
  while (r < n && v[r] == v[0]) r++;
  return r;
}

/* Values that are packed before the next long run begins at a group of eight. */
static size_t literal_length(const uint32_t *v, size_t n) {
  size_t at = 0;
  while (at + 8 < n) {
    at += 8;
    if (n - at >= RUN_LEAST && v[at] == v[at + 1] && run_length(v + at, n - at) >= RUN_LEAST) return at;
  }
  return n;
}

static void put_literals(struct buf *to, const uint32_t *v, size_t n, int width) {
  unsigned char bytes[8 * 32];
  uint64_t eight[8];
  thrift_varint(to, (n + 7) / 8 << 1 | 1);
  for (size_t i = 0; i < n; i += 8) {
    for (size_t k = 0; k < 8; k++) eight[k] = i + k < n ? v[i + k] : 0;
    pack(bytes, eight, 8, width);
    buf_add(to, bytes, (size_t)width);
  }
}

void rle_encode(struct buf *to, const uint32_t *v, size_t n, int width) {
  char value[4];
  for (size_t i = 0; i < n;) {
    size_t run = run_length(v + i, n - i);
    if (run >= RUN_LEAST || run == n - i) {
      store32(value, v[i]);
      thrift_varint(to, run << 1);
      buf_add(to, value, (size_t)(width + 7) / 8);
    } else {
      run = literal_length(v + i, n - i);
      put_literals(to, v + i, run, width);
    }
    i += run;
  }
}

/* ---- differences ---- */

enum { BLOCK = 128, MINIBLOCKS = 4, MINI = BLOCK / MINIBLOCKS };

static int64_t difference(int64_t a, int64_t b, bool narrow) {
  uint64_t d = (uint64_t)a - (uint64_t)b;
  return narrow ? (int32_t)(uint32_t)d : (int64_t)d;
}

static void put_block(struct buf *to, const int64_t *deltas, size_t n) {
  unsigned char widths[MINIBLOCKS] = { 0 }, bytes[MINI * 8];
  uint64_t rest[BLOCK] = { 0 };
  int64_t least = deltas[0];
  for (size_t i = 1; i < n; i++)
    if (deltas[i] < least) least = deltas[i];
  for (size_t i = 0; i < n; i++) rest[i] = (uint64_t)deltas[i] - (uint64_t)least;
  for (size_t m = 0; m < MINIBLOCKS; m++) {
    uint64_t all = 0;
    for (size_t i = m * MINI; i < (m + 1) * MINI; i++) all |= rest[i];
    widths[m] = all ? (unsigned char)width_of(all) : 0;
  }
  thrift_varint(to, (uint64_t)least << 1 ^ (uint64_t)(least >> 63));
  buf_add(to, widths, sizeof widths);
  for (size_t m = 0; m < MINIBLOCKS && m * MINI < n; m++) {
    pack(bytes, rest + m * MINI, MINI, widths[m]);
    buf_add(to, bytes, (size_t)widths[m] * MINI / 8);
  }
}

void delta_encode(struct buf *to, const int64_t *v, size_t n, bool narrow) {
  int64_t deltas[BLOCK], first = n ? v[0] : 0;
  thrift_varint(to, BLOCK);
  thrift_varint(to, MINIBLOCKS);
  thrift_varint(to, n);
  thrift_varint(to, (uint64_t)first << 1 ^ (uint64_t)(first >> 63));
  for (size_t i = 1; i < n;) {
    size_t count = n - i < BLOCK ? n - i : BLOCK;
    for (size_t k = 0; k < count; k++) deltas[k] = difference(v[i + k], v[i + k - 1], narrow);
    put_block(to, deltas, count);
    i += count;
  }
}

/* ---- dictionaries ---- */

enum { SLOTS = DICTIONARY_MAX * 2, LOOK_AT = 2048 };

/* After a look at the first values, and all along: is there enough that comes again? */
static bool pays(size_t distinct, size_t seen, size_t n) {
  if (distinct > DICTIONARY_MAX) return false;
  if (seen == LOOK_AT) return distinct <= LOOK_AT / 4 * 3;
  return n < LOOK_AT || distinct <= n / 2;
}

size_t dictionary_ints(const int64_t *v, size_t n, uint32_t *index, int64_t *distinct) {
  uint32_t *slots = xcalloc(SLOTS, sizeof *slots), count = 0;
  for (size_t i = 0; i < n; i++) {
    if (i && v[i] == v[i - 1]) {
      index[i] = index[i - 1];
      continue;
    }
    uint64_t h = (uint64_t)v[i] * UINT64_C(0x9e3779b97f4a7c15) >> 48;
    while (slots[h % SLOTS] && distinct[slots[h % SLOTS] - 1] != v[i]) h++;
    uint32_t *slot = &slots[h % SLOTS];
    if (!*slot) {
      if (!pays(count + 1, i, n)) {
        count = 0;
        break;
      }
      distinct[count] = v[i];
      *slot = ++count;
    }
    index[i] = *slot - 1;
  }
  free(slots);
  return count;
}

static bool same_text(const char *a, const char *b) {
  uint32_t n = load32(a);
  return n == load32(b) && memcmp(a + 4, b + 4, n) == 0;
}

size_t dictionary_texts(const char *plain, size_t n, uint32_t *index, uint32_t *at) {
  uint32_t *slots = xcalloc(SLOTS, sizeof *slots), count = 0;
  const char *p = plain;
  for (size_t i = 0; i < n; p += 4 + load32(p), i++) {
    uint64_t h = hash64(p + 4, load32(p)) >> 32;
    while (slots[h % SLOTS] && !same_text(plain + at[slots[h % SLOTS] - 1], p)) h++;
    uint32_t *slot = &slots[h % SLOTS];
    if (!*slot) {
      if (!pays(count + 1, i, n)) {
        count = 0;
        break;
      }
      at[count] = (uint32_t)(p - plain);
      *slot = ++count;
    }
    index[i] = *slot - 1;
  }
  free(slots);
  return count;
}
