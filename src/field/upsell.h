/*
** upsell.h - what a store or an order may want besides.
**
** Rules (rules.h) are found in baskets. A basket is what an invoice or order holds; where these hold
** fewer than 1.5 products on average, what a store bought in a day; where that is fewer, too,
** what it bought in a calendar month.
**
** For a store: of the rules "because -> product" whose `because` it bought in the last UPSELL_DAYS
** days and whose product it never bought, the one with the greatest confidence for each product; of
** these the UPSELL_STORE best, by confidence, then lift. They are its upselling_recommendation records.
** For an order or an invoice: the same by what is in it, without what is in it.
** Products that are no longer offered are not suggested.
*/
#ifndef FIELD_UPSELL_H
#define FIELD_UPSELL_H

#include "base/json.h"
#include "field/derive.h"

enum { UPSELL_DAYS = 180, UPSELL_STORE = 5, UPSELL_ORDER = 10 };

int upsell_all(struct ctx *cx, struct tenant *t); /* the stage of populate: saves what changed */
extern const struct derived_stage upsell_stage;   /* the same, for derive.h */

/* Suggestions for what has this id: an order (id or number), an invoice (number) or a store (id or customer_id): an
** array of {product_id, product, because_id, because, support, confidence, lift, unit_price, reason}. E_NOT_FOUND. */
int upsell_suggest(struct ctx *cx, struct db *db, const char *id, struct jw *w, const char *key);

/* All rules, those with the greatest confidence first: an array of the same, with both, in_because, in_product, baskets.
** search: words, each of which stands somewhere in the name, SKU, barcode, category or brand of one of the two; NULL: all. E_INVALID for
** `q`: too many words. */
int upsell_rules(struct ctx *cx, struct db *db, const char *search, int64_t limit, struct jw *w,
                 const char *key, int64_t *total);

#endif
