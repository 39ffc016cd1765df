/*
** schedule.c - looks which slots have come, and queues them.
**
** A look is two index lookups: the least `next` and the greatest `position`. It happens
** after every commit and at the time of the next slot, and with a thousand schedules costs
** what it costs with one. What is due is handled in the writer's transaction, some hundred
** schedules at a time: slots since the position -> rows of schedule_slot, jobs, runs -> the
** new position.
*/
#include "job/schedule.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/crash.h"
#include "base/log.h"
#include "base/time.h"
#include "job/cron.h"
#include "job/graph.h"
#include "job/job.h"

enum { AT_A_TIME = 200, SLOTS_KEPT = 2000, PRUNE_EVERY = 32 };
#define SECOND INT64_C(1000000)
#define CLOCK_LEAST INT64_C(1767225600000000) /* 2026-01-01: no right clock shows less */
#define CLOCK_WAITS (60 * SECOND)

schedule_missed_fn *schedule_missed_hook;

struct schedule {
  const char *id, *name, *cron, *zone, *kind, *graph, *catch_up;
  struct str payload;
  bool active, all_since_start;
  int64_t updated_at, start;       /* start: nothing before it; INT64_MIN */
  const char *was_cron, *was_zone; /* NULL: it had no slots until now */
  int64_t position;
  struct cron when;
  const struct zone *where;
};

/* The slots of a schedule in (after, until], the newest SCHEDULE_CATCH_UP_MOST of them. */
struct slots {
  int count;
  bool more;                          /* there are older ones ... */
  int64_t first;                      /* ... from this one on */
  int64_t at[SCHEDULE_CATCH_UP_MOST]; /* oldest first */
};

static void find_slots(const struct schedule *s, int64_t after, int64_t until, struct slots *out) {
  int64_t slot = until + 1;
  int n = SCHEDULE_CATCH_UP_MOST;
  out->more = false;
  while (n > 0 && cron_previous(&s->when, s->where, slot, &slot) && slot > after) out->at[--n] = slot;
  out->count = SCHEDULE_CATCH_UP_MOST - n;
  memmove(out->at, out->at + n, (size_t)out->count * sizeof *out->at);
  if (n == 0 && cron_next(&s->when, s->where, after, &out->first)) out->more = out->first < out->at[0];
}

/* ---- what becomes of a slot ---- */

struct look {
  struct ctx *cx;
  struct db *db;
  struct schedule *s;
  int64_t missed, last; /* how many (-1: uncounted many), the last of them */
  const char *reason;
};

static int pass(struct look *l, int64_t slot, int64_t since, const char *state, const char *reason) {
  struct stmt *s = db_stmt(l->cx, l->db, SQL_schedule_slot_passed);
  stmt_bind(s, l->s->id, slot, state);
  if (since)
    stmt_int(s, 4, since);
  else
    stmt_null(s, 4);
  stmt_text(s, 5, reason);
  stmt_int(s, 6, l->cx->now);
  if (stmt_run(l->cx, s) || db_changes(l->db) == 0 || strcmp(state, "missed") != 0) return l->cx->code;
  l->missed = since || l->missed < 0 ? -1 : l->missed + 1;
  l->last = slot;
  l->reason = reason;
  return OK;
}

static bool is_queued(struct look *l, int64_t slot) {
  struct stmt *s = db_stmt(l->cx, l->db, SQL_schedule_slot_state);
  stmt_bind(s, l->s->id, slot);
  bool queued = stmt_row(l->cx, s) && str_eq(col_str(s, 0), STR("queued"));
  stmt_done(s);
  return queued;
}

/* The job or the run of a graph. */
static int begin(struct ctx *cx, struct db *db, const struct schedule *s, const struct job_window *window,
                 const char *unique, int64_t *job, int64_t *run) {
  *job = *run = 0;
  if (!strcmp(s->kind, "graph"))
    return graph_start(cx, db,
                       &(struct graph_order){ .graph = s->graph,
                                              .cause = window->to ? "schedule" : "manual",
                                              .window = *window,
                                              .payload = s->payload },
                       run);
  return job_enqueue(cx, db, &(struct job_order){ .kind = s->kind, .payload = s->payload, .unique = unique },
                     job);
}

/* Data that makes no sense is why a slot is missed; a sick world is not. */
static bool is_of_the_record(enum err code) {
  return code == E_INVALID || code == E_NOT_FOUND || code == E_LIMIT;
}

static int queue(struct look *l, int64_t slot, int64_t from) {
  struct ctx *cx = l->cx;
  char actor[sizeof cx->actor];
  int64_t job, run, previous = from;
  if (is_queued(l, slot) || cx->code) return cx->code;
  if (!from && !cron_previous(&l->s->when, l->s->where, slot, &previous)) previous = slot - DAY_US;
  str_copy(actor, sizeof actor, str_of(cx->actor));
  snprintf(cx->actor, sizeof cx->actor, "schedule:%.50s", l->s->name);
  begin(cx, l->db, l->s, &(struct job_window){ .from = previous, .to = slot }, NULL, &job, &run);
  str_copy(cx->actor, sizeof cx->actor, str_of(actor));
  if (is_of_the_record(cx->code)) {
    const char *reason = ctx_printf(cx, "%s", cx->message);
    ctx_forgive(cx);
    return pass(l, slot, 0, "missed", reason);
  }
  if (cx->code) return cx->code;
  crash_point("slot begun");
  struct stmt *s = db_stmt(cx, l->db, SQL_schedule_slot_queued);
  stmt_bind(s, l->s->id, slot, cx->now);
  if (job)
    stmt_int(s, 4, job);
  else
    stmt_null(s, 4);
  if (run)
    stmt_int(s, 5, run);
  else
    stmt_null(s, 5);
  return stmt_run(cx, s);
}

/* ---- what becomes of those that have come ---- */

static int skip_early(struct look *l, struct slots *slots) {
  int early = 0;
  while (early < slots->count && slots->at[early] < l->s->start) early++;
  for (int i = 0; i < early; i++)
    if (pass(l, slots->at[i], 0, "skipped", "before the start day of the graph")) return l->cx->code;
  slots->count -= early;
  if (early) slots->more = false;
  memmove(slots->at, slots->at + early, (size_t)slots->count * sizeof *slots->at);
  return OK;
}

static int catch_up_all(struct look *l, const struct slots *slots) {
  if (slots->more &&
      pass(l, slots->at[0] - 1, slots->first, "missed", "more slots had passed than are made up for"))
    return l->cx->code;
  for (int i = 0; i < slots->count; i++)
    if (queue(l, slots->at[i], 0)) return l->cx->code;
  return OK;
}

/* The newest is queued, or is too late as well. */
static int catch_up_newest(struct look *l, const struct slots *slots, bool once) {
  int64_t newest = slots->at[slots->count - 1], oldest = slots->more ? slots->first : slots->at[0];
  const char *state = once ? "skipped" : "missed";
  const char *reason = once ? "a later slot stands for it" : "nothing ran at that time";
  bool late = !once && l->cx->now - newest > SCHEDULE_GRACE;
  int64_t from = 0;
  if (slots->more && pass(l, slots->at[0] - 1, slots->first, state, reason)) return l->cx->code;
  for (int i = 0; i < slots->count - !late; i++)
    if (pass(l, slots->at[i], 0, state, reason)) return l->cx->code;
  if (late) return OK;
  if (once && oldest < newest && !cron_previous(&l->s->when, l->s->where, oldest, &from)) from = oldest;
  return queue(l, newest, from);
}

static int handle_slots(struct look *l, int64_t after) {
  struct slots *slots = xmalloc(sizeof *slots);
  find_slots(l->s, after, l->cx->now, slots);
  int rc = skip_early(l, slots);
  if (!rc && slots->count) {
    if (l->s->all_since_start || !strcmp(l->s->catch_up, "all"))
      rc = catch_up_all(l, slots);
    else
      rc = catch_up_newest(l, slots, !strcmp(l->s->catch_up, "once"));
  }
  free(slots);
  return rc;
}

/* Slots of the expression that it had, until it was changed or paused. */
static int close_old(struct look *l, int64_t until) {
  struct schedule old = *l->s;
  struct slots *slots;
  if (zone_find(l->cx, old.was_zone, &old.where) || cron_parse(l->cx, str_of(old.was_cron), &old.when)) {
    ctx_forgive(l->cx); /* a zone that is gone */
    return OK;
  }
  slots = xmalloc(sizeof *slots);
  find_slots(&old, old.position, until, slots);
  const char *reason =
      l->s->active ? "the schedule was changed before it ran" : "the schedule was paused before it ran";
  int rc = slots->more ? pass(l, slots->at[0] - 1, slots->first, "missed", reason) : OK;
  for (int i = 0; !rc && i < slots->count; i++) rc = pass(l, slots->at[i], 0, "missed", reason);
  free(slots);
  return rc;
}

/* ---- one schedule ---- */

static int state_set(struct look *l, bool stands, int64_t next) {
  struct stmt *s = db_stmt(l->cx, l->db, SQL_schedule_state_set);
  stmt_bind(s, l->s->id, stands ? l->s->cron : NULL, stands ? l->s->zone : NULL);
  if (stands)
    stmt_int(s, 4, l->cx->now);
  else
    stmt_null(s, 4);
  stmt_int(s, 5, next);
  return stmt_run(l->cx, s);
}

/* The graph's start day as an instant of the schedule's zone, near enough: its first moment in UTC. */
static int read_graph(struct look *l) {
  struct stmt *s = db_stmt(l->cx, l->db, SQL_schedule_graph);
  l->s->start = INT64_MIN;
  if (strcmp(l->s->kind, "graph") != 0 || !l->s->graph) return OK;
  stmt_text(s, 1, l->s->graph);
  if (!stmt_row(l->cx, s)) return l->cx->code;
  if (!col_null(s, 0) && time_parse_iso(col_str(s, 0), &l->s->start))
    l->s->start -= zone_span_at(l->s->where, l->s->start).offset * SECOND;
  l->s->all_since_start = col_int(s, 1) != 0;
  stmt_done(s);
  return OK;
}

static bool has_slots(struct look *l) {
  return stmt_exists(l->cx, db_ask(l->cx, l->db, SQL_schedule_slot_any, l->s->id));
}

/* Where a schedule begins that had no slots until now. Those that came with the program begin when they
** are first looked at. */
static int64_t beginning(struct look *l) {
  int64_t changed = l->s->updated_at, now = l->cx->now;
  if (l->s->all_since_start && l->s->start != INT64_MIN && !has_slots(l)) return l->s->start - 1;
  return changed <= 0 || changed > now ? now : changed;
}

static int handle(struct look *l) {
  struct schedule *s = l->s;
  bool changed =
      s->was_cron && (!s->active || strcmp(s->was_cron, s->cron) != 0 || strcmp(s->was_zone, s->zone) != 0);
  int64_t until = s->updated_at < l->cx->now ? s->updated_at : l->cx->now, next;
  if (changed && close_old(l, until)) return l->cx->code;
  if (!s->active) return state_set(l, false, INT64_MAX);
  if (zone_find(l->cx, s->zone, &s->where) || cron_parse(l->cx, str_of(s->cron), &s->when)) {
    log_line(LOG_ERR, l->cx, "SCHEDULE_WRONG", "%s: %s", s->name, l->cx->message);
    ctx_forgive(l->cx); /* written by other means than the door; its next change is looked at */
    return state_set(l, false, INT64_MAX);
  }
  if (read_graph(l) || handle_slots(l, s->was_cron && !changed ? s->position : beginning(l)))
    return l->cx->code;
  if (!cron_next(&s->when, s->where, l->cx->now, &next)) next = INT64_MAX;
  return state_set(l, true, next);
}

static int prune(struct look *l) {
  struct stmt *s = db_stmt(l->cx, l->db, SQL_schedule_slot_prune);
  stmt_bind(s, l->s->id, SLOTS_KEPT);
  return stmt_run(l->cx, s);
}

static int handle_told(struct look *l) {
  if (handle(l)) return l->cx->code;
  if (l->missed && schedule_missed_hook &&
      schedule_missed_hook(l->cx, l->db, l->s->name, l->missed, l->last, l->reason))
    return l->cx->code;
  return l->cx->now / SECOND % PRUNE_EVERY == 0 ? prune(l) : OK;
}

/* ---- all that are due ---- */

static int read_due(struct ctx *cx, struct db *db, struct schedule *out, int *count) {
  struct stmt *s = db_ask(cx, db, SQL_schedule_due, cx->now, AT_A_TIME);
  for (*count = 0; stmt_row(cx, s); (*count)++)
    out[*count] = (struct schedule){ .id = col_dup(cx, s, 0),
                                     .name = col_dup(cx, s, 1),
                                     .cron = col_dup(cx, s, 2),
                                     .zone = col_dup(cx, s, 3),
                                     .kind = col_dup(cx, s, 4),
                                     .graph = col_dup(cx, s, 5),
                                     .payload = str_of(col_dup(cx, s, 6)),
                                     .catch_up = col_dup(cx, s, 7),
                                     .active = col_int(s, 8) != 0,
                                     .updated_at = col_int(s, 9),
                                     .was_cron = col_dup(cx, s, 10),
                                     .was_zone = col_dup(cx, s, 11),
                                     .position = col_int(s, 12) };
  return cx->code;
}

static int handle_due(struct ctx *cx, struct db *db, void *arg) {
  struct schedule *due = ctx_alloc(cx, AT_A_TIME * sizeof *due);
  int count, *handled = arg;
  struct stmt *s = db_stmt(cx, db, SQL_schedule_look);
  bool back = stmt_row(cx, s) && !col_null(s, 1) && col_int(s, 1) > cx->now + SECOND;
  stmt_done(s);
  if (back) {
    db_act(cx, db, SQL_schedule_set_back, cx->now);
  }
  if (cx->code || read_due(cx, db, due, &count)) return cx->code;
  for (int i = 0; i < count; i++)
    if (handle_told(&(struct look){ .cx = cx, .db = db, .s = &due[i] })) return cx->code;
  *handled = count;
  return OK;
}

static int work(struct ctx *cx, struct tenant *t, bool *did, int64_t *next) {
  struct db *db;
  int handled = 0;
  cx->now = time_now();
  if (cx->now < CLOCK_LEAST) {
    *next = cx->now + CLOCK_WAITS;
    return OK;
  }
  if (tenant_read(cx, t, &db)) return cx->code;
  struct stmt *s = db_stmt(cx, db, SQL_schedule_look);
  if (!stmt_row(cx, s)) return cx->code;
  *next = col_null(s, 0) ? INT64_MAX : col_int(s, 0);
  bool back = !col_null(s, 1) && col_int(s, 1) > cx->now + SECOND;
  stmt_done(s);
  if (*next > cx->now && !back) return OK;
  *did = true;
  *next = cx->now;
  return tenant_write(cx, t, handle_due, &handled);
}

const struct engine_part schedule_part = { .name = "schedules", .at_once = 1, .work = work };
