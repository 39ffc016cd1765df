/* worker.c - see worker.h. The link does the work; seats are the threads of a server. */
#include "replicate/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/ids.h"
#include "base/log.h"
#include "base/random.h"
#include "base/time.h"
#include "notify/alert.h"
#include "notify/secret.h"
#include "replicate/state.h"

enum {
  STEPS_MOST = 16,
  WAIT_LEAST_MS = 250,
  WAIT_FIRST_MS = 1000,
  WAIT_MOST_MS = 300000,
  IDLE_MS = 1000,
  CROWD = 6,        /* see work */
  CROWDED_MS = 400, /* from the beginning of one turn to the next, then */
  LOOK_AGAIN_SECONDS = 60
};
static const int64_t UNREACHED_US = 24 * INT64_C(3600000000);

/* ---- a link: what is done over one connection ---- */

struct link {
  struct tenant *tenant;
  struct ctx cx; /* of the connection, while there is one */
  struct pg *pg; /* NULL: none */
  int64_t enrolled_at;
  double due[STEPS_MOST]; /* when each step is to be called again */
  bool settled;           /* the last time there was nothing left to do, and the file was as `seen` */
  double settled_until;   /* but a day's allowance may come anew */
  struct content seen;
  int lock;     /* -1: not ours */
  int failures; /* in a row */
  struct random dice;
};

static void link_begin(struct link *l, struct tenant *t) {
  *l = (struct link){ .tenant = t, .lock = -1 };
  random_bytes(&l->dice.state, sizeof l->dice.state);
}

static void link_hang_up(struct link *l) {
  if (!l->pg) return;
  pg_close(l->pg);
  l->pg = NULL;
  ctx_end(&l->cx);
}

static void link_end(struct link *l) {
  link_hang_up(l);
  if (l->lock >= 0) close(l->lock);
  l->lock = -1;
}

static int link_lock(struct ctx *cx, struct link *l) {
  if (l->lock >= 0) return OK;
  const char *path =
      ctx_printf(cx, "%s/tenants/%s.sync", store_dir(tenant_store(l->tenant)), tenant_slug(l->tenant));
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return fail(cx, E_FAIL, NULL, "%s cannot be opened: %s", path, strerror(errno));
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return l->lock = fd, OK;
  close(fd);
  return fail(
      cx, E_BUSY, NULL,
      "another process replicates this tenant already (a server does it by itself): outpost sync status says "
      "how far it is");
}

static int dial(struct ctx *cx, struct link *l, const struct sync_upstream *u, const char *password) {
  ctx_begin(&l->cx, "sync");
  if (pg_open(&l->cx, u->dsn, *password ? password : NULL, &l->pg)) {
    fail_from(cx, &l->cx);
    l->pg = NULL;
    ctx_end(&l->cx);
    return cx->code;
  }
  l->enrolled_at = u->enrolled_at;
  memset(l->due, 0, sizeof l->due);
  l->settled = false;
  return OK;
}

/* *ready: there is a connection. Not so while the tenant is not enrolled, or paused. In a unit of work that ends
** before anything is sent, so that no old state of the file is held meanwhile. */
static int link_ready_in(struct ctx *cx, struct link *l, bool *ready) {
  struct sync_upstream u;
  struct db *db;
  const char *password;
  *ready = false;
  if (tenant_read(cx, l->tenant, &db) || sync_upstream_read(cx, db, &u)) return cx->code;
  if (l->pg && (!pg_alive(l->pg) || !u.enrolled || u.paused || u.enrolled_at != l->enrolled_at))
    link_hang_up(l);
  if (!u.enrolled || u.paused) return OK;
  *ready = true;
  if (l->pg) return OK;
  if (secret_get(cx, l->tenant, db, SYNC_SECRET, &password)) return cx->code;
  tenant_read_end(db);
  return dial(cx, l, &u, password);
}

static int link_ready(struct ctx *cx, struct link *l, bool *ready) {
  struct ctx look;
  ctx_begin(&look, "sync");
  link_ready_in(&look, l, ready);
  return ctx_end_inside(cx, &look);
}

/* Each step that is due, once. What goes wrong in one does not keep the others from anything, while the connection stands. */
static int steps_once(struct ctx *cx, struct link *l, bool *more) {
  struct content now;
  bool known = tenant_content(l->tenant, &now),
       quiet = known && l->settled && time_seconds() < l->settled_until && content_same(&now, &l->seen);
  *more = false;
  for (int i = 0; sync_steps[i].name && !pg_is_broken(l->pg); i++) {
    struct ctx one;
    bool again = false;
    if (sync_steps[i].every ? time_seconds() < l->due[i] : quiet) continue;
    ctx_begin(&one, "sync");
    int rc = sync_steps[i].some(&one, l->tenant, l->pg, &again);
    if (rc) pg_rollback(l->pg);
    ctx_end_inside(cx, &one);
    l->due[i] = rc || again ? 0 : time_seconds() + sync_steps[i].every;
    *more = *more || (again && !rc);
    if (rc && i == 0) break; /* without contact nothing is sent */
  }
  l->settled = known && !cx->code && !*more;
  l->seen = now;
  if (!quiet) l->settled_until = time_seconds() + LOOK_AGAIN_SECONDS;
  return cx->code;
}

/* ---- how it went ---- */

struct outcome {
  struct link *link;
  const struct ctx *failed; /* NULL: well */
  int64_t wait_ms;
  const char *sentence;
};

static int raise_alert(struct ctx *cx, struct db *db, const struct outcome *o) {
  bool refused = o->failed->code == E_DENIED, fresh;
  struct stmt *s = db_stmt(cx, db, SQL_sync_error_get);
  int64_t since = stmt_row(cx, s) ? col_int(s, 2) : cx->now;
  if (s) stmt_done(s);
  if (cx->code || (!refused && cx->now - since < UNREACHED_US)) return cx->code;
  return alert_raise(cx, db,
                     &(struct alert){ .kind = "sync",
                                      .subject = "headquarters",
                                      .state = refused ? "refused" : "unreached",
                                      .severity = refused ? SEVERITY_CRITICAL : SEVERITY_WARNING,
                                      .title = refused ? "Headquarters refuses this place"
                                                       : "Headquarters was not reached for a day",
                                      .text = o->failed->message,
                                      .address = "#/sync" },
                     &fresh);
}

static int note_bad(struct ctx *cx, struct db *db, void *arg) {
  struct outcome *o = arg;
  bool first;
  if (sync_error_set(cx, db, o->failed->code, o->failed->message, cx->now + o->wait_ms * 1000, &first))
    return cx->code;
  return raise_alert(cx, db, o);
}

static int note_good(struct ctx *cx, struct db *db, void *arg) {
  (void)arg;
  return sync_error_clear(cx, db) ? (int)cx->code : alert_settle(cx, db, "sync", "headquarters");
}

static bool was_bad(struct ctx *cx, struct tenant *t) {
  struct db *db;
  if (tenant_read(cx, t, &db)) return false;
  return stmt_exists(cx, db_stmt(cx, db, SQL_sync_error_get));
}

/* "Full jitter": at random below a ceiling that doubles (M. Brooker, "Exponential Backoff and Jitter"). */
static int64_t next_wait(struct link *l) {
  int64_t ceiling = WAIT_FIRST_MS;
  for (int i = 0; i < l->failures && ceiling < WAIT_MOST_MS; i++) ceiling *= 2;
  if (ceiling > WAIT_MOST_MS) ceiling = WAIT_MOST_MS;
  l->failures++;
  return WAIT_LEAST_MS + random_below(&l->dice, ceiling);
}

/* Says how it went, in a unit of work of its own; *wait_ms: until the next try. true: it is well again, which is
** an entry of the log that is to go up, too. */
static bool settle(struct link *l, const struct ctx *done, int64_t *wait_ms) {
  struct ctx cx;
  bool healed = false;
  *wait_ms = 0;
  ctx_begin(&cx, "sync");
  if (done->code) {
    *wait_ms = next_wait(l);
    if (l->failures == 1)
      log_line(LOG_WARN, done, "sync_failed", "%s: %s", tenant_slug(l->tenant), done->message);
    struct outcome o = { .link = l, .failed = done, .wait_ms = *wait_ms };
    tenant_write(&cx, l->tenant, note_bad, &o);
  } else {
    if (l->failures)
      log_line(LOG_INFO, &cx, "sync_reached", "%s: headquarters was reached again", tenant_slug(l->tenant));
    l->failures = 0;
    healed = was_bad(&cx, l->tenant);
    if (healed) tenant_write(&cx, l->tenant, note_good, NULL);
  }
  if (cx.code) log_line(LOG_WARN, &cx, "sync_failed", "%s: %s", tenant_slug(l->tenant), cx.message);
  ctx_end(&cx);
  return healed;
}

/* ---- in the foreground ---- */

int sync_dial(struct ctx *cx, struct tenant *t, struct pg **out) {
  struct sync_upstream u;
  const char *password;
  struct db *db;
  if (tenant_read(cx, t, &db) || sync_upstream_need(cx, db, &u) ||
      secret_get(cx, t, db, SYNC_SECRET, &password))
    return cx->code;
  tenant_read_end(db);
  return pg_open(cx, u.dsn, *password ? password : NULL, out);
}

/* Enrolled, and not paused? */
static int check_may(struct ctx *cx, struct tenant *t) {
  struct sync_upstream u;
  if (sync_upstream_look(cx, t, &u) || !u.paused) return cx->code;
  return fail(cx, E_CONFLICT, NULL,
              "replication of this tenant is paused: outpost sync resume lets it go on");
}

/* Has anybody written since the last pass began? */
static bool has_changed(const struct link *l) {
  struct content now;
  return tenant_content(l->tenant, &now) && !content_same(&now, &l->seen);
}

int sync_once(struct ctx *cx, struct tenant *t) {
  struct link l;
  bool ready, more = true;
  int64_t wait;
  if (check_may(cx, t)) return cx->code;
  link_begin(&l, t);
  if (link_lock(cx, &l)) return cx->code;
  while (more && !cx->code) {
    struct ctx one;
    ctx_begin(&one, "sync");
    more = false;
    if (link_ready(&one, &l, &ready) == OK && ready) steps_once(&one, &l, &more);
    ctx_end_inside(cx, &one);
    if (!more || cx->code) more = settle(&l, cx, &wait);
    if (!more && !cx->code && ready) more = has_changed(&l); /* what came down is in the log, and goes up */
  }
  link_end(&l);
  return cx->code;
}

/* ---- threads ---- */

struct seat {
  struct tenant *tenant;
  pthread_t thread;
  pthread_cond_t wake;
  bool woken, urgent; /* urgent: whatever it waits for */
  bool firm;          /* it waits, and a commit does not wake it */
  int commits;        /* of this process since the turn began, its own among them */
  void (*say)(struct ctx *cx, const char *sentence);
  struct seat *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct seat *seats;
static atomic_bool on;
static atomic_bool stop;

/* Until it is woken, or so many milliseconds; firm: a wake by a commit does not shorten it. */
static void wait_for(struct seat *s, struct link *l, int64_t ms, bool firm) {
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  int64_t at = (int64_t)until.tv_nsec + ms % 1000 * 1000000;
  until.tv_sec += ms / 1000 + at / 1000000000;
  until.tv_nsec = at % 1000000000;
  pthread_mutex_lock(&lock);
  int rc = 0;
  s->firm = firm;
  while (!atomic_load(&stop) && !s->urgent && (firm || !s->woken) && rc != ETIMEDOUT)
    rc = pthread_cond_timedwait(&s->wake, &lock, &until);
  if (s->urgent) {
    memset(l->due, 0, sizeof l->due);
    l->settled = false;
  }
  s->woken = s->urgent = s->firm = false;
  pthread_mutex_unlock(&lock);
}

/* One turn; the milliseconds to wait for after it, 0: there is more. */
static int64_t turn(struct seat *s, struct link *l, bool *failed) {
  struct ctx cx;
  bool ready = false, more = false;
  int64_t wait = 0;
  ctx_begin(&cx, "sync");
  if (link_lock(&cx, l)) {
    ctx_end(&cx);
    *failed = true;
    return IDLE_MS;
  }
  if (link_ready(&cx, l, &ready) == OK && ready) steps_once(&cx, l, &more);
  *failed = cx.code != OK;
  if (!atomic_load(&stop)) settle(l, &cx, &wait);
  if (*failed && s->say) s->say(&cx, cx.message);
  ctx_end(&cx);
  return *failed ? wait : more ? 0 : IDLE_MS;
}

static int commits_taken(struct seat *s) {
  pthread_mutex_lock(&lock);
  int n = s->commits;
  s->commits = 0;
  pthread_mutex_unlock(&lock);
  return n;
}

/* A change that comes alone is sent at once. Each turn costs those who write here processor time and a commit, so where they
** commit again and again while one lasts, what they wrote is sent together a few times a second. */
static void *work(void *arg) {
  struct seat *s = arg;
  struct link l;
  bool failed;
  link_begin(&l, s->tenant);
  pg_stop_when(&stop);
  while (!atomic_load(&stop)) {
    double began = time_seconds();
    commits_taken(s);
    int64_t wait = turn(s, &l, &failed);
    bool crowded = !failed && commits_taken(s) >= CROWD;
    if (crowded) wait = CROWDED_MS - (int64_t)((time_seconds() - began) * 1000);
    if (wait > 0) wait_for(s, &l, wait, failed || crowded);
  }
  link_end(&l);
  return NULL;
}

static void wake(struct tenant *t, int commits, bool urgent) {
  pthread_mutex_lock(&lock);
  for (struct seat *s = seats; s; s = s->next) {
    if (s->tenant != t) continue;
    bool asleep = !s->woken && !s->firm;
    s->woken = true;
    s->commits += commits;
    s->urgent = s->urgent || urgent;
    if (asleep || urgent) pthread_cond_signal(&s->wake);
  }
  pthread_mutex_unlock(&lock);
}
static void on_commit(struct tenant *t) { wake(t, 1, false); }
void sync_wake(struct tenant *t) { wake(t, 0, true); }

static struct seat *seat_new(struct tenant *t) {
  struct seat *s = xcalloc(1, sizeof *s);
  pthread_condattr_t steady;
  s->tenant = t;
  pthread_condattr_init(&steady);
  pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
  pthread_cond_init(&s->wake, &steady);
  pthread_condattr_destroy(&steady);
  return s;
}

static void seat_free(struct seat *s) {
  pthread_cond_destroy(&s->wake);
  free(s);
}

static int seat_add(struct ctx *cx, struct tenant *t) {
  int rc = 0;
  pthread_mutex_lock(&lock);
  struct seat *s = seats;
  while (s && s->tenant != t) s = s->next;
  if (!s && atomic_load(&on)) {
    s = seat_new(t);
    rc = pthread_create(&s->thread, NULL, work, s);
    if (rc == 0) {
      s->next = seats;
      seats = s;
    } else {
      seat_free(s);
    }
  }
  pthread_mutex_unlock(&lock);
  return rc ? fail(cx, E_FAIL, NULL, "no thread for replication: %s", strerror(rc)) : OK;
}

/* After every commit, of other processes, too: has the tenant been enrolled? */
static int look(struct ctx *cx, struct tenant *t, bool *did, int64_t *next) {
  struct db *db;
  struct sync_upstream u;
  *did = false;
  *next = INT64_MAX;
  if (!atomic_load(&on) || tenant_read(cx, t, &db) || sync_upstream_read(cx, db, &u) || !u.enrolled)
    return cx->code;
  if (seat_add(cx, t)) return cx->code;
  wake(t, 0, false);
  return OK;
}
const struct engine_part sync_part = { "sync", 1, look };

void sync_start(void) {
  atomic_store(&stop, false);
  atomic_store(&on, true);
  store_add_committed_hook(on_commit);
}

void sync_stop(void) {
  pthread_mutex_lock(&lock);
  atomic_store(&on, false);
  atomic_store(&stop, true);
  struct seat *list = seats;
  for (struct seat *s = list; s; s = s->next) pthread_cond_signal(&s->wake);
  pthread_mutex_unlock(&lock);
  for (struct seat *s = list; s; s = s->next) pthread_join(s->thread, NULL);
  pthread_mutex_lock(&lock);
  seats = NULL;
  pthread_mutex_unlock(&lock);
  while (list) {
    struct seat *s = list;
    list = s->next;
    seat_free(s);
  }
}

int sync_forever(struct ctx *cx, struct tenant *t, void (*say)(struct ctx *cx, const char *sentence)) {
  struct link probe;
  if (check_may(cx, t)) return cx->code;
  link_begin(&probe, t);
  if (link_lock(cx, &probe)) return cx->code;
  link_end(&probe);
  struct seat *s = seat_new(t);
  s->say = say;
  work(s);
  seat_free(s);
  return OK;
}
