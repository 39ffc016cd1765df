/* shop.h - a store with all that belongs to it, and what products there are. */
#ifndef FIELD_SHOP_H
#define FIELD_SHOP_H

#include "base/json.h"
#include "store/store.h"

/* {the store's properties, total_orders, total_revenue, orders: [the newest], segment, preferences, prediction}; segment and
** prediction are null where there is none. E_NOT_FOUND. */
int shop_show(struct ctx *cx, struct db *db, const char *id, int64_t orders, struct jw *w, const char *key);

/* {store_id, call_frequency, payment_terms, credit_limit, auto_approve_predictions, version}; what nobody has set is as by
** default, and its version 0. Amounts are numbers. */
int shop_preferences(struct ctx *cx, struct db *db, const char *store, struct jw *w, const char *key);
int shop_preferences_version(struct ctx *cx, struct db *db, const char *store, int64_t *version);
/* Sets what the object names. Inside tenant_write. */
int shop_prefer(struct ctx *cx, struct db *db, const char *store, const struct jv *object);

/* Arrays of names. */
int shop_categories(struct ctx *cx, struct db *db, struct jw *w, const char *key, int64_t *total);
int shop_brands(struct ctx *cx, struct db *db, struct jw *w, const char *key, int64_t *total);

#endif
