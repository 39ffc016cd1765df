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

/* ---- figures ---- */

int dashboard_show(struct request *rq) {
  struct db *db;
  int rc = db_find(rq, &db);
  if (rc) return rc;
  jw_object(&rq->json, "data");
  rc = dashboard_summary(rq->cx, db, &rq->json);
  jw_close(&rq->json, '}');
  return rc;
}

int dashboard_audit_show(struct request *rq) {
  struct db *db;
  int64_t bad = 0;
  int rc = db_find(rq, &db);
  if (!rc) rc = dashboard_audit(rq->cx, db, &rq->json, "data", &bad);
  if (!rc) jw_bool(&rq->json, "ok", bad == 0);
  return rc;
}

int trends_show(struct request *rq) {
  struct trend_query q;
  struct db *db;
  int rc = query_text(rq, "period", &q.period);
  if (!rc) rc = query_text(rq, "from", &q.from);
  if (!rc) rc = query_text(rq, "to", &q.to);
  if (!rc) rc = query_text(rq, "store", &q.store);
  if (!rc) rc = query_text(rq, "product", &q.product);
  if (!rc) rc = db_find(rq, &db);
  if (rc) return rc;
  if (!q.period) q.period = "month";
  return trend_list(rq->cx, db, &q, &rq->json, "data");
}

int bought_show(struct request *rq) {
  struct bought_query q;
  struct db *db;
  int rc = query_text(rq, "store", &q.store);
  if (!rc) rc = query_text(rq, "product", &q.product);
  if (!rc) rc = query_int(rq, "limit", 1, BOUGHT_MOST, BOUGHT, &q.limit);
  if (!rc) rc = db_find(rq, &db);
  return rc ? rc : bought_list(rq->cx, db, &q, &rq->json, "data");
}

int field_rules_list(struct request *rq) {
  struct db *db;
  int64_t limit, total = 0;
  int rc = query_int(rq, "limit", 1, RULES_MOST, RULES, &limit);
  if (!rc) rc = db_find(rq, &db);
  if (!rc) rc = upsell_rules(rq->cx, db, limit, &rq->json, "data", &total);
  if (!rc) jw_int(&rq->json, "total", total);
  return rc;
}

/* ---- what is worked out ---- */

int predictions_list(struct request *rq) {
  struct predict_query q;
  struct db *db;
  int64_t total = 0;
  int rc = query_text(rq, "status", &q.status);
  if (!rc) rc = query_text(rq, "store", &q.store);
  if (!rc) rc = query_text(rq, "due", &q.due);
  if (!rc) rc = query_int(rq, "limit", 1, PREDICTIONS_MOST, PREDICTIONS, &q.limit);
  if (!rc) rc = db_find(rq, &db);
  if (!rc && q.due) rc = predict_day(rq->cx, db, q.due, &q.due);
  if (rc) return rc;
  q.status = !q.status ? "pending" : !strcmp(q.status, "all") ? NULL : q.status;
  rc = predict_list(rq->cx, db, &q, &rq->json, "data", &total);
  if (!rc) jw_int(&rq->json, "total", total);
  if (!rc && q.due) jw_text(&rq->json, "day", q.due);
  return rc;
}

int suggestions_show(struct request *rq) {
  struct db *db;
  int rc = db_find(rq, &db);
  return rc ? rc : upsell_suggest(rq->cx, db, rq->param[0], &rq->json, "data");
}

/* ---- stores and products ---- */

int store_show_one(struct request *rq) {
  struct db *db;
  char id[37];
  int64_t limit, version;
  const struct entity *store = entity_find("store");
  int rc = query_int(rq, "limit", 1, STORE_ORDERS_MOST, STORE_ORDERS, &limit);
  if (!rc) rc = db_find(rq, &db);
  if (!rc) rc = record_id(rq->cx, db, store, rq->param[0], id);
  if (!rc) rc = record_version(rq->cx, db, store, id, &version);
  if (!rc) rc = shop_show(rq->cx, db, id, limit, &rq->json, "data");
  if (!rc) rq->etag = tag_with_version(rq, version);
  return rc;
}

int preferences_show(struct request *rq) {
  struct db *db;
  char id[37];
  int rc = db_find(rq, &db);
  if (!rc) rc = record_id(rq->cx, db, entity_find("store"), rq->param[0], id);
  return rc ? rc : shop_preferences(rq->cx, db, id, &rq->json, "data");
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
  if (record_id(cx, db, entity_find("store"), rq->param[0], id) ||
      shop_preferences_version(cx, db, id, &version) || match_version(rq, cx, "store_preference", version))
    return cx->code;
  return shop_prefer(cx, db, id, t->body) ? (int)cx->code : shop_preferences(cx, db, id, &rq->json, "data");
}

int preferences_put(struct request *rq) {
  struct preference_task t = { .rq = rq };
  int rc = body_json(rq, &t.body);
  return rc ? rc : write_once(rq, put_preferences, &t);
}

static int list_of(struct request *rq, int (*list)(struct ctx *cx, struct db *db, struct jw *w,
                                                   const char *key, int64_t *total)) {
  struct db *db;
  int64_t total = 0;
  int rc = db_find(rq, &db);
  if (!rc) rc = list(rq->cx, db, &rq->json, "data", &total);
  if (!rc) jw_int(&rq->json, "total", total);
  return rc;
}

int categories_list(struct request *rq) { return list_of(rq, shop_categories); }
int brands_list(struct request *rq) { return list_of(rq, shop_brands); }
