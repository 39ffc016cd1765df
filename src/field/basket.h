/* basket.h - what a store's next order is likely to hold. See predict.h. */
#ifndef FIELD_BASKET_H
#define FIELD_BASKET_H

#include "field/derive.h"

enum { BASKET_ITEMS = 20, BASKET_ORDERS = 12, BASKET_OCCASIONS = 60 };

struct basket_item {
  const struct history_product *product;
  int64_t quantity, unit_price; /* 1/10000 */
  double chance;
};

struct basket_guess {
  struct basket_item *items; /* the likeliest first */
  size_t count;
};

struct basket_scratch; /* what is used again for each store */
struct basket_scratch *basket_scratch_new(struct ctx *cx, const struct history *h);
/* The items live as long as the unit of work. */
void basket_expect(struct ctx *cx, struct basket_scratch *scratch, const struct history_store *s,
                   struct basket_guess *out);

#endif
