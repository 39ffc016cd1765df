/*
** keep.h - what becomes of events with time: joined and packed, and gone when nobody needs them.
**
** Packing: neighbouring segments that are older than KEEP_NEW_SECONDS become one of up to SEGMENT_BYTES,
** packed by zlib; when there are few, they wait until they are an hour old, so that a quiet topic is
** not packed event by event. Nothing that a reader sees changes: neither offsets nor bytes.
**
** Retention, as the topic says: the oldest segments of a partition go when the last of their events is older
** than retention_days, or while the partition is larger than retention_bytes. What a group has not read yet
** stays, whatever its age, unless the topic says beyond_groups; so does everything of a topic on which there is
** a legal_hold (its subject is "topic NAME", or event_segment for all). What goes is noted in the change log
** (EVENTS_EXPIRED); ids of a topic without a door are forgotten with their events.
*/
#ifndef EVENT_KEEP_H
#define EVENT_KEEP_H

#include "event/event.h"

enum { KEEP_NEW_SECONDS = 600, KEEP_FEW_SECONDS = 3600, KEEP_EVERY_SECONDS = 600 };

struct keep_result {
  int64_t joined, packed;     /* segments that went into others, and those that came of them */
  int64_t bytes_plain, bytes; /* of the packed ones, before and after */
  int64_t expired, expired_events;
  int64_t held; /* topics on which there is a legal hold, so that nothing goes */
};

/* now: as if everything were old enough to be packed. */
int events_keep(struct ctx *cx, struct tenant *t, bool now, struct keep_result *out);

/* The same from time to time. Fits struct engine_part. */
int events_keep_work(struct ctx *cx, struct tenant *t, bool *did, int64_t *next);

/* Whether a legal_hold of this subject is one on topics. */
bool events_hold_fits(struct str subject);

#endif
