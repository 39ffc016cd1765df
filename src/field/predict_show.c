#include "base/base64.h"
#include "base/json.h"
#include "base/limits.h"
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

static int write_whole(struct ctx *cx, struct db *db, const struct stmt *s, struct jw *w, const char *key) {
  jw_object(w, key);
  write_one(w, s);
  write_items(cx, db, ctx_strdup(cx, col_str(s, 0)), w);
  jw_close(w, '}');
  return cx->code;
}

static const char *cursor_make(struct ctx *cx, struct str place) {
  struct buf out;
  buf_init(&out, LIMIT_TEXT_BYTES);
  base64url_put(&out, place.p, place.n);
  return ctx_take(cx, &out);
}

/* *place: the JSON array that the cursor was made of. */
static int cursor_read(struct ctx *cx, const struct predict_query *q, const char **place) {
  enum { PARTS = 6 };
  struct buf text;
  struct jv *v = NULL;
  *place = NULL;
  if (!q->cursor) return OK;
  buf_init(&text, LIMIT_TEXT_BYTES);
  bool good = base64url_get(&text, str_of(q->cursor)) && !jv_parse(cx, buf_view(&text), &v) &&
              jv_kind(v) == JV_ARRAY && jv_size(v) == PARTS &&
              str_eq(jv_text(jv_at(v, 0)), q->due ? STR("1") : STR("0"));
  *place = ctx_take(cx, &text);
  if (good) return OK;
  ctx_forgive(cx);
  return fail(cx, E_INVALID, "cursor", "this cursor belongs to another list: take the one that `next` gave");
}

/* Columns behind those of one. */
enum { TOTAL = 16, PLACE };

int predict_list(struct ctx *cx, struct db *db, const struct predict_query *q, struct jw *w, const char *key,
                 int64_t *total, const char **next) {
  const char *words, *place, *none = NULL, *last = NULL;
  int64_t count = 0;
  *next = NULL;
  if (search_patterns(cx, "q", q->search, &words) || cursor_read(cx, q, &place)) return cx->code;
  struct stmt *s =
      db_ask(cx, db, SQL_predict_list, q->status, q->store, q->limit + 1, q->due, words, none, place);
  jw_array(w, key);
  *total = 0;
  while (stmt_row(cx, s)) {
    *total = col_int(s, TOTAL);
    if (col_null(s, 0)) continue;
    if (count++ == q->limit) {
      *next = last;
      continue;
    }
    if (count == q->limit) last = cursor_make(cx, col_str(s, PLACE));
    write_whole(cx, db, s, w, NULL);
  }
  jw_close(w, ']');
  return cx->code;
}

int predict_show(struct ctx *cx, struct db *db, const char *id, struct jw *w, const char *key) {
  struct stmt *s = db_stmt(cx, db, SQL_predict_list);
  stmt_int(s, 3, 1);
  stmt_text(s, 6, id);
  if (!stmt_row(cx, s)) return cx->code;
  if (col_null(s, 0))
    fail(cx, E_NOT_FOUND, "id", "there is no predicted_order %.80s", id);
  else
    write_whole(cx, db, s, w, key);
  stmt_done(s);
  return cx->code;
}
