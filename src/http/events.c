/*
** events.c - what happens, as it happens: a reader of the change log that never ends
** (GET /api/events, server-sent events), and the same log a page at a time.
**
** A stream has a position in the log and looks several times a second whether the log
** goes beyond it. That is one row of one table, so it costs next to nothing, it sees what
** other processes write, and there is nobody to forget to wake it. What is new is read in
** a unit of work that ends before anything is sent: no state of the file is held while a
** slow client is waited for.
**
** An event's id is its number in the log. Whoever comes back with the last one that he
** saw, in Last-Event-ID or in `after`, gets all that came since, also from another process
** or after a restart: no gap and no double. The beginning of a stream sends its position
** as an id without an event, so that this holds for a client that has seen none yet.
**
** A log that ends before the client's position is another one, put back from a copy: the
** client is told by an event `reset`, and the stream goes on from there.
**
** Each stream holds a thread of the server. So there is a ceiling, and a client that takes
** nothing for some seconds is dropped.
*/
#include <stdio.h>
#include <time.h>

#include "auth/auth.h"
#include "base/limits.h"
#include "base/time.h"
#include "export/changes.h"
#include "http/routes.h"
#include "http/tasks.h"
#include "job/job.h"
#include "store/change.h"

enum { STREAMS_MOST = 24, EVENTS_AT_ONCE = 200 };
static const long TICK_NS = 200000000; /* also the least time between two looks at the imports */
static const double LOOK_SECONDS = 1;  /* whether its client is still welcome */
static const double BEAT_SECONDS = 3;  /* a client that is gone is noticed only by writing to it */

struct stream {
  struct request *rq;
  struct tenant *tenant;
  int64_t seq;    /* the last entry that was sent */
  uint64_t clock; /* of the imports */
  uint64_t jobs;  /* the clock of what happened to jobs */
  double looked;  /* when it was last asked whether the client is welcome */
  bool more;      /* the log goes on beyond what was read at once */
  struct buf out; /* to be sent */
};

/* ---- what is new ---- */

static bool take_change(void *arg, int64_t seq, struct str table, struct str json) {
  struct stream *s = arg;
  s->seq = seq;
  if (!change_visible(s->rq->who, table)) return true;
  buf_printf(&s->out, "id: %lld\nevent: change\ndata: ", (long long)seq);
  buf_str(&s->out, json);
  buf_puts(&s->out, "\n\n");
  return !s->out.full && s->out.n < LIMIT_BODY_BYTES;
}

static void take_task(void *arg, struct str json) {
  struct stream *s = arg;
  buf_puts(&s->out, "event: progress\ndata: ");
  buf_str(&s->out, json);
  buf_puts(&s->out, "\n\n");
}

static void take_job(void *arg, struct str json) {
  struct stream *s = arg;
  buf_puts(&s->out, "event: job\ndata: ");
  buf_str(&s->out, json);
  buf_puts(&s->out, "\n\n");
}

static int look_in_log(struct ctx *cx, struct stream *s) {
  struct change_end end;
  struct db *db;
  if (tenant_read(cx, s->tenant, &db) || change_last(cx, db, &end)) return cx->code;
  if (end.seq < s->seq) {
    s->seq = end.seq;
    buf_printf(&s->out, "id: %lld\nevent: reset\ndata: {\"seq\":%lld}\n\n", (long long)s->seq,
               (long long)s->seq);
  }
  int rc = end.seq > s->seq ? changes_since(cx, db, s->seq, EVENTS_AT_ONCE, take_change, s) : OK;
  s->more = end.seq > s->seq;
  return rc;
}

/* A file that is busy or replaced just now is looked at again at the next tick. */
static void look(struct stream *s) {
  struct ctx cx;
  struct tasks *tasks = s->rq->server->tasks;
  s->more = false;
  pthread_mutex_lock(&s->rq->server->look);
  ctx_begin(&cx, "http");
  look_in_log(&cx, s);
  ctx_end(&cx);
  pthread_mutex_unlock(&s->rq->server->look);
  uint64_t now = tasks_clock(tasks);
  if (now != s->clock) tasks_tell(tasks, tenant_slug(s->tenant), s->clock, take_task, s);
  s->clock = now;
  if (job_notices_clock() != s->jobs)
    s->jobs = job_notices_tell(tenant_slug(s->tenant), s->jobs, take_job, s);
}

static bool send_out(struct stream *s) {
  reply_write(s->rq->cx, s->rq, s->out.p, s->out.n);
  reply_flush(s->rq);
  if (s->out.room > KIB(64)) buf_clear(&s->out); /* a long log is rare */
  buf_reset(&s->out);
  return !s->rq->gone;
}

/* Who was put out, or may do less than at the beginning, comes back if he can. */
static bool is_welcome(struct stream *s) {
  double now = time_seconds();
  if (now - s->looked < LOOK_SECONDS) return true;
  s->looked = now;
  return auth_still(s->rq->server->auth, s->rq->who);
}

static void stream_run(struct stream *s) {
  double sent = time_seconds();
  bool here = send_out(s);
  while (here && !atomic_load(&s->rq->server->stopping) && is_welcome(s)) {
    look(s);
    if (!s->out.n && time_seconds() - sent >= BEAT_SECONDS) buf_puts(&s->out, ":\n\n");
    if (s->out.n) here = send_out(s), sent = time_seconds();
    if (!s->more) nanosleep(&(struct timespec){ .tv_nsec = TICK_NS }, NULL);
  }
}

/* ---- the stream's beginning ---- */

/* -1: from now on. The header is what a browser sends when it comes back by itself. */
static int position_asked(struct request *rq, int64_t *seq) {
  const char *header = wire_header(rq, "Last-Event-ID", NULL);
  if (!header || !*header) return query_int(rq, "after", 0, INT64_MAX, -1, seq);
  if (str_to_int(str_of(header), seq) && *seq >= 0) return OK;
  return fail(rq->cx, E_INVALID, "Last-Event-ID", "Last-Event-ID is the number of an event");
}

static int last_of(struct ctx *cx, struct tenant *tenant, int64_t *seq) {
  struct change_end end = { 0 };
  struct ctx aside; /* its end gives the reader back */
  struct db *db;
  ctx_begin(&aside, "http");
  if (tenant_read(&aside, tenant, &db) || change_last(&aside, db, &end)) fail_from(cx, &aside);
  ctx_end(&aside);
  *seq = end.seq;
  return cx->code;
}

/* Jobs are told as they are and not from the log: those that run, and to a client that
** comes back those that ended since what it saw last. */
static int jobs_begin(struct stream *s, bool back) {
  struct ctx aside; /* its end gives the reader back */
  struct db *db;
  int64_t at = INT64_MAX;
  ctx_begin(&aside, "http");
  s->jobs = job_notices_clock();
  if (!tenant_read(&aside, s->tenant, &db)) {
    if (back) at = changes_time(&aside, db, s->seq);
    job_tell_since(&aside, db, at, take_job, s);
  }
  if (aside.code) fail_from(s->rq->cx, &aside);
  ctx_end(&aside);
  return s->rq->cx->code;
}

static int stream_begin(struct stream *s) {
  struct request *rq = s->rq;
  int rc = position_asked(rq, &s->seq);
  bool back = s->seq >= 0;
  if (!rc) rc = tenant_find(rq, &s->tenant);
  if (!rc && s->seq < 0) rc = last_of(rq->cx, s->tenant, &s->seq);
  if (rc) return rc;
  s->clock = tasks_clock(rq->server->tasks);
  reply_stream(rq, "text/event-stream", NULL);
  wire_close_after(rq);
  buf_printf(&s->out, "retry: 3000\nid: %lld\n\n", (long long)s->seq);
  return jobs_begin(s, back);
}

int events_stream(struct request *rq) {
  struct stream s = { .rq = rq };
  struct server *server = rq->server;
  if (atomic_fetch_add(&server->streams, 1) >= STREAMS_MOST) {
    atomic_fetch_sub(&server->streams, 1);
    return fail(rq->cx, E_BUSY, NULL,
                "%d live streams are open; ask for /api/changes from time to time instead", STREAMS_MOST);
  }
  buf_init(&s.out, 2 * LIMIT_BODY_BYTES);
  int rc = stream_begin(&s);
  if (!rc && !rq->head) stream_run(&s);
  buf_clear(&s.out);
  atomic_fetch_sub(&server->streams, 1);
  return rc;
}

/* ---- a page of the log ---- */

/* A day or an instant; of a day its beginning, or with `end` what comes after it. */
static int instant_asked(struct request *rq, const char *name, bool end, int64_t *at) {
  const char *text;
  *at = 0;
  int rc = query_text(rq, name, &text);
  if (rc || !text) return rc;
  if (!time_parse_iso(str_of(text), at))
    return fail(rq->cx, E_INVALID, name, "%s is a day or an instant, such as 2024-02-29T12:00:00Z, not '%s'",
                name, text);
  if (end) *at += strlen(text) == 10 ? DAY_US : 1;
  return OK;
}

int changes_list(struct request *rq) {
  struct change_filter f = { 0 };
  struct db *db;
  int64_t total = 0, next = 0;
  int rc = query_text(rq, "unit", &f.unit);
  if (!rc) rc = query_text(rq, "event", &f.event);
  if (!rc) rc = query_text(rq, "table", &f.table);
  if (!rc) rc = query_text(rq, "key", &f.key);
  if (!rc) rc = query_text(rq, "actor", &f.actor);
  if (!rc) rc = instant_asked(rq, "from", false, &f.from);
  if (!rc) rc = instant_asked(rq, "to", true, &f.to);
  if (!rc) rc = query_int(rq, "before", 1, INT64_MAX, 0, &f.before);
  if (!rc) rc = query_int(rq, "limit", 1, PAGE_ROWS_MOST, PAGE_ROWS, &f.limit);
  if (!rc) rc = db_find(rq, &db);
  if (!rc) rc = changes_page(rq->cx, db, &f, &rq->json, "data", &total, &next);
  jw_int(&rq->json, "total", total);
  jw_int(&rq->json, "next", next);
  return rc;
}
