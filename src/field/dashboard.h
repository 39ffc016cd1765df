/*
** dashboard.h - the figures of field sales, exact and as of the last commit.
**
** They are read from sums that triggers keep (0018_orders.sql: field_total, field_store, field_product), so
** the summary costs the same however many invoices there are:
**
**   total_stores, total_products   records that are not deleted
**   total_orders        invoices (by number, store and day), and orders made here that are pending or approved
**   total_revenue       what they come to
**   average_order_value total_revenue / total_orders, rounded half to even
**   pending_predictions predicted orders that are pending
**   high_value_customers stores whose segment is of high value: see segment.h
**   top_stores, top_products       the DASHBOARD_TOP with the most revenue
**
** dashboard_audit computes each of the nine a second way, from other rows: invoices as they came (mangalam_invoices), lines
** of orders, the change log. A sum or a row that somebody changed by hand makes them differ.
*/
#ifndef FIELD_DASHBOARD_H
#define FIELD_DASHBOARD_H

#include "base/json.h"
#include "store/store.h"

enum { DASHBOARD_TOP = 5 };

/* The nine, into the open object. */
int dashboard_summary(struct ctx *cx, struct db *db, struct jw *w);

/* An array of {name, help, shown, again, ok, how}, one for each figure; *bad counts those that differ. */
int dashboard_audit(struct ctx *cx, struct db *db, struct jw *w, const char *key, int64_t *bad);

struct trend_query {
  const char *period;    /* day, week or month */
  const char *from, *to; /* days, inclusive; NULL: all */
  const char *store;     /* id, or NULL */
  const char *product; /* id, or NULL: then orders are those that hold it, and revenue is that of its lines */
};
/* An array of {period, from, orders, revenue, average_order_value, stores}, oldest first: days as 2024-02-29, ISO weeks
** as 2024-W09, months as 2024-02. Periods without an order are not there. */
int trend_list(struct ctx *cx, struct db *db, const struct trend_query *q, struct jw *w, const char *key);

/* The sums again, from their rows; *corrected (may be NULL) counts the rows that were not as they should be. */
int sums_renew(struct ctx *cx, struct db *db, int64_t *corrected);
/* A verify_part_fn. */
int sums_verify(struct ctx *cx, struct db *db,
                void (*found)(void *arg, const char *check, bool ok, const char *text), void *arg);

/* Is the text of `field` a day, 2024-02-29? NULL is none, and right. */
int day_check(struct ctx *cx, const char *field, const char *text);

#endif
