/*
** figure.h - one figure by its address, computed in two ways that share nothing.
**
** An address is DATASET/MEASURE?FILTERS, the same on the page and in the terminal:
** sales/revenue?region=North&from=2024-01-01&run=latest
**
**   measure               first: what the page shows     second: by another way
**   orders, a total       the table of sums              the rows themselves, one by one
**   average               the last total / orders        both of them so
**   read                  the run's own count            data records in the index of the kept bytes
**   clean                 the run's own count            rows of the run, the replaced ones included
**   rejected              the run's count, by category   the rejected rows, one by one, their
**                         or control where it is named   faults read as JSON
**   corrected             the index of what was settled  the rejected rows, one by one
**   quality               clean / read                   both of them so
**
** The measures of quality are those of whole runs: they take run, category and
** control. Without a run they are those of all runs that brought files and are
** not undone.
**
** Somebody who changed the sums and the rows alike would not be noticed here; the
** tick of a row (trace.h), which comes from the original bytes, notices it.
*/
#ifndef EXPORT_FIGURE_H
#define EXPORT_FIGURE_H

#include "export/scope.h"

enum figure_kind {
  FIGURE_SUM,
  FIGURE_AVERAGE,
  FIGURE_READ,
  FIGURE_CLEAN,
  FIGURE_REJECTED,
  FIGURE_CORRECTED,
  FIGURE_QUALITY
};

struct figure {
  struct scope scope;
  enum figure_kind kind;
  const char *measure;
  int sum;                        /* of a sum: which; of an average: the total that is divided */
  const char *category, *control; /* of rejected; or NULL */
};

/* also: further parameters that are allowed. E_NOT_FOUND: no such dataset, measure, category,
** control, run; E_INVALID: a parameter that the measure does not take. */
int figure_read(struct ctx *cx, struct db *db, const char *dataset, const char *measure,
                const struct params *p, const char *const *also, struct figure *out);

/* A number, or two of which it is the quotient. */
struct result {
  int64_t a, b; /* of a quotient b is below, else 0 */
};
bool result_same(struct result x, struct result y);
int figure_first(struct ctx *cx, struct db *db, const struct figure *f, struct result *out);
/* Of a run that was undone there is no second way: E_CONFLICT says so. Reads all rows of the scope. */
int figure_second(struct ctx *cx, struct db *db, const struct figure *f, struct result *out);

const char *figure_text(struct ctx *cx, const struct figure *f, struct result r); /* "957.5775" */
void figure_value(struct ctx *cx, struct jw *w, const char *key, const struct figure *f, struct result r);

const char *figure_address(struct ctx *cx, const struct figure *f); /* in one form, whatever was asked */
const char *figure_title(struct ctx *cx, const struct figure *f);
const char *figure_formula(struct ctx *cx, const struct figure *f, struct result r);
const char *figure_sql(struct ctx *cx, const struct figure *f);    /* the first way, for the sqlite3 shell */
const char *figure_method(struct ctx *cx, const struct figure *f); /* the second way, in words */

/* What the faults of a row must hold for a control to be among them; NULL when that
** cannot be told before they are read. */
const char *figure_needle(struct ctx *cx, const char *control);

#endif
