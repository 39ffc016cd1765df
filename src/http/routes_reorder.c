/* routes_reorder.c - what runs low, and what should be ordered. */
#include "base/limits.h"
#include "http/routes.h"
#include "inventory/lowstock.h"

enum { PROPOSALS = 200, PROPOSALS_MOST = 1000 };

static int low_stock_show(struct request *rq) {
  jw_object(&rq->json, "data");
  int rc = lowstock_summary(rq->cx, rq->db, &rq->json);
  jw_close(&rq->json, '}');
  return rc;
}

static int kept_show(struct request *rq) {
  jw_object(&rq->json, "data");
  int rc = lowstock_kept(rq->cx, rq->db, rq->param[0], &rq->json);
  jw_close(&rq->json, '}');
  return rc;
}

static int reorders_list(struct request *rq) {
  const char *state;
  int64_t limit;
  int rc = query_text(rq, "state", &state);
  if (!rc) rc = query_int(rq, "limit", 1, PROPOSALS_MOST, PROPOSALS, &limit);
  if (!rc) rc = reorder_list(rq->cx, rq->db, state, limit, &rq->json, "data");
  return rc ? rc : reorder_totals(rq->cx, rq->db, &rq->json, "counts");
}

static int reorder_accept_post(struct request *rq) { return decision_post(rq, reorder_accept); }
static int reorder_dismiss_post(struct request *rq) { return decision_post(rq, reorder_dismiss); }

/* ---- the addresses ---- */

const struct route reorder_routes[] = {
  { "GET", "/api/low-stock", low_stock_show, "stock.read",
    "How many items are out, low and at risk, and the worst of them, as it was worked out last.",
    .reply = "{at, figures: object}", .reads = true },
  { "GET", "/api/kept/*", kept_show, "stock.read",
    "Figures that are kept ready, and when they were worked out: low_stock, stock/WAREHOUSE/SKU.",
    .reply = "{name, at, figures: object}", .reads = true },
  { "GET", "/api/reorders", reorders_list, "stock.read",
    "What should be ordered, the most urgent first, with the reasons. state: proposed when it is left out.",
    .reply = "[{id, sku, name: text?, warehouse, status, quantity: number, unit_cost: number?, supplier: "
             "text?, method, state, available: number, incoming: number, reorder_point: number, risk: "
             "number, reason, detail: {...}, created_at, updated_at, decided_at: text?, note: text?, "
             "reference: text?}]; counts: {*: int}",
    .query = "state: proposed|accepted|dismissed|ordered|received|all, limit: int", .reads = true },
  { "POST", "/api/reorders/{id}/accept", reorder_accept_post, "stock.write",
    "It will be ordered: its purchase order is published. {\"note\": \"...\"}. 409 when it was decided "
    "already.",
    .reply = "{id}", .body = "{note}", .body_max = LIMIT_BODY_BYTES },
  { "POST", "/api/reorders/{id}/dismiss", reorder_dismiss_post, "stock.write",
    "Not now: it is proposed again only when the state of the stock changes. {\"note\": \"...\"}.",
    .reply = "{id}", .body = "{note}", .body_max = LIMIT_BODY_BYTES },
  { 0 },
};
