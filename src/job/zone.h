/*
** zone.h - time zones: what clocks on the wall showed, and will show.
**
** Read from the system's files (/usr/share/zoneinfo, or the folder that $TZDIR
** names), which hold every change of a zone's offset as RFC 8536 describes: the
** changes that are known, and behind them a rule for all later years. The rule is
** worked out up to the year 2200; beyond it the last offset stays.
**
** "UTC" needs no file. A zone that was read once stays for the life of the
** process: after an update of the system's files the program is started again.
**
** Instants are UTC microseconds, as everywhere. Wall times are seconds since
** 1970-01-01T00:00:00 as if the wall were in Greenwich: wall = instant / 1e6 + offset.
*/
#ifndef JOB_ZONE_H
#define JOB_ZONE_H

#include "base/ctx.h"

struct zone;

/* E_INVALID says what is wrong with the name, or that there is no such zone. */
int zone_find(struct ctx *cx, const char *name, const struct zone **out);
const struct zone *zone_utc(void);

/* The time around an instant for which the offset stays the same. */
struct zone_span {
  int64_t from, until; /* instants: from <= t < until; INT64_MIN and INT64_MAX without an end */
  int32_t offset;      /* seconds to add to UTC */
  int32_t before;      /* the offset of the span before it; the same when there is none */
};
struct zone_span zone_span_at(const struct zone *z, int64_t t);

/* 2024-03-31T03:30:00+02:00 */
enum { ZONE_TIME_SIZE = 48 };
const char *zone_iso(char out[static ZONE_TIME_SIZE], const struct zone *z, int64_t t);

/* Reads the bytes of a zone's file; they are not kept. Pure, for zone_find and for tests;
** zone_free gives the memory back. */
int zone_parse(struct ctx *cx, const char *name, struct str bytes, struct zone **out);
void zone_free(struct zone *z);

#endif
