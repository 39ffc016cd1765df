#include "field/rules.h"

#include <math.h>
#include <stdlib.h>

#include "base/ctx.h"
#include "base/map.h"

static double log_choose(double n, double k) { return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1); }

/* Terms fall from `both` on when that is above what is expected: the sum ends where they no longer count. */
double rules_chance(int64_t n, int64_t in_a, int64_t in_b, int64_t both) {
  double N = (double)n, A = (double)in_a, B = (double)in_b, k = (double)both;
  double most = A < B ? A : B, sum = 1, term = 1;
  double first = log_choose(A, k) + log_choose(N - A, B - k) - log_choose(N, B);
  for (; k < most && term > sum * 1e-17; k++) {
    term *= (A - k) * (B - k) / ((k + 1) * (N - A - B + k + 1));
    sum += term;
  }
  double chance = exp(first) * sum;
  return chance < 1 ? chance : 1;
}

struct pair_key {
  int32_t a, b;
};

static void count_pairs(const struct baskets *in, const int64_t *of, int64_t least, struct map *pairs) {
  for (size_t i = 0; i < in->count; i++) {
    size_t from = in->start[i], to = in->start[i + 1];
    if (to - from > RULES_BASKET_MOST) continue;
    for (size_t x = from; x < to; x++) {
      if (of[in->product[x]] < least) continue;
      for (size_t y = x + 1; y < to; y++) {
        struct pair_key key = { in->product[x], in->product[y] };
        if (of[key.b] >= least) ++*map_put(pairs, (struct str){ (const char *)&key, sizeof key }, NULL);
      }
    }
  }
}

static int by_chance(const void *a, const void *b) {
  const struct rule_pair *x = a, *y = b;
  return x->chance != y->chance ? (x->chance > y->chance) - (x->chance < y->chance)
         : x->a != y->a         ? (x->a > y->a) - (x->a < y->a)
                                : (x->b > y->b) - (x->b < y->b);
}
static int by_products(const void *a, const void *b) {
  const struct rule_pair *x = a, *y = b;
  return x->a != y->a ? (x->a > y->a) - (x->a < y->a) : (x->b > y->b) - (x->b < y->b);
}

/* How many of the pairs, the least likely first, are kept so that of these a false_rate at most is there by chance. */
static size_t discovered(const struct rule_pair *p, size_t n, double tests, double false_rate) {
  size_t kept = 0;
  for (size_t i = 0; i < n; i++)
    if (p[i].chance <= (double)(i + 1) / tests * false_rate) kept = i + 1;
  return kept;
}

struct rule_pair *rules_find(const struct baskets *in, int64_t min_count, double false_rate, size_t *count) {
  int64_t *of = xcalloc((size_t)in->products + 1, sizeof *of);
  struct map pairs;
  struct str key;
  uint64_t both;
  size_t n = 0, at = 0;
  double frequent = 0;
  map_init(&pairs);
  for (size_t i = 0; i < in->count; i++)
    for (size_t x = in->start[i]; x < in->start[i + 1]; x++) of[in->product[x]]++;
  for (int32_t i = 0; i < in->products; i++) frequent += of[i] >= min_count;
  count_pairs(in, of, min_count, &pairs);
  struct rule_pair *out = xcalloc(pairs.count + 1, sizeof *out);
  while (map_next(&pairs, &at, &key, &both)) {
    struct pair_key p;
    memcpy(&p, key.p, sizeof p);
    double expected = (double)of[p.a] * (double)of[p.b] / (double)in->count;
    if ((int64_t)both < min_count || (double)both <= expected) continue;
    out[n++] = (struct rule_pair){
      p.a,     p.b,     (int64_t)both,
      of[p.a], of[p.b], rules_chance((int64_t)in->count, of[p.a], of[p.b], (int64_t)both)
    };
  }
  map_clear(&pairs);
  free(of);
  qsort(out, n, sizeof *out, by_chance);
  n = discovered(out, n, frequent * (frequent - 1) / 2, false_rate);
  qsort(out, n, sizeof *out, by_products);
  *count = n;
  return out;
}
