/*
** tls.h - a server's sessions of TLS over sockets that do not block. Nothing in here waits:
** what cannot go on says what it waits for, and the caller's loop calls again.
**
** TLS 1.2 and nothing older; suites with authenticated encryption and a fresh key of the
** session's own (ECDHE over X25519 or P-256); tickets, so that a browser that comes back is
** spared the long greeting; http/1.1 by ALPN; no renegotiation, no compression.
**
** A session belongs to one thread at a time. A struct tls may be used by several, and its
** certificate be replaced while sessions are open: those keep the one that they began with.
*/
#ifndef GATE_TLS_H
#define GATE_TLS_H

#include "base/ctx.h"

struct tls;
struct tls_session;

enum { TLS_WANT_READ = -1, TLS_WANT_WRITE = -2, TLS_CLOSED = -3 };

/* What the server answers to: a host without a port. Asked by the thread of a session, and must not wait. */
struct tls_names {
  bool (*known)(void *arg, struct str host);
  void *arg;
};

/* PEM: the certificate first, then those between it and an authority; the key without a password. The two
** may be one file. E_INVALID when they do not belong together, E_DENIED when they cannot be read. */
int tls_new(struct ctx *cx, const char *cert_file, const char *key_file, const struct tls_names *names,
            struct tls **out);
/* For sessions that begin from now on. When it fails, the one before stays. */
int tls_replace(struct ctx *cx, struct tls *t, const char *cert_file, const char *key_file);
void tls_free(struct tls *t); /* after its last session */

/* The socket stays the caller's. Memory for records (about 40 KiB) is taken when the first byte comes. */
struct tls_session *tls_session_new(struct tls *t, int fd);
void tls_session_free(struct tls_session *s); /* says goodbye to the client, if that can be done at once */

/* 0 when it is done, or a want. TLS_CLOSED: drop the connection; an alert was sent, or, to a client that
** spoke plain HTTP, the address that it should have asked, if it called the server by a name that is known. */
int tls_handshake(struct tls_session *s);

/* Bytes (above 0), or a want; TLS_CLOSED at the end. Read until TLS_WANT_READ: what a
** session holds already, no poll of the socket tells of. */
long tls_read(struct tls_session *s, void *to, size_t room);

/* Bytes that were taken (above 0), or a want. After TLS_WANT_WRITE it is called again with the same bytes;
** there may be more behind them by then. */
long tls_write(struct tls_session *s, const void *p, size_t n);

#endif
