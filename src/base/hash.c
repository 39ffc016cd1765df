#include "base/hash.h"

#include <mbedtls/md.h>
#include <mbedtls/sha256.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/ctx.h"

struct sha256 {
  mbedtls_sha256_context md;
};

struct sha256 *sha256_new(void) {
  struct sha256 *h = xmalloc(sizeof *h);
  mbedtls_sha256_init(&h->md);
  mbedtls_sha256_starts_ret(&h->md, 0);
  return h;
}

void sha256_add(struct sha256 *h, const void *p, size_t n) {
  if (n) mbedtls_sha256_update_ret(&h->md, p, n);
}

void sha256_end(struct sha256 *h, unsigned char out[static SHA256_SIZE]) {
  mbedtls_sha256_finish_ret(&h->md, out);
}

void sha256_free(struct sha256 *h) {
  if (!h) return;
  mbedtls_sha256_free(&h->md);
  free(h);
}

void sha256_of(const void *p, size_t n, unsigned char out[static SHA256_SIZE]) {
  mbedtls_sha256_ret(n ? p : (const void *)"", n, out, 0);
}

void hmac_sha256(struct str key, struct str text, unsigned char out[static SHA256_SIZE]) {
  mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), (const unsigned char *)key.p, key.n,
                  (const unsigned char *)text.p, text.n, out);
}

const char *hex_encode(char *out, const void *p, size_t n) {
  static const char digits[] = "0123456789abcdef";
  const unsigned char *bytes = p;
  for (size_t i = 0; i < n; i++) {
    out[2 * i] = digits[bytes[i] >> 4];
    out[2 * i + 1] = digits[bytes[i] & 15];
  }
  out[2 * n] = 0;
  return out;
}

uint32_t crc32_of(uint32_t crc, const void *p, size_t n) {
  return (uint32_t)crc32_z(crc, n ? p : (const void *)"", n);
}

/* Multiply and fold 64x64 -> 128 bits, eight bytes a step: the idea of wyhash
** and of Go's map hash. Good spread, no defence against chosen collisions; the
** tables that use it compare keys as well. */
static uint64_t fold(uint64_t a, uint64_t b) {
  unsigned __int128 m = (unsigned __int128)a * b;
  return (uint64_t)m ^ (uint64_t)(m >> 64);
}

uint64_t hash64(const void *data, size_t n) {
  const unsigned char *p = data;
  const uint64_t k0 = UINT64_C(0xa0761d6478bd642f), k1 = UINT64_C(0xe7037ed1a0b428db);
  uint64_t h = k0 ^ n, word;
  for (; n >= 8; n -= 8, p += 8) {
    memcpy(&word, p, 8);
    h = fold(h ^ word, k1);
  }
  word = 0;
  if (n) memcpy(&word, p, n);
  return fold(h ^ word ^ k1, k0);
}
