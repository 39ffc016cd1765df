#include "base/metrics.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/ctx.h"
#include "base/hash.h"

struct metric_series {
  struct metric_series *next;
  const char *value[METRIC_LABELS];
  atomic_uint_least64_t count, sum_us;
  atomic_uint_least64_t bucket[METRIC_BUCKETS]; /* each counts what is in it alone */
};

struct metric_family metric_requests = { .name = "outpost_http_requests_total",
                                         .help = "Requests that were answered, by route and status.",
                                         .label = { "route", "status" } };
struct metric_family metric_request_seconds = { .name = "outpost_http_request_duration_seconds",
                                                .help = "How long answers took, by route.",
                                                .label = { "route" },
                                                .durations = true };
struct metric_family metric_job_seconds = { .name = "outpost_job_duration_seconds",
                                            .help = "How long attempts of jobs took in this process.",
                                            .label = { "kind", "outcome" },
                                            .durations = true };
struct metric_family metric_cache = { .name = "outpost_http_cache_total",
                                      .help = "Replies that were looked for among those that are kept.",
                                      .label = { "route", "outcome" } };
struct metric_family metric_slow = { .name = "outpost_slow_statements_total",
                                     .help = "Statements that computed for longer than was set as slow.",
                                     .label = { "file" } };
struct metric_family metric_units = { .name = "outpost_units_total",
                                      .help = "Units of work by their end: ok, data (the input was wrong) or "
                                              "system (the program or the machine failed).",
                                      .label = { "kind", "end" } };

static struct metric_family *const families[] = { &metric_requests,    &metric_request_seconds,
                                                  &metric_job_seconds, &metric_cache,
                                                  &metric_slow,        &metric_units };

static const double bound[METRIC_BUCKETS] = { 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                              0.25,  0.5,    1,     2.5,  10,    60,   600 };

/* ---- counting ---- */

static size_t slot_of(const char *const value[METRIC_LABELS]) {
  uint64_t h = 0;
  for (int i = 0; i < METRIC_LABELS; i++)
    if (value[i]) h = h * 31 + hash64(value[i], strlen(value[i]));
  return h % METRIC_SLOTS;
}

static bool is_series(const struct metric_series *s, const char *const value[METRIC_LABELS]) {
  for (int i = 0; i < METRIC_LABELS; i++)
    if (value[i] && s->value[i] != value[i] && strcmp(s->value[i], value[i]) != 0) return false;
  return true;
}

static struct metric_series *find(struct metric_series *from, const char *const value[METRIC_LABELS]) {
  for (; from; from = from->next)
    if (is_series(from, value)) return from;
  return NULL;
}

/* Lists only grow, at their heads; who loses the race looks again. */
static struct metric_series *series(struct metric_family *f, const char *a, const char *b) {
  const char *const value[METRIC_LABELS] = { a, b };
  _Atomic(struct metric_series *) *slot = &f->slot[slot_of(value)];
  struct metric_series *head = atomic_load_explicit(slot, memory_order_acquire), *s = find(head, value);
  if (s) return s;
  struct metric_series *made = xcalloc(1, sizeof *made);
  for (int i = 0; i < METRIC_LABELS; i++) made->value[i] = value[i] ? strdup(value[i]) : NULL;
  do {
    if ((s = find(head, value))) {
      for (int i = 0; i < METRIC_LABELS; i++) free((char *)made->value[i]);
      free(made);
      return s;
    }
    made->next = head;
  } while (
      !atomic_compare_exchange_weak_explicit(slot, &head, made, memory_order_acq_rel, memory_order_acquire));
  return made;
}

static void add(atomic_uint_least64_t *to, uint64_t n) {
  atomic_fetch_add_explicit(to, n, memory_order_relaxed);
}

void metric_count(struct metric_family *f, const char *a, const char *b) { add(&series(f, a, b)->count, 1); }

void metric_observe(struct metric_family *f, const char *a, const char *b, double seconds) {
  struct metric_series *s = series(f, a, b);
  int i = 0;
  while (i < METRIC_BUCKETS && seconds > bound[i]) i++;
  if (i < METRIC_BUCKETS) add(&s->bucket[i], 1);
  add(&s->sum_us, (uint64_t)(seconds * 1e6));
  add(&s->count, 1);
}

/* ---- writing ---- */

void metric_label(struct buf *out, const char *name, struct str value) {
  buf_printf(out, "%s=\"", name);
  for (size_t i = 0; i < value.n; i++) {
    if (value.p[i] == '\n')
      buf_puts(out, "\\n");
    else if (value.p[i] == '"' || value.p[i] == '\\')
      buf_printf(out, "\\%c", value.p[i]);
    else
      buf_char(out, value.p[i]);
  }
  buf_char(out, '"');
}

static void put_labels(struct buf *out, const struct metric_family *f, const struct metric_series *s,
                       const char *le) {
  const char *between = "{";
  for (int i = 0; i < METRIC_LABELS && f->label[i]; i++, between = ",") {
    buf_puts(out, between);
    metric_label(out, f->label[i], str_of(s->value[i]));
  }
  if (le) buf_printf(out, "%sle=\"%s\"", between, le);
  if (le || f->label[0]) buf_char(out, '}');
}

static uint64_t value_of(const atomic_uint_least64_t *v) {
  return atomic_load_explicit(v, memory_order_relaxed);
}

/* The buckets are read before the count, so that no bucket shows more than there was. */
static void put_durations(struct buf *out, const struct metric_family *f, const struct metric_series *s) {
  uint64_t below = 0;
  char le[32];
  for (int i = 0; i < METRIC_BUCKETS; i++) {
    below += value_of(&s->bucket[i]);
    snprintf(le, sizeof le, "%g", bound[i]);
    buf_printf(out, "%s_bucket", f->name);
    put_labels(out, f, s, le);
    buf_printf(out, " %llu\n", (unsigned long long)below);
  }
  uint64_t count = value_of(&s->count);
  if (count < below) count = below;
  buf_printf(out, "%s_bucket", f->name);
  put_labels(out, f, s, "+Inf");
  buf_printf(out, " %llu\n%s_sum", (unsigned long long)count, f->name);
  put_labels(out, f, s, NULL);
  buf_printf(out, " %.6f\n%s_count", (double)value_of(&s->sum_us) / 1e6, f->name);
  put_labels(out, f, s, NULL);
  buf_printf(out, " %llu\n", (unsigned long long)count);
}

static void put_series(struct buf *out, const struct metric_family *f, const struct metric_series *s) {
  if (f->durations) {
    put_durations(out, f, s);
    return;
  }
  buf_puts(out, f->name);
  put_labels(out, f, s, NULL);
  buf_printf(out, " %llu\n", (unsigned long long)value_of(&s->count));
}

uint64_t metric_sum(const struct metric_family *f, const char *b) {
  uint64_t sum = 0;
  for (int k = 0; k < METRIC_SLOTS; k++)
    for (const struct metric_series *s = atomic_load_explicit(&f->slot[k], memory_order_acquire); s;
         s = s->next)
      if (!b || strcmp(s->value[1], b) == 0) sum += value_of(&s->count);
  return sum;
}

void metrics_write(struct buf *out) {
  for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
    struct metric_family *f = families[i];
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", f->name, f->help, f->name,
               f->durations ? "histogram" : "counter");
    for (int k = 0; k < METRIC_SLOTS; k++)
      for (const struct metric_series *s = atomic_load_explicit(&f->slot[k], memory_order_acquire); s;
           s = s->next)
        put_series(out, f, s);
  }
}
