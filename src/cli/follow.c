/* follow.c - what follows from changed rows, when no server does it. */
#include "cli/cli.h"
#include "ingest/follow_up.h"
#include "job/engine.h"

static bool all_followed(struct ctx *cx, struct db *db) {
  bool done = true;
  for (int i = 0; dataset_at(i) && done; i++)
    if (follow_up_is_done(cx, db, dataset_at(i), &done)) return true;
  return done;
}

/* Or nobody can do it now: the queue is paused, or the job waits for its next attempt. */
static bool is_over(struct ctx *cx, struct tenant *t, void *arg) {
  struct db *db;
  (void)arg;
  if (tenant_read(cx, t, &db) || all_followed(cx, db)) return true;
  for (int i = 0; dataset_at(i); i++) {
    struct stmt *s =
        dataset_at(i)->follow ? db_ask(cx, db, SQL_job_kind_at_work, dataset_at(i)->follow) : NULL;
    if (!s) continue;
    if (!stmt_row(cx, s)) continue;
    stmt_done(s);
    return false;
  }
  return true;
}

int cli_follow(struct ctx *cx, struct tenant *t) {
  struct ctx aside;
  ctx_begin(&aside, cx->actor);
  bool over = is_over(&aside, t, NULL);
  ctx_end(&aside);
  return over ? OK : engine_run_until(cx, t, is_over, NULL);
}
