/*
** routes_governance.c - what auditors ask for: controls and what they did, the
** catalogue.
*/
#include "base/time.h"
#include "export/catalogue.h"
#include "export/governance.h"
#include "http/routes.h"
#include "model/dataset.h"

/* A day of the query as an instant: its beginning, or with `after` its end. */
static int query_day(struct request *rq, const char *name, bool after, int64_t *out) {
  const char *text;
  int rc = query_text(rq, name, &text);
  if (rc || !text) return rc;
  if (!time_parse_iso(str_of(text), out))
    return fail(rq->cx, E_INVALID, name, "'%.40s' is no day; write it as 2024-02-29", text);
  if (after) *out += DAY_US;
  return OK;
}

int governance_show(struct request *rq) {
  struct governance_scope scope = { GOVERNANCE_ALWAYS };
  struct db *db;
  int rc = query_text(rq, "as", &scope.dataset);
  if (!rc && scope.dataset && !dataset_find(scope.dataset))
    rc = fail(rq->cx, E_NOT_FOUND, "as", "there is no dataset %.60s; there are %s", scope.dataset,
              dataset_names());
  if (!rc) rc = query_day(rq, "from", false, &scope.from);
  if (!rc) rc = query_day(rq, "to", true, &scope.to);
  if (!rc) rc = db_find(rq, &db);
  return rc ? rc : governance_report(rq->cx, db, &scope, &rq->json, "data");
}

int catalogue_show(struct request *rq) {
  struct db *db;
  int rc = db_find(rq, &db);
  return rc ? rc : catalogue_write(rq->cx, db, &rq->json, "data");
}
