/*
** writer.c - one writer per tenant, shared by all who write.
**
** A thread that wants to write puts a task into the tenant's queue. If nobody
** leads, it becomes the leader: it takes the lock between processes, runs every
** task that is queued by then inside one transaction, commits once, and wakes the others with their results. Whoever came while
** it was busy waits, and one of them leads the next group. So under load many
** writes share one fsync, alone a write waits for nobody, and there is no thread
** that only writes.
**
**   - A task that fails leaves nothing; the rest of the group commits. Most fail before they have changed anything. For
**     the others each would need a savepoint of its own, for which SQLite copies every page that the task changes: a
**     quarter of the work. So a group of tasks that can be done again goes without, and when one of them has
**     failed after a change, all is rolled back and the others are done again, now with savepoints.
**   - When the commit fails, every task of the group has failed.
**   - A commit is written by who leads, and made durable by him when somebody else leads already: the disk works on one
**     group while the processor works on the next. Nobody is told that his task is done before the disk has it. Others may read it
**     a moment earlier; what they write then stands behind it in the WAL, and is durable only with it.
**   - A sync that failed says nothing of what the disk has, and the next one may say that all is well (https://lwn.net/Articles/752063/).
**     Each group syncs with a file descriptor of its own, which is told of every error, and after one nothing is
**     acknowledged until all of the WAL stands in the file itself.
**   - What was committed is told to those who wait for it before the WAL is copied, which takes as long as a few commits.
**   - A task "alone" brings its own transactions and is never grouped.
**   - The right to write is a lock on SLUG.lock (flock: a process that dies gives
**     it back by itself). It is held for a group, so a server and a command in
**     a shell take turns. Only its holder checkpoints, or a thread that it started (copier.h), which also keeps clear
**     of the WAL-reset fault of SQLite before 3.51.3.
*/
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/crash.h"
#include "base/log.h"
#include "base/seat.h"
#include "base/time.h"
#include "store/mark.h"
#include "store/tenant.h"

enum { GROUP_MAX = 256 }; /* tasks that share a commit: bounds the wait of the first */
enum { COMPANY_WAITS = 2, COMPANY_NS = 30000, COMPANY_ENOUGH = 8 }; /* see wait_for_company */
enum { SYNCS_BEHIND = 1 }; /* while a group is led. On a slow disk groups become larger, instead of more */
static const double LOCK_SECONDS = 10; /* for another process's group */
/* A checkpoint after so much. A page that is written again and again is copied once. */
static const int64_t WAL_LONG = 16 << 20;
static const int64_t WAL_REST = 1 << 20; /* those who wait for the writer wait for so much to be copied */
enum { ROUNDS_MOST = 3 };
static const int64_t WAL_TOO_LONG = 64 << 20; /* give the space back */

enum { WAL_INSIST_SECONDS = 1, PATIENCE_LEAST_MS = 10, PATIENCE_MOST_MS = 200 };

struct task {
  struct ctx *cx;
  write_fn *fn;
  again_fn *again; /* NULL: it cannot be done twice */
  void *arg;
  bool alone, only_if_free;
  bool failed;       /* and was undone */
  bool done;         /* set before the wake; without it, the wake says: lead */
  sem_t wake;        /* needs no lock: a thread that is woken does not stand in line again */
  struct seat *seat; /* what its thread left to wait here */
  struct task *next;
};

/* ---- the lock between processes ---- */

static int busy(struct ctx *cx, const struct tenant *t, int fd) {
  char holder[80] = "";
  ssize_t n = pread(fd, holder, sizeof holder - 1, 0);
  if (n > 0 && holder[n - 1] == '\n') holder[n - 1] = 0;
  return fail(cx, E_BUSY, NULL,
              "tenant %s is being written by another process%s%s; try again when it is done", t->slug,
              holder[0] ? ", " : "", holder);
}

int tenant_lock(struct ctx *cx, struct tenant *t, double seconds, int *out) {
  if (t->inspected) return fail(cx, E_DENIED, NULL, "tenant %s was opened for inspection only", t->slug);
  int fd = open(t->lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return fail(cx, E_DENIED, NULL, "%s cannot be written: %s", t->lock_path, strerror(errno));
  double until = time_seconds() + seconds;
  while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (time_seconds() >= until) {
      busy(cx, t, fd);
      close(fd);
      return cx->code;
    }
    nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
  }
  char holder[32], before[sizeof holder];
  int n = snprintf(holder, sizeof holder, "process %d\n", (int)getpid());
  bool same = pread(fd, before, sizeof before, 0) == n && memcmp(before, holder, (size_t)n) == 0;
  if (same || (pwrite(fd, holder, (size_t)n, 0) == n && ftruncate(fd, n) == 0)) crash_point("locked");
  *out = fd; /* who holds it is only a courtesy: a full disk must not stop us here */
  return OK;
}

int tenant_writer(struct ctx *cx, struct tenant *t, struct db **out) {
  if (t->writer && !db_is_current(t->writer, t->path)) {
    db_close(t->writer);
    t->writer = NULL;
  }
  if (!t->writer && db_open(cx, t->path, t->label, DB_WRITE, &t->writer)) return cx->code;
  t->writer->watch = &t->content;
  t->writer->path = t->path;
  *out = t->writer;
  return OK;
}

/* ---- after a commit ---- */

/* Nobody waits for a slow reader here: what cannot be copied now is copied later. */
static bool checkpoint(struct db *db, int mode, int wait_ms, int *frames) {
  sqlite3_busy_timeout(db->lite, wait_ms);
  int rc = sqlite3_wal_checkpoint_v2(db->lite, NULL, mode, NULL, frames);
  sqlite3_busy_timeout(db->lite, DB_BUSY_MS);
  return rc != SQLITE_BUSY;
}

bool tenant_checkpoint(struct db *db, bool all) {
  return checkpoint(db, all ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, 0, NULL);
}

bool tenant_copy_wal(struct db *db, int64_t bytes) {
  int frames = 0;
  checkpoint(db, SQLITE_CHECKPOINT_PASSIVE, 0, &frames);
  return (int64_t)frames * db->page_size >= bytes;
}

/* The WAL begins anew only in a moment in which nobody reads from it. Where somebody always does, that moment
** is to be waited for: as long as this connection holds it, new readers read from the file itself, and those
** that were there end. All who write wait meanwhile. So not at every commit, since one of the readers may be a program
** that reads for hours, and a little longer after each time in vain. */
static void checkpoint_now(struct tenant *t, struct db *db) {
  double now = time_seconds();
  if (db->wal_bytes <= WAL_TOO_LONG || now - t->insisted <= WAL_INSIST_SECONDS) {
    if (!tenant_copy_wal(db, db->wal_bytes)) t->copier.held = true;
    return;
  }
  t->insisted = now;
  if (t->patience_ms < PATIENCE_LEAST_MS) t->patience_ms = PATIENCE_LEAST_MS;
  bool anew = checkpoint(db, SQLITE_CHECKPOINT_TRUNCATE, t->patience_ms, NULL);
  t->patience_ms = anew ? 0 : t->patience_ms < PATIENCE_MOST_MS ? 2 * t->patience_ms : PATIENCE_MOST_MS;
}

/* Only right after a commit: see copier.h. A WAL that was held is looked at more often until it begins anew, since who
** held it may be away for a moment only. */
static bool wal_is_long(struct tenant *t, struct db *db) {
  struct copier *c = &t->copier;
  if (!db->committed) return false;
  if (db->wal_bytes < c->wal_bytes) { /* it began anew */
    c->wal_bytes = c->rounds = 0;
    c->held = false;
  }
  int64_t more = db->wal_bytes - c->wal_bytes;
  if (db->wal_bytes > WAL_TOO_LONG && more > WAL_REST) return true;
  return !copier_busy(c) && (c->runs || more > (c->held ? WAL_REST : WAL_LONG));
}

/* Beside those who write on, a few times, and the little that they write meanwhile here. */
static void checkpoint_long(struct tenant *t, struct db *db) {
  struct copier *c = &t->copier;
  bool last = c->runs && (db->wal_bytes - c->wal_bytes < WAL_REST || c->rounds >= ROUNDS_MOST);
  copier_wait(t);
  c->wal_bytes = db->wal_bytes;
  if (last || db->wal_bytes > WAL_TOO_LONG) {
    c->rounds = 0;
    checkpoint_now(t, db);
  } else {
    c->rounds++;
    copier_start(t);
  }
}

/* What is committed is committed, whatever becomes of the note of it. Groups may be here in any order. */
static void note_end(struct tenant *t, const struct change_end *end, bool may_go_back) {
  struct ctx cx;
  ctx_begin(&cx, "store");
  pthread_mutex_lock(&t->noting);
  bool noted = end->seq == t->noted.seq && memcmp(end->hash, t->noted.hash, sizeof end->hash) == 0;
  if (!noted && (may_go_back || end->seq > t->noted.seq) && !mark_write(&cx, t->mark_path, end))
    t->noted = *end;
  pthread_mutex_unlock(&t->noting);
  if (cx.code) log_line(LOG_WARN, &cx, "MARK_NOT_WRITTEN", "%s", cx.message);
  ctx_end(&cx);
  crash_point("after commit");
}

static bool end_of_log(struct db *db, struct change_end *out) {
  struct ctx cx;
  ctx_begin(&cx, "store");
  int rc = change_last(&cx, db, out);
  if (rc) log_line(LOG_WARN, &cx, "MARK_NOT_WRITTEN", "%s", cx.message);
  ctx_end(&cx);
  return !rc;
}

void tenant_committed(struct tenant *t, struct db *db) {
  struct change_end end;
  if (end_of_log(db, &end)) note_end(t, &end, true);
  if (wal_is_long(t, db)) checkpoint_long(t, db);
}

static void *checkpoint_main(void *writer) {
  pthread_setname_np(pthread_self(), "checkpoint");
  tenant_checkpoint(writer, false);
  return NULL;
}

int tenant_read_committed(struct ctx *cx, struct tenant *t, write_fn *fn, void *arg) {
  struct ctx aside; /* its end gives the reader back */
  struct db *db;
  pthread_t copying;
  ctx_begin(&aside, cx->actor);
  db_trim(t->writer); /* two full caches would be one too many */
  if (tenant_read(&aside, t, &db)) {
    fail_from(cx, &aside);
  } else {
    bool started = pthread_create(&copying, NULL, checkpoint_main, t->writer) == 0;
    fn(cx, db, arg);
    if (started) pthread_join(copying, NULL);
  }
  ctx_end(&aside);
  return cx->code;
}

enum { HOOKS_MOST = 4 };
static committed_hook *_Atomic on_commit[HOOKS_MOST];

void store_add_committed_hook(committed_hook *hook) {
  int i = 0;
  while (i < HOOKS_MOST && on_commit[i] && on_commit[i] != hook) i++;
  if (i == HOOKS_MOST) abort();
  on_commit[i] = hook;
}

static void committed(struct tenant *t) {
  for (int i = 0; i < HOOKS_MOST && on_commit[i]; i++) on_commit[i](t);
}

/* ---- onto the disk ---- */

/* A descriptor is told of the errors since it was opened: before what is to be synced is written. */
static int open_wal(struct ctx *cx, const struct tenant *t, int *fd) {
  *fd = open(t->wal_path, O_RDONLY | O_CLOEXEC);
  return *fd >= 0 ? OK : fail(cx, E_BUSY, NULL, "%s cannot be opened: %s", t->wal_path, strerror(errno));
}

/* Closes it. */
static int sync_wal(struct ctx *cx, struct tenant *t, int fd) {
  int rc = fdatasync(fd), why = errno;
  close(fd);
  if (rc == 0 && !atomic_load(&t->unsafe)) return OK;
  atomic_store(&t->unsafe, true);
  return fail(cx, E_FAIL, NULL,
              "tenant %s: the disk failed while it took what was written (%s); it may be there or not: look "
              "before you try again",
              t->slug, rc ? strerror(why) : "for others who wrote then");
}

/* Nobody of this process commits or syncs. */
static bool is_quiet(struct tenant *t) {
  pthread_mutex_lock(&t->lock);
  bool quiet = !t->led && !t->syncing;
  pthread_mutex_unlock(&t->lock);
  return quiet;
}

/* Nor has anybody else committed since our last commit, whose sync took theirs, too. Asked for on both sides: a commit of ours that
** began between the two would pass off theirs for ours. And last, whether the disk has failed: it may have done so between them. */
static bool all_synced(struct tenant *t) {
  struct content now;
  return is_quiet(t) && tenant_content(t, &now) && now.number && is_quiet(t) && !atomic_load(&t->unsafe);
}

int tenant_sync(struct ctx *cx, struct tenant *t) {
  int fd;
  if (all_synced(t)) return OK;
  if (access(t->wal_path, F_OK) != 0 && errno == ENOENT) return OK; /* all stands in the file itself */
  return open_wal(cx, t, &fd) ? (int)cx->code : sync_wal(cx, t, fd);
}

static void wait_for_syncs(struct tenant *t) {
  pthread_mutex_lock(&t->lock);
  while (t->syncing) pthread_cond_wait(&t->synced, &t->lock);
  pthread_mutex_unlock(&t->lock);
}

static int make_safe(struct ctx *cx, struct tenant *t, struct db *db) {
  if (!atomic_load(&t->unsafe)) return OK;
  copier_wait(t);
  wait_for_syncs(t);
  if (sqlite3_wal_checkpoint_v2(db->lite, NULL, SQLITE_CHECKPOINT_FULL, NULL, NULL) != SQLITE_OK)
    return db_fail(cx, db, "the disk is asked to take what it failed to take before");
  atomic_store(&t->unsafe, false);
  return OK;
}

/* ---- leading ---- */

static bool run_in_savepoint(struct task *task, struct db *db) {
  struct ctx *cx = task->cx;
  if (db_do(cx, db, "SAVEPOINT task")) return false;
  if (task->fn(cx, db, task->arg)) {
    struct ctx quiet;
    ctx_begin(&quiet, "store");
    db_run(&quiet, db, "ROLLBACK TO task; RELEASE task");
    ctx_end(&quiet);
    return false;
  }
  return db_do(cx, db, "RELEASE task") == OK;
}

static void fail_all(struct task *tasks, const struct ctx *why) {
  for (; tasks; tasks = tasks->next)
    if (!tasks->cx->code) fail_from(tasks->cx, why);
}

static bool all_again(const struct task *tasks) {
  while (tasks && tasks->again) tasks = tasks->next;
  return !tasks;
}

/* Whether something of it would have to be undone. */
static bool failed_halfway(struct task *task, struct db *db) {
  int64_t before = sqlite3_total_changes64(db->lite);
  if (task->fn(task->cx, db, task->arg) == OK) return false;
  task->failed = true;
  return sqlite3_total_changes64(db->lite) != before;
}

/* All of them without savepoints, up to the first that fails halfway: then everything is rolled back, and the others
** are to be done again. */
static int run_plain(struct ctx *cx, struct task *tasks, struct db *db, bool *again) {
  for (struct task *task = tasks; task && !*again; task = task->next) {
    *again = failed_halfway(task, db);
    if (sqlite3_get_autocommit(db->lite)) return fail_from(cx, task->cx);
    if (!*again) continue;
    db_rollback(db);
    for (struct task *done = tasks; done != task; done = done->next)
      if (!done->failed) done->again(done->arg);
    return db_begin(cx, db);
  }
  return OK;
}

/* Those that have not failed yet. A single one needs no savepoint: its failure is the transaction's. */
static int run_guarded(struct ctx *cx, struct task *tasks, struct db *db) {
  bool single = !tasks->next;
  for (struct task *task = tasks; task; task = task->next) {
    if (task->failed) continue;
    task->failed = single ? task->fn(task->cx, db, task->arg) != OK : !run_in_savepoint(task, db);
    if (sqlite3_get_autocommit(db->lite)) /* SQLite itself gave up the transaction: a full disk */
      return fail_from(cx, task->cx);
  }
  return OK;
}

/* What a group has committed. */
struct commit {
  bool changed; /* followers are to be told */
  bool written; /* it stands in the WAL, and who led has the disk take it, */
  int wal;      /* by this descriptor, or -1 */
  bool noted;   /* the end of the log is: */
  struct change_end end;
};

static int run_group(struct ctx *cx, struct tenant *t, struct db *db, struct task *tasks,
                     struct commit *out) {
  if (tasks->alone) {
    copier_wait(t); /* it may replace the file */
    wait_for_syncs(t);
    tasks->fn(tasks->cx, db, tasks->arg);
    db_rollback(db); /* whatever it left open */
    tenant_committed(t, db);
    return OK;
  }
  if (db_begin(cx, db)) return cx->code;
  if (open_wal(cx, t, &out->wal)) {
    db_rollback(db);
    return cx->code;
  }
  bool plain = tasks->next && all_again(tasks), guarded = !plain;
  if (plain && run_plain(cx, tasks, db, &guarded)) return cx->code;
  if (guarded && run_guarded(cx, tasks, db)) return cx->code;
  const struct task *good = tasks;
  while (good && good->failed) good = good->next;
  if (!good) {
    db_rollback(db);
    return OK;
  }
  if (db_commit_unsynced(cx, db)) return cx->code;
  out->written = true;
  out->noted = end_of_log(db, &out->end);
  return OK;
}

/* The lock between processes, still held; -1: there was none to be had. */
static int lead(struct tenant *t, struct task *tasks, struct commit *out) {
  struct ctx cx;
  struct db *db = NULL;
  int fd = -1;
  ctx_begin(&cx, "store");
  if (!tenant_lock(&cx, t, tasks->only_if_free ? 0 : LOCK_SECONDS, &fd) && !tenant_writer(&cx, t, &db) &&
      !make_safe(&cx, t, db)) {
    int before = sqlite3_total_changes(db->lite);
    run_group(&cx, t, db, tasks, out);
    out->changed = sqlite3_total_changes(db->lite) != before;
  }
  if (db) db_end_once(db); /* their owners end when another one may lead */
  if (cx.code) fail_all(tasks, &cx);
  ctx_end(&cx);
  return fd;
}

/* The tasks for one commit: one that wants to be alone, or as many others as wait. */
static struct task *take_group(struct tenant *t) {
  struct task *first = t->first, *last = first;
  int count = 1;
  while (!first->alone && last->next && !last->next->alone && count < GROUP_MAX) last = last->next, count++;
  t->first = last->next;
  if (!t->first) t->last = NULL;
  last->next = NULL;
  t->group = count;
  return first;
}

static int waiting(const struct tenant *t) {
  int n = 0;
  for (const struct task *task = t->first; task && n < t->group; task = task->next) n++;
  return n;
}

/* Those who shared the last commit come back at about the same time; the first of them
** would commit alone while the others wait for it, and then they for him. A moment, much shorter than a
** commit, keeps them together. A writer that was alone waits for nobody, and where many wait already, nobody does. */
static void wait_for_company(struct tenant *t) {
  int enough = t->group < COMPANY_ENOUGH ? t->group : COMPANY_ENOUGH;
  for (int i = 0; i < COMPANY_WAITS && !t->first->alone && waiting(t) < enough; i++) {
    pthread_mutex_unlock(&t->lock);
    nanosleep(&(struct timespec){ .tv_nsec = COMPANY_NS }, NULL);
    pthread_mutex_lock(&t->lock);
  }
}

static void wake_group(struct task *group, const struct task *mine) {
  for (struct task *next; group; group = next) {
    next = group->next; /* its owner may be gone as soon as it is woken */
    group->done = true;
    if (group != mine) seat_call(group->seat, &group->wake);
  }
  seat_fill();
}

/* To the first one who came meanwhile. fd: the lock between processes, or -1. */
static void pass_lead(struct tenant *t, int fd) {
  if (fd >= 0) close(fd);
  pthread_mutex_lock(&t->lock);
  struct task *next = t->first;
  t->led = next != NULL;
  pthread_mutex_unlock(&t->lock);
  if (next) sem_post(&next->wake);
}

/* Has the disk take the group's commit, and tells all who wait for it. */
static void end_group(struct tenant *t, struct task *group, struct task *mine, const struct commit *c) {
  struct ctx cx;
  ctx_begin(&cx, "store");
  mine->seat = seat_leave();
  crash_point("before sync");
  if (!c->written && c->wal >= 0) close(c->wal);
  if (c->written && sync_wal(&cx, t, c->wal)) {
    log_line(LOG_ERR, &cx, "SYNC_FAILED", "%s", cx.message);
    fail_all(group, &cx);
  } else if (c->noted)
    note_end(t, &c->end, false);
  ctx_end(&cx);
  pthread_mutex_lock(&t->lock);
  t->syncing--;
  pthread_cond_broadcast(&t->synced);
  pthread_mutex_unlock(&t->lock);
  if (c->changed) committed(t);
  wake_group(group, mine);
  seat_return(mine->seat);
}

/* When the WAL is to be copied, the lead is passed on last. */
static void lead_group(struct tenant *t, struct task *mine) {
  struct commit done = { .wal = -1 };
  pthread_mutex_lock(&t->lock);
  while (t->syncing > SYNCS_BEHIND) pthread_cond_wait(&t->synced, &t->lock);
  seat_return(mine->seat);
  wait_for_company(t);
  struct task *group = take_group(t);
  pthread_mutex_unlock(&t->lock);
  int fd = lead(t, group, &done);
  pthread_mutex_lock(&t->lock);
  t->syncing++;
  pthread_mutex_unlock(&t->lock);
  bool copy = fd >= 0 && t->writer && wal_is_long(t, t->writer);
  if (!copy) pass_lead(t, fd);
  end_group(t, group, mine, &done);
  if (!copy) return;
  checkpoint_long(t, t->writer);
  pass_lead(t, fd);
}

/* Who comes when nobody leads is the first in the queue, and so is who is told to: his task is in
** the group that he leads. */
static int enqueue(struct tenant *t, struct task *mine) {
  sem_init(&mine->wake, 0, 0);
  mine->seat = seat_leave();
  pthread_mutex_lock(&t->lock);
  if (t->last)
    t->last->next = mine;
  else
    t->first = mine;
  t->last = mine;
  bool leads = !t->led;
  t->led = true;
  pthread_mutex_unlock(&t->lock);
  while (!leads && sem_wait(&mine->wake) != 0) continue; /* a signal came between */
  if (!mine->done) lead_group(t, mine);
  sem_destroy(&mine->wake);
  return mine->cx->code;
}

int tenant_write(struct ctx *cx, struct tenant *t, write_fn *fn, void *arg) {
  return enqueue(t, &(struct task){ .cx = cx, .fn = fn, .arg = arg });
}

struct decision {
  decide_fn *fn;
  const char *id, *note;
};

static int decide(struct ctx *cx, struct db *db, void *arg) {
  const struct decision *d = arg;
  return d->fn(cx, db, d->id, d->note);
}

int tenant_decide(struct ctx *cx, struct tenant *t, decide_fn *fn, const char *id, const char *note) {
  return tenant_write(cx, t, decide, &(struct decision){ fn, id, note });
}

int tenant_write_again(struct ctx *cx, struct tenant *t, write_fn *fn, again_fn *again, void *arg) {
  return enqueue(t, &(struct task){ .cx = cx, .fn = fn, .again = again, .arg = arg });
}

int tenant_write_alone(struct ctx *cx, struct tenant *t, write_fn *fn, void *arg) {
  return enqueue(t, &(struct task){ .cx = cx, .fn = fn, .arg = arg, .alone = true });
}

int tenant_write_if_free(struct ctx *cx, struct tenant *t, write_fn *fn, void *arg) {
  return enqueue(t, &(struct task){ .cx = cx, .fn = fn, .arg = arg, .alone = true, .only_if_free = true });
}
