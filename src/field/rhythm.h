/*
** rhythm.h - when a store orders next, from the days on which it ordered.
**
** Looked at are the last RHYTHM_LOOK intervals between days with an order. Outliers are
** trimmed: an interval stays when it is no further from the median than three standard
** deviations, estimated by the median absolute deviation (1.4826 * MAD), and at least half of
** the median. What is left is the usual rhythm; its median is the usual interval.
**
** The next day is the last one plus the median of those usual intervals that are longer than
** what has passed already. A store that orders on one weekday (60 % of its days) is expected
** on that weekday; one with a usual interval of 26 to 35 days that orders on one day of the
** month (60 % within two days), on that day.
**
** A prediction holds when the next order comes within `window` days of it: a quarter of the
** usual interval, from 1 to 7. `score` is the share of the intervals it was made of that would
** have made it hold, (hits + 1) / (tries + 2): what calibration.h turns into a confidence.
**
** Days are days since 1970.
*/
#ifndef FIELD_RHYTHM_H
#define FIELD_RHYTHM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RHYTHM_LOOK = 24, RHYTHM_DAYS = 5, RHYTHM_LEFT = 2, RHYTHM_WINDOW = 7 };

enum rhythm_kind { RHYTHM_PLAIN, RHYTHM_WEEKLY, RHYTHM_MONTHLY };
extern const char *const rhythm_names[]; /* "interval", "weekly", "monthly" */

struct rhythm {
  enum rhythm_kind kind;
  int32_t day;      /* the next order is expected */
  int32_t interval; /* behind the last one, before it was moved to a weekday or day of the month */
  int32_t usual;    /* median of the usual intervals */
  int32_t window;
  int tries, hits, trimmed; /* intervals that it was made of; that would have held; that were outliers */
  double score;
};

/* days: ascending, each once, none above as_of but what was agreed for later. False when there is too little to
** say: fewer than RHYTHM_DAYS days, or fewer than RHYTHM_LEFT usual intervals that are longer than what has
** passed (the store looks gone). */
bool rhythm_next(const int32_t *days, size_t count, int32_t as_of, struct rhythm *out);

/* The usual intervals of the last days, ascending; how many. For who wants to know them all. */
size_t rhythm_intervals(const int32_t *days, size_t count, int32_t out[static RHYTHM_LOOK]);

#endif
