/*
** migrate.h - brings a file from one schema to another. Private to the store.
**
** Migrations are numbered, released ones are never edited: their checksums stand
** in the file's ledger and are compared when it is opened. The version that
** applies one stores its way back beside it, so that an older program can be
** put back together with its schema.
*/
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include "store/db.h"

enum { APPLICATION_ID = 0x4f757470 }; /* "Outp" in the file's header */

/* The newest version that this program knows. */
int migrate_head(bool system);
int migrate_version(struct ctx *cx, struct db *db); /* of the file */

/* E_CONFLICT when the file is newer, not ours, or was made by changed migrations. */
int migrate_check(struct ctx *cx, struct db *db, bool system);

/* Each step is a transaction of its own: killed anywhere, the file is at a version. */
int migrate_to(struct ctx *cx, struct db *db, bool system, int version);

/* Notes the schema, and a digest of the ledger, in the change log; within a transaction. */
int migrate_note(struct ctx *cx, struct db *db, const char *event, const char *text);

#endif
