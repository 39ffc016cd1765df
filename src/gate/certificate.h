/*
** certificate.h - certificates and their keys (X.509, RFC 5280): read from PEM, looked at, made.
**
** Two kinds are made, both with ECDSA over P-256 and SHA-256. An authority vouches for servers;
** it is bound to its machine and its network (name constraints), so that whoever stole its key
** could not pass for a bank to those who trust it. A leaf is what a server shows.
*/
#ifndef GATE_CERTIFICATE_H
#define GATE_CERTIFICATE_H

#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>

#include "base/buf.h"
#include "base/hash.h"
#include "gate/names.h"

enum { FINGERPRINT_SIZE = SHA256_SIZE * 3 };

struct certificate {
  mbedtls_x509_crt chain; /* itself first */
  mbedtls_pk_context key; /* of the first */
};

/* A PEM file, overwritten in memory at the end of the unit of work. E_DENIED when it cannot be read, or when
** it holds a private key that everybody may read. */
int certificate_text(struct ctx *cx, const char *file, const char **text);

/* A chain and the key of its first one, out of two texts or one (key NULL: none is wanted). They live as
** long as the unit of work. file: where it comes from, for messages. E_INVALID says what is wrong with it. */
int certificate_read(struct ctx *cx, const char *file, const char *chain, const char *key,
                     struct certificate **out);
/* The same, for who frees it himself, also after a failure. */
int certificate_load(struct ctx *cx, const char *file, const char *chain, const char *key,
                     struct certificate *out);
void certificate_free(struct certificate *c);

int64_t certificate_from(const mbedtls_x509_crt *crt);  /* UTC microseconds */
int64_t certificate_until(const mbedtls_x509_crt *crt); /* its last second */
void certificate_names(const mbedtls_x509_crt *crt, struct names *out);
void certificate_bounds(const mbedtls_x509_crt *crt, struct names *out);
/* SHA-256 of the whole, as browsers show it: "AB:CD:...". */
const char *certificate_fingerprint(const mbedtls_x509_crt *crt, char out[static FINGERPRINT_SIZE]);

/* ---- certificate_make.c ---- */

struct validity {
  int64_t from, until; /* UTC microseconds */
};
/* Both append the key and then the certificate, as PEM. */
int certificate_make_authority(struct ctx *cx, const struct names *bounds, struct validity v,
                               struct buf *pem);
int certificate_make_leaf(struct ctx *cx, struct certificate *authority, const struct names *names,
                          struct validity v, struct buf *pem);

#endif
