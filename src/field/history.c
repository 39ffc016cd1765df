#include "field/history.h"

#include <stdlib.h>

#include "base/map.h"

struct growing {
  struct ctx *cx;
  struct history *h;
  size_t line_room, store_room;
  int32_t *days;
  int64_t *amounts;
  size_t day_count, day_room;
  int32_t last[2]; /* day of an invoice, of an order */
  struct map products;
};

static void *more(void *p, size_t count, size_t *room, size_t size) {
  if (count < *room) return p;
  *room = *room ? *room * 2 : 1024;
  return xrealloc(p, *room * size);
}

static int read_products(struct growing *g, struct db *db) {
  struct history *h = g->h;
  struct ctx *cx = g->cx;
  size_t room = 0;
  struct stmt *s = db_stmt(cx, db, SQL_history_products);
  while (stmt_row(cx, s)) {
    h->products = more(h->products, h->product_count, &room, sizeof *h->products);
    *map_put(&g->products, col_str(s, 0), NULL) = h->product_count;
    h->products[h->product_count++] =
        (struct history_product){ .id = col_dup(cx, s, 0),
                                  .name = col_dup(cx, s, 1),
                                  .unit_price = col_null(s, 2) ? -1 : col_int(s, 2),
                                  .offered = col_int(s, 3) != 0 };
  }
  return cx->code;
}

/* Columns: store, its name, day, kind, ref, product, quantity, revenue. */
static void take_line(struct growing *g, const struct stmt *s, const char **ref) {
  struct history *h = g->h;
  struct history_store *store = h->store_count ? &h->stores[h->store_count - 1] : NULL;
  int32_t day = (int32_t)col_int(s, 2);
  int64_t revenue = col_int(s, 7), kind = col_int(s, 3);
  const uint64_t *product = map_get(&g->products, col_str(s, 5));
  bool fresh = !store || !str_eq(col_str(s, 0), str_of(store->id));
  if (fresh) {
    h->stores = more(h->stores, h->store_count, &g->store_room, sizeof *h->stores);
    store = &h->stores[h->store_count++];
    *store = (struct history_store){ .id = col_dup(g->cx, s, 0), .name = col_dup(g->cx, s, 1) };
  }
  bool same_day = store->day_count && g->days[g->day_count - 1] == day;
  bool same = same_day && *ref && str_eq(col_str(s, 4), str_of(*ref));
  if (!same) *ref = col_dup(g->cx, s, 4), store->documents++;
  if (!same_day) {
    size_t room = g->day_room;
    g->days = more(g->days, g->day_count, &room, sizeof *g->days);
    g->amounts = more(g->amounts, g->day_count, &g->day_room, sizeof *g->amounts);
    g->days[g->day_count] = day;
    g->amounts[g->day_count++] = 0;
    store->day_count++;
  }
  g->amounts[g->day_count - 1] += revenue;
  store->revenue += revenue;
  h->lines = more(h->lines, h->line_count, &g->line_room, sizeof *h->lines);
  uint32_t document = h->line_count ? h->lines[h->line_count - 1].document + !same : 0;
  h->lines[h->line_count++] =
      (struct history_line){ day, product ? (int32_t)*product : -1, document, col_int(s, 6), revenue };
  store->line_count++;
  if (day > g->last[kind]) g->last[kind] = day;
}

static int read_lines(struct growing *g, struct db *db) {
  const char *ref = NULL;
  struct stmt *s = db_stmt(g->cx, db, SQL_history_lines);
  while (stmt_row(g->cx, s)) take_line(g, s, &ref);
  return g->cx->code;
}

/* Arrays do not move any more: each store is shown its part. */
static void share_out(struct growing *g) {
  size_t line = 0, day = 0;
  for (size_t i = 0; i < g->h->store_count; i++) {
    struct history_store *s = &g->h->stores[i];
    s->lines = g->h->lines + line;
    s->days = g->days + day;
    s->amount = g->amounts + day;
    line += s->line_count;
    day += s->day_count;
  }
}

int history_read(struct ctx *cx, struct db *db, struct history *out) {
  struct growing g = { .cx = cx, .h = out };
  *out = (struct history){ 0 };
  map_init(&g.products);
  if (!read_products(&g, db)) read_lines(&g, db);
  map_clear(&g.products);
  share_out(&g);
  out->as_of = g.last[0] ? g.last[0] : g.last[1];
  ctx_defer(cx, free, out->products);
  ctx_defer(cx, free, out->stores);
  ctx_defer(cx, free, out->lines);
  ctx_defer(cx, free, g.days);
  ctx_defer(cx, free, g.amounts);
  return cx->code;
}
