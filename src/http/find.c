/*
** find.c - how a request finds its row in the table of routes.
*/
#include "http/routes.h"
#include "model/entity.h"

/* Does the path fit the pattern? What stood for each {id}, and for the star, goes to param. */
static bool pattern_fits(const char *pattern, const char *path, struct str param[static PARAMS]) {
  int found = 0;
  while (*pattern && *pattern != '*') {
    if (*pattern == '{') {
      struct str *p = &param[found++];
      *p = (struct str){ path, strcspn(path, "/") };
      pattern += 4;
      path += p->n;
      if (!p->n) return false;
    } else if (*pattern++ != *path++) {
      return false;
    }
  }
  if (*pattern == '*' && found < PARAMS) param[found] = str_of(path);
  return *pattern == '*' || !*path;
}

static bool method_fits(const struct request *rq, const struct route *r) {
  return !strcmp(rq->method, r->method) || (rq->head && !strcmp(r->method, "GET"));
}

enum { API = sizeof "/api/" - 1 };
static bool is_api(const char *p) {
  return p[0] == '/' && p[1] == 'a' && p[2] == 'p' && p[3] == 'i' && p[4] == '/';
}

/* The page is behind a pattern that fits everything; the API's addresses are not its. */
static bool route_fits(const struct request *rq, bool api, const struct route *r,
                       struct str param[static PARAMS]) {
  if (api && !is_api(r->pattern)) return false;
  size_t same = api ? API : 0;
  return pattern_fits(r->pattern + same, rq->path + same, param) &&
         (r->entity != ENTITY_BY_PATH || entity_of_path(param[0]));
}

static const char *allow_add(struct ctx *cx, const char *allow, const char *method) {
  const char *more = strcmp(method, "GET") ? method : "GET, HEAD";
  if (allow && strstr(allow, more)) return allow;
  return allow ? ctx_printf(cx, "%s, %s", allow, more) : more;
}

static void take(struct request *rq, const struct route *r, const struct str param[static PARAMS]) {
  rq->route = r;
  rq->allow = NULL; /* of a 405 alone */
  for (int k = 0; k < PARAMS; k++) rq->param[k] = ctx_strdup(rq->cx, param[k]);
  if (r->entity == ENTITY_BY_PATH) rq->entity = entity_of_path(param[0]);
  if (r->entity == ENTITY_BY_NAME) rq->entity = entity_find(rq->param[0]);
}

int route_find(struct request *rq) {
  bool api = is_api(rq->path);
  for (int t = 0; route_tables[t]; t++)
    for (const struct route *r = route_tables[t]; r->method; r++) {
      struct str param[PARAMS] = { STR(""), STR("") };
      if (!route_fits(rq, api, r, param) || (!strcmp(r->pattern, "/*") && rq->allow)) continue;
      if (method_fits(rq, r)) {
        take(rq, r, param);
        return OK;
      }
      rq->allow = allow_add(rq->cx, rq->allow, r->method);
    }
  if (!rq->allow) return refuse(rq, 404, E_NOT_FOUND, "there is nothing at this address");
  return refuse(rq, 405, E_INVALID, "this address cannot be used with this method");
}
