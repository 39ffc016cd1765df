/*
** login.h - logging in, and not letting anybody guess.
**
** Whoever tries an account that is not there, one that is not active, or a wrong password, gets the
** same words after the same work: one hash, one write.
**
** After some failures the next attempt has to wait, twice as long each time, up to a quarter of an
** hour. Counted are failures of an account from an address, of an account from anywhere, and from an
** address whatever the account, however it is called (email, badge) and however many come at once; all addresses of an IPv6 /64 are one. An hour without one is forgotten, and so are those of an account when its owner logs in.
** Names that are not accounts are counted like those that are.
*/
#ifndef AUTH_LOGIN_H
#define AUTH_LOGIN_H

#include "auth/session.h"

struct login {
  const char *user;     /* the email; with a PIN also the code of a badge */
  const char *password; /* or the PIN */
  bool pin;
  struct visitor visitor;
};

/* E_DENIED: not with this. E_BUSY: not now, with the seconds to wait in *wait (0: nobody can say). */
int login_try(struct ctx *cx, struct tenant *t, const struct login *l, struct granted *out, int64_t *wait);

/* One's own password: the old one is asked for, guessing it counts as above. All other sessions end. */
int login_change_password(struct ctx *cx, struct tenant *t, const struct identity *who, const char *old,
                          const char *new, const struct visitor *v, int64_t *wait);

/* Forgets the failures of an account (its id), wherever they came from. */
int login_unlock(struct ctx *cx, struct tenant *t, const char *id);

/* Until when an account (its email) has to wait that failed to log in, from wherever; 0: it does not. */
int login_waits(struct ctx *cx, struct db *db, const char *email, int64_t *until);

#endif
