/*
** events.c - what happens, as it happens, as server-sent events (GET /api/events). The request is over when the
** first words are out; from then on the connection is the hub's (hub.h).
**
** An event's id is its number in the change log. Whoever comes back with the last one that he saw, in Last-Event-ID or
** in `after`, gets all that came since, also from another process or after a restart: no gap and no double. The
** beginning of a stream sends its position as an id without an event, so that this holds for a client that has seen
** none yet. A log that ends before the client's position is another one, put back from a copy: the client is told by
** an event `reset`, and the stream goes on from there.
*/
#include "http/hub.h"
#include "http/routes.h"

/* -1: from now on. The header is what a browser sends when it comes back by itself. */
static int position_asked(struct request *rq, int64_t *seq) {
  const char *header = wire_header(rq, "Last-Event-ID", NULL);
  if (!header || !*header) return query_int(rq, "after", 0, INT64_MAX, -1, seq);
  if (str_to_int(str_of(header), seq) && *seq >= 0) return OK;
  return fail(rq->cx, E_INVALID, "Last-Event-ID", "Last-Event-ID is the number of an event");
}

int events_stream(struct request *rq) {
  struct viewer *v;
  int64_t after;
  if (position_asked(rq, &after)) return rq->cx->code;
  rq->type = "text/event-stream";
  if (rq->head) {
    reply_stream(rq, rq->type, NULL);
    return OK;
  }
  if (hub_admit(rq, rq->tenant, false, after, &v)) return rq->cx->code;
  reply_endless(rq);
  hub_begin(v, rq->conn);
  return OK;
}
