/*
** history.h - what every store bought, in memory: what predictions, segments and
** recommendations are worked out from.
**
** What counts are the lines of invoices, and of orders made here that are neither drafts nor
** cancelled nor settled by an invoice (the view field_line). "Today" is the day that the
** invoices reach, not the clock's: the same rows give the same results on any day, and a file
** of last year is not a list of dead stores. Where there are no invoices it is the last order.
**
** Amounts and quantities: units of 1/10000.
*/
#ifndef FIELD_HISTORY_H
#define FIELD_HISTORY_H

#include "store/store.h"

enum { FIELD_SCALE = 4, MONEY_SCALE = 2 };

struct history_line {
  int32_t day, product; /* an index */
  uint32_t document;    /* lines of one invoice or order have the same number */
  int64_t quantity, revenue;
};

struct history_store {
  const char *id, *name;
  const struct history_line *lines; /* by day */
  size_t line_count;
  const int32_t *days;   /* with an order, ascending, each once */
  const int64_t *amount; /* of each of these days */
  size_t day_count;
  int64_t documents, revenue;
};

struct history_product {
  const char *id, *name;
  int64_t unit_price; /* -1: nobody knows */
  bool offered;       /* active, and not deleted */
};

struct history {
  int32_t as_of;                /* days since 1970; 0: there is nothing */
  struct history_store *stores; /* by id: those with lines */
  size_t store_count;
  struct history_product *products; /* by id */
  size_t product_count;
  struct history_line *lines;
  size_t line_count;
};

/* Lives as long as the unit of work. */
int history_read(struct ctx *cx, struct db *db, struct history *out);

#endif
