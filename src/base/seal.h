/*
** seal.h - secrets at rest: passwords and tokens are in a tenant's file only as
** AES-256-GCM makes them, under a key that is not in it.
**
** The key is DIR/keys/secrets.key, 32 random bytes that only their owner may read, made
** when it is needed first; or, where systemd hands it over (LoadCredential=secrets.key:...),
** the file secrets.key of $CREDENTIALS_DIRECTORY. It is in no backup and no support bundle: a file
** that comes to another machine has its secrets entered again, or the key copied there.
**
** A sealed secret is bound to its name: one that is put under another name, or into the
** file of another tenant, does not open.
**
**   byte 0      1, the form
**   1..12       the nonce, random
**   13..n-17    the secret, encrypted
**   n-16..n-1   the tag, over name and secret
*/
#ifndef BASE_SEAL_H
#define BASE_SEAL_H

#include "base/ctx.h"

enum { SEAL_KEY_SIZE = 32, SEAL_NONCE = 12, SEAL_TAG = 16, SEAL_MORE = 1 + SEAL_NONCE + SEAL_TAG };

struct seal_key {
  unsigned char bytes[SEAL_KEY_SIZE]; /* wiped at the end of the unit of work */
};

int seal_key_open(struct ctx *cx, const char *dir, struct seal_key **out);

int seal_close(struct ctx *cx, const struct seal_key *key, struct str name, struct str secret,
               struct str *out);
/* E_FAIL when the key, the name or the bytes are not those that it was sealed with. The
** secret is wiped at the end of the unit of work. */
int seal_open(struct ctx *cx, const struct seal_key *key, struct str name, struct str sealed,
              struct str *out);

#endif
