#include "field/counted.h"

#include "base/time.h"

enum { CENTS = 100 }; /* sums are kept in 1/10000, orders in 1/100 */

int counted_order(struct ctx *cx, struct db *db, const char *id) {
  int64_t at = 0;
  struct stmt *s = db_ask(cx, db, SQL_counted_order, id);
  if (!stmt_row(cx, s)) return cx->code;
  time_parse_iso(col_str(s, 1), &at);
  db_act(cx, db, SQL_counted_sale_add, id, col_str(s, 0), at / DAY_US, col_int(s, 2) * CENTS, col_int(s, 3));
  stmt_done(s);
  return cx->code;
}

static int add_product(struct ctx *cx, struct db *db, enum sql_id query, const struct stmt *line) {
  return db_act(cx, db, query, col_str(line, 0), col_int(line, 1), col_int(line, 2) * CENTS);
}

int counted_line(struct ctx *cx, struct db *db, const char *id) {
  struct stmt *s = db_ask(cx, db, SQL_counted_line, id);
  if (!stmt_row(cx, s)) return cx->code;
  if (!add_product(cx, db, SQL_counted_product, s) && db_changes(db) == 0)
    add_product(cx, db, SQL_counted_product_add, s);
  stmt_done(s);
  return cx->code;
}
