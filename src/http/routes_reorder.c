/* routes_reorder.c - what runs low, and what should be ordered. */
#include "base/limits.h"
#include "http/routes.h"
#include "inventory/lowstock.h"

enum { PROPOSALS = 200, PROPOSALS_MOST = 1000 };

static int low_stock_show(struct request *rq) {
  struct db *db;
  int rc = db_find(rq, &db);
  if (rc) return rc;
  jw_object(&rq->json, "data");
  rc = lowstock_summary(rq->cx, db, &rq->json);
  jw_close(&rq->json, '}');
  return rc;
}

static int kept_show(struct request *rq) {
  struct db *db;
  int rc = db_find(rq, &db);
  if (rc) return rc;
  jw_object(&rq->json, "data");
  rc = lowstock_kept(rq->cx, db, rq->param[0], &rq->json);
  jw_close(&rq->json, '}');
  return rc;
}

static int reorders_list(struct request *rq) {
  const char *state;
  int64_t limit;
  struct db *db;
  int rc = query_text(rq, "state", &state);
  if (!rc) rc = query_int(rq, "limit", 1, PROPOSALS_MOST, PROPOSALS, &limit);
  if (!rc) rc = db_find(rq, &db);
  if (!rc) rc = reorder_list(rq->cx, db, state, limit, &rq->json, "data");
  return rc ? rc : reorder_totals(rq->cx, db, &rq->json, "counts");
}

static int reorder_accept_post(struct request *rq) { return decision_post(rq, reorder_accept); }
static int reorder_dismiss_post(struct request *rq) { return decision_post(rq, reorder_dismiss); }

/* ---- the addresses ---- */

const struct route reorder_routes[] = {
  { "GET", "/api/low-stock", low_stock_show, "stock.read",
    "How many items are out, low and at risk, and the worst of them, as it was worked out last.",
    .reply = "{at, figures: object}" },
  { "GET", "/api/kept/*", kept_show, "stock.read",
    "Figures that are kept ready, and when they were worked out: low_stock, stock/WAREHOUSE/SKU.",
    .reply = "{name, at, figures: object}" },
  { "GET", "/api/reorders", reorders_list, "stock.read",
    "What should be ordered, the most urgent first, with the reasons. state: proposed when it is left out.",
    .reply = "[{id, sku, name: text?, warehouse, status, quantity: number, unit_cost: number?, supplier: "
             "text?, method, state, available: number, incoming: number, reorder_point: number, risk: "
             "number, reason, detail: {...}, created_at, updated_at, decided_at: text?, note: text?, "
             "reference: text?}]; counts: {*: int}",
    .query = "state: proposed|accepted|dismissed|ordered|received|all, limit: int" },
  { "POST", "/api/reorders/{id}/accept", reorder_accept_post, "stock.write",
    "It will be ordered: its purchase order is published. {\"note\": \"...\"}. 409 when it was decided "
    "already.",
    .reply = "{id}", .body = "{note}", .body_max = LIMIT_BODY_BYTES },
  { "POST", "/api/reorders/{id}/dismiss", reorder_dismiss_post, "stock.write",
    "Not now: it is proposed again only when the state of the stock changes. {\"note\": \"...\"}.",
    .reply = "{id}", .body = "{note}", .body_max = LIMIT_BODY_BYTES },
  { 0 },
};
