/*
** parquet_reader.h - what is known of a Parquet file that was opened. Private to format/.
*/
#ifndef FORMAT_PARQUET_READER_H
#define FORMAT_PARQUET_READER_H

#include "format/parquet_internal.h"

struct chunk_entry {
  int64_t type, codec, values, nulls, plain, bytes, data_at, dictionary_at;
  struct str min, max; /* of the footer's bytes */
};

struct group_entry {
  int64_t rows;
  struct chunk_entry *chunk; /* a column each */
};

struct parquet_reader {
  struct parquet_source source;
  struct parquet_column *columns;
  int column_count, group_count;
  struct group_entry *groups;
  int64_t rows;
};

int parquet_bad(struct ctx *cx, const struct parquet_reader *r, const char *what); /* E_FAIL */

#endif
