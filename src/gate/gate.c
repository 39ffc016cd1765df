/*
** gate.c - opening, starting and stopping; the listening socket, and who may have how many connections.
**
** civetweb's socket lies in a folder of its own (0700) that is removed as soon as both ends are open: it is reached
** through descriptors (/proc/self/fd), so nobody else finds it, its path is short wherever the data is, and
** nothing is left behind by a process that was killed.
*/
#include "gate/gate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"
#include "gate/inside.h"

enum {
  BACKLOG = 1024,
  ACCEPT_AT_ONCE = 64,
  DESCRIPTORS_ELSE = 256, /* of files and databases */
  DESCRIPTORS_MOST = 65536,
};

#define SOCKET_NAME "outpost-workers"

/* ---- addresses ---- */

static struct gate_address **address_at(struct gate *g, const struct in6_addr *key) {
  uint32_t hash = 2166136261u;
  for (int i = 0; i < 16; i++) hash = (hash ^ key->s6_addr[i]) * 16777619u;
  struct gate_address **at = &g->addresses[hash % (sizeof g->addresses / sizeof *g->addresses)];
  while (*at && memcmp(&(*at)->key, key, sizeof *key)) at = &(*at)->next;
  return at;
}

static struct gate_address *address_take(struct gate *g, const struct in6_addr *from) {
  struct in6_addr key = *from;
  bool v4 = IN6_IS_ADDR_V4MAPPED(&key);
  bool loopback = v4 ? key.s6_addr[12] == 127 : IN6_IS_ADDR_LOOPBACK(&key);
  if (!v4) memset(key.s6_addr + 8, 0, 8);
  struct gate_address **at = address_at(g, &key);
  if (!*at) {
    *at = xcalloc(1, sizeof **at);
    (*at)->key = key;
    (*at)->loopback = loopback;
  }
  (*at)->count++;
  return *at;
}

static void address_give_back(struct gate *g, struct gate_address *a) {
  if (--a->count) return;
  *address_at(g, &a->key) = a->next;
  free(a);
}

static bool address_full(const struct gate *g, const struct gate_address *a) {
  int most = g->options.per_address ? g->options.per_address
             : a->loopback          ? g->connections
                                    : GATE_ADDRESS_MOST;
  return a->count > most;
}

/* ---- a connection's place ---- */

static struct gate_conn *place_new(struct gate *g) {
  struct gate_conn *c = xcalloc(1, sizeof *c);
  pthread_condattr_t clock;
  pthread_condattr_init(&clock);
  pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
  pthread_cond_init(&c->moved, &clock);
  pthread_condattr_destroy(&clock);
  pthread_mutex_init(&c->lock, NULL);
  c->gate = g;
  pthread_mutex_lock(&g->lock);
  c->slot = g->used;
  g->slots[g->used++] = c;
  pthread_mutex_unlock(&g->lock);
  return c;
}

static struct gate_conn *place_take(struct gate *g) {
  if (g->free_count) return g->slots[g->free[--g->free_count]];
  return g->used < (uint32_t)g->connections ? place_new(g) : NULL;
}

static void place_begin(struct gate_conn *c, int fd, const struct in6_addr *from) {
  struct gate *g = c->gate;
  bool v4 = IN6_IS_ADDR_V4MAPPED(from);
  pthread_mutex_lock(&c->lock);
  if (!++c->number) c->number = 1; /* 0 is nobody's */
  c->fd = fd;
  inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? from->s6_addr + 12 : from->s6_addr, c->peer.address,
            sizeof c->peer.address);
  c->peer.secure = g->tls != NULL;
  if (g->tls) c->tls = tls_session_new(g->tls, fd);
  c->from = address_take(g, from);
  c->readable = true;
  c->hung_up = c->gone = c->keep = c->picked = c->held = false;
  c->requests = c->tries = 0;
  c->body_over = true;
  c->live = (struct gate_live){ 0 };
  conn_to(c, g->tls ? GREETING : HEAD, HEAD_SECONDS);
  pthread_mutex_unlock(&c->lock);
  atomic_fetch_add(&g->open, 1);
  atomic_fetch_add(&g->accepted, 1);
}

void gate_let_go(struct gate_conn *c) {
  struct gate *g = c->gate;
  if (c->live.ops) {
    c->live.ops->closed(c->live.arg);
    atomic_fetch_sub(&g->live, 1);
  }
  pthread_mutex_lock(&c->lock);
  c->live = (struct gate_live){ 0 };
  if (c->tls) tls_session_free(c->tls);
  c->tls = NULL;
  outbox_clear(c);
  conn_forget_input(c);
  close(c->fd);
  c->state = FREE;
  address_give_back(g, c->from);
  pthread_mutex_unlock(&c->lock);
  g->free[g->free_count++] = c->slot;
  atomic_fetch_sub(&g->open, 1);
}

/* ---- accepting ---- */

static struct in6_addr address_of(const struct sockaddr_storage *s) {
  struct in6_addr out = { .s6_addr = { [10] = 0xff, [11] = 0xff } };
  if (s->ss_family == AF_INET6) return ((const struct sockaddr_in6 *)s)->sin6_addr;
  memcpy(out.s6_addr + 12, &((const struct sockaddr_in *)s)->sin_addr, 4);
  return out;
}

/* No descriptors, no memory: those that wait make room, and a while later it goes on. */
static void deafen(struct gate *g) {
  gate_make_room(g, NULL, g->connections / 16 + 1);
  if (epoll_ctl(g->epoll, EPOLL_CTL_DEL, g->listener, NULL) == 0) g->deaf = true;
}

static void welcome(struct gate *g, int fd, const struct sockaddr_storage *peer) {
  struct in6_addr from = address_of(peer);
  struct gate_conn *c = place_take(g);
  if (!c && gate_make_room(g, NULL, g->connections / 16 + 1)) c = place_take(g);
  if (!c) { /* all of them are being served */
    atomic_fetch_add(&g->refused, 1);
    close(fd);
    return;
  }
  place_begin(c, fd, &from);
  if (address_full(g, c->from) && !gate_make_room(g, c->from, c->from->count / 16 + 1)) conn_close(c);
  if (c->state != DEAD && c->state != FREE &&
      !loop_watch(g, fd, WATCH(WATCH_CONN, c->slot), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET))
    conn_close(c);
}

void gate_accept(struct gate *g) {
  for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
    struct sockaddr_storage peer = { 0 };
    socklen_t n = sizeof peer;
    int fd = accept4(g->listener, (struct sockaddr *)&peer, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      welcome(g, fd, &peer);
      continue;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) deafen(g);
    if (errno == EINTR || errno == ECONNABORTED) continue;
    return;
  }
}

/* ---- opening ---- */

static socklen_t address_read(const char *host, int port, struct sockaddr_storage *out) {
  struct sockaddr_in *v4 = (struct sockaddr_in *)out;
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
  *out = (struct sockaddr_storage){ 0 };
  if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons((uint16_t)port);
    return sizeof *v4;
  }
  if (inet_pton(AF_INET6, host, &v6->sin6_addr) != 1) return 0;
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons((uint16_t)port);
  return sizeof *v6;
}

static int port_of(int fd) {
  struct sockaddr_storage at = { 0 };
  socklen_t n = sizeof at;
  getsockname(fd, (struct sockaddr *)&at, &n);
  return ntohs(at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port
                                        : ((struct sockaddr_in *)&at)->sin_port);
}

static void set(int fd, int level, int option, int value) {
  setsockopt(fd, level, option, &value, sizeof value);
}

static int listen_on(struct ctx *cx, struct gate *g) {
  struct sockaddr_storage at;
  const struct gate_options *o = &g->options;
  socklen_t n = address_read(o->host, o->port, &at);
  if (!n) return fail(cx, E_INVALID, "listen", "\"%s\" is no address to listen on", o->host);
  g->listener = socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (g->listener < 0) return fail(cx, E_FAIL, "listen", "cannot listen on %s: %s", o->host, strerror(errno));
  set(g->listener, SOL_SOCKET, SO_REUSEADDR, 1);
  set(g->listener, SOL_SOCKET, SO_KEEPALIVE, 1); /* this and the next are inherited by connections */
  set(g->listener, IPPROTO_TCP, TCP_NODELAY, 1);
  if (at.ss_family == AF_INET6) set(g->listener, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (bind(g->listener, (struct sockaddr *)&at, n) || listen(g->listener, BACKLOG))
    return fail(cx, E_CONFLICT, "listen", "cannot listen on %s%s%s:%d: %s",
                n == sizeof(struct sockaddr_in6) ? "[" : "", o->host,
                n == sizeof(struct sockaddr_in6) ? "]" : "", o->port, strerror(errno));
  g->port = port_of(g->listener);
  return OK;
}

/* As many descriptors as we may have, and no more connections than these allow. */
static void find_ceiling(struct gate *g) {
  struct rlimit files;
  g->connections = g->options.connections ? g->options.connections : GATE_CONNECTIONS;
  if (getrlimit(RLIMIT_NOFILE, &files)) return;
  rlim_t most = files.rlim_max < DESCRIPTORS_MOST ? files.rlim_max : DESCRIPTORS_MOST;
  if (files.rlim_cur < most) {
    files.rlim_cur = most;
    setrlimit(RLIMIT_NOFILE, &files);
    getrlimit(RLIMIT_NOFILE, &files);
  }
  long long room = (long long)files.rlim_cur - g->options.workers - DESCRIPTORS_ELSE;
  if (room < GATE_CONNECTIONS_LEAST) room = GATE_CONNECTIONS_LEAST;
  if (g->connections > room) g->connections = (int)room;
}

/* Where civetweb shall listen. */
static int make_folder(struct ctx *cx, struct gate *g, const char *dir) {
  const char *path = ctx_printf(cx, "%s/.workers-%s", dir, cx->id);
  if (mkdir(path, 0700))
    return fail(cx, E_FAIL, NULL, "cannot make the folder %s: %s", path, strerror(errno));
  g->folder_path = path;
  g->folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (g->folder < 0) return fail(cx, E_FAIL, NULL, "cannot open the folder %s: %s", path, strerror(errno));
  snprintf(g->backend, sizeof g->backend, "x/proc/self/fd/%d/" SOCKET_NAME, g->folder);
  return OK;
}

int gate_open(struct ctx *cx, const struct gate_options *o, struct gate **out) {
  struct gate *g = xcalloc(1, sizeof *g);
  *out = g;
  g->options = *o;
  g->tls = o->tls;
  g->listener = g->epoll = g->wake = g->folder = g->socket = -1;
  pthread_mutex_init(&g->lock, NULL);
  find_ceiling(g);
  g->slots = xcalloc((size_t)g->connections, sizeof *g->slots);
  g->free = xcalloc((size_t)g->connections, sizeof *g->free);
  g->backends = xcalloc((size_t)o->workers, sizeof *g->backends);
  g->idle = xcalloc((size_t)o->workers, sizeof *g->idle);
  for (int i = 0; i < o->workers; i++) g->backends[i].fd = -1;
  g->queue_end = &g->queue;
  g->large_end = &g->large;
  g->epoll = epoll_create1(EPOLL_CLOEXEC);
  g->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  int rc = g->epoll < 0 || g->wake < 0
               ? fail(cx, E_FAIL, NULL, "cannot wait for connections: %s", strerror(errno))
               : OK;
  if (!rc) rc = listen_on(cx, g);
  if (!rc) rc = make_folder(cx, g, o->folder);
  if (!rc) return OK;
  gate_free(g);
  *out = NULL;
  return rc;
}

const char *gate_backend(const struct gate *g) { return g->backend; }
int gate_port(const struct gate *g) { return g->port; }

static void remove_folder(struct gate *g) {
  unlinkat(g->folder, SOCKET_NAME, 0);
  rmdir(g->folder_path);
  g->folder_path = NULL;
}

/* civetweb listens by now: its socket is kept open, and disappears from the folder. */
static int reach_workers(struct ctx *cx, struct gate *g) {
  g->socket = openat(g->folder, SOCKET_NAME, O_PATH | O_CLOEXEC);
  int why = errno;
  remove_folder(g);
  if (g->socket < 0) return fail(cx, E_FAIL, NULL, "the workers cannot be reached: %s", strerror(why));
  return OK;
}

int gate_start(struct ctx *cx, struct gate *g) {
  int rc = reach_workers(cx, g);
  if (rc) return rc;
  loop_watch(g, g->wake, WATCH(WATCH_WAKE, 0), EPOLLIN);
  loop_watch(g, g->listener, WATCH(WATCH_LISTENER, 0), EPOLLIN);
  seat_open(gate_seat_freed, g);
  g->running = pthread_create(&g->thread, NULL, loop_run, g) == 0;
  return g->running ? OK : fail(cx, E_FAIL, NULL, "no thread can be started for connections");
}

void gate_stop(struct gate *g) {
  if (!g || !g->running) return;
  atomic_store(&g->stopping, true);
  loop_wake(g);
  pthread_join(g->thread, NULL);
  g->running = false;
  worker_backends_close(g, time_seconds() + 1);
}

static void close_if(int fd) {
  if (fd >= 0) close(fd);
}

static void free_places(struct gate *g) {
  for (uint32_t i = 0; i < g->used; i++) {
    pthread_mutex_destroy(&g->slots[i]->lock);
    pthread_cond_destroy(&g->slots[i]->moved);
    free(g->slots[i]);
  }
}

void gate_free(struct gate *g) {
  if (!g) return;
  if (g->folder_path) remove_folder(g);
  const int fds[] = { g->listener, g->epoll, g->wake, g->folder, g->socket };
  for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) close_if(fds[i]);
  free_places(g);
  free(g->slots);
  free(g->free);
  free(g->backends);
  free(g->idle);
  pthread_mutex_destroy(&g->lock);
  free(g);
}

void gate_numbers(struct gate *g, struct gate_numbers *out) {
  pthread_mutex_lock(&g->lock);
  *out = (struct gate_numbers){ .serving = g->open_backends - g->idle_count };
  pthread_mutex_unlock(&g->lock);
  out->connections = atomic_load(&g->open);
  out->queued = atomic_load(&g->queued);
  out->live = atomic_load(&g->live);
  out->owed = atomic_load(&g->owed);
  out->accepted = atomic_load(&g->accepted);
  out->refused = atomic_load(&g->refused);
  out->evicted = atomic_load(&g->evicted);
  out->timed_out = atomic_load(&g->timed_out);
  out->requests = atomic_load(&g->requests);
}
