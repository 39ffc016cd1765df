/*
** stream_archived.h - movements of stock that left the table for files of the archive: what goes up of them (compose.c), and is compared (verify_ranges.c).
**
** A movement is in the table or in a file (archive.h), and an entry of the log names a range of their numbers: what the table
** lacks of it is read from the files. What a policy has deleted since is gone.
*/
#ifndef REPLICATE_STREAM_ARCHIVED_H
#define REPLICATE_STREAM_ARCHIVED_H

#include "replicate/stream.h"

/* Puts the movements `from` to `to` into the section, by their numbers: those of the statement, which gives them in that order
** and whose first column is the number, and those in files. */
int stream_movements(struct ctx *cx, struct db *db, struct up_batch *b, struct up_section *section,
                     const struct stream *st, struct stmt *s, int64_t from, int64_t to);

/* For the archive, wired in main.c: may a file with rows of the table whose numbers are first to last be deleted, or are some of
** them still to go up? *why is NULL when it may. */
int archived_waits(struct ctx *cx, struct db *db, const char *table, int64_t first, int64_t last,
                   const char **why);

#endif
