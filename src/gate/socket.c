/*
** socket.c - bytes in and out of a connection, plain or through TLS, and what a client has not taken yet.
**
** Nothing in here waits. What was written directly is not copied; what a client does not take is copied once,
** to its outbox, and goes from there.
*/
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "gate/inside.h"

long socket_read(struct gate_conn *c, void *to, size_t room) {
  if (c->tls) {
    long n = tls_read(c->tls, to, room);
    if (n == TLS_WANT_READ || n == TLS_WANT_WRITE) c->readable = false;
    return n > 0 ? n : n == TLS_CLOSED ? -1 : 0;
  }
  ssize_t n;
  do n = recv(c->fd, to, room, 0);
  while (n < 0 && errno == EINTR);
  if (n < 0 && errno != EAGAIN) return -1;
  if (n == 0) return -1;
  if (!c->hung_up && (n < 0 || (size_t)n < room)) c->readable = false;
  if (n < 0) c->readable = false;
  return n < 0 ? 0 : n;
}

/* Bytes that were taken; -1: gone. */
static long write_some(struct gate_conn *c, const char *p, size_t n) {
  if (c->tls) {
    long wrote = tls_write(c->tls, p, n);
    return wrote > 0 ? wrote : wrote == TLS_CLOSED ? -1 : 0;
  }
  ssize_t wrote;
  do wrote = send(c->fd, p, n, MSG_NOSIGNAL);
  while (wrote < 0 && errno == EINTR);
  return wrote >= 0 ? wrote : errno == EAGAIN ? 0 : -1;
}

void outbox_clear(struct gate_conn *c) {
  if (c->out_n) atomic_fetch_sub(&c->gate->owed, (long long)c->out_n);
  free(c->out);
  c->out = NULL;
  c->out_at = c->out_n = c->out_room = 0;
}

bool socket_flush(struct gate_conn *c) {
  while (c->out_n && !c->gone) {
    long n = write_some(c, c->out + c->out_at, c->out_n);
    if (n < 0) c->gone = true;
    if (n <= 0) break;
    c->out_at += (size_t)n;
    c->out_n -= (size_t)n;
    atomic_fetch_sub(&c->gate->owed, n);
    conn_moved(c, n);
  }
  if (c->gone || !c->out_n) outbox_clear(c);
  return !c->gone;
}

static void keep(struct gate_conn *c, const char *p, size_t n) {
  if (c->out_at + c->out_n + n > c->out_room) {
    if (c->out_at) memmove(c->out, c->out + c->out_at, c->out_n);
    c->out_at = 0;
    while (c->out_n + n > c->out_room) c->out_room = c->out_room ? c->out_room * 2 : 4096;
    c->out = xrealloc(c->out, c->out_room);
  }
  memcpy(c->out + c->out_at + c->out_n, p, n);
  c->out_n += n;
  atomic_fetch_add(&c->gate->owed, (long long)n);
}

static long write_plain(struct gate_conn *c, const struct str *parts, int count) {
  struct iovec v[SEND_PARTS];
  struct msghdr message = { .msg_iov = v, .msg_iovlen = (size_t)count };
  ssize_t n;
  for (int i = 0; i < count; i++) v[i] = (struct iovec){ (void *)parts[i].p, parts[i].n };
  do n = sendmsg(c->fd, &message, MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  return n >= 0 ? n : errno == EAGAIN ? 0 : -1;
}

/* Small parts go out in one record. What a session did not take has to be offered again as it was, so the parts have
** to follow each other in the outbox, too, and they do. */
static long write_sealed(struct gate_conn *c, const struct str *parts, int count) {
  char record[8192];
  size_t n = 0, wrote = 0;
  for (int i = 0; i < count; i++) n += parts[i].n;
  if (count > 1 && n <= sizeof record) {
    for (size_t i = 0, at = 0; i < (size_t)count; at += parts[i++].n)
      memcpy(record + at, parts[i].p, parts[i].n);
    return write_some(c, record, n);
  }
  for (int i = 0; i < count; i++)
    for (size_t at = 0; at < parts[i].n;) {
      long took = write_some(c, parts[i].p + at, parts[i].n - at);
      if (took < 0) return -1;
      if (took == 0) return (long)wrote;
      at += (size_t)took;
      wrote += (size_t)took;
    }
  return (long)wrote;
}

bool socket_send(struct gate_conn *c, const struct str *parts, int count, size_t most, size_t *took) {
  size_t done = 0;
  if (!c->out_n && !c->gone) {
    long n = c->tls ? write_sealed(c, parts, count) : write_plain(c, parts, count);
    if (n < 0) c->gone = true;
    done = n > 0 ? (size_t)n : 0;
    c->bytes += (int64_t)done;
  }
  size_t at = 0, all = done;
  for (int i = 0; i < count && !c->gone; at += parts[i++].n) {
    size_t skip = done > at ? done - at : 0;
    if (skip >= parts[i].n) continue;
    size_t n = parts[i].n - skip, room = most > c->out_n ? most - c->out_n : 0;
    if (n > room) n = room;
    if (n) keep(c, parts[i].p + skip, n);
    all += n;
    if (n < parts[i].n - skip) break;
  }
  if (took) *took = all;
  if (c->gone) outbox_clear(c);
  return !c->gone;
}
