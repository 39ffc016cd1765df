/*
** dial.c - libcurl, once for all who dial out.
**
** A handle belongs to a thread and lasts as long as it (thread-specific data, so that the
** thread's end closes it). It holds the certificates of the authorities (20 ms to read) and
** connections that may be used again. A connection that was opened under other rules must
** not be: when the rules change, so does the handle.
*/
#include "net/dial.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/hash.h"
#include "net/reach.h"

/* Where distributions keep the certificates of the authorities, as one file. */
static const char *const places[] = {
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
};

static const char *authorities;

void net_set_authorities(const char *path) { authorities = path; }

int net_authorities(struct ctx *cx, const char **path) {
  *path = authorities;
  if (authorities && access(authorities, R_OK) == 0) return OK;
  if (authorities)
    return fail(cx, E_FAIL, "ca-file", "the file of certificate authorities %s cannot be read: %s",
                authorities, strerror(errno));
  for (size_t i = 0; i < sizeof places / sizeof *places; i++)
    if (access(*path = places[i], R_OK) == 0) return OK;
  return fail(cx, E_FAIL, "ca-file",
              "this machine has no certificate authorities, so no server can be trusted: install the package "
              "ca-certificates, or name a file with OUTPOST_CA_FILE");
}

/* ---- a thread's handle ---- */

struct handle {
  CURL *curl;
  uint64_t rules; /* a hash of those that its connections were opened under */
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;

static void handle_free(void *p) {
  struct handle *h = p;
  curl_easy_cleanup(h->curl);
  free(h);
}

/* OpenSSL reads no configuration file of the machine, which might make it load other
** code, and does not tidy up at exit while threads may still be dialling. */
static void start(void) {
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL);
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0 || pthread_key_create(&key, handle_free) != 0) abort();
}

void net_start(void) { pthread_once(&once, start); }

static uint64_t rules_hash(const struct dial *d) {
  const struct net_rules *r = d->rules;
  uint64_t h = hash64(r->authorities.p, r->authorities.n) ^ (uint64_t)(d->plain * 2 + d->trusted);
  for (size_t i = 0; i < r->count; i++)
    h = h * UINT64_C(0x9e3779b97f4a7c15) + hash64(r->allowed[i], strlen(r->allowed[i]));
  return h;
}

static CURL *handle_take(uint64_t rules) {
  net_start();
  struct handle *h = pthread_getspecific(key);
  if (!h) {
    h = xcalloc(1, sizeof *h);
    pthread_setspecific(key, h);
  }
  if (h->curl && h->rules != rules) {
    curl_easy_cleanup(h->curl);
    h->curl = NULL;
  }
  if (!h->curl) h->curl = curl_easy_init();
  if (!h->curl) abort();
  h->rules = rules;
  curl_easy_reset(h->curl);
  return h->curl;
}

/* ---- a call ---- */

/* Where libcurl is about to connect to. */
static curl_socket_t on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to) {
  struct dial *d = arg;
  bool allowed = d->trusted || reach_named(d->rules, d->host) || reach_listed(d->rules, &to->addr);
  (void)purpose;
  if (!allowed && (d->plain || !reach_public(&to->addr))) {
    reach_text(&to->addr, d->peer, sizeof d->peer);
    d->refused = true;
    return CURL_SOCKET_BAD;
  }
  return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t e) {
  const struct dial *d = arg;
  (void)a, (void)b, (void)c, (void)e;
  return d->stopped && d->stopped(d->stopped_arg);
}

static int trust(struct dial *d) {
  struct str own = d->rules->authorities;
  const char *path;
  if (own.p) {
    struct curl_blob blob = { (char *)own.p, own.n, CURL_BLOB_NOCOPY };
    curl_easy_setopt(d->curl, CURLOPT_CAINFO_BLOB, &blob);
    return OK;
  }
  if (net_authorities(d->cx, &path)) return d->cx->code;
  curl_easy_setopt(d->curl, CURLOPT_CAINFO, path);
  return OK;
}

int dial_begin(struct dial *d, const char *protocols, int seconds) {
  CURL *c = d->curl = handle_take(rules_hash(d));
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c, CURLOPT_ERRORBUFFER, d->error);
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, protocols);
  curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
  curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)seconds);
  curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_socket);
  curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, d);
  curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(c, CURLOPT_XFERINFODATA, d);
  return d->plain ? OK : trust(d);
}

static enum err code_of(CURLcode rc) {
  switch (rc) {
  case CURLE_URL_MALFORMAT:
  case CURLE_UNSUPPORTED_PROTOCOL: return E_INVALID;
  case CURLE_FILESIZE_EXCEEDED: return E_LIMIT;
  default: return E_BUSY;
  }
}

int dial_run(struct dial *d) {
  CURLcode rc = curl_easy_perform(d->curl);
  if (rc == CURLE_OK || d->cx->code) return d->cx->code;
  if (d->refused)
    return fail(
        d->cx, E_DENIED, "url",
        "%s leads to %s, which is %s: an entry in the list of allowed peers (net_allow) would permit it",
        d->host, d->peer, d->plain ? "not to be called without TLS" : "this machine or a private network");
  if (rc == CURLE_ABORTED_BY_CALLBACK)
    return fail(d->cx, E_BUSY, NULL, "the call to %s was stopped", d->host);
  return fail(d->cx, code_of(rc), NULL, "%s: %s", d->host, d->error[0] ? d->error : curl_easy_strerror(rc));
}

void dial_end(struct dial *d) {
  curl_slist_free_all(d->list);
  d->list = NULL;
  if (!d->curl) return;
  curl_easy_reset(d->curl); /* nothing of the caller is pointed to any more */
}
