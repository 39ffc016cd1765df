/*
** calibration.h - from a score to a confidence: the share of times that held.
**
** Fitted on the past: each sample is a prediction as it would have been made at some earlier
** day, its score, and whether it held. Isotonic regression (pool adjacent violators, Ayer et
** al. 1955) gives the best step function that never falls; steps with fewer than
** CALIBRATION_LEAST tries join their neighbour, so that no confidence rests on a handful. A
** step says (hits + base) / (tries + 1), base being the share of all samples.
*/
#ifndef FIELD_CALIBRATION_H
#define FIELD_CALIBRATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CALIBRATION_STEPS = 24, CALIBRATION_LEAST = 40 };

struct calibration_sample {
  double score;
  bool held;
};

struct calibration_step {
  double from; /* scores from here on */
  int64_t hits, tries;
  double confidence;
};

struct calibration {
  int count; /* 0: there was nothing to fit */
  struct calibration_step step[CALIBRATION_STEPS];
};

/* Sorts the samples. */
void calibration_fit(struct calibration *c, struct calibration_sample *samples, size_t count);
/* The step of a score; NULL when nothing was fitted. */
const struct calibration_step *calibration_of(const struct calibration *c, double score);

#endif
