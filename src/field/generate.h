/*
** generate.h - invoice files whose figures are known beforehand, the same for the same seed.
**
** A year of invoices of so many stores and products that ends with `until`. Whatever the seed: each
** store and each product occurs, each row is an invoice of its own, the totals add up to 2,936.8324 rupees
** a row (42,478,344.40 for 14,464), and 75 of 14,464 rows (in proportion) have goods that came free, so
** that there are 14,539 lines.
**
** Where there are rows enough, stores and amounts are bent until 77 of 211 stores are expected to order within
** the next week (predict.h) and 87 bring four fifths of all (segment.h).
**
** Each store orders in a rhythm of its own, some less regularly, some no longer; the invoices of a store
** and day are one basket. In baskets some products draw others after them (the rules). Some stores' city or
** name is spelled in another way until a day. `truth` receives all of it as JSON:
**
**   {invoices, lines, stores, products, revenue, free, rules: [{first, then, chance}], rhythms:
**    [{customer_id, interval, jitter, active}], variants: [{customer_id, property, before, after, since}]}
**
** poison: so many rows besides that no import should take, each with one fault; `ledger` receives
** "line,defect" for each.
*/
#ifndef FIELD_GENERATE_H
#define FIELD_GENERATE_H

#include "base/buf.h"
#include "base/ctx.h"

typedef int generate_write_fn(struct ctx *cx, void *arg, const char *p, size_t n);

struct generate_invoices {
  int64_t stores, products, invoices, poison;
  uint64_t seed;
  int32_t until; /* the last day, since 1970 */
  generate_write_fn *write, *ledger;
  void *arg, *ledger_arg; /* ledger may be NULL */
  struct buf *truth;      /* may be NULL */
};

/* E_INVALID: fewer invoices than stores or products, or numbers beyond a million. */
int generate_invoices(struct ctx *cx, const struct generate_invoices *g);

#endif
