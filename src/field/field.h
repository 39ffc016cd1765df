/*
** field.h - field sales: what follows from invoices.
**
** Whenever invoice rows begin or cease to count (an import, an undo, a redo, an edit), a job `populate` is
** ordered in that transaction. It runs the stages in their order:
**
**   populate_stores      stores, by customer_id
**   populate_products    products, by name
**   populate_items       invoice_items, from the rows that count
**   predict_orders, segment_customers, find_upselling
**   populate_tidy        stores and products that the invoices brought and nobody needs any more go
**
** A stage compares what there is with what there should be and writes only what differs, in one
** transaction of its own, so it can be run again at any time and comes to the same. Each is a kind of
** job, too, and the shipped graph process_bulk_upload_complete is made of them.
**
** TO ADD A STAGE
**   1. its function: int NAME(struct ctx *cx, struct tenant *t), which reads by tenant_read in a unit of work
**      of its own and writes by tenant_write
**   2. a row in the table of field/populate.c
**   3. a task in the graph (a migration)
**
** What the stages can read (amounts and quantities are integers in units of 1/10000, days count
** from 1970-01-01):
**   mangalam_invoices   the rows as they came; codes are ids of `term`
**   invoice_items       (id, key, run, invoice_id, invoice_date, store_id, product_id, free, quantity,
**                        unit_price, total_price); what came free has free = 1 and price 0
**   stores, products    records: rows with deleted_at IS NULL
*/
#ifndef FIELD_FIELD_H
#define FIELD_FIELD_H

#include "store/store.h"

struct field_stage {
  const char *name; /* of its kind of job */
  const char *help;
  int (*run)(struct ctx *cx, struct tenant *t);
};
const struct field_stage *field_stage_at(int i); /* NULL beyond the last */

/* Kinds of jobs of this folder. For main.c. */
void field_register(void);
/* For verify_register and rebuild_part_register: invoice_items are what the rows say. */
typedef void field_found_fn(void *arg, const char *check, bool ok, const char *text);
int items_verify(struct ctx *cx, struct db *db, field_found_fn *found, void *arg);
int items_rebuild(struct ctx *cx, struct db *db, int64_t *corrected);

#endif
