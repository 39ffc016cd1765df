/*
** engine.c - the threads.
**
**   seat     a tenant, with a slot for each part and the pool of its jobs
**   slot     a part of one tenant: queued (somebody is to look), or due at a time
**   workers  take queued slots; `helper` is one more that takes no jobs
**   clock    queues slots that are due, looks for commits of other processes, for tenants that
**            were added, and for a clock on the wall that jumped
**   heart    renews leases
**
** A slot is woken by a commit to its tenant's file (on_commit), by its time, or by itself as
** long as it says that it did something. One that is woken while all its places are taken
** is looked at once more (again), so that no wake is lost. A part that looked VAIN_MOST times in a row and
** found nothing to do rests for a moment after each further time, so that hundreds of commits a second which are none of its
** business do not keep a processor busy.
**
** The engine's lock is held for lists and numbers only, never while something is done.
*/
#include "job/engine.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "job/internal.h"

enum { PARTS_MAX = 16, STOP_SECONDS = 10, VAIN_MOST = 16 };
static const int64_t TICK_US = 250000, AGAIN_US = 1000000, JUMP_US = 1000000, TENANTS_US = 1000000,
                     OPEN_AGAIN_US = 30000000, SECOND_US = 1000000, REST_US = 10000;

static const struct engine_part *parts[PARTS_MAX];
static int part_count;

void engine_part_register(const struct engine_part *p) {
  if (part_count < PARTS_MAX) parts[part_count++] = p;
}

struct slot {
  struct seat *seat;
  const struct engine_part *part; /* NULL: jobs */
  bool queued, again;
  int inside;
  int64_t due; /* by steady(); INT64_MAX: when it is woken */
  int vain;    /* looks in a row that found nothing to do */
  int64_t rests_until;
  bool missed; /* a commit came while it rested */
  struct slot *next;
};

struct seat {
  struct engine *engine;
  struct tenant *tenant;
  struct ctx cx; /* of the watch */
  struct watch *watch;
  struct pool pool;
  struct news news;                 /* of the clock's thread */
  struct slot slots[PARTS_MAX + 1]; /* the first one is of jobs */
  uint64_t ordered;                 /* jobs_ordered when jobs were last woken by a commit */
  struct seat *next;
};

struct list {
  struct slot *first, *last;
};

struct engine {
  struct ctx cx; /* of the holder */
  struct store *store;
  struct opened *tenants; /* NULL: one tenant only */
  struct holder holder;
  int workers;
  atomic_int busy;

  pthread_mutex_t lock; /* over all below */
  pthread_cond_t work, help, tick, beat, change;
  struct list jobs, others; /* queued slots */
  struct seat *seats;
  int inside; /* threads that are in some part's work */
  int alive;  /* threads that have not ended */
  bool stopping;
  int64_t tick_at; /* when the clock looks next */
  uint64_t stamp;  /* grows when something was done */
  bool watched;    /* somebody waits for it to grow */

  pthread_t threads[ENGINE_WORKERS_MOST + 3];
  int thread_count;
  struct engine *next; /* in the list of all */
};

static pthread_mutex_t engines_lock = PTHREAD_MUTEX_INITIALIZER;
static struct engine *engines;

static int64_t steady(void) { return (int64_t)(time_seconds() * 1e6); }

/* ---- slots; under the lock ---- */

static void push(struct engine *e, struct slot *s) {
  struct list *l = s->part ? &e->others : &e->jobs;
  s->queued = true;
  s->next = NULL;
  if (l->first)
    l->last->next = s;
  else
    l->first = s;
  l->last = s;
  pthread_cond_signal(&e->work);
  if (s->part) pthread_cond_signal(&e->help);
}

static struct slot *pop(struct list *l) {
  struct slot *s = l->first;
  if (s) l->first = s->next, s->queued = false;
  return s;
}

static void wake(struct engine *e, struct slot *s) {
  if (s->queued) return;
  if (s->part && s->inside >= s->part->at_once)
    s->again = true;
  else
    push(e, s);
}

static void wake_seat(struct engine *e, struct seat *seat) {
  for (int i = 0; i <= part_count; i++) wake(e, &seat->slots[i]);
}

static void be_due(struct engine *e, struct slot *s, int64_t at) {
  s->due = at;
  if (s->due < e->tick_at) {
    e->tick_at = s->due;
    pthread_cond_signal(&e->tick);
  }
}

static void set_due(struct engine *e, struct slot *s, int64_t next) {
  if (next == ENGINE_AS_IT_IS) return;
  int64_t left = next == INT64_MAX ? INT64_MAX : next - time_now();
  int64_t at = left == INT64_MAX ? INT64_MAX : steady() + (left > 0 ? left : 0);
  be_due(e, s, s->missed && s->rests_until < at ? s->rests_until : at);
}

static void more_jobs(void *arg) {
  struct seat *seat = arg;
  struct engine *e = seat->engine;
  pthread_mutex_lock(&e->lock);
  wake(e, &seat->slots[0]);
  pthread_mutex_unlock(&e->lock);
}

static void wake_rested(struct engine *e, struct slot *s, int64_t now) {
  s->missed = now < s->rests_until;
  if (!s->missed)
    wake(e, s);
  else if (s->rests_until < s->due)
    be_due(e, s, s->rests_until);
}

/* After a commit: of jobs only when one was ordered. Whatever else lets one begin (a changed setting of
** its queue) is noticed by the clock. */
static void wake_committed(struct engine *e, struct seat *s) {
  uint64_t ordered = atomic_load(&jobs_ordered);
  if (s->ordered != ordered) wake(e, &s->slots[0]);
  s->ordered = ordered;
  int64_t now = steady();
  for (int i = 1; i <= part_count; i++) wake_rested(e, &s->slots[i], now);
}

static void on_commit(struct tenant *t) {
  pthread_mutex_lock(&engines_lock);
  for (struct engine *e = engines; e; e = e->next) {
    pthread_mutex_lock(&e->lock);
    for (struct seat *s = e->seats; s; s = s->next)
      if (s->tenant == t) wake_committed(e, s);
    pthread_mutex_unlock(&e->lock);
  }
  pthread_mutex_unlock(&engines_lock);
}

/* ---- workers ---- */

static bool call(struct slot *s, int64_t *next) {
  struct ctx cx;
  bool did = false;
  *next = INT64_MAX;
  ctx_begin(&cx, s->part ? s->part->name : "jobs");
  int rc =
      s->part ? s->part->work(&cx, s->seat->tenant, &did, next) : pool_work(&cx, &s->seat->pool, &did, next);
  if (rc) {
    log_line(rc == E_BUSY ? LOG_INFO : LOG_WARN, &cx, "ENGINE_PART_FAILED", "%s of tenant %s: %s",
             s->part ? s->part->name : "jobs", tenant_slug(s->seat->tenant), cx.message);
    *next = time_now() + AGAIN_US;
    did = false;
  }
  ctx_end(&cx);
  return did;
}

/* Under the lock, which is given back while the work is done. */
static void serve(struct engine *e, struct slot *s) {
  int64_t next;
  s->inside++;
  s->again = s->missed = false;
  s->due = INT64_MAX;
  e->inside++;
  pthread_mutex_unlock(&e->lock);
  bool did = call(s, &next);
  pthread_mutex_lock(&e->lock);
  e->inside--;
  s->inside--;
  s->vain = did ? 0 : s->vain + (s->vain <= VAIN_MOST);
  if (s->vain > VAIN_MOST) s->rests_until = steady() + REST_US;
  if (did || s->again)
    wake(e, s);
  else
    set_due(e, s, next);
  e->stamp++;
  if (e->watched) pthread_cond_signal(&e->change);
}

static void run_slots(struct engine *e, bool jobs_too) {
  pthread_mutex_lock(&e->lock);
  while (!e->stopping) {
    struct slot *s = pop(&e->others);
    if (!s && jobs_too) s = pop(&e->jobs);
    if (s)
      serve(e, s);
    else
      pthread_cond_wait(jobs_too ? &e->work : &e->help, &e->lock);
  }
  e->alive--;
  pthread_cond_broadcast(&e->change);
  pthread_mutex_unlock(&e->lock);
}

static void *worker_main(void *arg) {
  pthread_setname_np(pthread_self(), "job worker");
  run_slots(arg, true);
  return NULL;
}

static void *helper_main(void *arg) {
  pthread_setname_np(pthread_self(), "job helper");
  run_slots(arg, false);
  return NULL;
}

/* ---- seats ---- */

static int seat_add(struct ctx *cx, struct engine *e, struct tenant *t) {
  struct seat *seat = xcalloc(1, sizeof *seat);
  seat->engine = e;
  seat->tenant = t;
  ctx_begin(&seat->cx, "engine");
  if (tenant_watch(&seat->cx, t, &seat->watch)) {
    fail_from(cx, &seat->cx);
    ctx_end(&seat->cx);
    free(seat);
    return cx->code;
  }
  pool_init(&seat->pool, t, &e->holder, e->workers, &e->busy);
  seat->pool.more = more_jobs;
  seat->pool.arg = seat;
  for (int i = 0; i <= part_count; i++)
    seat->slots[i] = (struct slot){ .seat = seat, .part = i ? parts[i - 1] : NULL, .due = INT64_MAX };
  pthread_mutex_lock(&e->lock);
  seat->next = e->seats;
  e->seats = seat;
  wake_seat(e, seat);
  pthread_mutex_unlock(&e->lock);
  return OK;
}

static bool has_seat(const struct engine *e, const char *slug) {
  for (const struct seat *s = e->seats; s; s = s->next)
    if (strcmp(tenant_slug(s->tenant), slug) == 0) return true;
  return false;
}

static bool is_stopping(struct engine *e) {
  pthread_mutex_lock(&e->lock);
  bool yes = e->stopping;
  pthread_mutex_unlock(&e->lock);
  return yes;
}

/* Takes up tenants that are new. true when one could not be opened and is to be tried again. */
static bool find_tenants(struct engine *e) {
  struct ctx cx;
  const struct tenant_info *list;
  size_t count = 0;
  bool missing = false;
  ctx_begin(&cx, "engine");
  if (tenant_list(&cx, e->store, &list, &count)) {
    log_line(LOG_WARN, &cx, "TENANTS_UNKNOWN", "%s", cx.message);
    missing = true;
  }
  for (size_t i = 0; i < count && !is_stopping(e); i++) {
    struct tenant *t;
    if (has_seat(e, list[i].slug)) continue; /* only this thread adds any */
    if (opened_find(&cx, e->tenants, list[i].slug, &t) || seat_add(&cx, e, t)) {
      log_line(LOG_WARN, &cx, "TENANT_NOT_OPENED", "its jobs and schedules stand still: %s", cx.message);
      missing = true;
      ctx_forgive(&cx);
    }
  }
  ctx_end(&cx);
  return missing;
}

/* ---- the clock ---- */

struct clock {
  int64_t stamp; /* of the list of tenants */
  int64_t look_at, open_at;
  int64_t wall_minus_steady;
};

static void look_for_tenants(struct engine *e, struct clock *c, int64_t now) {
  if (!e->tenants || now < c->look_at) return;
  c->look_at = now + TENANTS_US;
  int64_t stamp = store_tenants_stamp(e->store);
  if (stamp == c->stamp && now < c->open_at) return;
  c->stamp = stamp;
  c->open_at = find_tenants(e) ? now + OPEN_AGAIN_US : INT64_MAX;
}

static struct seat *first_seat(struct engine *e) {
  pthread_mutex_lock(&e->lock);
  struct seat *s = e->seats;
  pthread_mutex_unlock(&e->lock);
  return s;
}

/* What was written, by whomever: all parts look, and jobs that were cancelled are told. */
static void look_at_files(struct engine *e) {
  for (struct seat *s = first_seat(e); s; s = s->next) {
    if (!watch_changed(s->watch)) continue;
    struct ctx cx;
    ctx_begin(&cx, "engine");
    if (!pool_check(&cx, &s->pool)) news_tell(&cx, &s->news, s->tenant, e->holder.name);
    ctx_end(&cx);
    pthread_mutex_lock(&e->lock);
    wake_seat(e, s);
    pthread_mutex_unlock(&e->lock);
  }
}

/* Under the lock. */
static int64_t wake_due(struct engine *e, int64_t now, bool all) {
  int64_t next = INT64_MAX;
  for (struct seat *s = e->seats; s; s = s->next)
    for (int i = 0; i <= part_count; i++) {
      struct slot *slot = &s->slots[i];
      if (all || slot->due <= now)
        slot->due = INT64_MAX, wake(e, slot);
      else if (slot->due < next)
        next = slot->due;
    }
  return next;
}

static void wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t at) {
  struct timespec ts = { .tv_sec = at / SECOND_US, .tv_nsec = at % SECOND_US * 1000 };
  pthread_cond_timedwait(cond, lock, &ts);
}

static void *clock_main(void *arg) {
  struct engine *e = arg;
  struct clock c = { .wall_minus_steady = time_now() - steady() };
  int64_t files_at = 0;
  pthread_setname_np(pthread_self(), "job clock");
  pthread_mutex_lock(&e->lock);
  while (!e->stopping) {
    pthread_mutex_unlock(&e->lock);
    int64_t now = steady(), offset = time_now() - now, jump = offset - c.wall_minus_steady;
    look_for_tenants(e, &c, now);
    if (now >= files_at) look_at_files(e), files_at = steady() + TICK_US;
    c.wall_minus_steady = offset;
    pthread_mutex_lock(&e->lock);
    e->tick_at = wake_due(e, steady(), jump > JUMP_US || jump < -JUMP_US);
    if (files_at < e->tick_at) e->tick_at = files_at;
    if (!e->stopping) wait_until(&e->tick, &e->lock, e->tick_at);
  }
  e->alive--;
  pthread_cond_broadcast(&e->change);
  pthread_mutex_unlock(&e->lock);
  return NULL;
}

/* ---- the heart ---- */

static void *heart_main(void *arg) {
  struct engine *e = arg;
  pthread_setname_np(pthread_self(), "job heart");
  pthread_mutex_lock(&e->lock);
  while (!e->stopping) {
    int64_t at = steady() + lease_us() / 3;
    while (!e->stopping && steady() < at) {
      struct timespec ts = { .tv_sec = at / SECOND_US, .tv_nsec = at % SECOND_US * 1000 };
      pthread_cond_timedwait(&e->beat, &e->lock, &ts);
    }
    pthread_mutex_unlock(&e->lock);
    for (struct seat *s = first_seat(e); s; s = s->next) {
      struct ctx cx;
      ctx_begin(&cx, "engine");
      if (pool_renew(&cx, &s->pool)) log_line(LOG_WARN, &cx, "LEASES_NOT_RENEWED", "%s", cx.message);
      ctx_end(&cx);
    }
    pthread_mutex_lock(&e->lock);
  }
  e->alive--;
  pthread_cond_broadcast(&e->change);
  pthread_mutex_unlock(&e->lock);
  return NULL;
}

/* ---- start and stop ---- */

static void cond_init(pthread_cond_t *cond) {
  pthread_condattr_t attr;
  pthread_condattr_init(&attr);
  pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
  pthread_cond_init(cond, &attr);
  pthread_condattr_destroy(&attr);
}

/* Each tenant needs some files open at the same time. */
static void raise_file_limit(void) {
  struct rlimit r;
  if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < r.rlim_max) {
    r.rlim_cur = r.rlim_max < 65536 ? r.rlim_max : 65536;
    setrlimit(RLIMIT_NOFILE, &r);
  }
}

static int start_thread(struct ctx *cx, struct engine *e, void *(*main)(void *)) {
  pthread_mutex_lock(&e->lock);
  e->alive++;
  int rc = pthread_create(&e->threads[e->thread_count], NULL, main, e);
  if (rc)
    e->alive--;
  else
    e->thread_count++;
  pthread_mutex_unlock(&e->lock);
  return rc ? fail(cx, E_FAIL, NULL, "no thread could be started: %s", strerror(rc)) : OK;
}

static struct engine *engine_new(struct ctx *cx, struct store *s, int workers) {
  struct engine *e = xcalloc(1, sizeof *e);
  ctx_begin(&e->cx, "engine");
  e->store = s;
  e->workers = workers;
  pthread_mutex_init(&e->lock, NULL);
  cond_init(&e->work);
  cond_init(&e->help);
  cond_init(&e->tick);
  cond_init(&e->beat);
  cond_init(&e->change);
  raise_file_limit();
  if (holder_open(&e->cx, store_dir(s), &e->holder)) {
    fail_from(cx, &e->cx);
    ctx_end(&e->cx);
    free(e);
    return NULL;
  }
  pthread_mutex_lock(&engines_lock);
  e->next = engines;
  engines = e;
  pthread_mutex_unlock(&engines_lock);
  store_add_committed_hook(on_commit);
  return e;
}

static int start_threads(struct ctx *cx, struct engine *e) {
  int rc = OK;
  for (int i = 0; i < e->workers && !rc; i++) rc = start_thread(cx, e, worker_main);
  if (!rc) rc = start_thread(cx, e, helper_main);
  if (!rc) rc = start_thread(cx, e, clock_main);
  if (!rc) rc = start_thread(cx, e, heart_main);
  return rc;
}

int engine_start(struct ctx *cx, struct opened *tenants, int workers, struct engine **out) {
  struct engine *e = engine_new(cx, opened_store(tenants), workers);
  if (!e) return cx->code;
  e->tenants = tenants;
  if (start_threads(cx, e)) {
    engine_stop(e);
    return cx->code;
  }
  *out = e;
  return OK;
}

static void leave_list(struct engine *e) {
  pthread_mutex_lock(&engines_lock);
  struct engine **at = &engines;
  while (*at != e) at = &(*at)->next;
  *at = e->next;
  pthread_mutex_unlock(&engines_lock);
}

/* false: some are still at work. */
static bool wait_for_threads(struct engine *e) {
  int64_t until = steady() + STOP_SECONDS * SECOND_US;
  pthread_mutex_lock(&e->lock);
  while (e->alive && steady() < until) {
    struct timespec ts = { .tv_sec = until / SECOND_US, .tv_nsec = until % SECOND_US * 1000 };
    pthread_cond_timedwait(&e->change, &e->lock, &ts);
  }
  bool all = !e->alive;
  pthread_mutex_unlock(&e->lock);
  for (int i = 0; all && i < e->thread_count; i++) pthread_join(e->threads[i], NULL);
  return all;
}

static void engine_free(struct engine *e) {
  while (e->seats) {
    struct seat *s = e->seats;
    e->seats = s->next;
    ctx_end(&s->cx);
    pthread_mutex_destroy(&s->pool.lock);
    free(s);
  }
  holder_close(&e->holder);
  pthread_cond_destroy(&e->work);
  pthread_cond_destroy(&e->help);
  pthread_cond_destroy(&e->tick);
  pthread_cond_destroy(&e->beat);
  pthread_cond_destroy(&e->change);
  pthread_mutex_destroy(&e->lock);
  ctx_end(&e->cx);
  free(e);
}

void engine_stop(struct engine *e) {
  pthread_mutex_lock(&e->lock);
  e->stopping = true;
  pthread_cond_broadcast(&e->work);
  pthread_cond_broadcast(&e->help);
  pthread_cond_broadcast(&e->tick);
  pthread_cond_broadcast(&e->beat);
  pthread_cond_broadcast(&e->change);
  pthread_mutex_unlock(&e->lock);
  for (struct seat *s = first_seat(e); s; s = s->next) pool_stop(&s->pool);
  bool ended = wait_for_threads(e);
  for (struct seat *s = first_seat(e); s; s = s->next) {
    struct ctx cx;
    ctx_begin(&cx, "engine");
    if (pool_give_back(&cx, &s->pool)) log_line(LOG_WARN, &cx, "JOBS_NOT_GIVEN_BACK", "%s", cx.message);
    ctx_end(&cx);
  }
  leave_list(e);
  if (!ended) { /* a job that does not listen uses what we would free; all that counts is on the disk */
    log_line(LOG_WARN, NULL, "JOBS_ABANDONED", "jobs that did not stop within %d s were given back",
             STOP_SECONDS);
    fflush(NULL);
    _exit(0);
  }
  engine_free(e);
}

/* ---- in the foreground ---- */

/* Nothing is queued and nobody works: whatever is left waits for its time or for somebody. */
static bool is_idle(struct engine *e) {
  bool idle = !e->jobs.first && !e->others.first && !e->inside;
  for (struct seat *s = e->seats; idle && s; s = s->next) idle = !pool_has_jobs(&s->pool);
  return idle;
}

static bool ask(struct tenant *t, engine_over_fn *over, void *arg) {
  struct ctx cx;
  ctx_begin(&cx, "engine");
  bool yes = over(&cx, t, arg);
  ctx_end(&cx);
  return yes;
}

/* Until it is over, idle (when over is NULL), or a signal came. */
static void wait_for_end(struct engine *e, struct tenant *t, const sigset_t *signals, engine_over_fn *over,
                         void *arg) {
  const struct timespec now = { 0 };
  uint64_t seen = UINT64_MAX;
  for (;;) {
    pthread_mutex_lock(&e->lock);
    if (e->stamp == seen) wait_until(&e->change, &e->lock, steady() + TICK_US);
    bool changed = e->stamp != seen, idle = is_idle(e);
    seen = e->stamp;
    pthread_mutex_unlock(&e->lock);
    if (!over && idle) return;
    if (over && (changed || idle) && ask(t, over, arg)) return;
    if (sigtimedwait(signals, NULL, &now) > 0) return;
  }
}

/* Without `over`: until there is nothing to do. */
static int run_until(struct ctx *cx, struct tenant *t, engine_over_fn *over, void *arg) {
  sigset_t signals, before;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, &before);
  struct engine *e = engine_new(cx, tenant_store(t), ENGINE_WORKERS);
  if (e) {
    e->watched = true;
    if (!seat_add(cx, e, t) && !start_threads(cx, e)) wait_for_end(e, t, &signals, over, arg);
    engine_stop(e);
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return cx->code;
}

int engine_run_until(struct ctx *cx, struct tenant *t, engine_over_fn *over, void *arg) {
  return run_until(cx, t, over, arg);
}

static bool never(struct ctx *cx, struct tenant *t, void *arg) {
  (void)cx, (void)t, (void)arg;
  return false;
}

int engine_run_on(struct ctx *cx, struct tenant *t) { return run_until(cx, t, never, NULL); }
int engine_run_idle(struct ctx *cx, struct tenant *t) { return run_until(cx, t, NULL, NULL); }
