#include "field/rhythm.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"

const char *const rhythm_names[] = { "interval", "weekly", "monthly" };

enum { SHARE = 60, WEEKLY_DAYS = 6, MONTH_LEAST = 26, MONTH_MOST = 35, MONTH_NEAR = 2, MONTH_MOVE = 5 };

/* At most RHYTHM_LOOK of them: insertion is the fastest. */
static void sort(int32_t *v, size_t n) {
  for (size_t i = 1; i < n; i++) {
    int32_t x = v[i];
    size_t k = i;
    for (; k > 0 && v[k - 1] > x; k--) v[k] = v[k - 1];
    v[k] = x;
  }
}

/* The lower one of two in the middle. */
static int32_t median(const int32_t *sorted, size_t n) { return sorted[(n - 1) / 2]; }

size_t rhythm_intervals(const int32_t *days, size_t count, int32_t out[static RHYTHM_LOOK]) {
  int32_t away[RHYTHM_LOOK];
  if (count < 2) return 0;
  size_t n = count - 1 < RHYTHM_LOOK ? count - 1 : RHYTHM_LOOK, kept = 0;
  const int32_t *d = days + count - 1 - n;
  for (size_t i = 0; i < n; i++) out[i] = d[i + 1] - d[i];
  sort(out, n);
  int32_t middle = median(out, n);
  for (size_t i = 0; i < n; i++) away[i] = abs(out[i] - middle);
  sort(away, n);
  double far = 3 * 1.4826 * median(away, n);
  if (far < middle / 2.0) far = middle / 2.0;
  for (size_t i = 0; i < n; i++)
    if (abs(out[i] - middle) <= far) out[kept++] = out[i];
  return kept;
}

/* ---- weekly and monthly ---- */

static int weekday(int32_t day) { return (int)(((day % 7) + 7) % 7); }

static int day_of_month(int32_t day) {
  int y, m, d;
  date_civil(day, &y, &m, &d);
  return d;
}

/* The weekday of most of these days; -1 when no one has enough of them. */
static int weekday_of(const int32_t *days, size_t n) {
  size_t counts[7] = { 0 }, best = 0;
  for (size_t i = 0; i < n; i++) counts[weekday(days[i])]++;
  for (size_t i = 1; i < 7; i++)
    if (counts[i] > counts[best]) best = i;
  return n >= WEEKLY_DAYS && counts[best] * 100 >= n * SHARE ? (int)best : -1;
}

/* The day of the month near which most of these days lie; 0 when there is none. */
static int month_day_of(const int32_t *days, size_t n) {
  int best = 0;
  size_t most = 0;
  for (int d = 1; d <= 31; d++) {
    size_t near = 0;
    for (size_t i = 0; i < n; i++) {
      int away = abs(day_of_month(days[i]) - d);
      near += away <= MONTH_NEAR || 31 - away <= MONTH_NEAR;
    }
    if (near > most) most = near, best = d;
  }
  if (most * 100 < n * SHARE) return 0;
  size_t exact = 0; /* of several that have as many near, the one in their middle: the most frequent */
  for (int d = 1; d <= 31; d++) {
    size_t same = 0, near = 0;
    for (size_t i = 0; i < n; i++) {
      int away = abs(day_of_month(days[i]) - d);
      same += away == 0;
      near += away <= MONTH_NEAR || 31 - away <= MONTH_NEAR;
    }
    if (near == most && same > exact) exact = same, best = d;
  }
  return best;
}

/* The nearest day to it that fits and lies behind `after`; itself when none does. */
static int32_t nearest(int32_t day, int32_t after, int reach, bool (*fits)(int32_t day, int what), int what) {
  for (int away = 0; away <= reach; away++) {
    if (day - away > after && fits(day - away, what)) return day - away;
    if (fits(day + away, what)) return day + away;
  }
  return day;
}
static bool is_weekday(int32_t day, int what) { return weekday(day) == what; }
static bool is_month_day(int32_t day, int what) {
  return day_of_month(day) == what || (day_of_month(day) < what && day_of_month(day + 1) == 1);
}

static void follow(struct rhythm *r, const int32_t *days, size_t count, int32_t after) {
  size_t n = count < RHYTHM_LOOK ? count : RHYTHM_LOOK;
  const int32_t *last = days + count - n;
  int what = weekday_of(last, n);
  if (what >= 0) {
    r->kind = RHYTHM_WEEKLY;
    r->day = nearest(r->day, after, 3, is_weekday, what);
    return;
  }
  what = r->usual >= MONTH_LEAST && r->usual <= MONTH_MOST ? month_day_of(last, n) : 0;
  if (!what) return;
  r->kind = RHYTHM_MONTHLY;
  r->day = nearest(r->day, after, MONTH_MOVE, is_month_day, what);
}

/* ---- the next day ---- */

static int32_t within(int32_t v, int32_t least, int32_t most) {
  return v < least ? least : v > most ? most : v;
}

bool rhythm_next(const int32_t *days, size_t count, int32_t as_of, struct rhythm *out) {
  int32_t usual[RHYTHM_LOOK];
  *out = (struct rhythm){ 0 };
  if (count < RHYTHM_DAYS) return false;
  int32_t last = days[count - 1], passed = as_of > last ? as_of - last : 0;
  size_t n = rhythm_intervals(days, count, usual), first = 0;
  while (first < n && usual[first] <= passed) first++;
  if (n - first < RHYTHM_LEFT) return false;
  out->trimmed = (int)((count - 1 < RHYTHM_LOOK ? count - 1 : RHYTHM_LOOK) - n);
  out->usual = median(usual, n);
  out->interval = median(usual + first, n - first);
  out->day = last + out->interval;
  out->window = within((out->usual + 2) / 4, 1, RHYTHM_WINDOW);
  follow(out, days, count, as_of > last ? as_of : last);
  out->tries = (int)(n - first);
  for (size_t i = first; i < n; i++) out->hits += abs(last + usual[i] - out->day) <= out->window;
  out->score = (out->hits + 1.0) / (out->tries + 2.0);
  return true;
}
