/*
** rules.h - what is bought together: association rules between two products (Agrawal, Imielinski,
** Swami 1993).
**
** A basket is a set of products. Of n baskets, `because` hold the one product, `other` the other, and
** `both` the two:
**   support     both / n
**   confidence  both / because
**   lift        both * n / (because * other): how many times more often than by chance
**
** A pair is a rule when both products are in at least min_count baskets, and the two together, too;
** when the lift is above 1; and when that is no chance: Fisher's exact test (upper tail of the
** hypergeometric distribution) with the false discovery rate of Benjamini and Hochberg (1995)
** over all pairs of products that were frequent enough, seen together or not.
*/
#ifndef FIELD_RULES_H
#define FIELD_RULES_H

#include <stddef.h>
#include <stdint.h>

enum { RULES_BASKET_MOST = 200 }; /* a basket with more products says nothing of what goes with what */

struct baskets {
  const size_t *start;    /* count + 1 of them */
  const int32_t *product; /* of basket i: from start[i] to below start[i + 1], ascending, each once */
  size_t count;
  int32_t products; /* how many there are; numbers lie below */
};

struct rule_pair { /* holds both ways; a < b */
  int32_t a, b;
  int64_t both, in_a, in_b;
  double chance; /* of so many or more together, if they had nothing to do with each other */
};

/* Frees with free(). Ordered by a, b. */
struct rule_pair *rules_find(const struct baskets *in, int64_t min_count, double false_rate, size_t *count);

/* The upper tail: `both` or more of the baskets with b, `in_b` of n, among the `in_a` with a. */
double rules_chance(int64_t n, int64_t in_a, int64_t in_b, int64_t both);

#endif
