#include "gate/tls.h"

#include <errno.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ticket.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "gate/certificate.h"
#include "gate/names.h"

enum { TICKET_SECONDS = 24 * 3600, HANDSHAKE_RECORD = 22, HEAD_SEEN = 1024, HOST_ROOM = 256 };

/* A certificate and what goes with it. It is freed with its last session. */
struct shown {
  atomic_int holders;
  struct certificate certificate;
  mbedtls_ssl_config config;
};

struct tls {
  mbedtls_entropy_context entropy;
  mbedtls_ctr_drbg_context dice; /* locks itself, like the tickets */
  mbedtls_ssl_ticket_context tickets;
  struct tls_names names;
  pthread_mutex_t lock; /* over the next */
  struct shown *shown;  /* to sessions that begin now */
};

struct tls_session {
  const struct tls_names *names;
  struct shown *shown;
  mbedtls_ssl_context ssl;
  int fd;
  bool begun;   /* ssl is set up */
  bool open;    /* the handshake is done */
  bool over;    /* nothing goes any more */
  size_t taken; /* bytes that are in a record which could not be sent yet */
};

/* ---- settings ---- */

/* AES first: where there are instructions for it, it is the fastest. */
static const int suites[] = {
  MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
  MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
  MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
  MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
  MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
  MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
  0,
};
static const mbedtls_ecp_group_id curves[] = { MBEDTLS_ECP_DP_CURVE25519, MBEDTLS_ECP_DP_SECP256R1,
                                               MBEDTLS_ECP_DP_NONE };
static const int hashes[] = { MBEDTLS_MD_SHA256, MBEDTLS_MD_SHA384, MBEDTLS_MD_SHA512, MBEDTLS_MD_NONE };
static const char *protocols[] = { "http/1.1", NULL };

static int configure(struct tls *t, struct shown *s) {
  mbedtls_ssl_config *c = &s->config;
  int rc = mbedtls_ssl_config_defaults(c, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_STREAM,
                                       MBEDTLS_SSL_PRESET_DEFAULT);
  if (rc) return rc;
  mbedtls_ssl_conf_min_version(c, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3); /* TLS 1.2 */
  mbedtls_ssl_conf_max_version(c, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
  mbedtls_ssl_conf_ciphersuites(c, suites);
  mbedtls_ssl_conf_curves(c, curves);
  mbedtls_ssl_conf_sig_hashes(c, hashes);
  mbedtls_ssl_conf_rng(c, mbedtls_ctr_drbg_random, &t->dice);
  mbedtls_ssl_conf_session_tickets_cb(c, mbedtls_ssl_ticket_write, mbedtls_ssl_ticket_parse, &t->tickets);
  rc = mbedtls_ssl_conf_alpn_protocols(c, protocols);
  return rc ? rc : mbedtls_ssl_conf_own_cert(c, &s->certificate.chain, &s->certificate.key);
}

/* ---- certificates ---- */

static void shown_drop(struct shown *s) {
  if (!s || atomic_fetch_sub(&s->holders, 1) > 1) return;
  mbedtls_ssl_config_free(&s->config);
  certificate_free(&s->certificate);
  free(s);
}

static struct shown *shown_hold(struct tls *t) {
  pthread_mutex_lock(&t->lock);
  struct shown *s = t->shown;
  atomic_fetch_add(&s->holders, 1);
  pthread_mutex_unlock(&t->lock);
  return s;
}

static int shown_load(struct ctx *cx, struct tls *t, const char *cert_file, const char *key_file,
                      struct shown *s) {
  const char *chain, *key;
  if (certificate_text(cx, cert_file, &chain) || certificate_text(cx, key_file, &key) ||
      certificate_load(cx, cert_file, chain, key, &s->certificate))
    return cx->code;
  int rc = configure(t, s);
  return rc ? fail(cx, E_FAIL, NULL, "TLS cannot be set up (-0x%04x)", (unsigned)-rc) : OK;
}

int tls_replace(struct ctx *cx, struct tls *t, const char *cert_file, const char *key_file) {
  struct shown *s = xcalloc(1, sizeof *s), *before;
  atomic_init(&s->holders, 1);
  mbedtls_ssl_config_init(&s->config);
  mbedtls_x509_crt_init(&s->certificate.chain);
  mbedtls_pk_init(&s->certificate.key);
  if (shown_load(cx, t, cert_file, key_file, s)) {
    shown_drop(s);
    return cx->code;
  }
  pthread_mutex_lock(&t->lock);
  before = t->shown;
  t->shown = s;
  pthread_mutex_unlock(&t->lock);
  shown_drop(before);
  return OK;
}

int tls_new(struct ctx *cx, const char *cert_file, const char *key_file, const struct tls_names *names,
            struct tls **out) {
  struct tls *t = *out = xcalloc(1, sizeof *t);
  t->names = *names;
  pthread_mutex_init(&t->lock, NULL);
  mbedtls_entropy_init(&t->entropy);
  mbedtls_ctr_drbg_init(&t->dice);
  mbedtls_ssl_ticket_init(&t->tickets);
  int rc = mbedtls_ctr_drbg_seed(&t->dice, mbedtls_entropy_func, &t->entropy, NULL, 0);
  if (!rc)
    rc = mbedtls_ssl_ticket_setup(&t->tickets, mbedtls_ctr_drbg_random, &t->dice, MBEDTLS_CIPHER_AES_256_GCM,
                                  TICKET_SECONDS);
  if (rc) fail(cx, E_FAIL, NULL, "TLS cannot be set up (-0x%04x)", (unsigned)-rc);
  if (!rc && !tls_replace(cx, t, cert_file, key_file)) return OK;
  tls_free(t);
  *out = NULL;
  return cx->code;
}

void tls_free(struct tls *t) {
  if (!t) return;
  shown_drop(t->shown);
  mbedtls_ssl_ticket_free(&t->tickets);
  mbedtls_ctr_drbg_free(&t->dice);
  mbedtls_entropy_free(&t->entropy);
  pthread_mutex_destroy(&t->lock);
  free(t);
}

/* ---- the socket ---- */

static int would_block(int otherwise, int want) {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? want : otherwise;
}

static int socket_send(void *arg, const unsigned char *p, size_t n) {
  const struct tls_session *s = arg;
  ssize_t sent = send(s->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent >= 0 ? (int)sent : would_block(MBEDTLS_ERR_SSL_CONN_EOF, MBEDTLS_ERR_SSL_WANT_WRITE);
}

static int socket_receive(void *arg, unsigned char *p, size_t n) {
  const struct tls_session *s = arg;
  ssize_t got = recv(s->fd, p, n, MSG_DONTWAIT);
  return got >= 0 ? (int)got : would_block(MBEDTLS_ERR_SSL_CONN_EOF, MBEDTLS_ERR_SSL_WANT_READ);
}

/* ---- who does not speak TLS ---- */

/* The host and port that a request asked for, as its Host header has them; empty: it does not say, or they cannot be
** a link. */
static void host_of(const char *head, char out[static HOST_ROOM]) {
  const char *line = strcasestr(head, "\r\nHost:");
  *out = 0;
  if (!line) return;
  line += 7 + strspn(line + 7, " \t");
  size_t n = strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-:[]");
  if (line[n] != '\r' || !str_copy(out, HOST_ROOM, (struct str){ line, n })) *out = 0;
}

/* A browser in which somebody typed the name alone asks without TLS. It is sent on to no name but our own: whoever makes a
** link to this server shall not decide where it leads. */
static void send_elsewhere(const struct tls_session *s, const char *head) {
  static const char words[] =
      "This address speaks https only: ask it by https://, and by a name of its own.\n";
  char reply[640], at[HOST_ROOM], link[HOST_ROOM + 32] = "";
  const char *status = "400 Bad Request";
  struct str host;
  host_of(head, at);
  bool told = *at && name_split(at, &host) >= 0, known = told && s->names->known(s->names->arg, host);
  if (told) status = known ? "307 Temporary Redirect" : "421 Misdirected Request";
  if (known) snprintf(link, sizeof link, "Location: https://%s/\r\n", at);
  int n = snprintf(reply, sizeof reply,
                   "HTTP/1.1 %s\r\n%sContent-Type: text/plain\r\nContent-Length: %zu\r\n"
                   "Cache-Control: no-store\r\nConnection: close\r\n\r\n%s",
                   status, link, sizeof words - 1, words);
  if (send(s->fd, reply, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL) == n) shutdown(s->fd, SHUT_WR);
}

/* Looks at the first bytes and leaves them where they are. 0 when a session can begin. */
static int look_first(const struct tls_session *s) {
  char head[HEAD_SEEN];
  ssize_t n = recv(s->fd, head, sizeof head - 1, MSG_PEEK | MSG_DONTWAIT);
  if (n < 0) return would_block(TLS_CLOSED, TLS_WANT_READ);
  if (n > 0 && head[0] == HANDSHAKE_RECORD) return 0;
  if (n == 0 || head[0] < 'A' || head[0] > 'Z') return TLS_CLOSED;
  recv(s->fd, head, (size_t)n,
       MSG_DONTWAIT); /* a socket that is closed with bytes unread cuts the reply off */
  head[n] = 0;
  send_elsewhere(s, head);
  return TLS_CLOSED;
}

/* ---- sessions ---- */

struct tls_session *tls_session_new(struct tls *t, int fd) {
  struct tls_session *s = xcalloc(1, sizeof *s);
  s->fd = fd;
  s->shown = shown_hold(t);
  s->names = &t->names;
  mbedtls_ssl_init(&s->ssl);
  return s;
}

void tls_session_free(struct tls_session *s) {
  if (!s) return;
  if (s->open && !s->over) mbedtls_ssl_close_notify(&s->ssl);
  mbedtls_ssl_free(&s->ssl);
  shown_drop(s->shown);
  free(s);
}

/* What mbedtls said, as a want. */
static int want(struct tls_session *s, int rc) {
  if (rc == MBEDTLS_ERR_SSL_WANT_READ) return TLS_WANT_READ;
  if (rc == MBEDTLS_ERR_SSL_WANT_WRITE) return TLS_WANT_WRITE;
  s->over = rc != MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY;
  return TLS_CLOSED;
}

int tls_handshake(struct tls_session *s) {
  if (s->over) return TLS_CLOSED;
  int rc = s->begun ? 0 : look_first(s);
  if (rc) return rc;
  if (!s->begun && mbedtls_ssl_setup(&s->ssl, &s->shown->config) != 0) return TLS_CLOSED;
  if (!s->begun) mbedtls_ssl_set_bio(&s->ssl, s, socket_send, socket_receive, NULL);
  s->begun = true;
  rc = mbedtls_ssl_handshake(&s->ssl);
  if (rc) return want(s, rc);
  s->open = true;
  return 0;
}

long tls_read(struct tls_session *s, void *to, size_t room) {
  if (s->over) return TLS_CLOSED;
  int n = mbedtls_ssl_read(&s->ssl, to, room);
  return n > 0 ? n : want(s, n == 0 ? MBEDTLS_ERR_SSL_CONN_EOF : n);
}

/* mbedtls has encrypted what it could not send, and must be asked again for the same length. */
long tls_write(struct tls_session *s, const void *p, size_t n) {
  if (s->over) return TLS_CLOSED;
  if (s->taken) n = s->taken;
  int sent = mbedtls_ssl_write(&s->ssl, p, n);
  s->taken = sent == MBEDTLS_ERR_SSL_WANT_WRITE ? n : 0;
  return sent > 0 ? sent : want(s, sent);
}
