/*
** key.h - the keys that sign tokens: DIR/keys/token-N.key, 32 random bytes each, which
** only their owner may read and which are in no backup.
**
** The newest signs; the one before it is still taken, so that a change of keys logs
** nobody out. A second change soon after the first does: a key that got into wrong
** hands is of no use any more then.
**
** A token names its key by `kid`, which is looked up here and nowhere else.
*/
#ifndef AUTH_KEY_H
#define AUTH_KEY_H

#include "base/ctx.h"

enum { TOKEN_KEY_SIZE = 32, TOKEN_KEYS = 2, TOKEN_KID = 17 };

struct token_key {
  char kid[TOKEN_KID]; /* 16 hexadecimal digits, made from the key */
  unsigned char bytes[TOKEN_KEY_SIZE];
};

struct token_keys {
  int count;                        /* 0: none was made yet */
  struct token_key key[TOKEN_KEYS]; /* the newest first */
};

/* Those there are. */
int token_keys_read(struct ctx *cx, const char *dir, struct token_keys *out);
/* The same; the first is made when there is none. */
int token_keys_open(struct ctx *cx, const char *dir, struct token_keys *out);
/* A new one that signs from now on; what was before the last goes. */
int token_keys_rotate(struct ctx *cx, const char *dir, struct token_keys *out);

#endif
