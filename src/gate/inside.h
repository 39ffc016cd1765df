/*
** inside.h - what the files of this folder share. gate.h tells the whole; here is who holds what.
**
**   gate.c     opening, starting, stopping; the listening socket and the ceilings of addresses
**   loop.c     the thread: events, what workers hand back, deadlines, making room
**   conn.c     a connection while it is the loop's: greeting, head, body, the outbox, the end
**   worker.c   civetweb's workers: giving them requests, and what they call
**   live.c     connections that live on without a worker
**   socket.c   reading, writing and the outbox, with or without TLS
**
** Locks. gate_conn.lock guards a connection; gate.lock the queue, the idle workers and the list of what was posted to
** the loop. Who holds a connection's lock may take the gate's, not the other way round, and nobody holds two connections.
** `state` says whose turn it is: in SERVED the worker's, between (QUEUED) nobody's, else the loop's. Only
** the loop opens and closes, so a connection that it has looked up stays there while it works on it. Connections are
** never given back to the system, only used again under another number: a handle of one that is gone finds that out.
**
** Events are edges, asked for once: `readable` remembers that there was one, until a read found nothing more.
*/
#ifndef GATE_INSIDE_H
#define GATE_INSIDE_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/seat.h"
#include "gate/chunks.h"
#include "gate/gate.h"
#include "gate/head.h"
#include "gate/tls.h"

enum state {
  FREE,
  GREETING, /* TLS */
  HEAD,     /* waiting for a request, or for the rest of its head */
  BODY,
  QUEUED,   /* until a worker is free */
  SERVED,   /* by a worker */
  FLUSHING, /* the reply is made, the client has not taken all of it */
  LIVE,
  LINGERING, /* what the client still sends is dropped for a while, so that it reads the reply before it sees the end */
  DEAD, /* to be closed at the end of this round */
};

#define HEAD_SECONDS 5.0        /* for the greeting and the head, from the first byte on */
#define STALL_SECONDS 10.0      /* a body or a reply must move */
#define RATE_LEAST 1024.0       /* and so many bytes a second on the whole, after STALL_SECONDS */
#define QUEUE_SECONDS 30.0      /* for a worker */
#define LINGER_SECONDS 5.0      /* for a client that still sends, to read the reply */
#define LIVE_STALL_SECONDS 30.0 /* somebody who reads nothing of what happens */
#define LIVE_CLOSE_SECONDS 2.0  /* for what was sent before gate_live_close */
#define HELD_SECONDS 1.0        /* a worker that waited so long for a client is held by it */
#define STOP_SECONDS 1.0        /* for clients to take their replies, when the gate stops */
#define LOOK_SECONDS 0.25       /* between two looks at the deadlines */
#define CROWD_SECONDS 0.01      /* between two looks at the seats, when all are taken */

enum {
  IN_FIRST = 4096,      /* what a connection reads into, at first */
  READ_PART = 16 << 10, /* of a large body, at once */
  LINGER_BYTES = 64 << 20,
  OWED_MOST = 64 << 20, /* in all outboxes; beyond it those that wait longest are closed */
  BACKEND_IDLE_SECONDS = 30,
  SEND_PARTS = 8,
  STEPS_AT_ONCE = 8, /* of a connection, before others have their turn: a request takes four */
};

struct gate_address {
  struct gate_address *next;
  struct in6_addr key; /* IPv4 mapped; of IPv6 the first 64 bits */
  int count;
  bool loopback;
};

/* A connection to a worker of civetweb. */
struct backend {
  int fd;                    /* -1: not open */
  struct gate_conn *serving; /* guarded by gate.lock; NULL: idle */
  double idle_since;
};

struct gate_live {                 /* is the beginning of a connection */
  const struct gate_live_ops *ops; /* NULL: not taken */
  void *arg;
  bool closing;
};

struct gate_conn {
  struct gate_live live;
  pthread_mutex_t lock;
  pthread_cond_t moved; /* what a worker waits for has happened */
  struct gate *gate;
  uint32_t slot, number;    /* where it is, and which use of this place it is */
  struct gate_conn *next;   /* of the queue */
  struct gate_conn *posted; /* of the list posted to the loop */
  bool is_posted;

  int fd;
  struct tls_session *tls; /* NULL: plain */
  struct gate_address *from;
  struct gate_peer peer;

  enum state state;
  double since;    /* when it came to this state */
  double deadline; /* in this state, looked at by the loop */
  int64_t bytes;   /* that moved since then */
  bool readable;   /* a read may find something */
  bool hung_up;    /* the client sends nothing more: a short read does not tell that all was read */
  bool gone;       /* broken, too slow, or made room */
  bool keep;       /* for a next request, when the outbox is empty */
  int requests;    /* that were served on it */

  char *in; /* head, decoded body, bytes not looked at yet */
  size_t in_n, in_room, seen;
  struct head head;
  struct chunks chunks;
  size_t body_at, body_end;    /* decoded and not read yet */
  size_t raw_at;               /* not looked at yet, up to in_n */
  int64_t body_left;           /* of a stated length, still in the socket */
  bool body_over, large, asks; /* asks: the client waits for 100 Continue */

  struct backend *worker;
  struct seat seat; /* has none: it waits, or has taken long */
  bool picked;      /* the worker knows of it */
  bool held;        /* counted in gate.held */
  double waited;    /* seconds that the worker waited for the client */
  int tries;

  char *out; /* the outbox */
  size_t out_at, out_n, out_room;
};

struct gate {
  struct gate_options options;
  struct tls *tls;
  int port, connections;
  int listener, epoll, wake, folder, socket; /* descriptors */
  char backend[64];
  const char *folder_path; /* of the unit of work that opened it, until gate_start */
  pthread_t thread;

  struct gate_conn **slots; /* of `connections`; made when first needed */
  uint32_t *free;           /* numbers of free places */
  uint32_t used;            /* so many places were made */
  uint32_t free_count;
  struct gate_address *addresses[1024];
  struct gate_conn *dead; /* by `next` */

  pthread_mutex_t lock;
  struct gate_conn *queue, **queue_end; /* wait for a worker */
  struct gate_conn *large, **large_end; /* the same, with large bodies */
  struct gate_conn *posted;
  struct backend *backends;
  struct backend **idle;
  int idle_count, open_backends, held;

  atomic_llong owed, accepted, refused, evicted, timed_out, requests;
  atomic_int open, queued, live;
  atomic_bool stopping;
  bool running;
  bool deaf; /* no accepting until the next look at the clock */
};

/* socket.c: the caller holds the lock of the connection. */
long socket_read(struct gate_conn *c, void *to, size_t room); /* 0: nothing now; -1: the client is gone */
bool socket_flush(struct gate_conn *c); /* what is owed, as far as possible; false: gone */
/* Written as far as possible, when nothing is owed; the rest is owed, up to `most`. *took (may be NULL): all that
** was written or kept. false: gone. */
bool socket_send(struct gate_conn *c, const struct str *parts, int count, size_t most, size_t *took);
void outbox_clear(struct gate_conn *c);

/* conn.c: the same. */
void conn_to(struct gate_conn *c, enum state state, double seconds);
void conn_moved(struct gate_conn *c, int64_t bytes); /* the deadline of what has to move */
void conn_next(struct gate_conn *c);  /* the request is over, the connection waits for another */
void conn_drive(struct gate_conn *c); /* the loop: as far as it goes, and is fair */
void conn_close(struct gate_conn *c); /* the loop: at the end of this round */
/* The loop: says so, and ends the connection. The lock is given up meanwhile. */
void conn_refuse(struct gate_conn *c, int status, const char *sentence);
void conn_room(struct gate_conn *c, size_t room); /* for so many bytes in c->in */
void conn_forget_input(struct gate_conn *c);

/* worker.c */
/* The loop, holding the lock: the request is there. The lock is given up while a worker is told, who may have served it
** by then. */
void worker_ask(struct gate_conn *c);
void worker_pump(struct gate *g);         /* holding nothing: whom the queue can be given to */
void gate_seat_freed(void *gate);         /* the same */
bool worker_unqueue(struct gate_conn *c); /* holding the lock; false: it has a worker by now */
void worker_backend_over(struct gate *g, struct backend *b); /* the loop */
void worker_backends_close(struct gate *g, double idle_before);

/* live.c: the loop, holding the lock. */
bool live_drive(struct gate_conn *c); /* false: nothing more to do for now */

/* loop.c */
void *loop_run(void *gate);
int gate_make_room(struct gate *g, const struct gate_address *from, int many); /* how many were closed */
void loop_post(struct gate_conn *c); /* any thread: the loop is to look at it */
void loop_wake(struct gate *g);
bool loop_watch(struct gate *g, int fd, uint64_t what, uint32_t events);

enum {
  WATCH_LISTENER,
  WATCH_WAKE,
  WATCH_BACKEND,
  WATCH_CONN
}; /* the upper half of `what`; below it the number */
#define WATCH(kind, number) ((uint64_t)(kind) << 32 | (uint32_t)(number))

/* gate.c: the loop. */
void gate_accept(struct gate *g);
void gate_let_go(struct gate_conn *c); /* the last step of a connection, holding no lock */

#endif
