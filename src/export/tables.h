/*
** tables.h - the tables that leave the tenant's file, as CSV, as a JSON
** array with a row a line, or as Parquet with the columns' own types.
**
** A table is a SELECT in sql/report/ that says in its head of what kind each
** column is:
**   int text       as they are
**   day            days since 1970      2024-02-29
**   time           UTC microseconds     2024-02-29T23:59:59.123456Z
**   decS.M         integer at scale S, shown with at least M decimals
** A SELECT of the change log leaves out the tables of :hidden, a JSON array or NULL (model/visible.h).
** TO ADD A TABLE: write sql/report/NAME.sql; then a sentence in facts.c and its
** name in the help of `export`.
**
** In CSV a text that a spreadsheet would take for a formula is guarded by an
** apostrophe (csv_put_guarded); numbers stay numbers. raw_sales, and others of the name
** raw_DATASET, are read from the original bytes.
*/
#ifndef EXPORT_TABLES_H
#define EXPORT_TABLES_H

#include "base/json.h"
#include "store/store.h"

/* EXPORT_CSV_PLAIN: formulas are not guarded, for programs that read it. */
enum export_format { EXPORT_CSV, EXPORT_JSON, EXPORT_PARQUET, EXPORT_CSV_PLAIN };

/* Takes bytes as they come; a failure ends the export. */
typedef int export_write_fn(struct ctx *cx, void *arg, const char *p, size_t n);

/* run: NULL for all, or an id or a unique prefix. E_NOT_FOUND names what there is. */
int export_table(struct ctx *cx, struct db *db, const char *table, const char *run, enum export_format format,
                 export_write_fn *write, void *arg);

/* The same, as Parquet, of the rows whose first day or instant lies in the days from..until
** (INT32_MIN, INT32_MAX: no bound). E_INVALID when a bound is given and the table has neither. */
int export_parquet(struct ctx *cx, struct db *db, const char *table, const char *run, int32_t from,
                   int32_t until, export_write_fn *write, void *arg);

const char *export_names(struct ctx *cx); /* "analytics_summary, audit_log, ..." */

/* [{name, columns: [{name, kind}]}]; kind: int text day time decimal. */
void export_list(struct ctx *cx, struct jw *w, const char *key);
/* Is there a table of that name, with that column (NULL: any)? */
bool export_has(const char *table, const char *column);

/* The exceptions that are open (not accepted either), in the columns of the file that they came from,
** behind two more: the exception's number and the reasons. Repaired and imported
** again, the rows settle their exceptions. One run only. */
int export_exception_file(struct ctx *cx, struct db *db, const char *run, export_write_fn *write, void *arg);

#endif
