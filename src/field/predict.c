#include "field/predict.h"

#include <math.h>
#include <stdlib.h>

#include "base/decimal.h"
#include "base/time.h"
#include "field/amount.h"
#include "field/basket.h"
#include "field/forecast.h"
#include "field/order.h"
#include "field/rhythm.h"
#include "field/segment.h"

enum { OCCASIONS = 60, SOON = 2, CENT = 100 };

/* ---- when ---- */

/* The formula that the field knows. */
static bool legacy_next(const int32_t *days, size_t count, int32_t as_of, struct rhythm *out) {
  *out = (struct rhythm){ .window = 1 };
  if (count < 2) return false;
  int32_t span = days[count - 1] - days[0], gaps = (int32_t)count - 1;
  out->interval = out->usual = (span * 2 + gaps) / (gaps * 2);
  out->day = days[count - 1] + out->interval;
  out->tries = gaps;
  out->window = out->usual / 4 < 1 ? 1 : out->usual / 4 > RHYTHM_WINDOW ? RHYTHM_WINDOW : out->usual / 4;
  out->score = 0.5;
  return out->day > as_of;
}

static bool next_of(const int32_t *days, size_t count, int32_t as_of, const struct field_setting *setting,
                    struct rhythm *out) {
  bool known = setting->legacy ? legacy_next(days, count, as_of, out) : rhythm_next(days, count, as_of, out);
  return known && out->day > as_of && out->day - as_of <= setting->horizon;
}

/* ---- how sure ---- */

struct samples {
  struct calibration_sample *list;
  size_t count, room;
};

static void add_sample(struct samples *s, double score, bool held) {
  if (s->count == s->room) {
    s->room = s->room ? s->room * 2 : 4096;
    s->list = xrealloc(s->list, s->room * sizeof *s->list);
  }
  s->list[s->count++] = (struct calibration_sample){ score, held };
}

static void try_store(struct samples *out, const struct history_store *s, const struct field_setting *setting,
                      int32_t from, int32_t to, int32_t end) {
  size_t known = 0;
  struct rhythm r;
  for (int32_t day = from; day < to; day += PREDICT_STEP_DAYS) {
    while (known < s->day_count && s->days[known] <= day) known++;
    if (!next_of(s->days, known, day, setting, &r) || r.day + r.window > end) continue;
    bool held = known < s->day_count && abs(s->days[known] - r.day) <= r.window;
    add_sample(out, r.score, held);
  }
}

/* Predictions of the past, as they would have been made from `from` to below `to`, and whether they held. Frees
** with free(). For calibration, and for the test that holds stated against achieved. */
static struct calibration_sample *predict_backtest(const struct history *h,
                                                   const struct field_setting *setting, int32_t from,
                                                   int32_t to, size_t *count) {
  struct samples s = { 0 };
  for (size_t i = 0; i < h->store_count; i++) try_store(&s, &h->stores[i], setting, from, to, h->as_of);
  *count = s.count;
  return s.list;
}

/* ---- all of it ---- */

struct prediction {
  const struct history_store *store;
  const struct segment *segment;
  struct rhythm rhythm;
  const struct calibration_step *held; /* NULL: there is no past to say */
  int64_t confidence;                  /* 1/100 */
  struct smooth amount;                /* in 1/10000 */
  struct basket_guess guess;
  const char *priority;
};

struct predictions {
  struct field_setting setting;
  struct calibration calibration;
  struct prediction *list;
  size_t count;
};

static const char *priority_of(const struct prediction *p, int32_t as_of) {
  int points = !strcmp(p->segment->value, "high") ? 2 : !strcmp(p->segment->value, "medium");
  points += p->rhythm.day - as_of <= SOON;
  points += p->confidence >= 60;
  return points >= 3 ? "high" : points == 2 ? "medium" : "low";
}

static int64_t confidence_of(const struct predictions *all, struct prediction *p) {
  p->held = calibration_of(&all->calibration, p->rhythm.score);
  if (all->setting.legacy) {
    int64_t stated = 75 + dec_div(p->segment->order_frequency, 10);
    return stated > CENT ? CENT : stated;
  }
  double share = p->held ? p->held->confidence : p->rhythm.score;
  return llround(share * CENT);
}

static void smooth_amount(struct prediction *p) {
  double x[OCCASIONS];
  const struct history_store *s = p->store;
  size_t n = s->day_count < OCCASIONS ? s->day_count : OCCASIONS;
  for (size_t i = 0; i < n; i++) x[i] = (double)s->amount[s->day_count - n + i];
  smooth_of(x, n, &p->amount);
  if (p->amount.level < 0) p->amount.level = 0;
}

static void calibrate(struct predictions *all, const struct history *h) {
  size_t count;
  int32_t from = h->as_of - PREDICT_LOOK_DAYS;
  struct calibration_sample *samples = predict_backtest(h, &all->setting, from, h->as_of, &count);
  calibration_fit(&all->calibration, samples, count);
  free(samples);
}

static void *find(struct ctx *cx, struct db *db, const struct history *h) {
  struct predictions *all = ctx_alloc(cx, sizeof *all);
  const struct segment *segments = segment_find(cx, h);
  if (field_setting_read(cx, db, &all->setting)) return NULL;
  calibrate(all, h);
  all->list = ctx_alloc(cx, (h->store_count + 1) * sizeof *all->list);
  struct basket_scratch *scratch = basket_scratch_new(cx, h);
  for (size_t i = 0; i < h->store_count; i++) {
    struct prediction *p = &all->list[all->count];
    *p = (struct prediction){ .store = &h->stores[i], .segment = &segments[i] };
    if (!next_of(p->store->days, p->store->day_count, h->as_of, &all->setting, &p->rhythm)) continue;
    p->confidence = confidence_of(all, p);
    if (p->confidence < all->setting.min_confidence) continue;
    smooth_amount(p);
    basket_expect(cx, scratch, p->store, &p->guess);
    p->priority = priority_of(p, h->as_of);
    all->count++;
  }
  return all;
}

/* ---- in words ---- */

static const char *days_of(struct ctx *cx, int64_t n) {
  return n == 1 ? "1 day" : ctx_printf(cx, "%lld days", (long long)n);
}

static const char *sentence_of(struct ctx *cx, const struct prediction *p) {
  char last[DATE_SIZE];
  const struct rhythm *r = &p->rhythm;
  static const char *const how[] = { "", ", on one weekday", ", on one day of the month" };
  const char *text = ctx_printf(cx, "It ordered on %s, usually every %s%s; the last time on %s.",
                                days_of(cx, (int64_t)p->store->day_count), days_of(cx, r->usual),
                                how[r->kind], date_iso(last, p->store->days[p->store->day_count - 1]));
  if (!p->held) return ctx_printf(cx, "%s There is too little of a past to say how often that holds.", text);
  return ctx_printf(
      cx, "%s Of %lld earlier predictions of this kind %lld held: the order came within %s of the date.",
      text, (long long)p->held->tries, (long long)p->held->hits, days_of(cx, r->window));
}

static void explain(struct ctx *cx, struct jw *w, const struct prediction *p, const struct predictions *all,
                    int32_t as_of) {
  char day[DATE_SIZE];
  const struct rhythm *r = &p->rhythm;
  jw_object(w, "explanation");
  jw_text(w, "text", sentence_of(cx, p));
  jw_put(w, "method", all->setting.legacy ? "legacy" : rhythm_names[r->kind], "as_of", date_iso(day, as_of));
  jw_put(w, "last_order", date_iso(day, p->store->days[p->store->day_count - 1]), "history",
         (int64_t)p->store->day_count, "interval", r->interval, "usual_interval", r->usual, "within_days",
         r->window, "outliers", r->trimmed, "confidence_is",
         all->setting.legacy
             ? "0.75 + 0.1 * orders in 30 days, at most 1; hits and tries say how often it held"
         : p->held ? "the share of earlier predictions with a score like this one that held"
                   : "the share of the store's own intervals that fit",
         "hits", p->held ? p->held->hits : r->hits, "tries", p->held ? p->held->tries : r->tries, "score",
         llround(r->score * 10000), "amount_method", p->amount.alpha > 0 ? "exponential smoothing" : "mean",
         "amount_alpha_percent", llround(p->amount.alpha * 100), "amount_error",
         llround(p->amount.error / 10000), "amount_error_naive", llround(p->amount.naive / 10000));
  jw_close(w, '}');
}

/* ---- stored ---- */

static int save_item(struct ctx *cx, struct db *db, struct derived *d, const char *prediction,
                     const struct basket_item *item) {
  struct form f;
  int64_t total;
  if (!amount_of_line(item->quantity, item->unit_price, &total)) return OK;
  struct jw *w = derived_form(d, &f, str_of(ctx_printf(cx, "%s %s", prediction, item->product->id)));
  jw_put(w, "predicted_order_id", prediction, "product_id", item->product->id, "quantity",
         arg_decimal(item->quantity, FIELD_SCALE, 0), "unit_price",
         arg_decimal(item->unit_price, FIELD_SCALE, 0), "total_price", arg_decimal(total, MONEY_SCALE, 0),
         "chance", arg_decimal(llround(item->chance * 10000), 4, 0));
  return derived_put(cx, db, d, &f, NULL);
}

static int save(struct ctx *cx, struct db *db, struct derived *orders, struct derived *items,
                const struct prediction *p, const struct predictions *all, int32_t as_of) {
  char day[DATE_SIZE];
  const char *id;
  struct form f;
  struct jw *w = derived_form(orders, &f, str_of(p->store->id));
  jw_put(w, "store_id", p->store->id, "predicted_date", date_iso(day, p->rhythm.day), "confidence",
         arg_decimal(p->confidence, 2, 0), "priority", p->priority, "total_amount",
         arg_decimal(llround(p->amount.level / 100), MONEY_SCALE, 0), "method",
         all->setting.legacy ? "legacy" : "calibrated", "days", p->rhythm.window);
  jw_text(w, "based_on", date_iso(day, p->store->days[p->store->day_count - 1]));
  explain(cx, w, p, all, as_of);
  if (derived_put(cx, db, orders, &f, &id)) return cx->code;
  for (size_t i = 0; i < p->guess.count && !cx->code; i++) save_item(cx, db, items, id, &p->guess.items[i]);
  return cx->code;
}

/* Somebody decided on a prediction that stood on the same last order. */
static bool is_decided(struct ctx *cx, struct db *db, const struct history_store *s) {
  char day[DATE_SIZE];
  return stmt_exists(cx,
                     db_ask(cx, db, SQL_predict_decided, s->id, date_iso(day, s->days[s->day_count - 1])));
}

static int store(struct ctx *cx, struct db *db, const struct history *h, void *found,
                 struct field_counts *counts) {
  struct derived orders, items;
  const struct predictions *all = found;
  if (derived_begin(cx, db, "predicted_order", SQL_predict_present, &orders)) return cx->code;
  if (!derived_begin(cx, db, "predicted_order_item", SQL_predict_items_present, &items)) {
    for (size_t i = 0; i < all->count && !cx->code; i++)
      if (!is_decided(cx, db, all->list[i].store))
        save(cx, db, &orders, &items, &all->list[i], all, h->as_of);
    derived_end(cx, db, &items, counts);
  }
  derived_end(cx, db, &orders, counts);
  return cx->code ? (int)cx->code : order_approve_wanted(cx, db);
}

const struct derived_stage predict_stage = { find, store };
int predict_all(struct ctx *cx, struct tenant *t) { return derived_run(cx, t, &predict_stage, NULL); }
