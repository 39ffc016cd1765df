#include "event/consume.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/boot.h"
#include "base/crash.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/time.h"
#include "event/fetch.h"
#include "event/group.h"
#include "event/internal.h"
#include "event/park.h"

enum { THREADS_MOST = 4 };
static const int64_t WAIT_US = 100000, WAIT_MOST_US = 60000000;

/* What this process knows of a group in a tenant: whether a thread is at it, and until when it waits. */
struct desk {
  char tenant[256];
  const struct consumer *consumer;
  bool busy;
  int64_t not_before; /* boot_now */
  struct desk *next;
};
static pthread_mutex_t desks_lock = PTHREAD_MUTEX_INITIALIZER;
static struct desk *desks; /* few, and kept as long as the process */

static struct desk *desk_of(struct tenant *t, const struct consumer *c) {
  struct desk *d = desks;
  while (d && (d->consumer != c || strcmp(d->tenant, tenant_slug(t)) != 0)) d = d->next;
  if (d) return d;
  d = xcalloc(1, sizeof *d);
  str_copy(d->tenant, sizeof d->tenant, str_of(tenant_slug(t)));
  d->consumer = c;
  d->next = desks;
  return desks = d;
}

/* NULL when another thread is there, or it is to wait; then *next says until when. */
static struct desk *desk_take(struct tenant *t, const struct consumer *c, int64_t *next) {
  pthread_mutex_lock(&desks_lock);
  struct desk *d = desk_of(t, c);
  int64_t wait = d->not_before - boot_now();
  bool mine = !d->busy && wait <= 0;
  if (!d->busy && wait > 0 && time_now() + wait < *next) *next = time_now() + wait;
  if (mine) d->busy = true;
  pthread_mutex_unlock(&desks_lock);
  return mine ? d : NULL;
}

static void desk_leave(struct desk *d, int64_t wait) {
  pthread_mutex_lock(&desks_lock);
  d->busy = false;
  d->not_before = wait ? boot_now() + wait : 0;
  pthread_mutex_unlock(&desks_lock);
}

/* ---- one round ---- */

struct round {
  struct tenant *tenant;
  const struct consumer *consumer;
  struct topic *topic;
  struct reading reading;
  struct event *events;
  size_t count;
  bool lost;    /* another member has taken over */
  int64_t wait; /* not to be tried again before, microseconds */
};

struct part { /* events[from..to) in one transaction */
  struct round *round;
  size_t from, to;
  const char *parked; /* the reason, when the one event is parked instead of handled */
  const char *cause;
  int64_t attempts;
};

static const struct place *place_of(const struct round *r, int partition) {
  for (int i = 0; i < r->reading.count; i++)
    if (r->reading.place[i].partition == partition) return &r->reading.place[i];
  return NULL;
}

/* Positions behind the last event of each partition in the part. */
static int move(struct ctx *cx, struct db *db, const struct part *p) {
  struct round *r = p->round;
  for (size_t i = p->from; i < p->to && !cx->code; i++) {
    const struct event *e = &r->events[i];
    if (i + 1 < p->to && r->events[i + 1].partition == e->partition) continue;
    const struct place *place = place_of(r, e->partition);
    if (group_move(cx, db, &r->reading, e->partition, place->fence, e->offset + 1))
      r->lost = cx->code == E_CONFLICT;
  }
  return cx->code;
}

static int take_part(struct ctx *cx, struct db *db, void *arg) {
  struct part *p = arg;
  struct round *r = p->round;
  const struct consumer *c = r->consumer;
  struct histogram waited = { { 0 } };
  if (p->parked)
    event_park(cx, db, c->topic, c->group, &r->events[p->from], p->parked);
  else
    c->handle(cx, db, r->events + p->from, p->to - p->from);
  if (cx->code) return cx->code;
  crash_point("events handled");
  if (move(cx, db, p)) return cx->code;
  for (size_t i = p->from, same; i < p->to; i += same) {
    for (same = 1; i + same < p->to && r->events[i + same].published_at == r->events[i].published_at;) same++;
    histogram_add(&waited, cx->now - r->events[i].published_at, (int64_t)same);
  }
  return measure_consumed(cx, db, c->topic, c->group, (int64_t)(p->to - p->from), &waited);
}

static int count_failure(struct ctx *cx, struct db *db, void *arg) {
  struct part *p = arg;
  const struct consumer *c = p->round->consumer;
  return measure_failed(cx, db, c->topic, c->group, p->cause, &p->attempts);
}

static bool events_fault(enum err code) {
  return code == E_INVALID || code == E_NOT_FOUND || code == E_DENIED || code == E_LIMIT ||
         code == E_CONFLICT;
}

static int64_t backoff(int64_t attempts) {
  uint64_t random;
  int64_t most = WAIT_US;
  while (attempts-- > 1 && most < WAIT_MOST_US) most *= 2;
  if (most > WAIT_MOST_US) most = WAIT_MOST_US;
  random_bytes(&random, sizeof random);
  return (int64_t)(random % (uint64_t)most) + 1;
}

static int take_events(struct round *r, size_t from, size_t to);

/* What becomes of a part that failed with why. */
static int dealt_with(struct round *r, struct part *p, const struct ctx *why) {
  struct ctx cx;
  bool alone = p->to - p->from == 1;
  if (r->lost) return why->code;
  if (!alone) {
    size_t half = p->from + (p->to - p->from) / 2;
    int rc = take_events(r, p->from, half);
    return rc ? rc : take_events(r, half, p->to);
  }
  ctx_begin(&cx, r->consumer->group);
  p->cause = ctx_strdup(&cx, str_of(why->message));
  tenant_write(&cx, r->tenant, count_failure, p);
  bool park = !cx.code && (events_fault(why->code) || (why->code == E_FAIL && p->attempts >= TRIES_MOST));
  log_line(LOG_WARN, why, "EVENT_FAILED", "%s at offset %lld of partition %d of %s: %s", r->consumer->group,
           (long long)r->events[p->from].offset, r->events[p->from].partition, r->consumer->topic,
           why->message);
  if (park) {
    p->parked = p->cause;
    if (tenant_write(&cx, r->tenant, take_part, p)) r->wait = WAIT_US * 10;
  } else {
    r->wait = backoff(p->attempts);
    fail(&cx, why->code, NULL, "%s", why->message);
  }
  int rc = cx.code;
  ctx_end(&cx);
  return rc;
}

/* 0: all of them are behind the group. */
static int take_events(struct round *r, size_t from, size_t to) {
  struct part p = { .round = r, .from = from, .to = to };
  struct ctx cx;
  ctx_begin(&cx, r->consumer->group);
  int rc = tenant_write(&cx, r->tenant, take_part, &p);
  if (rc) rc = dealt_with(r, &p, &cx);
  ctx_end(&cx);
  return rc;
}

static int claim(struct ctx *cx, struct db *db, void *arg) {
  struct round *r = arg;
  return group_claim(cx, db, r->topic, r->consumer->help, false, &r->reading);
}

/* Whether there is something to read, or to be asked for: a member that has less than its share gets
** more when the others see it. */
static bool anything(const struct reading *r) {
  for (int i = 0; i < r->count; i++)
    if (r->place[i].next < r->place[i].end && (r->place[i].mine || r->place[i].unheld || !r->among))
      return true;
  return false;
}

/* Events of the member's partitions, as many of each as there is room for. */
static int fetch(struct ctx *cx, struct db *db, struct round *r) {
  size_t ready = 0;
  for (int i = 0; i < r->reading.count; i++)
    ready += r->reading.place[i].mine && r->reading.place[i].next < r->reading.place[i].end;
  r->events = xmalloc(EVENT_BATCH * sizeof *r->events); /* fetch_events sets what it adds */
  ctx_defer(cx, free, r->events);
  for (int i = 0; ready && i < r->reading.count && !cx->code; i++) {
    const struct place *p = &r->reading.place[i];
    if (!p->mine || p->next >= p->end) continue;
    fetch_events(cx, db, r->topic, p->partition, p->next, (EVENT_BATCH - r->count) / ready--,
                 r->consumer->brief, r->events, &r->count);
  }
  return cx->code;
}

static int look(struct ctx *cx, struct db *db, struct round *r) {
  r->reading =
      (struct reading){ .topic = r->consumer->topic, .group = r->consumer->group, .member = process_name() };
  return topic_find(cx, db, r->consumer->topic, &r->topic) || group_look(cx, db, r->topic, &r->reading)
             ? cx->code
             : OK;
}

/* Reads what comes next, claiming before it when that is needed. */
static int prepare(struct ctx *cx, struct round *r) {
  struct ctx reading; /* its end gives the reader back, before anything is written */
  struct db *db;
  ctx_begin(&reading, cx->actor);
  bool should = false;
  if (!tenant_read(&reading, r->tenant, &db) && !look(cx, db, r) && anything(&r->reading)) {
    should = group_should_claim(&r->reading);
    if (!should) fetch(cx, db, r);
  }
  if (reading.code) fail_from(cx, &reading);
  ctx_end(&reading);
  if (!should || cx->code || tenant_write(cx, r->tenant, claim, r)) return cx->code;
  ctx_begin(&reading, cx->actor);
  if (!tenant_read(&reading, r->tenant, &db)) fetch(cx, db, r);
  if (reading.code) fail_from(cx, &reading);
  ctx_end(&reading);
  return cx->code;
}

static int one_round(struct ctx *cx, struct tenant *t, const struct consumer *c, bool *did, int64_t *wait) {
  struct ctx round_cx;
  struct round r = { .tenant = t, .consumer = c };
  ctx_begin(&round_cx, c->group);
  if (!prepare(&round_cx, &r) && r.count) {
    crash_point("events fetched");
    *did = true;
    take_events(&r, 0, r.count);
  }
  *wait = r.wait;
  if (round_cx.code) {
    fail_from(cx, &round_cx);
    *wait = WAIT_US * 10;
  }
  ctx_end(&round_cx);
  return cx->code;
}

int consumers_work(struct ctx *cx, struct tenant *t, bool *did, int64_t *next) {
  *did = false;
  *next = INT64_MAX;
  for (int i = 0; consumer_at(i) && !*did && !cx->code; i++) {
    int64_t wait = 0;
    struct desk *d = desk_take(t, consumer_at(i), next);
    if (!d) continue;
    one_round(cx, t, d->consumer, did, &wait);
    desk_leave(d, wait);
    if (wait && time_now() + wait < *next) *next = time_now() + wait;
  }
  return cx->code;
}

/* ---- without an engine ---- */

struct crew {
  struct tenant *tenant;
  struct ctx *cx;
  pthread_mutex_t lock;
};

static void *crew_main(void *arg) {
  struct crew *crew = arg;
  bool did = true;
  while (did) {
    struct ctx cx;
    int64_t next;
    ctx_begin(&cx, "consumer");
    if (consumers_work(&cx, crew->tenant, &did, &next)) {
      pthread_mutex_lock(&crew->lock);
      if (!crew->cx->code) fail_from(crew->cx, &cx);
      pthread_mutex_unlock(&crew->lock);
      did = false;
    }
    ctx_end(&cx);
  }
  return NULL;
}

int consumers_run_idle(struct ctx *cx, struct tenant *t) {
  struct crew crew = { .tenant = t, .cx = cx, .lock = PTHREAD_MUTEX_INITIALIZER };
  pthread_t thread[THREADS_MOST];
  int started = 0;
  while (started < THREADS_MOST - 1 && consumer_at(started + 1) &&
         pthread_create(&thread[started], NULL, crew_main, &crew) == 0)
    started++;
  crew_main(&crew);
  for (int i = 0; i < started; i++) pthread_join(thread[i], NULL);
  return cx->code;
}

static int leave_all(struct ctx *cx, struct db *db, void *arg) {
  (void)arg;
  for (int i = 0; consumer_at(i) && !cx->code; i++)
    group_leave(cx, db, consumer_at(i)->topic, consumer_at(i)->group, process_name());
  return cx->code;
}

int consumers_leave(struct ctx *cx, struct tenant *t) { return tenant_write(cx, t, leave_all, NULL); }
