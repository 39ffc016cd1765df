/* Passwords, tokens and the keys that sign them. */
#include <stdio.h>
#include <sys/stat.h>

#include "auth/password.h"
#include "auth/token.h"
#include "base/base64.h"
#include "unit.h"

static struct ctx cx;

UNIT(password_hashes, "a password fits its own hash alone, and two hashes of it differ") {
  char one[PASSWORD_HASH], two[PASSWORD_HASH];
  bool good;
  ctx_begin(&cx, "test");
  CHECK_INT(password_hash(&cx, STR("correct horse"), one), OK);
  CHECK_INT(password_hash(&cx, STR("correct horse"), two), OK);
  CHECK(strcmp(one, two) != 0);
  CHECK(str_starts(str_of(one), STR("$argon2id$v=19$m=19456,t=2,p=1$")));
  CHECK(!password_outdated(one));
  CHECK_INT(password_verify(&cx, STR("correct horse"), one, &good), OK);
  CHECK(good);
  CHECK_INT(password_verify(&cx, STR("correct horsf"), one, &good), OK);
  CHECK(!good);
  CHECK_INT(password_verify(&cx, STR("correct horse"), NULL, &good), OK);
  CHECK(!good);
  ctx_end(&cx);
}

UNIT(password_foreign, "a hash that another program made fits, and is known to be of other parameters") {
  /* of the reference implementation's own tests, argon2id with 256 KiB */
  static const char hash[] =
      "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
  bool good;
  ctx_begin(&cx, "test");
  CHECK(password_outdated(hash));
  CHECK_INT(password_verify(&cx, STR("password"), hash, &good), OK);
  CHECK(good);
  CHECK_INT(password_verify(&cx, STR("Password"), hash, &good), OK);
  CHECK(!good);
  ctx_end(&cx);
}

UNIT(password_rules, "what anybody would try first is no password and no PIN") {
  static const char *const bad[] = { "",
                                     "short77",
                                     "password",
                                     "PASSWORD123",
                                     "aaaaaaaaaaaa",
                                     "me@example.org",
                                     "\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8" },
                           *const bad_pins[] = { "", "123", "1234", "7654", "1111", "12a4", "1234567890123" },
                           *const pins[] = { "4711", "1243", "905214" };
  ctx_begin(&cx, "test");
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++, ctx_forgive(&cx))
    CHECK_INT(password_check(&cx, "new", str_of(bad[i]), "ME@example.org"), E_INVALID);
  for (size_t i = 0; i < sizeof bad_pins / sizeof *bad_pins; i++, ctx_forgive(&cx))
    CHECK_INT(pin_check(&cx, str_of(bad_pins[i])), E_INVALID);
  for (size_t i = 0; i < sizeof pins / sizeof *pins; i++) CHECK_INT(pin_check(&cx, str_of(pins[i])), OK);
  CHECK_INT(password_check(&cx, "new", STR("vier W\xc3\xb6rter"), "me@example.org"), OK);
  ctx_end(&cx);
}

UNIT(token_keys, "the newest key signs, the one before is still taken, and no other") {
  struct token_keys keys, before;
  struct stat st;
  char path[256];
  ctx_begin(&cx, "test");
  CHECK_INT(token_keys_read(&cx, unit_dir(), &keys), OK);
  CHECK_INT(keys.count, 0);
  CHECK_INT(token_keys_open(&cx, unit_dir(), &before), OK);
  CHECK_INT(before.count, 1);
  CHECK_INT((int64_t)strlen(before.key[0].kid), 16);
  CHECK_INT(token_keys_rotate(&cx, unit_dir(), &keys), OK);
  CHECK_INT(keys.count, 2);
  CHECK_STR(keys.key[1].kid, before.key[0].kid);
  CHECK_INT(token_keys_rotate(&cx, unit_dir(), &keys), OK);
  CHECK_INT(keys.count, 2);
  CHECK(strcmp(keys.key[1].kid, before.key[0].kid) != 0);
  snprintf(path, sizeof path, "%s/keys/token-3.key", unit_dir());
  CHECK_INT(stat(path, &st), 0);
  CHECK_INT(st.st_mode & 0777, 0400);
  CHECK_INT(st.st_size, TOKEN_KEY_SIZE);
  snprintf(path, sizeof path, "%s/keys/token-1.key", unit_dir());
  CHECK_INT(stat(path, &st), -1);
  snprintf(path, sizeof path, "%s/keys/token-3.key", unit_dir());
  chmod(path, 0644);
  CHECK_INT(token_keys_read(&cx, unit_dir(), &keys), E_DENIED);
  ctx_end(&cx);
}

UNIT(token_round, "a token says what was written into it, to who has its key") {
  struct token_keys keys, others;
  struct claims read, claims = { .tenant = "demo",
                                 .user_id = "0190f3a2-0000-7000-8000-000000000001",
                                 .session = "0190f3a2-0000-7000-8000-000000000002",
                                 .role = "admin",
                                 .issued = 1700000000,
                                 .not_before = 1700000001,
                                 .expires = 1700086400 };
  ctx_begin(&cx, "test");
  token_keys_open(&cx, unit_dir(), &keys);
  const char *token = token_write(&cx, &keys.key[0], &claims);
  CHECK(token_read(&keys, str_of(token), &read));
  CHECK_STR(read.tenant, claims.tenant);
  CHECK_STR(read.user_id, claims.user_id);
  CHECK_STR(read.session, claims.session);
  CHECK_STR(read.role, claims.role);
  CHECK_INT(read.issued, claims.issued);
  CHECK_INT(read.not_before, claims.not_before);
  CHECK_INT(read.expires, claims.expires);
  others = keys;
  others.key[0].bytes[5] ^= 1;
  CHECK(!token_read(&others, str_of(token), &read));
  others = keys;
  others.count = 0;
  CHECK(!token_read(&others, str_of(token), &read));
  for (size_t i = 0; token[i]; i++) { /* not one bit may be another */
    char *bent = ctx_strdup(&cx, str_of(token));
    bent[i] ^= 1;
    if (!CHECK(!token_read(&keys, str_of(bent), &read))) CHECK_INT((int64_t)i, -1);
    CHECK(!token_read(&keys, (struct str){ token, i }, &read));
  }
  ctx_end(&cx);
}

UNIT(token_opaque, "an opaque token names its tenant, and what is stored of it is another thing") {
  unsigned char stored[SHA256_SIZE], again[SHA256_SIZE];
  char tenant[LIMIT_SLUG + 1];
  ctx_begin(&cx, "test");
  const char *token = opaque_write(&cx, TOKEN_MACHINE, "north-1", stored);
  CHECK(opaque_read(TOKEN_MACHINE, str_of(token), tenant, again));
  CHECK_STR(tenant, "north-1");
  CHECK(memcmp(stored, again, sizeof stored) == 0);
  CHECK(!opaque_read(TOKEN_REFRESH, str_of(token), tenant, again));
  static const char *const wrong[] = { "",
                                       "outpost",
                                       "outpost.",
                                       "outpost..x",
                                       "outpost.a.b",
                                       "outpost.A.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                                       "outpost.a/../b.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    CHECK(!opaque_read(TOKEN_MACHINE, str_of(wrong[i]), tenant, again));
  ctx_end(&cx);
}
