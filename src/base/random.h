/*
** random.h - numbers that look random and are the same for the same seed, for files that are made.
** splitmix64 (Steele, Lea, Flood 2014). For secrets there is base/ids.h.
*/
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
  uint64_t state; /* begins as the seed */
};

static inline uint64_t random_next(struct random *r) {
  uint64_t z = (r->state += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return z ^ z >> 31;
}

/* From 0 to n - 1; 0 when there is nothing to choose from. */
static inline int64_t random_below(struct random *r, int64_t n) {
  return n > 0 ? (int64_t)(random_next(r) % (uint64_t)n) : 0;
}

/* Selection sampling (Knuth, TAOCP 3.4.2 S): of `left` that are still to come, whether this one is among
** the `*due`. Over all of them exactly so many are. */
static inline bool random_deal(struct random *r, int64_t left, int64_t *due) {
  if (random_below(r, left) >= *due) return false;
  --*due;
  return true;
}

#endif
