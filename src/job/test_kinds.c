/*
** test_kinds.c - kinds of jobs that exist in test builds only: what they do can be counted.
*/
#ifdef OUTPOST_TEST
#include <stdlib.h>
#include <time.h>

#include "job/internal.h"
#include "store/change.h"

static int64_t number(struct job *job, const char *name, int64_t otherwise) {
  int64_t v;
  return str_to_int(jv_text(jv_get(job_payload(job), name)), &v) ? v : otherwise;
}

/* Sleeps in small pieces; stops when it is told to, unless it is deaf. */
static void sleep_ms(struct job *job, int64_t ms, bool deaf) {
  for (double until = time_seconds() + (double)ms / 1000;
       time_seconds() < until && (deaf || !job_stopped(job));)
    nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
}

/* ---- test_effect: steps with an effect in this file and one in another tenant's ---- */

struct effect {
  int64_t job;
  const char *step;
};

static int inside(struct ctx *cx, struct db *db, void *arg) {
  struct effect *e = arg;
  return change_append(cx, db,
                       &(struct change){ .event = "TEST_EFFECT",
                                         .table = "test_effect",
                                         .key = ctx_printf(cx, "%lld/%s", (long long)e->job, e->step),
                                         .after = STR("{}"),
                                         .count = 1,
                                         .text = "an effect" });
}

static int outside(struct ctx *cx, struct db *db, void *arg) {
  struct effect *e = arg;
  struct stmt *s = db_once(cx, db,
                           "CREATE TABLE IF NOT EXISTS test_effect (job INTEGER, step TEXT, times INTEGER, "
                           "PRIMARY KEY (job, step))");
  if (stmt_run(cx, s)) return cx->code;
  s = stmt_bind(
      db_once(cx, db,
              "INSERT INTO test_effect VALUES (?1, ?2, 1) ON CONFLICT DO UPDATE SET times = times + 1"),
      e->job, e->step);
  return stmt_run(cx, s);
}

static int effect_run(struct ctx *cx, struct job *job) {
  char side[LIMIT_SLUG + 1] = "";
  struct tenant *t = NULL;
  int64_t steps = number(job, "steps", 3), ms = number(job, "ms", 0);
  str_copy(side, sizeof side, jv_text(jv_get(job_payload(job), "side")));
  if (side[0] && tenant_open(cx, tenant_store(job_tenant(job)), side, &t)) return cx->code;
  for (int64_t i = 0; i < steps; i++) {
    struct effect e = { job_id(job), ctx_printf(cx, "step %lld", (long long)i) };
    if (job_stopped(job)) return fail(cx, E_BUSY, NULL, "stopped");
    if (job_step_done(cx, job, e.step)) continue;
    if (t && tenant_write(cx, t, outside, &e)) return cx->code;
    sleep_ms(job, ms, false);
    if (job_step(cx, job, e.step, inside, &e)) return cx->code;
    job_progress(job, i + 1, steps, e.step);
  }
  return OK;
}

/* ---- test_fail: fails the first `times` attempts ---- */

static int fail_run(struct ctx *cx, struct job *job) {
  struct str code = jv_text(jv_get(job_payload(job), "code"));
  job_log(job, "attempt %d", job_attempt(job));
  if (job_attempt(job) > number(job, "times", 1000)) return OK;
  if (str_eq(code, STR("invalid"))) return fail(cx, E_INVALID, "x", "the data is wrong");
  if (str_eq(code, STR("busy"))) return fail(cx, E_BUSY, NULL, "it is busy");
  return fail(cx, E_FAIL, NULL, "the world is sick");
}

/* ---- test_sleep ---- */

static int sleep_run(struct ctx *cx, struct job *job) {
  int64_t ms = number(job, "ms", 100);
  bool deaf = number(job, "deaf", 0) != 0;
  double began = time_seconds();
  struct effect e = { job_id(job), "slept" };
  while (time_seconds() - began < (double)ms / 1000 && (deaf || !job_stopped(job))) {
    job_progress(job, (int64_t)((time_seconds() - began) * 1000), ms, "sleeping");
    sleep_ms(job, 20, deaf);
  }
  if (!deaf && job_stopped(job)) return OK; /* without a word: it is begun again all the same */
  return job_step(cx, job, e.step, inside, &e);
}

/* ---- test_nothing ---- */

static int nothing_run(struct ctx *cx, struct job *job) {
  struct buf out;
  buf_init(&out, KIB(64));
  jv_write(&out, job_payload(job));
  job_result(job, buf_view(&out));
  buf_clear(&out);
  return cx->code;
}

static int crash_run(struct ctx *cx, struct job *job) {
  (void)cx, (void)job;
  abort();
}

static const struct job_kind kinds[] = {
  { .name = "test_nothing",
    .queue = "default",
    .need = "work.write",
    .help = "does nothing",
    .run = nothing_run },
  { .name = "test_effect",
    .queue = "default",
    .need = "work.write",
    .help = "effects that can be counted",
    .run = effect_run },
  { .name = "test_fail", .queue = "bulk-upload", .need = "work.write", .help = "fails", .run = fail_run },
  { .name = "test_sleep",
    .queue = "default",
    .need = "work.write",
    .help = "takes its time",
    .run = sleep_run },
  { .name = "test_single",
    .queue = "default",
    .need = "work.write",
    .help = "one at a time",
    .run = sleep_run,
    .at_once = 1 },
  { .name = "test_rest",
    .queue = "default",
    .need = "work.write",
    .help = "rests ten times as long as it took",
    .run = sleep_run,
    .rest = 10 },
  { .name = "test_crash",
    .queue = "default",
    .need = "work.write",
    .help = "takes the process with it",
    .run = crash_run },
};

void job_register_test_kinds(void) {
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) job_kind_register(&kinds[i]);
}
#endif
