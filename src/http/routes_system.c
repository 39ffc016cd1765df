/*
** routes_system.c - who the tenants are, and whether all is well.
*/
#include "export/reports.h"
#include "http/routes.h"

static void tenant_write_info(struct jw *w, const struct tenant_info *t) {
  jw_record(w, NULL, "slug", t->slug, "name", t->name, "id", t->id, "created", arg_time(t->created_at));
}

static int tenants_list(struct request *rq) {
  const struct tenant_info *list;
  size_t count;
  int rc = tenant_list(rq->cx, rq->server->store, &list, &count);
  if (rc) return rc;
  jw_array(&rq->json, "data");
  int64_t total = 0;
  for (size_t i = 0; i < count; i++) {
    if (!tenant_visible(rq, list[i].slug)) continue;
    tenant_write_info(&rq->json, &list[i]);
    total++;
  }
  jw_close(&rq->json, ']');
  jw_int(&rq->json, "total", total);
  return OK;
}

static int health_show(struct request *rq) {
  jw_record(&rq->json, "data", "status", "ok");
  return OK;
}

/* A tenant is ready when its file opens and its newest run can be read. */
static int tenant_probe(struct request *rq, const char *slug) {
  struct tenant *tenant;
  struct db *db;
  struct buf ignored;
  struct jw w;
  int64_t total;
  buf_init(&ignored, 0);
  jw_init(&w, &ignored);
  int rc = tenant_opened(rq, slug, &tenant);
  if (!rc) rc = tenant_read(rq->cx, tenant, &db);
  if (!rc) rc = report_runs(rq->cx, db, &w, NULL, 1, 0, &total);
  buf_clear(&ignored);
  return rc;
}

static int ready_show(struct request *rq) {
  const struct tenant_info *list;
  size_t count;
  int rc = tenant_list(rq->cx, rq->server->store, &list, &count);
  for (size_t i = 0; !rc && i < count; i++) rc = tenant_probe(rq, list[i].slug);
  if (rc) {
    rq->status = 503;
    return rc;
  }
  jw_record(&rq->json, "data", "status", "ready", "tenants", (int64_t)count);
  return OK;
}

/* ---- the addresses ---- */

const struct route system_routes[] = {
  { "GET", "/api/tenants", tenants_list, "login", "The tenants of this data folder.",
    .reply = "[{slug, name, id, created}]; total: int", .apart = true },
  { "GET", "/healthz", health_show, NULL, "200 while the process answers.", .reply = "{status}", .open = true,
    .quiet = true },
  { "GET", "/readyz", ready_show, NULL, "200 while every tenant's file can be read.",
    .reply = "{status, tenants: int}", .open = true, .quiet = true },
  { 0 },
};
