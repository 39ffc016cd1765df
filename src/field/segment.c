#include "field/segment.h"

#include <math.h>
#include <stdlib.h>

#include "base/decimal.h"
#include "base/time.h"
#include "field/derive.h"
#include "field/rhythm.h"

enum { CLASS_HIGH = 80, CLASS_MEDIUM = 95, SILENT = 3, NEW_DAYS = 60, NEW_ORDERS = 2, MONTH = 30 };

/* ---- scores ---- */

static int ascending(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* How many are less; sorted: ascending. */
static size_t below(const int64_t *sorted, size_t n, int64_t v) {
  size_t low = 0, high = n;
  while (low < high) {
    size_t mid = (low + high) / 2;
    if (sorted[mid] < v)
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

typedef int64_t measure_fn(const struct segment *s);
static int64_t last_of(const struct segment *s) { return s->store->days[s->store->day_count - 1]; }
static int64_t frequency_of(const struct segment *s) { return s->order_frequency; }
static int64_t revenue_of(const struct segment *s) { return s->store->revenue; }

static void score(struct segment *all, size_t n, int64_t *scratch, measure_fn *measure, size_t at) {
  for (size_t i = 0; i < n; i++) scratch[i] = measure(&all[i]);
  qsort(scratch, n, sizeof *scratch, ascending);
  for (size_t i = 0; i < n; i++)
    *(int *)((char *)&all[i] + at) = 1 + (int)(5 * below(scratch, n, measure(&all[i])) / n);
}

static int64_t orders_in_a_month(const struct history_store *s, int32_t as_of) {
  int64_t days = as_of - s->days[0] + 1;
  return dec_div(s->documents * MONTH * 100, days < MONTH ? MONTH : days);
}

/* ---- value ---- */

static int by_revenue(const void *a, const void *b) {
  const struct segment *x = *(struct segment *const *)a, *y = *(struct segment *const *)b;
  if (x->store->revenue != y->store->revenue) return x->store->revenue < y->store->revenue ? 1 : -1;
  return strcmp(x->store->id, y->store->id);
}

static void classify(struct ctx *cx, struct segment *all, size_t n) {
  struct segment **order = ctx_alloc(cx, n * sizeof *order);
  __int128 total = 0, before = 0;
  for (size_t i = 0; i < n; i++) order[i] = &all[i], total += all[i].store->revenue;
  qsort(order, n, sizeof *order, by_revenue);
  for (size_t i = 0; i < n; i++) {
    order[i]->value = before * 100 < total * CLASS_HIGH     ? "high"
                      : before * 100 < total * CLASS_MEDIUM ? "medium"
                                                            : "low";
    before += order[i]->store->revenue;
  }
}

/* ---- churn ---- */

struct pace {
  int32_t usual[RHYTHM_LOOK];
  size_t n;
  int32_t passed;
};

static void pace_of(const struct history_store *s, int32_t as_of, struct pace *p) {
  p->n = rhythm_intervals(s->days, s->day_count, p->usual);
  p->passed = as_of - s->days[s->day_count - 1];
  if (p->passed < 0) p->passed = 0;
}

static double spread_of(const struct pace *p) {
  size_t middle = (p->n - 1) / 2;
  double mean = 0, squares = 0, least = (double)p->usual[middle] / 4;
  for (size_t i = 0; i < p->n; i++) mean += p->usual[i] / (double)p->n;
  for (size_t i = 0; i < p->n; i++) squares += (p->usual[i] - mean) * (p->usual[i] - mean);
  double spread = sqrt(squares / (double)p->n);
  return spread > least ? spread : least;
}

static double survival(const struct pace *p, double usual_of_all) {
  if (!p->n) return exp(-p->passed / usual_of_all);
  size_t longer = 0;
  for (size_t i = 0; i < p->n; i++) longer += p->usual[i] > p->passed;
  double beyond = p->passed - p->usual[p->n - 1];
  double tail = beyond > 0 ? exp(-beyond / spread_of(p)) : 1;
  return ((double)longer + tail) / ((double)p->n + 1);
}

static void measure_churn(struct ctx *cx, struct segment *all, size_t n, int32_t as_of) {
  struct pace *paces = ctx_alloc(cx, n * sizeof *paces);
  int64_t *middles = ctx_alloc(cx, n * sizeof *middles);
  size_t stopped = 0, days = 0, with = 0;
  for (size_t i = 0; i < n; i++) {
    struct pace *p = &paces[i];
    pace_of(all[i].store, as_of, p);
    days += all[i].store->day_count;
    if (!p->n) continue;
    stopped += p->passed > SILENT * p->usual[p->n - 1];
    middles[with++] = p->usual[(p->n - 1) / 2];
  }
  qsort(middles, with, sizeof *middles, ascending);
  size_t middle = with ? (with - 1) / 2 : 0;
  double usual = with ? (double)middles[middle] : MONTH;
  double stop = ((double)stopped + 1) / ((double)days + 2);
  for (size_t i = 0; i < n; i++) all[i].churn = stop / (stop + (1 - stop) * survival(&paces[i], usual));
}

/* ---- names ---- */

static const char *name_of(const struct segment *s, int32_t as_of) {
  bool fresh = s->store->documents <= NEW_ORDERS && as_of - s->store->days[0] < NEW_DAYS;
  if (fresh) return "New";
  if (s->churn >= 0.8) return "Lost";
  if (s->churn >= 0.5) return s->monetary >= 4 ? "Cannot lose" : "At risk";
  if (s->recency >= 4 && s->frequency >= 4 && s->monetary >= 4) return "Champion";
  if (s->frequency >= 4) return "Loyal";
  if (s->monetary >= 4) return "Big spender";
  if (s->recency >= 4) return "Promising";
  return s->recency <= 2 && s->frequency <= 2 ? "Hibernating" : "Regular";
}

struct segment *segment_find(struct ctx *cx, const struct history *h) {
  size_t n = h->store_count;
  struct segment *all = ctx_alloc(cx, (n + 1) * sizeof *all);
  int64_t *scratch = ctx_alloc(cx, (n + 1) * sizeof *scratch);
  for (size_t i = 0; i < n; i++) {
    all[i].store = &h->stores[i];
    all[i].order_frequency = orders_in_a_month(&h->stores[i], h->as_of);
  }
  score(all, n, scratch, last_of, offsetof(struct segment, recency));
  score(all, n, scratch, frequency_of, offsetof(struct segment, frequency));
  score(all, n, scratch, revenue_of, offsetof(struct segment, monetary));
  classify(cx, all, n);
  measure_churn(cx, all, n, h->as_of);
  for (size_t i = 0; i < n; i++) all[i].name = name_of(&all[i], h->as_of);
  return all;
}

/* ---- stored ---- */

static void write_segment(struct jw *w, const struct segment *s) {
  char day[DATE_SIZE];
  const struct history_store *store = s->store;
  int64_t revenue;
  dec_rescale(store->revenue, FIELD_SCALE, MONEY_SCALE, &revenue);
  jw_put(w, "store_id", store->id, "segment_name", s->name, "segment_value", s->value, "total_revenue",
         arg_decimal(revenue, MONEY_SCALE, 0), "order_frequency", arg_decimal(s->order_frequency, 2, 0),
         "churn_risk", arg_decimal(llround(s->churn * 100), 2, 0), "orders", store->documents, "first_order",
         date_iso(day, store->days[0]));
  jw_put(w, "last_order", date_iso(day, store->days[store->day_count - 1]), "recency_score", s->recency,
         "frequency_score", s->frequency, "monetary_score", s->monetary);
}

static void *find(struct ctx *cx, struct db *db, const struct history *h) {
  (void)db;
  return segment_find(cx, h);
}

static int store(struct ctx *cx, struct db *db, const struct history *h, void *found,
                 struct field_counts *counts) {
  struct derived d;
  const struct segment *all = found;
  if (derived_begin(cx, db, "customer_segment", SQL_segment_present, &d)) return cx->code;
  for (size_t i = 0; i < h->store_count && !cx->code; i++) {
    struct form f;
    write_segment(derived_form(&d, &f, str_of(all[i].store->id)), &all[i]);
    derived_put(cx, db, &d, &f, NULL);
  }
  return derived_end(cx, db, &d, counts);
}

const struct derived_stage segment_stage = { find, store };
int segment_all(struct ctx *cx, struct tenant *t) { return derived_run(cx, t, &segment_stage, NULL); }
