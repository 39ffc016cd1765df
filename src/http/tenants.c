/*
** tenants.c - the tenants' files, opened once and kept for all requests.
**
** A tenant that is added while the server runs is opened when it is first asked
** for. Each file lives in a unit of work of its own, so that one that cannot be
** opened (too new, damaged) leaves nothing behind and is tried again next time:
** the others are not affected.
*/
#include <stdlib.h>

#include "http/request.h"

struct opened {
  struct opened *next;
  struct ctx cx; /* lasts as long as the server */
  struct tenant *tenant;
};

static struct opened *opened_find(struct server *server, const char *slug) {
  struct opened *o = server->opened;
  while (o && strcmp(tenant_slug(o->tenant), slug)) o = o->next;
  return o;
}

static int opened_add(struct request *rq, const char *slug, struct opened **out) {
  struct opened *o = xcalloc(1, sizeof *o);
  ctx_begin(&o->cx, "http");
  if (tenant_open(&o->cx, rq->server->store, slug, &o->tenant)) {
    ctx_end(&o->cx);
    fail_from(rq->cx, &o->cx);
    free(o);
    return rq->cx->code;
  }
  o->next = rq->server->opened;
  *out = rq->server->opened = o;
  return OK;
}

int tenant_opened(struct request *rq, const char *slug, struct tenant **out) {
  int rc = OK;
  pthread_mutex_lock(&rq->server->lock);
  struct opened *o = opened_find(rq->server, slug);
  if (!o) rc = opened_add(rq, slug, &o);
  if (!rc) *out = o->tenant;
  pthread_mutex_unlock(&rq->server->lock);
  return rc;
}

void tenants_close(struct server *server) {
  while (server->opened) {
    struct opened *o = server->opened;
    server->opened = o->next;
    ctx_end(&o->cx);
    free(o);
  }
}

/* "north, south and 3 more" */
static const char *names_of(struct ctx *cx, const struct tenant_info *list, size_t count) {
  const size_t shown = 8;
  const char *names = count ? list[0].slug : "";
  for (size_t i = 1; i < count && i < shown; i++) names = ctx_printf(cx, "%s, %s", names, list[i].slug);
  return count > shown ? ctx_printf(cx, "%s and %zu more", names, count - shown) : names;
}

int tenant_find(struct request *rq, struct tenant **out) {
  const char *slug = NULL;
  struct tenant_info *list;
  size_t count;
  int rc = query_text(rq, "tenant", &slug);
  if (!rc) rc = tenant_list(rq->cx, rq->server->store, &list, &count);
  if (rc) return rc;
  if (!slug && !count)
    return fail(rq->cx, E_NOT_FOUND, "tenant",
                "there is no tenant yet; \"outpost tenant add SLUG\" makes one");
  if (!slug && count > 1)
    return fail(rq->cx, E_INVALID, "tenant", "say which tenant is meant: %s", names_of(rq->cx, list, count));
  if (!slug) slug = list[0].slug;
  for (size_t i = 0; i < count; i++)
    if (!strcmp(list[i].slug, slug)) return tenant_opened(rq, slug, out);
  return fail(rq->cx, E_NOT_FOUND, "tenant", "there is no tenant of this name; there is: %s",
              names_of(rq->cx, list, count));
}

int db_find(struct request *rq, struct db **db) {
  struct tenant *tenant;
  int rc = tenant_find(rq, &tenant);
  return rc ? rc : tenant_read(rq->cx, tenant, db);
}
