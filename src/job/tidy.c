/*
** tidy.c - jobs that are over are kept for the days that their queue says (keep_days), for
** people to look at; then they go, with their attempts and steps. Dead ones stay until
** they are replayed or cancelled.
*/
#include "job/internal.h"

enum { AT_A_TIME = 500 };
static const char *const forgotten[] = { "done", "cancelled" };

static const char **queue_list(struct ctx *cx, struct db *db, int *count) {
  enum { QUEUES_MOST = 256 };
  const char **names = ctx_alloc(cx, QUEUES_MOST * sizeof *names);
  struct stmt *s = db_stmt(cx, db, SQL_job_queue_names);
  *count = 0;
  while (stmt_row(cx, s)) /* to its end: it must not stay open */
    if (*count < QUEUES_MOST) names[(*count)++] = ctx_strdup(cx, col_str(s, 0));
  return names;
}

/* Ids of jobs that have been over for longer than the queue keeps them, at most `most`. */
static int old_ones(struct ctx *cx, struct db *db, const char *queue, const char *state, int64_t *ids,
                    int most) {
  struct queue_settings set;
  int n = 0;
  if (!queue_settings(cx, db, queue, &set)) return 0;
  struct stmt *s = db_ask(cx, db, SQL_job_old, queue, state, time_now() - set.keep_days * DAY_US, most);
  while (stmt_row(cx, s)) ids[n++] = col_int(s, 0);
  return n;
}

int tidy_look(struct ctx *cx, struct db *db, bool *needed) {
  int count;
  int64_t id;
  const char **queues = queue_list(cx, db, &count);
  *needed = false;
  for (int i = 0; i < count && !*needed; i++)
    for (int k = 0; k < 2; k++) *needed = *needed || old_ones(cx, db, queues[i], forgotten[k], &id, 1) > 0;
  return cx->code;
}

static int order(struct ctx *cx, struct db *db, void *arg) {
  (void)arg;
  return job_enqueue(cx, db, &(struct job_order){ .kind = job_tidy_kind.name, .unique = "tidy" }, NULL);
}

int tidy_order(struct ctx *cx, struct tenant *t) { return tenant_write(cx, t, order, NULL); }

/* ---- the job ---- */

struct sweep {
  const char *queue, *state;
  int forgotten;
};

static int forget(struct ctx *cx, struct db *db, int64_t id) {
  static const enum sql_id statements[] = { SQL_job_forget_tries, SQL_job_forget_steps, SQL_job_forget };
  for (int i = 0; i < 3; i++) {
    if (db_act(cx, db, statements[i], id)) return cx->code;
  }
  return OK;
}

static int sweep_some(struct ctx *cx, struct db *db, void *arg) {
  struct sweep *sweep = arg;
  int64_t ids[AT_A_TIME];
  sweep->forgotten = old_ones(cx, db, sweep->queue, sweep->state, ids, AT_A_TIME);
  for (int i = 0; i < sweep->forgotten; i++)
    if (forget(cx, db, ids[i])) return cx->code;
  return cx->code;
}

static int run(struct ctx *cx, struct job *job) {
  struct db *db;
  int count = 0;
  int64_t total = 0;
  if (tenant_read(cx, job_tenant(job), &db)) return cx->code;
  const char **queues = queue_list(cx, db, &count);
  tenant_read_end(db);
  for (int i = 0; i < count; i++)
    for (int k = 0; k < 2; k++) {
      struct sweep sweep = { queues[i], forgotten[k], 0 };
      do {
        if (job_stopped(job) || job_write(cx, job, sweep_some, &sweep))
          return cx->code ? (int)cx->code : fail(cx, E_BUSY, NULL, "stopped");
        total += sweep.forgotten;
        job_progress(job, total, 0, "old jobs forgotten");
      } while (sweep.forgotten == AT_A_TIME);
    }
  job_result(job, str_of(ctx_printf(cx, "{\"forgotten\":%lld}", (long long)total)));
  return cx->code;
}

const struct job_kind job_tidy_kind = {
  .name = "jobs_tidy",
  .queue = "maintenance",
  .help = "forgets jobs that have been over for longer than their queue keeps them",
  .need = "work.write",
  .run = run
};
