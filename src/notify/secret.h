/*
** secret.h - passwords and keys of a tenant, sealed (base/seal.h). They go in, and come out
** only for the code that logs in or signs with them: no report, list, export, log
** or change entry has them. The change log says who set which one, and when.
*/
#ifndef NOTIFY_SECRET_H
#define NOTIFY_SECRET_H

#include "store/store.h"

/* name: the entity and the id of the record that it belongs to, "mail_server 0190...". An empty value removes it. */
const char *secret_name(struct ctx *cx, const char *entity, const char *id);
int secret_set(struct ctx *cx, struct tenant *t, const char *name, struct str value);
/* *out is "" when there is none; wiped at the end of the unit of work. */
int secret_get(struct ctx *cx, struct tenant *t, struct db *db, const char *name, const char **out);

#endif
