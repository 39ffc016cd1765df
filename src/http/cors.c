/*
** cors.c - pages of other origins that may use the API: those on a list, each named whole, no patterns, for all tenants or one.
**
** Such a page is let through with a token of its own. Cookies are not for it: no reply says
** Access-Control-Allow-Credentials, and `foreign` tells the others on the way to look at no cookie, since the browser sends it
** along where both are called localhost.
*/
#include "http/cors.h"

#define ALLOWED_METHODS "GET, HEAD, POST, PUT, PATCH, DELETE"
#define ALLOWED_HEADERS                                                                                      \
  "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-Id, traceparent"
#define SHOWN_HEADERS                                                                                        \
  "ETag, Link, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id, Idempotent-Replayed"

/* "https://a.example", or "acme=https://a.example" of one tenant. */
static bool entry_allows(struct str entry, struct str origin, const char *tenant) {
  const char *is = memchr(entry.p, '=', entry.n);
  struct str of = { entry.p, is ? (size_t)(is - entry.p) : 0 };
  if (is) entry = (struct str){ is + 1, entry.n - of.n - 1 };
  return str_eq(entry, origin) && (!is || !tenant || str_eq(of, str_of(tenant)));
}

bool cors_allows(const struct request *rq, const char *origin, const char *tenant) {
  size_t n;
  for (const char *p = rq->server->origins ? rq->server->origins : ""; *p; p += n + strspn(p + n, ", ")) {
    n = strcspn(p, ", ");
    if (n && entry_allows((struct str){ p, n }, str_of(origin), tenant)) return true;
  }
  return false;
}

int cors_check_tenant(struct request *rq, const char *tenant) {
  if (!rq->foreign || cors_allows(rq, wire_header(rq, "Origin", NULL), tenant)) return OK;
  rq->foreign = false; /* nor may its page read why */
  return refuse(
      rq, 403, E_DENIED,
      "pages of this origin may not use the API of this tenant; `outpost serve --allow-origin` says who may");
}

bool cors_preflight(struct request *rq) {
  const char *origin = wire_header(rq, "Origin", NULL);
  if (strcmp(rq->method, "OPTIONS") != 0 || !wire_header(rq, "Access-Control-Request-Method", NULL))
    return false;
  rq->foreign = origin && cors_allows(rq, origin, NULL); /* it has no token yet, so no tenant */
  rq->body_left = false;
  if (!rq->foreign) {
    refuse(rq, 403, E_DENIED,
           "pages of this origin may not use the API; `outpost serve --allow-origin` says who may");
    return true;
  }
  rq->preflight = true;
  rq->status = 204;
  rq->content = STR("");
  return true;
}

void cors_head(const struct request *rq, struct buf *head) {
  if (!rq->foreign) return;
  buf_printf(head, "Access-Control-Allow-Origin: %s\r\n", wire_header(rq, "Origin", NULL));
  buf_puts(head, "Access-Control-Expose-Headers: " SHOWN_HEADERS "\r\n");
  if (rq->preflight)
    buf_puts(head,
             "Access-Control-Allow-Methods: " ALLOWED_METHODS
             "\r\nAccess-Control-Allow-Headers: " ALLOWED_HEADERS "\r\nAccess-Control-Max-Age: 600\r\n");
}
