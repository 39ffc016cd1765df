/*
** mapping.h - which column of a file is which field of a dataset.
**
** A field takes, in this order: the column that --map names; the column that it had
** when a file of just these headings was mapped by hand (memory.h); the column whose
** heading is the field's name; a column whose heading was mapped to it by hand in
** another file; the column whose heading is its best synonym.
** Headings are compared without case, blanks, punctuation and units in brackets
** ("Amount (INR)" is "amount"). Columns that are no field are kept in the raw
** bytes and reported.
**
** A part of the unique key may name several, "line_number|product_id": the first of them that a row
** has something in, and the place of the row in the file where it has nothing in any.
*/
#ifndef INGEST_MAPPING_H
#define INGEST_MAPPING_H

#include "base/json.h"
#include "base/limits.h"
#include "format/format.h"
#include "model/dataset.h"

enum { UNIQUE_OTHERS = 3 };

/* Which apostrophes in front of formulas (csv_put_guarded) are ours, and go: none; as earlier programs put them, one
** at the start of a cell of an exception file; all, in files that we wrote. A run keeps it, so that it is read as it was. */
enum guard { GUARD_LOOK, GUARD_NONE, GUARD_EARLIER, GUARD_START, GUARD_ALL };

struct mapping {
  int column[LIMIT_FIELDS];                            /* of each field; -1 where the file has none */
  const char *how[LIMIT_FIELDS];                       /* "given", "name", "remembered", "synonym" */
  int unique[LIMIT_UNIQUE_PARTS];                      /* columns that make the unique key */
  int unique_other[LIMIT_UNIQUE_PARTS][UNIQUE_OTHERS]; /* ... where that is empty; -1: none */
  bool unique_place[LIMIT_UNIQUE_PARTS];               /* ... and then the place of the row */
  int unique_count;
  bool unique_is_key_field; /* the key is the dataset's key field, as it stands */
  int exception_column;     /* of a re-imported exception file, or -1 */
  enum guard guard;         /* NONE, START or ALL */
};

/* The headings of the two columns that an exception file has in front. */
#define EXCEPTION_HEADING "outpost_exception"
#define REASONS_HEADING "outpost_reasons"

/* The number in a cell of the first: 0 when it is empty, -1 when it is none. Spreadsheets
** write numbers of 12 digits and more as 1.03E+11, so such a one has an x in front. */
enum { EXCEPTION_DIGITS = 11 };
int64_t exception_number(struct str cell);

/* How earlier files were mapped by hand; {0} when nothing is remembered. */
struct remembered {
  const char *const *same; /* "field=Heading" of the file with just these headings, or NULL */
  int same_count;
  const char *const *other; /* of other files, the newest first */
  int other_count;
  bool update; /* the last file with just these headings replaced older rows */
};

struct mapping_request {
  const char *const *maps; /* "field=Heading" or "field=#3", as given */
  int map_count;
  const char *unique; /* "a,b": fields or headings; NULL: the dataset's own */
  struct remembered remembered;
  enum guard guard; /* LOOK: what the headings say; EARLIER: a run of an earlier program */
};

/* Can these maps be meant at all, whatever the file? E_INVALID: no "field=Heading", no such
** field, or one that is named twice. */
int mapping_check(struct ctx *cx, const struct dataset *d, const struct mapping_request *r);

/* E_INVALID: a field or heading that is not there, or a field without a column; the
** sentence lists what there is. */
int mapping_make(struct ctx *cx, const struct dataset *d, const struct profile *p,
                 const struct mapping_request *r, struct mapping *out);

/* The same for somebody who is still to be asked: a field without a column has -1 and how
** NULL, and *problem (NULL when all is well) is the sentence that mapping_make would fail with. */
void mapping_suggest(struct ctx *cx, const struct dataset *d, const struct profile *p,
                     const struct mapping_request *r, struct mapping *out, const char **problem);

/* A part of the unique key, its columns named by `name`: "Line|Item". */
typedef const char *column_name_fn(struct ctx *cx, const struct profile *p, int column);
const char *mapping_part(struct ctx *cx, const struct profile *p, const struct mapping *m, int part,
                         column_name_fn *name);
column_name_fn column_heading; /* "Order No." */
/* All parts, as --unique takes them. */
const char *mapping_unique(struct ctx *cx, const struct profile *p, const struct mapping *m,
                           column_name_fn *name);

/* A cell as it is meant: without what guards it. */
struct str mapping_cell(struct ctx *cx, const struct mapping *m, struct str cell);

/* mapping, unknown_columns and unique, into an open object. */
void mapping_json(struct ctx *cx, struct jw *w, const struct dataset *d, const struct profile *p,
                  const struct mapping *m);

#endif
