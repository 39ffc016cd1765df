/*
** push_wide.c - a lane that has much to send: one thread composes, the caller and up to two more with connections of
** their own put batches in.
**
**   composer    batch 1, 2, 3 ... each from where the one before it ends, into a free slot
**   senders     take the next slot, put its rows in (apply_rows, in any order), change the records of its entries when the last batch
**               that spoke of one of them has been committed (apply_own), wait until the batch before it has been, seal and
**               commit (apply_commit): so the lane moves batch by batch, whoever is faster
**
** The first failure ends it: what is not committed is rolled back, and the next call of push_some asks headquarters where the lane is.
** The others are begun when the first batch was not all; when they get no connection, one is enough.
*/
#include <pthread.h>
#include <stdlib.h>

#include "base/time.h"
#include "replicate/push_internal.h"
#include "replicate/spoken.h"
#include "replicate/worker.h"

enum { SLOTS = SPOKEN_AT_ONCE, HELD_MOST = 96 << 20 }; /* batches that are there at once, and bytes in them */

struct slot {
  struct ctx cx;
  struct up_batch b;
  int64_t after; /* the last batch before it that speaks of a record that it speaks of, too; -1: none does */
};

struct wide {
  struct push *u;
  const atomic_bool *stop; /* of the caller's waits: all others end with it */
  const char *actor;
  double until;
  struct sync_lane lane; /* where the next batch begins; its texts are of `texts` */
  struct ctx texts;
  struct spoken spoken; /* of the composer */
  unsigned char
      last[SHA256_SIZE]; /* hash of the batch that was committed last; of the sender whose turn it is */

  pthread_mutex_t lock; /* over all below */
  pthread_cond_t moved;
  struct slot slots[SLOTS];
  int64_t made, taken, committed; /* batches, counted from 0; batch i is in slot i % SLOTS */
  int64_t held;                   /* bytes of those that are made and not committed */
  bool ended, whole, failed;      /* ended: nothing more is composed; whole: up to the end of the log */
  struct ctx failure;             /* its code and sentence */
};

static void note_failure(struct wide *w, const struct ctx *cx) {
  pthread_mutex_lock(&w->lock);
  if (!w->failed) fail_from(&w->failure, cx);
  w->failed = true;
  pthread_cond_broadcast(&w->moved);
  pthread_mutex_unlock(&w->lock);
}

/* ---- composing ---- */

static int64_t free_slot(struct wide *w) {
  pthread_mutex_lock(&w->lock);
  while (!w->failed && (w->made - w->committed >= SLOTS || w->held > HELD_MOST))
    pthread_cond_wait(&w->moved, &w->lock);
  int64_t i = w->failed ? -1 : w->made;
  pthread_mutex_unlock(&w->lock);
  return i;
}

/* b NULL: there is no more. */
static void publish(struct wide *w, const struct up_batch *b, bool whole) {
  pthread_mutex_lock(&w->lock);
  if (b) w->made++;
  if (b) w->held += up_bytes(b);
  w->whole = whole;
  w->ended = !b || whole || time_seconds() > w->until;
  pthread_cond_broadcast(&w->moved);
  pthread_mutex_unlock(&w->lock);
}

static void go_on_after(struct wide *w, const struct up_batch *b) {
  w->lane.sequence = b->seal.sequence;
  w->lane.position = ctx_strdup(&w->texts, str_of(b->seal.position_to));
}

static void *compose_all(void *arg) {
  struct wide *w = arg;
  int64_t i;
  while (!w->ended && (i = free_slot(w)) >= 0) {
    struct slot *s = &w->slots[i % SLOTS];
    bool whole = false;
    up_init(&s->b);
    ctx_begin(&s->cx, w->actor);
    int rc = push_compose(&s->cx, w->u, &w->lane, &s->b, &whole);
    bool there = !rc && s->b.rows;
    if (rc) note_failure(w, &s->cx);
    if (there) go_on_after(w, &s->b);
    if (there)
      s->after = strcmp(s->b.seal.lane, "log") == 0
                     ? spoken_batch(&w->spoken, i, buf_view(&s->b.sections[0].copy))
                     : -1;
    if (!there) {
      up_clear(&s->b);
      ctx_end(&s->cx);
    }
    publish(w, there ? &s->b : NULL, whole);
    if (rc) break;
  }
  return NULL;
}

/* ---- sending ---- */

static struct slot *take_slot(struct wide *w, int64_t *i) {
  struct slot *s = NULL;
  pthread_mutex_lock(&w->lock);
  while (!w->failed && w->taken == w->made && !w->ended) pthread_cond_wait(&w->moved, &w->lock);
  if (!w->failed && w->taken < w->made) {
    *i = w->taken++;
    s = &w->slots[*i % SLOTS];
  }
  pthread_mutex_unlock(&w->lock);
  return s;
}

/* Until so many are committed. */
static int wait_for(struct ctx *cx, struct wide *w, int64_t count) {
  pthread_mutex_lock(&w->lock);
  while (!w->failed && w->committed < count) pthread_cond_wait(&w->moved, &w->lock);
  bool there = !w->failed;
  pthread_mutex_unlock(&w->lock);
  return there ? OK : fail(cx, E_BUSY, "lane", "the batch before it did not arrive");
}

static void clear_slot(struct slot *s) {
  up_clear(&s->b);
  ctx_end(&s->cx);
}

static void committed(struct wide *w, struct slot *s) {
  int64_t bytes = s->b.seal.bytes;
  memcpy(w->last, s->b.seal.hash, SHA256_SIZE);
  clear_slot(s);
  pthread_mutex_lock(&w->lock);
  w->committed++;
  w->held -= bytes;
  pthread_cond_broadcast(&w->moved);
  pthread_mutex_unlock(&w->lock);
}

/* What is said anew takes the place of what the batch before it may have said: that must stand there first. */
static bool replaces(const struct up_batch *b) {
  for (int i = 0; i < b->count; i++)
    if (b->sections[i].how == BATCH_REPLACE || b->sections[i].missing) return true;
  return false;
}

static bool send_slot(struct wide *w, struct pg *p, struct applier *a, struct slot *s, int64_t i) {
  double began = time_seconds(), waited;
  bool full = push_is_full(&s->b);
  struct push_effort before = push_effort(p);
  struct ctx *cx = &s->cx;
  int rc = replaces(&s->b) ? wait_for(cx, w, i) : OK;
  if (!rc) rc = apply_rows(cx, a, &s->b) || up_seal_rows(cx, &s->b) || apply_changes(cx, a, &s->b);
  waited = time_seconds();
  if (!rc) rc = wait_for(cx, w, s->after + 1);
  began += time_seconds() - waited;
  if (!rc) rc = apply_own(cx, a);
  waited = time_seconds();
  if (!rc) rc = wait_for(cx, w, i);
  began += time_seconds() - waited;
  if (!rc) memcpy(s->b.seal.previous, w->last, SHA256_SIZE);
  if (!rc) rc = up_seal_sign(cx, w->u->key, &s->b) || apply_commit(cx, a, &s->b);
  if (rc && pg_is_broken(p))
    push_broke();
  else if (rc)
    pg_rollback(p);
  if (!rc) {
    double spent = time_seconds() - began;
    push_measured(spent * 1000, full);
    rc = push_confirm(cx, w->u->tenant, &s->b, spent, p, before);
  }
  if (!rc) {
    committed(w, s);
    return true;
  }
  note_failure(w, &s->cx);
  clear_slot(s);
  return false;
}

static void send_all(struct wide *w, struct pg *p, struct applier *a) {
  int64_t i = 0;
  struct slot *s;
  while ((s = take_slot(w, &i)))
    if (!send_slot(w, p, a, s, i)) return;
}

/* Another sender, with a connection of its own. */
static void *send_too(void *arg) {
  struct wide *w = arg;
  struct ctx cx;
  struct pg *p;
  struct applier *a;
  pg_stop_when(w->stop);
  ctx_begin(&cx, w->actor);
  if (!sync_dial(&cx, w->u->tenant, &p) && !apply_open(&cx, p, &a)) send_all(w, p, a);
  ctx_end(&cx);
  return NULL;
}

static int connections(void) {
  const char *said = getenv("OUTPOST_SYNC_CONNECTIONS");
  int64_t n;
  return said && str_to_int(str_of(said), &n) && n >= 1 && n <= PUSH_CONNECTIONS ? (int)n : PUSH_CONNECTIONS;
}

/* The first batch was not all. */
static bool is_worth_more(struct wide *w) {
  pthread_mutex_lock(&w->lock);
  while (!w->failed && !w->ended && !w->made) pthread_cond_wait(&w->moved, &w->lock);
  bool more = !w->failed && !w->ended;
  pthread_mutex_unlock(&w->lock);
  return more;
}

/* Slots that nobody took. */
static void clear_rest(struct wide *w) {
  for (int64_t i = w->taken; i < w->made; i++) clear_slot(&w->slots[i % SLOTS]);
}

int push_wide(struct ctx *cx, struct push *u, const struct sync_lane *from, double until, bool *whole) {
  struct wide w = { .u = u, .stop = pg_stop_flag(), .actor = cx->actor, .until = until, .lane = *from };
  pthread_t composer, senders[PUSH_CONNECTIONS];
  int more = 0;
  pthread_mutex_init(&w.lock, NULL);
  pthread_cond_init(&w.moved, NULL);
  ctx_begin(&w.failure, cx->actor);
  ctx_begin(&w.texts, cx->actor);
  spoken_init(&w.spoken);
  memcpy(w.last, from->batch_hash, SHA256_SIZE);
  if (pthread_create(&composer, NULL, compose_all, &w))
    fail(&w.failure, E_BUSY, NULL, "there is no thread for it now");
  else {
    for (int n = is_worth_more(&w) ? connections() : 1; more < n - 1; more++)
      if (pthread_create(&senders[more], NULL, send_too, &w)) break;
    send_all(&w, u->pg, u->applier);
    for (int i = 0; i < more; i++) pthread_join(senders[i], NULL);
    pthread_join(composer, NULL);
  }
  clear_rest(&w);
  spoken_clear(&w.spoken);
  *whole = w.whole;
  if (w.failure.code) fail_from(cx, &w.failure);
  ctx_end(&w.texts);
  ctx_end(&w.failure);
  pthread_cond_destroy(&w.moved);
  pthread_mutex_destroy(&w.lock);
  return cx->code;
}
