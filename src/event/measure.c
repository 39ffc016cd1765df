#include "event/measure.h"

#include <math.h>

void histogram_read(struct histogram *h, struct str blob) {
  memset(h, 0, sizeof *h);
  for (size_t i = 0; i < MEASURE_BUCKETS && i * 8 + 8 <= blob.n; i++)
    for (int byte = 7; byte >= 0; byte--)
      h->count[i] = (int64_t)((uint64_t)h->count[i] << 8 | (unsigned char)blob.p[i * 8 + (size_t)byte]);
}

void histogram_write(const struct histogram *h, unsigned char out[static MEASURE_BYTES]) {
  for (size_t i = 0; i < MEASURE_BUCKETS; i++)
    for (size_t byte = 0; byte < 8; byte++)
      out[i * 8 + byte] = (unsigned char)((uint64_t)h->count[i] >> (8 * byte));
}

void histogram_add(struct histogram *h, int64_t us, int64_t times) {
  int bucket = us > 1 ? (int)(4 * log2((double)us)) : 0;
  h->count[bucket < MEASURE_BUCKETS ? bucket : MEASURE_BUCKETS - 1] += times;
}

int64_t histogram_percentile(const struct histogram *h, double share) {
  int64_t all = 0, sum = 0;
  for (int i = 0; i < MEASURE_BUCKETS; i++) all += h->count[i];
  for (int i = 0; i < MEASURE_BUCKETS; i++) {
    sum += h->count[i];
    if (sum > 0 && (double)sum >= share * (double)all) return (int64_t)exp2((i + 1) / 4.0);
  }
  return 0;
}

int measure_minute(struct ctx *cx, struct db *db, const char *topic, const char *group, int64_t events,
                   int64_t errors) {
  return db_act(cx, db, SQL_event_minute_add, topic, group, cx->now / 60000000, events, errors);
}

int measure_consumed(struct ctx *cx, struct db *db, const char *topic, const char *group, int64_t events,
                     const struct histogram *waited) {
  struct histogram all;
  unsigned char blob[MEASURE_BYTES];
  struct stmt *s = db_ask(cx, db, SQL_event_group_latency, topic, group);
  if (!stmt_row(cx, s)) return cx->code;
  histogram_read(&all, col_str(s, 0));
  stmt_done(s);
  for (int i = 0; i < MEASURE_BUCKETS; i++) all.count[i] += waited->count[i];
  histogram_write(&all, blob);
  return db_act(cx, db, SQL_event_group_consumed, topic, group, events, arg_blob(blob, sizeof blob))
             ? (int)cx->code
             : measure_minute(cx, db, topic, group, events, 0);
}

int measure_failed(struct ctx *cx, struct db *db, const char *topic, const char *group, const char *cause,
                   int64_t *attempts) {
  struct stmt *s = db_ask(cx, db, SQL_event_group_failed, topic, group, cause);
  *attempts = 0;
  if (stmt_row(cx, s)) *attempts = col_int(s, 0);
  stmt_done(s);
  return cx->code ? (int)cx->code : measure_minute(cx, db, topic, group, 0, 1);
}
