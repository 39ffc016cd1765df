/*
** metrics.h - what this process has done so far: counters and durations, as GET /metrics shows them.
**
** A family is a name with a sentence and up to two labels; a series of it is one set of values of
** these. Series are made when they are first needed and stay. Counting takes no lock: finding the
** series is a walk over a few pointers, the rest are relaxed atomic additions.
**
** Names are a contract with other people's dashboards: they are not changed. Labels hold what
** the program or an administrator named (routes, kinds of jobs, slugs), never data.
*/
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include "base/buf.h"

enum { METRIC_LABELS = 2, METRIC_BUCKETS = 14, METRIC_SLOTS = 32 };

struct metric_series;
struct metric_family {
  const char *name, *help;
  const char *label[METRIC_LABELS]; /* NULL: it has fewer */
  bool durations;                   /* a histogram in seconds; else a counter */
  _Atomic(struct metric_series *) slot[METRIC_SLOTS];
};

/* The families there are; see metrics.c. */
extern struct metric_family metric_requests, metric_request_seconds; /* method and route, status */
extern struct metric_family metric_job_seconds;                      /* kind, outcome */
extern struct metric_family metric_cache;                            /* method and route, "hit" or "miss" */
extern struct metric_family metric_slow;                             /* "tenant demo" */
extern struct metric_family metric_units; /* "http" or "job", "ok", "data" or "system" */

void metric_count(struct metric_family *f, const char *a, const char *b);
void metric_observe(struct metric_family *f, const char *a, const char *b, double seconds);

/* How often a counter was counted: all of its series, or those whose second label is b. */
uint64_t metric_sum(const struct metric_family *f, const char *b);

/* All families in the text format of Prometheus (version 0.0.4). */
void metrics_write(struct buf *out);

/* A value of a label: quotes, backslashes and line breaks escaped. */
void metric_label(struct buf *out, const char *name, struct str value);

#endif
