/*
** request.c - the way of every request, and the checks on it.
**
** The order of the checks is the order of request_serve: each either passes or
** records a failure, and what comes after it does not run. A handler sees only
** requests that have passed all of them, so it cannot forget one.
**
** Paths are compared as they were sent: every route and every file of the page
** is written in plain characters, so a path with anything else in it (percent
** signs, backslashes, bytes beyond ASCII) names nothing and is never decoded.
*/
#include "http/request.h"

#include <civetweb.h>
#include <ctype.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/time.h"
#include "base/utf8.h"
#include "gate/trust.h"
#include "http/cache.h"
#include "http/cors.h"
#include "http/idempotent.h"
#include "http/rate.h"
#include "http/routes.h"
#include "http/shape.h"

enum { PATH_MAX_BYTES = 512, VALUE_MAX_BYTES = 512 };
enum { TENANT = 63 }; /* its place behind those that a row names */

int refuse(struct request *rq, int status, enum err code, const char *sentence) {
  rq->status = status;
  return fail(rq->cx, code, NULL, "%s", sentence);
}

/* ---- checks ---- */

static bool path_plain(const char *path) {
  size_t n = strspn(path, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._/");
  return path[0] == '/' && !path[n] && n <= PATH_MAX_BYTES;
}

static int check_path(struct request *rq) {
  return path_plain(rq->path) ? OK : refuse(rq, 404, E_NOT_FOUND, "there is nothing at this address");
}

/* Is this text our own address? On loopback the port is part of it. A server for other machines may be reached
** through another port than its own, so there the name alone must be right. */
static bool is_own_authority(const struct server *server, const char *authority) {
  static const char *const names[] = { "localhost", "127.0.0.1", "[::1]" };
  struct str host;
  int64_t port = name_split(authority, &host);
  if (server->trust) return port >= 0 && trust_knows(server->trust, host);
  if (port != server->port && (port != 0 || server->port != 80)) return false;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (str_eq_nocase(host, str_of(names[i]))) return true;
  return str_starts(host, STR("127.")) && host.n == strspn(authority, "0123456789.");
}

/* Does a page that this server sent say so? With TLS it is that of the address which was asked (check_host). */
static bool is_own_origin(const struct request *rq, const char *origin) {
  const char *host = wire_host(rq, NULL);
  if (!rq->server->trust) return !strncmp(origin, "http://", 7) && is_own_authority(rq->server, origin + 7);
  return host && !strncmp(origin, "https://", 8) && str_eq_nocase(str_of(origin + 8), str_of(host));
}

/* A page of a stranger can have its own name resolve to this machine and then
** read what we answer, unless we insist on being called by our own name. */
static int check_host(struct request *rq) {
  const char *scheme, *host = wire_host(rq, &scheme), *ours = rq->server->trust ? "https" : "http";
  bool own = host ? is_own_authority(rq->server, host) : wire_old(rq);
  if (own && (!scheme || str_eq_nocase(str_of(scheme), str_of(ours)))) return OK;
  return refuse(rq, 421, E_DENIED, "this server answers only to its own names and addresses");
}

/* A page of a stranger can make the browser send requests here, but it cannot
** hide where they come from. */
static int check_origin(struct request *rq) {
  const char *origin = wire_header(rq, "Origin", NULL);
  const char *site = wire_header(rq, "Sec-Fetch-Site", NULL);
  bool safe = rq->head || !strcmp(rq->method, "GET");
  bool own = !origin || is_own_origin(rq, origin);
  bool same = !site || !strcmp(site, "same-origin") || !strcmp(site, "none");
  rq->own_page = own && same && (origin || site);
  if (rq->own_page) str_copy(rq->cx->actor, sizeof rq->cx->actor, STR("page"));
  rq->foreign = !own && cors_allows(rq, origin, NULL);
  if (safe || (own && same) || rq->foreign) return OK;
  return refuse(rq, 403, E_DENIED, "only this server's own page may change anything");
}

/* "{}" says nothing: many programs send it with every POST, also where there is nothing to say. */
static bool says_nothing(struct request *rq) {
  char text[2];
  if (rq->body_stated != sizeof text || wire_read(rq, text, sizeof text) != sizeof text) return false;
  rq->body_left = false;
  return text[0] == '{' && text[1] == '}';
}

/* A body without a stated length is counted while it is read, see body.c. */
static int check_body(struct request *rq) {
  rq->body_stated = wire_body_stated(rq);
  rq->body_left = rq->body_stated != 0;
  bool fits = rq->body_stated < 0 || (uint64_t)rq->body_stated <= rq->route->body_max;
  if (!rq->body_left || (fits && rq->route->body_max)) return OK;
  if (!rq->route->body_max)
    return says_nothing(rq) ? OK : refuse(rq, 413, E_LIMIT, "this address takes no body");
  rq->status = 413;
  return fail(rq->cx, E_LIMIT, NULL, "the body is too large: this address takes at most %zu bytes",
              rq->route->body_max);
}

/* ---- the way ---- */

static void request_begin(struct request *rq, struct ctx *cx, struct server *server, struct gate_conn *conn) {
  ctx_begin(cx, "http");
  *rq = (struct request){ .cx = cx, .server = server, .conn = conn, .method = "-", .path = "-", .query = "" };
  for (int i = 0; i < PARAMS; i++) rq->param[i] = "";
  buf_init(&rq->body, LIMIT_REPLY_BYTES);
  buf_init(&rq->pending, STREAM_PART * 2);
}

/* The address is told by its route: what stands in its place in a request is data. Live events and the page's files
** say nothing of how fast answers are. */
static void count_request(const struct request *rq, double seconds) {
  const struct route *r = rq->route;
  char route[128] = "none", status[16];
  if (r) snprintf(route, sizeof route, "%s %s", r->method, r->pattern);
  snprintf(status, sizeof status, "%d", rq->status);
  metric_count(&metric_requests, route, status);
  metric_count(&metric_units, "http", rq->status >= 500 ? "system" : rq->status >= 400 ? "data" : "ok");
  if (r && r->handle != events_stream && r->handle != realtime_open && r->handle != asset_serve)
    metric_observe(&metric_request_seconds, route, NULL, seconds);
}

/* The id of the trace that the client is in (https://www.w3.org/TR/trace-context): "00-<32 hex>-<16 hex>-01". */
static const char *trace_of(struct request *rq) {
  const char *parent = wire_header(rq, "traceparent", NULL);
  static const char hex[] = "0123456789abcdef";
  if (!parent || strlen(parent) < 55 || strncmp(parent, "00-", 3) != 0) return NULL;
  if (strspn(parent + 3, hex) != 32 || strspn(parent + 36, hex) != 16 || parent[35] != '-') return NULL;
  return ctx_strdup(rq->cx, (struct str){ parent + 3, 32 });
}

static void request_read(struct request *rq, struct mg_connection *wire) {
  rq->wire = wire;
  rq->method = wire_method(rq);
  rq->path = wire_path(rq);
  rq->query = wire_query(rq);
  rq->head = !strcmp(rq->method, "HEAD");
  const char *theirs = wire_header(rq, "X-Request-Id", NULL);
  rq->their_id =
      theirs ? ctx_strdup(rq->cx, str_of(theirs)) : NULL; /* the log is written when the headers are gone */
  rq->trace = trace_of(rq);
}

static void log_request(struct request *rq, enum level level, double seconds) {
  const char *theirs = rq->their_id, *trace = rq->trace;
  struct log_field fields[] = {
    { "method", rq->method, 0 },    { "route", rq->route ? rq->route->pattern : "none", 0 },
    { "status", NULL, rq->status }, { "duration_us", NULL, (int64_t)(seconds * 1e6) },
    { "actor", rq->cx->actor, 0 },  { trace ? "trace" : "request_id", trace ? trace : theirs, 0 },
    { "request_id", theirs, 0 },
  };
  size_t count = sizeof fields / sizeof *fields - (trace ? !theirs : theirs ? 1 : 2);
  log_event(level, rq->cx, "request", fields, count, "%s %.200s %d in %.1f ms%s%s", rq->method, rq->path,
            rq->status, seconds * 1000, rq->cx->code ? ": " : "", rq->cx->message);
}

static void request_end(struct request *rq, double began) {
  double seconds = time_seconds() - began;
  bool quiet = rq->route && rq->route->quiet && rq->status < 400;
  enum level level = rq->status >= 500 ? LOG_ERR : quiet ? LOG_DEBUG : LOG_INFO;
  log_request(rq, level, seconds);
  count_request(rq, seconds);
  buf_clear(&rq->body);
  buf_clear(&rq->pending);
  ctx_end(rq->cx);
}

static const char *decoded(struct request *rq, const char *p, size_t n) {
  char *out = ctx_alloc(rq->cx, VALUE_MAX_BYTES + 1);
  int length = mg_url_decode(p, (int)n, out, VALUE_MAX_BYTES + 1, 1);
  if (length >= 0 && strlen(out) == (size_t)length && utf8_valid(str_of(out))) return out;
  fail(rq->cx, E_INVALID, NULL, "a parameter of the query is longer than %d bytes or no text in UTF-8",
       VALUE_MAX_BYTES);
  return NULL;
}

/* ---- what may be asked for ---- */

/* The place of a parameter among those that the row names, and whether it may be repeated; -1: it is none of them. */
static int declared_at(const char *names, struct str name, bool *repeats) {
  struct str member, type;
  bool must = false;
  for (int i = 0; shape_member(&names, &member, &type, &must); i++) {
    if (!str_eq(member, name)) continue;
    *repeats = str_eq(name, STR("filter")) || (type.n && type.p[0] == '[');
    return i;
  }
  return -1;
}

static const char *declared_names(struct ctx *cx, const char *names) {
  struct str member, type;
  bool must = false;
  const char *all = "";
  while (shape_member(&names, &member, &type, &must))
    all = ctx_printf(cx, "%s%s" STR_FMT, all, *all ? ", " : "", STR_ARG(member));
  return *all ? all : "none";
}

/* What the row does not know is refused. Passed over, a misspelled filter would give the whole list, and a misspelled
** dry_run the real thing. Nor is it guessed which one counts of a parameter that is there twice. */
static int check_query(struct request *rq) {
  const char *names = rq->route->query ? rq->route->query : "", *name;
  uint64_t seen = 0;
  if (!str_starts(str_of(rq->path), STR("/api/")) || strstr(names, "..."))
    return OK; /* "...": its handler looks */
  for (const char *p = rq->query; *p; p += strcspn(p, "&"), p += *p == '&') {
    bool repeats = false;
    if (!(name = decoded(rq, p, strcspn(p, "=&")))) return rq->cx->code;
    if (!strncmp(name, "filter[", 7)) name = "filter"; /* filter[price][gte] */
    int at = !strcmp(name, "tenant") ? TENANT : declared_at(names, str_of(name), &repeats);
    if (!*name) continue;
    if (at < 0)
      return fail(rq->cx, E_INVALID, name, "there is no parameter %.80s here; this address takes %s", name,
                  declared_names(rq->cx, names));
    if (!repeats && seen >> at & 1) return fail(rq->cx, E_INVALID, name, "%s is given twice", name);
    seen |= UINT64_C(1) << at;
  }
  return OK;
}

/* What the row says that its handler finds. */
static int request_open(struct request *rq) {
  bool reads = rq->route->reads || rq->route->cached;
  return reads ? tenant_read(rq->cx, rq->tenant, &rq->db) : OK;
}

static int request_handle(struct request *rq) {
  bool cached = rq->route->cached, known;
  if (rq->route->need && !rq->route->apart && tenant_find(rq)) return rq->cx->code;
  if (cached && cache_find(rq)) return OK;
  reply_begin(rq);
  if (!once_begin(rq, &known) && !known && !request_open(rq)) rq->route->handle(rq);
  once_end(rq);
  if (cached) cache_keep(rq);
  return rq->cx->code;
}

/* Before the client is waited for, which a small reply never does. */
static void let_state_go(const struct request *rq) {
  bool waits = rq->spool || rq->body.n >= STREAM_PART || rq->content.n >= STREAM_PART;
  if (waits && rq->db) tenant_read_end(rq->db);
}

enum { DONE = -1 }; /* there is a reply, and nothing is wrong */

void request_serve(struct server *server, struct mg_connection *wire, struct gate_conn *conn) {
  double began = time_seconds();
  struct ctx cx;
  struct request rq;
  request_begin(&rq, &cx, server, conn);
  request_read(&rq, wire);
  int rc = check_path(&rq); /* 404 */
  if (!rc && cors_preflight(&rq)) rc = DONE;
  if (!rc) rc = route_find(&rq);                       /* 404 405 */
  if (!rc) rc = check_host(&rq);                       /* 421 */
  if (!rc) rc = check_origin(&rq);                     /* 403 */
  if (!rc) rc = rate_take(&rq, request_identify(&rq)); /* 401 429 */
  if (!rc) rc = request_allow(&rq);                    /* 403 */
  if (!rc) rc = check_query(&rq);                      /* 422 */
  if (!rc) rc = check_body(&rq);                       /* 413 */
  if (!rc) rc = request_handle(&rq);                   /* a lower layer's word */
  let_state_go(&rq);
  reply_send(&rq);
  wire_done(&rq);
  request_end(&rq, began);
}

void request_refuse_malformed(struct server *server, struct gate_conn *conn, int status,
                              const char *sentence) {
  double began = time_seconds();
  struct ctx cx;
  struct request rq;
  request_begin(&rq, &cx, server, conn);
  rq.malformed = true;
  refuse(&rq, status, status == 503 ? E_BUSY : E_INVALID, sentence);
  reply_send(&rq);
  request_end(&rq, began);
}

/* ---- the query ---- */

/* In a build for tests: what a handler asks for is what its row says. */
static void check_declared(const struct request *rq, const char *name) {
#ifdef OUTPOST_TEST
  bool named = !strcmp(name, "tenant") || (rq->route->query && shape_has(rq->route->query, name));
  if (!named)
    log_line(LOG_ERR, rq->cx, "NOT_IN_ROUTES", "%s asks for the parameter %s", rq->route->pattern, name);
#else
  (void)rq, (void)name;
#endif
}

int query_repeated(struct request *rq, const char *name, size_t nth, const char **out) {
  char *value = ctx_alloc(rq->cx, VALUE_MAX_BYTES + 1);
  check_declared(rq, name);
  int n = mg_get_var2(rq->query, strlen(rq->query), name, value, VALUE_MAX_BYTES + 1, nth);
  *out = NULL;
  if (n == -2) return fail(rq->cx, E_INVALID, name, "%s is longer than %d bytes", name, VALUE_MAX_BYTES);
  if (n <= 0) return OK;
  if (strlen(value) != (size_t)n || !utf8_valid(str_of(value)))
    return fail(rq->cx, E_INVALID, name, "%s is not text in UTF-8", name);
  *out = value;
  return OK;
}

int query_text(struct request *rq, const char *name, const char **out) {
  return query_repeated(rq, name, 0, out);
}

int query_texts_all(struct request *rq, const struct query_text *list) {
  for (; list->name; list++)
    if (query_text(rq, list->name, list->out)) return rq->cx->code;
  return OK;
}

/* The words of a type such as "day|week|month". */
static struct str choices_of(const struct request *rq, const char *name) {
  struct str member, type;
  bool must = false;
  for (const char *at = rq->route->query; shape_member(&at, &member, &type, &must); must = false)
    if (str_eq(member, str_of(name))) return type;
  return STR("");
}

int query_choice(struct request *rq, const char *name, const char **out) {
  struct buf words;
  struct str left = choices_of(rq, name);
  int rc = query_text(rq, name, out);
  if (rc || !*out) return rc;
  buf_init(&words, LIMIT_TEXT_BYTES);
  while (left.n) {
    const char *bar = memchr(left.p, '|', left.n);
    struct str word = { left.p, bar ? (size_t)(bar - left.p) : left.n };
    if (str_eq(word, str_of(*out))) break;
    left.p += word.n + (bar != NULL);
    left.n -= word.n + (bar != NULL);
    if (words.n) buf_puts(&words, left.n ? ", " : " or ");
    buf_str(&words, word);
  }
  if (!left.n)
    fail(rq->cx, E_INVALID, name, "%s is " STR_FMT ", not '%.40s'", name, STR_ARG(buf_view(&words)), *out);
  buf_clear(&words);
  return rq->cx->code;
}

int query_flag(struct request *rq, const char *name, bool *out) {
  static const char *const words[] = { "0", "false", "no", "1", "true", "yes" };
  const char *value;
  *out = false;
  int rc = query_text(rq, name, &value);
  if (rc || !value) return rc;
  for (int i = 0; i < 6; i++) {
    if (strcmp(value, words[i])) continue;
    *out = i >= 3;
    return OK;
  }
  return fail(rq->cx, E_INVALID, name, "%s is 1 or 0", name);
}

int query_int(struct request *rq, const char *name, int64_t least, int64_t most, int64_t otherwise,
              int64_t *out) {
  const char *value;
  *out = otherwise;
  int rc = query_text(rq, name, &value);
  if (rc || !value) return rc;
  if (!str_to_int(str_of(value), out) || *out < least || *out > most)
    return fail(rq->cx, E_INVALID, name, "%s must be a whole number from %lld to %lld", name,
                (long long)least, (long long)most);
  return OK;
}

bool query_next(struct request *rq, size_t *at, const char **name, const char **value) {
  const char *p = rq->query + *at;
  size_t n = strcspn(p, "&"), equals = strcspn(p, "=&");
  if (!*p) return false;
  *at += n + (p[n] == '&');
  *name = decoded(rq, p, equals);
  *value = decoded(rq, p + equals + (equals < n), n - equals - (equals < n));
  return *name && *value;
}

static void put_encoded(struct buf *out, const char *text) {
  for (; *text; text++) {
    unsigned char c = (unsigned char)*text;
    if (isalnum(c) || strchr("-._~", c))
      buf_char(out, (char)c);
    else
      buf_printf(out, "%%%02X", c);
  }
}

void link_next(struct request *rq, const char *name, const char *value) {
  const char *other, *its;
  struct buf out;
  if (!value) return;
  buf_init(&out, LIMIT_TEXT_BYTES);
  buf_printf(&out, "<%s?", rq->path);
  for (size_t at = 0; query_next(rq, &at, &other, &its);) {
    if (!strcmp(other, name)) continue;
    put_encoded(&out, other);
    buf_char(&out, '=');
    put_encoded(&out, its);
    buf_char(&out, '&');
  }
  put_encoded(&out, name);
  buf_char(&out, '=');
  put_encoded(&out, value);
  buf_puts(&out, ">; rel=\"next\"");
  rq->link = ctx_take(rq->cx, &out);
}
