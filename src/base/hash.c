#include "base/hash.h"

#include <mbedtls/md.h>
#include <mbedtls/sha256.h>
#include <pthread.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/ctx.h"
#include "base/sha256_x86.h"

/* By the processor's own instructions where it has them (six times as fast), else by mbedtls. */
struct sha256 {
  bool fast;
  mbedtls_sha256_context md;
  uint32_t state[8]; /* of the fast way, and what follows */
  unsigned char part[64];
  uint64_t bytes;
};

static bool fast_there;
static void look(void) { fast_there = sha256_x86_there(); }

static void begin(struct sha256 *h) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, look);
  h->fast = fast_there;
  if (!h->fast) {
    mbedtls_sha256_init(&h->md);
    mbedtls_sha256_starts_ret(&h->md, 0);
    return;
  }
  static const uint32_t first[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                     0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
  memcpy(h->state, first, sizeof first);
  h->bytes = 0;
}

struct sha256 *sha256_new(void) {
  struct sha256 *h = xmalloc(sizeof *h);
  begin(h);
  return h;
}

static void add_fast(struct sha256 *h, const unsigned char *p, size_t n) {
  size_t used = h->bytes % 64;
  h->bytes += n;
  if (used) {
    size_t take = n < 64 - used ? n : 64 - used;
    memcpy(h->part + used, p, take);
    p += take;
    n -= take;
    if (used + take < 64) return;
    sha256_x86_blocks(h->state, h->part, 1);
  }
  sha256_x86_blocks(h->state, p, n / 64);
  memcpy(h->part, p + n / 64 * 64, n % 64);
}

void sha256_add(struct sha256 *h, const void *p, size_t n) {
  if (!n) return;
  if (h->fast)
    add_fast(h, p, n);
  else
    mbedtls_sha256_update_ret(&h->md, p, n);
}

/* A one bit, zeros, and the length in bits: FIPS 180-4, section 5.1.1. */
static void end_fast(struct sha256 *h, unsigned char *out) {
  static const unsigned char pad[64] = { 0x80 };
  unsigned char length[8];
  uint64_t bits = h->bytes * 8;
  for (int i = 0; i < 8; i++) length[i] = (unsigned char)(bits >> (56 - 8 * i));
  add_fast(h, pad, (119 - h->bytes % 64) % 64 + 1);
  add_fast(h, length, sizeof length);
  for (int i = 0; i < 32; i++) out[i] = (unsigned char)(h->state[i / 4] >> (24 - 8 * (i % 4)));
}

void sha256_end(struct sha256 *h, unsigned char out[static SHA256_SIZE]) {
  if (h->fast)
    end_fast(h, out);
  else
    mbedtls_sha256_finish_ret(&h->md, out);
}

void sha256_free(struct sha256 *h) {
  if (!h) return;
  if (!h->fast) mbedtls_sha256_free(&h->md);
  free(h);
}

void sha256_of(const void *p, size_t n, unsigned char out[static SHA256_SIZE]) {
  struct sha256 h;
  begin(&h);
  sha256_add(&h, p, n);
  sha256_end(&h, out);
  if (!h.fast) mbedtls_sha256_free(&h.md);
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

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_decode(void *out, size_t most, struct str hex, size_t *n) {
  unsigned char *to = out;
  if (hex.n % 2 || hex.n / 2 > most) return false;
  for (size_t i = 0; i < hex.n; i += 2) {
    int high = hex_digit(hex.p[i]), low = hex_digit(hex.p[i + 1]);
    if (high < 0 || low < 0) return false;
    to[i / 2] = (unsigned char)(high << 4 | low);
  }
  *n = hex.n / 2;
  return true;
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

bool bytes_same(const void *a, const void *b, size_t n) {
  const volatile unsigned char *p = a, *q = b;
  unsigned char differs = 0;
  for (size_t i = 0; i < n; i++) differs |= p[i] ^ q[i];
  return differs == 0;
}
