#include "inventory/metric.h"

#include <math.h>

#include "base/decimal.h"

typedef __int128 wide;

/* Rounded half to even, kept within 64 bits; b above 0. */
static int64_t divide(wide a, wide b) {
  if (b <= 0) return 0;
  wide q = a / b, r = a % b;
  wide twice = 2 * (r < 0 ? -r : r);
  if (twice > b || (twice == b && q % 2 != 0)) q += a < 0 ? -1 : 1;
  return q > INT64_MAX ? INT64_MAX : q < INT64_MIN ? INT64_MIN : (int64_t)q;
}

static bool add_product(int64_t *sum, int64_t a, int64_t b) {
  int64_t product;
  return !__builtin_mul_overflow(a, b, &product) && !__builtin_add_overflow(*sum, product, sum);
}

bool metric_add(struct metric_sums *m, int64_t D, int64_t d, int64_t issued, int64_t net, int sign) {
  int64_t day = d - METRIC_EPOCH;
  bool fits = true;
  if (d <= D && d > D - METRIC_DAYS) {
    fits = add_product(&m->issued_28, issued, sign);
    fits = fits && add_product(&m->issued_28_day, issued, sign * day);
  }
  if (fits && d <= D && d > D - METRIC_YEAR) {
    fits = add_product(&m->issued_365, issued, sign) && add_product(&m->net_365, net, sign);
    fits = fits && add_product(&m->net_365_day, net, sign * day);
  }
  if (fits && d <= D) fits = add_product(&m->on_hand, net, sign);
  return fits;
}

void metric_of(const struct metric_sums *m, int64_t D, int64_t available, struct metric *out) {
  enum { N = METRIC_DAYS, SX = N * (N - 1) / 2, SXX = (N - 1) * N * (2 * N - 1) / 6 };
  *out = (struct metric){ 0 };
  out->velocity = divide(m->issued_28, N);
  /* x counts from 0 on the first day of the window. */
  wide sxy = (wide)m->issued_28_day - (wide)(D - N + 1 - METRIC_EPOCH) * m->issued_28;
  out->trend = divide((N * sxy - SX * (wide)m->issued_28) * dec_pow10[TREND_SCALE - STOCK_SCALE],
                      (wide)N * SXX - (wide)SX * SX);
  /* The stock at the end of each day of the year is what there is at its end, less what came after
  ** that day: of day d's movements all days before d in the window know nothing. */
  int64_t start = D - METRIC_YEAR + 1;
  wide stock =
      (wide)METRIC_YEAR * m->on_hand - ((wide)m->net_365_day - (wide)(start - METRIC_EPOCH) * m->net_365);
  int64_t days = m->first_day > start ? D - m->first_day + 1 : METRIC_YEAR;
  if (days < 1) days = 1;
  out->average = divide(stock, days);
  out->has_turnover = stock > 0;
  if (out->has_turnover)
    out->turnover =
        divide((wide)m->issued_365 * METRIC_YEAR * STOCK_UNIT, stock); /* / days and * days cancel out */
  out->has_cover = m->issued_28 > 0;
  if (out->has_cover)
    out->days_of_cover = divide((wide)(available > 0 ? available : 0) * N * STOCK_UNIT, m->issued_28);
}

void trend_of(const int64_t *values, int n, int64_t *slope, int64_t *error) {
  wide sy = 0, sxy = 0;
  int64_t sx = (int64_t)n * (n - 1) / 2, sxx = (int64_t)(n - 1) * n * (2 * n - 1) / 6;
  for (int i = 0; i < n; i++) {
    sy += values[i];
    sxy += (wide)values[i] * i;
  }
  wide over = n * sxy - sx * sy, under = (wide)n * sxx - (wide)sx * sx;
  *slope = divide(over * dec_pow10[TREND_SCALE - STOCK_SCALE], under);
  double b = (double)over / (double)under, a = ((double)sy - b * (double)sx) / n, sse = 0;
  for (int i = 0; i < n; i++) {
    double left = (double)values[i] - a - b * i;
    sse += left * left;
  }
  double e = sqrt(sse / (n - 2) / ((double)under / n)) * (double)dec_pow10[TREND_SCALE - STOCK_SCALE];
  *error = e < 9e18 ? llrint(e) : INT64_MAX;
}

void metric_json(struct jw *w, const struct metric *m) {
  jw_put(w, "velocity", stock_number(m->velocity), "trend", arg_number(m->trend, TREND_SCALE, 0), "direction",
         m->trend > 0   ? "up"
         : m->trend < 0 ? "down"
                        : "flat",
         "average_on_hand", stock_number(m->average), "turnover",
         m->has_turnover ? stock_number(m->turnover) : arg_text(NULL), "days_of_cover",
         m->has_cover ? stock_number(m->days_of_cover) : arg_text(NULL));
}

void metric_formulas(struct jw *w, const char *key) {
  jw_record(
      w, key, "velocity", "units issued over the last 28 days, today among them, divided by 28", "trend",
      "slope of the least-squares line through the issues of these 28 days: units a day, more each day",
      "average_on_hand",
      "mean of what was on hand at the end of each of the last 365 days, or of those since "
      "the first movement",
      "turnover", "units issued over the same days, times 365 / their number, divided by the average on hand",
      "days_of_cover", "on hand less reserved, divided by the velocity");
}
