/*
** outcome.c - what becomes of a job: done, tried again, dead. Always in one transaction
** with the check that the attempt still has it.
*/
#include <stdio.h>

#include "base/ids.h"
#include "job/internal.h"
#include "store/change.h"

enum { LOST_MOST = 10 }; /* processes that a job may take with it without getting anywhere */

static job_ended_fn *ended_hook;
void job_set_ended_hook(job_ended_fn *fn) { ended_hook = fn; }
static job_dead_fn *dead_hook;
void job_set_dead_hook(job_dead_fn *fn) { dead_hook = fn; }

int note_act(struct ctx *cx, struct db *db, const char *event, int64_t id, struct str before,
             struct str after, const char *text) {
  return change_append(cx, db,
                       &(struct change){ .event = event,
                                         .table = "job",
                                         .key = ctx_printf(cx, "%lld", (long long)id),
                                         .before = before,
                                         .after = after,
                                         .count = 1,
                                         .text = text });
}

int outcome_tell_graph(struct ctx *cx, struct db *db, int64_t id) {
  struct stmt *s = db_ask(cx, db, SQL_job_row, id);
  if (!stmt_row(cx, s)) return cx->code;
  struct job_ended e = { .id = id,
                         .graph_run = col_int(s, 17),
                         .graph_task = col_dup(cx, s, 18),
                         .item = col_dup(cx, s, 21),
                         .state = col_dup(cx, s, 3),
                         .cause = col_dup(cx, s, 11),
                         .result = str_of(col_dup(cx, s, 20)),
                         .attempts = (int)col_int(s, 6) };
  stmt_done(s);
  return ended_hook && e.graph_run ? ended_hook(cx, db, &e) : OK;
}

/* The attempt's row: ended_at, outcome, cause and log; the rest is read from the job. */
static int add_try(struct ctx *cx, struct db *db, int64_t id, int64_t ended, const char *outcome,
                   const char *cause, struct str log) {
  return db_act(cx, db, SQL_job_try_add, id, ended, outcome, cause, log.p ? log : STR(""));
}

/* It does not run any more. */
static int end(struct ctx *cx, struct db *db, struct job *job, const char *state, const char *cause) {
  struct stmt *s = db_ask(cx, db, SQL_job_end, job->id, job->fence, state, cause);
  if (job->result.n) stmt_str(s, 5, buf_view(&job->result));
  stmt_int(s, 6, job->ended);
  if (job->told) {
    stmt_int(s, 7, job->done);
    stmt_int(s, 8, job->total);
    if (job->text[0]) stmt_text(s, 9, job->text);
  }
  if (stmt_run(cx, s)) return cx->code;
  if (db_changes(db) == 0) { /* it is somebody else's by now */
    job->end = JOB_TAKEN;
    return OK;
  }
  job->state = state;
  return job->graph_run ? outcome_tell_graph(cx, db, job->id) : OK;
}

/* ---- trying again ---- */

/* min(cap, base * 2^(n-1)), and with jitter anything from 0 to that (full jitter). */
static int64_t backoff_ms(const struct queue_settings *set, const struct job *job) {
  if (job->retry_ms >= 0) return job->retry_ms;
  int64_t ms = set->backoff_ms;
  for (int i = 1; i < job->attempt && ms < set->backoff_cap_ms; i++) ms *= 2;
  if (ms > set->backoff_cap_ms) ms = set->backoff_cap_ms;
  uint64_t random = 0;
  if (set->jitter) random_bytes(&random, sizeof random);
  return set->jitter ? (int64_t)(random % (uint64_t)(ms + 1)) : ms;
}

/* Waits again, `us` from the attempt's end on. */
static int wait_again(struct ctx *cx, struct db *db, struct job *job, int64_t us, const char *cause,
                      bool counts) {
  struct stmt *s = db_ask(cx, db, SQL_job_wait_again, job->id, job->fence, us > 0, job->ended + us);
  if (us > 0) stmt_int(s, 5, boot_clock() + us);
  stmt_text(s, 6, boot_id());
  stmt_text(s, 7, cause);
  stmt_int(s, 8, job->ended);
  stmt_int(s, 9, !counts);
  stmt_int(s, 10, 0);
  job->state = "waiting";
  return stmt_run(cx, s);
}

/* ---- dead ---- */

static int die(struct ctx *cx, struct db *db, struct job *job, const char *cause) {
  if (end(cx, db, job, "dead", cause) || job->end == JOB_TAKEN) return cx->code;
  if (dead_hook && !job->graph_run && dead_hook(cx, db, job->id, job->kind_name, cause)) return cx->code;
  return note_act(cx, db, "JOB_DEAD", job->id, (struct str){ NULL, 0 }, (struct str){ NULL, 0 },
                  ctx_printf(cx, "job %lld (%s) is dead: %.300s", (long long)job->id, job->kind_name, cause));
}

static int failed(struct ctx *cx, struct db *db, struct job *job) {
  struct queue_settings set;
  const char *cause = ctx_strdup(cx, str_of(job->cx.message));
  bool sick = job->cx.code == E_BUSY || job->cx.code == E_FAIL;
  if (add_try(cx, db, job->id, job->ended, "failed", cause, buf_view(&job->log))) return cx->code;
  if (!sick || job->attempt >= job->attempts_max) return die(cx, db, job, cause);
  queue_settings(cx, db, job->queue, &set);
  return cx->code ? (int)cx->code : wait_again(cx, db, job, backoff_ms(&set, job) * 1000, cause, true);
}

static int done(struct ctx *cx, struct db *db, struct job *job) {
  if (job->log.n && add_try(cx, db, job->id, job->ended, "done", NULL, buf_view(&job->log))) return cx->code;
  return end(cx, db, job, "done", NULL);
}

static int released(struct ctx *cx, struct db *db, struct job *job) {
  if (job->log.n && add_try(cx, db, job->id, job->ended, "released", NULL, buf_view(&job->log)))
    return cx->code;
  return wait_again(cx, db, job, 0, NULL, false);
}

int outcome_write(struct ctx *cx, struct db *db, struct job *job) {
  switch (job->end) {
  case JOB_DONE: return done(cx, db, job);
  case JOB_FAILED: return failed(cx, db, job);
  case JOB_RELEASED: return released(cx, db, job);
  default: return OK;
  }
}

int outcome_cancelled(struct ctx *cx, struct db *db, int64_t id) {
  return add_try(cx, db, id, cx->now, "cancelled", ctx_printf(cx, "cancelled by %s", cx->actor), STR(""));
}

/* ---- lost ---- */

int outcome_lost(struct ctx *cx, struct db *db, int64_t id, const char *why) {
  struct stmt *s = db_ask(cx, db, SQL_job_state, id);
  if (!stmt_row(cx, s)) return cx->code;
  struct job job = { .id = id,
                     .kind_name = col_dup(cx, s, 3),
                     .fence = col_int(s, 5),
                     .graph_run = col_int(s, 6),
                     .ended = time_now() };
  int64_t lost = col_int(s, 12) + 1;
  stmt_done(s);
  if (add_try(cx, db, id, job.ended, "lost", why, STR(""))) return cx->code;
  if (lost >= LOST_MOST)
    return die(cx, db, &job,
               ctx_printf(cx, "it was lost %lld times without a step between; the last time: %s",
                          (long long)lost, why));
  s = db_stmt(cx, db, SQL_job_wait_again);
  stmt_bind(s, id, job.fence, 0, job.ended);
  stmt_text(s, 7, why);
  stmt_int(s, 8, job.ended);
  stmt_int(s, 9, 1);
  stmt_int(s, 10, 1);
  return stmt_run(cx, s);
}
