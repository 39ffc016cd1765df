/*
** http.c - listening, starting, stopping.
**
** civetweb does the sockets: one thread accepts, a fixed number of workers each
** serve one connection at a time, and every request goes to request_serve. None
** of civetweb's own services (files, directories, CGI, forms, passwords) is on.
**
** Signals: SIGTERM and SIGINT are blocked before the first worker starts, so
** that all threads inherit the mask, and are then taken by sigtimedwait in the
** one loop below. There are no signal handlers and nothing to be careful about
** in them.
*/
#include "http/http.h"

#include <arpa/inet.h>
#include <civetweb.h>
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "auth/auth.h"
#include "base/log.h"
#include "base/time.h"
#include "http/cache.h"
#include "http/idempotent.h"
#include "http/rate.h"
#include "http/request.h"
#include "http/tasks.h"
#include "http/uploads.h"

#ifdef __SANITIZE_THREAD__
/* civetweb tells its threads to stop by a volatile int, and what follows from
** that (freeing after the last worker has gone) looks unordered, too. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void) { return "race:mg_stop\nrace:close_all_listening_sockets\n"; }
#endif

#define LISTEN_DEFAULT "127.0.0.1:8080"

/* glibc would give each worker a heap of its own, and freed memory stays where
** it was: with two heaps the process is a third smaller after a busy hour, and
** no slower. */
#define HEAPS 2

/* A browser opens six connections, one of which stays for live events: as many as
** there may be of those (events.c), and again as many for everybody. */
#define WORKERS "48"

struct address {
  char host[64]; /* numeric, IPv4: civetweb is built without IPv6 */
  int64_t port;
};

static bool is_loopback(const char *host) {
  struct in_addr v4;
  return inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127;
}

static int address_read(struct ctx *cx, const char *listen, struct address *a) {
  const char *colon = strrchr(listen, ':');
  struct str host = { listen, colon ? (size_t)(colon - listen) : 0 };
  if (str_eq(host, STR("localhost"))) host = STR("127.0.0.1");
  if (!colon || !host.n || !str_copy(a->host, sizeof a->host, host) ||
      !str_to_int(str_of(colon + 1), &a->port) || a->port < 0 || a->port > 65535)
    return fail(cx, E_INVALID, "listen", "\"%s\" is no address to listen on; an example is " LISTEN_DEFAULT,
                listen);
  if (!is_loopback(a->host))
    return fail(cx, E_INVALID, "listen",
                "%s can be reached from other machines, and there are no accounts yet to tell who may ask; "
                "listen on 127.0.0.1 or localhost",
                a->host);
  return OK;
}

static int on_request(struct mg_connection *wire) {
  request_serve(mg_get_user_data(mg_get_context(wire)), wire);
  return 200; /* only tells civetweb that it was served */
}

static int on_refusal(struct mg_connection *wire, int status, const char *message) {
  (void)message;
  request_refuse_malformed(mg_get_user_data(mg_get_context(wire)), wire, status);
  return 0;
}

static int on_message(const struct mg_connection *wire, const char *message) {
  (void)wire;
  log_line(LOG_DEBUG, NULL, "http_server", "%s", message);
  return 1;
}

static int listen_start(struct ctx *cx, struct server *server, const struct address *a,
                        struct mg_context **out) {
  const char *ports = ctx_printf(cx, "%s:%d", a->host, (int)a->port);
  const char *options[] = {
    "listening_ports",
    ports,
    "num_threads",
    WORKERS,
    "connection_queue",
    "64",
    "enable_keep_alive",
    "yes",
    "keep_alive_timeout_ms",
    KEEP_ALIVE_MS,
    "request_timeout_ms",
    "5000",
    "max_request_size",
    "16384",
    "tcp_nodelay",
    "1",
    "decode_url",
    "no", /* paths are compared as they are sent, see path_plain */
    "enable_directory_listing",
    "no",
    "enable_auth_domain_check",
    "no", /* the Host check is ours */
    "access_control_allow_origin",
    "",
    "access_control_allow_methods",
    "",
    "access_control_allow_headers",
    "",
    NULL,
  };
  struct mg_callbacks callbacks = {
    .begin_request = on_request,
    .http_error = on_refusal,
    .log_message = on_message,
  };
  errno = 0;
  *out = mg_start(&callbacks, server, options);
  if (!*out)
    return fail(cx, E_CONFLICT, "listen", "cannot listen on %s: %s", ports,
                errno ? strerror(errno) : "the system refused");
  return OK;
}

/* Until somebody says stop. */
static void wait_for_stop(struct server *server, const sigset_t *signals, const atomic_bool *stop) {
  const struct timespec tick = { .tv_nsec = 200000000 };
  const int minute = 300; /* ticks */
  for (int i = 1; !stop || !atomic_load(stop); i++) {
    if (sigtimedwait(signals, NULL, &tick) > 0) return;
    if (i % minute == 0) uploads_reap(server, time_now());
  }
}

static void announce(const struct server *server, const struct address *a, const char *setup) {
  const char *scheme = server->trust ? "https" : "http";
  printf("%s://%s:%d/\n", scheme, a->host, server->port);
  if (setup)
    printf("there is no account yet; within an hour this makes the first:\n%s://%s:%d/#/setup/%s\n", scheme,
           a->host, server->port, setup);
  fflush(stdout);
}

static int serve(struct ctx *cx, struct server *server, const struct address *a, const sigset_t *signals,
                 const struct serve_options *o) {
  struct mg_context *web;
  struct mg_server_port bound[2] = { 0 };
  int rc = listen_start(cx, server, a, &web);
  if (rc) return rc;
  if (uploads_begin(cx, server)) { /* not before the port is ours: another server may have its uploads here */
    mg_stop(web);
    return cx->code;
  }
  if (mg_get_server_ports(web, 2, bound) > 0) server->port = bound[0].port;
  if (o->port) *o->port = server->port;
  rc = o->begin ? o->begin(cx, o->arg) : OK;
  if (!rc) announce(server, a, o->setup);
  if (!rc) wait_for_stop(server, signals, o->stop);
  atomic_store(&server->stopping, true);
  tasks_stop(server->tasks); /* while connections are closed, imports end, too */
  mg_stop(web);
  if (!rc && o->end) o->end(o->arg);
  return rc;
}

int http_serve(struct ctx *cx, struct opened *tenants, const struct serve_options *o) {
  struct server server = { .store = opened_store(tenants),
                           .opened = tenants,
                           .www = o->www_dir,
                           .uploads_lock = PTHREAD_MUTEX_INITIALIZER,
                           .look = PTHREAD_MUTEX_INITIALIZER };
  struct address a;
  sigset_t signals, before;
  int rc = address_read(cx, o->listen ? o->listen : LISTEN_DEFAULT, &a);
  if (!rc && o->www_dir) rc = asset_check_folder(cx, o->www_dir);
  if (rc) return rc;

  mallopt(M_ARENA_MAX, HEAPS);
  server.port = (int)a.port;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, &before);
  mg_init_library(0);
  server.started = time_now();
  server.tasks = tasks_new(&server);
  server.cache = cache_new();
  server.auth = auth_new(tenants, is_loopback(a.host));
  server.once = once_new();
  server.rate = rate_new(o->rate_per_minute, o->rate_exempt);
  server.origins = o->allow_origins;
  rc = serve(cx, &server, &a, &signals, o);
  tasks_free(server.tasks);
  cache_free(server.cache);
  auth_free(server.auth);
  once_free(server.once);
  rate_free(server.rate);
  mg_exit_library();
  pthread_sigmask(SIG_SETMASK, &before, NULL);

  uploads_end(&server);
  return rc;
}
