/*
** quality.h - is what the stock's tables say possible? QUALITY_CHECKS checks, each a SELECT of
** sql/query/stock_quality.sql that gives a row for every fault.
**
**   inventory    negative: negative_on_hand, negative_reserved, negative_reorder_point
**                reserved: over_reserved, invalid_reservation, reservation_conflict
**                missing: missing_sku, missing_warehouse, missing_product
**   transaction  integrity: missing_transaction, duplicate_transaction, invalid_type
**                consistency: balance, sequence, timestamps
**   data         integrity: null_values, duplicate_records, consistency
**
** A run of the checks is kept with its samples. What a person finds about a sample is a
** record of stock_review (check_name, subject): who looks at it, and the verdict.
*/
#ifndef INVENTORY_QUALITY_H
#define INVENTORY_QUALITY_H

#include "inventory/stock.h"

enum { QUALITY_CHECKS = 18, QUALITY_SAMPLES = 20, QUALITY_RUNS_KEPT = 400 };

struct quality_result {
  const char *name, *group, *help;
  int64_t found;
  struct str samples; /* JSON: [{subject, text}] */
};

/* Looks, and writes nothing. */
int quality_look(struct ctx *cx, struct db *db, struct quality_result out[QUALITY_CHECKS]);
/* Within tenant_write: keeps what was found; *failed counts the checks that found something. */
int quality_keep(struct ctx *cx, struct db *db, const struct quality_result results[QUALITY_CHECKS],
                 int64_t *failed);

/* Within tenant_write: an alert for each check that found something; those of the others are settled. */
int quality_alert(struct ctx *cx, struct db *db, const struct quality_result results[QUALITY_CHECKS]);

/* [{check, group, help, passed, failed, samples: [{subject, text, assignee, verdict, note}]}] */
int quality_json(struct ctx *cx, struct db *db, const struct quality_result results[QUALITY_CHECKS],
                 struct jw *w, const char *key);
/* The run that was kept last, as results; *at is 0 when there is none. */
int quality_latest(struct ctx *cx, struct db *db, struct quality_result out[QUALITY_CHECKS], int64_t *at);
/* [{id, at, ledger, failed}], newest first. */
int quality_runs(struct ctx *cx, struct db *db, int64_t limit, struct jw *w, const char *key);

#endif
