/*
** schedule.h - what is due when: records of the entity `schedule`, each a cron expression
** in a time zone (cron.h) that starts a kind of job or a graph.
**
** A slot is an instant at which something is due. Every slot is queued once, or recorded
** as missed or skipped with the reason: schedule_slot has a row for it, and the job or
** the run is made in the transaction that adds the row. So it does not matter whether two
** servers look, one is killed, or the clock is set back and a slot comes twice.
**
** Slots that passed while nothing ran, by `catch_up`:
**   skip   the newest one is queued when it is at most SCHEDULE_GRACE late; all others are missed
**   once   the newest one is queued and stands for all of them (of a graph: its window
**          begins where that of the oldest would); the others are skipped
**   all    each is queued, oldest first; the newest SCHEDULE_CATCH_UP_MOST of them
** A graph with catch_up has all of them since its start day.
**
** The clock. Forward, it is as if nothing had run for that long. Back: what was queued stays
** queued, and slots whose time comes again are queued only when they were not before. A
** clock that shows a time before this program was written is wrong: nothing is started.
**
** A changed expression or zone holds at once: slots of the old one that nobody had looked at
** are recorded as missed. While a schedule is paused it has no slots.
*/
#ifndef JOB_SCHEDULE_H
#define JOB_SCHEDULE_H

#include "base/json.h"
#include "job/engine.h"
#include "model/entity.h"

#define SCHEDULE_GRACE (INT64_C(600) * 1000000) /* ten minutes: a restart, or a long import */
enum { SCHEDULE_CATCH_UP_MOST = 1000 };

extern const struct engine_part schedule_part;
extern const struct entity_hooks schedule_hooks; /* what cannot work is not saved */

/* Told, in the transaction, when slots were missed: how many (-1: more than were counted), the last of them. */
typedef int schedule_missed_fn(struct ctx *cx, struct db *db, const char *name, int64_t count, int64_t last,
                               const char *reason);
extern schedule_missed_fn *schedule_missed_hook; /* main.c; NULL: nobody */

/* ---- what people do: inside tenant_write ---- */

/* Starts it now, besides its slots; once as long as a job that was started so waits or runs. *job or
** *run is what it started, the other 0. */
int schedule_run(struct ctx *cx, struct db *db, const char *name, int64_t *job, int64_t *run);
int schedule_pause(struct ctx *cx, struct db *db, const char *name, bool paused);

/* ---- reports ---- */

int schedule_list(struct ctx *cx, struct db *db, struct jw *w, const char *key);
int schedule_show(struct ctx *cx, struct db *db, const char *name, struct jw *w, const char *key);
int schedule_slots(struct ctx *cx, struct db *db, const char *name, int64_t limit, struct jw *w,
                   const char *key);
/* {words, next: [instants]}: those after `after` and before `until`, UTC microseconds. */
enum { SCHEDULE_PREVIEW_MOST = 1000000 };
int schedule_preview(struct ctx *cx, const char *cron, const char *zone, int64_t after, int64_t until,
                     int64_t count, struct jw *w, const char *key);
/* The cron expression and zone of a schedule. E_NOT_FOUND names those there are. */
int schedule_when(struct ctx *cx, struct db *db, const char *name, const char **cron, const char **zone);

#endif
