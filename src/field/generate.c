/*
** The year is made in the order in which it can be exact: days on which each store orders, then so many
** rows that each of these days has one and all are there, then products, of which each has its row
** already, then prices. The sum is met in two steps: prices are scaled, and what is missing then, some
** paise a row, is rounding off.
*/
#include "base/decimal.h"
#include "field/made.h"
#include "field/market.h"
#include "field/rhythm.h"

#include <stdlib.h>

/* Of the reference. EXPECTED of its stores order soon (predict.h), LEADERS are of high value (segment.h). */
static const int64_t INVOICES = 14464, FREE = 75, PAISE = 4247834440, STORES = 211, EXPECTED = 77,
                     LEADERS = 87;
enum { MOST = 1000000, ROWS_A_DAY = 3, REDRAWS = 6, ROWS_TO_FIT = 40 /* of a store, in a year */ };

/* a * b / c, to the nearest. */
static int64_t share(int64_t a, int64_t b, int64_t c) { return (int64_t)(((__int128)a * b + c / 2) / c); }

/* ---- who and what ---- */

static void deal_store(struct made *m, int64_t i) {
  static const int intervals[] = { 7, 7, 10, 14, 14, 14, 21, 21, 28, 30 };
  struct random *r = &m->dice;
  struct made_store *s = &m->stores[i];
  *s = (struct made_store){ .city = (int)random_below(r, MARKET_CITIES),
                            .shop = (int)random_below(r, MARKET_SHOPS),
                            .name = (int)random_below(r, MARKET_NAMES),
                            .interval = intervals[random_below(r, 10)],
                            .last = MADE_DAYS - 1,
                            .discount = (int)random_below(r, 4) * 25,
                            .weight = 1 + (int)random_below(r, 2) +
                                      (int)(random_below(r, 10) * random_below(r, 10) / 10) };
  s->jitter = s->interval * (int32_t)random_below(r, 4) / 14; /* none to a fifth */
  if (random_below(r, 5) == 0) s->last = MADE_DAYS / 3 + (int32_t)random_below(r, MADE_DAYS / 2);
  if (i % 8 != 3) return;
  s->changed = 60 + (int32_t)random_below(r, 200);
  s->by_name = i % 16 == 3 || !market_cities[s->city].before;
}

static int deal_product(struct ctx *cx, struct made *m, int64_t i) {
  int64_t packs = i / MARKET_GOODS / MARKET_BRANDS, again = packs / MARKET_PACKS;
  struct made_product *p = &m->products[i];
  p->good = (int)(i % MARKET_GOODS);
  p->brand = (int)(i / MARKET_GOODS % MARKET_BRANDS);
  const struct market_good *g = &market_goods[p->good];
  const char *name =
      ctx_printf(cx, "%s %s %s", market_brands[p->brand], g->item, market_packs[packs % MARKET_PACKS]);
  p->name = again ? ctx_printf(cx, "%s %lld", name, (long long)again + 1) : name;
  p->rate = g->low * (1 + packs % MARKET_PACKS) * (90 + random_below(&m->dice, 30)) / 100;
  return cx->code;
}

/* Products are drawn more often the smaller their number; what is drawn after another is a rare one. */
static void deal_rules(struct made *m) {
  int64_t products = m->asked->products;
  m->rule_count = (int)(products / 12 < MADE_RULES ? products / 12 : MADE_RULES);
  for (int i = 0; i < m->rule_count; i++)
    m->rules[i] = (struct made_rule){ .first = 2 * i,
                                      .then = (int32_t)(products / 2 + i * products / 40),
                                      .chance = 50 + 5 * i };
}

/* ---- when ---- */

struct visit {
  int32_t day, store, rows;
};

/* The days of all stores, intervals stretched to `percent`; list NULL: only how many. Each store has dice of its
** own: to change one moves no other. */
static int64_t deal_visits(const struct made *m, int64_t percent, uint64_t seed, struct visit *list) {
  int64_t count = 0;
  for (int64_t i = 0; i < m->asked->stores; i++) {
    struct random r = { seed + (uint64_t)i };
    const struct made_store *s = &m->stores[i];
    random_next(&r);
    int64_t step = s->interval * percent,
            day = random_below(&r, step < MADE_DAYS * 33 ? step : MADE_DAYS * 33);
    for (bool first = true; first || day / 100 <= s->last; first = false) {
      int64_t shift = s->jitter ? random_below(&r, 2 * s->jitter + 1) - s->jitter : 0;
      int64_t on = first ? day / 100 : day / 100 + shift;
      if (on > s->last) on = s->last;
      if (list) list[count] = (struct visit){ (int32_t)on, (int32_t)i, 1 };
      count++;
      day += step;
    }
  }
  return count;
}

static int by_day(const void *a, const void *b) {
  const struct visit *x = a, *y = b;
  return x->day != y->day ? x->day - y->day : x->store - y->store;
}

/* ---- who orders soon ---- */

enum { SOON = 7, ALIVE_DAYS = 7 };

/* Is the store of list[from] expected to order within the week after the year's last day? */
static bool expected(const struct visit *list, int64_t from, int64_t to, int32_t first, int32_t last) {
  int32_t days[MADE_DAYS], n = 0;
  struct rhythm next;
  for (int64_t i = from; i < to; i++)
    if (!n || first + list[i].day > days[n - 1]) days[n++] = first + list[i].day;
  return rhythm_next(days, (size_t)n, last, &next) && next.day > last && next.day - last <= SOON;
}

/* How many are; *other: the last store that is, or is not, as asked, and was not changed yet. */
static int64_t count_expected(const struct made *m, const struct visit *list, int64_t count, bool is,
                              const bool *changed, int64_t *other) {
  int64_t n = 0;
  int32_t first = m->asked->until - (MADE_DAYS - 1), last = first;
  *other = -1;
  for (int64_t i = 0; i < count; i++)
    if (first + list[i].day > last) last = first + list[i].day;
  for (int64_t from = 0, to; from < count; from = to) {
    for (to = from; to < count && list[to].store == list[from].store;) to++;
    bool soon = expected(list, from, to, first, last);
    n += soon;
    if (soon == is && !changed[list[from].store]) *other = list[from].store;
  }
  return n;
}

/* Stores begin to order every week, or stop in the middle of the year, until as many as wanted order soon. */
static void fit_expected(struct made *m, int64_t percent, uint64_t seed) {
  int64_t stores = m->asked->stores, wanted = share(EXPECTED, stores, STORES), other;
  if (m->asked->invoices < stores * ROWS_TO_FIT) return;
  bool *changed = xcalloc((size_t)stores, sizeof *changed);
  struct visit *list = xcalloc((size_t)stores * (MADE_DAYS + 1), sizeof *list);
  for (int64_t i = 0; i < stores; i++) {
    int64_t count = deal_visits(m, percent, seed, list);
    bool more = count_expected(m, list, count, true, changed, &other) > wanted;
    if (!more && count_expected(m, list, count, false, changed, &other) == wanted) break;
    if (other < 0) break;
    struct made_store *s = &m->stores[other];
    s->last = more ? MADE_DAYS / 3 + (int32_t)(other % (MADE_DAYS / 3)) : MADE_DAYS - 1;
    if (!more) s->interval = (int32_t)(ALIVE_DAYS * 100 / percent), s->jitter = 0;
    if (!more && !s->interval) s->interval = 1;
    changed[other] = true;
  }
  free(list);
  free(changed);
}

/* As many days of orders as there are to be rows, by three or a bit less. */
static struct visit *plan_visits(struct made *m, int64_t *count) {
  uint64_t seed = random_next(&m->dice);
  int64_t wanted = m->asked->invoices / ROWS_A_DAY, percent = 100;
  int64_t n = deal_visits(m, percent, seed, NULL);
  if (wanted > 0) percent = n * 100 / wanted;
  if (percent < 15) percent = 15;
  while ((n = deal_visits(m, percent, seed, NULL)) > m->asked->invoices) percent *= 2;
  fit_expected(m, percent, seed);
  n = deal_visits(m, percent, seed, NULL);
  struct visit *list = xcalloc((size_t)n, sizeof *list);
  deal_visits(m, percent, seed, list);
  for (int64_t i = 0; i < m->asked->stores; i++) {
    struct made_store *s = &m->stores[i];
    s->interval = (int32_t)((s->interval * percent + 50) / 100);
    if (!s->interval) s->interval = 1;
  }
  qsort(list, (size_t)n, sizeof *list, by_day);
  for (int64_t left = m->asked->invoices - n; left > 0;) {
    struct visit *v = &list[random_below(&m->dice, n)];
    if (random_below(&m->dice, 10) >= m->stores[v->store].weight) continue;
    v->rows++;
    left--;
  }
  *count = n;
  return list;
}

/* ---- what ---- */

/* So many rows are given away before the rest is drawn: each product has one. -1: to be drawn. */
static int32_t *reserve(struct made *m) {
  int64_t rows = m->asked->invoices;
  int32_t *of = xmalloc((size_t)rows * sizeof *of), next = 0;
  int64_t due = m->asked->products;
  for (int64_t i = 0; i < rows; i++) of[i] = random_deal(&m->dice, rows - i, &due) ? next++ : -1;
  for (int64_t i = 0, k = 0; i < rows; i++) { /* in no order: swapped among themselves */
    if (of[i] < 0) continue;
    int64_t with = random_below(&m->dice, rows);
    if (of[with] >= 0 && k++ >= 0) {
      int32_t t = of[i];
      of[i] = of[with];
      of[with] = t;
    }
  }
  return of;
}

static const struct made_rule *rule_of(const struct made *m, int32_t first) {
  for (int i = 0; i < m->rule_count; i++)
    if (m->rules[i].first == first) return &m->rules[i];
  return NULL;
}

static bool in_basket(const struct made_line *basket, int32_t n, int32_t product) {
  for (int32_t i = 0; i < n; i++)
    if (basket[i].product == product) return true;
  return false;
}

/* The product of row n of a basket of `rows`. A product that draws another is not the last one. */
static int32_t draw(struct made *m, const struct made_line *basket, int32_t n, int32_t rows) {
  struct random *r = &m->dice;
  int64_t products = m->asked->products;
  const struct made_rule *rule = n ? rule_of(m, basket[n - 1].product) : NULL;
  if (rule && random_below(r, 100) < rule->chance && !in_basket(basket, n, rule->then)) return rule->then;
  int32_t p = 0;
  for (int tries = 0; tries < REDRAWS; tries++) {
    p = (int32_t)(random_below(r, products) * random_below(r, products) / products);
    if (!in_basket(basket, n, p) && (n + 1 < rows || !rule_of(m, p))) break;
  }
  return p;
}

static void fill(struct made *m, const struct visit *visits, int64_t count) {
  int32_t *given = reserve(m);
  int64_t at = 0, left = m->asked->invoices, due = m->free_due;
  for (int64_t v = 0; v < count; v++) {
    struct made_line *basket = &m->lines[at];
    for (int32_t n = 0; n < visits[v].rows; n++, at++) {
      struct made_line *l = &m->lines[at];
      *l = (struct made_line){ .day = visits[v].day, .store = visits[v].store };
      l->product = given[at] >= 0 ? given[at] : draw(m, basket, n, visits[v].rows);
      l->quantity = 1 + (int32_t)random_below(&m->dice, 6 * m->stores[l->store].weight + 6);
      if (random_deal(&m->dice, left--, &due)) l->free = 1 + l->quantity / 10;
    }
  }
  free(given);
}

/* ---- how much ---- */

enum { SELLER_STATE = 27 }; /* within it CGST and SGST, beyond it IGST */

void made_amounts(const struct made *m, const struct made_line *l, struct made_amounts *out) {
  const struct made_product *p = &m->products[l->product];
  const struct made_store *s = &m->stores[l->store];
  int gst = market_goods[p->good].gst;
  bool within = market_cities[s->city].gst_code == SELLER_STATE;
  out->gross = p->rate * l->quantity;
  out->discount = dec_div(out->gross * s->discount, 1000);
  out->taxable = out->gross - out->discount;
  out->cgst = out->sgst = within ? dec_div(out->taxable * gst, 200) : 0;
  out->igst = within ? 0 : dec_div(out->taxable * gst, 100);
  out->total = out->taxable + out->cgst + out->sgst + out->igst + l->round_off;
}

static int64_t sum(const struct made *m) {
  struct made_amounts a;
  int64_t total = 0;
  for (int64_t i = 0; i < m->asked->invoices; i++) made_amounts(m, &m->lines[i], &a), total += a.total;
  return total;
}

/* ---- who brings most ---- */

enum { LEAD = 80, EVEN = 1000 };

static int descending(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return x < y ? 1 : x > y ? -1 : 0;
}

/* Pieces of a row when what its store brings is moved by `t` thousandths of the way to the mean of all. */
static int32_t evened(const struct made_line *l, const int64_t *brings, int64_t mean, int t) {
  int64_t has = brings[l->store], to = has + (mean - has) * t / EVEN;
  int64_t n = share(l->quantity, to > has / 8 ? to : has / 8, has);
  return n > 1 ? (int32_t)n : 1;
}

/* The stores that bring four fifths of all, the largest first. */
static int64_t leaders(const struct made *m, const int64_t *brings, int64_t mean, int t) {
  struct made_amounts a;
  int64_t stores = m->asked->stores, total = 0, before = 0, n = 0;
  int64_t *sums = xcalloc((size_t)stores, sizeof *sums);
  for (int64_t i = 0; i < m->asked->invoices; i++) {
    struct made_line l = m->lines[i];
    l.quantity = evened(&l, brings, mean, t);
    made_amounts(m, &l, &a);
    sums[l.store] += a.total;
    total += a.total;
  }
  qsort(sums, (size_t)stores, sizeof *sums, descending);
  while (n < stores && before * 100 < total * LEAD) before += sums[n++];
  free(sums);
  return n;
}

/* The least t with at least so many. */
static int least_even(const struct made *m, const int64_t *brings, int64_t mean, int64_t wanted) {
  int low = -EVEN, high = EVEN;
  while (low < high) {
    int mid = low + (high - low) / 2;
    if (leaders(m, brings, mean, mid) >= wanted)
      high = mid;
    else
      low = mid + 1;
  }
  return low;
}

/* Quantities are moved, evenly for all rows of a store, until as many as wanted lead; t is taken from the middle
** of what does it, because amounts are still scaled. */
static void fit_leaders(struct made *m) {
  struct made_amounts a;
  int64_t stores = m->asked->stores, wanted = share(LEADERS, stores, STORES), mean = 0;
  if (m->asked->invoices < stores * ROWS_TO_FIT) return;
  int64_t *brings = xcalloc((size_t)stores, sizeof *brings);
  for (int64_t i = 0; i < m->asked->invoices; i++)
    made_amounts(m, &m->lines[i], &a), brings[m->lines[i].store] += a.total, mean += a.total;
  mean /= stores;
  int t = (least_even(m, brings, mean, wanted) + least_even(m, brings, mean, wanted + 1)) / 2;
  for (int64_t i = 0; i < m->asked->invoices; i++)
    m->lines[i].quantity = evened(&m->lines[i], brings, mean, t);
  free(brings);
}

static void price(struct made *m) {
  int64_t rows = m->asked->invoices, before = sum(m);
  for (int64_t i = 0; i < m->asked->products; i++) {
    int64_t rate = before > 0 ? share(m->products[i].rate, m->revenue, before) : 0;
    m->products[i].rate = rate > 0 ? rate : 1;
  }
  int64_t rest = m->revenue - sum(m), each = rest / rows, one = rest < 0 ? -1 : 1, ones = labs(rest % rows);
  for (int64_t i = 0; i < rows; i++)
    m->lines[i].round_off = each + (random_deal(&m->dice, rows - i, &ones) ? one : 0);
}

/* ---- all of it ---- */

static void release(void *arg) {
  struct made *m = arg;
  free(m->lines);
}

static int made_new(struct ctx *cx, const struct generate_invoices *asked, struct made **out) {
  struct made *m = ctx_alloc(cx, sizeof *m);
  int64_t visits;
  m->asked = asked;
  m->dice.state = asked->seed;
  m->stores = ctx_alloc(cx, (size_t)asked->stores * sizeof *m->stores);
  m->products = ctx_alloc(cx, (size_t)asked->products * sizeof *m->products);
  m->lines = xcalloc((size_t)asked->invoices, sizeof *m->lines);
  ctx_defer(cx, release, m);
  m->free_due = share(FREE, asked->invoices, INVOICES);
  m->revenue = share(PAISE, asked->invoices, INVOICES);
  for (int64_t i = 0; i < asked->stores; i++) deal_store(m, i);
  for (int64_t i = 0; i < asked->products; i++) deal_product(cx, m, i);
  deal_rules(m);
  struct visit *list = plan_visits(m, &visits);
  fill(m, list, visits);
  free(list);
  fit_leaders(m);
  price(m);
  *out = m;
  return cx->code;
}

int generate_invoices(struct ctx *cx, const struct generate_invoices *g) {
  struct made *m;
  int64_t least = g->stores > g->products ? g->stores : g->products;
  if (g->stores < 1 || g->products < 1 || g->invoices < least || g->invoices > MOST)
    return fail(cx, E_INVALID, "invoices",
                "there are as many invoices as stores and as products at least (%lld), and %d at most",
                (long long)least, MOST);
  if (g->poison < 0 || g->poison > g->invoices)
    return fail(cx, E_INVALID, "poison", "there are at most as many poisoned rows as sound ones");
  if (made_new(cx, g, &m) || made_write(cx, m)) return cx->code;
  if (g->truth) made_truth(m, g->truth);
  return cx->code;
}
