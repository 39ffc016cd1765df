/*
** publish.c - events into the log of their topic.
**
** All of it happens in the caller's transaction: the door's rows, the segments, the parked
** ones, the entry of the change log. So there is no event without its row and no row without
** its event, and a crash leaves either all of a batch or nothing.
*/
#include <stdlib.h>

#include "base/crash.h"
#include "event/internal.h"
#include "event/measure.h"
#include "event/park.h"
#include "event/segment.h"
#include "store/change.h"

enum { WHY = 300 };

static int refuse(struct ctx *cx, struct event *e, const char *why) {
  e->outcome = EVENT_REFUSED;
  e->why = why;
  return cx->code;
}

/* ---- what came before the door ---- */

/* The log's clock never goes back, whatever the machine's does. */
static int64_t event_trusted_now(struct ctx *cx, struct db *db) {
  struct change_end end;
  if (change_last(cx, db, &end)) return cx->now;
  int64_t log = (end.hlc >> 16) * 1000;
  return log > cx->now ? log : cx->now;
}

static int read_and_date(struct ctx *cx, struct db *db, const struct topic *t, struct event *events,
                         size_t n) {
  int64_t latest = event_trusted_now(cx, db) + (int64_t)EVENT_AHEAD_SECONDS * 1000000;
  for (size_t i = 0; i < n; i++) {
    struct event *e = &events[i];
    if (e->outcome == EVENT_RAW) {
      int64_t line = e->line;
      if (event_parse(cx, t, e->body, e)) ctx_forgive(cx);
      e->line = line;
    }
    if (e->outcome == EVENT_READ && e->at > latest)
      refuse(cx, e, "timestamp lies in the future, more than 10 minutes ahead of the clock");
  }
  return cx->code;
}

/* ---- topics without a door: ids that were seen ---- */

static int seen(struct ctx *cx, struct db *db, const struct topic *t, struct event *e, int64_t offset) {
  uint32_t crc = crc32_of(0, e->body.p, e->body.n);
  struct stmt *s = db_ask(cx, db, SQL_event_seen_add, t->name, e->id, crc, e->partition, offset);
  if (stmt_run(cx, s)) return cx->code;
  e->outcome = EVENT_TAKEN;
  if (db_changes(db) == 1) return OK;
  s = db_ask(cx, db, SQL_event_seen_crc, t->name, e->id);
  bool same = stmt_row(cx, s) && col_int(s, 0) == crc;
  stmt_done(s);
  if (!same) return refuse(cx, e, "this eventId was there before, with other content");
  e->outcome = EVENT_KNOWN;
  return cx->code;
}

/* ---- the log ---- */

struct place {
  int64_t next; /* offset that comes next */
  struct event **taken;
  size_t count;
};

static int read_places(struct ctx *cx, struct db *db, const struct topic *t, struct place *places) {
  struct stmt *s = db_ask(cx, db, SQL_event_partitions, t->name);
  while (stmt_row(cx, s))
    if (col_int(s, 0) < t->partitions) places[col_int(s, 0)].next = col_int(s, 2);
  return cx->code;
}

static int take(struct ctx *cx, struct publishing *p, struct event *events, size_t n,
                const struct place *places) {
  const struct topic *t = p->topic;
  if (p->door) return p->door->take(cx, p->open, events, n);
  int64_t next[EVENT_PARTITIONS];
  for (int i = 0; i < t->partitions; i++) next[i] = places[i].next;
  for (size_t i = 0; i < n && !cx->code; i++) {
    if (events[i].outcome != EVENT_READ) continue;
    seen(cx, p->db, t, &events[i], next[events[i].partition]);
    next[events[i].partition] += events[i].outcome == EVENT_TAKEN;
  }
  return cx->code;
}

/* Taken events by partition, in the order they came. */
static void sort_taken(struct ctx *cx, const struct topic *t, struct event *events, size_t n,
                       struct place *places) {
  for (size_t i = 0; i < n; i++) places[events[i].partition].count += events[i].outcome == EVENT_TAKEN;
  for (int i = 0; i < t->partitions; i++) {
    places[i].taken = ctx_alloc(cx, (places[i].count + 1) * sizeof *places[i].taken);
    places[i].count = 0;
  }
  for (size_t i = 0; i < n; i++) {
    struct place *p = &places[events[i].partition];
    if (events[i].outcome == EVENT_TAKEN) p->taken[p->count++] = &events[i];
  }
}

static int append(struct ctx *cx, struct db *db, const struct topic *t, struct place *places, struct jw *w) {
  for (int i = 0; i < t->partitions; i++) {
    struct place *p = &places[i];
    if (!p->count) continue;
    if (segment_add(cx, db, t, i, p->next, p->taken, p->count)) return cx->code;
    if (db_act(cx, db, SQL_event_partition_moved, t->name, i, p->next + (int64_t)p->count)) return cx->code;
    jw_record(w, NULL, "partition", i, "first", p->next, "count", (int64_t)p->count);
  }
  return OK;
}

static int note(struct ctx *cx, struct db *db, const struct topic *t, int64_t taken, int64_t known,
                int64_t refused, struct str ranges) {
  struct buf after;
  struct jw w;
  buf_init(&after, 64 << 10);
  jw_init(&w, &after);
  jw_record(&w, NULL, "topic", t->name, "ranges", arg_json(ranges), "taken", taken, "known", known, "refused",
            refused);
  change_append(
      cx, db,
      &(struct change){ .event = "EVENTS_PUBLISHED",
                        .table = "event_segment",
                        .after = buf_view(&after),
                        .count = taken,
                        .text = ctx_printf(cx, "%lld events published to %s", (long long)taken, t->name) });
  buf_clear(&after);
  return cx->code;
}

static int write_down(struct ctx *cx, struct db *db, const struct topic *t, struct event *events, size_t n,
                      struct place *places, bool park) {
  int64_t count[EVENT_REFUSED + 1] = { 0 };
  struct buf ranges;
  struct jw w;
  for (size_t i = 0; i < n; i++) count[events[i].outcome]++;
  if (count[EVENT_RAW] || count[EVENT_READ]) abort(); /* the door has left some undecided */
  buf_init(&ranges, 64 << 10);
  jw_init(&w, &ranges);
  jw_array(&w, NULL);
  sort_taken(cx, t, events, n, places);
  append(cx, db, t, places, &w);
  jw_close(&w, ']');
  crash_point("events in their log");
  for (size_t i = 0; i < n && park && !cx->code; i++)
    if (events[i].outcome == EVENT_REFUSED) event_park(cx, db, t->name, "", &events[i], events[i].why);
  if (!cx->code && park && count[EVENT_REFUSED]) parked_check_room(cx, db);
  if (!cx->code && count[EVENT_TAKEN])
    note(cx, db, t, count[EVENT_TAKEN], count[EVENT_KNOWN], count[EVENT_REFUSED], buf_view(&ranges));
  buf_clear(&ranges);
  return cx->code ? (int)cx->code
                  : measure_minute(cx, db, t->name, "", count[EVENT_TAKEN], count[EVENT_REFUSED]);
}

int publishing_begin(struct ctx *cx, struct db *db, const struct topic *t, struct publishing *out) {
  *out = (struct publishing){ .db = db, .topic = t, .door = topic_door_find(t->name) };
  if (t->changes)
    return fail(cx, E_INVALID, "topic", "topic %s reads the change log; nothing is published to it", t->name);
  if (out->door) out->open = out->door->open(cx, db);
  return cx->code;
}

int publishing_add(struct ctx *cx, struct publishing *p, struct event *events, size_t n, bool park) {
  struct place places[EVENT_PARTITIONS] = { { 0 } };
  if (read_and_date(cx, p->db, p->topic, events, n) || read_places(cx, p->db, p->topic, places) ||
      take(cx, p, events, n, places))
    return cx->code;
  crash_point("events through the door");
  return write_down(cx, p->db, p->topic, events, n, places, park);
}

int publishing_end(struct ctx *cx, struct publishing *p) {
  return p->open ? p->door->close(cx, p->open) : (int)cx->code;
}

int event_publish_to(struct ctx *cx, struct db *db, const struct topic *t, struct event *events, size_t n,
                     bool park) {
  struct publishing p;
  if (!publishing_begin(cx, db, t, &p)) publishing_add(cx, &p, events, n, park);
  return publishing_end(cx, &p);
}

int event_publish(struct ctx *cx, struct db *db, const char *topic, struct event *events, size_t n) {
  struct topic *t;
  return topic_find(cx, db, topic, &t) ? (int)cx->code : event_publish_to(cx, db, t, events, n, true);
}

int event_emit(struct ctx *cx, struct db *db, const char *topic, struct str json) {
  struct event *e = ctx_alloc(cx, sizeof *e);
  struct topic *t;
  e->body = json;
  if (topic_find(cx, db, topic, &t) || event_parse(cx, t, json, e)) return cx->code;
  if (event_publish_to(cx, db, t, e, 1, false)) return cx->code;
  return e->outcome == EVENT_REFUSED ? fail(cx, E_CONFLICT, "eventId", "%s", e->why) : OK;
}
