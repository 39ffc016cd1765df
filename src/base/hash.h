/*
** hash.h - digests: SHA-256 where a stranger must be able to check it, CRC-32
** where a flipped byte must be noticed, and a fast 64-bit hash for tables in
** memory (never stored: it may change between versions).
*/
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/str.h"

enum { SHA256_SIZE = 32, SHA256_HEX = 65 };

struct sha256; /* a running digest, heap-allocated: _new/_free */
struct sha256 *sha256_new(void);
void sha256_add(struct sha256 *h, const void *p, size_t n);
void sha256_end(struct sha256 *h, unsigned char out[static SHA256_SIZE]);
void sha256_free(struct sha256 *h);

void sha256_of(const void *p, size_t n, unsigned char out[static SHA256_SIZE]);
void hmac_sha256(struct str key, struct str text, unsigned char out[static SHA256_SIZE]); /* RFC 2104 */
/* Are they the same? The time that it takes does not tell where they differ. */
bool bytes_same(const void *a, const void *b, size_t n);
const char *hex_encode(char *out, const void *p, size_t n); /* writes 2n+1 bytes */
/* At most `most` bytes; false when it is not what hex_encode writes, or longer. */
bool hex_decode(void *out, size_t most, struct str hex, size_t *n);

uint32_t crc32_of(uint32_t crc, const void *p, size_t n); /* start with 0 */
uint64_t hash64(const void *p, size_t n);

#endif
