#include "record/internal.h"

const char *order_sql(struct ctx *cx, const char *order) {
  const char *sql = "";
  while (*order) {
    struct str one = str_trim((struct str){ order, strcspn(order, ",") });
    bool down = one.n && *one.p == '-';
    sql = ctx_printf(cx, "%s%s" STR_FMT "%s", sql, *sql ? ", " : "", (int)(one.n - down), one.p + down,
                     down ? " DESC" : "");
    order += strcspn(order, ",");
    order += *order == ',';
  }
  return sql;
}
