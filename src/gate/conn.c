/*
** conn.c - a connection while it is the loop's: from the first byte to a whole request, and from the reply
** to the end or the next request.
**
** conn_drive takes it as far as it goes: each step reads or writes until the socket has no more to give or to take,
** and tells by its state what comes next. Of a request, `in` holds the head, the decoded body behind it, and behind
** that what was read beyond (of a pipelined request); a body in chunks is decoded in its place.
*/
#include <stdlib.h>
#include <sys/socket.h>

#include "base/time.h"
#include "gate/inside.h"

void conn_to(struct gate_conn *c, enum state state, double seconds) {
  c->state = state;
  c->since = time_seconds();
  c->deadline = c->since + seconds;
  c->bytes = 0;
}

void conn_moved(struct gate_conn *c, int64_t bytes) {
  c->bytes += bytes;
  double stalls = time_seconds() + STALL_SECONDS;
  double slow = c->since + STALL_SECONDS + (double)c->bytes / RATE_LEAST;
  c->deadline = stalls < slow ? stalls : slow;
}

void conn_close(struct gate_conn *c) {
  if (c->state == DEAD) return;
  c->state = DEAD;
  c->next = c->gate->dead;
  c->gate->dead = c;
}

/* A head and a whole body, and once more what is read at once: that is the most anybody asks for. */
void conn_room(struct gate_conn *c, size_t room) {
  size_t more = c->in_room ? c->in_room : IN_FIRST;
  if (room <= c->in_room) return;
  while (more < room) more *= 2;
  c->in = xrealloc(c->in, more);
  c->in_room = more;
}

void conn_forget_input(struct gate_conn *c) {
  free(c->in);
  c->in = NULL;
  c->in_n = c->in_room = c->seen = c->raw_at = 0;
}

/* ---- the end of a request ---- */

void conn_next(struct gate_conn *c) {
  size_t rest = c->in_n - c->raw_at;
  if (rest) memmove(c->in, c->in + c->raw_at, rest);
  if (!rest && c->in_room > IN_FIRST) conn_forget_input(c);
  c->in_n = rest;
  c->seen = c->raw_at = 0;
  c->keep = false;
  c->tries = 0;
  c->requests++;
  conn_to(c, HEAD, rest ? HEAD_SECONDS : GATE_IDLE_SECONDS);
}

/* Closed while the client still sends, the connection would be reset, and the client might never read the reply. */
static void linger(struct gate_conn *c) {
  if (c->body_over && !c->readable && c->in_n == c->raw_at) {
    conn_close(c);
    return;
  }
  if (c->tls) tls_session_free(c->tls);
  c->tls = NULL;
  shutdown(c->fd, SHUT_WR);
  c->readable = true;
  conn_to(c, LINGERING, LINGER_SECONDS);
}

static bool drop_input(struct gate_conn *c) {
  char part[READ_PART];
  long n = socket_read(c, part, sizeof part);
  if (n > 0 && (c->bytes += n) < LINGER_BYTES) return true;
  if (n != 0) conn_close(c);
  return false;
}

static bool flush(struct gate_conn *c) {
  if (!socket_flush(c)) {
    conn_close(c);
    return false;
  }
  if (c->out_n) return false;
  if (c->keep && !atomic_load(&c->gate->stopping))
    conn_next(c);
  else
    linger(c);
  return true;
}

void conn_refuse(struct gate_conn *c, int status, const char *sentence) {
  struct gate *g = c->gate;
  atomic_fetch_add(&g->refused, 1);
  pthread_mutex_unlock(&c->lock);
  g->options.refuse(g->options.arg, c, status, sentence);
  pthread_mutex_lock(&c->lock);
  c->keep = c->body_over = false;
  conn_to(c, FLUSHING, STALL_SECONDS);
}

/* ---- the beginning ---- */

static bool greet(struct gate_conn *c) {
  int rc = tls_handshake(c->tls);
  if (rc == TLS_CLOSED) conn_close(c);
  if (rc) return false;
  double deadline = c->deadline;
  conn_to(c, HEAD, 0);
  c->deadline = deadline;
  return true;
}

/* The request is whole, or as much of it as there has to be. */
static bool ask(struct gate_conn *c) {
  worker_ask(c);
  return false;
}

static void begin_body(struct gate_conn *c) {
  c->body_at = c->body_end = c->raw_at = c->head.bytes;
  c->body_left = c->head.length;
  c->chunks = (struct chunks){ 0 };
  c->body_over = !c->head.chunked && !c->head.length;
  c->large = c->head.length > GATE_BODY_WHOLE;
  c->asks = c->head.expects;
  conn_to(c, BODY, STALL_SECONDS);
}

static bool read_head(struct gate_conn *c) {
  struct head_fault why;
  for (;;) {
    int rc = c->in_n ? head_parse(c->in, c->in_n, &c->seen, &c->head, &why) : 0;
    if (rc > 0) begin_body(c);
    if (rc < 0) conn_refuse(c, why.status, why.sentence);
    if (rc) return true;
    if (c->in_n == c->in_room) conn_room(c, c->in_n + IN_FIRST);
    long n = socket_read(c, c->in + c->in_n, c->in_room - c->in_n);
    if (n < 0) conn_close(c);
    if (n <= 0) return false;
    if (!c->in_n && c->requests) conn_to(c, HEAD, HEAD_SECONDS);
    c->in_n += (size_t)n;
  }
}

/* ---- the body ---- */

/* Moves what was read to the body. */
static void take_body(struct gate_conn *c) {
  size_t n = c->in_n - c->raw_at, took = n;
  if (!c->head.chunked) {
    if ((int64_t)n > c->body_left) took = (size_t)c->body_left;
    c->body_left -= (int64_t)took;
    c->body_end = c->raw_at += took;
    c->body_over = !c->body_left;
    return;
  }
  size_t room = GATE_BODY_WHOLE - (c->body_end - c->body_at);
  int64_t got = chunks_take(&c->chunks, c->in + c->raw_at, n, c->in + c->body_end, room, &took);
  if (got == CHUNKS_FAULT) {
    conn_refuse(c, 400, "the body is not in chunks as it says");
    return;
  }
  c->raw_at += took;
  c->body_over = chunks_over(&c->chunks);
  if (got > 0) c->body_end += (size_t)got;
  if (c->body_end - c->body_at == GATE_BODY_WHOLE) c->large = true;
}

static size_t body_wants(const struct gate_conn *c) {
  return c->head.chunked ? IN_FIRST : (size_t)c->body_left;
}

static bool read_body(struct gate_conn *c) {
  take_body(c);
  if (c->state != BODY) return true;
  if (c->body_over || c->large) return ask(c);
  if (c->asks && !socket_send(c, &STR("HTTP/1.1 100 Continue\r\n\r\n"), 1, GATE_OUTBOX, NULL)) {
    conn_close(c);
    return false;
  }
  c->asks = false;
  c->in_n = c->raw_at = c->body_end;
  conn_room(c, c->in_n + body_wants(c));
  long n = socket_read(c, c->in + c->in_n, body_wants(c));
  if (n < 0) conn_close(c);
  if (n <= 0) return false;
  c->in_n += (size_t)n;
  conn_moved(c, n);
  return true;
}

/* Who sends without a pause is not served to the end of it: the others have their turn in between. */
void conn_drive(struct gate_conn *c) {
  bool more = true;
  for (int step = 0; more; step++) {
    if (step == STEPS_AT_ONCE) {
      loop_post(c);
      return;
    }
    switch (c->state) {
    case GREETING: more = greet(c); break;
    case HEAD: more = read_head(c); break;
    case BODY: more = read_body(c); break;
    case FLUSHING: more = flush(c); break;
    case LIVE: more = live_drive(c); break;
    case LINGERING: more = drop_input(c); break;
    default: more = false;
    }
  }
}
