/*
** book.h - the movements of one transaction on its way into the ledger. Private to the folder.
*/
#ifndef INVENTORY_BOOK_H
#define INVENTORY_BOOK_H

#include "base/limits.h"
#include "base/map.h"
#include "event/event.h"
#include "inventory/stock.h"

/* What a level is of. Without padding: its bytes are a key. */
struct place {
  int64_t item, warehouse, location, lot;
};

/* A level, as it is behind the last row. */
struct cell {
  struct place place;
  int64_t on_hand, reserved;
  int64_t last_id; /* row of the ledger that changed it; 0: none of this transaction */
};

struct movement {
  int kind;
  struct place place;
  int64_t serial, device, actor;
  int64_t quantity, reserved; /* changes */
  int64_t at, recorded_at;
  struct str reference, notes; /* n 0: none */
  bool has_seq, has_cost;
  int64_t device_seq, unit_cost;
  bool id_bytes; /* the event's id is in uuid, else in id_text */
  unsigned char uuid[16];
  struct str id_text;
};

/* A row that is on its way into the table, and what its level was before it. */
struct queued {
  struct movement m;
  struct event *event;
  size_t cell; /* index */
  int64_t id, on_hand, reserved;
  int64_t on_hand_before, reserved_before, last_before;
};

enum { LEDGER_ROWS = 16 }; /* in one statement */

struct book {
  struct ctx *cx;
  struct db *db;
  struct map names[NAME_KINDS]; /* code -> number */
  struct map cells;             /* struct place -> index of cell */
  struct cell *cell;
  size_t count;
  int64_t first, last; /* last rows of the ledger: before this batch, and now */
  int64_t recorded_at, actor;
  bool archived; /* rows of the ledger were moved into files */
  struct buf row;
  struct sha256 *digest;            /* of this batch's rows */
  struct queued queue[LEDGER_ROWS]; /* rows that the levels count already, and the table lacks */
  int queued;
};

/* The number of a code, which is added when it is new. */
int64_t book_name(struct book *b, int kind, struct str text);

/* movement.c: what is wrong with an event of a kind (0: none of ours), a sentence, or NULL; and its movement. */
const char *movement_wrong(const struct event *e, int kind);
int movement_read(struct book *b, const struct event *e, int kind, struct movement *m);

#endif
