/*
** parquet_writer.h - a Parquet file that is being written. Private to format/.
*/
#ifndef FORMAT_PARQUET_WRITER_H
#define FORMAT_PARQUET_WRITER_H

#include <zlib.h>

#include "format/parquet_internal.h"

/* A column of a row group. */
struct chunk {
  struct parquet_column spec;
  unsigned char *present; /* a row each: 1, or 0 for null */
  int64_t *ints;          /* those that are there */
  struct buf texts;       /* those that are there: length, bytes */
  size_t count;           /* of those that are there */
};

struct group {
  struct chunk *chunk; /* NULL: has not been needed yet */
  size_t rows, text_bytes;
};

/* What makes bytes of groups, one after the other. */
struct encoder {
  const struct parquet_setup *setup;
  int64_t offset;     /* in the file, of what comes next */
  struct buf bytes;   /* of the group that was encoded last */
  struct buf entries; /* of all groups, for the footer */
  size_t group_count;
  struct buf values, page, packed; /* of the page that is being made */
  uint32_t *index, *at;
  int64_t *distinct;
  z_stream gzip;
};

void encoder_begin(struct encoder *e, const struct parquet_setup *setup, size_t group_rows);
void encoder_clear(struct encoder *e);
/* The group's bytes and its entry; the group is empty afterwards. E_LIMIT: a page gets too large. */
int encoder_group(struct ctx *cx, struct encoder *e, struct group *g);

static inline int parquet_type_of(enum parquet_kind kind) {
  if (parquet_is_text(kind)) return TYPE_BYTE_ARRAY;
  return kind == PARQUET_BOOLEAN ? TYPE_BOOLEAN : kind == PARQUET_DAY ? TYPE_INT32 : TYPE_INT64;
}

#endif
