/*
** desk.h - the exceptions desk: rejected records of all runs that count, to be
** looked at, given to somebody, accepted, corrected. Exceptions of runs that
** were undone are not here.
**
** state   open, corrected (a later run brought the record again, right),
**         accepted (somebody decided that it stays out, and said why), or
**         attempt: a correction that failed, see desk_index.h. Attempts belong
**         to the history of the exception that they speak of and are counted
**         nowhere; they are listed when their run or state is asked for.
**
** exception   id, run, record, source, line, offset, length, category, stage,
**             state, assignee, reason (of the decision), raw (decoded), faults,
**             week (2020-W53: when its run began, UTC), attempt_of (an id) when
**             it is one
** one         the same, and: dataset, cells [{heading, field, value, controls
**             (that it fails)}], extra (cells beyond the headings), settled_by
**             {run, at, actor} or null, review (the record) or null, history
**             [{at, actor, event, text, run?, exception?}], oldest first
** summary     total, open, corrected, accepted; by_category, by_control,
**             by_source, by_week, by_assignee [{name, open, corrected, accepted}]
**             (name null: nobody), by_state [{name, count}], trends [{week,
**             control, count}] of the last 26 weeks, patterns [{pattern, control,
**             field, value, count, runs, text}]: the same wrong value at least 3 times
**             in what is open, the 50 most frequent; complete: false when
**             left_out exceptions of the oldest runs were not looked at
**             (LIMIT_DESK_ROWS), or a search for text took too long
**
** Counts and totals are exact: the desk walks over what it holds in memory of
** every exception. Only a search for a text (q) reads the records: it stops
** after DESK_SEARCH_SECONDS, and the page may then be short with *next set, and
** *total -1 (not known).
*/
#ifndef EXPORT_DESK_H
#define EXPORT_DESK_H

#include "base/json.h"
#include "store/store.h"

struct desk_filter {
  const char *run, *category, *control, *stage, *source; /* NULL: all; run: id or its beginning, or latest */
  const char *week;                                      /* 2020-W53 */
  const char *state;                                     /* open, corrected, accepted, attempt, all */
  const char *pattern;                                   /* of the summary: exactly this wrong value */
  const char *assignee;                                  /* "-": nobody */
  const char *q;                                         /* stands in the record, ASCII case aside */
};

static const double DESK_SEARCH_SECONDS = 0.03;

/* One page by id, from behind `after` on. *total counts all that fit, *next is 0 at the end. */
int desk_list(struct ctx *cx, struct tenant *t, const struct desk_filter *f, int64_t after, int64_t limit,
              struct jw *w, const char *key, int64_t *total, int64_t *next);

int desk_summary(struct ctx *cx, struct tenant *t, const struct desk_filter *f, struct jw *w,
                 const char *key);

/* E_NOT_FOUND, also for an exception of a run that was undone. */
int desk_one(struct ctx *cx, struct tenant *t, int64_t id, struct jw *w, const char *key);

/* The open (and, where it is asked for, accepted) exceptions that fit, by id, at most LIMIT_AT_ONCE.
** E_LIMIT says how many there are. Without a state: open ones only. */
int desk_select(struct ctx *cx, struct tenant *t, const struct desk_filter *f, int64_t **ids, size_t *count);

/* Figures for others: of one run (NULL: of all that count). */
struct desk_counts {
  int64_t open, corrected, accepted;
};
int desk_count(struct ctx *cx, struct tenant *t, const char *run, struct desk_counts *out);

#endif
