#include "field/basket.h"

#include <math.h>
#include <stdlib.h>

#include "base/decimal.h"
#include "field/forecast.h"

static const double ALPHA = 0.1;

struct candidate {
  int32_t product;
  double demand[BASKET_OCCASIONS];
  int64_t unit_price; /* of the last line */
  bool whole;
  struct croston croston;
};

struct basket_scratch {
  const struct history *h;
  int32_t *place; /* by product: of its candidate, from 1 on */
  struct candidate *list;
  size_t count, room;
};

static void scratch_free(void *p) { free(((struct basket_scratch *)p)->list); }

struct basket_scratch *basket_scratch_new(struct ctx *cx, const struct history *h) {
  struct basket_scratch *s = ctx_alloc(cx, sizeof *s);
  s->h = h;
  s->place = ctx_alloc(cx, (h->product_count + 1) * sizeof *s->place);
  ctx_defer(cx, scratch_free, s);
  return s;
}

static struct candidate *candidate_of(struct basket_scratch *x, int32_t product) {
  if (x->place[product]) return &x->list[x->place[product] - 1];
  if (x->count == x->room) {
    x->room = x->room ? x->room * 2 : 128;
    x->list = xrealloc(x->list, x->room * sizeof *x->list);
  }
  struct candidate *c = &x->list[x->count++];
  *c = (struct candidate){ .product = product, .whole = true };
  x->place[product] = (int32_t)x->count;
  return c;
}

/* Demand by occasion: the last days with an order. Returns how many occasions there are. */
static size_t gather(struct basket_scratch *x, const struct history_store *s) {
  size_t n = s->day_count < BASKET_OCCASIONS ? s->day_count : BASKET_OCCASIONS, at = 0;
  const int32_t *days = s->days + s->day_count - n;
  x->count = 0;
  for (size_t i = 0; i < s->line_count; i++) {
    const struct history_line *l = &s->lines[i];
    if (l->day < days[0] || l->product < 0 || !x->h->products[l->product].offered || l->quantity <= 0)
      continue;
    while (days[at] < l->day) at++;
    struct candidate *c = candidate_of(x, l->product);
    c->demand[at] += (double)l->quantity;
    c->whole = c->whole && l->quantity % dec_pow10[FIELD_SCALE] == 0;
    if (l->revenue > 0) c->unit_price = llround((double)l->revenue / (double)l->quantity * 10000);
  }
  for (size_t i = 0; i < x->count; i++) x->place[x->list[i].product] = 0;
  return n;
}

/* Products an order, on average of the last ones. */
static size_t usual_count(const struct basket_scratch *x, size_t occasions) {
  size_t last = occasions < BASKET_ORDERS ? occasions : BASKET_ORDERS, lines = 0;
  for (size_t i = 0; i < x->count; i++)
    for (size_t k = occasions - last; k < occasions; k++) lines += x->list[i].demand[k] > 0;
  size_t n = last ? (lines * 2 + last) / (last * 2) : 0;
  return n < 1 ? 1 : n > BASKET_ITEMS ? BASKET_ITEMS : n;
}

static int likelier(const void *a, const void *b) {
  const struct candidate *x = a, *y = b;
  if (x->croston.chance != y->croston.chance) return x->croston.chance < y->croston.chance ? 1 : -1;
  if (x->croston.rate != y->croston.rate) return x->croston.rate < y->croston.rate ? 1 : -1;
  return (x->product > y->product) - (x->product < y->product);
}

static int64_t quantity_of(const struct candidate *c) {
  int64_t unit = dec_pow10[FIELD_SCALE],
          q = c->whole ? llround(c->croston.size / (double)unit) * unit : llround(c->croston.size);
  return q > 0 ? q : c->whole ? unit : 1;
}

void basket_expect(struct ctx *cx, struct basket_scratch *x, const struct history_store *s,
                   struct basket_guess *out) {
  size_t occasions = gather(x, s), wanted = usual_count(x, occasions);
  for (size_t i = 0; i < x->count; i++) croston_of(x->list[i].demand, occasions, ALPHA, &x->list[i].croston);
  qsort(x->list, x->count, sizeof *x->list, likelier);
  out->count = x->count < wanted ? x->count : wanted;
  out->items = ctx_alloc(cx, (out->count + 1) * sizeof *out->items);
  for (size_t i = 0; i < out->count; i++) {
    const struct candidate *c = &x->list[i];
    const struct history_product *p = &x->h->products[c->product];
    out->items[i] =
        (struct basket_item){ p, quantity_of(c), p->unit_price >= 0 ? p->unit_price : c->unit_price,
                              c->croston.chance };
  }
}
