/*
** jobs.c - what the archive does by itself.
*/
#include "archive/internal.h"
#include "base/limits.h"
#include "job/job.h"
#include "model/entity.h"

static bool stopped(void *job) { return job_stopped(job); }

static int run_archive(struct ctx *cx, struct job *job) {
  struct archive_result r;
  struct buf b;
  struct jw w;
  if (archive_run(cx, job_tenant(job), false, stopped, job, &r)) return cx->code;
  for (size_t i = 0; i < r.count; i++)
    if (r.step[i].held)
      job_log(job, "%s %s %s stays: %s", r.step[i].table, r.step[i].month, r.step[i].place, r.step[i].held);
  buf_init(&b, KIB(4));
  jw_init(&w, &b);
  jw_object(&w, NULL);
  jw_int(&w, "rows", r.rows);
  jw_int(&w, "bytes", r.bytes);
  jw_int(&w, "purged", r.purged);
  jw_int(&w, "held", r.held);
  jw_close(&w, '}');
  job_result(job, str_of(ctx_strdup(cx, buf_view(&b))));
  buf_clear(&b);
  return OK;
}

static const struct job_kind archive_kind = { "archive_run", "maintenance",
                                              "moves old rows into files, as the retention policies say",
                                              run_archive, 1 };

void archive_register(void) {
  entity_hooks_register("legal_hold", &legal_hold_hooks);
  job_kind_register(&archive_kind);
}
