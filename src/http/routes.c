/*
** routes.c - what can be asked for, and the handlers behind it.
**
** TO ADD A ROUTE
**   1. a row in the table below: method, pattern, handler, a sentence of help;
**      body_max when it takes a body
**   2. a handler of the form: read the parameters, one call into a lower layer
**      that writes into rq->json, nothing else
**   3. its replies, the bad ones too, in tests/scenario/http.test.mjs
*/
#include <stdio.h>

#include "base/time.h"
#include "export/reports.h"
#include "http/request.h"

enum { PAGE_ROWS = 50, PAGE_ROWS_MOST = 1000 };

static route_fn runs_list, run_show, exceptions_list, tenants_list, health_show, ready_show;

const struct route routes[] = {
  { .method = "GET",
    .pattern = "/api/runs",
    .handle = runs_list,
    .help = "The runs of a tenant, newest first. Parameters: tenant, limit, offset." },
  { .method = "GET",
    .pattern = "/api/runs/{id}",
    .handle = run_show,
    .help = "The report of one run: figures, controls, decisions of the reader, audits, timeline. "
            "The id may be shortened as long as it is unique, or be \"latest\". Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/runs/{id}/exceptions",
    .handle = exceptions_list,
    .help = "The rejected rows of one run with their original lines. Parameters: tenant, category, control, "
            "limit, after." },
  { .method = "GET",
    .pattern = "/api/tenants",
    .handle = tenants_list,
    .help = "The tenants of this data folder." },
  { .method = "GET",
    .pattern = "/healthz",
    .handle = health_show,
    .quiet = true,
    .help = "200 while the process answers." },
  { .method = "GET",
    .pattern = "/readyz",
    .handle = ready_show,
    .quiet = true,
    .help = "200 while every tenant's file can be read." },
  { .method = "GET", .pattern = "/*", .handle = asset_serve, .quiet = true, .help = "The page." },
};
const size_t route_count = sizeof routes / sizeof *routes;

/* ---- finding ---- */

/* Does the path fit the pattern? What stood for {id} goes to *param. */
static bool pattern_fits(const char *pattern, const char *path, struct str *param) {
  while (*pattern && *path && *pattern != '*') {
    if (!strncmp(pattern, "{id}", 4)) {
      *param = (struct str){ path, strcspn(path, "/") };
      pattern += 4;
      path += param->n;
      if (!param->n) return false;
    } else if (*pattern++ != *path++) {
      return false;
    }
  }
  return *pattern == '*' || *pattern == *path;
}

static bool method_fits(const struct request *rq, const struct route *r) {
  return !strcmp(rq->method, r->method) || (rq->head && !strcmp(r->method, "GET"));
}

/* The page is behind a pattern that fits everything; the API's addresses are not its. */
static bool route_fits(const struct request *rq, const struct route *r, struct str *param) {
  if (!strcmp(r->pattern, "/*") && !strncmp(rq->path, "/api/", 5)) return false;
  return pattern_fits(r->pattern, rq->path, param);
}

static const char *allow_add(struct ctx *cx, const char *allow, const char *method) {
  const char *more = strcmp(method, "GET") ? method : "GET, HEAD";
  return allow ? ctx_printf(cx, "%s, %s", allow, more) : more;
}

int route_find(struct request *rq) {
  for (size_t i = 0; i < route_count; i++) {
    struct str param = STR("");
    if (!route_fits(rq, &routes[i], &param)) continue;
    if (strcmp(routes[i].pattern, "/*") || !rq->allow) {
      if (method_fits(rq, &routes[i])) {
        rq->route = &routes[i];
        rq->param = ctx_strdup(rq->cx, param);
        return OK;
      }
      rq->allow = allow_add(rq->cx, rq->allow, routes[i].method);
    }
  }
  if (!rq->allow) return refuse(rq, 404, E_NOT_FOUND, "there is nothing at this address");
  return refuse(rq, 405, E_INVALID, "this address cannot be used with this method");
}

/* ---- handlers ---- */

static int db_find(struct request *rq, struct db **db) {
  struct tenant *tenant;
  int rc = tenant_find(rq, &tenant);
  return rc ? rc : tenant_read(rq->cx, tenant, db);
}

static int runs_list(struct request *rq) {
  struct db *db;
  int64_t limit, offset, total = 0;
  int rc = query_int(rq, "limit", 1, PAGE_ROWS_MOST, PAGE_ROWS, &limit);
  if (!rc) rc = query_int(rq, "offset", 0, INT64_MAX, 0, &offset);
  if (!rc) rc = db_find(rq, &db);
  if (!rc) rc = report_runs(rq->cx, db, &rq->json, "data", limit, offset, &total);
  jw_int(&rq->json, "total", total);
  return rc;
}

static int run_show(struct request *rq) {
  struct db *db;
  int rc = db_find(rq, &db);
  return rc ? rc : report_run(rq->cx, db, &rq->json, "data", rq->param);
}

/* The same question again, from the next row on: parameters that have a
** meaning, each written as the query had it. */
static int link_next(struct request *rq, const struct exception_filter *f, int64_t next) {
  static const char *const kept[] = { "tenant", "category", "control" };
  struct ctx *cx = rq->cx;
  const char *to = ctx_printf(cx, "%s?limit=%lld&after=%lld", rq->path, (long long)f->limit, (long long)next);
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
    const char *value;
    int rc = query_text(rq, kept[i], &value);
    if (rc) return rc;
    bool plain =
        value &&
        strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._") == strlen(value);
    if (plain) to = ctx_printf(cx, "%s&%s=%s", to, kept[i], value);
  }
  rq->link = ctx_printf(cx, "<%s>; rel=\"next\"", to);
  return OK;
}

static int exceptions_list(struct request *rq) {
  struct exception_filter f = { .run = rq->param };
  struct db *db;
  int64_t total = 0, next = 0;
  int rc = query_text(rq, "category", &f.category);
  if (!rc) rc = query_text(rq, "control", &f.control);
  if (!rc) rc = query_int(rq, "limit", 1, PAGE_ROWS_MOST, PAGE_ROWS, &f.limit);
  if (!rc) rc = query_int(rq, "after", 0, INT64_MAX, 0, &f.after);
  if (!rc) rc = db_find(rq, &db);
  if (!rc) rc = report_exceptions(rq->cx, db, &rq->json, "data", &f, &total, &next);
  if (!rc && next) rc = link_next(rq, &f, next);
  jw_int(&rq->json, "total", total);
  jw_int(&rq->json, "next", next);
  return rc;
}

static void tenant_write_info(struct jw *w, const struct tenant_info *t) {
  char at[TIME_SIZE];
  jw_object(w, NULL);
  jw_text(w, "slug", t->slug);
  jw_text(w, "name", t->name);
  jw_text(w, "id", t->id);
  jw_text(w, "created", time_iso(at, t->created_at));
  jw_close(w, '}');
}

static int tenants_list(struct request *rq) {
  struct tenant_info *list;
  size_t count;
  int rc = tenant_list(rq->cx, rq->server->store, &list, &count);
  if (rc) return rc;
  jw_array(&rq->json, "data");
  for (size_t i = 0; i < count; i++) tenant_write_info(&rq->json, &list[i]);
  jw_close(&rq->json, ']');
  jw_int(&rq->json, "total", (int64_t)count);
  return OK;
}

static int health_show(struct request *rq) {
  jw_object(&rq->json, "data");
  jw_text(&rq->json, "status", "ok");
  jw_close(&rq->json, '}');
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
  struct tenant_info *list;
  size_t count;
  int rc = tenant_list(rq->cx, rq->server->store, &list, &count);
  for (size_t i = 0; !rc && i < count; i++) rc = tenant_probe(rq, list[i].slug);
  if (rc) {
    rq->status = 503;
    return rc;
  }
  jw_object(&rq->json, "data");
  jw_text(&rq->json, "status", "ready");
  jw_int(&rq->json, "tenants", (int64_t)count);
  jw_close(&rq->json, '}');
  return OK;
}
