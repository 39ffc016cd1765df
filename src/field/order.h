/*
** order.h - orders that are made here: what stores ordered of whoever asks, with lines, a number, and
** prices, and what becomes of them.
**
**   draft      not yet meant: counts nowhere
**   pending    ordered
**   approved   somebody has looked, or nobody has to
**   invoiced   an invoice that counts names its number (po_number): the invoice counts, the order no longer does.
**              When the invoice ceases to count, the order is approved again
**   cancelled  will not be
**
** draft -> pending -> approved, each -> cancelled. What is invoiced or cancelled is not changed any more.
**
** An order and its lines are saved in one transaction, through the door; total_amount is the sum of the
** lines, each quantity times unit_price rounded half to even. A price that is not given is the product's.
**
** Numbers are PREFIX-0000001, ...-0000002 without a gap: a number is given in the transaction that makes
** the order, so what fails takes none; what is deleted keeps its own. Behind 9999999 come A0000000, ... to Z9999999,
** so their order as text is the order in which they were given. The prefix is that of the device that asks (`device`,
** up to 8 letters and digits), else that of the settings.
**
** Of the store's preferences: the order is to be paid payment_terms days after its date; what is pending
** and approved of the store together may not go beyond credit_limit (E_CONFLICT), unless somebody who may
** says `override`: then the order says over_limit.
*/
#ifndef FIELD_ORDER_H
#define FIELD_ORDER_H

#include "base/json.h"
#include "model/entity.h"
#include "store/store.h"

enum { ORDER_LINES = 500, ORDER_TERMS_DAYS = 30 };

struct order_by {
  bool may_override;  /* who asks may let an order go beyond the credit limit */
  const char *source; /* where the body does not say; NULL: manual */
};

/* ---- inside tenant_write ---- */

/* {store_id, items: [{product_id | sku | barcode | name | code, quantity, unit_price?, note?}], order_date?, requested_date?, due_date?,
** status? (draft, pending, approved), notes?, source?, device?, override?, prediction_id?}. store_id is an id or a customer_id; `code` is what a
** scanner read: a barcode, SKU or name. E_INVALID names the field, such as items/0/quantity. prediction_id: what it was entered from, which is approved with it;
** a prediction that is decided already, gone, or of another store says nothing: the order may have waited long. */
struct order_draft; /* an order that was made just now; it lives as long as the unit of work */
struct order_asked; /* what a body asks for, read before the transaction: the body has to live on */
int order_ask(struct ctx *cx, const struct jv *body, struct order_asked **out);
int order_create(struct ctx *cx, struct db *db, const struct order_asked *asked, const struct order_by *by,
                 struct order_draft **out);

/* The same members; whole: what the body does not name is emptied (but store, date, status and number), else
** it stays. Lines are replaced when there are items. With `version` it must be that one. */
int order_change(struct ctx *cx, struct db *db, const char *id, const struct jv *body, bool whole,
                 const struct order_by *by);

int order_delete(struct ctx *cx, struct db *db, const char *id);
/* body: NULL, or {note, override}: the note is added to the notes. An approval looks at the credit limit again. */
int order_approve(struct ctx *cx, struct db *db, const char *id, const struct jv *body,
                  const struct order_by *by);
int order_cancel(struct ctx *cx, struct db *db, const char *id, const struct jv *body);

/* {prediction_id | template_order_id | store_id, ...}: an order from a predicted one (which is approved then), from the
** lines of an earlier order or invoice at present prices, or from what the store's prediction, or else its last order, says. Besides: status, order_date,
** requested_date, notes, device, override. */
int order_generate(struct ctx *cx, struct db *db, const struct jv *body, const struct order_by *by,
                   struct order_draft **out);

/* Approved orders of predictions whose store wants that. */
int order_approve_wanted(struct ctx *cx, struct db *db);

/* Orders whose number an invoice names become invoiced, those that none names any more approved. */
int order_settle(struct ctx *cx, struct db *db);

/* ---- reading ---- */

/* An id, or the number of an order. E_NOT_FOUND. */
int order_find(struct ctx *cx, struct db *db, const char *name, char id[static 37]);
int order_version(struct ctx *cx, struct db *db, const char *id, int64_t *version); /* E_NOT_FOUND */

/* Numbers of invoices may hold anything, a slash above all, so an address and the id in lists have them as "i" and their
** bytes in hexadecimal: i494E562F31 for INV/1. The number that such a text stands for; another text itself. */
const char *order_invoice_number(struct ctx *cx, const char *id);

/* An order, or an invoice, with its lines: {id, number, store_id, store_name, order_date, ..., total_amount, items: [{id,
** product_id, product, sku, unit, quantity, unit_price, total_price}]}. E_NOT_FOUND. */
int order_show(struct ctx *cx, struct db *db, const char *id, struct jw *w, const char *key);

/* The same of one that was made just now: it is known, so nothing is read, and no transaction needed. */
void order_show_made(struct ctx *cx, const struct order_draft *made, struct jw *w, const char *key);
const char *order_made_id(const struct order_draft *made);

struct order_query {
  const char *store, *status, *source; /* NULL: all. status invoiced: settled orders and invoices */
  const char *search;                  /* in numbers and names of stores */
  const char *from, *to;               /* days, inclusive */
  const char *cursor;
  int64_t limit;
  bool made_here; /* no invoices */
};
/* Orders and invoices, the newest business day first; *next: cursor of the next page or NULL. Each has these members. */
#define ORDER_MEMBERS                                                                                        \
  "id,number,store_id,store_name,order_date,requested_date,due_date,status,source,total_amount,item_count,"  \
  "invoice_id,notes"
int order_list(struct ctx *cx, struct db *db, const struct order_query *q, struct jw *w, const char *key,
               int64_t *total, const char **next);

extern const struct entity_hooks order_hooks, order_item_hooks;

#endif
