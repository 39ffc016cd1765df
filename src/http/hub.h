/*
** hub.h - those who watch what happens: live events (events.c) and WebSockets (realtime.c).
**
** One thread serves all of them. It wakes when this process has committed something, and looks ten times a second
** whether another process has, which takes a microsecond. What is new is read and composed once (feed.h) and
** handed to the gate, which holds the connections; so a viewer costs memory and no worker.
**
** Each viewer has a position in the log of his own. One who comes back after a while, or reads slowly, is behind: he gets
** the log by pages, the next when he has taken most of the one before. The gate drops who takes nothing for half a
** minute, and what is not sent is not held in memory, so nobody holds up anybody.
**
** A session that ends while somebody watches ends his watching: within a second, or within fifteen of the end of its time.
*/
#ifndef HTTP_HUB_H
#define HTTP_HUB_H

#include "http/feed.h"
#include "http/request.h"

struct hub;
struct viewer;
struct websocket;

int hub_new(struct ctx *cx, struct server *server, struct hub **out);
void hub_stop(struct hub *h); /* says goodbye to all; nobody joins any more */
void hub_free(struct hub *h); /* after the gate was stopped; of NULL is nothing */

struct hub_numbers {
  int events, sockets; /* viewers now */
  int64_t sent,
      ended; /* pieces handed to the gate; viewers who were sent away: too slow, silent, logged out */
};
void hub_numbers(struct hub *h, struct hub_numbers *out);

/* Somebody who is to watch from after an entry on (-1: from now on). E_BUSY at a ceiling, which status 429 is for one
** of his own. Until hub_begin, which must follow, nothing is sent. */
int hub_admit(struct request *rq, struct tenant *t, bool socket, int64_t after, struct viewer **out);
void hub_begin(struct viewer *v, struct gate_conn *conn); /* after the head of the reply */

/* ---- for realtime.c, called by the gate's loop ---- */
void viewer_input(struct viewer *v, struct str bytes); /* realtime.c has it */
bool viewer_send(struct viewer *v, struct str bytes);
void viewer_go_to(struct viewer *v, int64_t seq); /* the client asked for what came after this entry */
void viewer_leave(struct viewer *v);              /* when what was sent is out */
void viewer_heard(struct viewer *v);              /* a sign of life */
bool viewer_may_speak(struct viewer *v);          /* ten messages at once, then one a second */
struct websocket *viewer_socket(struct viewer *v);

#endif
