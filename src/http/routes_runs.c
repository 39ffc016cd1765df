/*
** routes_runs.c - runs, their reports and their exceptions.
*/
#include <stdio.h>

#include "export/reports.h"
#include "http/routes.h"

int runs_list(struct request *rq) {
  struct db *db;
  int64_t limit, offset, total = 0;
  int rc = query_int(rq, "limit", 1, PAGE_ROWS_MOST, PAGE_ROWS, &limit);
  if (!rc) rc = query_int(rq, "offset", 0, INT64_MAX, 0, &offset);
  if (!rc) rc = db_find(rq, &db);
  if (!rc) rc = report_runs(rq->cx, db, &rq->json, "data", limit, offset, &total);
  jw_int(&rq->json, "total", total);
  return rc;
}

int run_show(struct request *rq) {
  struct db *db;
  int rc = db_find(rq, &db);
  return rc ? rc : report_run(rq->cx, db, &rq->json, "data", rq->param[0]);
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

int exceptions_list(struct request *rq) {
  struct exception_filter f = { .run = rq->param[0] };
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
