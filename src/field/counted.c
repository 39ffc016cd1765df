#include "field/counted.h"

#include "base/time.h"
#include "record/record.h"

enum { CENTS = 100 }; /* sums are kept in 1/10000, orders in 1/100 */

static bool counts(struct str status) {
  return str_eq(status, STR("pending")) || str_eq(status, STR("approved"));
}

int counted_order(struct ctx *cx, struct db *db, const struct draft *d) {
  int64_t at = 0;
  if (!counts(draft_text(d, "status"))) return OK;
  time_parse_iso(draft_text(d, "order_date"), &at);
  return db_act(cx, db, SQL_counted_sale_add, draft_id(d), draft_text(d, "store_id"), at / DAY_US,
                draft_int(d, "total_amount") * CENTS, draft_int(d, "item_count"));
}

static int add_product(struct ctx *cx, struct db *db, enum sql_id query, const struct draft *d) {
  return db_act(cx, db, query, draft_text(d, "product_id"), draft_int(d, "quantity"),
                draft_int(d, "total_price") * CENTS);
}

bool counted_is(struct ctx *cx, struct db *db, struct str order) {
  return stmt_known(cx, db_stmt(cx, db, SQL_counted_line), order) != NULL;
}

int counted_line(struct ctx *cx, struct db *db, const struct draft *d) {
  if (add_product(cx, db, SQL_counted_product, d) || db_changes(db)) return cx->code;
  return add_product(cx, db, SQL_counted_product_add, d);
}
