#include "field/upsell.h"

#include <math.h>
#include <stdlib.h>

#include "base/decimal.h"
#include "base/time.h"
#include "field/order.h"
#include "field/rules.h"
#include "field/setting.h"
#include "store/column.h"
#include "store/search.h"

/* ---- baskets ---- */

enum basket { BASKET_INVOICE, BASKET_DAY, BASKET_MONTH };
static const char *const basket_names[] = { "invoice", "day", "month" };

/* Lines of one basket have the same number; they follow each other. */
static int64_t basket_of(const struct history_line *l, enum basket kind) {
  int y, m, d;
  if (kind == BASKET_INVOICE) return l->document;
  if (kind == BASKET_DAY) return l->day;
  date_civil(l->day, &y, &m, &d);
  return y * 12 + m;
}

static int ascending(const void *a, const void *b) {
  int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
  return (x > y) - (x < y);
}

struct basket_list {
  size_t *start, count;
  int32_t *product;
  size_t used;
};

/* The products from `from` on, each once. */
static void close_basket(struct basket_list *b, size_t from) {
  size_t kept = from;
  if (b->used == from) return;
  qsort(b->product + from, b->used - from, sizeof *b->product, ascending);
  for (size_t i = from; i < b->used; i++)
    if (i == from || b->product[i] != b->product[kept - 1]) b->product[kept++] = b->product[i];
  b->used = kept;
  b->start[++b->count] = kept;
}

static void fill(const struct history *h, enum basket kind, struct basket_list *b) {
  b->count = b->used = 0;
  b->start[0] = 0;
  for (size_t i = 0; i < h->store_count; i++) {
    const struct history_store *s = &h->stores[i];
    for (size_t k = 0; k < s->line_count; k++) {
      if (k && basket_of(&s->lines[k], kind) != basket_of(&s->lines[k - 1], kind))
        close_basket(b, b->start[b->count]);
      if (s->lines[k].product >= 0) b->product[b->used++] = s->lines[k].product;
    }
    close_basket(b, b->start[b->count]);
  }
}

static enum basket choose(const struct history *h, struct basket_list *b) {
  b->start = xcalloc(h->line_count + h->store_count + 2, sizeof *b->start);
  b->product = xcalloc(h->line_count + 1, sizeof *b->product);
  for (int kind = BASKET_INVOICE;; kind++) {
    fill(h, (enum basket)kind, b);
    if (kind == BASKET_MONTH || b->used * 2 >= b->count * 3) return (enum basket)kind;
  }
}

/* ---- rules ---- */

static void write_rule(struct ctx *cx, struct db *db, const struct history *h, const struct rule_pair *p,
                       bool turned, size_t baskets, const char *basket) {
  db_act(cx, db, SQL_rule_put, h->products[turned ? p->b : p->a].id, h->products[turned ? p->a : p->b].id,
         p->both, turned ? p->in_b : p->in_a, turned ? p->in_a : p->in_b, (int64_t)baskets, basket,
         ctx_printf(cx, "%.6e", p->chance));
}

/* ---- recommendations ---- */

struct advice {
  int32_t product, because;
  int64_t both, in_because, in_product, baskets;
};

/* Greater confidence, then lift, then the product that comes first. */
static int better(const struct advice *a, const struct advice *b) {
  __int128 left = (__int128)a->both * b->in_because, right = (__int128)b->both * a->in_because;
  if (left != right) return left > right;
  left *= b->in_product, right *= a->in_product;
  if (left != right) return left > right;
  return a->product != b->product ? a->product < b->product : a->because < b->because;
}

/* Confidence and the like, in 1/10000. */
static int64_t share(int64_t a, int64_t b) { return dec_div(a * 10000, b); }
static int64_t lift_of(const struct advice *a) {
  return llround((double)a->both * (double)a->baskets / ((double)a->in_because * (double)a->in_product) *
                 10000);
}

static const char *reason_of(struct ctx *cx, const struct advice *a, const char *because,
                             const char *basket) {
  return ctx_printf(
      cx, "%lld of %lld baskets (%s) with %.200s hold it, too: %.1f times as often as by chance",
      (long long)a->both, (long long)a->in_because, basket, because, (double)lift_of(a) / 10000);
}

struct rules { /* what was found */
  struct rule_pair *pairs;
  size_t count, baskets;
  const char *basket;
};

struct search {
  struct ctx *cx;
  const struct history *h;
  const struct rules *rules;
  int32_t *bought;     /* by product: the last day on which the store did; 0: never */
  struct advice *best; /* by product; both 0: none */
  struct derived *derived;
};

static void consider(struct search *s, int32_t because, int32_t product, const struct rule_pair *p,
                     bool turned) {
  if (s->bought[because] <= s->h->as_of - UPSELL_DAYS || !s->bought[because]) return;
  if (s->bought[product] || !s->h->products[product].offered) return;
  struct advice a = { product,
                      because,
                      p->both,
                      turned ? p->in_b : p->in_a,
                      turned ? p->in_a : p->in_b,
                      (int64_t)s->rules->baskets };
  if (!s->best[product].both || better(&a, &s->best[product])) s->best[product] = a;
}

static int save_advice(struct search *s, struct db *db, const struct history_store *store,
                       const struct advice *a) {
  struct form f;
  const char *product = s->h->products[a->product].id;
  struct jw *w = derived_form(s->derived, &f, str_of(ctx_printf(s->cx, "%s %s", store->id, product)));
  jw_put(w, "store_id", store->id, "product_id", product, "because_id", s->h->products[a->because].id,
         "support", arg_decimal(share(a->both, a->baskets), 4, 0), "confidence",
         arg_decimal(share(a->both, a->in_because), 4, 0), "lift", arg_decimal(lift_of(a), 4, 0));
  jw_text(w, "reason", reason_of(s->cx, a, s->h->products[a->because].name, s->rules->basket));
  return derived_put(s->cx, db, s->derived, &f, NULL);
}

static int advise(struct search *s, struct db *db, const struct history_store *store) {
  size_t products = s->h->product_count;
  memset(s->bought, 0, products * sizeof *s->bought);
  memset(s->best, 0, products * sizeof *s->best);
  for (size_t i = 0; i < store->line_count; i++)
    if (store->lines[i].product >= 0) s->bought[store->lines[i].product] = store->lines[i].day;
  for (size_t i = 0; i < s->rules->count; i++) {
    const struct rule_pair *p = &s->rules->pairs[i];
    consider(s, p->a, p->b, p, false);
    consider(s, p->b, p->a, p, true);
  }
  for (int n = 0; n < UPSELL_STORE && !s->cx->code; n++) {
    struct advice *first = NULL;
    for (size_t i = 0; i < products; i++)
      if (s->best[i].both && (!first || better(&s->best[i], first))) first = &s->best[i];
    if (!first) break;
    save_advice(s, db, store, first);
    first->both = 0;
  }
  return s->cx->code;
}

static int advise_all(struct search *s, struct db *db, struct field_counts *counts) {
  struct derived d;
  if (derived_begin(s->cx, db, "upselling_recommendation", SQL_upsell_present, &d)) return s->cx->code;
  s->derived = &d;
  s->bought = ctx_alloc(s->cx, (s->h->product_count + 1) * sizeof *s->bought);
  s->best = ctx_alloc(s->cx, (s->h->product_count + 1) * sizeof *s->best);
  for (size_t i = 0; i < s->h->store_count && !s->cx->code; i++) advise(s, db, &s->h->stores[i]);
  s->derived = NULL;
  return derived_end(s->cx, db, &d, counts);
}

static void *find(struct ctx *cx, struct db *db, const struct history *h) {
  struct field_setting setting;
  struct basket_list b;
  struct rules *r = ctx_alloc(cx, sizeof *r);
  if (field_setting_read(cx, db, &setting)) return NULL;
  r->basket = basket_names[choose(h, &b)];
  r->baskets = b.count;
  struct baskets in = { b.start, b.product, b.count, (int32_t)h->product_count };
  r->pairs = rules_find(&in, setting.min_count, setting.false_rate, &r->count);
  free(b.start);
  free(b.product);
  ctx_defer(cx, free, r->pairs);
  return r;
}

static int store(struct ctx *cx, struct db *db, const struct history *h, void *found,
                 struct field_counts *counts) {
  const struct rules *r = found;
  struct search s = { .cx = cx, .h = h, .rules = r };
  stmt_run(cx, db_stmt(cx, db, SQL_rules_forget));
  for (size_t i = 0; i < r->count && !cx->code; i++) {
    write_rule(cx, db, h, &r->pairs[i], false, r->baskets, r->basket);
    write_rule(cx, db, h, &r->pairs[i], true, r->baskets, r->basket);
  }
  return cx->code ? (int)cx->code : advise_all(&s, db, counts);
}

const struct derived_stage upsell_stage = { find, store };
int upsell_all(struct ctx *cx, struct tenant *t) { return derived_run(cx, t, &upsell_stage, NULL); }

/* ---- suggestions ---- */

/* Columns: product, name, because, name, both, because, other, baskets, basket, unit price. */
static void write_suggestion(struct ctx *cx, struct jw *w, const struct stmt *s) {
  struct advice a = { 0, 0, col_int(s, 4), col_int(s, 5), col_int(s, 6), col_int(s, 7) };
  columns_write(w, s, 0, "product_id, product, because_id, because");
  jw_put(w, "support", arg_number(share(a.both, a.baskets), 4, 0), "confidence",
         arg_number(share(a.both, a.in_because), 4, 0), "lift", arg_number(lift_of(&a), 4, 0));
  if (col_null(s, 9))
    jw_text(w, "unit_price", NULL);
  else
    jw_number(w, "unit_price", col_int(s, 9), FIELD_SCALE, 2);
  const char *because = ctx_strdup(cx, col_str(s, 3)), *basket = ctx_strdup(cx, col_str(s, 8));
  jw_text(w, "reason", reason_of(cx, &a, because, basket));
}

static int write_list(struct ctx *cx, struct db *db, enum sql_id query, const char *id, struct jw *w,
                      const char *key) {
  struct stmt *s = db_ask(cx, db, query, id, UPSELL_ORDER);
  jw_array(w, key);
  while (stmt_row(cx, s)) {
    jw_object(w, NULL);
    write_suggestion(cx, w, s);
    jw_close(w, '}');
  }
  jw_close(w, ']');
  return cx->code;
}

int upsell_suggest(struct ctx *cx, struct db *db, const char *id, struct jw *w, const char *key) {
  struct stmt *s = db_ask(cx, db, SQL_upsell_subject, order_invoice_number(cx, id));
  if (!stmt_row(cx, s))
    return cx->code ? (int)cx->code
                    : fail(cx, E_NOT_FOUND, "id", "there is no order, invoice or store %.80s", id);
  bool store = str_eq(col_str(s, 0), STR("store")), invoice = str_eq(col_str(s, 0), STR("invoice"));
  const char *found = col_dup(cx, s, 1);
  stmt_done(s);
  return write_list(cx, db,
                    store     ? SQL_upsell_of_store
                    : invoice ? SQL_upsell_of_invoice
                              : SQL_upsell_of_order,
                    found, w, key);
}

int upsell_rules(struct ctx *cx, struct db *db, const char *search, int64_t limit, struct jw *w,
                 const char *key, int64_t *total) {
  const char *words;
  if (search_patterns(cx, "q", search, &words)) return cx->code;
  struct stmt *s = db_ask(cx, db, SQL_upsell_rules, limit, words);
  *total = 0;
  jw_array(w, key);
  while (stmt_row(cx, s)) {
    jw_object(w, NULL);
    write_suggestion(cx, w, s);
    columns_write(w, s, 4, "both: int, in_because: int, in_product: int, baskets: int");
    *total = col_int(s, 10);
    jw_close(w, '}');
  }
  jw_close(w, ']');
  return cx->code;
}
