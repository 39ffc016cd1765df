/*
** generate.h - sales files with known defects, the same for the same seed.
**
** Exactly 5 % of the rows lack their date, 2 % repeat the order id of an earlier
** sound row, 1.5 % have a negative revenue; with format_errors so many percent
** more have a malformed date, quantity or revenue. One defect a row. Regions and
** products are those of the reference lists.
*/
#ifndef SALES_GENERATE_H
#define SALES_GENERATE_H

#include "base/ctx.h"

struct generate_request {
  int64_t rows;
  uint64_t seed;
  int64_t format_errors; /* in thousandths of a percent: 3 % is 3000 */
  /* Where the CSV goes, and the ledger's lines ("line,defect"); ledger may be NULL. */
  int (*write)(struct ctx *cx, void *arg, const char *p, size_t n);
  void *arg;
  int (*ledger)(struct ctx *cx, void *arg, const char *p, size_t n);
  void *ledger_arg;
};

int generate_sales(struct ctx *cx, const struct generate_request *r);

#endif
