/*
** sign.h - the appliance's own key, and signatures with it: ECDSA over P-256 and
** SHA-256, in the form (ASN.1 DER) that `openssl dgst -sha256 -verify` takes.
**
** The private key is one PEM file that only its owner may read. It is made when it
** is needed first; two processes that make it at once end up with the same one.
** It is written nowhere else: not to a tenant's file, a backup, a log or a reply.
** Who needs the same fingerprint on another machine copies the file.
*/
#ifndef BASE_SIGN_H
#define BASE_SIGN_H

#include "base/ctx.h"
#include "base/hash.h"

enum { SIGNATURE_MAX = 80 };

struct sign_key {
  const char *pem;              /* the public key */
  char fingerprint[SHA256_HEX]; /* SHA-256 over the public key in DER (SubjectPublicKeyInfo) */
  void *pair;                   /* both keys; private to sign.c */
};

/* DIR/keys/signing.pem, made when there is none. It lives as long as the unit of work. */
int sign_key_open(struct ctx *cx, const char *dir, struct sign_key **out);
/* The same, but *out is NULL when none was made yet. */
int sign_key_find(struct ctx *cx, const char *dir, struct sign_key **out);

int sign_hash(struct ctx *cx, const struct sign_key *key, const unsigned char hash[static SHA256_SIZE],
              unsigned char out[static SIGNATURE_MAX], size_t *n);
/* Was it signed by the owner of this public key? */
bool sign_verify(const char *pem, const unsigned char hash[static SHA256_SIZE],
                 const unsigned char *signature, size_t n);

#endif
