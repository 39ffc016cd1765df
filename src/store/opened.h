/*
** opened.h - the tenants' files of one process, opened once and shared by all who
** work with them: requests, jobs, schedules.
**
** A tenant that is added later is opened when it is first asked for. Each file
** lives in a unit of work of its own, so that one that cannot be opened (too new,
** damaged) leaves nothing behind and is tried again next time: the others are not affected.
*/
#ifndef STORE_OPENED_H
#define STORE_OPENED_H

#include "store/store.h"

struct opened;

struct opened *opened_new(struct store *s);
void opened_free(struct opened *o); /* closes them all; nobody uses them any more */
struct store *opened_store(const struct opened *o);

/* E_NOT_FOUND and all that tenant_open has to say. The tenant lives as long as o. */
int opened_find(struct ctx *cx, struct opened *o, const char *slug, struct tenant **out);

#endif
