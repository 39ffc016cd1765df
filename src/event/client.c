#include "event/client.h"

#include <stdio.h>
#include <time.h>

#include "base/time.h"
#include "event/fetch.h"
#include "event/group.h"
#include "event/internal.h"

static const int64_t LOOK_AGAIN_NS = 50000000;

struct client {
  struct event_poll *poll;
  struct topic *topic;
  struct reading reading;
};

static int claim(struct ctx *cx, struct db *db, void *arg) {
  struct client *c = arg;
  return group_claim(cx, db, c->topic, "a group of clients", true, &c->reading);
}

static int fetch(struct ctx *cx, struct db *db, struct client *c) {
  struct event_poll *p = c->poll;
  for (int i = 0; i < c->reading.count && p->count < p->max && !cx->code; i++) {
    const struct place *place = &c->reading.place[i];
    size_t from = p->count;
    if (!place->mine || place->next >= place->end) continue;
    if (fetch_events(cx, db, c->topic, place->partition, place->next, p->max - from, false, p->events,
                     &p->count))
      break;
    bool passed = p->count == from && c->topic->changes; /* entries that are not for whoever reads */
    if (p->count > from || passed)
      p->positions[p->position_count++] =
          (struct event_position){ place->partition, passed ? place->end : p->events[p->count - 1].offset + 1,
                                   place->fence };
  }
  return cx->code;
}

/* One look; *should: claim, and look again. */
static int look(struct ctx *cx, struct tenant *t, struct client *c, bool *should) {
  struct ctx reading; /* its end gives the reader back */
  struct db *db;
  ctx_begin(&reading, cx->actor);
  c->reading =
      (struct reading){ .topic = c->poll->topic, .group = c->poll->group, .member = c->poll->member };
  if (tenant_read(&reading, t, &db))
    fail_from(cx, &reading);
  else if (!(c->topic ? OK : topic_find(cx, db, c->poll->topic, &c->topic)) &&
           !group_look(cx, db, c->topic, &c->reading) && !(*should = group_should_claim(&c->reading)))
    fetch(cx, db, c);
  ctx_end(&reading);
  return cx->code;
}

int event_poll(struct ctx *cx, struct tenant *t, struct event_poll *p) {
  struct client c = { .poll = p };
  double until = time_seconds() + (double)p->wait_ms / 1000;
  p->events = ctx_alloc(cx, p->max * sizeof *p->events);
  p->count = 0;
  p->position_count = 0;
  if (group_check_name(cx, "group", p->group) || group_check_name(cx, "member", p->member)) return cx->code;
  while (true) {
    bool should = false;
    struct ctx one; /* what a look without events took goes with it */
    if (look(cx, t, &c, &should)) return cx->code;
    if (should) {
      ctx_begin(&one, cx->actor);
      if (tenant_write(&one, t, claim, &c)) fail_from(cx, &one);
      ctx_end(&one);
      if (cx->code) return cx->code;
      if (look(cx, t, &c, &should)) return cx->code;
    }
    if (p->count || p->position_count || time_seconds() >= until || (p->stop && p->stop(p->arg))) return OK;
    nanosleep(&(struct timespec){ .tv_nsec = LOOK_AGAIN_NS }, NULL);
  }
}

/* ---- positions ---- */

struct committing {
  struct reading reading;
  const struct event_position *positions;
  int count;
};

static int commit(struct ctx *cx, struct db *db, void *arg) {
  struct committing *c = arg;
  struct histogram unknown = { { 0 } };
  struct topic *t;
  int64_t events = 0;
  if (topic_find(cx, db, c->reading.topic, &t) || group_look(cx, db, t, &c->reading)) return cx->code;
  for (int i = 0; i < c->count && !cx->code; i++) {
    const struct event_position *p = &c->positions[i];
    for (int k = 0; k < c->reading.count; k++) {
      const struct place *place = &c->reading.place[k];
      if (place->partition != p->partition) continue;
      if (p->offset > place->end)
        return fail(cx, E_INVALID, "offset", "partition %d of %s ends at offset %lld", p->partition, t->name,
                    (long long)place->end);
      if (p->offset > place->next) events += p->offset - place->next;
    }
    group_move(cx, db, &c->reading, p->partition, p->fence, p->offset);
  }
  return cx->code ? (int)cx->code : measure_consumed(cx, db, t->name, c->reading.group, events, &unknown);
}

int event_commit(struct ctx *cx, struct tenant *t, const char *topic, const char *group, const char *member,
                 const struct event_position *positions, int count) {
  struct committing c = { .reading = { .topic = topic, .group = group, .member = member },
                          .positions = positions,
                          .count = count };
  return tenant_write(cx, t, commit, &c);
}

static int leave(struct ctx *cx, struct db *db, void *arg) {
  struct reading *r = arg;
  return group_leave(cx, db, r->topic, r->group, r->member);
}

int event_leave(struct ctx *cx, struct tenant *t, const char *topic, const char *group, const char *member) {
  struct reading r = { .topic = topic, .group = group, .member = member };
  return tenant_write(cx, t, leave, &r);
}

/* ---- without a group ---- */

int event_read(struct ctx *cx, struct db *db, const struct topic *t, int partition, int64_t offset,
               size_t most, struct event *events, size_t *n) {
  *n = 0;
  for (int i = partition < 0 ? 0 : partition; i < t->partitions && *n < most; i++) {
    if (fetch_events(cx, db, t, i, offset, most - *n, false, events, n)) return cx->code;
    if (partition >= 0) break;
  }
  return cx->code;
}

void event_json(struct jw *w, const char *key, const char *tenant, const char *topic, const struct event *e) {
  char source[200];
  jw_object(w, key);
  jw_put(w, "specversion", "1.0", "id", e->id);
  snprintf(source, sizeof source, "/tenants/%s/topics/%s", tenant, topic);
  jw_put(w, "source", source, "type", e->type);
  if (e->key.n) jw_str(w, "subject", e->key);
  jw_put(w, "time", arg_time(e->at), "datacontenttype", "application/json", "partition", e->partition,
         "offset", e->offset, "data", arg_json(e->body));
  jw_close(w, '}');
}
