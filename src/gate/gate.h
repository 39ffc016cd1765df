/*
** gate.h - what stands between the network and the workers that serve requests.
**
** civetweb gives each connection a thread for as long as it is open. That is simple and fast for clients that
** ask and leave, and it is given up to anybody who does not: 48 connections that send a byte a second, or read
** one, or wait for events, are 48 threads that serve nobody else, and more threads only raise the number. So
** clients do not get to a thread. One thread of the gate holds all of them with epoll, and a connection in it
** costs memory and a deadline. A worker of civetweb sees a request when all of it is there, and is done with
** it when the reply is handed over, not when the client has read it.
**
**   client --TCP, TLS--> loop: head, framing, body --head--> worker of civetweb (a socket of the file system)
**     ^                   |                                   handler: gate_header, gate_read
**     |                   '- what the client has not taken yet <-- gate_send_parts --'
**     '--------------------------- what it takes at once <------------------'
**
** The loop reads a head whole, checks strictly that it is clear where the request ends (head.h), and reads a
** body of up to GATE_BODY_WHOLE bytes, too. Then a worker gets the request line and a handle. Headers and body
** stay here and are asked for by that handle, so nobody parses them a second time and differently. A larger
** body is read by the worker as it comes, at a minimum rate, and at most half of the workers are held by
** such bodies and by replies beyond the outbox. The reply does not go back through civetweb: gate_send_parts writes
** to the client's socket at once, and leaves what the client does not take to the loop. civetweb's connections
** to the gate are few, persistent, and opened when they are needed.
**
** A connection belongs to the loop, except between a request being given to a worker and gate_done: then the
** worker reads and writes, and the loop only tells it what the socket is ready for. A lock for each connection
** guards the change of hands, and whatever both do (what is left in the outbox).
**
** Ceilings: connections in all and of one address (of IPv6, of one /64). At a ceiling the newcomer gets in, and
** those that have waited longest for their own client are closed: a slow one makes room, a good one has been
** answered before it is its turn. Deadlines: a head has 5 seconds, a body and a reply must move and have a
** minimum rate, an idle connection is kept for GATE_IDLE_SECONDS.
**
** Pipelined requests are served one after the other, HTTP/1.0 is closed after its reply, `Expect: 100-continue`
** is answered when the body is wanted. An `Upgrade` and live events are requests like any other, until their
** handler takes the connection with gate_live_take.
*/
#ifndef GATE_GATE_H
#define GATE_GATE_H

#include "base/ctx.h"

enum {
  GATE_BODY_WHOLE = 64 << 10, /* a body up to this is read before a worker is asked for */
  GATE_OUTBOX = 1 << 20,      /* bytes that a connection may owe its client */
  GATE_IDLE_SECONDS = 30,     /* between two requests of a connection */
  GATE_CONNECTIONS = 4096,    /* in all, unless the system allows less */
  GATE_CONNECTIONS_LEAST = 64,
  GATE_CONNECTIONS_MOST = 60000,
  GATE_ADDRESS_MOST = 256, /* of one address */
  GATE_HANDLE = 24,
};

#define GATE_HANDLE_HEADER "X-Outpost-Conn" /* by which a worker learns which connection it serves */

struct gate;
struct gate_conn;
struct gate_live;
struct tls;

struct gate_peer {
  char address[46]; /* numeric; IPv4 also where it came through a socket for both */
  bool secure;      /* TLS */
};

struct gate_options {
  const char *host;   /* numeric, IPv4 or IPv6 */
  int port;           /* 0: the system chooses one */
  struct tls *tls;    /* NULL: plain; the caller's, freed after gate_free */
  const char *folder; /* where a folder can be made for a moment: for civetweb's socket */
  int workers;        /* as many requests are served at the same time */
  int connections;    /* ceiling in all; 0: GATE_CONNECTIONS */
  int per_address;    /* ceiling of an address; 0: GATE_ADDRESS_MOST, and none for loopback */
  /* Answers with gate_send_parts what never becomes a request: 400, 408, 417, 431, 503, 505. Called by the loop: must
  ** not wait. The connection is closed after it. */
  void (*refuse)(void *arg, struct gate_conn *c, int status, const char *sentence);
  void *arg;
};

/* gate_open takes the port (E_CONFLICT if it is taken, E_INVALID for a host that is no address) and tells where the
** workers listen: civetweb's option listening_ports is gate_backend. When it listens there, gate_start begins.
** gate_stop: no further requests; those being served end, live connections are closed. When civetweb has stopped,
** too, gate_free. */
int gate_open(struct ctx *cx, const struct gate_options *o, struct gate **out);
const char *gate_backend(const struct gate *g);
int gate_port(const struct gate *g);
int gate_start(struct ctx *cx, struct gate *g);
void gate_stop(struct gate *g);
void gate_free(struct gate *g); /* of NULL is nothing */

struct gate_numbers {
  int connections;                                         /* open now */
  int serving;                                             /* requests with a worker */
  int queued;                                              /* requests that wait for one */
  int live;                                                /* taken by gate_live_take */
  int64_t owed;                                            /* bytes that clients have not taken yet */
  int64_t accepted, refused, evicted, timed_out, requests; /* since the start */
};
void gate_numbers(struct gate *g, struct gate_numbers *out); /* any thread */

/* ---- for the worker that serves a request ---- */

/* The connection of a request, by GATE_HANDLE_HEADER; NULL for a handle that is none. It stays valid until gate_done. */
struct gate_conn *gate_conn_of(struct gate *g, const char *handle);
const struct gate_peer *gate_peer(const struct gate_conn *c);
bool gate_old(const struct gate_conn *c);   /* HTTP/1.0 */
bool gate_keeps(const struct gate_conn *c); /* the client may ask again on it, and the gate is not stopping */

/* The host, with its port, that the request is for; NULL: it does not say (HTTP/1.0). *scheme (may be NULL) is that of a
** request for a whole address, or NULL. */
const char *gate_host(const struct gate_conn *c, const char **scheme);
/* The first header of that name, in any case, or NULL; *count (may be NULL) of them there are. */
const char *gate_header(const struct gate_conn *c, const char *name, int *count);

/* All of that name: int at = 0; while ((value = gate_header_next(c, name, &at))). */
const char *gate_header_next(const struct gate_conn *c, const char *name, int *at);

/* The stated length of the body; 0: there is none; -1: it is chunked. */
int64_t gate_body_stated(const struct gate_conn *c);
bool gate_body_whole(const struct gate_conn *c); /* nothing of it is still to come */
/* Bytes of the body, decoded; 0 at its end; -1 when it is broken off, too slow or wrongly chunked. */
int64_t gate_read(struct gate_conn *c, void *to, size_t room);

/* Bytes to the client: written at once as far as it takes them, the rest is kept (copied). Waits only for a client
** that owes more than GATE_OUTBOX. At most 8 parts, in one system call. false: it is gone or too slow, and there is no use in going on. */
bool gate_send_parts(struct gate_conn *c, const struct str *parts, int count);
size_t gate_room(struct gate_conn *c); /* so many bytes may be sent without waiting */

/* The request is over, and with it everything that gate_header returned. keep false: the connection is closed when the
** client has what was sent. A request whose body was not read to its end is never kept. For a connection that was
** taken it begins its life. Exactly once for every request. */
void gate_done(struct gate_conn *c, bool keep);

/* ---- a connection that lives on without a worker: live events, WebSocket ---- */

/* Both are called by the loop, holding no lock, and must not wait. */
struct gate_live_ops {
  void (*input)(void *arg,
                struct str bytes); /* valid during the call; NULL: what the client sends is dropped */
  void (*closed)(void *arg); /* exactly once, also after gate_live_close; from its return on `l` is invalid */
};

/* The connection leaves the way of requests: call it in a handler, after the head of the reply was sent, which then
** must announce no length. Nothing of `ops` is called before gate_done. */
struct gate_live *gate_live_take(struct gate_conn *c, const struct gate_live_ops *ops, void *arg);
/* Any thread, never waits; false: it is gone, or its outbox is full and it is dropped. Who sends must know that
** closed has not returned, by a lock that closed takes, too. */
bool gate_live_send(struct gate_live *l, struct str bytes);
void gate_live_close(struct gate_live *l);        /* when what was sent is out, or two seconds later */
size_t gate_live_owed(const struct gate_live *l); /* bytes in its outbox */

#endif
