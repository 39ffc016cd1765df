/*
** ledger.h - the ledger of stock: every change of what is on hand or reserved, in
** the order in which it became known, and nothing is ever changed in it.
**
** It is the door of the topic inventory-events: an event becomes a row of the ledger,
** the levels that it changes follow, and the event goes into the topic, all in one
** transaction. So there is no row without its event and no event without its row.
**
** Proofs that it carries:
**   - id counts without a gap, and event_id is unique: an event that comes again is
**     KNOWN, the same id with other content is refused
**   - every row has the balance after it (of item, warehouse, location, lot), a chain
**     that a removed or inserted row breaks
**   - every batch is an entry of the change log (STOCK_MOVED) with the SHA-256 of its rows
**
** Two times: `at`, when it happened, and `recorded_at`, when it became known, which
** never goes back. A back-dated event is an ordinary row: what there was on a day, as it
** is known now or as it was known on another day, is a sum over the ledger.
**
** Facts are taken although they lead below zero (the quality checks tell); what people
** do is refused then, see move.h. An unknown SKU or warehouse gets its master record.
** Refused with the reason: no code or one that is too long, a quantity beyond bounds, an
** unknown type, a reservation that is not positive or a release that is not negative, a
** piece with a serial number that is not there, or twice there.
*/
#ifndef INVENTORY_LEDGER_H
#define INVENTORY_LEDGER_H

#include "event/event.h"

extern const struct topic_door stock_door;

/* Every batch of the change log against the rows of the ledger: *bad is the first row of the
** first batch that differs, 0 when all is well; *rows counts those that were compared. */
int ledger_verify(struct ctx *cx, struct db *db, int64_t *bad, int64_t *rows);

#endif
