#include "connect/bulk.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/crash.h"
#include "base/file.h"
#include "base/log.h"
#include "base/time.h"
#include "format/input.h"
#include "ingest/follow_up.h"
#include "ingest/import.h"
#include "store/column.h"

enum { ERRORS_SHOWN = 100, LOST_AFTER_SECONDS = 3600 };

/* ---- how far those are that this process works on ----
**
** While an import has the writer nothing of it is in the file. */

struct at_work {
  const char *slug;
  int64_t job;
  struct import_progress now;
  struct at_work *next;
};

static pthread_mutex_t work_lock = PTHREAD_MUTEX_INITIALIZER;
static struct at_work *work;

static void work_begin(struct at_work *w) {
  pthread_mutex_lock(&work_lock);
  w->next = work;
  work = w;
  pthread_mutex_unlock(&work_lock);
}

static void work_end(struct at_work *w) {
  pthread_mutex_lock(&work_lock);
  struct at_work **at = &work;
  while (*at != w) at = &(*at)->next;
  *at = w->next;
  pthread_mutex_unlock(&work_lock);
}

static bool work_find(const char *slug, int64_t job, struct import_progress *out) {
  bool found = false;
  pthread_mutex_lock(&work_lock);
  for (const struct at_work *w = work; w && !found; w = w->next) {
    found = w->job == job && strcmp(w->slug, slug) == 0;
    if (found) *out = w->now;
  }
  pthread_mutex_unlock(&work_lock);
  return found;
}

/* ---- orders ---- */

int bulk_folder(struct ctx *cx, struct tenant *t, const char **out) {
  *out = ctx_printf(cx, "%s/bulk/%s", store_dir(tenant_store(t)), tenant_slug(t));
  return file_make_folders(cx, *out);
}

static struct str options_json(struct ctx *cx, const struct bulk_order *o) {
  return json_one(cx, "dataset", o->options.dataset, "unique", o->options.unique, "update", o->options.update,
                  "batch", o->options.batch);
}

int bulk_enqueue(struct ctx *cx, struct db *db, const struct bulk_order *o, struct breaker *breaker,
                 int64_t *id) {
  if (breaker_enter(cx, db, BULK_BREAKER, breaker)) return cx->code;
  if (job_enqueue(cx, db, &(struct job_order){ .kind = bulk_upload_kind.name }, id)) return cx->code;
  return db_act(cx, db, SQL_bulk_add, *id, o->source, o->path, o->bytes, o->sha256, options_json(cx, o),
                cx->actor, cx->now);
}

/* ---- the job ---- */

struct bulk {
  struct job *job;
  const char *source, *path, *options, *run; /* run: NULL, not imported yet */
  int64_t records;
  struct import_request request;
  struct import_result result;
  struct at_work work;
  atomic_bool stop;
};

static int read_order(struct ctx *cx, struct bulk *b) {
  struct ctx aside; /* gives the reader back before the import */
  struct db *db;
  ctx_begin(&aside, cx->actor);
  struct stmt *s = tenant_read(&aside, job_tenant(b->job), &db) ? NULL : db_stmt(&aside, db, SQL_bulk_get);
  if (s) stmt_int(s, 1, job_id(b->job));
  if (s && stmt_row(&aside, s)) {
    b->source = ctx_strdup(cx, col_str(s, 0));
    b->path = ctx_strdup(cx, col_str(s, 1));
    b->options = ctx_strdup(cx, col_str(s, 2));
    b->run = col_null(s, 3) ? NULL : ctx_strdup(cx, col_str(s, 3));
  } else if (!aside.code) {
    fail(&aside, E_NOT_FOUND, NULL, "no file was handed in for this job");
  }
  if (aside.code) fail_from(cx, &aside);
  ctx_end(&aside);
  return cx->code;
}

static int read_options(struct ctx *cx, struct bulk *b) {
  struct jv *o;
  if (jv_parse(cx, str_of(b->options), &o)) return cx->code;
  struct str dataset = jv_text(jv_get(o, "dataset")), unique = jv_text(jv_get(o, "unique"));
  int64_t batch = 0;
  str_to_int(jv_text(jv_get(o, "batch")), &batch);
  b->request.batch = (int)batch;
  b->request.update = str_eq(jv_text(jv_get(o, "update")), STR("true"));
  b->request.dataset = dataset_find(ctx_strdup(cx, dataset));
  if (unique.p) b->request.mapping.unique = ctx_strdup(cx, unique);
  dialect_init(&b->request.dialect);
  if (!b->request.dataset)
    return fail(cx, E_NOT_FOUND, "dataset", "this program has no dataset " STR_FMT, STR_ARG(dataset));
  return OK;
}

static int begin(struct ctx *cx, struct db *db, void *arg) {
  const struct bulk *b = arg;
  return db_act(cx, db, SQL_bulk_begin, job_id(b->job), cx->now, b->records);
}

static void show_progress(void *arg, const struct import_progress *p) {
  struct bulk *b = arg;
  pthread_mutex_lock(&work_lock);
  b->work.now = *p;
  pthread_mutex_unlock(&work_lock);
  job_progress_live(b->job, (int64_t)p->bytes, (int64_t)p->bytes_total, b->source);
  if (job_stopped(b->job)) atomic_store(&b->stop, true);
}

/* In the transaction that stores the run: this attempt still has the job, and the job has its run. */
static int mark_imported(struct ctx *cx, struct db *db, const char *run, void *arg) {
  struct bulk *b = arg;
  if (job_held(cx, db, b->job)) return cx->code;
  struct stmt *s =
      db_ask(cx, db, SQL_bulk_imported, job_id(b->job), run, b->work.now.batches, b->work.now.failed_batches);
  crash_point("bulk");
  return stmt_run(cx, s);
}

static void tell_start(struct ctx *cx, const struct bulk *b) {
  char at[TIME_SIZE];
  const struct log_field fields[] = { { "jobId", NULL, job_id(b->job) },
                                      { "recordCount", NULL, b->records },
                                      { "timestamp", time_iso(at, time_now()), 0 } };
  log_event(LOG_INFO, cx, "BULK_UPLOAD_START", fields, sizeof fields / sizeof *fields, "%s", b->source);
}

static int complete(struct ctx *cx, struct db *db, void *arg) {
  const struct bulk *b = arg;
  return db_act(cx, db, SQL_bulk_completed, job_id(b->job), cx->now)
             ? (int)cx->code
             : breaker_ended(cx, db, BULK_BREAKER, OK, NULL);
}

/* Who asks how far it is finds it at work until it can be read that it is complete. */
static int import(struct ctx *cx, struct bulk *b) {
  struct input *in;
  struct profile *profile;
  const char *dir = store_dir(tenant_store(job_tenant(b->job)));
  if (access(b->path, R_OK) != 0) /* it was put there by us: that is no fault of who sent it */
    return fail(cx, E_FAIL, NULL, "the bytes of %s cannot be read any more: %s", b->source, strerror(errno));
  if (read_options(cx, b) || input_open_as(cx, b->path, b->source, dir, &in)) return cx->code;
  if (profile_file(cx, in, &b->request.dialect, &profile) || profile_count(cx, in, profile, &b->records))
    return cx->code;
  tell_start(cx, b);
  if (job_write(cx, b->job, begin, b)) return cx->code;
  b->request.input = in;
  b->request.progress = show_progress;
  b->request.progress_arg = b;
  b->request.stop = &b->stop;
  b->request.also = mark_imported;
  b->request.also_arg = b;
  b->work = (struct at_work){ .slug = tenant_slug(job_tenant(b->job)), .job = job_id(b->job) };
  work_begin(&b->work);
  if (!import_run(cx, job_tenant(b->job), &b->request, &b->result)) job_finish(cx, b->job, complete, b);
  work_end(&b->work);
  return cx->code;
}

struct failure {
  enum err code;
  const char *why;
};

static int note_failure(struct ctx *cx, struct db *db, void *arg) {
  const struct failure *f = arg;
  return breaker_ended(cx, db, BULK_BREAKER, f->code, f->why);
}

/* In a unit of work of its own: the failure stays the job's. Who was stopped has not failed. */
static void tell_breaker(struct ctx *cx, struct bulk *b) {
  struct failure f = { cx->code, cx->message };
  if (atomic_load(&b->stop)) return;
  struct ctx aside;
  ctx_begin(&aside, cx->actor);
  if (job_write(&aside, b->job, note_failure, &f))
    log_line(LOG_WARN, &aside, "BREAKER_NOT_TOLD", "%s", aside.message);
  ctx_end(&aside);
}

/* Files of jobs that are over, and of requests that ended before they had one. */
static void sweep(struct ctx *cx, struct tenant *t) {
  const char *dir;
  struct db *db;
  struct ctx aside;
  struct timespec now; /* of the machine's own clock, which stamps files */
  clock_gettime(CLOCK_REALTIME, &now);
  ctx_begin(&aside, cx->actor);
  DIR *d = bulk_folder(&aside, t, &dir) || tenant_read(&aside, t, &db) ? NULL : opendir(dir);
  for (struct dirent *e; d && (e = readdir(d));) {
    const char *path = ctx_printf(&aside, "%s/%s", dir, e->d_name);
    struct stat st;
    if (e->d_name[0] == '.' || lstat(path, &st) != 0 || now.tv_sec - st.st_mtime < LOST_AFTER_SECONDS)
      continue;
    struct stmt *s = db_ask(&aside, db, SQL_bulk_file_needed, path);
    bool needed = stmt_row(&aside, s);
    if (needed) stmt_done(s);
    if (!needed && !aside.code) unlink(path);
  }
  if (d) closedir(d);
  ctx_end(&aside);
}

static int run(struct ctx *cx, struct job *job) {
  struct bulk *b = ctx_alloc(cx, sizeof *b);
  double began = time_seconds();
  b->job = job;
  if (read_order(cx, b)) return cx->code;
  if (b->run ? job_finish(cx, job, complete, b) : import(cx, b)) {
    if (!b->run) tell_breaker(cx, b);
    return cx->code;
  }
  const struct log_field fields[] = { { "jobId", NULL, job_id(job) },
                                      { "duration", NULL, (int64_t)((time_seconds() - began) * 1000) } };
  log_event(LOG_INFO, cx, "PROCESSING_COMPLETE", fields, sizeof fields / sizeof *fields, "%s", b->source);
  unlink(b->path);
  sweep(cx, job_tenant(job));
  return OK;
}

const struct job_kind bulk_upload_kind = {
  .name = "bulk_upload", .queue = "bulk-upload", .help = "a file that was handed in is imported", .run = run
};

/* ---- what is told ---- */

static int write_errors(struct ctx *cx, struct db *db, const char *run, struct jw *w) {
  jw_array(w, "errors");
  struct stmt *s = run ? db_ask(cx, db, SQL_bulk_errors, run, ERRORS_SHOWN) : NULL;
  while (s && stmt_row(cx, s)) {
    jw_object(w, NULL);
    columns_write(w, s, 0, "record: int, line: int, category, faults: any");
    jw_close(w, '}');
  }
  jw_close(w, ']');
  return cx->code;
}

enum {
  ID,
  STATUS,
  SOURCE,
  BYTES,
  TOTAL,
  PROCESSED,
  FAILED,
  BATCHES,
  FAILED_BATCHES,
  CREATED,
  STARTED,
  ENDED,
  RUN,
  CAUSE,
  DATASET,
  ATTEMPTS
};

static int64_t percent(const struct stmt *s, const struct import_progress *p, bool live) {
  if (str_eq(col_str(s, STATUS), STR("completed"))) return 100;
  if (!live || !p->bytes_total) return 0;
  int64_t n = (int64_t)(p->bytes * 100 / p->bytes_total);
  return n > 99 ? 99 : n;
}

static void write_counts(struct jw *w, const struct stmt *s, const struct import_progress *p, bool live) {
  int64_t total = col_int(s, TOTAL), done = live ? p->rows : col_int(s, PROCESSED);
  jw_int(w, "progress", percent(s, p, live));
  jw_put(w, "total_records", done > total ? done : total, "processed_records", done, "failed_records",
         live ? p->rejected : col_int(s, FAILED), "batches", live ? p->batches : col_int(s, BATCHES),
         "failed_batches", live ? p->failed_batches : col_int(s, FAILED_BATCHES));
}

/* As fast as so far, the rest of the bytes takes so long. */
static void write_rest(struct ctx *cx, struct jw *w, const struct stmt *s, const struct import_progress *p,
                       bool live) {
  int64_t passed = (cx->now - col_int(s, STARTED)) / 1000;
  if (live && p->bytes && p->bytes <= p->bytes_total && passed >= 0)
    jw_int(w, "eta_ms", passed * (int64_t)(p->bytes_total - p->bytes) / (int64_t)p->bytes);
  else
    jw_text(w, "eta_ms", NULL);
}

static void write_times(struct ctx *cx, struct jw *w, const struct stmt *s) {
  int64_t started = col_int(s, STARTED), ended = col_int(s, ENDED);
  jw_put(w, "created_at", arg_time(col_int(s, CREATED)), "started_at", arg_time_known(started), "ended_at",
         arg_time_known(ended), "duration_ms", started ? ((ended ? ended : cx->now) - started) / 1000 : 0,
         "attempts", col_int(s, ATTEMPTS));
}

/* Into an open object; run and dataset are the caller's. */
static int write_one(struct ctx *cx, struct tenant *t, struct db *db, int64_t id, struct jw *w,
                     const char **run, const struct dataset **d) {
  struct import_progress p = { 0 };
  bool live =
      work_find(tenant_slug(t), id, &p); /* before the file is read: what has ended since is complete there */
  struct stmt *s = db_ask(cx, db, SQL_bulk_show, id);
  if (!stmt_row(cx, s))
    return cx->code ? (int)cx->code
                    : fail(cx, E_NOT_FOUND, "jobId", "no file was handed in as job %lld", (long long)id);
  /* It is at work until the disk has its end, which is read a moment before. */
  live = live && col_null(s, ENDED);
  jw_int(w, "job_id", id);
  columns_write(w, s, STATUS, "status, source");
  jw_put(w, "dataset", col_str(s, DATASET), "bytes", col_int(s, BYTES));
  write_counts(w, s, &p, live);
  write_rest(cx, w, s, &p, live);
  write_times(cx, w, s);
  *run = col_dup(cx, s, RUN);
  *d = dataset_find(ctx_strdup(cx, col_str(s, DATASET)));
  jw_put(w, "run", *run, "cause", col_dup(cx, s, CAUSE));
  stmt_done(s);
  return cx->code;
}

int bulk_status(struct ctx *cx, struct tenant *t, struct db *db, int64_t id, struct jw *w, const char *key) {
  const char *run = NULL;
  const struct dataset *d = NULL;
  struct breaker breaker;
  bool followed = true;
  jw_object(w, key);
  if (write_one(cx, t, db, id, w, &run, &d) || write_errors(cx, db, run, w) ||
      breaker_look(cx, db, BULK_BREAKER, &breaker))
    return cx->code;
  if (d && follow_up_is_done(cx, db, d, &followed)) return cx->code;
  jw_bool(w, "followed", run && followed);
  breaker_write(w, "breaker", &breaker);
  jw_close(w, '}');
  return OK;
}

int bulk_list(struct ctx *cx, struct tenant *t, struct db *db, int64_t limit, struct jw *w, const char *key) {
  int64_t *ids = ctx_alloc(cx, (size_t)limit * sizeof *ids), count = 0;
  const char *run;
  const struct dataset *d;
  struct stmt *s = db_ask(cx, db, SQL_bulk_newest, limit);
  while (stmt_row(cx, s)) ids[count++] = col_int(s, 0);
  jw_array(w, key);
  for (int64_t i = 0; i < count && !cx->code; i++) {
    jw_object(w, NULL);
    write_one(cx, t, db, ids[i], w, &run, &d);
    jw_close(w, '}');
  }
  jw_close(w, ']');
  return cx->code;
}
