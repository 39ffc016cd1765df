#include "base/decimal.h"
#include "field/amount.h"
#include "field/history.h"
#include "field/order_internal.h"

/* ---- which product ---- */

struct found_product {
  const char *id, *name, *sku, *unit;
  int64_t unit_price; /* -1: it has none */
};

/* By one member; *out stays empty when there is none of this kind. */
static int look(struct ctx *cx, struct db *db, enum sql_id query, struct str value,
                struct found_product *out) {
  const struct known_row *row = stmt_known(cx, db_stmt(cx, db, query), value);
  if (!row) return cx->code;
  const struct known_cell *c = row->cell;
  *out = (struct found_product){ c[0].text.p, c[1].text.p, c[3].text.p, c[4].text.p,
                                 c[2].text.p ? c[2].number : -1 };
  return OK;
}

static const struct way {
  const char *member;
  enum sql_id query;
} ways[] = { { "product_id", SQL_order_product_by_id },
             { "sku", SQL_order_product_by_sku },
             { "barcode", SQL_order_product_by_barcode },
             { "name", SQL_order_product_by_name },
             { "code", SQL_order_product_by_code } };

static int product_of(struct ctx *cx, struct db *db, const struct asked_line *l, size_t at,
                      struct found_product *out) {
  const struct way *way = &ways[l->way];
  *out = (struct found_product){ 0 };
  if (look(cx, db, way->query, str_trim(l->product), out) || out->id) return cx->code;
  return fail(cx, E_INVALID, ctx_printf(cx, "items/%zu/%s", at, way->member),
              "there is no product with the %s %.*s", way->member,
              (int)(l->product.n < 80 ? l->product.n : 80), l->product.p);
}

static void name_product(struct order_line *l, const struct found_product *p) {
  l->product = p->id;
  l->name = p->name;
  l->sku = p->sku;
  l->unit = p->unit;
}

/* ---- what is asked for ---- */

static int number_of(struct ctx *cx, const struct jv *item, size_t at, const char *name, int64_t *out) {
  bool rounded = false;
  struct str text = jv_text(jv_get(item, name));
  if (text.n && dec_parse(text, FIELD_SCALE, out, &rounded) && !rounded && *out >= 0) return OK;
  return fail(cx, E_INVALID, ctx_printf(cx, "items/%zu/%s", at, name),
              "%s is a number of 0 or more with at most %d digits behind the point, such as 12.5", name,
              FIELD_SCALE);
}

static int way_of(struct ctx *cx, const struct jv *item, size_t at, struct asked_line *out) {
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    out->product = jv_text(jv_get(item, ways[i].member));
    out->way = (int)i;
    if (out->product.n) return OK;
  }
  return fail(cx, E_INVALID, ctx_printf(cx, "items/%zu", at),
              "a line names its product: product_id, sku, barcode, name or code");
}

static int ask_line(struct ctx *cx, const struct jv *item, size_t at, struct asked_line *out) {
  static const char *const known = ", product_id, sku, barcode, name, code, quantity, unit_price, note, ";
  if (jv_kind(item) != JV_OBJECT)
    return fail(cx, E_INVALID, ctx_printf(cx, "items/%zu", at), "a line is an object");
  for (void *it = jv_first(item); it; it = jv_next(item, it)) {
    if (name_listed(known, jv_key(it))) continue;
    const char *name = ctx_strdup(cx, jv_key(it));
    fail(cx, E_INVALID, ctx_printf(cx, "items/%zu/%.40s", at, name), "a line has no '%.40s'; it has %.*s",
         name, (int)strlen(known) - 4, known + 2);
    if (!fail_aside(cx)) return cx->code;
  }
  out->unit_price = -1;
  way_of(cx, item, at, out);
  fail_aside(cx);
  if (!number_of(cx, item, at, "quantity", &out->quantity) && out->quantity == 0)
    fail(cx, E_INVALID, ctx_printf(cx, "items/%zu/quantity", at), "quantity is more than 0");
  fail_aside(cx);
  if (jv_kind(jv_get(item, "unit_price")) != JV_NULL) number_of(cx, item, at, "unit_price", &out->unit_price);
  fail_aside(cx);
  return text_of(cx, item, "note", &out->note);
}

int lines_ask(struct ctx *cx, const struct jv *items, struct asked_lines *out) {
  *out = (struct asked_lines){ .count = jv_size(items) };
  if (jv_kind(items) != JV_ARRAY)
    return fail(cx, E_INVALID, "items", "items is a list of lines: [{\"sku\":\"A-1\",\"quantity\":2}]");
  if (out->count > ORDER_LINES)
    return fail(cx, E_LIMIT, "items", "an order has at most %d lines", ORDER_LINES);
  out->line = ctx_alloc(cx, out->count * sizeof *out->line);
  for (size_t i = 0; i < out->count; i++)
    if (ask_line(cx, jv_at(items, i), i, &out->line[i]) && !fail_aside(cx)) break;
  return cx->code;
}

/* ---- adding up ---- */

static int push(struct ctx *cx, struct order_lines *out, const struct order_line *line, size_t at) {
  if (out->count == ORDER_LINES)
    return fail(cx, E_LIMIT, "items", "an order has at most %d lines", ORDER_LINES);
  out->line = ctx_more(cx, out->line, out->count, sizeof *out->line);
  struct order_line *l = &out->line[out->count++];
  *l = *line;
  if (!amount_of_line(l->quantity, l->unit_price, &l->total) || l->total > INT64_MAX / 10000 - out->total)
    return fail(cx, E_INVALID, ctx_printf(cx, "items/%zu/quantity", at),
                "the amount of this line is too large");
  out->total += l->total;
  return OK;
}

static int find_line(struct ctx *cx, struct db *db, const struct asked_line *asked, size_t at,
                     struct order_lines *out) {
  struct found_product p;
  if (product_of(cx, db, asked, at, &p)) return cx->code;
  struct order_line l = { .quantity = asked->quantity,
                          .unit_price = asked->unit_price < 0 ? p.unit_price : asked->unit_price,
                          .note = asked->note };
  if (l.unit_price < 0)
    return fail(cx, E_INVALID, ctx_printf(cx, "items/%zu/unit_price", at),
                "unit_price is needed: %.200s has no price", p.name);
  name_product(&l, &p);
  return push(cx, out, &l, at);
}

int lines_find(struct ctx *cx, struct db *db, const struct asked_lines *asked, struct order_lines *out) {
  *out = (struct order_lines){ 0 };
  for (size_t i = 0; i < asked->count; i++)
    if (find_line(cx, db, &asked->line[i], i, out) && !fail_aside(cx)) break;
  return cx->code;
}

int lines_add(struct ctx *cx, struct db *db, struct order_lines *out, const char *product, int64_t quantity,
              int64_t unit_price) {
  struct found_product p = { 0 };
  if (look(cx, db, SQL_order_product_by_id, str_of(product), &p)) return cx->code;
  if (!p.id || quantity <= 0) return OK; /* not sold any more */
  struct order_line l = { .quantity = quantity, .unit_price = p.unit_price >= 0 ? p.unit_price : unit_price };
  name_product(&l, &p);
  return push(cx, out, &l, out->count);
}

/* ---- saving ---- */

static int save_line(struct ctx *cx, struct db *db, const struct entity *e, const char *order, const char *id,
                     size_t position, struct order_line *l) {
  const struct record_cell cells[] = { CELL_KNOWN("order_id", order),
                                       CELL_NUMBER("position", (int64_t)position),
                                       CELL_KNOWN("product_id", l->product),
                                       CELL_NUMBER("quantity", l->quantity),
                                       CELL_NUMBER("unit_price", l->unit_price),
                                       CELL_NUMBER("total_price", l->total),
                                       CELL_TEXT("note", l->note) };
  return record_store(cx, db, e, id, cells, sizeof cells / sizeof *cells, &l->id);
}

struct present_line {
  const char *id, *note;
  struct order_line line;
};

static int read_present(struct ctx *cx, struct db *db, const char *order, struct present_line *out,
                        size_t *count) {
  struct stmt *s = db_stmt(cx, db, SQL_order_lines_present);
  *count = 0;
  stmt_text(s, 1, order);
  while (stmt_row(cx, s) && *count < ORDER_LINES)
    out[(*count)++] = (struct present_line){ .id = col_dup(cx, s, 0),
                                             .line = { .product = col_dup(cx, s, 1),
                                                       .quantity = col_int(s, 2),
                                                       .unit_price = col_int(s, 3),
                                                       .total = col_int(s, 4),
                                                       .note = col_dup(cx, s, 5) } };
  return cx->code;
}

static bool same_line(const struct order_line *a, const struct order_line *b) {
  return !strcmp(a->product, b->product) && a->quantity == b->quantity && a->unit_price == b->unit_price &&
         a->total == b->total && str_eq(str_of(a->note), str_of(b->note));
}

int lines_save(struct ctx *cx, struct db *db, const char *order, struct order_lines *lines, bool fresh) {
  size_t had = 0;
  const struct entity *e = entity_find("order_item");
  struct present_line *present = fresh ? NULL : ctx_alloc(cx, ORDER_LINES * sizeof *present);
  if (!fresh && read_present(cx, db, order, present, &had)) return cx->code;
  for (size_t i = 0; i < lines->count && !cx->code; i++)
    if (i >= had || !same_line(&lines->line[i], &present[i].line))
      save_line(cx, db, e, order, i < had ? present[i].id : NULL, i + 1, &lines->line[i]);
  for (size_t i = lines->count; i < had && !cx->code; i++) record_delete(cx, db, e, present[i].id);
  return cx->code;
}
