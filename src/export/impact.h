/*
** impact.h - what breaks if something changes: a rule, a field, a reference list,
** or a file that came in.
**
** impact  subject ("rule region_known"), text (a sentence),
**         counts {runs, exceptions, open, rules, figures, tabs, rows, ...: what is counted depends on the subject},
**         items [{kind, name, count, text}]
**   kind  run, rule, list, view, report, figure, tab, exceptions, rows, notes; count may be null
*/
#ifndef EXPORT_IMPACT_H
#define EXPORT_IMPACT_H

#include "base/json.h"
#include "export/params.h"
#include "store/store.h"

/* p: one of rule, column, list, file (a run); and as. E_NOT_FOUND: there is no such thing. */
int impact_show(struct ctx *cx, struct db *db, struct jw *w, const char *key, const struct params *p);

#endif
