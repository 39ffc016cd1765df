/*
** tenants.c - which tenant a request is about. Its file is opened once for all of them
** (store/opened.h).
*/
#include "http/cors.h"
#include "http/request.h"
#include "store/opened.h"

int tenant_opened(struct request *rq, const char *slug, struct tenant **out) {
  if (cors_check_tenant(rq, slug)) return rq->cx->code;
  return opened_find(rq->cx, rq->server->opened, slug, out);
}

/* "north, south and 3 more" */
static const char *names_of(struct ctx *cx, const struct tenant_info *list, size_t count) {
  const size_t shown = 8;
  const char *names = count ? list[0].slug : "";
  for (size_t i = 1; i < count && i < shown; i++) names = ctx_printf(cx, "%s, %s", names, list[i].slug);
  return count > shown ? ctx_printf(cx, "%s and %zu more", names, count - shown) : names;
}

bool tenant_visible(const struct request *rq, const char *slug) {
  return rq->who && (rq->who->open || strcmp(rq->who->tenant, slug) == 0);
}

/* Whoever has logged in has one tenant; what is not his is not there, not even its name. */
static int tenant_of(struct request *rq, const char *slug) {
  if (slug && !tenant_visible(rq, slug))
    return fail(rq->cx, E_NOT_FOUND, "tenant", "there is no tenant of this name");
  return tenant_opened(rq, rq->who->tenant, &rq->tenant);
}

int tenant_find(struct request *rq) {
  const char *slug = NULL;
  const struct tenant_info *list;
  size_t count;
  int rc = query_text(rq, "tenant", &slug);
  if (!rc && !rq->who) return refuse(rq, 401, E_DENIED, "log in first");
  if (!rc && !rq->who->open) return tenant_of(rq, slug);
  if (!rc) rc = tenant_list(rq->cx, rq->server->store, &list, &count);
  if (rc) return rc;
  if (!slug && !count)
    return fail(rq->cx, E_NOT_FOUND, "tenant",
                "there is no tenant yet; \"outpost tenant add SLUG\" makes one");
  if (!slug && count > 1)
    return fail(rq->cx, E_INVALID, "tenant", "say which tenant is meant: %s", names_of(rq->cx, list, count));
  if (!slug) slug = list[0].slug;
  for (size_t i = 0; i < count; i++)
    if (!strcmp(list[i].slug, slug)) return tenant_opened(rq, slug, &rq->tenant);
  return fail(rq->cx, E_NOT_FOUND, "tenant", "there is no tenant of this name; there is: %s",
              names_of(rq->cx, list, count));
}
