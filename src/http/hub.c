#include "http/hub.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "auth/auth.h"
#include "base/limits.h"
#include "base/time.h"
#include "gate/gate.h"
#include "gate/websocket.h"
#include "store/change.h"

enum {
  VIEWERS_MOST = 2000,   /* in all: 2 KB each, and what the gate holds for them */
  VIEWERS_OF_ONE = 100,  /* of an account, or of an address without account */
  MESSAGES_AT_ONCE = 10, /* of a client */
  OWED_MOST = 64 << 10,  /* who has not taken so much yet gets nothing further for now */
};
static const double TICK = 0.1;          /* between two looks whether other processes wrote */
static const double GAP = 0.02;          /* at least, between two looks while commits follow each other */
static const double BEAT_SECONDS = 15;   /* something is said, so that proxies keep the connection */
static const double SILENT_SECONDS = 50; /* a WebSocket that has answered no ping for so long is gone */
static const double NEWS_SECONDS = 0.2;
static const double IDENTITY_SECONDS = 1,
                    EXPIRY_SECONDS = 15; /* between two looks whether a session has ended */

struct viewer {
  struct viewer *next;
  struct hub *hub;
  struct tenant *tenant;
  struct feed *feed; /* set by the hub's thread */
  struct sort sort;
  struct identity who;
  char address[46];

  pthread_mutex_t lock;   /* over the next two */
  struct gate_live *live; /* NULL: not begun, or closed */
  bool begun, leaving;
  _Atomic int64_t asked; /* a position that the client asked for; -1: none */
  _Atomic double heard;  /* when something came from it */

  /* The hub's thread alone: */
  bool greeted, behind;
  int64_t after, seq; /* where it asked to begin (-1: at the request); the last entry that it knows of */
  struct feed_clocks clocks;
  double said, checked;
  unsigned version; /* of the feed, when it was checked */

  struct websocket socket; /* the gate's loop alone, like the next */
  double speaks;           /* until then its messages are paid for */
};

struct hub {
  struct hub *next; /* of the list of hubs */
  struct server *server;
  pthread_t thread;
  pthread_mutex_t lock; /* over what follows; the thread alone takes viewers out */
  pthread_cond_t wake;
  struct viewer *viewers;
  bool stop, running, arrived;
  atomic_bool stirred; /* something happened since the thread looked last */
  atomic_int events, sockets;
  _Atomic int64_t sent, ended;

  struct feed **feeds; /* the thread's: of tenants that somebody watches */
  size_t feed_count;
  double news_at;
};

static pthread_mutex_t hubs_lock = PTHREAD_MUTEX_INITIALIZER;
static struct hub *hubs;

static void wake(struct hub *h) {
  if (atomic_exchange(&h->stirred, true)) return;
  pthread_mutex_lock(&h->lock);
  pthread_cond_signal(&h->wake);
  pthread_mutex_unlock(&h->lock);
}

/* A committed_hook. Somebody watches this tenant or another: the thread finds out. */
static void hub_commit(struct tenant *t) {
  (void)t;
  pthread_mutex_lock(&hubs_lock);
  for (struct hub *h = hubs; h; h = h->next)
    if (atomic_load(&h->events) + atomic_load(&h->sockets) > 0) wake(h);
  pthread_mutex_unlock(&hubs_lock);
}

/* ---- the connection of a viewer ---- */

bool viewer_send(struct viewer *v, struct str bytes) {
  pthread_mutex_lock(&v->lock);
  bool sent = v->live && !v->leaving && (!bytes.n || gate_live_send(v->live, bytes));
  pthread_mutex_unlock(&v->lock);
  return sent;
}

void viewer_leave(struct viewer *v) {
  pthread_mutex_lock(&v->lock);
  if (v->live && !v->leaving) gate_live_close(v->live);
  v->leaving = true;
  pthread_mutex_unlock(&v->lock);
}

void viewer_heard(struct viewer *v) { atomic_store(&v->heard, time_seconds()); }
struct websocket *viewer_socket(struct viewer *v) {
  return &v->socket;
}

void viewer_go_to(struct viewer *v, int64_t seq) {
  atomic_store(&v->asked, seq);
  wake(v->hub);
}

bool viewer_may_speak(struct viewer *v) {
  double now = time_seconds();
  if (v->speaks < now) v->speaks = now;
  v->speaks += 1;
  return v->speaks <= now + MESSAGES_AT_ONCE;
}

static size_t owed(struct viewer *v) {
  pthread_mutex_lock(&v->lock);
  size_t n = v->live ? gate_live_owed(v->live) : 0;
  pthread_mutex_unlock(&v->lock);
  return n;
}

/* ---- joining and going ---- */

static void on_input(void *viewer, struct str bytes) { viewer_input(viewer, bytes); }

static void on_closed(void *arg) {
  struct viewer *v = arg;
  struct hub *h = v->hub; /* from the unlock on, v may be gone */
  pthread_mutex_lock(&v->lock);
  v->live = NULL;
  pthread_mutex_unlock(&v->lock);
  wake(h);
}

static const struct gate_live_ops event_ops = { NULL, on_closed }, socket_ops = { on_input, on_closed };

/* Who counts as one: an account, or where nobody has logged in an address. This machine itself may do as it likes. */
static bool is_same_one(const struct viewer *v, const struct viewer *w) {
  if (v->who.open) return w->who.open && !strcmp(v->address, w->address);
  return !w->who.open && !strcmp(v->who.email, w->who.email) && !strcmp(v->who.tenant, w->who.tenant);
}

static bool is_this_machine(const char *address) {
  return !strncmp(address, "127.", 4) || !strcmp(address, "::1");
}

static int check_ceilings(struct request *rq, struct hub *h, const struct viewer *v) {
  int all = 0, same = 0;
  for (const struct viewer *w = h->viewers; w; w = w->next) all++, same += is_same_one(v, w);
  if (h->stop) return fail(rq->cx, E_BUSY, NULL, "the server stops");
  if (all >= VIEWERS_MOST)
    return fail(rq->cx, E_BUSY, NULL,
                "%d are watching already; ask for /api/changes from time to time instead", all);
  if (same < VIEWERS_OF_ONE || (v->who.open && is_this_machine(v->address))) return OK;
  rq->retry_after = 30;
  return refuse(rq, 429, E_BUSY, "as many connections of yours are watching as one may have");
}

/* "From now on" is from this request on: what happens until the thread comes to the viewer is told, too. */
static int find_end(struct ctx *cx, struct tenant *t, int64_t *seq) {
  struct change_end last = { 0 };
  struct db *db;
  if (tenant_read(cx, t, &db) || change_last(cx, db, &last)) return cx->code;
  *seq = last.seq;
  return OK;
}

int hub_admit(struct request *rq, struct tenant *t, bool socket, int64_t after, struct viewer **out) {
  struct hub *h = rq->server->hub;
  int64_t seq = after;
  const struct feed_clocks clocks = feed_clocks(rq->server->tasks);
  if (after < 0 && find_end(rq->cx, t, &seq)) return rq->cx->code;
  struct viewer *v = *out = xcalloc(1, sizeof *v);
  v->hub = h;
  v->tenant = t;
  v->sort = (struct sort){ socket, rq->who->permissions };
  v->who = *rq->who;
  v->after = after;
  v->seq = seq;
  v->clocks = clocks;
  str_copy(v->address, sizeof v->address, str_of(wire_address(rq)));
  pthread_mutex_init(&v->lock, NULL);
  atomic_init(&v->asked, -1);
  atomic_init(&v->heard, time_seconds());
  websocket_init(&v->socket);
  pthread_mutex_lock(&h->lock);
  int rc = check_ceilings(rq, h, v);
  if (!rc) {
    v->next = h->viewers;
    h->viewers = v;
    atomic_fetch_add(socket ? &h->sockets : &h->events, 1);
  }
  pthread_mutex_unlock(&h->lock);
  if (!rc) return OK;
  websocket_clear(&v->socket);
  pthread_mutex_destroy(&v->lock);
  free(v);
  return rc;
}

void hub_begin(struct viewer *v, struct gate_conn *conn) {
  struct hub *h = v->hub;
  pthread_mutex_lock(&v->lock);
  v->live = gate_live_take(conn, v->sort.socket ? &socket_ops : &event_ops, v);
  v->begun = true;
  pthread_mutex_unlock(&v->lock);
  atomic_store(&h->stirred, true);
  pthread_mutex_lock(&h->lock);
  h->arrived = true;
  pthread_cond_signal(&h->wake);
  pthread_mutex_unlock(&h->lock);
}

/* 1: it may be served, 0: not yet, -1: it is over. */
static int state_of(struct viewer *v) {
  pthread_mutex_lock(&v->lock);
  int state = v->live ? !v->leaving : v->begun ? -1 : 0;
  pthread_mutex_unlock(&v->lock);
  return state;
}

static void viewer_free(struct viewer *v) {
  websocket_clear(&v->socket);
  pthread_mutex_destroy(&v->lock);
  free(v);
}

static void remove_gone(struct hub *h) {
  pthread_mutex_lock(&h->lock);
  for (struct viewer **at = &h->viewers; *at;) {
    struct viewer *v = *at;
    if (state_of(v) >= 0) {
      at = &v->next;
      continue;
    }
    *at = v->next;
    atomic_fetch_sub(v->sort.socket ? &h->sockets : &h->events, 1);
    viewer_free(v);
  }
  pthread_mutex_unlock(&h->lock);
}

/* ---- saying something ---- */

static void say(struct viewer *v, struct str bytes, double now) {
  if (!bytes.n) return;
  v->hub->sent++;
  v->said = now;
  viewer_send(v, bytes); /* if it fails, the gate closes it */
}

/* A WebSocket is told why; an EventSource asks again, and is told then. */
static void send_away(struct viewer *v, enum websocket_code code, const char *reason) {
  struct buf out;
  buf_init(&out, 256);
  if (v->sort.socket) websocket_put_close(&out, code, reason);
  viewer_send(v, buf_view(&out));
  buf_clear(&out);
  viewer_leave(v);
  v->hub->ended++;
}

static void beat(struct viewer *v, double now) {
  if (v->sort.socket && now - atomic_load(&v->heard) > SILENT_SECONDS) {
    send_away(v, WS_GOING_AWAY, "no answer to a ping");
    return;
  }
  if (now - v->said < BEAT_SECONDS) return;
  say(v, v->sort.socket ? STR("\x89\0") : STR(":\n\n"), now);
}

/* Is he still who he was, and may he still see what he saw? Only a change of the file or the time ends a session. */
static bool check_identity(struct viewer *v, double now) {
  double since = now - v->checked;
  unsigned version = feed_version(v->feed);
  if (since < IDENTITY_SECONDS || (version == v->version && since < EXPIRY_SECONDS)) return true;
  v->checked = now;
  v->version = version;
  if (auth_still(v->hub->server->auth, &v->who)) return true;
  send_away(v, WS_POLICY, "the session has ended");
  return false;
}

/* ---- a look ---- */

static int greet(struct ctx *cx, struct viewer *v, double now) {
  struct buf out;
  buf_init(&out, LIMIT_BODY_BYTES);
  feed_greet(v->sort, v->seq, &out);
  int rc = feed_jobs(cx, v->feed, v->after, v->sort, &out);
  if (!rc) say(v, buf_view(&out), now);
  v->greeted = !rc;
  buf_clear(&out);
  return rc;
}

static void reset(struct viewer *v, int64_t end, double now) {
  struct buf out;
  buf_init(&out, 256);
  feed_reset(v->sort, end, &out);
  say(v, buf_view(&out), now);
  v->seq = end;
  buf_clear(&out);
}

static bool is_pending(struct viewer *v) {
  return !v->greeted || atomic_load(&v->asked) >= 0 || (v->behind && owed(v) <= OWED_MOST);
}

static int serve_viewer(struct ctx *cx, struct viewer *v, int64_t end, double now) {
  struct str bytes;
  int64_t asked = atomic_exchange(&v->asked, -1);
  if (!v->greeted && greet(cx, v, now)) return cx->code;
  if (asked >= 0) v->seq = asked;
  if (v->seq > end) reset(v, end, now);
  v->behind = v->seq < end;
  if (!v->behind || owed(v) > OWED_MOST) return OK;
  if (feed_page(cx, v->feed, v->seq, v->sort, &bytes, &v->seq)) return cx->code;
  say(v, bytes, now);
  v->behind = v->seq < end;
  return OK;
}

/* A file that is busy or replaced just now is looked at again in a moment. */
static void look_at_log(struct viewer *first, struct feed *f, double now) {
  struct ctx cx;
  int64_t end;
  ctx_begin(&cx, "http");
  int rc = feed_begin(&cx, f, &end);
  for (struct viewer *v = first; v && !rc; v = v->next)
    if (v->feed == f && state_of(v) > 0) rc = serve_viewer(&cx, v, end, now);
  if (rc) feed_look_again(f);
  ctx_end(&cx);
}

static void tell_news(struct hub *h, struct viewer *first, struct feed *f, double now) {
  struct feed_clocks clocks = feed_clocks(h->server->tasks);
  for (struct viewer *v = first; v; v = v->next) {
    bool old = v->clocks.jobs != clocks.jobs || v->clocks.tasks != clocks.tasks;
    if (v->feed == f && v->greeted && old && state_of(v) > 0 && owed(v) <= OWED_MOST)
      say(v, feed_news(f, &v->clocks, v->sort), now);
  }
}

/* ---- feeds ---- */

static struct feed *feed_for(struct hub *h, struct tenant *t) {
  for (size_t i = 0; i < h->feed_count; i++)
    if (feed_tenant(h->feeds[i]) == t) return h->feeds[i];
  h->feeds = xrealloc(h->feeds, (h->feed_count + 1) * sizeof(struct feed *));
  return h->feeds[h->feed_count++] = feed_new(t, h->server->tasks);
}

/* What nobody watches any more is not looked at. */
static void drop_feeds(struct hub *h, const struct viewer *first) {
  for (size_t i = 0; i < h->feed_count; i++) {
    const struct viewer *v = first;
    while (v && v->feed != h->feeds[i]) v = v->next;
    if (v) continue;
    feed_free(h->feeds[i]);
    h->feeds[i--] = h->feeds[--h->feed_count];
  }
}

/* ---- the thread ---- */

static struct viewer *first_of(struct hub *h) {
  pthread_mutex_lock(&h->lock);
  struct viewer *first = h->viewers;
  pthread_mutex_unlock(&h->lock);
  return first;
}

/* true: there is more to be told at once. */
static bool go_round(struct hub *h, double now) {
  bool news = now - h->news_at >= NEWS_SECONDS, more = false;
  remove_gone(h);
  struct viewer *first = first_of(h);
  for (struct viewer *v = first; v; v = v->next) {
    if (!v->feed) v->feed = feed_for(h, v->tenant);
    if (state_of(v) > 0 && check_identity(v, now) && v->greeted) beat(v, now);
  }
  drop_feeds(h, first);
  if (news) h->news_at = now;
  for (size_t i = 0; i < h->feed_count; i++) {
    struct feed *f = h->feeds[i];
    bool look = feed_changed(f);
    for (struct viewer *v = first; v && !look; v = v->next)
      look = v->feed == f && state_of(v) > 0 && is_pending(v);
    if (look) look_at_log(first, f, now);
    if (news) tell_news(h, first, f, now);
  }
  for (struct viewer *v = first; v && !more; v = v->next)
    more = v->behind && state_of(v) > 0 && is_pending(v);
  return more;
}

static struct timespec instant(double seconds) {
  return (struct timespec){ (time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9) };
}

static void sleep_until(struct hub *h, double seconds) {
  const struct timespec at = instant(seconds);
  pthread_mutex_lock(&h->lock);
  while (!atomic_load(&h->stirred) && !h->stop)
    if (!h->viewers ? pthread_cond_wait(&h->wake, &h->lock) : pthread_cond_timedwait(&h->wake, &h->lock, &at))
      break;
  pthread_mutex_unlock(&h->lock);
}

/* While commits follow each other, one look is for many of them. Who has just come need not wait for that. */
static void keep_gap(struct hub *h, double last) {
  const struct timespec at = instant(last + GAP);
  pthread_mutex_lock(&h->lock);
  while (!h->arrived && !h->stop && !pthread_cond_timedwait(&h->wake, &h->lock, &at)) continue;
  h->arrived = false;
  pthread_mutex_unlock(&h->lock);
}

static bool stopped(struct hub *h) {
  pthread_mutex_lock(&h->lock);
  bool stop = h->stop;
  pthread_mutex_unlock(&h->lock);
  return stop;
}

static void *hub_main(void *arg) {
  struct hub *h = arg;
  pthread_setname_np(pthread_self(), "hub");
  bool more = false;
  while (!stopped(h)) {
    double began = time_seconds();
    atomic_store(&h->stirred, false);
    more = go_round(h, began);
    if (!more) sleep_until(h, began + TICK);
    if (!more) keep_gap(h, began);
  }
  for (struct viewer *v = first_of(h); v; v = v->next) send_away(v, WS_GOING_AWAY, "the server stops");
  return NULL;
}

/* ---- life ---- */

int hub_new(struct ctx *cx, struct server *server, struct hub **out) {
  struct hub *h = *out = xcalloc(1, sizeof *h);
  pthread_condattr_t monotonic;
  h->server = server;
  pthread_mutex_init(&h->lock, NULL);
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&h->wake, &monotonic);
  pthread_condattr_destroy(&monotonic);
  int rc = pthread_create(&h->thread, NULL, hub_main, h);
  h->running = rc == 0;
  if (rc) return fail(cx, E_FAIL, NULL, "no thread could be started: %s", strerror(rc));
  pthread_mutex_lock(&hubs_lock);
  h->next = hubs;
  hubs = h;
  pthread_mutex_unlock(&hubs_lock);
  store_add_committed_hook(hub_commit);
  return OK;
}

void hub_stop(struct hub *h) {
  if (!h || !h->running) return;
  pthread_mutex_lock(&hubs_lock);
  struct hub **at = &hubs;
  while (*at && *at != h) at = &(*at)->next;
  if (*at) *at = h->next;
  pthread_mutex_unlock(&hubs_lock);
  pthread_mutex_lock(&h->lock);
  h->stop = true;
  pthread_cond_signal(&h->wake);
  pthread_mutex_unlock(&h->lock);
  pthread_join(h->thread, NULL);
  h->running = false;
}

void hub_free(struct hub *h) {
  if (!h) return;
  hub_stop(h);
  while (h->viewers) {
    struct viewer *v = h->viewers;
    h->viewers = v->next;
    viewer_free(v);
  }
  drop_feeds(h, NULL);
  free(h->feeds);
  pthread_cond_destroy(&h->wake);
  pthread_mutex_destroy(&h->lock);
  free(h);
}

void hub_numbers(struct hub *h, struct hub_numbers *out) {
  *out = (struct hub_numbers){ atomic_load(&h->events), atomic_load(&h->sockets), atomic_load(&h->sent),
                               atomic_load(&h->ended) };
}
