/*
** order_internal.h - what the files of orders share.
**
**   order.c        create, change, approve, cancel, delete: what stands in `orders`
**   order_lines.c  lines: products found, prices, sums, saved
**   order_made.c   orders from predictions, templates, stores
**   order_show.c   one, and lists
*/
#ifndef FIELD_ORDER_INTERNAL_H
#define FIELD_ORDER_INTERNAL_H

#include "field/order.h"
#include "record/form.h"

struct order_line {
  const char *product;          /* its id */
  int64_t quantity, unit_price; /* 1/10000 */
  int64_t total;                /* 1/100 */
  const char *note;             /* or NULL */
};

struct order_lines {
  struct order_line *line;
  size_t count;
  int64_t total; /* 1/100 */
};

/* Of a JSON array: each resolved and added up. */
int lines_read(struct ctx *cx, struct db *db, const struct jv *items, struct order_lines *out);
/* One more; quantity above 0. unit_price -1: the product's. */
int lines_add(struct ctx *cx, struct db *db, struct order_lines *out, const char *product, int64_t quantity,
              int64_t unit_price);
/* What the order has becomes these: only lines that differ are saved. fresh: it has none yet. */
int lines_save(struct ctx *cx, struct db *db, const char *order, const struct order_lines *lines, bool fresh);

/* What is to be saved of an order that is made. */
struct order_draft {
  const char *store, *order_date, *requested_date, *due_date, *status, *source, *source_id, *notes,
      *device; /* or NULL */
  bool override;
  struct order_lines lines;
};
int draft_read(struct ctx *cx, const struct jv *body, struct order_draft *d); /* all but store and lines */
int draft_save(struct ctx *cx, struct db *db, struct order_draft *d, const struct order_by *by,
               char id[static 37]);

/* An id or customer_id of a store that is there; E_INVALID for `field`. */
int store_find(struct ctx *cx, struct db *db, const char *name, const char *field, const char **id);

/* Is the prediction one of this store that nobody has decided on? */
int prediction_open(struct ctx *cx, struct db *db, const char *id, const char *store, bool *out);
int prediction_approve(struct ctx *cx, struct db *db, const char *id);

/* A member that is a text, or NULL; E_INVALID when it is something else. */
int text_of(struct ctx *cx, const struct jv *body, const char *name, const char **out);

#endif
