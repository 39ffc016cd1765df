/*
** live.c - connections that live on without a worker: live events, WebSocket.
**
** The loop hands on what the client sends, and what is sent to it goes out at once or waits in the outbox. A reader
** that lets its outbox fill up, or takes nothing of it for LIVE_STALL_SECONDS, is dropped.
*/
#include "base/time.h"
#include "gate/inside.h"

static struct gate_conn *conn_of(const struct gate_live *l) { return (struct gate_conn *)(void *)l; }

struct gate_live *gate_live_take(struct gate_conn *c, const struct gate_live_ops *ops, void *arg) {
  pthread_mutex_lock(&c->lock);
  c->live = (struct gate_live){ .ops = ops, .arg = arg };
  pthread_mutex_unlock(&c->lock);
  atomic_fetch_add(&c->gate->live, 1);
  return &c->live;
}

bool gate_live_send(struct gate_live *l, struct str bytes) {
  struct gate_conn *c = conn_of(l);
  size_t took = 0;
  pthread_mutex_lock(&c->lock);
  bool there = l->ops && c->state != DEAD && !l->closing && !c->gone;
  if (there) {
    if (!c->out_n) c->deadline = time_seconds() + LIVE_STALL_SECONDS;
    there = socket_send(c, &bytes, 1, GATE_OUTBOX, &took) && took == bytes.n;
    if (!there) c->gone = true;
    if (!there && c->state == LIVE) loop_post(c);
  }
  pthread_mutex_unlock(&c->lock);
  return there;
}

void gate_live_close(struct gate_live *l) {
  struct gate_conn *c = conn_of(l);
  pthread_mutex_lock(&c->lock);
  l->closing = true;
  c->deadline = time_seconds() + LIVE_CLOSE_SECONDS;
  if (c->state == LIVE) loop_post(c);
  pthread_mutex_unlock(&c->lock);
}

size_t gate_live_owed(const struct gate_live *l) {
  struct gate_conn *c = conn_of(l);
  pthread_mutex_lock(&c->lock);
  size_t n = c->out_n;
  pthread_mutex_unlock(&c->lock);
  return n;
}

static void hand_on(struct gate_conn *c, struct str bytes) {
  if (!c->live.ops->input || c->live.closing) return;
  pthread_mutex_unlock(&c->lock);
  c->live.ops->input(c->live.arg, bytes);
  pthread_mutex_lock(&c->lock);
}

bool live_drive(struct gate_conn *c) {
  char part[READ_PART];
  double deadline = c->deadline;
  if (c->raw_at < c->in_n) { /* came with the request */
    struct str early = { c->in + c->raw_at, c->in_n - c->raw_at };
    c->raw_at = c->in_n;
    hand_on(c, early);
  }
  conn_forget_input(c);
  size_t owed = c->out_n;
  socket_flush(c);
  c->deadline = c->out_n == owed || c->live.closing ? deadline : time_seconds() + LIVE_STALL_SECONDS;
  long n = c->gone || (c->live.closing && !c->out_n) ? -1
           : c->readable                             ? socket_read(c, part, sizeof part)
                                                     : 0;
  if (n > 0) hand_on(c, (struct str){ part, (size_t)n });
  if (n < 0) conn_close(c);
  return n > 0;
}
