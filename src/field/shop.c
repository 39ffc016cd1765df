#include "field/shop.h"

#include "base/limits.h"
#include "field/history.h"
#include "field/order.h"
#include "record/form.h"
#include "store/column.h"

/* ---- one record's members within an object ---- */

static void put_members(struct jw *w, const struct jv *object) {
  struct buf text;
  buf_init(&text, LIMIT_TEXT_BYTES);
  for (void *it = jv_first(object); it; it = jv_next(object, it)) {
    char name[80];
    str_copy(name, sizeof name, jv_key(it));
    buf_reset(&text);
    jv_write(&text, jv_value(it));
    jw_raw(w, name, buf_view(&text));
  }
  buf_clear(&text);
}

static int put_record(struct ctx *cx, struct db *db, const char *entity, const char *id, struct jw *w) {
  struct buf text;
  struct jw one;
  struct jv *root;
  buf_init(&text, LIMIT_BODY_BYTES);
  jw_init(&one, &text);
  int rc = record_get(cx, db, entity_find(entity), id, &one, NULL);
  if (!rc) rc = jv_parse(cx, buf_view(&text), &root);
  if (!rc) put_members(w, root);
  buf_clear(&text);
  return rc;
}

/* ---- what belongs to a store ---- */

static int put_sums(struct ctx *cx, struct db *db, const char *id, struct jw *w) {
  int64_t orders = 0, revenue = 0;
  struct stmt *s = db_ask(cx, db, SQL_shop_sums, id);
  if (stmt_row(cx, s)) orders = col_int(s, 0), revenue = col_int(s, 1), stmt_done(s);
  jw_put(w, "total_orders", orders, "total_revenue", arg_number(revenue, FIELD_SCALE, 2));
  return cx->code;
}

static int put_segment(struct ctx *cx, struct db *db, const char *id, struct jw *w) {
  struct stmt *s = db_ask(cx, db, SQL_shop_segment, id);
  if (!stmt_row(cx, s)) {
    jw_text(w, "segment", NULL);
    return cx->code;
  }
  jw_object(w, "segment");
  columns_write(w, s, 0, "segment_name, segment_value");
  jw_put(w, "total_revenue", arg_number(col_int(s, 2), MONEY_SCALE, 2), "order_frequency",
         arg_number(col_int(s, 3), 2, 0), "churn_risk", arg_number(col_int(s, 4), 2, 2));
  columns_write(w, s, 5, "recency_score: int, frequency_score: int, monetary_score: int, last_order");
  jw_close(w, '}');
  stmt_done(s);
  return OK;
}

static int put_prediction(struct ctx *cx, struct db *db, const char *id, struct jw *w) {
  struct stmt *s = db_ask(cx, db, SQL_shop_prediction, id);
  if (!stmt_row(cx, s)) {
    jw_text(w, "prediction", NULL);
    return cx->code;
  }
  jw_object(w, "prediction");
  columns_write(w, s, 0, "id, predicted_date");
  jw_put(w, "confidence", arg_number(col_int(s, 2), 2, 2), "priority", col_str(s, 3), "total_amount",
         arg_number(col_int(s, 4), MONEY_SCALE, 2));
  jw_close(w, '}');
  stmt_done(s);
  return OK;
}

int shop_show(struct ctx *cx, struct db *db, const char *id, int64_t orders, struct jw *w, const char *key) {
  const char *next;
  int64_t total;
  jw_object(w, key);
  if (put_record(cx, db, "store", id, w) || put_sums(cx, db, id, w)) return cx->code;
  if (order_list(cx, db, &(struct order_query){ .store = id, .limit = orders }, w, "orders", &total, &next))
    return cx->code;
  if (put_segment(cx, db, id, w) || shop_preferences(cx, db, id, w, "preferences") ||
      put_prediction(cx, db, id, w))
    return cx->code;
  jw_close(w, '}');
  return cx->code;
}

/* ---- preferences ---- */

int shop_preferences(struct ctx *cx, struct db *db, const char *store, struct jw *w, const char *key) {
  struct stmt *s = db_ask(cx, db, SQL_shop_preferences, store);
  if (!stmt_row(cx, s)) return cx->code;
  jw_object(w, key);
  jw_text(w, "store_id", store);
  columns_write(w, s, 0, "call_frequency, payment_terms: int");
  if (col_null(s, 2))
    jw_text(w, "credit_limit", NULL);
  else
    jw_number(w, "credit_limit", col_int(s, 2), MONEY_SCALE, 2);
  columns_write(w, s, 3, "auto_approve_predictions: bool, version: int");
  jw_close(w, '}');
  stmt_done(s);
  return OK;
}

int shop_preferences_version(struct ctx *cx, struct db *db, const char *store, int64_t *version) {
  struct stmt *s = db_ask(cx, db, SQL_shop_preferences, store);
  *version = 0;
  if (!stmt_row(cx, s)) return cx->code;
  *version = col_int(s, 4);
  stmt_done(s);
  return OK;
}

static const char *preference_of(struct ctx *cx, struct db *db, const char *store) {
  struct stmt *s = db_ask(cx, db, SQL_shop_preference_id, store);
  if (!stmt_row(cx, s)) return NULL;
  const char *id = col_dup(cx, s, 0);
  stmt_done(s);
  return id;
}

int shop_prefer(struct ctx *cx, struct db *db, const char *store, const struct jv *object) {
  struct form f;
  struct buf text;
  struct jw *w = form_begin(&f, preference_of(cx, db, store));
  jw_text(w, "store_id", store);
  buf_init(&text, LIMIT_TEXT_BYTES);
  for (void *it = jv_first(object); it; it = jv_next(object, it)) {
    const char *name = ctx_strdup(cx, jv_key(it));
    bool same = !strcmp(name, "store_id") && str_eq(jv_text(jv_value(it)), str_of(store));
    if (same || (!strcmp(name, "version") && str_eq(jv_text(jv_value(it)), STR("0")))) continue;
    buf_reset(&text);
    jv_write(&text, jv_value(it));
    jw_raw(w, name, buf_view(&text));
  }
  buf_clear(&text);
  return form_save(cx, db, "store_preference", &f, NULL);
}

/* ---- products ---- */

static int names(struct ctx *cx, struct db *db, enum sql_id query, struct jw *w, const char *key,
                 int64_t *total) {
  struct stmt *s = db_stmt(cx, db, query);
  jw_array(w, key);
  for (*total = 0; stmt_row(cx, s); ++*total) jw_str(w, NULL, col_str(s, 0));
  jw_close(w, ']');
  return cx->code;
}

int shop_categories(struct ctx *cx, struct db *db, struct jw *w, const char *key, int64_t *total) {
  return names(cx, db, SQL_shop_categories, w, key, total);
}
int shop_brands(struct ctx *cx, struct db *db, struct jw *w, const char *key, int64_t *total) {
  return names(cx, db, SQL_shop_brands, w, key, total);
}
