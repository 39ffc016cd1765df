/*
** parquet_internal.h - what the writer and the reader of Parquet share. Private to format/.
**
** The numbers are those of parquet.thrift.
*/
#ifndef FORMAT_PARQUET_INTERNAL_H
#define FORMAT_PARQUET_INTERNAL_H

#include "format/parquet.h"
#include "format/thrift.h"

enum { TYPE_BOOLEAN = 0, TYPE_INT32 = 1, TYPE_INT64 = 2, TYPE_BYTE_ARRAY = 6 };
enum { CONVERTED_UTF8 = 0, CONVERTED_DECIMAL = 5, CONVERTED_DATE = 6, CONVERTED_TIMESTAMP_MICROS = 10 };
enum { LOGICAL_STRING = 1, LOGICAL_DECIMAL = 5, LOGICAL_DATE = 6, LOGICAL_TIMESTAMP = 8 };
enum {
  ENCODING_PLAIN = 0,
  ENCODING_PLAIN_DICTIONARY = 2,
  ENCODING_RLE = 3,
  ENCODING_DELTA = 5,
  ENCODING_DICTIONARY = 8
};
enum { CODEC_NONE = 0, CODEC_GZIP = 2 };
enum { PAGE_DATA = 0, PAGE_DICTIONARY = 2 };

enum { DECIMAL_DIGITS = 18 };   /* what an INT64 holds for certain */
enum { STATISTICS_TEXT = 128 }; /* longer texts are no bounds */
enum { PARQUET_GROUP_ROWS_MAX = 1 << 17 };
#define PARQUET_PAGE_MAX ((size_t)64 << 20)   /* one page, uncompressed */
#define PARQUET_CHUNK_MAX ((size_t)256 << 20) /* one chunk, its pages uncompressed */
#define PARQUET_GROUP_MAX ((size_t)512 << 20) /* one row group, uncompressed */
#define PARQUET_FOOTER_MAX ((size_t)64 << 20)

static inline bool parquet_is_text(enum parquet_kind kind) {
  return kind == PARQUET_TEXT || kind == PARQUET_BYTES;
}

/* Bits that hold the numbers 0..most; at least 1, because some readers know no width 0. */
int width_of(uint64_t most);

/* ---- encodings: bytes are added to the buffer ---- */

/* The hybrid of run lengths and bit packing, least significant bit first. */
void rle_encode(struct buf *to, const uint32_t *v, size_t n, int width);
/* Blocks of 128 in four miniblocks; narrow: the numbers are 32 bits and wrap there. */
void delta_encode(struct buf *to, const int64_t *v, size_t n, bool narrow);

/* Numbers the distinct values in the order of their first appearance. 0: there are so
** many of them that a dictionary does not pay. */
enum { DICTIONARY_MAX = 32768 };
size_t dictionary_ints(const int64_t *v, size_t n, uint32_t *index, int64_t *distinct);
/* plain: n values, each its length as 4 bytes and its bytes; at: where the distinct ones begin. */
size_t dictionary_texts(const char *plain, size_t n, uint32_t *index, uint32_t *at);

static inline uint32_t load32(const void *p) {
  const unsigned char *b = p;
  return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}
static inline uint64_t load64(const void *p) {
  return load32(p) | (uint64_t)load32((const char *)p + 4) << 32;
}
static inline void store32(void *p, uint32_t v) {
  unsigned char *b = p;
  for (int i = 0; i < 4; i++) b[i] = (unsigned char)(v >> 8 * i);
}
static inline void store64(void *p, uint64_t v) {
  store32(p, (uint32_t)v);
  store32((char *)p + 4, (uint32_t)(v >> 32));
}

/* ---- decodings: false when the bytes are not what they say; nothing is read beyond them ---- */

bool rle_decode(struct str bytes, int width, uint32_t *out, size_t n);
bool delta_decode(struct str bytes, int64_t *out, size_t n, bool narrow);
/* gzip; the length must come out exactly. */
bool gzip_decode(struct str bytes, char *out, size_t n);

#endif
