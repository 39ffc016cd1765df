/* routes_reorder.c - what runs low, and what should be ordered. */
#include "http/routes.h"
#include "inventory/lowstock.h"

enum { PROPOSALS = 200, PROPOSALS_MOST = 1000 };

int low_stock_show(struct request *rq) {
  struct db *db;
  int rc = db_find(rq, &db);
  if (rc) return rc;
  jw_object(&rq->json, "data");
  rc = lowstock_summary(rq->cx, db, &rq->json);
  jw_close(&rq->json, '}');
  return rc;
}

int kept_show(struct request *rq) {
  struct db *db;
  int rc = db_find(rq, &db);
  if (rc) return rc;
  jw_object(&rq->json, "data");
  rc = lowstock_kept(rq->cx, db, rq->param[0], &rq->json);
  jw_close(&rq->json, '}');
  return rc;
}

int reorders_list(struct request *rq) {
  const char *state;
  int64_t limit;
  struct db *db;
  int rc = query_text(rq, "state", &state);
  if (!rc) rc = query_int(rq, "limit", 1, PROPOSALS_MOST, PROPOSALS, &limit);
  if (!rc) rc = db_find(rq, &db);
  if (!rc) rc = reorder_list(rq->cx, db, state, limit, &rq->json, "data");
  return rc ? rc : reorder_totals(rq->cx, db, &rq->json, "counts");
}

int reorder_accept_post(struct request *rq) { return decision_post(rq, reorder_accept); }
int reorder_dismiss_post(struct request *rq) { return decision_post(rq, reorder_dismiss); }
