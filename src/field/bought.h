/*
** bought.h - who buys what: the products of a store, the stores of a product, added up from the lines
** of what counts (the view field_line: see history.h).
*/
#ifndef FIELD_BOUGHT_H
#define FIELD_BOUGHT_H

#include "base/json.h"
#include "store/store.h"

struct bought_query {
  const char *store, *product; /* ids; one of them, or E_INVALID */
  int64_t limit;
};

/* An array of {id, name, quantity, total_revenue, orders, last_order}, the most revenue first: products where
** a store is asked for, stores where a product is. */
int bought_list(struct ctx *cx, struct db *db, const struct bought_query *q, struct jw *w, const char *key);

#endif
