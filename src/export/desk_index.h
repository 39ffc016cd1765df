/*
** desk_index.h - every exception of a tenant, in memory, as far as the desk
** counts and filters by it. Private to the desk.
**
** What an exception is (run, category, stage, controls, wrong values) never
** changes, so it is read once, when it is first asked for, and then only what
** newer runs added. What changes (undone runs, corrections, reviews) is laid
** over it again whenever the change log has grown. A count or a filter over
** 85,000 exceptions is then a walk over an array.
**
** An attempt: a rejected row of a run that brings corrections, when the number
** in front of it is that of an exception which was not settled by then. It is
** the story of that exception, not one more to work on.
**
** Memory: about 60 bytes an exception, at most LIMIT_DESK_ROWS of all tenants;
** beyond it the oldest runs are left out, and `left_out` counts their exceptions.
*/
#ifndef EXPORT_DESK_INDEX_H
#define EXPORT_DESK_INDEX_H

#include <pthread.h>

#include "base/map.h"
#include "store/store.h"

enum desk_state { DESK_OPEN, DESK_CORRECTED, DESK_ACCEPTED, DESK_ATTEMPT, DESK_STATES };

/* Texts and their numbers, from 1; 0 is none. */
struct desk_names {
  struct map map;
  char **text;
  uint32_t count;
};

struct desk_run {
  int64_t id;
  char uuid[37], week[12];     /* week: 2020-W53, of its beginning in UTC */
  char *encoding, *source;     /* source: the file's name */
  uint32_t source_no, week_no; /* in sources, weeks */
  uint32_t first, end;         /* its rows */
  int64_t rejected;
  bool undone;
  bool carries; /* its file has the numbers of exceptions in front */
};

struct desk_row {
  int64_t id; /* ascending: run << 32 | record */
  uint32_t run, fault;
  uint16_t assignee;
  uint8_t category, stage, state;
};

struct desk_fault {
  uint64_t value; /* hash of control, field and wrong value */
  uint16_t control;
};

struct desk_attempt {
  int64_t id, of;
};

struct desk_index {
  struct desk_index *next;
  char *path; /* of the tenant's file: its name here */
  int users;
  uint64_t used; /* when, as a count of uses */
  pthread_mutex_t lock;

  struct desk_run *run;
  struct desk_row *row; /* one more than row_count: the last fault's end */
  struct desk_fault *fault;
  struct desk_attempt *attempt; /* by id */
  uint32_t run_count, run_room, row_count, row_room, fault_count, fault_room, attempt_count, attempt_room;
  struct desk_names categories, stages, controls, sources, weeks, assignees;

  int64_t run_from;         /* older runs are left out */
  int64_t overlaid;         /* the change that the overlay was made at; -1 never */
  uint32_t runs_seen, rows; /* what there is for the reader that asks now */
  int64_t left_out;
};

/* Takes the index as of what db sees; desk_leave gives it back, also after a failure. */
int desk_enter(struct ctx *cx, struct tenant *t, struct db *db, struct desk_index **out);
void desk_leave(struct desk_index *ix);

struct desk_row *desk_find(const struct desk_index *ix, int64_t id); /* NULL when there is none */
const struct desk_attempt *desk_attempt(const struct desk_index *ix, int64_t id); /* alike */
uint32_t desk_number(const struct desk_names *n, const char *text); /* 0 when it has not come up */

static inline uint32_t desk_faults_end(const struct desk_index *ix, const struct desk_row *r) {
  return (uint32_t)(r - ix->row) + 1 < ix->row_count ? r[1].fault : ix->fault_count;
}

/* The faults of an exception as the judge wrote them, one after the other:
** slices of the JSON between their quotes. value.p NULL: null. */
struct desk_fault_text {
  struct str control, field, value;
};
bool desk_fault_next(struct str *json, struct desk_fault_text *out);
uint64_t desk_fault_hash(const struct desk_fault_text *f);

#endif
