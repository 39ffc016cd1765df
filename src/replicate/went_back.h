/*
** went_back.h - headquarters went back in time: an older backup is in its place, and it does not hold any more what it had confirmed.
**
** Found at a contact, before anything is sent: a lane stands at an earlier batch there than the last one that was confirmed to us. Nothing is
** sent or taken then, status and page say it, and an alert is raised, until somebody has said so (`outpost sync resend`): perhaps
** the right backup is still to come. Then the lanes here go back to where they are there, what is behind them goes up
** once more and gets new receipts, and what headquarters has is read from the beginning.
**
** What other devices and people at headquarters had changed after that backup comes back from those devices; what was changed at
** headquarters by hand is gone there. How many changes of either kind this file had received is told; its log has them.
*/
#ifndef REPLICATE_WENT_BACK_H
#define REPLICATE_WENT_BACK_H

#include "base/json.h"
#include "replicate/pg.h"
#include "store/store.h"

/* How the sentence begins. */
#define WENT_BACK "headquarters went back in time"

/* there: "log 41,rows 7", where the lanes of our present origin are. E_DENIED, with a sentence, when one of them was further. */
int went_back_check(struct ctx *cx, struct db *db, struct str there);

/* {"batches", "rows", "received", "sentence"}: what will be sent once more. E_CONFLICT when headquarters holds all that it confirmed. */
int went_back_resend(struct ctx *cx, struct tenant *t, struct pg *p, struct jw *w, const char *key);

#endif
