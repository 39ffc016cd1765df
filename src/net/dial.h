/*
** dial.h - a thread's handle, set up by the rules of a call. Private to net/.
*/
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include <curl/curl.h>

#include "net/net.h"

enum { CONNECT_SECONDS = 10 };

struct dial {
  struct ctx *cx;
  CURL *curl;
  const struct net_rules *rules;
  const char *host; /* of the address that is called */
  bool plain;       /* no TLS: only for peers that are allowed by name */
  bool trusted;     /* an administrator named this very host: all its addresses are fine */
  bool refused;     /* the peer's address was, and `peer` is it */
  char peer[64];
  bool (*stopped)(void *); /* asked now and then; true ends the call */
  void *stopped_arg;
  char error[CURL_ERROR_SIZE];
  struct curl_slist *list; /* freed with the call */
};

/* The handle, reset, with timeouts, limits, protocols and trust. `protocols` as libcurl has it: "http,https". */
int dial_begin(struct dial *d, const char *protocols, int seconds);
/* Performs it. E_DENIED for a peer that is refused, E_BUSY for what may be better later. */
int dial_run(struct dial *d);
void dial_end(struct dial *d);

#endif
