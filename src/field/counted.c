#include "field/counted.h"

#include "base/time.h"

enum { CENTS = 100 }; /* sums are kept in 1/10000, orders in 1/100 */

int counted_order(struct ctx *cx, struct db *db, const char *id) {
  int64_t at = 0;
  struct stmt *s = db_stmt(cx, db, SQL_counted_order);
  stmt_text(s, 1, id);
  if (!stmt_row(cx, s)) return cx->code;
  time_parse_iso(col_str(s, 1), &at);
  struct stmt *add = db_stmt(cx, db, SQL_counted_sale_add);
  stmt_text(add, 1, id);
  stmt_str(add, 2, col_str(s, 0));
  stmt_int(add, 3, at / DAY_US);
  stmt_int(add, 4, col_int(s, 2) * CENTS);
  stmt_int(add, 5, col_int(s, 3));
  stmt_run(cx, add);
  stmt_done(s);
  return cx->code;
}

static int add_product(struct ctx *cx, struct db *db, enum sql_id query, const struct stmt *line) {
  struct stmt *s = db_stmt(cx, db, query);
  stmt_str(s, 1, col_str(line, 0));
  stmt_int(s, 2, col_int(line, 1));
  stmt_int(s, 3, col_int(line, 2) * CENTS);
  return stmt_run(cx, s);
}

int counted_line(struct ctx *cx, struct db *db, const char *id) {
  struct stmt *s = db_stmt(cx, db, SQL_counted_line);
  stmt_text(s, 1, id);
  if (!stmt_row(cx, s)) return cx->code;
  if (!add_product(cx, db, SQL_counted_product, s) && db_changes(db) == 0)
    add_product(cx, db, SQL_counted_product_add, s);
  stmt_done(s);
  return cx->code;
}
