/*
** fuzz_jwt.c - any bytes as a token; after a first byte '1', any two lines as header and claims of one that is
** signed rightly, so that what lies behind the signature is reached. What is taken has claims that
** hold together and read the same again when they are written.
*/
#include <stdlib.h>

#include "auth/token.h"
#include "base/base64.h"
#include "base/ids.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds) {
  if (!holds) abort();
}

static const struct token_keys keys = { .count = 2,
                                        .key = { { .kid = "0123456789abcdef", .bytes = { 1, 2, 3 } },
                                                 { .kid = "fedcba9876543210", .bytes = { 4, 5, 6 } } } };

static void sign(struct buf *out, struct str lines) {
  unsigned char mac[SHA256_SIZE];
  const char *end = lines.n ? memchr(lines.p, '\n', lines.n) : NULL;
  size_t n = end ? (size_t)(end - lines.p) : lines.n;
  base64url_put(out, lines.p, n);
  buf_char(out, '.');
  if (end) base64url_put(out, end + 1, lines.n - n - 1);
  hmac_sha256((struct str){ (const char *)keys.key[0].bytes, TOKEN_KEY_SIZE }, buf_view(out), mac);
  buf_char(out, '.');
  base64url_put(out, mac, sizeof mac);
}

static void check(struct str token) {
  struct claims claims, again;
  struct ctx cx;
  if (!token_read(&keys, token, &claims)) return;
  must(claims.tenant[0] && claims.role[0] && claims.issued >= 0 && claims.not_before >= 0 &&
       claims.expires >= 0);
  must(uuid_valid(str_of(claims.user_id)) && uuid_valid(str_of(claims.session)));
  ctx_begin(&cx, "fuzz");
  const char *text = token_write(&cx, &keys.key[1], &claims);
  must(token_read(&keys, str_of(text), &again));
  must(memcmp(&claims, &again, sizeof claims) == 0);
  ctx_end(&cx);
}

static void check_opaque(struct str token) {
  unsigned char stored[SHA256_SIZE];
  char tenant[LIMIT_SLUG + 1];
  if (!opaque_read("refresh", token, tenant, stored)) return;
  must(tenant[0] && strlen(tenant) <= LIMIT_SLUG &&
       strspn(tenant, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(tenant));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct str text = { (const char *)data, size };
  struct buf token;
  check(text);
  check_opaque(text);
  if (!size || data[0] != '1') return 0;
  buf_init(&token, 1 << 20);
  sign(&token, (struct str){ text.p + 1, size - 1 });
  check(buf_view(&token));
  buf_clear(&token);
  return 0;
}
