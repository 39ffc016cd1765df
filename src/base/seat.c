/*
** seat.c - who may use a processor. One lock, held for a few instructions, under which nothing is called.
*/
#include "base/seat.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>

#include "base/time.h"

enum { LEAST = 2 };

static struct {
  pthread_mutex_t lock;
  int free;
  struct seat *oldest, *newest; /* of those that have one */
  struct seat *first, *last;    /* of those that want one again */
  int wanted;                   /* so many are these */
  void (*freed)(void *arg);
  void *arg;
  atomic_bool all_taken; /* for who only wants to know */
} room = { .lock = PTHREAD_MUTEX_INITIALIZER };

static _Thread_local struct seat *mine;

static int processors(void) {
  cpu_set_t set;
  int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : LEAST;
  return n < LEAST ? LEAST : n;
}

void seat_open(void (*freed)(void *arg), void *arg) {
  room.free = processors();
  room.freed = freed;
  room.arg = arg;
}

/* ---- under the lock ---- */

static void count(int more) {
  room.free += more;
  atomic_store_explicit(&room.all_taken, room.free <= 0, memory_order_relaxed);
}

static void sit(struct seat *s) {
  count(-1);
  s->has = true;
  s->since = time_seconds();
  s->newer = NULL;
  s->older = room.newest;
  *(room.newest ? &room.newest->newer : &room.oldest) = s;
  room.newest = s;
}

static void stand(struct seat *s) {
  if (!s->has) return;
  s->has = false;
  *(s->older ? &s->older->newer : &room.oldest) = s->newer;
  *(s->newer ? &s->newer->older : &room.newest) = s->older;
  count(+1);
}

/* The next of those that want one again; NULL: none does, or none is free. Its thread may go on, and be gone, as soon
** as it is woken. */
static sem_t *seat_next(void) {
  struct seat *s = room.first;
  if (!s || room.free <= 0) return NULL;
  room.first = s->next;
  if (!room.first) room.last = NULL;
  room.wanted--;
  sit(s);
  return s->wake;
}

/* ---- taking and giving ---- */

bool seat_take(struct seat *s) {
  pthread_mutex_lock(&room.lock);
  bool got = room.free > room.wanted;
  if (got) sit(s);
  pthread_mutex_unlock(&room.lock);
  return got;
}

/* Gives up the lock. */
static bool pass_on(void) {
  bool left;
  for (;;) {
    sem_t *wake = seat_next();
    left = room.free > 0;
    pthread_mutex_unlock(&room.lock);
    if (!wake) return left;
    sem_post(wake);
    pthread_mutex_lock(&room.lock);
  }
}

bool seat_give(struct seat *s) {
  pthread_mutex_lock(&room.lock);
  stand(s);
  return pass_on();
}

bool seat_take_away(double now) {
  pthread_mutex_lock(&room.lock);
  while (room.oldest && now - room.oldest->since > SEAT_SECONDS) stand(room.oldest);
  return pass_on();
}

bool seat_all_taken(void) { return atomic_load_explicit(&room.all_taken, memory_order_relaxed); }

/* ---- around a wait ---- */

void seat_mine(struct seat *s) { mine = s; }

struct seat *seat_leave(void) {
  struct seat *s = mine;
  if (!s) return NULL;
  pthread_mutex_lock(&room.lock);
  bool had = s->has;
  stand(s);
  bool left = pass_on();
  if (had && left && room.freed) room.freed(room.arg);
  return had ? s : NULL;
}

void seat_call(struct seat *left, sem_t *wake) {
  if (!left) {
    sem_post(wake);
    return;
  }
  pthread_mutex_lock(&room.lock);
  left->wake = wake;
  left->next = NULL;
  *(room.last ? &room.last->next : &room.first) = left;
  room.last = left;
  room.wanted++;
  pthread_mutex_unlock(&room.lock);
}

/* Nobody is told of what is still free then: nobody was refused that. */
void seat_fill(void) {
  pthread_mutex_lock(&room.lock);
  pass_on();
}

void seat_return(struct seat *left) {
  if (!left) return;
  pthread_mutex_lock(&room.lock);
  sit(left);
  pthread_mutex_unlock(&room.lock);
}
