/* http_client.c - see http_client.h. */
#include "net/http_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/time.h"
#include "net/dial.h"

enum { URL_MAX_BYTES = 2048 };

/* ---- addresses ---- */

struct address {
  char *scheme, *host, *port; /* these belong to the unit of work */
};

static char *part_of(struct ctx *cx, CURLU *u, CURLUPart which) {
  char *text = NULL, *copy = NULL;
  if (curl_url_get(u, which, &text, which == CURLUPART_PORT ? CURLU_DEFAULT_PORT : 0) == CURLUE_OK)
    copy = ctx_strdup(cx, str_of(text));
  curl_free(text);
  return copy;
}

static int address_read(struct ctx *cx, const char *field, const char *url, struct address *out) {
  *out = (struct address){ 0 };
  if (strlen(url) > URL_MAX_BYTES)
    return fail(cx, E_INVALID, field, "the address is longer than %d bytes", URL_MAX_BYTES);
  CURLU *u = curl_url();
  if (!u) abort();
  CURLUcode rc = curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME);
  bool user = false;
  if (rc == CURLUE_OK) {
    *out = (struct address){ part_of(cx, u, CURLUPART_SCHEME), part_of(cx, u, CURLUPART_HOST),
                             part_of(cx, u, CURLUPART_PORT) };
    user = part_of(cx, u, CURLUPART_USER) || part_of(cx, u, CURLUPART_PASSWORD);
  }
  curl_url_cleanup(u);
  if (rc != CURLUE_OK || !out->host)
    return fail(cx, E_INVALID, field, "this is no address (https://host/path)");
  if (strcmp(out->scheme, "https") != 0 && strcmp(out->scheme, "http") != 0)
    return fail(cx, E_INVALID, field, "the address is %s, but only https and http can be called",
                out->scheme);
  if (user) return fail(cx, E_INVALID, field, "an address holds no user and password: others can read it");
  return OK;
}

int http_check_url(struct ctx *cx, const char *field, const char *url) {
  struct address a;
  return address_read(cx, field, url, &a);
}

static bool same_place(const struct address *a, const struct address *b) {
  return !strcmp(a->scheme, b->scheme) && !strcasecmp(a->host, b->host) && !strcmp(a->port, b->port);
}

/* ---- what comes back ---- */

struct answer {
  struct buf headers, body;
};

static size_t on_body(char *p, size_t one, size_t n, void *arg) {
  struct answer *a = arg;
  buf_add(&a->body, p, one * n);
  return a->body.full ? 0 : one * n;
}

/* A further head (after 100 Continue, say) replaces the one before. */
static size_t on_header(char *p, size_t one, size_t n, void *arg) {
  struct answer *a = arg;
  if (one * n >= 5 && memcmp(p, "HTTP/", 5) == 0) buf_reset(&a->headers);
  buf_add(&a->headers, p, one * n);
  return a->headers.full ? 0 : one * n;
}

/* The value of the first header of that name; p NULL when there is none. */
static struct str http_header(const struct http_answer *a, const char *name) {
  struct str rest = a->headers, wanted = str_of(name);
  while (rest.n) {
    const char *end = memchr(rest.p, '\n', rest.n);
    struct str line = { rest.p, end ? (size_t)(end - rest.p) + 1 : rest.n };
    rest = (struct str){ rest.p + line.n, rest.n - line.n };
    if (line.n > wanted.n && line.p[wanted.n] == ':' &&
        str_eq_nocase((struct str){ line.p, wanted.n }, wanted))
      return str_trim((struct str){ line.p + wanted.n + 1, line.n - wanted.n - 1 });
  }
  return (struct str){ 0 };
}

/* Seconds, or a date. */
static int64_t retry_after(struct ctx *cx, const struct http_answer *a) {
  struct str text = http_header(a, "Retry-After");
  int64_t seconds;
  if (!text.p) return -1;
  if (str_to_int(text, &seconds)) return seconds >= 0 ? seconds : -1;
  time_t at = curl_getdate(ctx_strdup(cx, text), NULL);
  if (at < 0) return -1;
  seconds = (int64_t)at - time_now() / 1000000;
  return seconds > 0 ? seconds : 0;
}

/* ---- the call ---- */

static void set_request(struct dial *d, const struct http_call *call, const char *url) {
  CURL *c = d->curl;
  const char *method = call->method ? call->method : call->body.p ? "POST" : "GET";
  curl_easy_setopt(c, CURLOPT_URL, url);
  curl_easy_setopt(c, CURLOPT_USERAGENT, "outpost");
  if (call->body.p) {
    curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.n);
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, call->body.p);
    d->list = curl_slist_append(d->list, "Expect:"); /* no second of waiting for 100 Continue */
  }
  if (!strcmp(method, "HEAD"))
    curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
  else
    curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method);
  for (size_t i = 0; call->headers && call->headers[i]; i++)
    d->list = curl_slist_append(d->list, call->headers[i]);
  curl_easy_setopt(c, CURLOPT_HTTPHEADER, d->list);
}

static int perform(struct dial *d, const struct http_call *call, const char *url, struct answer *a,
                   struct http_answer *out, const char **onward) {
  char *to = NULL;
  long status = 0;
  int rc = dial_begin(d, "http,https", call->seconds ? call->seconds : 30);
  if (rc) return rc;
  set_request(d, call, url);
  curl_easy_setopt(d->curl, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(d->curl, CURLOPT_WRITEDATA, a);
  curl_easy_setopt(d->curl, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(d->curl, CURLOPT_HEADERDATA, a);
  dial_run(d);
  if (a->body.full || a->headers.full) {
    ctx_forgive(d->cx);
    return fail(d->cx, E_LIMIT, NULL, "%s answered with more than %zu bytes", d->host, a->body.max);
  }
  if (d->cx->code) return d->cx->code;
  curl_easy_getinfo(d->curl, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(d->curl, CURLINFO_TOTAL_TIME, &out->seconds);
  curl_easy_getinfo(d->curl, CURLINFO_REDIRECT_URL, &to);
  out->status = (int)status;
  *onward = to ? ctx_strdup(d->cx, str_of(to)) : NULL;
  return OK;
}

static int call_once(struct ctx *cx, const struct net_rules *rules, const struct http_call *call,
                     const char *url, struct http_answer *out, const char **onward) {
  struct address at;
  struct answer a;
  if (address_read(cx, "url", url, &at)) return cx->code;
  struct dial d = { .cx = cx,
                    .rules = rules,
                    .host = at.host,
                    .plain = !strcmp(at.scheme, "http"),
                    .stopped = call->stopped,
                    .stopped_arg = call->stopped_arg };
  buf_init(&a.headers, KIB(64));
  buf_init(&a.body, call->most ? call->most : LIMIT_BODY_BYTES);
  perform(&d, call, url, &a, out, onward);
  dial_end(&d);
  out->headers = (struct str){ ctx_strdup(cx, buf_view(&a.headers)), a.headers.n };
  out->body = (struct str){ ctx_strdup(cx, buf_view(&a.body)), a.body.n };
  buf_clear(&a.headers);
  buf_clear(&a.body);
  if (!cx->code) out->retry_after = retry_after(cx, out);
  return cx->code;
}

int http_call(struct ctx *cx, const struct net_rules *rules, const struct http_call *call,
              struct http_answer *out) {
  const char *url = call->url, *onward = NULL;
  bool safe =
      !call->body.p && (!call->method || !strcmp(call->method, "GET") || !strcmp(call->method, "HEAD"));
  struct address here, there;
  for (int hops = 0;; hops++) {
    *out = (struct http_answer){ .retry_after = -1 };
    if (call_once(cx, rules, call, url, out, &onward)) return cx->code;
    if (!onward || !safe || hops >= call->redirects) return OK;
    if (address_read(cx, "url", url, &here) || address_read(cx, "url", onward, &there)) return cx->code;
    if (!same_place(&here, &there))
      return fail(cx, E_DENIED, "url", "%s sends us on to %s, and redirects elsewhere are not followed",
                  here.host, there.host);
    url = onward;
  }
}
