/*
** reports.h - what the tenant's file has to tell, as JSON. The page, the HTTP
** routes and the command line show the same documents.
**
** Money is a string with its exact digits ("957.5775"); instants are ISO 8601
** in UTC; a share is a number from 0 to 1.
**
** run summary   run (id), dataset, source, kind (file correction edit rejudge), state
**               (running done failed interrupted undone), undone ({at, actor, replaced_by?} or null),
**               started, ended, seconds, actor,
**               rows {read, clean, rejected, created, updated, unchanged},
**               rejected {CATEGORY: n},
**               reconciled (bool), quality (clean / read), revenue
** run report    the summary, and: sha256, bytes, rows_per_second, memory_bytes,
**               mapping [{field, heading, how}], unknown_columns [heading],
**               decisions [{subject, decision, evidence}],
**               oddities [{code, line, count, text}],
**               controls [{control, version, stage, field, category, passed, failed}],
**               totals {orders, quantity, revenue},
**               by_region [{name, orders, quantity, revenue}], by_product (alike),
**               by_day [{day, orders, revenue}],
**               audits [{check, ok, expected, actual, text}],
**               timeline [{seq, at, event, description, count}]
** exception     id, run, record, source, line, offset, length (bytes in the file),
**               category, stage, state, raw (decoded),
**               faults [{control, version, field, value, reason}]
*/
#ifndef EXPORT_REPORTS_H
#define EXPORT_REPORTS_H

#include "base/json.h"
#include "store/store.h"

/* An array of run summaries, newest first. *total counts all of them. */
int report_runs(struct ctx *cx, struct db *db, struct jw *w, const char *key, int64_t limit, int64_t offset,
                int64_t *total);

/* One run report as an object. E_NOT_FOUND. run: an id or its unique prefix, or "latest". */
int report_run(struct ctx *cx, struct db *db, struct jw *w, const char *key, const char *run);

struct exception_filter {
  const char *run, *category, *control; /* NULL: all */
  int64_t after;                        /* id of the last one seen; 0 from the first */
  int64_t limit;
};
/* An array of exceptions by id; *total (may be NULL) counts all that fit the filter, *next is
** the id to go on after, 0 at the end. */
int report_exceptions(struct ctx *cx, struct db *db, struct jw *w, const char *key,
                      const struct exception_filter *f, int64_t *total, int64_t *next);

#endif
