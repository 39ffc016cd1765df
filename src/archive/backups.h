/*
** backups.h - copies that are made by themselves, proved and rotated.
**
** Every day a job makes a copy of the tenant's file while it is in use
** (store/backup.h), opens it, checks digest, integrity and hash chain, and notes it in
** backup_made. Of those that were noted so, some stay: the newest of each of the last days,
** weeks and months. Copies that people made are not touched.
**
** A drill restores the newest copy into a folder aside, as after a fire, compares every
** table with the copy, and the end of its log with the log of the file in use: it must be
** a beginning of it.
*/
#ifndef ARCHIVE_BACKUPS_H
#define ARCHIVE_BACKUPS_H

#include "base/json.h"
#include "store/store.h"

struct backup_keep {
  int daily, weekly, monthly;
};
extern const struct backup_keep backup_keep_usual; /* 7, 4, 12 */

struct backup_result {
  const char *file;
  int64_t bytes, last_seq;
  char sha256[65];
  int removed; /* older copies that were rotated away */
};

int backups_make(struct ctx *cx, struct tenant *t, const struct backup_keep *keep, struct backup_result *out);

struct drill_result {
  const char *file;
  int64_t tables, rows, last_seq;
  double seconds;
};
/* E_NOT_FOUND: there is no copy. E_FAIL says what came out differently. */
int backups_drill(struct ctx *cx, struct tenant *t, struct drill_result *out);

/* {newest: {file, made_at, ...}, age_seconds, drilled_at, copies: [...]}: age_seconds is the recovery
** point, how much would be lost if only the copies were left; null when there is none. */
int backups_status(struct ctx *cx, struct db *db, struct jw *w, const char *key);

#endif
