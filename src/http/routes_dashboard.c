/* routes_dashboard.c - figures of field sales, and what is worked out from them. */
#include "base/limits.h"
#include "field/bought.h"
#include "field/dashboard.h"
#include "field/predict.h"
#include "field/shop.h"
#include "field/upsell.h"
#include "http/routes.h"
#include "record/record.h"

enum {
  PREDICTIONS = 1000,
  PREDICTIONS_MOST = 10000,
  RULES = 200,
  RULES_MOST = 10000,
  BOUGHT = 50,
  BOUGHT_MOST = 1000,
  STORE_ORDERS = 20,
  STORE_ORDERS_MOST = 500
};

int store_in_query(struct request *rq, const char **id) {
  char found[37];
  int rc = query_text(rq, "store", id);
  if (rc || !*id) return rc;
  if (!record_id(rq->cx, rq->db, entity_find("store"), *id, found))
    *id = ctx_strdup(rq->cx, str_of(found));
  else if (rq->cx->code == E_NOT_FOUND)
    ctx_forgive(rq->cx);
  return rq->cx->code;
}

/* ---- figures ---- */

static int dashboard_show(struct request *rq) {
  jw_object(&rq->json, "data");
  int rc = dashboard_summary(rq->cx, rq->db, &rq->json);
  jw_close(&rq->json, '}');
  return rc;
}

static int dashboard_audit_show(struct request *rq) {
  int64_t bad = 0;
  int rc = dashboard_audit(rq->cx, rq->db, &rq->json, "data", &bad);
  if (!rc) jw_bool(&rq->json, "ok", bad == 0);
  return rc;
}

static int trends_show(struct request *rq) {
  struct trend_query q;
  int rc = query_texts(rq, { "period", &q.period }, { "from", &q.from }, { "to", &q.to },
                       { "product", &q.product });
  if (!rc) rc = store_in_query(rq, &q.store);
  if (rc) return rc;
  if (!q.period) q.period = "month";
  return trend_list(rq->cx, rq->db, &q, &rq->json, "data");
}

static int bought_show(struct request *rq) {
  struct bought_query q;
  int rc = query_text(rq, "product", &q.product);
  if (!rc) rc = query_int(rq, "limit", 1, BOUGHT_MOST, BOUGHT, &q.limit);
  if (!rc) rc = store_in_query(rq, &q.store);
  return rc ? rc : bought_list(rq->cx, rq->db, &q, &rq->json, "data");
}

static int field_rules_list(struct request *rq) {
  const char *search;
  int64_t limit, total = 0;
  int rc = query_text(rq, "q", &search);
  if (!rc) rc = query_int(rq, "limit", 1, RULES_MOST, RULES, &limit);
  if (!rc) rc = upsell_rules(rq->cx, rq->db, search, limit, &rq->json, "data", &total);
  if (!rc) jw_int(&rq->json, "total", total);
  return rc;
}

/* ---- what is worked out ---- */

static int predictions_list(struct request *rq) {
  struct predict_query q;
  const char *next = NULL;
  int64_t total = 0;
  int rc = query_choice(rq, "status", &q.status);
  if (!rc) rc = query_texts(rq, { "due", &q.due }, { "q", &q.search }, { "cursor", &q.cursor });
  if (!rc) rc = query_int(rq, "limit", 1, PREDICTIONS_MOST, PREDICTIONS, &q.limit);
  if (!rc) rc = store_in_query(rq, &q.store);
  if (!rc && q.due) rc = predict_day(rq->cx, rq->db, q.due, &q.due);
  if (rc) return rc;
  q.status = !q.status ? "pending" : !strcmp(q.status, "all") ? NULL : q.status;
  rc = predict_list(rq->cx, rq->db, &q, &rq->json, "data", &total, &next);
  if (rc) return rc;
  jw_put(&rq->json, "total", total, "next", next);
  link_next(rq, "cursor", next);
  if (q.due) jw_text(&rq->json, "day", q.due);
  return OK;
}

static int prediction_show(struct request *rq) {
  int64_t version;
  int rc = record_version(rq->cx, rq->db, entity_find("predicted_order"), rq->param[0], &version);
  if (!rc) rc = predict_show(rq->cx, rq->db, rq->param[0], &rq->json, "data");
  if (!rc) rq->etag = tag_with_version(rq, "predicted_order", rq->param[0], version);
  return rc;
}

static int prediction_do(struct request *rq, enum record_act act, record_show_fn *show) {
  return record_do(rq, act, entity_find("predicted_order"), rq->param[0], show);
}
static int prediction_post(struct request *rq) { return prediction_do(rq, RECORD_ADD, predict_show); }
static int prediction_put(struct request *rq) { return prediction_do(rq, RECORD_REPLACE, predict_show); }
static int prediction_patch(struct request *rq) { return prediction_do(rq, RECORD_CHANGE, predict_show); }
static int prediction_bring_back(struct request *rq) {
  return prediction_do(rq, RECORD_RESTORE, predict_show);
}

static int show_deleted(struct ctx *cx, struct db *db, const char *id, struct jw *w, const char *key) {
  (void)db;
  jw_record(w, key, "id", id, "deleted", arg_bool(true));
  return cx->code;
}

static int prediction_remove(struct request *rq) { return prediction_do(rq, RECORD_DELETE, show_deleted); }

static int suggestions_show(struct request *rq) {
  return upsell_suggest(rq->cx, rq->db, rq->param[0], &rq->json, "data");
}

/* ---- stores and products ---- */

/* The store that the address names: an id of none is not found, nor is that of another tenant's. */
static int store_asked(struct request *rq, struct ctx *cx, struct db *db, char id[static 37],
                       int64_t *version) {
  const struct entity *store = entity_find("store");
  return record_id(cx, db, store, rq->param[0], id) ? (int)cx->code
                                                    : record_version(cx, db, store, id, version);
}

static int store_show_one(struct request *rq) {
  char id[37];
  int64_t limit, version;
  int rc = query_int(rq, "limit", 1, STORE_ORDERS_MOST, STORE_ORDERS, &limit);
  if (!rc) rc = store_asked(rq, rq->cx, rq->db, id, &version);
  if (!rc) rc = shop_show(rq->cx, rq->db, id, limit, &rq->json, "data");
  if (!rc) rq->etag = tag_with_version(rq, "store", id, version);
  return rc;
}

static int show_preferences(struct request *rq, struct ctx *cx, struct db *db, const char *store) {
  int64_t version;
  if (shop_preferences_version(cx, db, store, &version) || shop_preferences(cx, db, store, &rq->json, "data"))
    return cx->code;
  rq->etag = tag_with_version(rq, "store_preference", store, version);
  return OK;
}

static int preferences_show(struct request *rq) {
  char id[37];
  int64_t version;
  int rc = store_asked(rq, rq->cx, rq->db, id, &version);
  return rc ? rc : show_preferences(rq, rq->cx, rq->db, id);
}

struct preference_task {
  struct request *rq;
  struct jv *body;
};

static int put_preferences(struct ctx *cx, struct db *db, void *arg) {
  struct preference_task *t = arg;
  struct request *rq = t->rq;
  char id[37];
  int64_t version;
  if (store_asked(rq, cx, db, id, &version) || shop_preferences_version(cx, db, id, &version) ||
      match_version(rq, cx, "store_preference", id, version))
    return cx->code;
  return shop_prefer(cx, db, id, t->body) ? (int)cx->code : show_preferences(rq, cx, db, id);
}

static int preferences_put(struct request *rq) {
  struct preference_task t = { .rq = rq };
  int rc = body_json(rq, &t.body);
  return rc ? rc : write_once(rq, put_preferences, &t);
}

static int list_of(struct request *rq, int (*list)(struct ctx *cx, struct db *db, struct jw *w,
                                                   const char *key, int64_t *total)) {
  int64_t total = 0;
  int rc = list(rq->cx, rq->db, &rq->json, "data", &total);
  if (!rc) jw_int(&rq->json, "total", total);
  return rc;
}

static int categories_list(struct request *rq) { return list_of(rq, shop_categories); }
static int brands_list(struct request *rq) { return list_of(rq, shop_brands); }

/* ---- the addresses ---- */

#define PREDICTION_BODY                                                                                      \
  "{store_id: id, predicted_date: day, confidence: any, priority, total_amount: any, status, method, "       \
  "days: int, explanation: {...}, notes, ...}"

const struct route dashboard_routes[] = {
  { "GET", "/api/dashboard/summary", dashboard_show, "sales.read",
    "The nine figures of field sales as of the last commit: total_stores, total_products, total_orders, "
    "total_revenue, average_order_value, pending_predictions, high_value_customers, top_stores, "
    "top_products.",
    .reply = "{total_stores: int, total_products: int, total_orders: int, total_revenue: number, "
             "average_order_value: number, pending_predictions: int, high_value_customers: int, top_stores: "
             "[{id, name, total_revenue: number, orders: int}], top_products: [{id, name, total_revenue: "
             "number, quantity: number}]}",
    .cached = true },
  { "GET", "/api/dashboard/audit", dashboard_audit_show, "sales.read",
    "Each of the nine figures computed a second way: {name, shown, again, ok, how}.",
    .reply = "[{name, shown, again, ok: bool, how}]; ok: bool", .cached = true },
  { "GET", "/api/analytics/trends", trends_show, "sales.read",
    "Orders, revenue, average order value and stores by day, week or month.",
    .reply = "[{period, from, orders: int, revenue: number, average_order_value: number, stores: int}]",
    .query = "period: day|week|month, store, product, from: day, to: day", .cached = true },
  { "GET", "/api/analytics/bought", bought_show, "sales.read",
    "What a store buys, or who buys a product: {id, name, quantity, total_revenue, orders, last_order}, the "
    "most first.",
    .reply = "[{id, name, quantity: number, total_revenue: number, orders: int, last_order: text?}]",
    .query = "store, product, limit: int", .cached = true },
  { "GET", "/api/analytics/rules", field_rules_list, "sales.read",
    "What is bought together: rules with counts, support, confidence, lift. q: words, each somewhere in the "
    "name, SKU, barcode, category or brand of one of the two.",
    .reply = "[#advice]; total: int", .query = "limit: int, q", .cached = true },
  { "GET", "/api/upselling/suggestions/{id}", suggestions_show, "sales.read",
    "What an order, an invoice or a store may want besides, and why.", .reply = "[#advice]", .reads = true },
  { "GET", "/api/predicted-orders", predictions_list, "sales.read",
    "Orders that stores are expected to make, soonest first, with items and explanation. q: words, each "
    "somewhere in the store's name, code, city, phone, GSTIN or salesperson, or in the number of the order; "
    "due: a day (2024-05-31): those that are due by then, what matters most first, and in `day` whose calls "
    "they are, which is the day after the last one of the data where that is long past.",
    .reply = "[#prediction]; total: int, next: text?, day?: text",
    .query = "status: pending|approved|rejected|all, store, due, q, limit: int, cursor", .cached = true },
  { "GET", "/api/predicted-orders/{id}", prediction_show, "sales.read",
    "One of them, in the words of the list; what it once was is at /api/records/predicted_order/{id}?as_of=.",
    .reply = "#prediction", .reads = true },
  { "POST", "/api/predicted-orders", prediction_post, "sales.write",
    "Adds one that somebody expects himself, or, with the id of one, changes what is named.",
    .reply = "201|200 #prediction", .body = PREDICTION_BODY, .body_max = LIMIT_BODY_BYTES },
  { "PUT", "/api/predicted-orders/{id}", prediction_put, "sales.write",
    "Makes it what the body says: what it does not name becomes its default, or empty.",
    .reply = "#prediction", .body = PREDICTION_BODY, .body_max = LIMIT_BODY_BYTES },
  { "PATCH", "/api/predicted-orders/{id}", prediction_patch, "sales.write",
    "Changes the properties that the body names.", .reply = "#prediction", .body = PREDICTION_BODY,
    .body_max = LIMIT_BODY_BYTES },
  { "DELETE", "/api/predicted-orders/{id}", prediction_remove, "sales.write",
    "Deletes it, which can be undone.", .reply = "{id, deleted: bool}" },
  { "POST", "/api/predicted-orders/{id}/restore", prediction_bring_back, "sales.write", "Brings it back.",
    .reply = "#prediction" },
  { "GET", "/api/stores/{id}", store_show_one, "sales.read",
    "A store with its last orders, sums, segment, preferences and prediction.",
    .reply =
        "{id, customer_id, name: text?, address: text?, city: text?, state: text?, pin: text?, phone: text?, "
        "email: text?, gstin: text?, salesperson: text?, status, notes: text?, version: int, created_at: "
        "int, created_by, updated_at: int, updated_by, deleted_at: int?, deleted_by: text?, total_orders: "
        "int, total_revenue: number, orders: [#order_row], segment: {segment_name, segment_value, "
        "total_revenue: number, order_frequency: number, churn_risk: number, recency_score: int, "
        "frequency_score: int, monetary_score: int, last_order: text?}?, preferences: #preferences?, "
        "prediction: {id, predicted_date, confidence: number, priority, total_amount: number}?}",
    .query = "limit: int", .reads = true },
  { "GET", "/api/stores/{id}/preferences", preferences_show, "sales.read",
    "How a store wants to be treated; what nobody has set is as it is by default.", .reply = "#preferences",
    .reads = true },
  { "PUT", "/api/stores/{id}/preferences", preferences_put, "sales.write",
    "Sets them: {call_frequency, payment_terms, credit_limit, auto_approve_predictions}; what is not named "
    "stays.",
    .reply = "#preferences",
    .body = "{call_frequency, payment_terms, credit_limit: any, auto_approve_predictions: bool, ...}",
    .body_max = LIMIT_BODY_BYTES },
  { "GET", "/api/products/categories", categories_list, "sales.read", "The categories of products, by name.",
    .reply = "[text]; total: int", .cached = true },
  { "GET", "/api/products/brands", brands_list, "sales.read", "The brands of products, by name.",
    .reply = "[text]; total: int", .cached = true },
  { 0 },
};
