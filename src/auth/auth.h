/*
** auth.h - who shows this token? Asked with every request, so it is fast: who a token stands for is
** remembered in memory by the token's SHA-256, and remembered things are good as long as the
** number of stamp.h stays and for at most a second. So what is revoked is revoked at
** once, in all processes, and tens of thousands of requests a second cost a hash each.
**
** Open mode: as long as there is no account in the whole data folder, whoever is at this machine may do
** everything, as before there were accounts; a server that can be reached from elsewhere is never open.
** The first account closes it, also when another process makes it.
*/
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include "auth/identity.h"
#include "store/opened.h"

struct auth; /* for all threads */

/* loopback: nobody but this machine can reach the server. */
struct auth *auth_new(struct opened *tenants, bool loopback);
void auth_free(struct auth *a);

/* OK and who; E_DENIED when the token is not good, whatever the reason. */
int auth_identify(struct ctx *cx, struct auth *a, struct str token, struct identity *who);

/* Is there an account somewhere in this data folder? */
bool auth_any(struct auth *a);
bool auth_any_in(struct store *s); /* the same, looked up now */
/* May everybody do everything? Only on loopback, and only until there is an account. */
bool auth_open(struct auth *a);

/* Is somebody whom auth_identify found still the same, with the same permissions? For what lasts
** longer than a request. */
bool auth_still(struct auth *a, const struct identity *who);

#endif
