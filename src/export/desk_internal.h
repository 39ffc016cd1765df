/*
** desk_internal.h - shared by the files of the desk:
**
**   desk_index.c    what it holds in memory
**   desk.c          filters, pages, selections
**   desk_summary.c  counts, trends, patterns
**   desk_one.c      the documents of exceptions
*/
#ifndef EXPORT_DESK_INTERNAL_H
#define EXPORT_DESK_INTERNAL_H

#include "export/desk.h"
#include "export/desk_index.h"
#include "format/format.h"

const char *desk_state_name(int state);

/* A filter in the numbers of an index: 0 is all. */
struct desk_sieve {
  const struct desk_index *ix;
  int64_t run;
  uint32_t category, control, stage, source, week, assignee;
  uint64_t pattern; /* hash of a fault */
  unsigned states;  /* a bit each */
  bool nobody, nothing;
  const char *q;
};
int desk_sieve_make(struct ctx *cx, struct db *db, const struct desk_index *ix, const struct desk_filter *f,
                    struct desk_sieve *s);

/* Calls fn for the rows that fit, by id, from behind `after` on. When fn returns anything but OK it
** stops. seconds: how long a search for text may take, 0 any time. */
typedef int desk_row_fn(struct ctx *cx, const struct desk_row *r, void *arg);
struct desk_walked {
  int64_t fit, examined, last; /* last: id of the last one examined */
  bool whole;                  /* it came to the end */
};
int desk_walk(struct ctx *cx, struct db *db, const struct desk_index *ix, const struct desk_sieve *s,
              int64_t after, double seconds, desk_row_fn *fn, void *arg, struct desk_walked *out);

/* What a document needs of the index, copied, so that it may be left. */
struct desk_shown {
  int64_t id, attempt_of;
  int state;
  char run[37], week[12];
  const char *source, *encoding;
};
void desk_show(struct ctx *cx, const struct desk_index *ix, const struct desk_row *r, struct desk_shown *out);

/* The members of an exception, into an open object. *raw (may be NULL) gets the original bytes. */
int desk_write_row(struct ctx *cx, struct db *db, struct jw *w, const struct desk_shown *x, struct str *raw);

#endif
