/* Secrets at rest. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/seal.h"
#include "unit.h"

static struct ctx cx;
static struct seal_key *key_in(const char *dir) {
  struct seal_key *key = NULL;
  ctx_begin(&cx, "test");
  CHECK_INT(seal_key_open(&cx, dir, &key), OK);
  return key;
}

UNIT(seal_round, "a sealed secret opens under its name, and says nothing") {
  struct seal_key *key = key_in(unit_dir());
  struct str sealed, again, plain;
  CHECK_INT(seal_close(&cx, key, STR("mail"), STR("canary-password"), &sealed), OK);
  CHECK_INT(seal_close(&cx, key, STR("mail"), STR("canary-password"), &again), OK);
  CHECK(!str_eq(sealed, again));
  CHECK(memmem(sealed.p, sealed.n, "canary", 6) == NULL);
  CHECK_INT(seal_open(&cx, key, STR("mail"), sealed, &plain), OK);
  CHECK_STR(plain, "canary-password");
  CHECK_INT(seal_close(&cx, key, STR("mail"), STR(""), &sealed), OK);
  CHECK_INT(seal_open(&cx, key, STR("mail"), sealed, &plain), OK);
  CHECK_INT((int64_t)plain.n, 0);
  ctx_end(&cx);
}

UNIT(seal_bound, "a changed byte, another name or another key does not open it") {
  struct seal_key *key = key_in(unit_dir());
  struct str sealed, plain;
  CHECK_INT(seal_close(&cx, key, STR("mail"), STR("word"), &sealed), OK);
  for (size_t i = 0; i < sealed.n; i++) {
    char *bent = ctx_strdup(&cx, sealed);
    bent[i] ^= 1;
    ctx_forgive(&cx);
    CHECK_INT(seal_open(&cx, key, STR("mail"), (struct str){ bent, sealed.n }, &plain), E_FAIL);
  }
  for (size_t n = 0; n < sealed.n; n++) {
    ctx_forgive(&cx);
    CHECK_INT(seal_open(&cx, key, STR("mail"), (struct str){ sealed.p, n }, &plain), E_FAIL);
  }
  ctx_forgive(&cx);
  CHECK_INT(seal_open(&cx, key, STR("mailx"), sealed, &plain), E_FAIL);
  struct seal_key other = *key;
  other.bytes[31] ^= 1;
  ctx_forgive(&cx);
  CHECK_INT(seal_open(&cx, &other, STR("mail"), sealed, &plain), E_FAIL);
  ctx_end(&cx);
}

UNIT(seal_file,
     "the key is a file for its owner alone; one that is not whole, or open to others, is refused") {
  char path[256];
  struct stat st;
  struct seal_key *key = key_in(unit_dir()), first = *key, *again;
  snprintf(path, sizeof path, "%s/keys/secrets.key", unit_dir());
  CHECK_INT(stat(path, &st), 0);
  CHECK_INT(st.st_mode & 0777, 0400);
  CHECK_INT(st.st_size, SEAL_KEY_SIZE);
  CHECK_INT(seal_key_open(&cx, unit_dir(), &again), OK);
  CHECK(!memcmp(first.bytes, again->bytes, SEAL_KEY_SIZE));
  chmod(path, 0440);
  CHECK_INT(seal_key_open(&cx, unit_dir(), &again), E_DENIED);
  ctx_forgive(&cx);
  chmod(path, 0600);
  CHECK_INT(truncate(path, 31), 0);
  CHECK_INT(seal_key_open(&cx, unit_dir(), &again), E_FAIL);
  ctx_end(&cx);
}
