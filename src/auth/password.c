#include "auth/password.h"

#include <argon2.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/ids.h"
#include "base/utf8.h"

/* The least that OWASP recommends: what costs an attacker most is the memory. */
enum { MEMORY_KIB = 19456, PASSES = 2, LANES = 1, SALT = 16, HASH = 32 };
static const char PARAMETERS[] = "$argon2id$v=19$m=19456,t=2,p=1$";

/* A PHC string of nobody's password: its tag is all zeros. */
static const char NOBODY[] =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/* ---- two at once ---- */

enum { AT_ONCE = 2, WAITING_MOST = 24 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* over what follows */
static pthread_cond_t free_now = PTHREAD_COND_INITIALIZER;
static int working, waiting;

static int begin(struct ctx *cx) {
  pthread_mutex_lock(&lock);
  bool full = waiting >= WAITING_MOST;
  if (!full) {
    waiting++;
    while (working >= AT_ONCE) pthread_cond_wait(&free_now, &lock);
    waiting--;
    working++;
  }
  pthread_mutex_unlock(&lock);
  return full ? fail(cx, E_BUSY, NULL, "many are logging in just now; try again in a moment") : OK;
}

static void end(void) {
  pthread_mutex_lock(&lock);
  working--;
  pthread_cond_signal(&free_now);
  pthread_mutex_unlock(&lock);
}

/* ---- rules ---- */

/* What everybody tries first. */
static const char *const common[] = {
  "password", "passwort",  "12345678",    "123456789", "1234567890", "qwertyui", "qwertyuiop",    "qwerty123",
  "iloveyou", "password1", "password123", "letmein1",  "welcome1",   "admin123", "administrator", "changeme",
  "sunshine", "football",  "princess",    "outpost1",  "abcd1234",   "1q2w3e4r", "1qaz2wsx",      "trustno1",
};

static bool all_the_same(struct str s) {
  for (size_t i = 1; i < s.n; i++)
    if (s.p[i] != s.p[0]) return false;
  return true;
}

int password_check(struct ctx *cx, const char *field, struct str password, const char *email) {
  if (password.n < PASSWORD_LEAST)
    return fail(cx, E_INVALID, field, "a password has at least %d characters", PASSWORD_LEAST);
  if (password.n > PASSWORD_MOST)
    return fail(cx, E_INVALID, field, "a password has at most %d bytes", PASSWORD_MOST);
  if (memchr(password.p, 0, password.n) || !utf8_valid(password))
    return fail(cx, E_INVALID, field, "a password is text in UTF-8");
  bool easy = all_the_same(password) || (email && str_eq_nocase(password, str_of(email)));
  for (size_t i = 0; i < sizeof common / sizeof *common; i++)
    easy = easy || str_eq_nocase(password, str_of(common[i]));
  return easy ? fail(cx, E_INVALID, field, "this password is one of the first that anybody would try") : OK;
}

int pin_check(struct ctx *cx, struct str pin) {
  bool up = true, down = true;
  bool digits = pin.n >= PIN_LEAST && pin.n <= PIN_MOST;
  for (size_t i = 0; i < pin.n && digits; i++) digits = pin.p[i] >= '0' && pin.p[i] <= '9';
  if (!digits) return fail(cx, E_INVALID, "pin", "a PIN has %d to %d digits", PIN_LEAST, PIN_MOST);
  for (size_t i = 1; i < pin.n; i++) {
    up = up && pin.p[i] == pin.p[i - 1] + 1;
    down = down && pin.p[i] == pin.p[i - 1] - 1;
  }
  if (!up && !down && !all_the_same(pin)) return OK;
  return fail(cx, E_INVALID, "pin", "this PIN is one of the first that anybody would try");
}

/* ---- hashes ---- */

int password_hash(struct ctx *cx, struct str password, char out[static PASSWORD_HASH]) {
  unsigned char salt[SALT];
  random_bytes(salt, sizeof salt);
  if (begin(cx)) return cx->code;
  int rc = argon2id_hash_encoded(PASSES, MEMORY_KIB, LANES, password.p, password.n, salt, sizeof salt, HASH,
                                 out, PASSWORD_HASH);
  end();
  return rc == ARGON2_OK
             ? OK
             : fail(cx, E_FAIL, NULL, "a password could not be hashed: %s", argon2_error_message(rc));
}

int password_verify(struct ctx *cx, struct str password, const char *hash, bool *good) {
  *good = false;
  if (begin(cx)) return cx->code;
  int rc = argon2id_verify(hash ? hash : NOBODY, password.p, password.n);
  end();
  if (rc != ARGON2_OK && rc != ARGON2_VERIFY_MISMATCH)
    return fail(cx, E_FAIL, NULL, "a password could not be compared: %s", argon2_error_message(rc));
  *good = hash && rc == ARGON2_OK;
  return OK;
}

bool password_outdated(const char *hash) { return strncmp(hash, PARAMETERS, sizeof PARAMETERS - 1) != 0; }
