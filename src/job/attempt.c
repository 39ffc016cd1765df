/*
** attempt.c - what a job may call while it runs.
**
** Everything that it writes to the tenant's file is checked in its own transaction: the
** row must still be running with the fence that this attempt was given. A process that stood
** still beyond its lease finds a larger fence there, or another state, and nothing of what it
** does is committed.
*/
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/metrics.h"
#include "job/internal.h"

static const double NOTICE_SECONDS = 0.2, KEEP_SECONDS = 1;

void job_free(struct job *job) {
  buf_clear(&job->log);
  buf_clear(&job->result);
  pthread_mutex_destroy(&job->lock);
  ctx_end(&job->cx);
  free(job);
}

/* ---- what it is ---- */

struct tenant *job_tenant(const struct job *job) {
  return job->tenant;
}
int64_t job_id(const struct job *job) { return job->id; }
const char *job_kind_name(const struct job *job) { return job->kind_name; }
int job_attempt(const struct job *job) { return job->attempt; }
const struct jv *job_payload(const struct job *job) { return job->payload; }
const struct job_window *job_window(const struct job *job) { return job->has_window ? &job->window : NULL; }
const char *job_item(const struct job *job) { return job->item; }

bool job_stopped(struct job *job) {
  if (!atomic_load(&job->stopped)) return false;
  atomic_store(&job->heard, true);
  return true;
}

/* ---- what it says ---- */

void job_log(struct job *job, const char *fmt, ...) {
  char line[1024], at[TIME_SIZE];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(line, sizeof line, fmt, ap);
  va_end(ap);
  for (char *p = line; *p; p++)
    if ((unsigned char)*p < ' ') *p = ' ';
  if (job->log.n + strlen(line) + TIME_SIZE > LIMIT_JOB_LOG - 64) {
    if (!job->log.full) buf_puts(&job->log, "... and more that is not kept\n");
    job->log.full = true;
    return;
  }
  buf_printf(&job->log, "%s %s\n", time_iso(at, time_now()), line);
}

void job_retry_after(struct job *job, int64_t ms) { job->retry_ms = ms; }

void job_result(struct job *job, struct str json) {
  buf_reset(&job->result);
  buf_str(&job->result, json);
}

struct progress {
  struct job *job;
  int64_t done, total;
  char text[160];
};

static int keep_progress(struct ctx *cx, struct db *db, void *arg) {
  struct progress *p = arg;
  if (!db_act(cx, db, SQL_job_progress, p->job->id, p->job->fence, p->done, p->total,
              p->text[0] ? p->text : NULL, boot_clock() + lease_us()) &&
      db_changes(db) == 0)
    atomic_store(&p->job->stopped, true);
  return cx->code;
}

void job_tell(struct job *job, const char *state) {
  job_notice(&(struct notice){ .id = job->id,
                               .slug = tenant_slug(job->tenant),
                               .kind = job->kind_name,
                               .queue = job->queue,
                               .state = state,
                               .cause = job->cx.code ? job->cx.message : NULL,
                               .text = job->text,
                               .done = job->done,
                               .total = job->told ? job->total : -1,
                               .attempt = job->attempt });
}

/* Whether it is time to keep it, too. */
static bool note_progress(struct job *job, int64_t done, int64_t total, const char *text) {
  double now = time_seconds();
  pthread_mutex_lock(&job->lock);
  job->done = done;
  job->total = total;
  job->told = true;
  str_copy(job->text, sizeof job->text, str_of(text ? text : ""));
  bool notice = now - job->noticed >= NOTICE_SECONDS, keep = now - job->kept >= KEEP_SECONDS;
  if (notice) job->noticed = now;
  pthread_mutex_unlock(&job->lock);
  if (notice) job_tell(job, "running");
  return keep;
}

void job_progress_live(struct job *job, int64_t done, int64_t total, const char *text) {
  note_progress(job, done, total, text);
}

void job_progress(struct job *job, int64_t done, int64_t total, const char *text) {
  if (!note_progress(job, done, total, text)) return;
  struct progress p = { .job = job, .done = done, .total = total };
  pthread_mutex_lock(&job->lock);
  job->kept = time_seconds();
  memcpy(p.text, job->text, sizeof p.text);
  pthread_mutex_unlock(&job->lock);
  struct ctx aside; /* progress that could not be kept is no failure of the job */
  ctx_begin(&aside, "job");
  tenant_write(&aside, job->tenant, keep_progress, &p);
  ctx_end(&aside);
}

/* ---- what it writes ---- */

int job_held(struct ctx *cx, struct db *db, struct job *job) {
  struct stmt *s = db_ask(cx, db, SQL_job_held, job->id, job->fence);
  if (stmt_row(cx, s)) {
    stmt_done(s);
    return OK;
  }
  if (cx->code) return cx->code;
  atomic_store(&job->taken, true);
  atomic_store(&job->stopped, true);
  return fail(cx, E_CONFLICT, NULL, "job %lld was cancelled or is another worker's now; nothing was written",
              (long long)job->id);
}

struct effect {
  struct job *job;
  const char *step;
  write_fn *fn;
  void *arg;
  bool finish;
};

static bool step_known(struct ctx *cx, struct db *db, const struct job *job, const char *name) {
  struct stmt *s = db_ask(cx, db, SQL_job_step_at, job->id, name);
  if (!stmt_row(cx, s)) return false;
  stmt_done(s);
  return true;
}

/* A job that gets somewhere has not been lost in vain. */
static int mark_step(struct ctx *cx, struct db *db, const struct effect *e) {
  if (db_act(cx, db, SQL_job_step_add, e->job->id, e->step, cx->now)) return cx->code;
  return db_act(cx, db, SQL_job_not_lost, e->job->id);
}

static int apply(struct ctx *cx, struct db *db, void *arg) {
  struct effect *e = arg;
  if (job_held(cx, db, e->job)) return cx->code;
  if (e->step && step_known(cx, db, e->job, e->step)) return cx->code;
  int rc = e->fn ? e->fn(cx, db, e->arg) : OK;
  if (!rc && e->step) rc = mark_step(cx, db, e);
  if (!rc && e->finish) rc = outcome_write(cx, db, e->job);
  return rc;
}

static int effect(struct ctx *cx, struct effect *e) {
  cx->now = time_now();
  return tenant_write(cx, e->job->tenant, apply, e);
}

int job_step(struct ctx *cx, struct job *job, const char *name, write_fn *fn, void *arg) {
  return effect(cx, &(struct effect){ .job = job, .step = name, .fn = fn, .arg = arg });
}

int job_write(struct ctx *cx, struct job *job, write_fn *fn, void *arg) {
  return effect(cx, &(struct effect){ .job = job, .fn = fn, .arg = arg });
}

int job_finish(struct ctx *cx, struct job *job, write_fn *fn, void *arg) {
  struct effect e = { .job = job, .fn = fn, .arg = arg, .finish = true };
  if (atomic_load(&job->heard)) return fail(cx, E_BUSY, NULL, "it was stopped before its end");
  job->end = JOB_DONE;
  job->ended = time_now();
  job->end = effect(cx, &e) ? JOB_UNDECIDED : JOB_WRITTEN;
  return cx->code;
}

bool job_step_done(struct ctx *cx, struct job *job, const char *name) {
  struct ctx aside; /* its end gives the reader back */
  struct db *db;
  ctx_begin(&aside, cx->actor);
  bool known = !tenant_read(&aside, job->tenant, &db) && step_known(&aside, db, job, name);
  ctx_end(&aside);
  return known;
}

/* ---- running ---- */

static int run(struct job *job) {
  struct ctx *cx = &job->cx;
  snprintf(cx->actor, sizeof cx->actor, "job:%.40s", job->kind_name);
  cx->now = time_now();
  if (!job->kind) return fail(cx, E_NOT_FOUND, "kind", "this program has no kind of job %s", job->kind_name);
  if (jv_parse(cx, str_of(job->payload_text), &job->payload)) return cx->code;
  return job->kind->run(cx, job);
}

/* What the outcome is, from what `run` returned. */
static enum job_end decide(const struct job *job) {
  if (atomic_load(&job->taken)) return JOB_TAKEN;
  if (!job->cx.code && !atomic_load(&job->heard)) return JOB_DONE;
  return atomic_load(&job->stopped) ? JOB_RELEASED : JOB_FAILED;
}

/* Wrong data is no fault of the machinery. */
static bool is_sick(enum err code) { return code == E_BUSY || code == E_FAIL; }

static void count_attempt(const struct job *job, double seconds) {
  enum err code = job->cx.code;
  bool sick = is_sick(code);
  metric_observe(&metric_job_seconds, job->kind_name, code ? "failed" : "done", seconds);
  metric_count(&metric_units, "job", !code ? "ok" : sick ? "system" : "data");
}

/* What went well is in the file alone: there may be thousands a second. */
static void log_failure(const struct job *job) {
  const struct log_field fields[] = { { "jobId", NULL, job->id },
                                      { "kind", job->kind_name, 0 },
                                      { "attempt", NULL, job->attempt } };
  log_event(is_sick(job->cx.code) ? LOG_WARN : LOG_INFO, &job->cx, "JOB_FAILED", fields,
            sizeof fields / sizeof *fields, "%s", job->cx.message);
}

void job_run(struct job *job) {
  struct ctx *cx = &job->cx;
  double began = time_seconds();
  job->began = time_now();
  job_tell(job, "running");
  int rc = run(job);
  if (rc && !cx->code) fail(cx, rc, NULL, "it failed and did not say why");
  count_attempt(job, time_seconds() - began);
  if (job->end == JOB_WRITTEN) {
    if (cx->code)
      log_line(LOG_WARN, cx, "JOB_FAILED_AFTERWARDS", "job %lld: %s", (long long)job->id, cx->message);
    job_tell(job, job->state);
    return;
  }
  job->ended = time_now();
  job->end = decide(job);
  if (job->end == JOB_FAILED) log_failure(job);
}
