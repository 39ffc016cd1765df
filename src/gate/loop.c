/*
** loop.c - the thread that holds all connections: waits for their sockets, for what workers hand back, and for the
** clock.
**
** Deadlines are looked at a few times a second, all connections one after the other: they are seconds long, and a few
** thousand of them are a few microseconds. That is also when the outboxes are added up and made smaller, and
** when workers that nobody needed for a while are let go.
**
** Room is made for newcomers by closing those that wait for their own client: first those of which no
** request was ever whole, the oldest first. Many at once, so that looking for them costs little even if somebody
** opens connections as fast as he can.
*/
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/time.h"
#include "gate/inside.h"

enum { EVENTS = 256 };

bool loop_watch(struct gate *g, int fd, uint64_t what, uint32_t events) {
  struct epoll_event e = { .events = events, .data.u64 = what };
  return epoll_ctl(g->epoll, EPOLL_CTL_ADD, fd, &e) == 0;
}

void loop_wake(struct gate *g) { eventfd_write(g->wake, 1); }

void loop_post(struct gate_conn *c) {
  struct gate *g = c->gate;
  pthread_mutex_lock(&g->lock);
  bool first = !g->posted && !c->is_posted;
  if (!c->is_posted) {
    c->posted = g->posted;
    g->posted = c;
    c->is_posted = true;
  }
  pthread_mutex_unlock(&g->lock);
  if (first) loop_wake(g);
}

/* Those that are posted meanwhile are for the next round. */
static void take_posted(struct gate *g) {
  pthread_mutex_lock(&g->lock);
  struct gate_conn *next = g->posted;
  g->posted = NULL;
  pthread_mutex_unlock(&g->lock);
  while (next) {
    struct gate_conn *c = next;
    pthread_mutex_lock(&g->lock);
    next = c->posted;
    c->is_posted = false;
    pthread_mutex_unlock(&g->lock);
    pthread_mutex_lock(&c->lock);
    conn_drive(c);
    pthread_mutex_unlock(&c->lock);
  }
}

/* ---- events ---- */

/* A worker has it, or will: it only has to know. */
static void tell_worker(struct gate_conn *c, uint32_t events) {
  if (events & (EPOLLERR | EPOLLHUP)) c->gone = true;
  if (events & EPOLLOUT) socket_flush(c);
  pthread_cond_signal(&c->moved);
}

static void on_conn(struct gate_conn *c, uint32_t events) {
  pthread_mutex_lock(&c->lock);
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) c->readable = true;
  if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) c->hung_up = true;
  if (c->state == SERVED || c->state == QUEUED)
    tell_worker(c, events);
  else
    conn_drive(c);
  pthread_mutex_unlock(&c->lock);
}

static void on_event(struct gate *g, const struct epoll_event *e) {
  uint32_t number = (uint32_t)e->data.u64;
  eventfd_t count;
  switch (e->data.u64 >> 32) {
  case WATCH_LISTENER: gate_accept(g); break;
  case WATCH_WAKE: eventfd_read(g->wake, &count); break;
  case WATCH_BACKEND: worker_backend_over(g, &g->backends[number]); break;
  default: on_conn(g->slots[number], e->events);
  }
}

static void reap(struct gate *g) {
  while (g->dead) {
    struct gate_conn *c = g->dead;
    g->dead = c->next;
    gate_let_go(c);
  }
}

/* ---- room ---- */

struct waiting {
  struct gate_conn *c;
  bool known; /* has asked before */
  double since;
};

static int by_use(const void *a, const void *b) {
  const struct waiting *x = a, *y = b;
  if (x->known != y->known) return x->known - y->known;
  return (x->since > y->since) - (x->since < y->since);
}

static bool is_waiting(const struct gate_conn *c) {
  return c->state == GREETING || c->state == HEAD || c->state == BODY || c->state == FLUSHING ||
         c->state == LINGERING;
}

static void evict(struct gate_conn *c) {
  pthread_mutex_lock(&c->lock);
  conn_close(c);
  pthread_mutex_unlock(&c->lock);
  atomic_fetch_add(&c->gate->evicted, 1);
}

static size_t list_waiting(struct gate *g, const struct gate_address *from, struct waiting *list) {
  size_t n = 0;
  for (uint32_t i = 0; i < g->used; i++) {
    struct gate_conn *c = g->slots[i];
    pthread_mutex_lock(&c->lock);
    if (is_waiting(c) && (!from || c->from == from))
      list[n++] = (struct waiting){ c, c->requests > 0, c->since };
    pthread_mutex_unlock(&c->lock);
  }
  return n;
}

int gate_make_room(struct gate *g, const struct gate_address *from, int many) {
  struct waiting *list = xmalloc((g->used + 1) * sizeof *list);
  size_t n = list_waiting(g, from, list);
  qsort(list, n, sizeof *list, by_use);
  if (n > (size_t)many) n = (size_t)many;
  for (size_t i = 0; i < n; i++) evict(list[i].c);
  free(list);
  reap(g);
  return (int)n;
}

/* Beyond OWED_MOST those that have owed for longest are closed. */
static void shrink_outboxes(struct gate *g) {
  struct waiting *list = xmalloc((g->used + 1) * sizeof *list);
  size_t n = 0;
  for (uint32_t i = 0; i < g->used; i++) {
    struct gate_conn *c = g->slots[i];
    pthread_mutex_lock(&c->lock);
    if (c->out_n && (c->state == FLUSHING || c->state == LIVE))
      list[n++] = (struct waiting){ c, false, c->since };
    pthread_mutex_unlock(&c->lock);
  }
  qsort(list, n, sizeof *list, by_use);
  for (size_t i = 0; i < n && atomic_load(&g->owed) > OWED_MOST / 4 * 3; i++) {
    evict(list[i].c);
    reap(g);
  }
  free(list);
}

/* ---- the clock ---- */

static void timed_out(struct gate_conn *c) {
  atomic_fetch_add(&c->gate->timed_out, 1);
  if (c->state == QUEUED) {
    if (worker_unqueue(c)) conn_refuse(c, 503, "all workers are busy; try again in a few seconds");
  } else if (c->state == HEAD && c->in_n) {
    conn_refuse(c, 408, "the head of the request took too long");
  } else if (c->state == BODY) {
    conn_refuse(c, 408, "the body of the request came too slowly");
  } else {
    conn_close(c);
  }
  conn_drive(c);
}

/* When the gate stops, nobody is waited for but workers, and clients to take what they asked for. */
static void stop_one(struct gate_conn *c, double now) {
  bool late = now > c->since + STOP_SECONDS;
  if (c->state == GREETING || c->state == HEAD || c->state == BODY || c->state == LINGERING || late) {
    conn_close(c);
  } else if (c->state == LIVE) {
    socket_flush(c);
    conn_close(c);
  }
}

static void look_at(struct gate_conn *c, double now, bool stopping) {
  pthread_mutex_lock(&c->lock);
  bool ours = c->state != FREE && c->state != DEAD && c->state != SERVED;
  if (c->state == HEAD && !c->in_n && c->in && now > c->since + LINGER_SECONDS) conn_forget_input(c);
  if (stopping && c->state == SERVED && c->waited > 0) {
    c->gone = true;
    pthread_cond_signal(&c->moved);
  }
  if (ours && now > c->deadline && !(c->state == LIVE && !c->out_n && !c->live.closing)) timed_out(c);
  if (ours && stopping && c->state != QUEUED && c->state != SERVED) stop_one(c, now);
  pthread_mutex_unlock(&c->lock);
}

static void look(struct gate *g, double now) {
  bool stopping = atomic_load(&g->stopping);
  for (uint32_t i = 0; i < g->used; i++) look_at(g->slots[i], now, stopping);
  if (atomic_load(&g->owed) > OWED_MOST) shrink_outboxes(g);
  worker_backends_close(g, now - BACKEND_IDLE_SECONDS);
  if (g->deaf && !stopping) g->deaf = !loop_watch(g, g->listener, WATCH(WATCH_LISTENER, 0), EPOLLIN);
}

/* ---- the loop ---- */

static int patience(struct gate *g) {
  if (atomic_load(&g->stopping)) return 10;
  if (seat_all_taken()) return (int)(CROWD_SECONDS * 1000);
  return atomic_load(&g->open) || g->open_backends || g->deaf ? (int)(LOOK_SECONDS * 1000) : -1;
}

static bool is_over(struct gate *g) { return atomic_load(&g->stopping) && !atomic_load(&g->open); }

void *loop_run(void *arg) {
  struct gate *g = arg;
  struct epoll_event events[EVENTS];
  double next = 0;
  while (!is_over(g)) {
    int n = epoll_wait(g->epoll, events, EVENTS, patience(g));
    for (int i = 0; i < n; i++) on_event(g, &events[i]);
    take_posted(g);
    double now = time_seconds();
    if (seat_all_taken()) seat_take_away(now);
    if (atomic_load(&g->queued)) worker_pump(g);
    bool stopping = atomic_load(&g->stopping);
    if (stopping && !g->deaf) epoll_ctl(g->epoll, EPOLL_CTL_DEL, g->listener, NULL), g->deaf = true;
    if (now >= next || stopping) look(g, now), next = now + LOOK_SECONDS;
    reap(g);
  }
  return NULL;
}
