#include "base/sign.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/archive.h"
#include "base/base64.h"
#include "unit.h"

/* RFC 4648, 10. */
UNIT(base64_vectors, "base64 gives the published texts") {
  static const char *const in[] = { "", "f", "fo", "foo", "foob", "fooba", "foobar" };
  static const char *const out[] = { "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy" };
  for (int i = 0; i < 7; i++) {
    struct buf b;
    buf_init(&b, 64);
    base64_put(&b, in[i], strlen(in[i]));
    CHECK_STR(b.p ? b.p : "", out[i]);
    buf_clear(&b);
  }
  struct buf b;
  buf_init(&b, 64);
  base64_put(&b, "\xfb\xff\xfe\x00", 4);
  CHECK_STR(b.p, "+//+AA==");
  buf_clear(&b);
}

UNIT(sign_and_verify, "a signature holds for its digest and its key alone") {
  const char *dir = unit_dir();
  struct ctx cx;
  struct sign_key *key, *again, *none;
  unsigned char hash[SHA256_SIZE], signature[SIGNATURE_MAX];
  size_t n;
  ctx_begin(&cx, "test");
  CHECK_INT(sign_key_find(&cx, dir, &none), OK);
  CHECK(none == NULL);
  if (!CHECK_INT(sign_key_open(&cx, dir, &key), OK)) return;
  CHECK_INT(sign_key_open(&cx, dir, &again), OK);
  CHECK_STR(key->fingerprint, again->fingerprint);
  CHECK_INT(strlen(key->fingerprint), 64);

  sha256_of("figures", 7, hash);
  for (int i = 0; i < 50; i++) {
    if (!CHECK_INT(sign_hash(&cx, key, hash, signature, &n), OK)) return;
    CHECK(n <= SIGNATURE_MAX);
    CHECK(sign_verify(again->pem, hash, signature, n));
    signature[n / 2] ^= 1;
    CHECK(!sign_verify(key->pem, hash, signature, n));
    signature[n / 2] ^= 1;
    CHECK(!sign_verify(key->pem, hash, signature, n - 1));
  }
  hash[0] ^= 1;
  CHECK(!sign_verify(key->pem, hash, signature, n));
  CHECK(!sign_verify("no key", hash, signature, n));
  ctx_end(&cx);
}

UNIT(sign_key_guarded, "a key that others can read, or that is none, is refused") {
  const char *dir = unit_dir();
  struct ctx cx;
  struct sign_key *key;
  char path[4096];
  snprintf(path, sizeof path, "%s/keys/signing.pem", dir);
  ctx_begin(&cx, "test");
  CHECK_INT(sign_key_open(&cx, dir, &key), OK);
  chmod(path, 0644);
  CHECK_INT(sign_key_open(&cx, dir, &key), E_DENIED);
  ctx_forgive(&cx);
  chmod(path, 0600);
  FILE *f = fopen(path, "we");
  fputs("-----BEGIN EC PRIVATE KEY-----\nMHc=\n-----END EC PRIVATE KEY-----\n", f);
  fclose(f);
  CHECK_INT(sign_key_open(&cx, dir, &key), E_FAIL);
  ctx_end(&cx);
}

UNIT(archive_limit, "an archive that does not fit says so") {
  struct ctx cx;
  struct str out;
  ctx_begin(&cx, "test");
  struct archive *a = archive_new(&cx, 0, 100);
  unsigned char noise[4000];
  uint64_t seed = 1;
  for (size_t i = 0; i < sizeof noise; i++)
    noise[i] = (unsigned char)((seed = seed * 6364136223846793005u + 1) >> 56);
  archive_add(a, "noise", (struct str){ (char *)noise, sizeof noise });
  CHECK_INT(archive_end(&cx, a, &out), E_LIMIT);
  ctx_end(&cx);
}
