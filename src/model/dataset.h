/*
** dataset.h - what a dataset is: a kind of business row that comes in as files.
**
** A dataset is declared once, in sql/dataset/NAME.dataset; import mapping, coercion, storage,
** totals, verification, replication and export read the declaration, and its tables are made of it.
**
** Storage of a field by kind:
**   text     as it came
**   code     id of the row in `term` that holds the text
**   date     days since 1970-01-01
**   decimal  integer in units of 10^-scale
*/
#ifndef MODEL_DATASET_H
#define MODEL_DATASET_H

#include "base/ctx.h"

enum field_kind { FIELD_TEXT, FIELD_CODE, FIELD_DATE, FIELD_DECIMAL };

struct field {
  const char *name; /* column, JSON key, option of --map */
  enum field_kind kind;
  int scale;            /* of a decimal: digits that are kept */
  bool essential;       /* a row cannot be stored without it */
  bool optional;        /* a file need not have a column for it; an empty date or decimal is NULL */
  bool total;           /* a decimal that is summed up */
  bool group;           /* totals are kept by it: codes and the one date */
  const char *synonyms; /* other headings for it, lower case, without accents, separated by | */
};

/* At most so many fields, of which so many groups (one of them a date) and totals. */
enum { DATASET_FIELDS = 48, DATASET_GROUPS = 4, DATASET_TOTALS = 4 };

/* A figure of every row that stands in its reports and is kept nowhere: of / by, with two decimals, half to even. */
struct field_ratio {
  const char *name, *of, *by;
};

struct dataset {
  const char *name;          /* "sales" */
  const char *table;         /* clean rows: key, run, record, then the fields in order */
  const char *total_table;   /* run, the group fields, orders, the total fields: as imported */
  const char *past_table;    /* as table: rows that a later run took the place of */
  const char *current_table; /* as total_table without run: sums of what is in table now */
  const char
      *key_field; /* the usual unique key, or its first part: stored once, as `key`, when it is all of it */
  const struct field *fields;
  int field_count;
  int batch;          /* rows of a savepoint: what the database refuses costs its own row only; 0: without */
  const char *follow; /* the kind of job that is ordered when rows begin or cease to count; or NULL */
  const struct field_ratio *ratio; /* or NULL */
};

/* Of sql/dataset, the oldest first; NULL at the end. Written by src/tools/embed_datasets.c. */
extern const struct dataset *const datasets_declared[];
extern const char datasets_names[];

const struct dataset *dataset_find(const char *name); /* NULL when there is none */
const struct dataset *dataset_at(int i);              /* NULL beyond the last */
const char *dataset_names(void);                      /* "sales, invoices", for messages */

/* For SQL that is composed: the columns of a row, "key, run, record, order_id, ..."; the group fields, "order_date, region"; the total
** fields, ", quantity, revenue", each with `before` and `behind` around it. */
const char *dataset_row_columns(struct ctx *cx, const struct dataset *d);
const char *dataset_group_columns(struct ctx *cx, const struct dataset *d);
const char *dataset_total_columns(struct ctx *cx, const struct dataset *d, const char *before,
                                  const char *behind);
int dataset_field(const struct dataset *d, struct str name); /* its index, or -1 */

#endif
