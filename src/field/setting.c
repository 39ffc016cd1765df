#include "field/setting.h"

int field_setting_read(struct ctx *cx, struct db *db, struct field_setting *out) {
  *out = (struct field_setting){ .horizon = 7, .min_count = 5, .false_rate = 0.05, .prefix = "SO" };
  const struct known_row *row = stmt_known(cx, db_stmt(cx, db, SQL_field_setting), STR(""));
  if (!row) return cx->code;
  const struct known_cell *c = row->cell;
  out->legacy = c[0].number != 0;
  out->horizon = (int32_t)c[1].number;
  out->min_confidence = c[2].number;
  out->min_count = c[3].number;
  out->false_rate = (double)c[4].number / 10000;
  str_copy(out->prefix, sizeof out->prefix, c[5].text);
  return OK;
}
