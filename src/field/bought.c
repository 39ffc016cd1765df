#include "field/bought.h"

#include "base/time.h"
#include "field/history.h"
#include "store/column.h"

int bought_list(struct ctx *cx, struct db *db, const struct bought_query *q, struct jw *w, const char *key) {
  char day[DATE_SIZE];
  if (!q->store == !q->product)
    return fail(cx, E_INVALID, "store", "say of which store, or of which product: one of them");
  struct stmt *s = db_ask(cx, db, q->store ? SQL_bought_by_store : SQL_bought_of_product,
                          q->store ? q->store : q->product, q->limit);
  jw_array(w, key);
  while (stmt_row(cx, s)) {
    jw_object(w, NULL);
    columns_write(w, s, 0, "id, name");
    jw_put(w, "quantity", arg_number(col_int(s, 2), FIELD_SCALE, 0), "total_revenue",
           arg_number(col_int(s, 3), FIELD_SCALE, 2), "orders", col_int(s, 4));
    date_iso(day, (int32_t)col_int(s, 5));
    jw_text(w, "last_order", day);
    jw_close(w, '}');
  }
  jw_close(w, ']');
  return cx->code;
}
