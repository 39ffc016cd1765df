/*
** measure.h - how well groups keep up: a histogram of how long events waited, and events and
** errors by minute.
**
** The histogram counts in buckets of a quarter octave: an event that waited u microseconds is in bucket
** floor(4 * log2(max(u, 1))) of MEASURE_BUCKETS, the last one takes all beyond (about 71 minutes). So a
** percentile is known to within 19 % (2^(1/4)). It is kept as 8-byte little-endian counts.
*/
#ifndef EVENT_MEASURE_H
#define EVENT_MEASURE_H

#include "event/event.h"

enum { MEASURE_BUCKETS = 128, MEASURE_BYTES = MEASURE_BUCKETS * 8, MEASURE_KEPT_MINUTES = 24 * 60 };

struct histogram {
  int64_t count[MEASURE_BUCKETS];
};

void histogram_read(struct histogram *h, struct str blob);
void histogram_write(const struct histogram *h, unsigned char out[static MEASURE_BYTES]);
void histogram_add(struct histogram *h, int64_t us, int64_t times);
/* The waiting time, in microseconds, that a share (0.5, 0.95) of the events did not exceed: the upper
** end of its bucket; 0 when there were none. */
int64_t histogram_percentile(const struct histogram *h, double share);

/* Inside tenant_write. */
int measure_minute(struct ctx *cx, struct db *db, const char *topic, const char *group, int64_t events,
                   int64_t errors);
/* A batch that a group has consumed; waited: how long its events did. */
int measure_consumed(struct ctx *cx, struct db *db, const char *topic, const char *group, int64_t events,
                     const struct histogram *waited);
/* An attempt that failed; attempts is how often in a row it has now. */
int measure_failed(struct ctx *cx, struct db *db, const char *topic, const char *group, const char *cause,
                   int64_t *attempts);

#endif
