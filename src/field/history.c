#include "field/history.h"

#include <stdlib.h>

#include "base/map.h"

/* A line as it was read: all of them are here before any is put in its place. */
struct read_line {
  int32_t store, day, product, kind; /* store, product: indexes */
  const char *ref;
  int64_t quantity, revenue;
};

struct known_store {
  const char *id, *name;
};

struct growing {
  struct ctx *cx;
  struct history *h;
  struct known_store *known;
  size_t known_count;
  struct read_line *read;
  size_t read_count;
  size_t line_room, store_room;
  int32_t *days;
  int64_t *amounts;
  size_t day_count, day_room;
  int32_t last[2]; /* day of an invoice, of an order */
  struct map stores, products;
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

static int read_stores(struct growing *g, struct db *db) {
  size_t room = 0;
  struct stmt *s = db_stmt(g->cx, db, SQL_history_stores);
  while (stmt_row(g->cx, s)) {
    g->known = more(g->known, g->known_count, &room, sizeof *g->known);
    *map_put(&g->stores, col_str(s, 0), NULL) = g->known_count;
    g->known[g->known_count++] = (struct known_store){ col_dup(g->cx, s, 0), col_dup(g->cx, s, 1) };
  }
  return g->cx->code;
}

/* Columns: store, day, kind, ref, product, quantity, revenue. Lines of one document mostly stand together. */
static int read_lines(struct growing *g, struct db *db) {
  size_t room = 0;
  const char *ref = NULL;
  struct stmt *s = db_stmt(g->cx, db, SQL_history_lines);
  while (stmt_row(g->cx, s)) {
    const uint64_t *store = map_get(&g->stores, col_str(s, 0)),
                   *product = map_get(&g->products, col_str(s, 4));
    if (!store) continue;
    if (!ref || !str_eq(col_str(s, 3), str_of(ref))) ref = col_dup(g->cx, s, 3);
    g->read = more(g->read, g->read_count, &room, sizeof *g->read);
    g->read[g->read_count++] = (struct read_line){ .store = (int32_t)*store,
                                                   .day = (int32_t)col_int(s, 1),
                                                   .product = product ? (int32_t)*product : -1,
                                                   .kind = (int32_t)col_int(s, 2),
                                                   .ref = ref,
                                                   .quantity = col_int(s, 5),
                                                   .revenue = col_int(s, 6) };
  }
  return g->cx->code;
}

#define ORDER(x, y)                                                                                          \
  if ((x) != (y)) return (x) < (y) ? -1 : 1

static int by_place(const void *a, const void *b) {
  const struct read_line *x = a, *y = b;
  ORDER(x->store, y->store);
  ORDER(x->day, y->day);
  ORDER(x->kind, y->kind);
  int refs = x->ref == y->ref ? 0 : strcmp(x->ref, y->ref);
  if (refs) return refs;
  ORDER(x->product, y->product);
  ORDER(x->quantity, y->quantity);
  ORDER(x->revenue, y->revenue);
  return 0;
}

#undef ORDER

static void put_line(struct growing *g, const struct read_line *r, const struct read_line *before) {
  struct history *h = g->h;
  bool same_store = before && before->store == r->store, same_day = same_store && before->day == r->day;
  bool same = same_day && strcmp(before->ref, r->ref) == 0;
  if (!same_store) {
    h->stores = more(h->stores, h->store_count, &g->store_room, sizeof *h->stores);
    h->stores[h->store_count++] =
        (struct history_store){ .id = g->known[r->store].id, .name = g->known[r->store].name };
  }
  struct history_store *store = &h->stores[h->store_count - 1];
  if (!same_day) {
    size_t room = g->day_room;
    g->days = more(g->days, g->day_count, &room, sizeof *g->days);
    g->amounts = more(g->amounts, g->day_count, &g->day_room, sizeof *g->amounts);
    g->days[g->day_count] = r->day;
    g->amounts[g->day_count++] = 0;
    store->day_count++;
  }
  g->amounts[g->day_count - 1] += r->revenue;
  store->documents += !same;
  store->revenue += r->revenue;
  h->lines = more(h->lines, h->line_count, &g->line_room, sizeof *h->lines);
  uint32_t document = h->line_count ? h->lines[h->line_count - 1].document + !same : 0;
  h->lines[h->line_count++] = (struct history_line){ r->day, r->product, document, r->quantity, r->revenue };
  store->line_count++;
  if (r->day > g->last[r->kind]) g->last[r->kind] = r->day;
}

/* By numbers of few bytes, which is a third of the time that a query takes to put its texts in order. */
static void put_lines(struct growing *g) {
  if (g->read_count) qsort(g->read, g->read_count, sizeof *g->read, by_place);
  for (size_t i = 0; i < g->read_count; i++) put_line(g, &g->read[i], i ? &g->read[i - 1] : NULL);
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
  map_init(&g.stores);
  if (!read_products(&g, db) && !read_stores(&g, db) && !read_lines(&g, db)) put_lines(&g);
  map_clear(&g.products);
  map_clear(&g.stores);
  free(g.known);
  free(g.read);
  share_out(&g);
  out->as_of = g.last[0] ? g.last[0] : g.last[1];
  ctx_defer(cx, free, out->products);
  ctx_defer(cx, free, out->stores);
  ctx_defer(cx, free, out->lines);
  ctx_defer(cx, free, g.days);
  ctx_defer(cx, free, g.amounts);
  return cx->code;
}
