/*
** table.h - which tables can leave for files, and how.
**
** A row of a table lies in one partition: a month (of when it happened, UTC) and, where
** the table has one, a place (the warehouse). Its descriptor is SQL: how a row looks in
** the file, when it happened, how it is removed.
**
** TO ADD A TABLE: 1. its descriptor in tables.c, 2. a retention_policy of it, shipped by
** a migration or made by people, 3. who asks about its rows asks archive_rows_each, too.
*/
#ifndef ARCHIVE_TABLE_H
#define ARCHIVE_TABLE_H

#include "format/parquet.h"

struct archive_column {
  struct parquet_column file; /* in the file */
  const char *sql;            /* in the table */
  bool uuid;                  /* a UUID that the table keeps as 16 bytes */
  const char *json;           /* what lists call it; NULL: as in the file */
};

struct archive_table {
  const char *name;     /* of the table: what retention_policy and legal_hold call it */
  const char *rows;     /* FROM ...: the table is t, and joins that lose no row */
  const char *id;       /* counts up; rows are in its order in the file */
  const char *at;       /* when it happened, UTC microseconds; the table has an index that ends with it */
  const char *place;    /* NULL: partitions are months alone. A number or a text */
  const char *place_is; /* the text of the place ?1 */
  const char *ready;    /* condition of rows that may leave; NULL: all */
  const char *before, *after; /* around the removal, ?1 the place, ?2 <= at < ?3; NULL: nothing */
  const char *remove;         /* the same, and ?4 the last id */
  const char *put;            /* INSERT of a row as it is in the file, ?1 the first column and so on */
  const char *place_number;   /* the number of the place ?1 */
  const char *unsum[3];       /* what the removal of ?1, ?2, ?3 left behind: it goes when the rows are back */
  const char *remove_one;     /* DELETE of the row ?1 */
  const struct archive_column *columns;
  int column_count;
  int id_column, at_column, key_column; /* of the file; -1: none. key: the item */
};

const struct archive_table *archive_table_find(const char *name); /* NULL */
const struct archive_table *archive_table_at(int i);              /* NULL beyond the last */
const char *archive_table_names(struct ctx *cx);

#endif
