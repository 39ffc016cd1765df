/*
** mark.h - the high-water mark: what the tenant's file had reached, kept
** outside of it. Private to the store.
**
** integrity_check says "ok" after a WAL was deleted, or after an old copy was
** put in the file's place. So the writer notes the last change (seq and hash)
** in SLUG.mark after every commit, and tenant_open refuses a file that does not
** hold that change any more.
**
** The note is written in place and not synced: it is written after the commit is
** on the disk, so it can only ever lag behind the file, which is harmless, and
** kill -9 does not lose it.
*/
#ifndef STORE_MARK_H
#define STORE_MARK_H

#include "store/change.h"

struct mark {
  int64_t seq; /* 0: nothing was noted yet */
  char hash[SHA256_HEX];
};

int mark_read(struct ctx *cx, const char *path, struct mark *out);
int mark_write(struct ctx *cx, const char *path, const struct change_end *end);

/* E_CONFLICT when the file lacks the noted change. */
int mark_check(struct ctx *cx, struct db *db, const char *slug, const char *path);

#endif
