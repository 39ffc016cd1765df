#include "field/setting.h"

int field_setting_read(struct ctx *cx, struct db *db, struct field_setting *out) {
  *out = (struct field_setting){ .horizon = 7, .min_count = 5, .false_rate = 0.05, .prefix = "SO" };
  struct stmt *s = db_stmt(cx, db, SQL_field_setting);
  if (!stmt_row(cx, s)) return cx->code;
  out->legacy = col_int(s, 0) != 0;
  out->horizon = (int32_t)col_int(s, 1);
  out->min_confidence = col_int(s, 2);
  out->min_count = col_int(s, 3);
  out->false_rate = (double)col_int(s, 4) / 10000;
  str_copy(out->prefix, sizeof out->prefix, col_str(s, 5));
  stmt_done(s);
  return OK;
}
