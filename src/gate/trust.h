/*
** trust.h - which certificate the server shows, what it is called, and what its clients have to
** trust for it.
**
** One of three, the first that there is: files that were named when the server was started (from
** an authority of the firm or the internet; they are read again when they change, so whoever renews
** them need not restart anything), a certificate that was imported into the data folder, or the one
** of the machine's own authority (authority.h). trust_refresh looks after all of it, once a minute.
**
** The names are also what the server answers to: a page of a stranger can have its own name resolve
** to this machine, but it cannot make the server believe that this is the server's name.
*/
#ifndef GATE_TRUST_H
#define GATE_TRUST_H

#include "base/json.h"
#include "gate/names.h"
#include "gate/tls.h"

struct trust_options {
  const char *dir; /* the data folder */
  const char *cert_file,
      *key_file;           /* files that are used as they are; or NULL. The key may be in the first */
  struct names own;        /* names that the machine does not know of itself */
  const char *authorities; /* certificates of public authorities, a file (PEM); or NULL */
};

struct trust;
/* Makes what is not there yet. The texts of the options must last. */
int trust_open(struct ctx *cx, const struct trust_options *o, struct trust **out);
void trust_free(struct trust *t); /* of NULL is nothing */

struct tls *trust_tls(struct trust *t);
/* Renews what is due and takes what has changed on the disk. When it fails, all stays as it was. */
int trust_refresh(struct ctx *cx, struct trust *t);

/* Any thread: */
bool trust_knows(struct trust *t, struct str host); /* without a port; an address of IPv6 in brackets */
const char *trust_name(struct trust *t, char out[static NAME_BYTES]); /* what it is called, for people */
bool trust_is_public(struct trust *t);           /* a browser trusts it without being told to */
void trust_write(struct trust *t, struct jw *w); /* the members of an object, see trust_report */
/* The authority's certificate, as PEM or DER; E_NOT_FOUND where a certificate of somebody else is shown. */
int trust_authority(struct ctx *cx, struct trust *t, bool der, struct str *out);

/* ---- for the terminal ---- */

/* source (files, imported, own), names, from, until, fingerprint, issuer, file, public, and of the own authority its name,
** fingerprint, until and bounds. E_NOT_FOUND while there is none. */
int trust_report(struct ctx *cx, const struct trust_options *o, struct jw *w);
/* Checks key and certificate and keeps a copy in the data folder; *warning may be set, or NULL. */
int trust_import(struct ctx *cx, const char *dir, const char *cert_file, const char *key_file,
                 const char **warning);
int trust_forget(struct ctx *cx, const char *dir); /* what was imported; E_NOT_FOUND when nothing was */
int trust_authority_pem(struct ctx *cx, const char *dir, const char **pem);

#endif
