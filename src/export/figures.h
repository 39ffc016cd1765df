/*
** figures.h - the figures that the page shows, as JSON: of a run as it was
** imported, or of all that counts now (scope.h).
**
** figures   dataset, scope ("current" or "run"), run, source, undone (the last
**           two only of a run), from, to,
**           first_day, last_day (of the run or of all, whatever the filters),
**           measures [{name, title, kind: "count" or "decimal"}],
**           groups [{name, title, kind: "code" or "date"}],
**           totals {orders, quantity, revenue},
**           by_region [{name, orders, quantity, revenue}], by_product (alike),
**           by_day [{day, orders, quantity, revenue}]
** quality   scope, run, source, undone, rows {read, clean, rejected},
**           quality (clean / read), rejected {CATEGORY: rows},
**           settled {open, corrected, accepted} (the rejected rows by what became of them),
**           stages [{stage, failed}] (faults that the controls of a stage found; a
**           row may have several),
**           controls [{control, version, stage, field, category, passed, failed, runs}],
**           trend [{run, source, started, read, clean, rejected, quality}]
**           Of all that counts now: of the runs that brought files and that are not
**           undone. Corrections and edits speak of records that were counted there.
*/
#ifndef EXPORT_FIGURES_H
#define EXPORT_FIGURES_H

#include "base/json.h"
#include "export/scope.h"

/* Each writes one object. E_NOT_FOUND, E_INVALID, E_CONFLICT as scope_read. */
int figures_show(struct ctx *cx, struct db *db, struct jw *w, const char *key, const struct params *p);
int quality_show(struct ctx *cx, struct db *db, struct jw *w, const char *key, const struct params *p);

/* "totals" and "by_...", into an open object. */
int figures_write(struct ctx *cx, struct db *db, struct jw *w, const struct scope *s);

/* "Net revenue" of net_revenue. */
const char *figures_title(struct ctx *cx, const char *name);

#endif
