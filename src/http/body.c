/*
** body.c - the body of a request, read by the handlers that want one.
**
** check_body has seen to it that a stated length is not beyond the route's
** ceiling; a body whose length is not stated (chunked) is counted here, while it
** is read. A body that was not read to its end ends the connection with the
** reply, see closes() in reply.c.
*/
#include "base/limits.h"
#include "base/log.h"
#include "http/request.h"
#include "http/shape.h"

int body_next(struct request *rq, void *to, size_t room, size_t *got) {
  *got = 0;
  if (!rq->body_left) return OK;
  int64_t n = wire_read(rq, to, room);
  if (n < 0) return refuse(rq, 400, E_INVALID, "the body ends before its end, or came too slowly");
  *got = (size_t)n;
  rq->body_read += n;
  if ((uint64_t)rq->body_read > rq->route->body_max)
    return refuse(rq, 413, E_LIMIT, "the body is too large for this address");
  if (n == 0 || rq->body_read == rq->body_stated) rq->body_left = false;
  return OK;
}

/* A form is what a page of a stranger can send without asking; it is never JSON. */
static int check_type(struct request *rq) {
  const char *type = wire_header(rq, "Content-Type", NULL);
  if (!type || !str_starts(str_of(type), STR("multipart/"))) return OK;
  return refuse(rq, 415, E_INVALID, "the body has to be JSON (Content-Type: application/json)");
}

int body_text(struct request *rq, struct str *out) {
  struct buf all;
  char part[4096];
  size_t got = 0;
  *out = rq->body_known;
  if (out->p) return OK;
  buf_init(&all, rq->route->body_max);
  int rc;
  do {
    rc = body_next(rq, part, sizeof part, &got);
    if (!rc) buf_add(&all, part, got);
  } while (!rc && got);
  if (!rc) rq->body_known = *out = (struct str){ ctx_strdup(rq->cx, buf_view(&all)), all.n };
  buf_clear(&all);
  return rc;
}

/* Two bytes make a value, and a value costs a hundred: so they are counted before any is made. */
static bool holds_too_many(struct str text) {
  size_t values = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.n; i++) {
    if (in_string && text.p[i] == '\\')
      i++;
    else if (text.p[i] == '"')
      in_string = !in_string;
    else if (text.p[i] == ',' && !in_string && ++values >= LIMIT_BODY_VALUES)
      return true;
  }
  return false;
}

/* What is no JSON is 400, what is JSON and not right 422. */
static int json_read(struct request *rq, struct str text, struct jv **out) {
  if (holds_too_many(text))
    fail(rq->cx, E_INVALID, "body", "the JSON has more than %d values", LIMIT_BODY_VALUES);
  else
    jv_parse(rq->cx, text, out);
  if (rq->cx->code) rq->status = 400;
  return rq->cx->code;
}

int body_json(struct request *rq, struct jv **out) {
  struct str text;
  int rc = check_type(rq);
  if (!rc) rc = body_text(rq, &text);
  if (rc) return rc;
  if (!str_trim(text).n) return fail(rq->cx, E_INVALID, "body", "the request needs a body: a JSON object");
  if (json_read(rq, text, out)) return rq->cx->code;
  if (jv_kind(*out) != JV_OBJECT) return fail(rq->cx, E_INVALID, "body", "the body has to be a JSON object");
  return OK;
}

static bool is_listed(const char *names, struct str name) {
  size_t n;
  for (const char *p = names; *p; p += n + strspn(p + n, ", "))
    if (str_eq(name, (struct str){ p, n = strcspn(p, ",") })) return true;
  return false;
}

int body_allow(struct request *rq, struct jv *object, const char *names) {
  for (void *it = jv_first(object); it; it = jv_next(object, it))
    if (!is_listed(names, jv_key(it)))
      return fail(rq->cx, E_INVALID, ctx_strdup(rq->cx, jv_key(it)),
                  "there is no '" STR_FMT "' here; there are %s", STR_ARG(jv_key(it)), names);
  return OK;
}

/* In a build for tests: what a handler takes is what its row says. */
static void check_declared(const struct request *rq, const char *names) {
#ifdef OUTPOST_TEST
  struct str name, type;
  bool must = false;
  const char *shape = rq->route->body ? rq->route->body : "{}";
  for (const char *at = names; shape_member(&at, &name, &type, &must);)
    if (!shape_has(shape, ctx_strdup(rq->cx, name)))
      log_line(LOG_ERR, rq->cx, "NOT_IN_ROUTES", "%s takes the member " STR_FMT, rq->route->pattern,
               STR_ARG(name));
#else
  (void)rq, (void)names;
#endif
}

int body_members(struct request *rq, const char *names, struct jv **out) {
  check_declared(rq, names);
  return body_json(rq, out) || body_allow(rq, *out, names) ? (int)rq->cx->code : OK;
}

int body_members_if_any(struct request *rq, const char *names, struct jv **out) {
  struct str text;
  *out = NULL;
  check_declared(rq, names);
  if (check_type(rq) || body_text(rq, &text)) return rq->cx->code;
  if (!str_trim(text).n) return OK;
  if (json_read(rq, text, out)) return rq->cx->code;
  if (jv_kind(*out) != JV_OBJECT)
    return fail(rq->cx, E_INVALID, "body", "the body has to be a JSON object, or empty");
  return body_allow(rq, *out, names);
}

int member_text(struct request *rq, const struct jv *body, const char *name, const char **out) {
  const struct jv *v = jv_get(body, name);
  *out = NULL;
  if (!v || jv_kind(v) == JV_NULL) return OK;
  if (jv_kind(v) != JV_STRING) return fail(rq->cx, E_INVALID, name, "%s has to be a text", name);
  struct str text = jv_text(v);
  if (memchr(text.p, 0, text.n))
    return fail(rq->cx, E_INVALID, name, "%s has to be a text without zero bytes", name);
  *out = ctx_strdup(rq->cx, jv_text(v));
  return OK;
}
