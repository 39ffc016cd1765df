/*
** tasks.c - imports in the background.
**
** One lock is over the list and over all that others read of a task; the thread of a
** task takes it for the moment of a note. Threads are detached: `working` counts them,
** and tasks_free waits until it is zero.
**
** A tenant has one writer, so of several imports of one tenant one works and the others
** wait; that an import waits for another process, too, is tried again here until it is
** cancelled or has waited too long.
*/
#include "http/tasks.h"

#include <stdlib.h>
#include <time.h>

#include "base/ids.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/time.h"
#include "http/uploads.h"

enum { TASKS_WORKING = 8, TASKS_KEPT = 50 };
static const double WAIT_SECONDS = 900; /* for another process that writes */
static const double CANCEL_SECONDS = 3; /* a client that cancels waits at most so long */

enum task_state { TASK_WAITING, TASK_RUNNING, TASK_DONE, TASK_FAILED, TASK_CANCELLED };
static const char *const state_names[] = { "waiting", "running", "done", "failed", "cancelled" };

struct task {
  struct task *next;
  struct tasks *tasks;
  struct ctx memory; /* of the order: lasts as long as the task */
  struct task_order order;
  char id[37], actor[64];
  atomic_bool stop;

  /* Under the lock. */
  enum task_state state;
  struct import_progress progress;
  double began, ended;
  uint64_t changed; /* see tasks_clock */
  char message[512], run[37];
  char *result; /* JSON, or NULL */
};

struct tasks {
  struct server *server;
  pthread_mutex_t lock;
  pthread_cond_t ended;
  struct task *first; /* the newest */
  int working, count;
  uint64_t clock;
  bool stopped;
};

/* ---- life ---- */

struct tasks *tasks_new(struct server *server) {
  struct tasks *tasks = xcalloc(1, sizeof *tasks);
  pthread_condattr_t monotonic;
  tasks->server = server;
  pthread_mutex_init(&tasks->lock, NULL);
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&tasks->ended, &monotonic);
  pthread_condattr_destroy(&monotonic);
  return tasks;
}

void tasks_stop(struct tasks *tasks) {
  pthread_mutex_lock(&tasks->lock);
  tasks->stopped = true;
  for (struct task *k = tasks->first; k; k = k->next) atomic_store(&k->stop, true);
  pthread_mutex_unlock(&tasks->lock);
}

static void task_free(struct task *k) {
  free(k->result);
  ctx_end(&k->memory);
  free(k);
}

void tasks_free(struct tasks *tasks) {
  pthread_mutex_lock(&tasks->lock);
  while (tasks->working) pthread_cond_wait(&tasks->ended, &tasks->lock);
  pthread_mutex_unlock(&tasks->lock);
  while (tasks->first) {
    struct task *k = tasks->first;
    tasks->first = k->next;
    task_free(k);
  }
  pthread_mutex_destroy(&tasks->lock);
  pthread_cond_destroy(&tasks->ended);
  free(tasks);
}

static bool is_over(const struct task *k) { return k->state >= TASK_DONE; }

/* Forgets the oldest that are over. The caller holds the lock. */
static void forget_old(struct tasks *tasks) {
  while (tasks->count > TASKS_KEPT) {
    struct task **oldest = NULL;
    for (struct task **at = &tasks->first; *at; at = &(*at)->next)
      if (is_over(*at)) oldest = at;
    if (!oldest) return;
    struct task *gone = *oldest;
    *oldest = gone->next;
    tasks->count--;
    task_free(gone);
  }
}

/* ---- the thread of a task ---- */

static void note_progress(void *arg, const struct import_progress *p) {
  struct task *k = arg;
  pthread_mutex_lock(&k->tasks->lock);
  k->state = TASK_RUNNING;
  k->progress = *p;
  k->changed = ++k->tasks->clock;
  pthread_mutex_unlock(&k->tasks->lock);
}

static void rows_write(struct jw *w, const struct import_result *r) {
  jw_record(w, "rows", "read", r->read, "clean", r->clean, "rejected", r->rejected, "created",
            r->clean - r->updated - r->unchanged, "updated", r->updated, "unchanged", r->unchanged, "edits",
            r->edits);
}

static char *result_json(const struct import_result *r) {
  struct buf out;
  struct jw w;
  jw_begin(&w, &out, MIB(1));
  rows_write(&w, r);
  jw_object(&w, "rejected");
  for (int i = 0; i < r->category_count; i++) jw_int(&w, r->category[i].name, r->category[i].rows);
  jw_close(&w, '}');
  import_repeated_json(&w, r->repeated, r->repeated_key);
  jw_put(&w, "reconciled", r->reconciled, "seconds", arg_real(r->seconds, 3), "controls",
         arg_json(str_of(r->controls)), "figures", arg_json(str_of(r->figures)), "sample",
         arg_json(str_of(r->sample)));
  jw_close(&w, '}');
  return buf_take(&out);
}

static int import_order(struct ctx *cx, struct task *k, struct import_result *result) {
  const struct task_order *o = &k->order;
  struct import_request r = { .dataset = o->dataset,
                              .dialect = o->dialect,
                              .mapping = o->mapping,
                              .update = o->update,
                              .dry_run = o->dry_run,
                              .remember = true,
                              .progress = note_progress,
                              .progress_arg = k,
                              .stop = &k->stop };
  struct input *in;
  if (o->rejudge) {
    r.remember = false; /* nobody said anything new about such files */
    return import_again(cx, o->tenant, o->rejudge, &r, result);
  }
  if (input_open_as(cx, o->path, o->name, store_dir(tenant_store(o->tenant)), &in)) return cx->code;
  r.input = in;
  return import_run(cx, o->tenant, &r, result);
}

/* Nothing was begun, because another process writes: it may be done soon. */
static bool is_to_be_tried_again(struct ctx *cx, const struct task *k, const struct import_result *result) {
  if (cx->code != E_BUSY || result->run[0] || atomic_load(&k->stop)) return false;
  if (time_seconds() - k->began > WAIT_SECONDS) return false;
  ctx_forgive(cx);
  nanosleep(&(struct timespec){ .tv_nsec = 200000000 }, NULL);
  return true;
}

/* Ends the unit of work, too: once it is noted, nothing of the task's thread may be left
** that needs the store. */
static void note_end(struct task *k, struct ctx *cx, const struct import_result *result) {
  struct tasks *tasks = k->tasks;
  char message[sizeof k->message];
  bool done = cx->code == OK, stopped = !done && atomic_load(&k->stop) && cx->code == E_CONFLICT;
  char *json = done ? result_json(result) : NULL;
  str_copy(message, sizeof message, str_of(cx->message));
  ctx_end(cx);
  if (k->order.upload_is_ours || (k->order.upload && done && !k->order.dry_run))
    upload_remove(tasks->server, k->order.upload);
  pthread_mutex_lock(&tasks->lock);
  k->state = done ? TASK_DONE : stopped ? TASK_CANCELLED : TASK_FAILED;
  k->result = json;
  if (done) k->progress.rows = result->read, k->progress.clean = result->clean;
  if (done) k->progress.rejected = result->rejected, k->progress.bytes = k->progress.bytes_total;
  if (!k->order.dry_run) str_copy(k->run, sizeof k->run, str_of(result->run));
  memcpy(k->message, message, sizeof message);
  k->ended = time_seconds();
  k->changed = ++tasks->clock;
  tasks->working--;
  forget_old(tasks);
  pthread_cond_broadcast(&tasks->ended);
  pthread_mutex_unlock(&tasks->lock);
}

static void *task_main(void *arg) {
  struct task *k = arg;
  struct ctx cx;
  struct import_result result;
  ctx_begin(&cx, k->actor);
  do {
    result = (struct import_result){ 0 };
    import_order(&cx, k, &result);
  } while (is_to_be_tried_again(&cx, k, &result));
  log_line(cx.code ? LOG_WARN : LOG_INFO, &cx, "import_task", "%s %s: %s", k->id, k->order.name,
           cx.code ? cx.message : "done");
  note_end(k, &cx, &result);
  return NULL;
}

/* ---- beginning ---- */

/* What the request had, as long as the task lasts. */
static void order_copy(struct task *k, const struct task_order *o) {
  struct ctx *cx = &k->memory;
  struct mapping_request *m = &k->order.mapping;
  const char **maps = ctx_alloc(cx, ((size_t)o->mapping.map_count + 1) * sizeof *maps);
  for (int i = 0; i < o->mapping.map_count; i++) maps[i] = ctx_strdup(cx, str_of(o->mapping.maps[i]));
  k->order = *o;
  m->maps = maps;
  const char **texts[] = { &m->unique, &k->order.name, &k->order.path, &k->order.upload, &k->order.rejudge };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (*texts[i]) *texts[i] = ctx_strdup(cx, str_of(*texts[i]));
}

static struct task *task_new(struct request *rq, const struct task_order *o) {
  struct task *k = xcalloc(1, sizeof *k);
  k->tasks = rq->server->tasks;
  k->began = time_seconds();
  k->progress.bytes_total = o->bytes;
  ctx_begin(&k->memory, rq->cx->actor);
  uuid7(k->id, rq->cx->now);
  str_copy(k->actor, sizeof k->actor, str_of(rq->cx->actor));
  order_copy(k, o);
  return k;
}

static int begin(struct request *rq, struct task *k) {
  struct tasks *tasks = k->tasks;
  pthread_t thread;
  pthread_attr_t detached;
  if (tasks->stopped) return fail(rq->cx, E_BUSY, NULL, "the server is about to stop");
  if (tasks->working >= TASKS_WORKING)
    return fail(rq->cx, E_BUSY, NULL, "%d imports are at work; try again when one is done", TASKS_WORKING);
  pthread_attr_init(&detached);
  pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
  bool started = pthread_create(&thread, &detached, task_main, k) == 0;
  pthread_attr_destroy(&detached);
  if (!started) return fail(rq->cx, E_BUSY, NULL, "no thread could be started; try again later");
  k->next = tasks->first;
  tasks->first = k;
  tasks->count++;
  tasks->working++;
  k->changed = ++tasks->clock;
  return OK;
}

int task_start(struct request *rq, const struct task_order *o, char id[static 37]) {
  struct task *k = task_new(rq, o);
  memcpy(id, k->id, sizeof k->id);
  pthread_mutex_lock(&k->tasks->lock); /* its thread can note nothing before it is in the list */
  int rc = begin(rq, k);
  pthread_mutex_unlock(&rq->server->tasks->lock);
  if (rc) task_free(k);
  return rc;
}

/* ---- what others see; the lock is held ---- */

static void task_write(struct jw *w, const char *key, const struct task *k, bool with_result) {
  const struct import_progress *p = &k->progress;
  double seconds = (is_over(k) ? k->ended : time_seconds()) - k->began;
  double part = p->bytes_total ? (double)p->bytes / (double)p->bytes_total : 0;
  jw_object(w, key);
  jw_put(w, "import", k->id, "name", k->order.name, "as", k->order.dataset ? k->order.dataset->name : NULL,
         "dry_run", k->order.dry_run, "state", state_names[k->state], "rows", p->rows, "clean", p->clean,
         "rejected", p->rejected, "bytes", (int64_t)p->bytes, "bytes_total", (int64_t)p->bytes_total,
         "seconds", arg_real(seconds, 3));
  if (k->state == TASK_RUNNING && part > 0.01)
    jw_real(w, "seconds_left", seconds / part - seconds, 1);
  else
    jw_text(w, "seconds_left", NULL);
  jw_put(w, "message", k->message[0] ? k->message : NULL, "run", k->run[0] ? k->run : NULL);
  if (with_result) jw_raw(w, "result", str_of(k->result ? k->result : "null"));
  jw_close(w, '}');
}

static bool is_of(const struct task *k, struct tenant *tenant) { return k->order.tenant == tenant; }

static struct task *find(struct request *rq, struct tenant *tenant, const char *id) {
  struct task *k = rq->server->tasks->first;
  while (k && (strcmp(k->id, id) != 0 || !is_of(k, tenant))) k = k->next;
  if (!k) fail(rq->cx, E_NOT_FOUND, "import", "there is no import %.40s; the runs are under /api/runs", id);
  return k;
}

int task_show(struct request *rq, struct tenant *tenant, const char *id) {
  struct tasks *tasks = rq->server->tasks;
  pthread_mutex_lock(&tasks->lock);
  struct task *k = find(rq, tenant, id);
  if (k) task_write(&rq->json, "data", k, true);
  pthread_mutex_unlock(&tasks->lock);
  return rq->cx->code;
}

int tasks_list(struct request *rq, struct tenant *tenant, int64_t *total) {
  struct tasks *tasks = rq->server->tasks;
  *total = 0;
  jw_array(&rq->json, "data");
  pthread_mutex_lock(&tasks->lock);
  for (struct task *k = tasks->first; k; k = k->next) {
    if (!is_of(k, tenant)) continue;
    task_write(&rq->json, NULL, k, true);
    ++*total;
  }
  pthread_mutex_unlock(&tasks->lock);
  jw_close(&rq->json, ']');
  return OK;
}

int task_cancel(struct request *rq, struct tenant *tenant, const char *id) {
  struct tasks *tasks = rq->server->tasks;
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += (time_t)CANCEL_SECONDS;
  pthread_mutex_lock(&tasks->lock);
  struct task *k = find(rq, tenant, id);
  if (k && is_over(k)) fail(rq->cx, E_CONFLICT, NULL, "the import is over: it is %s", state_names[k->state]);
  if (k) atomic_store(&k->stop, true);
  /* It may be forgotten while we wait: it is looked up again each time. */
  while (!rq->cx->code && (k = find(rq, tenant, id)) && !is_over(k))
    if (pthread_cond_timedwait(&tasks->ended, &tasks->lock, &until)) break;
  if (!rq->cx->code && k) task_write(&rq->json, "data", k, true);
  pthread_mutex_unlock(&tasks->lock);
  return rq->cx->code;
}

/* ---- live ---- */

uint64_t tasks_clock(struct tasks *tasks) {
  pthread_mutex_lock(&tasks->lock);
  uint64_t now = tasks->clock;
  pthread_mutex_unlock(&tasks->lock);
  return now;
}

void tasks_tell(struct tasks *tasks, const char *slug, uint64_t since, task_told_fn *fn, void *arg) {
  struct buf out;
  struct jw w;
  buf_init(&out, MIB(1));
  pthread_mutex_lock(&tasks->lock);
  for (struct task *k = tasks->first; k; k = k->next) {
    if (k->changed <= since || strcmp(tenant_slug(k->order.tenant), slug) != 0) continue;
    buf_reset(&out);
    jw_init(&w, &out);
    task_write(&w, NULL, k, false);
    fn(arg, buf_view(&out)); /* only notes it: it must not wait for a client */
  }
  pthread_mutex_unlock(&tasks->lock);
  buf_clear(&out);
}
