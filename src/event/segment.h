/*
** segment.h - how events lie in the tenant's file.
**
** A segment is a row of event_segment: a run of events of one partition, one offset after the
** other. Its body is, for each event,
**
**   1..10 bytes   the length of the event, in seven bits a byte, the lowest first; the top bit
**                 of a byte says that another follows (LEB128)
**   n bytes       the event: its JSON object, plain and compact
**
** and, when codec is 1, all of that as one zlib stream (RFC 1950). Nothing else: what an
** event is about is read from its JSON again, and its offset is that of the segment (first) plus
** its place in it.
**
** A segment is valid when its body unpacks to exactly `plain` bytes, their CRC-32 is `crc`,
** and they hold exactly `count` events and nothing behind them. In a partition the
** segments follow each other without a gap: next.first = first + count; the last one ends at
** event_partition.next, the first one begins at event_partition.first. Rows are whole or not there at
** all, because they are written in the transaction of what they speak of: a crash leaves no half
** segment, and there is nothing to repair.
**
** Publishing writes one segment per batch and partition, as it is. Keeping (keep.h) joins small ones
** that are no longer new into large ones, packed.
*/
#ifndef EVENT_SEGMENT_H
#define EVENT_SEGMENT_H

#include "event/event.h"

enum { SEGMENT_PLAIN, SEGMENT_ZLIB };
#define SEGMENT_BYTES ((size_t)1 << 20) /* of a body before it is packed: bounds what a reader holds */

/* Writes taken events of one partition, in their order, as segments; offsets begin at `first`. */
int segment_add(struct ctx *cx, struct db *db, const struct topic *t, int partition, int64_t first,
                struct event *const *events, size_t n);

struct segment {
  int64_t id, first, count, published_at;
  struct str body; /* unpacked and checked; lives as long as the unit of work */
};

/* The segment that holds the offset, or the one after a gap; found is false at the end. */
int segment_read(struct ctx *cx, struct db *db, const char *topic, int partition, int64_t offset,
                 struct segment *out, bool *found);

/* The next event's JSON of a body; false at its end. *at begins at 0. */
bool segment_next(struct str body, size_t *at, struct str *json);
void segment_put(struct buf *out, struct str json);

#endif
