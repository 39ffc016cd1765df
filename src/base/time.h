/*
** time.h - instants are UTC microseconds since 1970, dates are days since 1970.
*/
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include "base/str.h"

#define DAY_US INT64_C(86400000000)

/* The one clock. Tests replace it. */
extern int64_t (*time_source)(void);
static inline int64_t time_now(void) { return time_source(); }

double time_seconds(void); /* monotonic, for durations only */

/* Proleptic Gregorian calendar (H. Hinnant, "chrono-compatible low-level date
** algorithms"). date_valid knows month lengths and leap years. */
bool date_valid(int year, int month, int day);
int32_t date_days(int year, int month, int day);
void date_civil(int32_t days, int *year, int *month, int *day);

enum { DATE_SIZE = 16, TIME_SIZE = 32 };
const char *date_iso(char out[static DATE_SIZE], int32_t days); /* 2024-02-29 */
const char *time_iso(char out[static TIME_SIZE], int64_t us);   /* 2024-02-29T23:59:59.123456Z */
/* The week of ISO 8601 that a day lies in: 2020-W53. Its year is that of its Thursday. */
const char *date_week(char out[static DATE_SIZE], int32_t days);
bool time_parse_iso(struct str s, int64_t *us); /* what time_iso prints, or a date */
/* An instant of ISO 8601 in the form of RFC 3339: a date, T, hours, minutes and seconds with or
** without a fraction, and Z or an offset (+02:00, +0200, +02). Digits beyond microseconds are cut. */
bool time_parse_zoned(struct str s, int64_t *us);

#endif
