/*
** compare.h - two runs beside each other, or a run and all that counts now.
**
** compare  a, b {scope, run, source, started (of a run), rows {read, clean, rejected}, quality},
**          totals [{measure, a, b, difference}] (difference is b - a everywhere),
**          by_region [{name, a {orders, ...}, b {...}, difference {...}}], by_product (alike),
**          by_day [{day, a, b, difference}]: every name that one of them has,
**          quality {a, b, difference},
**          controls [{control, a_failed, b_failed, a_version, b_version}] (null where there was none),
**          rules_changed [names of controls, and "list NAME" of reference lists, that were not the same]
*/
#ifndef EXPORT_COMPARE_H
#define EXPORT_COMPARE_H

#include "base/json.h"
#include "export/params.h"
#include "store/store.h"

/* p: as, a, b (a run, its beginning, latest, or current), from, to, group fields. */
int compare_show(struct ctx *cx, struct db *db, struct jw *w, const char *key, const struct params *p);

#endif
