#include "field/forecast.h"

#include <math.h>

static const double alphas[] = { 0.05, 0.1, 0.2, 0.3, 0.5 };

static double run(const double *x, size_t n, double alpha, double *squared, double *absolute) {
  double level = x[0];
  *squared = *absolute = 0;
  for (size_t i = 1; i < n; i++) {
    double e = x[i] - level;
    *squared += e * e;
    *absolute += fabs(e);
    level += alpha * e;
  }
  return level;
}

void smooth_of(const double *x, size_t n, struct smooth *out) {
  double best = INFINITY, squared, absolute, sum = 0;
  *out = (struct smooth){ 0 };
  for (size_t i = 0; i < n; i++) sum += x[i];
  if (n) out->level = sum / (double)n;
  if (n < FORECAST_LEAST) return;
  for (size_t i = 0; i < sizeof alphas / sizeof *alphas; i++) {
    double level = run(x, n, alphas[i], &squared, &absolute);
    if (squared >= best) continue;
    best = squared;
    *out = (struct smooth){ .level = level, .alpha = alphas[i], .error = absolute / (double)(n - 1) };
  }
  for (size_t i = 1; i < n; i++) out->naive += fabs(x[i] - x[i - 1]) / (double)(n - 1);
}

void croston_of(const double *x, size_t n, double alpha, struct croston *out) {
  size_t since = 0, demands = 0;
  *out = (struct croston){ 0 };
  for (size_t i = 0; i < n; i++) demands += x[i] > 0;
  if (!demands) return;
  out->chance = (double)demands / (double)n;
  demands = 0;
  for (size_t i = 0; i < n; i++) {
    since++;
    out->chance += alpha * ((x[i] > 0) - out->chance);
    if (x[i] <= 0) continue;
    out->size += demands ? alpha * (x[i] - out->size) : x[i];
    out->interval += demands ? alpha * ((double)since - out->interval) : (double)since;
    demands++;
    since = 0;
  }
  out->rate = (1 - alpha / 2) * out->size / out->interval;
}
