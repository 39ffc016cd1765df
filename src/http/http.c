/*
** http.c - listening, starting, stopping.
**
** The gate (gate/gate.h) holds the clients' connections, and gives each request that is whole to one of civetweb's
** workers, over a socket that only the two know. The worker finds the connection by the handle that comes with the
** request, and everything goes to request_serve. None of civetweb's own services (files, directories, CGI, forms,
** passwords) is on, and nothing is read from or written to its connection.
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
#include "gate/gate.h"
#include "gate/trust.h"
#include "http/cache.h"
#include "http/hub.h"
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
#define LISTEN_SECURE "127.0.0.1:8443"

/* glibc would give each worker a heap of its own, and freed memory stays where
** it was. With four the process is far smaller after a busy hour; with two it would be a tenth smaller still, and a quarter more calls
** of the system would be waits for a heap's lock, some of them while others wait for the writer. */
#define HEAPS 4

/* Requests that are served at the same time. Nearly all of them wait: for the commit that they share, or for clients
** with much to send or to read, which hold half of them at most. With fewer than there are clients that write, those who
** stand before the door are missing in each commit. */
#define WORKERS 80
#define TEXT_OF(n) TEXT(n)
#define TEXT(n) #n

/* For a request on a connection between the gate and a worker: the gate closes them, and nobody else. */
#define FOREVER_MS "1000000000"

struct address {
  char host[64]; /* numeric, without brackets */
  int64_t port;
};

static bool is_loopback(const char *host) {
  struct in_addr v4;
  struct in6_addr v6;
  if (inet_pton(AF_INET, host, &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

static int address_read(struct ctx *cx, const char *listen, bool secure, struct address *a) {
  const char *colon = strrchr(listen, ':');
  struct str host = { listen, colon ? (size_t)(colon - listen) : 0 };
  if (str_eq(host, STR("localhost"))) host = STR("127.0.0.1");
  bool v6 = host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
  if (v6) host = (struct str){ host.p + 1, host.n - 2 };
  if (!colon || !host.n || v6 != (memchr(host.p, ':', host.n) != NULL) ||
      !str_copy(a->host, sizeof a->host, host) || !str_to_int(str_of(colon + 1), &a->port) || a->port < 0 ||
      a->port > 65535)
    return fail(cx, E_INVALID, "listen", "\"%s\" is no address to listen on; an example is " LISTEN_DEFAULT,
                listen);
  if (!secure && !is_loopback(a->host))
    return fail(
        cx, E_INVALID, "listen",
        "%s can be reached from other machines, and plain HTTP would show passwords to everybody on the way; "
        "--public serves them by https",
        a->host);
  return OK;
}

bool http_is_local(const char *listen) {
  struct ctx aside;
  struct address a;
  ctx_begin(&aside, "http");
  bool local = !address_read(&aside, listen ? listen : LISTEN_DEFAULT, false, &a);
  ctx_end(&aside);
  return local;
}

static int on_request(struct mg_connection *wire) {
  struct server *server = mg_get_user_data(mg_get_context(wire));
  struct gate_conn *conn = gate_conn_of(server->gate, mg_get_header(wire, GATE_HANDLE_HEADER));
  if (conn) request_serve(server, wire, conn);
  return 200; /* only tells civetweb that it was served */
}

static void on_refusal(void *server, struct gate_conn *conn, int status, const char *sentence) {
  request_refuse_malformed(server, conn, status, sentence);
}

/* Something that the gate lets through and civetweb does not: it closes the connection, and the gate refuses. */
static int on_error(struct mg_connection *wire, int status, const char *message) {
  (void)wire, (void)status, (void)message;
  return 0;
}

static int on_message(const struct mg_connection *wire, const char *message) {
  (void)wire;
  log_line(LOG_DEBUG, NULL, "http_server", "%s", message);
  return 1;
}

static int workers_start(struct ctx *cx, struct server *server, struct mg_context **out) {
  const char *options[] = {
    "listening_ports",
    gate_backend(server->gate),
    "num_threads",
    TEXT_OF(WORKERS),
    "connection_queue",
    TEXT_OF(WORKERS),
    "enable_keep_alive",
    "yes",
    "keep_alive_timeout_ms",
    FOREVER_MS,
    "request_timeout_ms",
    FOREVER_MS,
    "max_request_size",
    "17408", /* HEAD_BYTES and the handle */
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
    .http_error = on_error,
    .log_message = on_message,
  };
  errno = 0;
  *out = mg_start(&callbacks, server, options);
  if (*out) return OK;
  return fail(cx, E_FAIL, NULL, "the workers cannot be started: %s",
              errno ? strerror(errno) : "the system refused");
}

/* From the port to the first request that may come. */
static int listen_start(struct ctx *cx, struct server *server, const struct address *a,
                        const struct serve_options *with, struct mg_context **web) {
  struct gate_options o = {
    .host = a->host,
    .port = (int)a->port,
    .tls = server->trust ? trust_tls(server->trust) : NULL,
    .folder = store_dir(server->store),
    .workers = WORKERS,
    .connections = with->connections,
    .per_address = with->per_address,
    .refuse = on_refusal,
    .arg = server,
  };
  int rc = gate_open(cx, &o, &server->gate);
  if (!rc) server->port = gate_port(server->gate);
  if (!rc)
    rc =
        uploads_begin(cx, server); /* not before the port is ours: another server may have its uploads here */
  if (!rc) rc = hub_new(cx, server, &server->hub);
  if (!rc) rc = workers_start(cx, server, web);
  if (!rc) rc = gate_start(cx, server->gate);
  return rc;
}

/* While requests end, imports do, too. */
static void listen_stop(struct server *server, struct mg_context *web) {
  atomic_store(&server->stopping, true);
  tasks_stop(server->tasks);
  hub_stop(server->hub);
  gate_stop(server->gate);
  if (web) mg_stop(web);
  gate_free(server->gate);
  hub_free(server->hub);
}

/* Certificates are renewed in time, and names that the machine got meanwhile are taken up. */
static void look_after_trust(struct server *server) {
  struct ctx cx;
  ctx_begin(&cx, "http");
  if (trust_refresh(&cx, server->trust)) log_line(LOG_WARN, &cx, "certificate_not_renewed", "%s", cx.message);
  ctx_end(&cx);
}

/* Until somebody says stop. */
static void wait_for_stop(struct server *server, const sigset_t *signals, const atomic_bool *stop) {
  const struct timespec tick = { .tv_nsec = 200000000 };
  const int minute = 300; /* ticks */
  for (int i = 1; !stop || !atomic_load(stop); i++) {
    if (sigtimedwait(signals, NULL, &tick) > 0) return;
    if (i % minute) continue;
    uploads_reap(server, time_now());
    if (server->trust) look_after_trust(server);
  }
}

/* "https://host:port"; a server on all addresses is called by its name. */
static const char *address_text(struct ctx *cx, const struct server *server, const struct address *a) {
  char name[NAME_BYTES];
  struct in6_addr any;
  bool all = !strcmp(a->host, "0.0.0.0") ||
             (inet_pton(AF_INET6, a->host, &any) == 1 && IN6_IS_ADDR_UNSPECIFIED(&any));
  const char *host = all && server->trust ? trust_name(server->trust, name) : a->host;
  bool v6 = strchr(host, ':') != NULL;
  return ctx_printf(cx, "%s://%s%s%s:%d", server->trust ? "https" : "http", v6 ? "[" : "", host,
                    v6 ? "]" : "", server->port);
}

static void announce(struct ctx *cx, const struct server *server, const struct address *a,
                     const char *setup) {
  const char *at = address_text(cx, server, a);
  printf("%s/\n", at);
  if (setup)
    printf("there is no account yet; within an hour this makes the first:\n%s/#/setup/%s\n", at, setup);
  fflush(stdout);
}

static int serve(struct ctx *cx, struct server *server, const struct address *a, const sigset_t *signals,
                 const struct serve_options *o) {
  struct mg_context *web = NULL;
  int rc = listen_start(cx, server, a, o, &web);
  if (o->port) *o->port = server->port;
  if (!rc && o->begin) rc = o->begin(cx, o->arg);
  if (!rc) announce(cx, server, a, o->setup);
  if (!rc) wait_for_stop(server, signals, o->stop);
  listen_stop(server, web);
  if (!rc && o->end) o->end(o->arg);
  return rc;
}

int http_serve(struct ctx *cx, struct opened *tenants, const struct serve_options *o) {
  struct server server = { .store = opened_store(tenants),
                           .opened = tenants,
                           .www = o->www_dir,
                           .uploads_lock = PTHREAD_MUTEX_INITIALIZER };
  struct address a;
  sigset_t signals, before;
  const char *listen = o->listen ? o->listen : o->trust ? LISTEN_SECURE : LISTEN_DEFAULT;
  int rc = address_read(cx, listen, o->trust != NULL, &a);
  if (!rc && o->www_dir) rc = asset_check_folder(cx, o->www_dir);
  if (!rc && o->trust) rc = trust_open(cx, o->trust, &server.trust);
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
  server.auth = auth_new(tenants, is_loopback(a.host) && !o->open_to_others);
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

  trust_free(server.trust);
  uploads_end(&server);
  return rc;
}
