/*
** token.h - what somebody shows to prove who he is.
**
** Two forms. A login is a JWT (RFC 7519) signed with HMAC-SHA-256 by a key of key.h; who
** reads it with another program finds the usual claims in it. It is read strictly: one
** algorithm, a header of alg, typ and kid and nothing else, the claims that are written here
** and no others, each of its kind, base64url in its one right form. A token that is only
** nearly right is as wrong as any.
**
** Everything that lives longer, and links, is opaque: PREFIX.TENANT.SECRET, 32 random bytes,
** of which only the SHA-256 is stored.
**
** A token that reads well is not yet valid: its session is what counts (session.h).
*/
#ifndef AUTH_TOKEN_H
#define AUTH_TOKEN_H

#include "auth/key.h"
#include "base/hash.h"
#include "base/limits.h"

enum { TOKEN_MOST = 1024, OPAQUE_SECRET = 32 };

#define TOKEN_MACHINE "outpost"
#define TOKEN_REFRESH "refresh"
#define TOKEN_SETUP "setup"

struct claims {
  char tenant[LIMIT_SLUG + 1];         /* aud */
  char user_id[37];                    /* sub */
  char session[37];                    /* jti */
  char role[64];                       /* for whoever reads it; what counts is the account's */
  int64_t issued, not_before, expires; /* seconds since 1970 */
};

const char *token_write(struct ctx *cx, const struct token_key *key, const struct claims *claims);
/* false: it is none of ours. Times are not looked at. */
bool token_read(const struct token_keys *keys, struct str token, struct claims *out);

/* A new one: the text for its owner, and what is stored. */
const char *opaque_write(struct ctx *cx, const char *prefix, const char *tenant,
                         unsigned char stored[static SHA256_SIZE]);
/* false: it has not this form. */
bool opaque_read(const char *prefix, struct str token, char tenant[static LIMIT_SLUG + 1],
                 unsigned char stored[static SHA256_SIZE]);

#endif
