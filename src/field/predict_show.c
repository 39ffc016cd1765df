#include "base/json.h"
#include "field/dashboard.h"
#include "field/predict.h"
#include "store/column.h"
#include "store/search.h"

/* Columns: product, name, sku, quantity, unit price, total, chance. */
static int write_items(struct ctx *cx, struct db *db, const char *prediction, struct jw *w) {
  struct stmt *s = db_ask(cx, db, SQL_predict_items, prediction);
  jw_array(w, "items");
  while (stmt_row(cx, s)) {
    jw_object(w, NULL);
    columns_write(w, s, 0, "product_id, product");
    jw_put(w, "quantity", arg_number(col_int(s, 2), FIELD_SCALE, 0), "unit_price",
           arg_number(col_int(s, 3), FIELD_SCALE, 2), "total_price",
           arg_number(col_int(s, 4), MONEY_SCALE, 2), "chance", arg_number(col_int(s, 5), 4, 0));
    jw_close(w, '}');
  }
  jw_close(w, ']');
  return cx->code;
}

static void put(struct jw *w, const char *name, const struct stmt *s, int i) {
  if (col_null(s, i))
    jw_text(w, name, NULL);
  else
    jw_str(w, name, col_str(s, i));
}

static void write_one(struct jw *w, const struct stmt *s) {
  put(w, "id", s, 0);
  put(w, "store_id", s, 1);
  put(w, "store_name", s, 2);
  put(w, "predicted_date", s, 3);
  jw_number(w, "confidence", col_int(s, 4), 2, 2);
  put(w, "priority", s, 5);
  jw_number(w, "total_amount", col_int(s, 6), MONEY_SCALE, 2);
  put(w, "status", s, 7);
  put(w, "method", s, 8);
  columns_write(w, s, 9, "days: int, explanation: any");
  put(w, "notes", s, 11);
  put(w, "order_id", s, 12);
  put(w, "order_number", s, 13);
  columns_write(w, s, 14, "version: int, created_at: instant");
}

int predict_day(struct ctx *cx, struct db *db, const char *today, const char **out) {
  if (day_check(cx, "due", today)) return cx->code;
  struct stmt *s = db_ask(cx, db, SQL_predict_day, today, PREDICT_STALE_DAYS);
  *out = stmt_row(cx, s) ? ctx_strdup(cx, col_str(s, 0)) : NULL;
  stmt_done(s);
  return cx->code;
}

int predict_list(struct ctx *cx, struct db *db, const struct predict_query *q, struct jw *w, const char *key,
                 int64_t *total) {
  const char *words;
  if (search_patterns(cx, "q", q->search, &words)) return cx->code;
  struct stmt *s = db_ask(cx, db, SQL_predict_list, q->status, q->store, q->limit, q->due, words);
  jw_array(w, key);
  *total = 0;
  while (stmt_row(cx, s)) {
    jw_object(w, NULL);
    write_one(w, s);
    *total = col_int(s, 16);
    write_items(cx, db, ctx_strdup(cx, col_str(s, 0)), w);
    jw_close(w, '}');
  }
  jw_close(w, ']');
  return cx->code;
}
