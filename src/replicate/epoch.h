/*
** epoch.h - a file that went back in time, or has a twin.
**
** What headquarters holds of an edge is named by an origin, a pair of edge and epoch. As long as an edge's log goes on from
** where headquarters knows it, the epoch stays. Three things end that:
**
**   - the file is older than what headquarters holds: somebody put a backup in its place
**   - the log says something else at the place that headquarters knows: it went back, and work went on
**   - the file names another instance than DIR/keys/instance-SLUG: it was copied from another folder, or an old one was
**     put back. An instance is a random id, a new one with every epoch, kept in the file and beside the signing key.
**
** Then this file opens a new epoch: a new origin at headquarters, with the last entry that both logs have (fork_seq,
** fork_hash). It never sends under the old origin again, so no number is used twice and nothing that headquarters holds is
** overwritten; a twin that goes on under the old origin is not disturbed, and whichever of two comes second moves away.
** The lanes begin anew: `log` behind fork_seq, `rows` and `raw` where headquarters has them, but not behind fork_seq and at
** the beginning of an entry. SYNC_EPOCH_OPENED is in the log.
**
** Then what this file lacks is fetched back from what headquarters holds of the old origin behind fork_seq (recover.h). What
** cannot be known: when a whole folder, keys included, is put back to a moment that headquarters knows as the end of an
** epoch that was over since, it looks like a twin, and is treated as one.
*/
#ifndef REPLICATE_EPOCH_H
#define REPLICATE_EPOCH_H

#include "replicate/pg.h"
#include "store/store.h"

/* Compares this file with headquarters, and opens a new epoch when it must: before anything is sent, and again when a lane
** turns out not to be where it should. *opened: it did. */
int epoch_check(struct ctx *cx, struct tenant *t, struct pg *p, bool *opened);

/* Keeps the instance of a file that is enrolled beside the signing key; the file has it from sync_upstream_save. */
int epoch_instance_keep(struct ctx *cx, struct tenant *t, const char *instance);

#endif
