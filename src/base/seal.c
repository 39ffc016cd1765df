#include "base/seal.h"

#include <mbedtls/gcm.h>
#include <mbedtls/platform_util.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/ids.h"
#include "base/key_file.h"

static const char what[] = "the key of stored secrets";

struct wipe {
  void *p;
  size_t n;
};

static void wipe(void *arg) {
  const struct wipe *w = arg;
  mbedtls_platform_zeroize(w->p, w->n);
}

/* Memory of the unit of work that is overwritten at its end. */
static void *secret_alloc(struct ctx *cx, size_t n) {
  struct wipe *w = ctx_alloc(cx, sizeof *w);
  *w = (struct wipe){ ctx_alloc(cx, n), n };
  ctx_defer(cx, wipe, w);
  return w->p;
}

/* What systemd hands over is readable for us alone, though its mode may look otherwise
** (an access list). */
static bool key_from_system(struct ctx *cx, struct seal_key *key) {
  const char *dir = getenv("CREDENTIALS_DIRECTORY");
  FILE *f = dir ? fopen(ctx_printf(cx, "%s/secrets.key", dir), "re") : NULL;
  if (!f) return false;
  bool whole = fread(key->bytes, 1, SEAL_KEY_SIZE, f) == SEAL_KEY_SIZE;
  fclose(f);
  return whole;
}

static int make_key(struct ctx *cx, const char *folder, const char *path) {
  unsigned char bytes[SEAL_KEY_SIZE];
  random_bytes(bytes, sizeof bytes);
  key_file_make(cx, what, folder, path, 0400, (struct str){ (const char *)bytes, sizeof bytes });
  mbedtls_platform_zeroize(bytes, sizeof bytes);
  return cx->code;
}

int seal_key_open(struct ctx *cx, const char *dir, struct seal_key **out) {
  const char *folder = ctx_printf(cx, "%s/keys", dir), *path = ctx_printf(cx, "%s/secrets.key", folder);
  struct seal_key *key = *out = secret_alloc(cx, sizeof *key);
  size_t n;
  if (key_from_system(cx, key)) return OK;
  if (key_file_read(cx, what, path, key->bytes, SEAL_KEY_SIZE, &n)) return cx->code;
  if (n == 0 && (make_key(cx, folder, path) || key_file_read(cx, what, path, key->bytes, SEAL_KEY_SIZE, &n)))
    return cx->code;
  if (n == SEAL_KEY_SIZE) return OK;
  return fail(cx, E_FAIL, NULL,
              "%s is not %s; put the right file back, or move it away and enter the passwords again", path,
              what);
}

int seal_close(struct ctx *cx, const struct seal_key *key, struct str name, struct str secret,
               struct str *out) {
  unsigned char *to = ctx_alloc(cx, secret.n + SEAL_MORE), *body = to + 1 + SEAL_NONCE;
  mbedtls_gcm_context gcm;
  to[0] = 1;
  random_bytes(to + 1, SEAL_NONCE);
  mbedtls_gcm_init(&gcm);
  bool good = mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key->bytes, SEAL_KEY_SIZE * 8) == 0 &&
              mbedtls_gcm_crypt_and_tag(
                  &gcm, MBEDTLS_GCM_ENCRYPT, secret.n, to + 1, SEAL_NONCE, (const unsigned char *)name.p,
                  name.n, (const unsigned char *)secret.p, body, SEAL_TAG, body + secret.n) == 0;
  mbedtls_gcm_free(&gcm);
  *out = (struct str){ (const char *)to, secret.n + SEAL_MORE };
  return good ? OK : fail(cx, E_FAIL, NULL, "a secret could not be sealed");
}

int seal_open(struct ctx *cx, const struct seal_key *key, struct str name, struct str sealed,
              struct str *out) {
  const unsigned char *from = (const unsigned char *)sealed.p;
  mbedtls_gcm_context gcm;
  bool good = sealed.n >= SEAL_MORE && from[0] == 1;
  size_t n = good ? sealed.n - SEAL_MORE : 0;
  unsigned char *to = secret_alloc(cx, n + 1);
  mbedtls_gcm_init(&gcm);
  good = good && mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key->bytes, SEAL_KEY_SIZE * 8) == 0 &&
         mbedtls_gcm_auth_decrypt(&gcm, n, from + 1, SEAL_NONCE, (const unsigned char *)name.p, name.n,
                                  from + sealed.n - SEAL_TAG, SEAL_TAG, from + 1 + SEAL_NONCE, to) == 0;
  mbedtls_gcm_free(&gcm);
  *out = (struct str){ (const char *)to, n };
  if (good) return OK;
  return fail(cx, E_FAIL, NULL,
              "the secret '" STR_FMT
              "' cannot be opened with this machine's key (keys/secrets.key): enter it again",
              STR_ARG(name));
}
