/*
** parquet.h - Apache Parquet files: rows out, and our own files in again.
**
** A file is a row of row groups, each a row of column chunks, each a dictionary page
** (where values repeat) and data pages; a footer in Thrift's compact protocol says
** where everything lies. Source of the format: github.com/apache/parquet-format.
**
** What is written: flat columns, data pages v1, PLAIN, RLE_DICTIONARY or, for whole
** numbers that do not repeat, DELTA_BINARY_PACKED; definition levels for nulls, gzip
** or nothing; a CRC-32 on every page; of every chunk the smallest and the largest
** value and how many nulls; keys and values of one's own. Memory is that of one row
** group, whatever the length of the file.
**
** What is read: files of that kind. Every page's CRC-32 is checked, every length is
** compared with what is there before it is believed.
*/
#ifndef FORMAT_PARQUET_H
#define FORMAT_PARQUET_H

#include "base/buf.h"
#include "base/ctx.h"

enum parquet_kind {
  PARQUET_BOOLEAN,
  PARQUET_INT,     /* INT64 */
  PARQUET_DECIMAL, /* INT64, DECIMAL(18, scale) */
  PARQUET_DAY,     /* INT32, DATE: days since 1970 */
  PARQUET_TIME,    /* INT64, TIMESTAMP in microseconds, UTC */
  PARQUET_TEXT,    /* BYTE_ARRAY, STRING: must be UTF-8 */
  PARQUET_BYTES    /* BYTE_ARRAY */
};

enum {
  PARQUET_COLUMNS = 128,         /* of a file */
  PARQUET_GROUP_ROWS = 122880,   /* of a row group, as DuckDB has them */
  PARQUET_GROUP_BYTES = 32 << 20 /* of its texts: whichever comes first */
};

struct parquet_column {
  const char *name; /* lives as long as the writer; of a reader: as the reader */
  enum parquet_kind kind;
  int scale;     /* of a decimal */
  bool required; /* never null */
};

struct parquet_value {
  bool null;
  int64_t n;    /* everything but texts and bytes; a boolean is 0 or 1 */
  struct str s; /* texts and bytes */
};

/* ---- writing ---- */

typedef int parquet_write_fn(struct ctx *cx, void *arg, const char *p, size_t n);

struct parquet_setup {
  const struct parquet_column *columns;
  int column_count;
  bool plain;         /* pages are not compressed */
  bool no_dictionary; /* for tests, and for what never repeats */
  int group_rows;     /* 0: PARQUET_GROUP_ROWS */
  parquet_write_fn *write;
  void *arg;
};

struct parquet_writer;

/* Released with the unit of work. E_LIMIT: too many columns, or none. */
int parquet_new(struct ctx *cx, const struct parquet_setup *setup, struct parquet_writer **out);
/* A row: column_count values. E_INVALID: a null where none may be, a number too large for its kind. */
int parquet_add(struct ctx *cx, struct parquet_writer *w, const struct parquet_value *row);
/* A key and a value of the footer; at any time before the end. Copied. */
void parquet_note(struct ctx *cx, struct parquet_writer *w, const char *key, const char *value);
int parquet_end(struct ctx *cx, struct parquet_writer *w);

/* ---- reading ---- */

/* Reads exactly n bytes at an offset, or fails. */
typedef int parquet_read_fn(struct ctx *cx, void *arg, int64_t offset, char *to, size_t n);

struct parquet_source {
  parquet_read_fn *read;
  void *arg;
  int64_t size;
  const char *name; /* for messages */
};

struct parquet_reader;

/* The footer. E_FAIL says what is wrong with the file. Released with the unit of work. */
int parquet_open(struct ctx *cx, const struct parquet_source *source, struct parquet_reader **out);
int parquet_column_count(const struct parquet_reader *r);
const struct parquet_column *parquet_column_at(const struct parquet_reader *r, int i);

int parquet_group_count(const struct parquet_reader *r);
/* The smallest and largest value of a column in a group; false when they are not known
** (all null, or long texts). */
bool parquet_group_range(const struct parquet_reader *r, int group, int column, struct parquet_value *min,
                         struct parquet_value *max);

/* The rows of a group, in their order; fn gets all columns. Texts live until it returns. */
typedef int parquet_row_fn(struct ctx *cx, void *arg, const struct parquet_value *row);
int parquet_read(struct ctx *cx, struct parquet_reader *r, int group, parquet_row_fn *fn, void *arg);

/* ---- the digest of rows ----
**
** SHA-256 over the values of rows in their order: the same for the rows of a table and
** of the file that they were written to. */
struct sha256;
void parquet_digest(struct sha256 *h, const struct parquet_value *row, int columns);

#endif
