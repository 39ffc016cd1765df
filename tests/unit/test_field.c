/* What follows from orders: rhythms, forecasts, calibration, rules, amounts. */
#include <math.h>
#include <stdlib.h>

#include "base/time.h"
#include "field/amount.h"
#include "field/calibration.h"
#include "field/forecast.h"
#include "field/rhythm.h"
#include "field/rules.h"
#include "unit.h"

static int32_t day(const char *iso) {
  int64_t at = 0;
  time_parse_iso(str_of(iso), &at);
  return (int32_t)(at / DAY_US);
}

UNIT(rhythm_weekly, "a store that orders on Tuesdays, though one was missed and one came a day late") {
  /* 2024-01-02 is a Tuesday; 02-06 is missing, 02-21 is a Wednesday */
  const char *iso[] = { "2024-01-02", "2024-01-09", "2024-01-16", "2024-01-23", "2024-01-30",
                        "2024-02-13", "2024-02-21", "2024-02-27", "2024-03-05" };
  int32_t days[9];
  struct rhythm r;
  for (int i = 0; i < 9; i++) days[i] = day(iso[i]);
  if (!CHECK(rhythm_next(days, 9, day("2024-03-06"), &r))) return;
  CHECK_INT(r.kind, RHYTHM_WEEKLY);
  CHECK_INT(r.usual, 7);
  CHECK_INT(r.trimmed, 1); /* the 14 days */
  CHECK_INT(r.day, day("2024-03-12"));
  CHECK_INT(r.window, 2);
}

UNIT(rhythm_monthly, "a store that orders on the fifth of each month, February included") {
  int32_t days[8];
  struct rhythm r;
  const char *iso[] = { "2023-10-05", "2023-11-06", "2023-12-05", "2024-01-05",
                        "2024-02-05", "2024-03-04", "2024-04-05", "2024-05-05" };
  for (int i = 0; i < 8; i++) days[i] = day(iso[i]);
  if (!CHECK(rhythm_next(days, 8, day("2024-05-20"), &r))) return;
  CHECK_INT(r.kind, RHYTHM_MONTHLY);
  CHECK_INT(r.day, day("2024-06-05"));
}

UNIT(rhythm_overdue,
     "only intervals that are longer than what has passed count, and without two of them nothing is said") {
  const int32_t days[] = { 0, 10, 20, 31, 43, 53, 63, 76 }; /* 10 10 11 12 10 10 13 */
  struct rhythm r;
  CHECK(rhythm_next(days, 8, 76, &r) && r.day == 86 && r.tries == 7);
  CHECK(rhythm_next(days, 8, 86, &r) && r.day == 76 + 12 && r.tries == 3);
  CHECK(!rhythm_next(days, 8, 76 + 12, &r));
  CHECK(!rhythm_next(days, 4, 31, &r));
}

UNIT(rhythm_ahead, "an order that is agreed for later counts as the last one") {
  const int32_t days[] = { 0, 10, 20, 30, 40, 50 };
  struct rhythm r;
  CHECK(rhythm_next(days, 6, 45, &r) && r.day == 60);
}

UNIT(forecast_by_hand, "exponential smoothing takes the alpha with the least squared error") {
  struct smooth s;
  const double step[] = { 10, 10, 10, 20, 20, 20, 20, 20 }, few[] = { 1, 2, 3 };
  smooth_of(step, 8, &s); /* the fastest follows a step best */
  CHECK(s.alpha == 0.5 && fabs(s.level - (20 - 10 * pow(0.5, 5))) < 1e-9);
  CHECK(fabs(s.naive - 10.0 / 7) < 1e-12);
  smooth_of(few, 3, &s);
  CHECK(s.alpha == 0 && fabs(s.level - 2) < 1e-12);
  smooth_of(few, 0, &s);
  CHECK(s.level == 0);
}

UNIT(forecast_croston, "Croston, Syntetos and Boylan, Teunter and others by hand") {
  const double x[] = { 0, 6, 0, 0, 4, 0 };
  struct croston c;
  croston_of(x, 6, 0.1, &c);
  CHECK(fabs(c.size - (6 + 0.1 * (4 - 6))) < 1e-12);
  CHECK(fabs(c.interval - (2 + 0.1 * (3 - 2))) < 1e-12);
  CHECK(fabs(c.rate - 0.95 * 5.8 / 2.1) < 1e-12);
  double p = 2.0 / 6;
  for (int i = 0; i < 6; i++) p += 0.1 * ((x[i] > 0) - p);
  CHECK(fabs(c.chance - p) < 1e-12);
  croston_of(x, 1, 0.1, &c);
  CHECK(c.size == 0 && c.rate == 0 && c.chance == 0);
}

UNIT(calibration_steps, "steps never fall, cover all samples, and say what held") {
  enum { N = 3000 };
  static struct calibration_sample s[N];
  struct calibration c;
  uint32_t seed = 7;
  int64_t tries = 0, hits = 0, held = 0;
  for (int i = 0; i < N; i++) { /* the truth: it holds with chance score^2 */
    seed = seed * 1664525 + 1013904223;
    double score = (seed >> 8) / 16777216.0;
    seed = seed * 1664525 + 1013904223;
    s[i] = (struct calibration_sample){ score, (seed >> 8) / 16777216.0 < score * score };
    held += s[i].held;
  }
  calibration_fit(&c, s, N);
  for (int i = 0; i < c.count; i++) {
    tries += c.step[i].tries;
    hits += c.step[i].hits;
    CHECK(c.step[i].tries >= CALIBRATION_LEAST);
    if (i) CHECK(c.step[i].confidence + 0.02 >= c.step[i - 1].confidence);
  }
  CHECK(c.count > 3 && c.count <= CALIBRATION_STEPS);
  CHECK_INT(tries, N);
  CHECK_INT(hits, held);
  for (double score = 0.1; score < 1; score += 0.1)
    CHECK(fabs(calibration_of(&c, score)->confidence - score * score) < 0.15);
  calibration_fit(&c, s, 0);
  CHECK(!calibration_of(&c, 0.5));
}

/* By adding up every term with long doubles. */
static double chance_slowly(int n, int a, int b, int both) {
  long double sum = 0;
  for (int k = both; k <= (a < b ? a : b); k++) {
    if (b - k > n - a) continue;
    sum +=
        expl(lgammal(a + 1) - lgammal(k + 1) - lgammal(a - k + 1) + lgammal(n - a + 1) - lgammal(b - k + 1) -
             lgammal(n - a - b + k + 1) - lgammal(n + 1) + lgammal(b + 1) + lgammal(n - b + 1));
  }
  return (double)sum;
}

UNIT(rules_chance_exact, "the upper tail of the hypergeometric distribution") {
  CHECK(fabs(rules_chance(8, 4, 4, 4) - 1.0 / 70) < 1e-12); /* Fisher's lady who tastes tea */
  CHECK(fabs(rules_chance(8, 4, 4, 3) - 17.0 / 70) < 1e-12);
  for (int both = 6; both < 30; both++)
    CHECK(fabs(rules_chance(500, 60, 40, both) / chance_slowly(500, 60, 40, both) - 1) < 1e-9);
}

UNIT(rules_planted, "a rule that was planted is found, and of the noise nothing") {
  enum { BASKETS = 2000, PRODUCTS = 60 };
  static size_t start[BASKETS + 1];
  static int32_t product[BASKETS * 8];
  size_t used = 0, count;
  uint32_t seed = 11;
  for (int i = 0; i < BASKETS; i++) {
    start[i] = used;
    for (int32_t p = 0; p < PRODUCTS; p++) {
      seed = seed * 1664525 + 1013904223;
      bool in = (seed >> 16) % 20 == 0 && used - start[i] < 7;
      if (p == 42 && used > start[i]) /* 42 goes with 7, four times in five */
        for (size_t k = start[i]; k < used; k++) in = in || (product[k] == 7 && (seed >> 16) % 5);
      if (in) product[used++] = p;
    }
  }
  start[BASKETS] = used;
  struct baskets in = { start, product, BASKETS, PRODUCTS };
  struct rule_pair *found = rules_find(&in, 5, 0.01, &count);
  if (CHECK_INT((int64_t)count, 1)) {
    CHECK_INT(found->a, 7);
    CHECK_INT(found->b, 42);
    CHECK((double)found->both / (double)found->in_a > 0.7);
  }
  free(found);
}

UNIT(amount_exact, "money of a line: a tie goes to the even cent, and what cannot be held is refused") {
  int64_t v;
  CHECK(amount_of_line(15000, 999999, &v) && v == 15000);  /* 1.5 * 99.9999 = 149.99985 */
  CHECK(amount_of_line(10000, 12350, &v) && v == 124);     /* 1.235 */
  CHECK(amount_of_line(10000, 12450, &v) && v == 124);     /* 1.245 */
  CHECK(amount_of_line(10000, 12450 + 1, &v) && v == 125); /* 1.2451 */
  CHECK(amount_of_line(1, 1, &v) && v == 0);
  CHECK(!amount_of_line(INT64_MAX, INT64_MAX, &v));
}
