#include "field/calibration.h"

#include <stdlib.h>

#include "base/ctx.h"

static int by_score(const void *a, const void *b) {
  const struct calibration_sample *x = a, *y = b;
  return (x->score > y->score) - (x->score < y->score);
}

/* Whether the second of two steps that follow each other has to join the first. */
static bool falls(const struct calibration_step *a, const struct calibration_step *b) {
  return b->hits * a->tries <= a->hits * b->tries;
}

static void join(struct calibration_step *a, const struct calibration_step *b) {
  a->hits += b->hits;
  a->tries += b->tries;
}

static size_t pool(struct calibration_step *steps, const struct calibration_sample *s, size_t count) {
  size_t n = 0;
  for (size_t i = 0; i < count;) {
    struct calibration_step *now = &steps[n++];
    *now = (struct calibration_step){ .from = s[i].score };
    for (; i < count && s[i].score == now->from; i++) now->tries++, now->hits += s[i].held;
    for (; n > 1 && falls(&steps[n - 2], &steps[n - 1]); n--) join(&steps[n - 2], &steps[n - 1]);
  }
  return n;
}

/* Small steps join the one before them (the first, the one behind), until all are large enough and few enough. */
static size_t thin(struct calibration_step *steps, size_t n, int64_t least) {
  size_t kept = 0;
  for (size_t i = 0; i < n; i++) {
    if (kept && (steps[i].tries < least || steps[kept - 1].tries < least))
      join(&steps[kept - 1], &steps[i]);
    else
      steps[kept++] = steps[i];
  }
  return kept;
}

void calibration_fit(struct calibration *c, struct calibration_sample *samples, size_t count) {
  int64_t hits = 0;
  *c = (struct calibration){ 0 };
  if (!count) return;
  qsort(samples, count, sizeof *samples, by_score);
  struct calibration_step *steps = xcalloc(count, sizeof *steps);
  size_t n = pool(steps, samples, count);
  for (int64_t least = CALIBRATION_LEAST; (n = thin(steps, n, least)) > CALIBRATION_STEPS;) least *= 2;
  for (size_t i = 0; i < n; i++) hits += steps[i].hits;
  double base = (double)hits / (double)count;
  for (size_t i = 0; i < n; i++) {
    c->step[i] = steps[i];
    c->step[i].confidence = ((double)steps[i].hits + base) / ((double)steps[i].tries + 1);
  }
  c->count = (int)n;
  free(steps);
}

const struct calibration_step *calibration_of(const struct calibration *c, double score) {
  const struct calibration_step *found = c->count ? c->step : NULL;
  for (int i = 1; i < c->count && c->step[i].from <= score; i++) found = &c->step[i];
  return found;
}
