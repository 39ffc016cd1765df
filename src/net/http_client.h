/*
** http_client.h - one HTTP request and its answer, with limits on everything.
**
** Redirects are followed only where the caller asks for it and only to the same scheme,
** host and port: an answer must not send us, and the credentials in our headers, elsewhere.
** No cookies, no proxy, no compression.
*/
#ifndef NET_HTTP_CLIENT_H
#define NET_HTTP_CLIENT_H

#include "net/net.h"

struct http_call {
  const char *method;         /* NULL: GET, or POST where there is a body */
  const char *url;            /* https, or http where the rules allow the peer */
  const char *const *headers; /* "Name: value", ended by NULL; may be NULL */
  struct str body;            /* p NULL: none */
  int seconds;                /* for all of it; 0: 30 */
  size_t most;                /* bytes of the answer's body; 0: LIMIT_BODY_BYTES. More is E_LIMIT */
  int redirects;              /* how many are followed, of GET and HEAD */
  bool (*stopped)(void *);    /* asked about once a second; may be NULL */
  void *stopped_arg;
};

struct http_answer {
  int status;
  struct str body;     /* these live as long as the unit of work */
  struct str headers;  /* as they came, a line each */
  int64_t retry_after; /* seconds from now that Retry-After asks for; -1 when it does not */
  double seconds;      /* that it took */
};

/* OK when there is an answer, whatever its status. E_INVALID: no address that can be called;
** E_DENIED: a peer that the rules refuse, or a redirect elsewhere; E_LIMIT: too much came;
** E_BUSY: nobody answered, or not well enough. */
int http_call(struct ctx *cx, const struct net_rules *rules, const struct http_call *call,
              struct http_answer *out);

/* Is it https, or http, with a host and without user and password in it? E_INVALID says what is wrong. */
int http_check_url(struct ctx *cx, const char *field, const char *url);

#endif
