/* routes_metrics.c - figures of days and months. */
#include "base/limits.h"
#include "http/routes.h"
#include "transform/metric.h"

/* The tenant by its short name or its id. */
static int tenant_named(struct request *rq, struct db **db) {
  const struct tenant_info *list;
  struct tenant *tenant;
  size_t count;
  if (tenant_list(rq->cx, rq->server->store, &list, &count)) return rq->cx->code;
  for (size_t i = 0; i < count; i++) {
    if (!tenant_visible(rq, list[i].slug)) continue;
    if (strcmp(list[i].slug, rq->param[0]) != 0 && strcmp(list[i].id, rq->param[0]) != 0) continue;
    int rc = tenant_opened(rq, list[i].slug, &tenant);
    return rc ? rc : tenant_read(rq->cx, tenant, db);
  }
  return fail(rq->cx, E_NOT_FOUND, "tenant", "there is no tenant %.80s", rq->param[0]);
}

/* In exactly the form that callers of the metrics service know: no envelope around it. */
static int metrics_of_tenant(struct request *rq) {
  struct metric_query q = { 0 };
  struct buf out;
  struct db *db;
  struct jw w;
  int rc = query_texts(rq, { "metric_type", &q.type }, { "start_date", &q.start }, { "end_date", &q.end });
  if (!rc) rc = tenant_named(rq, &db);
  if (rc) return rc;
  jw_begin(&w, &out, LIMIT_REPLY_BYTES);
  rc = metric_find(rq->cx, db, &q, &w);
  jw_close(&w, '}');
  if (!rc && out.full) rc = fail(rq->cx, E_LIMIT, "end_date", "these are too many metrics for one reply");
  if (!rc) rq->content = str_of(ctx_strdup(rq->cx, buf_view(&out)));
  buf_clear(&out);
  return rc;
}

static int monthly_revenue_get(struct request *rq) { return metric_monthly(rq->cx, rq->db, &rq->json); }

static int daily_revenue_get(struct request *rq) {
  const char *from, *to;
  int rc = query_texts(rq, { "from", &from }, { "to", &to });
  return rc ? rc : metric_daily(rq->cx, rq->db, from, to, &rq->json);
}

/* ---- the addresses ---- */

const struct route metrics_routes[] = {
  { "GET", "/metrics/{id}", metrics_of_tenant, "data.read",
    "The metrics of a tenant (its short name or id): {metrics, count, period}. Parameters, all of them "
    "needed: metric_type (revenue, inventory, staffing, costs), start_date, end_date (days, inclusive).",
    .reply = "*application/json",
    .query = "metric_type!: revenue|inventory|staffing|costs, start_date!: day, end_date!: day",
    .apart = true },
  { "GET", "/api/monthly-revenue", monthly_revenue_get, "data.read",
    "Revenue by month as it was added up last, when that was, and whether metrics changed since.",
    .reply = "[{month, total_revenue, avg_daily_revenue, days_with_data: int}]; refreshed_at: text?, stale: "
             "bool, months_changed: int",
    .reads = true },
  { "GET", "/api/daily-revenue", daily_revenue_get, "data.read",
    "Revenue by day and category. from and to are days, inclusive.",
    .reply = "[{metric_date, category, total_revenue}]", .query = "from: day, to: day", .reads = true },
  { 0 },
};
