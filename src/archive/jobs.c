/*
** jobs.c - what the archive does by itself.
*/
#include "archive/backups.h"
#include "archive/internal.h"
#include "job/job.h"
#include "model/entity.h"
#include "notify/alert.h"

static bool stopped(void *job) { return job_stopped(job); }

static int run_archive(struct ctx *cx, struct job *job) {
  struct archive_result r;
  if (archive_run(cx, job_tenant(job), false, stopped, job, &r)) return cx->code;
  for (size_t i = 0; i < r.count; i++)
    if (r.step[i].held)
      job_log(job, "%s %s %s stays: %s", r.step[i].table, r.step[i].month, r.step[i].place, r.step[i].held);
  job_result(job, json_one(cx, "rows", r.rows, "bytes", r.bytes, "purged", r.purged, "held", r.held));
  return OK;
}

/* ---- copies ---- */

static int keep_of(struct ctx *cx, const struct jv *payload, struct backup_keep *keep) {
  static const char *const names[] = { "daily", "weekly", "monthly" };
  int *const numbers[] = { &keep->daily, &keep->weekly, &keep->monthly };
  *keep = backup_keep_usual;
  for (int i = 0; i < 3; i++) {
    int64_t n;
    struct str text = jv_text(jv_get(payload, names[i]));
    if (!text.p) continue;
    if (!str_to_int(text, &n) || n < 0 || n > 1000)
      return fail(cx, E_INVALID, names[i], "%s is how many copies are kept, 0 to 1000, not " STR_FMT,
                  names[i], STR_ARG(text));
    *numbers[i] = (int)n;
  }
  return OK;
}

struct outcome {
  const char *title, *text; /* text NULL: it went well */
};

/* People are told of a failure, and that it is over. */
static int tell(struct ctx *cx, struct db *db, void *arg) {
  const struct outcome *o = arg;
  if (!o->text) return alert_settle(cx, db, "backup_failed", o->title);
  return alert_failure(cx, db, "backup_failed", o->title, true, o->title, o->text, "#/health");
}

static int told(struct ctx *cx, struct job *job, const char *title) {
  struct ctx aside;
  struct outcome o = { title, cx->code ? cx->message : NULL };
  ctx_begin(&aside, cx->actor);
  if (tenant_write(&aside, job_tenant(job), tell, &o))
    job_log(job, "nobody could be told: %s", aside.message);
  ctx_end(&aside);
  return cx->code;
}

static int run_backup(struct ctx *cx, struct job *job) {
  struct backup_keep keep;
  struct backup_result r;
  if (keep_of(cx, job_payload(job), &keep)) return cx->code;
  if (!backups_make(cx, job_tenant(job), &keep, &r))
    job_result(job, str_of(ctx_printf(
                        cx, "{\"file\":\"%s\",\"bytes\":%lld,\"last_change\":%lld,\"removed\":%d}",
                        strrchr(r.file, '/') + 1, (long long)r.bytes, (long long)r.last_seq, r.removed)));
  return told(cx, job, "The daily backup failed");
}

static int run_drill(struct ctx *cx, struct job *job) {
  struct drill_result r;
  if (!backups_drill(cx, job_tenant(job), &r))
    job_result(job,
               str_of(ctx_printf(cx, "{\"file\":\"%s\",\"tables\":%lld,\"rows\":%lld,\"last_change\":%lld}",
                                 strrchr(r.file, '/') + 1, (long long)r.tables, (long long)r.rows,
                                 (long long)r.last_seq)));
  return told(cx, job, "A backup could not be restored");
}

static const struct job_kind kinds[] = {
  { .name = "archive_run",
    .queue = "maintenance",
    .help = "moves old rows into files, as the retention policies say",
    .need = "archive.write",
    .run = run_archive,
    .at_once = 1 },
  { .name = "backup_daily",
    .queue = "maintenance",
    .help = "makes a copy of the file, opens it, verifies it, and rotates older ones",
    .need = "archive.write",
    .run = run_backup,
    .at_once = 1 },
  { .name = "backup_drill",
    .queue = "maintenance",
    .help = "restores the newest copy into a folder aside and compares it",
    .need = "archive.write",
    .run = run_drill,
    .at_once = 1 },
};

void archive_register(void) {
  entity_hooks_register("legal_hold", &legal_hold_hooks);
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) job_kind_register(&kinds[i]);
}
