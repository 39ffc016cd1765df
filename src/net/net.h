/*
** net.h - dialling out: what the HTTP client (http_client.h) and mail (mail.h) share.
** This folder is the only user of libcurl, and libcurl with libpq (replicate/pg.h) the only users
** of OpenSSL (mbedtls is what listens, signs and encrypts).
**
** Whom we may reach. An address that a user typed is not to become a way into the
** machine or the network that the program runs in, so a peer on a loopback, private,
** link-local or otherwise special address is refused unless an allow-list names it.
** What is checked is the address that the socket is about to be connected to: however
** the name was spelled and whatever it resolves to by now.
**
** Each thread keeps a handle of its own, so that the authorities' certificates are read
** once, and connections to the same peer under the same rules are used again.
*/
#ifndef NET_NET_H
#define NET_NET_H

#include "base/ctx.h"

/* What a call may reach, and whom it trusts. Zeroed: public addresses over TLS only. */
struct net_rules {
  /* "10.1.0.0/16", "192.168.1.7", "fd00::/8", "odoo.lan" or ".lan" (all names that end so):
  ** peers that are allowed although they are not public, and without TLS. */
  const char *const *allowed;
  size_t count;
  struct str authorities; /* certificates (PEM) that are trusted instead of the system's; p NULL: those */
};

/* OpenSSL made ready, once: whoever dials with it calls this first. */
void net_start(void);

/* E_INVALID when it is none of the forms above. */
int net_check_allowed(struct ctx *cx, const char *field, const char *entry);

/* The file of the authorities that are trusted, instead of the system's; NULL: the system's.
** Set once at start; the text must last. */
void net_set_authorities(const char *path);
/* The file that is used. E_FAIL says what is missing. */
int net_authorities(struct ctx *cx, const char **path);

#endif
