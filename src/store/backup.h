/*
** backup.h - copies of a tenant's file, taken while it is in use.
**
** A backup is one SQLite file, complete in itself (no WAL), made by SQLite's
** online backup interface from one consistent state. Beside it stands
** FILE.sha256, in the format of sha256sum.
*/
#ifndef STORE_BACKUP_H
#define STORE_BACKUP_H

#include "store/store.h"

struct backup_info {
  int64_t bytes, last_seq; /* of the change log in the copy */
  char sha256[65];
};

/* Writes to `path` (must not exist), or, when it is NULL, to
** DIR/backups/SLUG-TIME.db, and tells where in *made. */
int backup_create(struct ctx *cx, struct tenant *t, const char *path, const char **made,
                  struct backup_info *info);

/* Opens the copy and checks it: digest, integrity, foreign keys, hash chain. */
int backup_verify(struct ctx *cx, const char *path, struct backup_info *info);

/* Opens a copy, only to read in it; closed with the unit of work. */
int backup_open(struct ctx *cx, const char *path, struct db **out);

/* Puts a verified copy in the place of the tenant's file. What was there is kept
** as a backup of its own, told in *kept (NULL when it could not be read at all).
** The change log goes on from the copy's end with an entry RESTORED. */
int backup_restore(struct ctx *cx, struct store *s, const char *slug, const char *path, const char **kept);

/* The same with an entry of one's own: its sentence, and what it says in JSON. */
int backup_restore_noted(struct ctx *cx, struct store *s, const char *slug, const char *path,
                         const char *text, struct str after, const char **kept);

/* Private to the store: the copy that is made before a schema changes. */
int backup_before_upgrade(struct ctx *cx, struct tenant *t, int from, int to);

#endif
