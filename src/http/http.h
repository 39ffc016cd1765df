/*
** http.h - the page and the API over HTTP. This folder is the only user of
** civetweb.
**
** Plain HTTP is for this machine alone: a server listens on a loopback address, or it speaks TLS
** (gate/trust.h).
*/
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <stdatomic.h>

#include "store/opened.h"

struct trust_options;
struct serve_options {
  const char *listen;                /* "127.0.0.1:8080"; NULL is that; port 0: the system chooses one */
  const struct trust_options *trust; /* TLS, and by which certificate; NULL: plain HTTP */
  bool open_to_others; /* somebody may forward to it: nobody is let in without an account, also on loopback */
  int64_t rate_per_minute;   /* requests of one token or address; 0: as many as it likes */
  const char *rate_exempt;   /* addresses without a limit, "127.0.0.1, 10.0.0.7"; may be NULL */
  const char *allow_origins; /* whose pages may use the API, "https://a.example"; may be NULL */
  const char *www_dir;       /* the page's files from this folder instead of from the binary; may be NULL */
  int connections, per_address; /* ceilings, as in gate/gate.h; 0: those that are usual */
  const atomic_bool *stop;      /* ends the serving when it becomes true; may be NULL */
  const char *setup; /* a token that makes the first account: its link is printed, too; may be NULL */
  int *port;         /* the port it really listens on; may be NULL */
  /* Work beside the requests: begun when the address is printed, ended when no request comes any more.
  ** May be NULL. */
  int (*begin)(struct ctx *cx, void *arg);
  void (*end)(void *arg);
  void *arg;
};

/* Serves until SIGTERM, SIGINT or *stop, and prints its address as a line on
** stdout as soon as it answers. E_INVALID for an address that it will not
** listen on, E_CONFLICT for one that is taken. Call it before other threads
** are started: they inherit the mask that keeps the two signals for it. */
int http_serve(struct ctx *cx, struct opened *tenants, const struct serve_options *o);

/* Nobody but this machine reaches this address; NULL is that of a server that is not told one. */
bool http_is_local(const char *listen);

#endif
