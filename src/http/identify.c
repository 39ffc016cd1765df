/*
** identify.c - who asks, and whether he may: two steps on the way of every request.
**
** Deny by default: a route without a word about who may use it serves nobody. What a
** handler is not asked to decide it cannot get wrong.
**
** A program shows its token in Authorization. A browser has it in a cookie that no script can
** read and that goes with no request of another site (SameSite=Strict); and because not every
** browser can be trusted with that alone, a change that comes with a cookie must come
** from our own page, as the browser says (request.c, check_origin). A program's token goes with
** nothing by itself, so this is not asked of it.
**
** As long as there is no account at all, whoever is at this machine is `local` and may do everything (auth.h).
*/
#include "auth/auth.h"
#include "http/cors.h"
#include "http/routes.h"
#include "model/entity.h"

/* With TLS a name that no plain page and no other host of this domain can set. */
static const char *cookie_name(const struct request *rq) {
  return rq->server->trust ? "__Host-outpost" : "outpost";
}

struct str cookie_find(struct request *rq, const char *name) {
  const char *list = wire_header(rq, "Cookie", NULL);
  size_t n = strlen(name);
  for (const char *p = list ? list : ""; *p; p += strcspn(p, ";"), p += *p == ';') {
    p += strspn(p, " \t");
    if (!strncmp(p, name, n) && p[n] == '=') return (struct str){ p + n + 1, strcspn(p + n + 1, "; \t") };
  }
  return (struct str){ 0 };
}

/* ---- 401 ---- */

/* The token of the header; p NULL: there is none. */
static int bearer(struct request *rq, struct str *token) {
  static const char scheme[] = "Bearer ";
  int count;
  const char *header = wire_header(rq, "Authorization", &count);
  token->p = NULL;
  if (!count) return OK;
  if (count > 1 || strncasecmp(header, scheme, sizeof scheme - 1) != 0)
    return refuse(rq, 401, E_DENIED, "Authorization has to be \"Bearer TOKEN\"");
  *token = str_trim(str_of(header + sizeof scheme - 1));
  return OK;
}

static int check_token(struct request *rq, struct str token, struct identity *who) {
  if (!auth_identify(rq->cx, rq->server->auth, token, who)) {
    rq->who = who;
    return OK;
  }
  if (rq->cx->code == E_DENIED) rq->status = 401;
  return rq->cx->code;
}

/* A change that somebody else's page made the browser send would come with the cookie, too. */
static int check_page(struct request *rq) {
  bool safe = rq->head || !strcmp(rq->method, "GET");
  if (safe || rq->own_page) return OK;
  return refuse(rq, 403, E_DENIED, "with a cookie only this server's own page may change anything");
}

/* Whoever comes to log in, or for the page itself, may have an old token with him. */
static int forgive_old(struct request *rq, bool by_header) {
  bool asks_who = rq->route->handle == auth_me_get && by_header;
  if (rq->cx->code != E_DENIED || !rq->route->open || asks_who) return rq->cx->code;
  ctx_forgive(rq->cx);
  rq->status = 0;
  return OK;
}

static int find_out(struct request *rq) {
  struct identity *who = ctx_alloc(rq->cx, sizeof *who);
  struct str token;
  if (bearer(rq, &token)) return rq->cx->code;
  bool by_header = token.p != NULL;
  if (!by_header && !rq->foreign) token = cookie_find(rq, cookie_name(rq));
  if (!by_header && !token.p) return OK;
  if (check_token(rq, token, who)) return forgive_old(rq, by_header);
  return by_header ? OK : check_page(rq);
}

int request_identify(struct request *rq) {
  static const struct identity local = {
    .email = "local", .name = "local", .permissions = PERMISSION_ALL, .open = true
  };
  if (auth_open(rq->server->auth)) {
    rq->who = &local;
    return OK;
  }
  rq->cx->may = 0;
  if (find_out(rq)) return rq->cx->code;
  if (rq->who) rq->cx->may = rq->who->permissions;
  if (!rq->who) return OK;
  str_copy(rq->cx->actor, sizeof rq->cx->actor, str_of(rq->who->email));
  return cors_check_tenant(rq, rq->who->tenant); /* for addresses that open no tenant, too */
}

/* ---- 403 ---- */

int request_need(struct request *rq, const char *permission) {
  if (rq->who && identity_may(rq->who, permission)) return OK;
  rq->status = 403;
  return fail(rq->cx, E_DENIED, NULL, "this takes the permission %s, which the role %s does not have",
              permission, rq->who ? rq->who->role : "of nobody");
}

/* "record.write" of a stock_item: "stock.write". What is no entity is not found, later. */
static const char *need_of(struct request *rq) {
  const char *need = rq->route->need;
  if (!need || strncmp(need, "record.", 7) != 0) return need;
  return rq->entity ? ctx_printf(rq->cx, "%s.%s", rq->entity->access, need + 7) : "login";
}

int request_allow(struct request *rq) {
  const struct route *r = rq->route;
  if (r->open) return OK;
  if (!rq->who) return refuse(rq, 401, E_DENIED, "log in first");
  const char *need = need_of(rq);
  if (!need) return refuse(rq, 403, E_DENIED, "nobody may use this address");
  if (rq->who->must_change && strncmp(r->pattern, "/api/auth/", 10) != 0) {
    rq->status = 403;
    return fail(rq->cx, E_DENIED, "password",
                "choose a new password first: this one was set by somebody else");
  }
  return strcmp(need, "login") == 0 ? OK : request_need(rq, need);
}

/* ---- cookies ---- */

static const char *one_cookie(struct request *rq, const char *name, const char *value, const char *path,
                              int64_t seconds) {
  return ctx_printf(rq->cx, "Set-Cookie: %s=%s; Path=%s; Max-Age=%lld; HttpOnly; SameSite=Strict%s\r\n", name,
                    value, path, (long long)seconds, rq->server->trust ? "; Secure" : "");
}

const char *cookie_refresh_name(const struct request *rq) {
  return rq->server->trust ? "__Secure-outpost-refresh" : "outpost-refresh";
}

void cookies_set(struct request *rq, const char *token, int64_t seconds, const char *refresh,
                 int64_t refresh_seconds) {
  rq->cookies = ctx_printf(rq->cx, "%s%s", one_cookie(rq, cookie_name(rq), token, "/", seconds),
                           one_cookie(rq, cookie_refresh_name(rq), refresh, "/api/auth", refresh_seconds));
}
