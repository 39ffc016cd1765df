#include "base/hash.h"

#include <stdlib.h>

#include "unit.h"

static const char *sha256_hex(const void *p, size_t n) {
  static char hex[SHA256_HEX];
  unsigned char digest[SHA256_SIZE];
  sha256_of(p, n, digest);
  return hex_encode(hex, digest, sizeof digest);
}

/* FIPS 180-4 and NIST's examples. */
UNIT(sha256_vectors, "SHA-256 gives the published digests") {
  CHECK_STR(sha256_hex("", 0), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK_STR(sha256_hex(NULL, 0), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK_STR(sha256_hex("abc", 3), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const char *two = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  CHECK_STR(sha256_hex(two, strlen(two)), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

UNIT(sha256_pieces, "a digest does not depend on how the bytes were cut") {
  char *million = malloc(1000000), hex[SHA256_HEX];
  unsigned char digest[SHA256_SIZE];
  memset(million, 'a', 1000000);
  for (size_t piece = 1; piece < 3000; piece = piece * 3 + 1) {
    struct sha256 *h = sha256_new();
    for (size_t i = 0; i < 1000000; i += piece)
      sha256_add(h, million + i, i + piece < 1000000 ? piece : 1000000 - i);
    sha256_add(h, NULL, 0);
    sha256_end(h, digest);
    sha256_free(h);
    CHECK_STR(hex_encode(hex, digest, sizeof digest),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  }
  sha256_free(NULL);
  free(million);
}

UNIT(crc32_vectors, "CRC-32 gives the published check value, in pieces, too") {
  CHECK_INT(crc32_of(0, "123456789", 9), 0xcbf43926);
  CHECK_INT(crc32_of(crc32_of(0, "1234", 4), "56789", 5), 0xcbf43926);
  CHECK_INT(crc32_of(0, NULL, 0), 0);
}

UNIT(hash64_spread, "the table hash depends on every byte and on the length, and fills low bits evenly") {
  unsigned char key[64] = { 0 };
  for (size_t n = 1; n <= sizeof key; n++) {
    uint64_t h = hash64(key, n);
    CHECK(h != hash64(key, n - 1));
    for (size_t i = 0; i < n; i++) {
      key[i] ^= 1;
      CHECK(hash64(key, n) != h);
      key[i] ^= 1;
    }
  }
  int cells[1024] = { 0 };
  for (uint64_t i = 0; i < 1024 * 64; i++) cells[hash64(&i, sizeof i) & 1023]++;
  for (int i = 0; i < 1024; i++) CHECK(cells[i] > 16 && cells[i] < 160);
}

/* RFC 4231, cases 2 and 6 (a key longer than a block). */
UNIT(hmac_vectors, "HMAC-SHA-256 gives the published codes") {
  char hex[SHA256_HEX], key[131];
  unsigned char code[SHA256_SIZE];
  hmac_sha256(STR("Jefe"), STR("what do ya want for nothing?"), code);
  CHECK_STR(hex_encode(hex, code, sizeof code),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  memset(key, 0xaa, sizeof key);
  hmac_sha256((struct str){ key, sizeof key }, STR("Test Using Larger Than Block-Size Key - Hash Key First"),
              code);
  CHECK_STR(hex_encode(hex, code, sizeof code),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}
