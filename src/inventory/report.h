/*
** report.h - the stock as pages and lists show it: levels with figures, one item with all
** that belongs to it, figures as of a day.
*/
#ifndef INVENTORY_REPORT_H
#define INVENTORY_REPORT_H

#include "inventory/stock.h"

/* state: out (nothing available), low (no more available than the reorder point), over (more reserved
** than there is), ok. The reorder point is the item's own, else what planning worked out last
** (plan.h), as is the risk of a stock-out before an order would arrive. */
struct levels_scope {
  const char *search, *warehouse, *category, *state; /* NULL: all */
  const char
      *sort; /* sku, name, category, warehouse, on_hand, reserved, available, velocity, updated_at; -sku
                       the other way round; NULL: sku */
  int64_t limit;
  const char *cursor; /* `next` of the page before, or NULL */
};
/* "data": [{sku, name, category, warehouse, on_hand, reserved, available, reorder_point, velocity,
** days_of_cover, risk, state, updated_at}], "totals": {...}, "next" into an open object. */
int report_levels(struct ctx *cx, struct db *db, const struct levels_scope *scope, struct jw *w);

/* {item, levels, lots, serials, reservations, metrics, formulas, movements}; E_NOT_FOUND. */
int report_item(struct ctx *cx, struct db *db, const char *sku, struct jw *w, const char *key);

/* [{sku, name, category, warehouse, day, velocity, trend, ...}]; sku, warehouse NULL: all. day -1: as they are
** kept; else computed as of that day. */
int report_metrics(struct ctx *cx, struct db *db, const char *sku, const char *warehouse, int64_t day,
                   struct jw *w, const char *key);

#endif
