/*
** file.h - movements of stock, or what there is at the beginning, from a file: CSV, JSON lines,
** a JSON array, also gzipped. Each row becomes an event and is published like any other.
**
** Columns are found by their headings, without regard to case, blanks and punctuation, in any
** order: sku (item, article, product code), warehouse (site, store, depot), quantity (qty, change),
** type, date (timestamp), reference, notes, location (bin, shelf), lot (batch), serial, unit cost,
** device, sequence, event id. sku and quantity are needed; without a column a warehouse can be given
** for all rows. Other columns are left alone, and told.
**
** Signs: under `quantityChange` and `change` they are as they stand. Under other headings a SALE, a
** TRANSFER_OUT or a RELEASE takes away whichever sign it has. Without a type a row is an ADJUSTMENT:
** what is there at the beginning. Days without a time are the beginning of the day, UTC.
**
** Without event ids a row's id is made of the file's digest and its line: the same file again
** changes nothing. Rows go in 4,096 at a time; an interrupted import is begun again the same way.
*/
#ifndef INVENTORY_FILE_H
#define INVENTORY_FILE_H

#include "inventory/stock.h"

enum { STOCK_REFUSALS = 1000 }; /* that are named; the rest is counted */

struct stock_refusal {
  int64_t line;
  const char *id, *why;
};

struct stock_file_result {
  int64_t rows, taken, known, refused;
  struct stock_refusal *refusals;
  int64_t named;
  const char *ignored; /* headings of columns that are left alone; "" when there are none */
};

/* path - is standard input. warehouse, kind: for rows that say none; may be NULL.
** E_INVALID when the file is no table, or lacks a column, with those it has. */
int stock_file_load(struct ctx *cx, struct tenant *t, const char *path, const char *warehouse,
                    const char *kind, struct stock_file_result *out);
void stock_file_json(struct jw *w, const char *key, const struct stock_file_result *r);

#endif
