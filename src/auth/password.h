/*
** password.h - passwords and PINs: argon2id (RFC 9106), as PHC strings.
**
** A hash takes 19 MiB and some 30 ms, on purpose. So at most two are made at once in
** this process, and of those who wait there are so many that others still find a
** thread of the server; who comes beyond that is told to try again (E_BUSY).
*/
#ifndef AUTH_PASSWORD_H
#define AUTH_PASSWORD_H

#include "base/ctx.h"

enum { PASSWORD_LEAST = 8, PASSWORD_MOST = 256, PIN_LEAST = 4, PIN_MOST = 12, PASSWORD_HASH = 160 };

/* Is it good enough? E_INVALID says of `field`, where it was given, what would be. */
int password_check(struct ctx *cx, const char *field, struct str password, const char *email);
int pin_check(struct ctx *cx, struct str pin);

int password_hash(struct ctx *cx, struct str password, char out[static PASSWORD_HASH]);

/* Is it the one that was hashed? Without a hash (NULL) the same work is done, and it is not. */
int password_verify(struct ctx *cx, struct str password, const char *hash, bool *good);

/* It was made with other parameters than today's, and is to be made again when somebody logs in. */
bool password_outdated(const char *hash);

#endif
