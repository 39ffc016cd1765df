/*
** authority.h - the machine's own certificate authority, and the certificate that it gives
** the server: so that there is TLS from the first minute on, without asking anybody outside.
**
** Each is one file in DIR/keys that only its owner may read, its key and its certificate
** together, so that no crash can part them; it is there whole or not at all.
**
**   tls-authority.pem   what people trust on their devices, once. It is valid for 20 years, and bound
**                       to this machine and private networks (certificate.h)
**   tls-server.pem      what the server shows; valid for 397 days (browsers want at most 398), made
**                       anew by itself when it has less than 60 left or the machine has a further name
**
** They are made when they are needed first. A clock that was wrong then is no harm: a certificate
** that is not valid now is made anew, and the authority's time begins in the past.
*/
#ifndef GATE_AUTHORITY_H
#define GATE_AUTHORITY_H

#include "gate/certificate.h"

struct authority {
  struct certificate *certificate;
  struct names bounds;
};

/* *out is NULL when there is none. E_FAIL when the file is no authority. */
int authority_find(struct ctx *cx, const char *dir, struct authority **out);
/* Another one in its place: every device has to trust it anew. */
int authority_replace(struct ctx *cx, const char *dir, const struct names *names);

/* DIR/keys/tls-server.pem, good for all of these names and now. `anew`: also if it was good already.
** E_INVALID for a name that the authority is not allowed to vouch for. */
int authority_certify(struct ctx *cx, const char *dir, const struct names *names, bool anew,
                      const char **file);

#endif
