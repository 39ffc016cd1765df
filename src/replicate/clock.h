/*
** clock.h - when something happened, by headquarters' clock, however wrong the machine's own is or was.
**
** Every contact with headquarters leaves an anchor, a row of sync_contact: what this machine's clock said (`at`), what
** headquarters' clock said at that moment (`hq_at`: the middle of the fastest of three questions, `round_trip` long), and the
** last entry that the log had then (`seq`). So every entry lies between two anchors, and what happened between them did so
** between two times that are known to be true; the order is that of the log.
**
** The corrected stamp of an entry, HLC-shaped (milliseconds << 16 with a counter below): its own stamp, moved by what the
** machine's clock was off at the anchor behind it, and kept between the two anchors. A device that woke up in 1970 or lives
** ten years ahead disturbs nothing: its entries have stamps between its contacts, one after the other. Stamps of one log
** never go down and no two are alike.
**
** Before the first contact there is no lower bound. Behind the last one the upper bound is headquarters' now: hq_at and what
** went by since on the clock that nobody sets (base/boot.h); after a new start of the machine, which nobody timed, the own
** clock's word is taken, as far as it does not lie before the anchor.
*/
#ifndef REPLICATE_CLOCK_H
#define REPLICATE_CLOCK_H

#include "replicate/pg.h"
#include "store/store.h"

enum { CLOCK_ALERT_US = 60000000 }; /* off by more is said to people */

/* Asks headquarters for its time and notes an anchor; raises or settles the alert `clock_off`.
** Called when a connection was made, before anything is sent. */
int clock_contact(struct ctx *cx, struct tenant *t, struct pg *p);

/* The anchors, read once for many entries. It lives as long as the unit of work. */
struct clock;
int clock_open(struct ctx *cx, struct db *db, struct clock **out);
int64_t clock_stamp(const struct clock *c, int64_t seq, int64_t hlc);
/* The same as an instant, UTC microseconds. */
static inline int64_t clock_instant(int64_t stamp) { return (stamp >> 16) * 1000; }

#endif
