/* report.h - topics and groups for people: what there is, how far who has come, how long events wait. */
#ifndef EVENT_REPORT_H
#define EVENT_REPORT_H

#include "event/event.h"

/* One group of one topic. */
struct group_report {
  const char *topic, *group, *help;
  bool outside, active;
  int64_t lag, consumed, errors, parked;
  int64_t rate_minute;            /* events in the last whole minute */
  int64_t p50_us, p95_us, p99_us; /* how long events waited, from publishing to the group's commit */
  const char *cause;              /* of the last failure, NULL when it goes on */
  int members;
};

/* All groups of a topic (NULL: of all), those of the program included that have not read yet. */
int groups_report(struct ctx *cx, struct db *db, const char *topic, struct group_report **list,
                  size_t *count);

/* [{topic, group, help, outside, active, lag, consumed, positions: [{partition, next, end, member, fence}],
** latency: {p50_ms, p95_ms, p99_ms}, rate_minute, errors, cause, parked, members}] */
int groups_json(struct ctx *cx, struct db *db, const char *topic, struct jw *w, const char *key);

/* [{name, help, source, types, partitions: [{partition, first, next, bytes}], events, bytes, bytes_plain, segments,
** retention_days, retention_bytes, rate_minute, refused_minute, parked, groups}] */
int topics_json(struct ctx *cx, struct db *db, struct jw *w, const char *key);

#endif
