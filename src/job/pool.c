/*
** pool.c - the jobs that this process has of one tenant.
**
**   waiting --claim--> ready --a worker--> running --its end--> ended --flush--> in the file
**
** Whoever has nothing better to do flushes: one transaction writes the outcomes of all
** that ended meanwhile and claims the next ones. While it waits for the disk, the other
** workers run what is ready, so the slower the disk, the more share a commit. No outcome
** waits for company: with one worker each is written before the next job begins.
**
** Claimed is as much as there are free workers; when jobs are short, some more, so that workers
** have something to do while the next flush is on its way to the disk.
*/
#include <stdlib.h>

#include "base/log.h"
#include "job/internal.h"

enum { AHEAD_MOST = 128 };
static const int64_t SHORT_US = 2000, TIDY_US = 3600000000;

void pool_init(struct pool *p, struct tenant *t, const struct holder *h, int workers, atomic_int *busy) {
  *p = (struct pool){ .tenant = t, .holder = h, .workers = workers, .busy = busy, .mean_us = 16 * SHORT_US };
  pthread_mutex_init(&p->lock, NULL);
}

/* ---- lists; under the lock ---- */

static void append(struct job **first, struct job **last, struct job *job) {
  job->next = NULL;
  if (*first)
    (*last)->next = job;
  else
    *first = job;
  *last = job;
}

static struct job *take_ready(struct pool *p) {
  struct job *job = p->closed ? NULL : p->ready;
  if (!job) return NULL;
  p->ready = job->next;
  p->ready_count--;
  job->next = p->running;
  p->running = job;
  p->running_count++;
  return job;
}

static void take_from_running(struct pool *p, const struct job *job) {
  struct job **at = &p->running;
  while (*at != job) at = &(*at)->next;
  *at = job->next;
  p->running_count--;
}

/* ---- running one ---- */

static void learn(struct pool *p, int64_t us) { p->mean_us += (us - p->mean_us) / 8; }

static void run_one(struct pool *p, struct job *job, bool more) {
  if (more && p->more) p->more(p->arg);
  atomic_fetch_add(p->busy, 1);
  int64_t began = boot_clock();
  job_run(job);
  int64_t us = boot_clock() - began;
  atomic_fetch_sub(p->busy, 1);
  bool over = job->end == JOB_WRITTEN || job->end == JOB_TAKEN;
  pthread_mutex_lock(&p->lock);
  learn(p, us);
  take_from_running(p, job);
  if (!over) append(&p->ended, &p->ended_last, job);
  pthread_mutex_unlock(&p->lock);
  if (over) job_free(job);
}

/* ---- flushing ---- */

struct flush {
  struct claim claim;
  struct job *ended; /* a list */
};

/* One that is somebody else's by now is left alone. */
static int write_outcome(struct ctx *cx, struct db *db, struct job *job) {
  bool plain = job->end == JOB_DONE && !job->log.n; /* its one statement finds out by itself */
  struct stmt *s = plain ? NULL : db_stmt(cx, db, SQL_job_held);
  if (s) {
    stmt_bind(s, job->id, job->fence);
    if (!stmt_row(cx, s))
      job->end = JOB_TAKEN;
    else
      stmt_done(s);
  }
  return cx->code ? (int)cx->code : outcome_write(cx, db, job);
}

static int flush_write(struct ctx *cx, struct db *db, void *arg) {
  struct flush *f = arg;
  for (struct job *job = f->ended; job; job = job->next)
    if (write_outcome(cx, db, job)) return cx->code;
  return f->claim.want > 0 ? queue_claim(cx, db, &f->claim) : OK;
}

static void free_claimed(struct claim *c) {
  while (c->first) {
    struct job *job = c->first;
    c->first = job->next;
    job_free(job);
  }
  c->last = NULL;
  c->count = 0;
}

/* One outcome that cannot be written (what it has to tell is refused) must not hold up the others:
** each by itself; the one that is refused is dead of it. */
static int flush_one(struct ctx *cx, struct pool *p, struct job *job) {
  struct job *next = job->next;
  struct flush f = { .ended = job };
  job->next = NULL;
  int rc = tenant_write(cx, p->tenant, flush_write, &f);
  if (rc && rc != E_BUSY && rc != E_FAIL) {
    ctx_forgive(&job->cx);
    fail_from(&job->cx, cx);
    ctx_forgive(cx);
    job->end = JOB_FAILED;
    rc = tenant_write(cx, p->tenant, flush_write, &f);
  }
  job->next = next;
  return rc;
}

static int flush(struct ctx *cx, struct pool *p, struct flush *f) {
  if (!tenant_write(cx, p->tenant, flush_write, f)) return OK;
  free_claimed(&f->claim);
  if (!f->ended || cx->code == E_BUSY) return cx->code;
  ctx_forgive(cx);
  int rc = OK;
  for (struct job *job = f->ended; job && !rc; job = job->next) rc = flush_one(cx, p, job);
  return rc;
}

/* So many jobs are wanted: under the lock, by a worker that is free. */
static int wanted(const struct pool *p) {
  int idle = p->workers - atomic_load(p->busy) - p->ready_count;
  int ahead = p->mean_us < SHORT_US ? AHEAD_MOST - p->ready_count : 0;
  if (p->closed) return 0;
  return ahead > idle ? ahead : idle > 0 ? idle : 0;
}

/* The outcomes are written, or stay to be written another time. */
static void settle(struct pool *p, struct flush *f, bool written) {
  struct job *list = f->ended;
  if (written)
    for (struct job *job = list; job; job = job->next)
      if (job->end != JOB_TAKEN) job_tell(job, job->state);
  pthread_mutex_lock(&p->lock);
  p->flushing = false;
  for (struct job *next; !written && list; list = next) {
    next = list->next;
    append(&p->ended, &p->ended_last, list);
  }
  while (f->claim.first) {
    struct job *job = f->claim.first;
    f->claim.first = job->next;
    append(&p->ready, &p->ready_last, job);
    p->ready_count++;
  }
  pthread_mutex_unlock(&p->lock);
  for (struct job *next; list; list = next) {
    next = list->next;
    job_free(list);
  }
}

/* Under the lock; flushing is ours then. */
static struct flush begin_flush(struct pool *p, bool claims) {
  struct flush f = { .claim = { .dir = p->holder->dir, .holder = p->holder->name, .tenant = p->tenant } };
  f.ended = p->ended;
  p->ended = p->ended_last = NULL;
  p->flushing = true;
  p->look_again = false;
  f.claim.want = claims ? wanted(p) : 0;
  return f;
}

/* ---- looking ---- */

static int look(struct ctx *cx, struct pool *p, const struct claim *c, bool *any, int64_t *next) {
  struct db *db;
  struct ctx aside; /* its end gives the reader back */
  bool tidy = false, ask_tidy = time_now() - p->tidied > TIDY_US || time_now() < p->tidied;
  ctx_begin(&aside, "jobs");
  if (!tenant_read(&aside, p->tenant, &db)) queue_look(&aside, db, c, any, next);
  if (!aside.code && ask_tidy && !*any && !tidy_look(&aside, db, &tidy)) p->tidied = time_now();
  if (aside.code) fail_from(cx, &aside);
  ctx_end(&aside);
  if (tidy && !cx->code) tidy_order(cx, p->tenant);
  return cx->code;
}

/* Looks whether there is something to claim, and takes part in the next commit if so. */
static int work_without_job(struct ctx *cx, struct pool *p, bool *did, int64_t *next) {
  pthread_mutex_lock(&p->lock);
  if (p->flushing || p->closed) {
    p->look_again = true; /* whoever flushes looks again for us */
    pthread_mutex_unlock(&p->lock);
    *next = ENGINE_AS_IT_IS;
    return OK;
  }
  struct flush f = begin_flush(p, true);
  pthread_mutex_unlock(&p->lock);
  bool any = f.ended != NULL;
  int rc = OK;
  *next = INT64_MAX;
  if (!any && f.claim.want > 0) rc = look(cx, p, &f.claim, &any, next);
  if (!rc && any) rc = flush(cx, p, &f);
  int claimed = f.claim.count;
  settle(p, &f, rc == OK);
  if (rc) return rc;
  pthread_mutex_lock(&p->lock);
  *did = any || p->look_again;
  pthread_mutex_unlock(&p->lock);
  if (claimed > 1 && p->more) p->more(p->arg);
  return OK;
}

int pool_work(struct ctx *cx, struct pool *p, bool *did, int64_t *next) {
  pthread_mutex_lock(&p->lock);
  struct job *job = take_ready(p);
  bool more = p->ready != NULL;
  pthread_mutex_unlock(&p->lock);
  if (!job) return work_without_job(cx, p, did, next);
  run_one(p, job, more);
  *did = true;
  return OK;
}

bool pool_has_jobs(struct pool *p) {
  pthread_mutex_lock(&p->lock);
  bool has = p->ready || p->running || p->ended || p->flushing;
  pthread_mutex_unlock(&p->lock);
  return has;
}

/* ---- leases, and who lost his ---- */

struct held {
  int64_t id, fence;
  bool gone;
};

static struct held *list_held(struct ctx *cx, struct pool *p, bool only_running, int *count) {
  struct held *held;
  int n = 0;
  pthread_mutex_lock(&p->lock);
  struct job *lists[] = { p->running, only_running ? NULL : p->ready, only_running ? NULL : p->ended };
  for (int i = 0; i < 3; i++)
    for (struct job *j = lists[i]; j; j = j->next) n++;
  held = ctx_alloc(cx, (size_t)n * sizeof *held + 1);
  *count = 0;
  for (int i = 0; i < 3; i++)
    for (struct job *j = lists[i]; j; j = j->next) held[(*count)++] = (struct held){ j->id, j->fence, false };
  pthread_mutex_unlock(&p->lock);
  return held;
}

static void tell_gone(struct pool *p, const struct held *held, int count) {
  pthread_mutex_lock(&p->lock);
  for (int i = 0; i < count; i++)
    for (struct job *j = held[i].gone ? p->running : NULL; j; j = j->next) {
      if (j->id != held[i].id || j->fence != held[i].fence) continue;
      atomic_store(&j->taken, true);
      atomic_store(&j->stopped, true);
    }
  pthread_mutex_unlock(&p->lock);
}

struct renewal {
  struct held *held;
  int count;
};

static int renew(struct ctx *cx, struct db *db, void *arg) {
  struct renewal *r = arg;
  for (int i = 0; i < r->count; i++) {
    if (db_act(cx, db, SQL_job_renew, r->held[i].id, r->held[i].fence, boot_clock() + lease_us()))
      return cx->code;
    r->held[i].gone = db_changes(db) == 0;
  }
  return OK;
}

int pool_renew(struct ctx *cx, struct pool *p) {
  struct renewal r = { 0 };
  r.held = list_held(cx, p, false, &r.count);
  if (!r.count || tenant_write(cx, p->tenant, renew, &r)) return cx->code;
  tell_gone(p, r.held, r.count);
  return OK;
}

int pool_check(struct ctx *cx, struct pool *p) {
  struct db *db;
  int count;
  struct held *held = list_held(cx, p, true, &count);
  if (!count || tenant_read(cx, p->tenant, &db)) return cx->code;
  for (int i = 0; i < count; i++) {
    struct stmt *s = db_ask(cx, db, SQL_job_held, held[i].id, held[i].fence);
    held[i].gone = !stmt_row(cx, s);
    if (cx->code) return cx->code;
    if (!held[i].gone) stmt_done(s);
  }
  tell_gone(p, held, count);
  return OK;
}

/* ---- the end ---- */

void pool_stop(struct pool *p) {
  pthread_mutex_lock(&p->lock);
  p->closed = true;
  for (struct job *j = p->running; j; j = j->next) atomic_store(&j->stopped, true);
  pthread_mutex_unlock(&p->lock);
}

/* Those that still run here lose their leases: they are fenced out, and begun again by whoever comes. */
static int give_back(struct ctx *cx, struct db *db, void *arg) {
  struct renewal *r = arg;
  for (int i = 0; i < r->count; i++) {
    struct job shadow = {
      .id = r->held[i].id, .fence = r->held[i].fence, .end = JOB_RELEASED, .ended = time_now()
    };
    if (write_outcome(cx, db, &shadow)) return cx->code;
  }
  return OK;
}

int pool_give_back(struct ctx *cx, struct pool *p) {
  pthread_mutex_lock(&p->lock);
  while (p->ready) {
    struct job *job = p->ready;
    p->ready = job->next;
    job->end = JOB_RELEASED;
    job->ended = time_now();
    append(&p->ended, &p->ended_last, job);
  }
  p->ready_count = 0;
  struct flush f = begin_flush(p, false);
  pthread_mutex_unlock(&p->lock);
  int rc = f.ended ? flush(cx, p, &f) : OK;
  settle(p, &f, rc == OK);
  struct renewal running = { 0 };
  running.held = list_held(cx, p, true, &running.count);
  return rc || !running.count ? rc : tenant_write(cx, p->tenant, give_back, &running);
}
