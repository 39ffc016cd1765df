/* internal.h - what the files of this folder share. */
#ifndef EVENT_INTERNAL_H
#define EVENT_INTERNAL_H

#include "base/hash.h"
#include "event/event.h"

/* Reads an event that was taken once: what is required is not asked again. */
int event_reread(struct ctx *cx, const struct topic *t, struct str body, struct event *out);
/* Of one that is in the log, only id, type and at: the rest is not looked at when these stand first. */
int event_reread_brief(struct ctx *cx, const struct topic *t, struct str body, struct event *out);

const struct topic_door *topic_door_find(const char *topic);

struct segment;
int topic_list(struct ctx *cx, struct db *db, struct topic **list, size_t *count);

/* A row of it; body is the plain one, stored what goes into the file. */
int segment_store(struct ctx *cx, struct db *db, const char *topic, int partition, const struct segment *g,
                  int codec, struct str stored);

/* event_publish; park: whether what is refused is parked. */
int event_publish_to(struct ctx *cx, struct db *db, const struct topic *t, struct event *events, size_t n,
                     bool park);

/* The same for several batches in one transaction: begin, add ..., end before the commit, and when one failed. */
struct publishing {
  struct db *db;
  const struct topic *topic;
  const struct topic_door *door; /* NULL: none */
  void *open;
};
int publishing_begin(struct ctx *cx, struct db *db, const struct topic *t, struct publishing *out);
int publishing_add(struct ctx *cx, struct publishing *p, struct event *events, size_t n, bool park);
int publishing_end(struct ctx *cx, struct publishing *p);

#endif
