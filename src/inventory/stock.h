/*
** stock.h - words that all of the inventory shares.
**
** Quantities are integers in units of 0.0001 (STOCK_SCALE). The change of an event
** has its sign: a sale of two is -2. What a kind of event changes:
**
**   INVENTORY_UPDATE              on hand; one that takes away counts as issued, else as received
**   SALE                          on hand; issued (one with a plus takes a sale back)
**   RECEIPT, RETURN               on hand; received, returned
**   ADJUSTMENT, STOCK_COUNT       on hand; adjusted. A count books the difference
**   TRANSFER_OUT, TRANSFER_IN     on hand; transferred
**   RESERVATION (+), RELEASE (-)  reserved, and nothing on hand
**
** Codes of items, warehouses and so on are kept once, in stock_name, and are numbers
** everywhere else. 0 is none.
*/
#ifndef INVENTORY_STOCK_H
#define INVENTORY_STOCK_H

#include "base/json.h"
#include "store/store.h"

#define STOCK_TOPIC "inventory-events"

enum {
  STOCK_SCALE = 4,
  STOCK_CODE_BYTES = 200, /* of a SKU, a warehouse's code and the like */
};
#define STOCK_UNIT INT64_C(10000)
#define STOCK_QUANTITY_MOST (INT64_C(1000000000) * STOCK_UNIT) /* of one event: beyond it is a mistake */

enum stock_kind { /* as in the table stock_kind */
                  MOVE_UPDATE = 1,
                  MOVE_SALE,
                  MOVE_RECEIPT,
                  MOVE_RETURN,
                  MOVE_ADJUSTMENT,
                  MOVE_TRANSFER_OUT,
                  MOVE_TRANSFER_IN,
                  MOVE_COUNT,
                  MOVE_RESERVATION,
                  MOVE_RELEASE,
                  MOVE_KINDS
};
const char *stock_kind_name(int kind); /* "SALE"; "?" for what is none */
int stock_kind_find(struct str name);  /* without regard to case; 0: none */

enum stock_name_kind {
  NAME_ITEM = 1,
  NAME_WAREHOUSE,
  NAME_LOCATION,
  NAME_LOT,
  NAME_SERIAL,
  NAME_ACTOR,
  NAME_DEVICE,
  NAME_KINDS
};
/* The number of a code; 0 when nothing was ever booked with it. */
int64_t stock_name_find(struct ctx *cx, struct db *db, int kind, struct str text);
/* The same for who asks about it: E_NOT_FOUND then; 0 for NULL. */
int stock_name_asked(struct ctx *cx, struct db *db, const char *field, int kind, const char *text,
                     int64_t *id);
/* The code of a number; NULL for 0. */
const char *stock_code(struct ctx *cx, struct db *db, int64_t id);

/* A quantity as a JSON number, printed exactly. */
static inline struct arg stock_number(int64_t v) { return arg_number(v, STOCK_SCALE, 0); }
const char *stock_text(struct ctx *cx, int64_t v); /* the same in a sentence */

/* Reads "12", "-0.5"; E_INVALID names the field and says what would be right. */
int stock_quantity(struct ctx *cx, const char *field, const char *text, int64_t *out);

#endif
