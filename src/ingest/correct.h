/*
** correct.h - corrections of rejected records. A correction is an import like
** any other: of a file with the exception's number in front of the original
** columns. So a corrected row passes every control, and its run says who
** corrected what.
*/
#ifndef INGEST_CORRECT_H
#define INGEST_CORRECT_H

#include "base/json.h"
#include "format/format.h"
#include "ingest/import.h"

/* Profiles the file of a request. When it is an exception file, what was not said
** about its mapping, unique key, date order and decimal sign is taken over from
** the run that the exceptions come from; *request is then a changed copy. */
int correct_adopt(struct ctx *cx, struct tenant *t, const struct import_request **request,
                  struct profile **profile);

/* The same for a look at such a file before it is imported: its run's mapping is what is
** remembered of it. Leaves the request of any other file alone. E_INVALID, E_NOT_FOUND. */
int correct_recall(struct ctx *cx, struct db *db, const struct profile *p, struct mapping_request *r);

/* A cell gets another value: by the name of its field, or by its heading. */
struct correct_change {
  const char *name, *value;
};
/* "order_date=2024-03-05", as it is typed. E_INVALID. */
int correct_change_read(struct ctx *cx, const char *text, struct correct_change *out);

enum { CORRECT_FAULTS = 50, CORRECT_RUNS = 50 };
struct correct_result {
  int64_t corrected, still_open;
  char run[CORRECT_RUNS][37]; /* that brought the corrections: one for each run that they come from */
  int run_count;              /* may be more than CORRECT_RUNS: those are not named */
  struct {
    int64_t exception;
    const char *faults;    /* JSON, as of an exception */
  } fault[CORRECT_FAULTS]; /* the first of those that are still open, and why */
  int fault_count;
};

/* Corrects exceptions in place, all by the same changes (none: as they stand, by the
** rules of today). What would still be wrong stays out: it is judged in a dry run
** first, told in `fault`, and only the others are imported, so that a correction that
** fails leaves nothing behind. At most LIMIT_AT_ONCE; a transaction for each run that
** they come from.
** E_NOT_FOUND, E_CONFLICT (settled already, or the record cannot be corrected in
** place), E_INVALID; with by_filter such exceptions are still open, or left out when
** somebody settled them meanwhile, and the others are corrected. */
int correct_many(struct ctx *cx, struct tenant *t, const int64_t *exceptions, size_t count,
                 const struct correct_change *changes, size_t change_count, bool by_filter,
                 struct correct_result *out);

/* Members, into an open object. Of many: run (the first), runs, corrected, still_open,
** faults [{id, faults}]; of one: run, corrected (bool), faults. */
void correct_write(struct jw *w, const struct correct_result *r);
void correct_write_one(struct jw *w, const struct correct_result *r);

#endif
