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
  const char *id;                          /* once it is saved */
  const char *product, *name, *sku, *unit; /* the product's id, and what it is called */
  int64_t quantity, unit_price;            /* 1/10000 */
  int64_t total;                           /* 1/100 */
  const char *note;                        /* or NULL */
};

struct order_lines {
  struct order_line *line;
  size_t count;
  int64_t total; /* 1/100 */
};

/* What a body says of a line. */
struct asked_line {
  int way;                      /* by which member the product is named, see order_lines.c */
  struct str product;           /* it is this there */
  int64_t quantity, unit_price; /* 1/10000; -1: the product's */
  const char *note;
};
struct asked_lines {
  struct asked_line *line;
  size_t count;
};

/* Of a JSON array, which has to live on; and in a transaction, each resolved and added up. */
int lines_ask(struct ctx *cx, const struct jv *items, struct asked_lines *out);
int lines_find(struct ctx *cx, struct db *db, const struct asked_lines *asked, struct order_lines *out);
/* One more; quantity above 0. unit_price -1: the product's. */
int lines_add(struct ctx *cx, struct db *db, struct order_lines *out, const char *product, int64_t quantity,
              int64_t unit_price);
/* What the order has becomes these: only lines that differ are saved. fresh: it has none yet. */
int lines_save(struct ctx *cx, struct db *db, const char *order, struct order_lines *lines, bool fresh);

/* What is to be saved of an order that is made; draft_save completes it. */
struct order_draft {
  const char *id, *number; /* once it is saved */
  const char *store, *store_name, *order_date, *requested_date, *due_date, *status, *source, *source_id,
      *notes, *device; /* or NULL */
  bool override, over_limit;
  struct order_lines lines;
};
/* All but store and lines. now: the status of the order, NULL when it is to be made. What is wrong is put aside, as it is by lines_ask and lines_find. */
void draft_read(struct ctx *cx, const struct jv *body, const char *now, struct order_draft *d);

/* The body of an order that is to be made. */
struct order_asked {
  struct order_draft draft;
  const char *store, *source, *prediction;
  struct asked_lines lines;
};
int draft_save(struct ctx *cx, struct db *db, struct order_draft *d, const struct order_by *by);

/* An id or customer_id of a store that is there; E_INVALID for `field`. called: its name; may be NULL. */
int store_find(struct ctx *cx, struct db *db, const char *name, const char *field, const char **id,
               const char **called);

/* Is the prediction one of this store that nobody has decided on? */
int prediction_open(struct ctx *cx, struct db *db, const char *id, const char *store, bool *out);
int prediction_approve(struct ctx *cx, struct db *db, const char *id);

/* Whether a name stands in ", a, b, ". */
bool name_listed(const char *list, struct str name);

/* A member that is a text, or NULL; E_INVALID when it is something else. */
int text_of(struct ctx *cx, const struct jv *body, const char *name, const char **out);

#endif
