#include "base/sign.h"

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/pk.h>
#include <mbedtls/platform_util.h>
#include <stdlib.h>

#include "base/key_file.h"

enum { PEM_MAX = 1024, DER_MAX = 256 };
static const char what[] = "the signing key";

/* ---- random numbers ---- */

struct dice {
  mbedtls_entropy_context entropy;
  mbedtls_ctr_drbg_context drbg;
};

static int dice_open(struct ctx *cx, struct dice *d) {
  static const unsigned char purpose[] = "outpost signing";
  mbedtls_entropy_init(&d->entropy);
  mbedtls_ctr_drbg_init(&d->drbg);
  if (mbedtls_ctr_drbg_seed(&d->drbg, mbedtls_entropy_func, &d->entropy, purpose, sizeof purpose) == 0)
    return OK;
  return fail(cx, E_FAIL, NULL, "the system gives no random numbers, which signing needs");
}

static void dice_close(struct dice *d) {
  mbedtls_ctr_drbg_free(&d->drbg);
  mbedtls_entropy_free(&d->entropy);
}

/* ---- the file ---- */

static void key_free(void *pair) {
  mbedtls_pk_free(pair);
  free(pair);
}

static int make_pem(struct ctx *cx, unsigned char pem[static PEM_MAX]) {
  struct dice dice;
  mbedtls_pk_context pair;
  int rc = dice_open(cx, &dice);
  mbedtls_pk_init(&pair);
  if (!rc && (mbedtls_pk_setup(&pair, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)) != 0 ||
              mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(pair), mbedtls_ctr_drbg_random,
                                  &dice.drbg) != 0 ||
              mbedtls_pk_write_key_pem(&pair, pem, PEM_MAX) != 0))
    rc = fail(cx, E_FAIL, NULL, "a signing key could not be made");
  mbedtls_pk_free(&pair);
  dice_close(&dice);
  return rc;
}

static int make_file(struct ctx *cx, const char *folder, const char *path) {
  unsigned char pem[PEM_MAX];
  if (!make_pem(cx, pem)) key_file_make(cx, what, folder, path, 0600, str_of((const char *)pem));
  mbedtls_platform_zeroize(pem, sizeof pem);
  return cx->code;
}

/* Its text, with the zero counted, as mbedtls has it for PEM; *n is 0 when there is no file. */
static int read_file(struct ctx *cx, const char *path, unsigned char pem[static PEM_MAX], size_t *n) {
  if (key_file_read(cx, what, path, pem, PEM_MAX - 1, n) || *n == 0) return cx->code;
  pem[(*n)++] = 0;
  return OK;
}

/* ---- the key ---- */

static int read_public(struct ctx *cx, mbedtls_pk_context *pair, struct sign_key *key) {
  unsigned char pem[PEM_MAX], der[DER_MAX], sum[SHA256_SIZE];
  int n = mbedtls_pk_write_pubkey_der(pair, der, sizeof der); /* at the end of the buffer */
  if (n <= 0 || mbedtls_pk_write_pubkey_pem(pair, pem, sizeof pem) != 0)
    return fail(cx, E_FAIL, NULL, "the public key could not be written");
  sha256_of(der + sizeof der - n, (size_t)n, sum);
  hex_encode(key->fingerprint, sum, sizeof sum);
  key->pem = ctx_strdup(cx, str_of((const char *)pem));
  return OK;
}

static int read_key(struct ctx *cx, const char *path, struct sign_key **out) {
  unsigned char pem[PEM_MAX];
  size_t n;
  *out = NULL;
  if (read_file(cx, path, pem, &n) || n == 0) return cx->code;
  mbedtls_pk_context *pair = xcalloc(1, sizeof *pair);
  mbedtls_pk_init(pair);
  ctx_defer(cx, key_free, pair);
  bool good = mbedtls_pk_parse_key(pair, pem, n, NULL, 0) == 0 && mbedtls_pk_can_do(pair, MBEDTLS_PK_ECDSA) &&
              mbedtls_pk_get_bitlen(pair) == 256;
  mbedtls_platform_zeroize(pem, sizeof pem);
  if (!good)
    return fail(
        cx, E_FAIL, NULL,
        "%s is not a signing key (ECDSA on P-256, PEM); put the right file back, or move it away, so that a "
        "new one is made",
        path);
  struct sign_key *key = ctx_alloc(cx, sizeof *key);
  key->pair = pair;
  if (read_public(cx, pair, key)) return cx->code;
  *out = key;
  return OK;
}

int sign_key_find(struct ctx *cx, const char *dir, struct sign_key **out) {
  return read_key(cx, ctx_printf(cx, "%s/keys/signing.pem", dir), out);
}

int sign_key_open(struct ctx *cx, const char *dir, struct sign_key **out) {
  const char *folder = ctx_printf(cx, "%s/keys", dir);
  if (sign_key_find(cx, dir, out) || *out) return cx->code;
  if (make_file(cx, folder, ctx_printf(cx, "%s/signing.pem", folder)) || sign_key_find(cx, dir, out))
    return cx->code;
  return *out ? OK : fail(cx, E_FAIL, NULL, "the signing key in %s was removed while it was made", folder);
}

int sign_hash(struct ctx *cx, const struct sign_key *key, const unsigned char hash[static SHA256_SIZE],
              unsigned char out[static SIGNATURE_MAX], size_t *n) {
  unsigned char longest[MBEDTLS_PK_SIGNATURE_MAX_SIZE]; /* what mbedtls asks for, whatever the kind of key */
  struct dice dice;
  int rc = dice_open(cx, &dice);
  if (!rc && (mbedtls_pk_sign(key->pair, MBEDTLS_MD_SHA256, hash, SHA256_SIZE, longest, n,
                              mbedtls_ctr_drbg_random, &dice.drbg) != 0 ||
              *n > SIGNATURE_MAX))
    rc = fail(cx, E_FAIL, NULL, "signing failed");
  if (!rc) memcpy(out, longest, *n);
  dice_close(&dice);
  return rc;
}

bool sign_verify(const char *pem, const unsigned char hash[static SHA256_SIZE],
                 const unsigned char *signature, size_t n) {
  mbedtls_pk_context pair;
  mbedtls_pk_init(&pair);
  bool good = mbedtls_pk_parse_public_key(&pair, (const unsigned char *)pem, strlen(pem) + 1) == 0 &&
              mbedtls_pk_verify(&pair, MBEDTLS_MD_SHA256, hash, SHA256_SIZE, signature, n) == 0;
  mbedtls_pk_free(&pair);
  return good;
}
