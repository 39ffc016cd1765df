#include "auth/key.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/ids.h"
#include "base/key_file.h"

static const char what[] = "the key of logins";

static const char *path_of(struct ctx *cx, const char *dir, int64_t number) {
  return ctx_printf(cx, "%s/keys/token-%lld.key", dir, (long long)number);
}

/* "token-12.key" -> 12; 0 for any other name. */
static int64_t number_of(const char *name) {
  struct str s = str_of(name);
  int64_t number;
  if (!str_starts(s, STR("token-")) || s.n < 11 || strcmp(name + s.n - 4, ".key") != 0) return 0;
  return str_to_int((struct str){ name + 6, s.n - 10 }, &number) && number > 0 ? number : 0;
}

/* The newest numbers, in falling order; those without a key are 0. */
struct numbers {
  int64_t newest[TOKEN_KEYS];
};

static int find(struct ctx *cx, const char *dir, struct numbers *out) {
  const char *folder = ctx_printf(cx, "%s/keys", dir);
  DIR *d = opendir(folder);
  *out = (struct numbers){ 0 };
  if (!d && errno == ENOENT) return OK;
  if (!d) return fail(cx, E_DENIED, NULL, "the folder %s cannot be read: %s", folder, strerror(errno));
  for (struct dirent *e; (e = readdir(d));) {
    int64_t number = number_of(e->d_name);
    for (int i = 0; i < TOKEN_KEYS; i++) {
      int64_t smaller = out->newest[i];
      if (number <= smaller) continue;
      out->newest[i] = number;
      number = smaller;
    }
  }
  closedir(d);
  return OK;
}

static void name_key(struct token_key *key) {
  static const char purpose[] = "outpost token key";
  unsigned char digest[SHA256_SIZE];
  hmac_sha256((struct str){ (const char *)key->bytes, TOKEN_KEY_SIZE }, STR(purpose), digest);
  hex_encode(key->kid, digest, (TOKEN_KID - 1) / 2);
}

static int read_key(struct ctx *cx, const char *dir, int64_t number, struct token_keys *out) {
  struct token_key *key = &out->key[out->count];
  const char *path = path_of(cx, dir, number);
  size_t n;
  if (key_file_read(cx, what, path, key->bytes, TOKEN_KEY_SIZE, &n)) return cx->code;
  if (n == 0) return OK; /* it went just now */
  if (n != TOKEN_KEY_SIZE)
    return fail(cx, E_FAIL, NULL, "%s is not %s; move it away, and everybody logs in again", path, what);
  name_key(key);
  out->count++;
  return OK;
}

int token_keys_read(struct ctx *cx, const char *dir, struct token_keys *out) {
  struct numbers numbers;
  *out = (struct token_keys){ 0 };
  if (find(cx, dir, &numbers)) return cx->code;
  for (int i = 0; i < TOKEN_KEYS; i++)
    if (numbers.newest[i] && read_key(cx, dir, numbers.newest[i], out)) return cx->code;
  return OK;
}

static int make(struct ctx *cx, const char *dir, int64_t number) {
  unsigned char bytes[TOKEN_KEY_SIZE];
  random_bytes(bytes, sizeof bytes);
  key_file_make(cx, what, ctx_printf(cx, "%s/keys", dir), path_of(cx, dir, number), 0400,
                (struct str){ (const char *)bytes, sizeof bytes });
  explicit_bzero(bytes, sizeof bytes);
  return cx->code;
}

int token_keys_open(struct ctx *cx, const char *dir, struct token_keys *out) {
  if (token_keys_read(cx, dir, out) || out->count) return cx->code;
  return make(cx, dir, 1) ? (int)cx->code : token_keys_read(cx, dir, out);
}

int token_keys_rotate(struct ctx *cx, const char *dir, struct token_keys *out) {
  struct numbers numbers;
  if (find(cx, dir, &numbers) || make(cx, dir, numbers.newest[0] + 1)) return cx->code;
  for (int i = 1; i < TOKEN_KEYS; i++)
    if (numbers.newest[i]) unlink(path_of(cx, dir, numbers.newest[i]));
  return token_keys_read(cx, dir, out);
}
