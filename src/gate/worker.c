/*
** worker.c - civetweb's workers: giving them requests, and what they call while they serve one.
**
** A backend is a connection to civetweb, and behind it one of its workers. An idle one gets a request at once, else
** one is opened as long as there may be more, else the request waits in the queue. A worker that is done takes the
** next of the queue by itself (gate_done), so the loop is not asked. The last idle one is used first: those that are
** not needed stay idle and are closed.
**
** There are many workers, for most of them wait: for a commit, or for a client. Those that do not are as many as there are
** processors: a request needs a seat (base/seat.h) as well as a worker. A worker that is about to wait for a commit hands
** its seat to the next of the queue (gate_seat_freed); one that has waited for its client is never seated again.
**
** What goes to a worker is the request line and the handle. If its connection ends before the worker has asked
** for the handle (civetweb closes one after a long time), the request is given to another; the second time it is refused.
*/
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/time.h"
#include "gate/inside.h"

/* ---- the queue: gate.lock is held ---- */

static void queue_add(struct gate_conn *c) {
  struct gate *g = c->gate;
  c->next = NULL;
  *(c->large ? g->large_end : g->queue_end) = c;
  *(c->large ? &g->large_end : &g->queue_end) = &c->next;
  atomic_fetch_add(&g->queued, 1);
}

static bool queue_remove(struct gate_conn *c, struct gate_conn **first, struct gate_conn ***end) {
  for (struct gate_conn **at = first; *at; at = &(*at)->next) {
    if (*at != c) continue;
    *at = c->next;
    if (!*at) *end = at;
    atomic_fetch_sub(&c->gate->queued, 1);
    return true;
  }
  return false;
}

/* Large bodies wait while half of the workers are held. Who is returned has a seat. */
static struct gate_conn *queue_next(struct gate *g) {
  struct gate_conn *c = g->queue, *large = g->held < (g->options.workers + 1) / 2 ? g->large : NULL;
  if (large && (!c || large->since < c->since)) c = large;
  if (!c || !seat_take(&c->seat)) return NULL;
  if (c->large) {
    g->held++;
    queue_remove(c, &g->large, &g->large_end);
  } else {
    queue_remove(c, &g->queue, &g->queue_end);
  }
  return c;
}

static void back_to_idle(struct gate *g, struct backend *b) {
  b->serving = NULL;
  b->idle_since = time_seconds();
  g->idle[g->idle_count++] = b;
}

/* ---- giving ---- */

/* What goes to a worker, to be sent when the connection's lock is free: a worker wakes at once, and takes it. */
struct errand {
  int fd;
  size_t n;
  char text[HEAD_BYTES + 64];
};

/* To a backend that serves nobody but this one. */
static void give(struct backend *b, struct gate_conn *c, struct errand *e) {
  const struct head *h = &c->head;
  e->fd = b->fd;
  e->n = (size_t)snprintf(e->text, sizeof e->text,
                          "%.*s %.*s HTTP/1.1\r\n" GATE_HANDLE_HEADER ": %x.%x\r\n\r\n", (int)h->method.n,
                          c->in + h->method.at, (int)h->target.n, c->in + h->target.at, c->slot, c->number);
  c->worker = b;
  c->picked = false;
  c->held = c->large;
  c->waited = 0;
  conn_to(c, SERVED, 0);
}

/* Where the backend is broken, its end will be told to the loop, which gives the request to another.
**
** No lock is held, and still the descriptor is this backend's: the loop closes one that is idle, which this one is not
** any more, or one that civetweb has closed, and civetweb closes none that waits for its next request (FOREVER_MS in
** http.c says so), nor one whose own thread is here (gate_done). */
static void send_errand(const struct errand *e) {
  if (send(e->fd, e->text, e->n, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)e->n) shutdown(e->fd, SHUT_RDWR);
}

static void give_locked(struct backend *b, struct gate_conn *c) {
  struct errand e;
  pthread_mutex_lock(&c->lock);
  give(b, c, &e);
  pthread_mutex_unlock(&c->lock);
  send_errand(&e);
}

static struct backend *open_backend(struct gate *g) {
  struct sockaddr_un to = { .sun_family = AF_UNIX };
  struct backend *b = g->backends;
  while (b->fd >= 0) b++;
  snprintf(to.sun_path, sizeof to.sun_path, "/proc/self/fd/%d", g->socket);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return NULL;
  bool there = connect(fd, (struct sockaddr *)&to, sizeof to) == 0 &&
               loop_watch(g, fd, WATCH(WATCH_BACKEND, b - g->backends), EPOLLIN | EPOLLRDHUP | EPOLLET);
  if (!there) {
    close(fd);
    return NULL;
  }
  b->fd = fd;
  g->open_backends++;
  return b;
}

static struct backend *backend_find(struct gate *g) {
  if (g->idle_count) return g->idle[--g->idle_count];
  return g->open_backends < g->options.workers ? open_backend(g) : NULL;
}

void worker_ask(struct gate_conn *c) {
  struct gate *g = c->gate;
  struct backend *b = NULL;
  struct errand e;
  atomic_fetch_add(&g->requests, 1);
  conn_to(c, QUEUED, QUEUE_SECONDS);
  pthread_mutex_lock(&g->lock);
  if (!c->large && !g->queue && seat_take(&c->seat)) b = backend_find(g);
  if (!b) seat_give(&c->seat);
  if (!b) queue_add(c);
  if (b) b->serving = c;
  pthread_mutex_unlock(&g->lock);
  if (!b) return;
  give(b, c, &e);
  pthread_mutex_unlock(&c->lock);
  send_errand(&e);
  pthread_mutex_lock(&c->lock);
}

void worker_pump(struct gate *g) {
  for (;;) {
    pthread_mutex_lock(&g->lock);
    struct backend *b = g->queue || g->large ? backend_find(g) : NULL;
    struct gate_conn *c = b ? queue_next(g) : NULL;
    if (b) b->serving = c;
    if (b && !c) back_to_idle(g, b);
    pthread_mutex_unlock(&g->lock);
    if (!c) return;
    give_locked(b, c);
  }
}

void gate_seat_freed(void *gate) {
  struct gate *g = gate;
  if (atomic_load(&g->queued)) worker_pump(g);
}

bool worker_unqueue(struct gate_conn *c) {
  struct gate *g = c->gate;
  pthread_mutex_lock(&g->lock);
  bool found = queue_remove(c, &g->queue, &g->queue_end) || queue_remove(c, &g->large, &g->large_end);
  pthread_mutex_unlock(&g->lock);
  return found;
}

/* ---- the end of a backend ---- */

static void forget_idle(struct gate *g, const struct backend *b) {
  for (int i = 0; i < g->idle_count; i++) {
    if (g->idle[i] != b) continue;
    memmove(g->idle + i, g->idle + i + 1, (size_t)(g->idle_count - i - 1) * sizeof *g->idle);
    g->idle_count--;
    return;
  }
}

static void close_backend(struct gate *g, struct backend *b) {
  forget_idle(g, b);
  close(b->fd);
  b->fd = -1;
  b->serving = NULL;
  g->open_backends--;
}

static void again(struct gate_conn *c) {
  struct gate *g = c->gate;
  seat_give(&c->seat);
  if (c->held) {
    pthread_mutex_lock(&g->lock);
    g->held--;
    pthread_mutex_unlock(&g->lock);
  }
  c->held = false;
  if (c->tries++) {
    conn_refuse(c, 400, "this is no HTTP request that this server understands");
    conn_drive(c);
  } else {
    worker_ask(c);
  }
}

void worker_backend_over(struct gate *g, struct backend *b) {
  pthread_mutex_lock(&g->lock);
  struct gate_conn *c = b->fd >= 0 ? b->serving : NULL;
  if (b->fd >= 0) close_backend(g, b);
  pthread_mutex_unlock(&g->lock);
  if (!c) return;
  pthread_mutex_lock(&c->lock);
  if (c->state == SERVED && c->worker == b && !c->picked) again(c);
  pthread_mutex_unlock(&c->lock);
}

void worker_backends_close(struct gate *g, double idle_before) {
  pthread_mutex_lock(&g->lock);
  while (g->idle_count && g->idle[0]->idle_since < idle_before) close_backend(g, g->idle[0]);
  pthread_mutex_unlock(&g->lock);
}

/* ---- what a worker asks ---- */

struct gate_conn *gate_conn_of(struct gate *g, const char *handle) {
  struct gate_conn *c = NULL;
  char *end = NULL;
  unsigned long slot = handle ? strtoul(handle, &end, 16) : 0;
  unsigned long number = end && *end == '.' ? strtoul(end + 1, &end, 16) : 0;
  pthread_mutex_lock(&g->lock);
  if (number && !*end && slot < g->used) c = g->slots[slot];
  pthread_mutex_unlock(&g->lock);
  if (!c) return NULL;
  pthread_mutex_lock(&c->lock);
  bool found = c->number == number && c->state == SERVED && !c->picked;
  if (found) c->picked = true;
  pthread_mutex_unlock(&c->lock);
  if (found) seat_mine(&c->seat);
  return found ? c : NULL;
}

const struct gate_peer *gate_peer(const struct gate_conn *c) { return &c->peer; }
bool gate_old(const struct gate_conn *c) { return c->head.old; }
bool gate_keeps(const struct gate_conn *c) { return !c->head.close && !atomic_load(&c->gate->stopping); }
int64_t gate_body_stated(const struct gate_conn *c) { return c->head.chunked ? -1 : c->head.length; }
bool gate_body_whole(const struct gate_conn *c) { return c->body_over; }

const char *gate_host(const struct gate_conn *c, const char **scheme) {
  const struct head *h = &c->head;
  if (scheme) *scheme = h->scheme.n ? c->in + h->scheme.at : NULL;
  return h->host.at ? c->in + h->host.at : NULL;
}

const char *gate_header(const struct gate_conn *c, const char *name, int *count) {
  return head_find(&c->head, c->in, str_of(name), count);
}

const char *gate_header_next(const struct gate_conn *c, const char *name, int *at) {
  return head_next(&c->head, c->in, str_of(name), at);
}

/* Until the loop says that something moved, or it is time. */
static void wait_until(struct gate_conn *c, double deadline) {
  struct timespec at = { .tv_sec = (time_t)deadline };
  at.tv_nsec = (long)((deadline - (double)at.tv_sec) * 1e9);
  pthread_cond_timedwait(&c->moved, &c->lock, &at);
}

/* Waits for the client, which last moved at `began`, at most until `limit`. Only the time that was waited counts
** for its rate: a handler may be slow, too. false: it is too slow. */
static bool wait_for_client(struct gate_conn *c, double began, double limit) {
  if (seat_give(&c->seat) && atomic_load(&c->gate->queued)) loop_wake(c->gate);
  double now = time_seconds(), stalls = began + STALL_SECONDS;
  double slow = now + STALL_SECONDS + (double)c->bytes / RATE_LEAST - c->waited;
  double until = stalls < slow ? stalls : slow;
  wait_until(c, until < limit ? until : limit);
  double after = time_seconds();
  c->waited += after - now;
  return after < until;
}

/* ---- the body ---- */

/* What is here already: decoded, or to be decoded. -1 for chunks that are none. */
static int64_t read_held(struct gate_conn *c, char *to, size_t room) {
  size_t n = c->body_end - c->body_at, took;
  if (n > room) n = room;
  if (n) {
    memcpy(to, c->in + c->body_at, n);
    c->body_at += n;
    return (int64_t)n;
  }
  if (!c->head.chunked || c->body_over || c->raw_at == c->in_n) return 0;
  int64_t got = chunks_take(&c->chunks, c->in + c->raw_at, c->in_n - c->raw_at, to, room, &took);
  c->raw_at += took;
  c->body_over = chunks_over(&c->chunks);
  return got;
}

/* More from the socket: directly to where it is wanted, or to be decoded first. */
static int64_t read_more(struct gate_conn *c, char *to, size_t room) {
  long n;
  if (c->head.chunked) {
    c->in_n = c->raw_at = c->head.bytes;
    c->body_at = c->body_end = c->in_n;
    conn_room(c, c->in_n + READ_PART);
    n = socket_read(c, c->in + c->in_n, READ_PART);
    if (n > 0) c->in_n += (size_t)n;
  } else {
    if ((int64_t)room > c->body_left) room = (size_t)c->body_left;
    n = socket_read(c, to, room);
    if (n > 0) c->body_left -= n;
    c->body_over = !c->body_left;
  }
  if (n > 0) c->bytes += n;
  if (n < 0) c->gone = true;
  return n;
}

static int64_t read_body(struct gate_conn *c, char *to, size_t room) {
  double began = time_seconds();
  for (;;) {
    int64_t n = read_held(c, to, room);
    if (n || c->body_over) return n < 0 ? -1 : n;
    if (c->gone) return -1;
    if (c->asks) socket_send(c, &STR("HTTP/1.1 100 Continue\r\n\r\n"), 1, GATE_OUTBOX, NULL);
    c->asks = false;
    n = read_more(c, to, room);
    if (n > 0 && !c->head.chunked) return n;
    if (n > 0) began = time_seconds();
    if (n == 0 && !wait_for_client(c, began, began + STALL_SECONDS)) return -1;
  }
}

int64_t gate_read(struct gate_conn *c, void *to, size_t room) {
  pthread_mutex_lock(&c->lock);
  int64_t n = read_body(c, to, room);
  pthread_mutex_unlock(&c->lock);
  return n;
}

/* ---- the reply ---- */

struct rival {
  struct gate_conn *c;
  double rate;
};

static void look_at_rival(struct gate_conn *c, struct rival *slowest) {
  pthread_mutex_lock(&c->lock);
  double rate = (double)c->bytes / (c->waited + 0.001);
  if (c->state == SERVED && c->held && !c->gone && (!slowest->c || rate < slowest->rate))
    *slowest = (struct rival){ c, rate };
  pthread_mutex_unlock(&c->lock);
}

/* More than half of the workers are held by clients: the slowest of these is given up. */
static void give_up_slowest(struct gate *g) {
  struct rival slowest = { 0 };
  for (int i = 0; i < g->options.workers; i++) {
    pthread_mutex_lock(&g->lock);
    struct gate_conn *c = g->backends[i].serving;
    pthread_mutex_unlock(&g->lock);
    if (c) look_at_rival(c, &slowest);
  }
  if (!slowest.c) return;
  pthread_mutex_lock(&slowest.c->lock);
  if (slowest.c->state == SERVED && slowest.c->held) {
    slowest.c->gone = true;
    atomic_fetch_add(&g->evicted, 1);
    pthread_cond_signal(&slowest.c->moved);
  }
  pthread_mutex_unlock(&slowest.c->lock);
}

static void hold(struct gate_conn *c) {
  struct gate *g = c->gate;
  c->held = true;
  pthread_mutex_lock(&g->lock);
  bool many = ++g->held > (g->options.workers + 1) / 2;
  pthread_mutex_unlock(&g->lock);
  if (!many) return;
  pthread_mutex_unlock(&c->lock);
  give_up_slowest(g);
  pthread_mutex_lock(&c->lock);
}

/* Until half of the outbox is empty: one that is waked for each byte would do nothing else. */
static void wait_for_room(struct gate_conn *c) {
  double first = time_seconds(), moved = first;
  size_t owed = c->out_n;
  while (!c->gone && c->out_n > GATE_OUTBOX / 2) {
    c->gone |= !wait_for_client(c, moved, c->held ? moved + STALL_SECONDS : first + HELD_SECONDS);
    double now = time_seconds();
    if (c->out_n < owed) moved = now;
    owed = c->out_n;
    if (!c->gone && !c->held && now >= first + HELD_SECONDS) hold(c);
  }
}

bool gate_send_parts(struct gate_conn *c, const struct str *parts, int count) {
  struct str left[SEND_PARTS];
  size_t took;
  bool there = true;
  memcpy(left, parts, (size_t)count * sizeof *parts);
  pthread_mutex_lock(&c->lock);
  for (int first = 0; there && first < count;) {
    if (c->state == SERVED && c->out_n >= GATE_OUTBOX) wait_for_room(c);
    there = socket_send(c, left + first, count - first, GATE_OUTBOX, &took);
    if (!took && c->state != SERVED) there = false; /* the loop never waits */
    for (; first < count && took >= left[first].n; first++) took -= left[first].n;
    if (first < count) left[first] = (struct str){ left[first].p + took, left[first].n - took };
  }
  pthread_mutex_unlock(&c->lock);
  return there;
}

size_t gate_room(struct gate_conn *c) {
  pthread_mutex_lock(&c->lock);
  size_t owed = c->out_n;
  pthread_mutex_unlock(&c->lock);
  return owed < GATE_OUTBOX ? GATE_OUTBOX - owed : 0;
}

/* ---- the end ---- */

/* Before the connection goes on its way: with it, `held` and `worker` are another request's. */
static struct backend *let_worker_go(struct gate_conn *c, bool *held) {
  struct backend *b = c->worker;
  seat_mine(NULL);
  seat_give(&c->seat);
  *held = c->held;
  c->worker = NULL;
  c->held = false;
  return b;
}

static void take_next(struct gate *g, struct backend *b, bool held) {
  pthread_mutex_lock(&g->lock);
  if (held) g->held--;
  struct gate_conn *c = queue_next(g);
  b->serving = c;
  if (!c) back_to_idle(g, b);
  pthread_mutex_unlock(&g->lock);
  if (c) give_locked(b, c);
}

static void hand_back(struct gate_conn *c, bool keep) {
  c->keep = keep && c->body_over && gate_keeps(c);
  if (c->live.ops) {
    conn_to(c, LIVE, LIVE_STALL_SECONDS);
  } else if (c->keep && !c->out_n && !c->gone) {
    conn_next(c);
    if (!c->readable && !c->in_n) return; /* the next event will tell */
  } else {
    conn_to(c, FLUSHING, STALL_SECONDS);
    if (c->out_n && !c->gone) return;
  }
  loop_post(c);
}

void gate_done(struct gate_conn *c, bool keep) {
  struct gate *g = c->gate;
  bool held;
  pthread_mutex_lock(&c->lock);
  struct backend *b = let_worker_go(c, &held);
  hand_back(c, keep);
  pthread_mutex_unlock(&c->lock);
  take_next(g, b, held);
}
