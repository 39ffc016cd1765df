/*
** identity.h - who asks, as it was found out from a token: what every handler may rely on.
*/
#ifndef AUTH_IDENTITY_H
#define AUTH_IDENTITY_H

#include "base/limits.h"
#include "model/permission.h"

enum { IDENTITY_NAME = 128 };

struct identity {
  char session[37];          /* of the session that the token speaks of; the JWT's jti. "" in open mode */
  char user_id[37];          /* "" for a machine's token and in open mode */
  char email[IDENTITY_NAME]; /* or the name of a machine's token: who acts, for the change log */
  char name[IDENTITY_NAME];  /* for people */
  char role[64];
  char tenant[LIMIT_SLUG + 1]; /* the only one that is there for him; "" in open mode: all are */
  uint64_t permissions;
  bool open;        /* there is no account yet: whoever is at this machine may do everything */
  bool must_change; /* the password was set by somebody else: nothing but changing it is allowed */
};

/* "sales.write" */
bool identity_may(const struct identity *who, const char *permission);

#endif
