/*
** cron.h - when something is due: five fields, as crontab(5) has them.
**
**   minute 0-59, hour 0-23, day of the month 1-31, month 1-12 or jan-dec,
**   day of the week 0-7 or sun-sat (0 and 7 are Sunday)
**
** A field is * or a list of values and ranges: 1,15  8-17  mon-fri; * and ranges
** take a step: * /15 (without the blank), 8-18/2. Instead of five fields: @hourly
** @daily @midnight @weekly @monthly @yearly @annually.
**
** When both fields of days are restricted, a day that fits either is taken; a field
** that begins with * (as * /2 does) is not restricted and must fit as well. This is
** what Vixie cron does.
**
** Daylight saving. A *slot* is an instant at which something is due.
**
** - Every hour allowed (*, 0-23): slots go by elapsed time. Every minute that passes
**   is a slot when the wall shows a fitting one: none is left out in the hour that
**   comes twice, and there is none in the hour that does not exist.
** - Otherwise hours are fixed, and every wall time that fits has one slot a day:
**   one that comes twice has it when it comes first; one that does not exist has it
**   as much later as the clock was put forward, so 02:30 in a gap from 02:00 to 03:00
**   at 03:30 of the new time. Two wall times that fall on one instant are one slot.
**
** npm's cron-parser, with which tests/scenario/schedules.test.mjs compares ten years,
** agrees wherever a clock moves by whole hours. It differs
** - where a clock moves by half an hour (Lord Howe): there it gives a slot twice, leaves
**   one out, or gives up; a count of all minutes, with the offsets of ICU, is what ours
**   is compared with;
** - for * /2 in a field of days beside a restricted other one: there a day that fits
**   either is taken;
** - for 5/15, which is 5-59/15 there and an error here.
*/
#ifndef JOB_CRON_H
#define JOB_CRON_H

#include "base/buf.h"
#include "job/zone.h"

struct cron {
  uint64_t minutes; /* bit n: value n */
  uint32_t hours, days, months, weekdays;
  bool any_day, any_weekday; /* the field begins with a star */
};

/* E_INVALID names the field and says what would be right; also for what never comes,
** such as 30 February. field is `cron`. */
int cron_parse(struct ctx *cx, struct str text, struct cron *out);

/* The first slot after an instant, the last before one; false when there is none (which
** after cron_parse only happens at the ends of time). UTC microseconds. */
bool cron_next(const struct cron *c, const struct zone *z, int64_t after, int64_t *out);
bool cron_previous(const struct cron *c, const struct zone *z, int64_t before, int64_t *out);

/* A sentence for people: "every 6 hours, at minute 0", "at 02:00 on Monday". */
void cron_words(const struct cron *c, struct buf *out);

#endif
