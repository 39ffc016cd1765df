#include "inventory/stock.h"

#include "base/decimal.h"

static const char *const kinds[MOVE_KINDS] = {
  [MOVE_UPDATE] = "INVENTORY_UPDATE", [MOVE_SALE] = "SALE",
  [MOVE_RECEIPT] = "RECEIPT",         [MOVE_RETURN] = "RETURN",
  [MOVE_ADJUSTMENT] = "ADJUSTMENT",   [MOVE_TRANSFER_OUT] = "TRANSFER_OUT",
  [MOVE_TRANSFER_IN] = "TRANSFER_IN", [MOVE_COUNT] = "STOCK_COUNT",
  [MOVE_RESERVATION] = "RESERVATION", [MOVE_RELEASE] = "RELEASE",
};

const char *stock_kind_name(int kind) { return kind > 0 && kind < MOVE_KINDS ? kinds[kind] : "?"; }

int stock_kind_find(struct str name) {
  for (int i = 1; i < MOVE_KINDS; i++)
    if (str_eq_nocase(name, str_of(kinds[i]))) return i;
  return 0;
}

int64_t stock_name_find(struct ctx *cx, struct db *db, int kind, struct str text) {
  return stmt_number(cx, db_ask(cx, db, SQL_stock_name_find, kind, text), 0);
}

const char *stock_text(struct ctx *cx, int64_t v) {
  struct buf b;
  buf_init(&b, 64);
  dec_print(&b, v, STOCK_SCALE, 0);
  return ctx_take(cx, &b);
}

const char *stock_code(struct ctx *cx, struct db *db, int64_t id) {
  struct stmt *s = id ? db_ask(cx, db, SQL_stock_code, id) : NULL;
  if (!s) return NULL;
  if (!stmt_row(cx, s)) return "?";
  const char *text = col_dup(cx, s, 0);
  stmt_done(s);
  return text;
}

int stock_name_asked(struct ctx *cx, struct db *db, const char *field, int kind, const char *text,
                     int64_t *id) {
  *id = text ? stock_name_find(cx, db, kind, str_of(text)) : 0;
  if (cx->code || *id || !text) return cx->code;
  return fail(cx, E_NOT_FOUND, field, "nothing was ever booked for %.80s", text);
}

int stock_quantity(struct ctx *cx, const char *field, const char *text, int64_t *out) {
  bool rounded = false;
  if (!text || !dec_parse(str_of(text), STOCK_SCALE, out, &rounded))
    return fail(cx, E_INVALID, field, "%s is a number such as 12 or -0.5, not '%.40s'", field,
                text ? text : "");
  if (rounded)
    return fail(cx, E_INVALID, field, "%s has at most %d decimals, not '%.40s'", field, STOCK_SCALE, text);
  if (*out > STOCK_QUANTITY_MOST || *out < -STOCK_QUANTITY_MOST)
    return fail(cx, E_INVALID, field, "%s is at most 1000000000, not %.40s", field, text);
  return OK;
}
