#include "inventory/demand.h"

#include <math.h>

const char *const risk_method_names[] = { "none", "exact", "normal" };
const char *const order_method_names[] = { "min_max", "eoq", "fixed" };
const char *const stock_state_names[] = { "ok", "at_risk", "low", "out" };

/* ---- what was issued ---- */

static int64_t divisor(int64_t a, int64_t b) {
  while (b) {
    int64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

void demand_sum(struct demand *d) {
  double sum = 0, squares = 0;
  d->step = 0;
  for (int i = 0; i < d->seen; i++) {
    double x = (double)d->issues[i] / DEMAND_ONE;
    sum += x;
    d->step = divisor(d->issues[i], d->step);
  }
  if (!d->step) d->step = DEMAND_ONE;
  d->mean = d->days > 0 ? sum / d->days : 0;
  for (int i = 0; i < d->seen; i++) {
    double off = (double)d->issues[i] / DEMAND_ONE - d->mean;
    squares += off * off;
  }
  squares += (d->days - d->seen) * d->mean * d->mean; /* the days without */
  d->variance = d->days > 1 ? squares / (d->days - 1) : 0;
}

/* ---- the risk ---- */

static double normal_above(double z) { return 0.5 * erfc(z / sqrt(2)); }

/* What at most `room` steps of demand take, with its probability; more than that is lost from
** it, and is the risk. One day more: every day seen is as likely. */
static void add_day(const struct demand *d, const double *from, double *to, int room) {
  double share = 1.0 / d->days, none = (double)(d->days - d->seen) * share;
  for (int k = 0; k <= room; k++) to[k] = from[k] * none;
  for (int i = 0; i < d->seen; i++) {
    int64_t steps = d->issues[i] / d->step;
    for (int64_t k = steps; k <= room; k++) to[k] += from[k - steps] * share;
  }
}

static double risk_exact(const struct demand *d, int days, int room) {
  double a[DEMAND_EXACT_STEPS + 1] = { 1 }, b[DEMAND_EXACT_STEPS + 1], sum = 0;
  double *from = a, *to = b;
  for (int day = 0; day < days; day++) {
    double *done = from;
    add_day(d, from, to, room);
    from = to;
    to = done;
  }
  for (int k = 0; k <= room; k++) sum += from[k];
  double risk = 1 - sum;
  return risk < 1e-12 ? 0 : risk; /* what is left by rounding is nothing */
}

double demand_risk(const struct demand *d, struct lead_time lead, int64_t available, enum risk_method *how) {
  int64_t room = available / d->step;
  double mean = d->mean * lead.days;
  double variance = d->variance * lead.days + d->mean * d->mean * lead.deviation * lead.deviation;
  *how = RISK_NONE;
  if (d->seen == 0) return available < 0;
  if (available <= 0) return 1;
  if (mean <= 0) return 0;
  if (lead.deviation == 0 && lead.days == floor(lead.days) && room <= DEMAND_EXACT_STEPS) {
    *how = RISK_EXACT;
    return risk_exact(d, (int)lead.days, (int)room);
  }
  *how = RISK_NORMAL;
  double there = (double)available / DEMAND_ONE;
  if (variance <= 0) return mean > there;
  return normal_above((there - mean) / sqrt(variance));
}

/* By halving: erfc is exact enough, and 60 steps are below its last digit. */
double normal_quantile(double p) {
  double low = -10, high = 10;
  for (int i = 0; i < 60; i++) {
    double middle = (low + high) / 2;
    if (1 - normal_above(middle) < p)
      low = middle;
    else
      high = middle;
  }
  return (low + high) / 2;
}

/* Up to whole multiples of unit; what is out of any warehouse's reach is cut there. */
static int64_t round_up(double quantity, int64_t unit) {
  const double most = 9e14; /* 90 thousand million, scaled: far from overflow in every sum */
  double scaled = quantity * DEMAND_ONE;
  if (!(scaled > 0)) return 0;
  if (scaled > most) scaled = most;
  int64_t whole = (int64_t)ceil(scaled - 1e-6); /* 12.000000000001 is 12 */
  return (whole + unit - 1) / unit * unit;
}

int64_t demand_reorder_point(const struct demand *d, struct lead_time lead, double service) {
  double variance = d->variance * lead.days + d->mean * d->mean * lead.deviation * lead.deviation;
  if (d->seen == 0) return 0;
  return round_up(d->mean * lead.days + normal_quantile(service) * sqrt(variance), d->step);
}

/* ---- how much ---- */

static int64_t at_least(int64_t a, int64_t b) { return a > b ? a : b; }

void demand_order(const struct demand *d, const struct order_terms *t, int64_t position,
                  struct order_advice *out) {
  int64_t lacking = t->reorder_point - position; /* up to the reorder point */
  bool eoq = t->method == ORDER_EOQ && t->order_cost > 0 && t->holding_cost > 0 && d->mean > 0;
  *out = (struct order_advice){ .method = t->fixed > 0 ? ORDER_FIXED : eoq ? ORDER_EOQ : ORDER_MIN_MAX };
  out->order_up_to =
      t->order_up_to > 0 ? t->order_up_to : t->reorder_point + round_up(d->mean * t->cover_days, d->step);
  if (lacking < 0) return;
  if (t->fixed > 0)
    out->bare = at_least(t->fixed, lacking);
  else if (eoq)
    out->bare =
        at_least(round_up(sqrt(2 * 365 * d->mean * t->order_cost / t->holding_cost), d->step), lacking);
  else
    out->bare = at_least(out->order_up_to - position, 0);
  out->quantity = out->bare;
  if (out->quantity <= 0) return;
  out->quantity = at_least(out->quantity, t->minimum);
  if (t->pack > 0) out->quantity = (out->quantity + t->pack - 1) / t->pack * t->pack;
}

/* ---- how it stands ---- */

enum stock_state stock_state_find(struct str name) {
  for (int i = STOCK_AT_RISK; i <= STOCK_OUT; i++)
    if (str_eq(name, str_of(stock_state_names[i]))) return i;
  return STOCK_OK;
}

enum stock_state stock_state_of(enum stock_state before, int64_t available, int64_t reorder_point,
                                double risk, double service, bool wanted) {
  double allowed = 1 - service;
  bool was_low = before == STOCK_LOW || before == STOCK_OUT;
  if (available < 0 || (available == 0 && wanted)) return STOCK_OUT;
  if (!wanted) return STOCK_OK;
  if (available <= reorder_point) return STOCK_LOW;
  if (was_low && available <= reorder_point + reorder_point / 10) return STOCK_LOW;
  if (risk > allowed) return STOCK_AT_RISK;
  if (before == STOCK_AT_RISK && risk > allowed / 2) return STOCK_AT_RISK;
  return STOCK_OK;
}
