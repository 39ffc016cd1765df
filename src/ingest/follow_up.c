#include "ingest/follow_up.h"

#include "job/job.h"

static int read_state(struct ctx *cx, struct db *db, const struct dataset *d, int64_t *wanted,
                      int64_t *done) {
  *wanted = *done = 0;
  struct stmt *s = db_ask(cx, db, SQL_follow_up_get, d->name);
  while (stmt_row(cx, s)) *wanted = col_int(s, 0), *done = col_int(s, 1);
  return cx->code;
}

int follow_up_order(struct ctx *cx, struct db *db, const struct dataset *d) {
  int64_t wanted, done;
  if (!d->follow) return OK;
  struct stmt *s = db_ask(cx, db, SQL_follow_up_wanted, d->name);
  if (stmt_run(cx, s) || read_state(cx, db, d, &wanted, &done)) return cx->code;
  const char *unique = ctx_printf(cx, "%s@%lld", d->name, (long long)done);
  return job_enqueue(cx, db, &(struct job_order){ .kind = d->follow, .unique = unique }, NULL);
}

int follow_up_is_done(struct ctx *cx, struct db *db, const struct dataset *d, bool *is_done) {
  int64_t wanted = 0, done = 0;
  if (d->follow && read_state(cx, db, d, &wanted, &done)) return cx->code;
  *is_done = done >= wanted;
  return OK;
}
