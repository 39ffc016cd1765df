/*
** move.h - what people do to stock: adjust, count, transfer, reserve, release.
**
** Each becomes events that are published like any other (ledger.h). Other than an event
** from outside, which says what happened, it can be refused: what would lead below zero,
** and what would reserve more than is available, is E_CONFLICT unless allow_negative is
** said. All of an order happens or nothing.
*/
#ifndef INVENTORY_MOVE_H
#define INVENTORY_MOVE_H

#include "inventory/stock.h"

struct stock_move {
  int kind;
  const char *sku, *warehouse;         /* needed */
  const char *location, *lot, *serial; /* NULL: none */
  const char *reference, *notes;
  bool counted;     /* quantity is what was counted: the difference is booked */
  int64_t quantity; /* with its sign; of a reservation what is reserved (+) or released (-) */
  int64_t at;       /* UTC us; 0: now */

  /* Set by stock_move: */
  char event_id[37];
  int64_t change;            /* what was booked */
  int64_t on_hand, reserved; /* after it, of that item, warehouse, location and lot */
};

enum { MOVES_MOST = 1000 }; /* of one order */

/* The kind of an adjustment by its name; NULL is ADJUSTMENT. E_INVALID names those there are: counts and
** transfers are made by their own verbs. */
int stock_adjust_kind(struct ctx *cx, const char *name, int *kind);

/* Inside tenant_write. */
int stock_move(struct ctx *cx, struct db *db, struct stock_move *moves, size_t count, bool allow_negative);

/* The two moves of a transfer, under one reference (made when it is NULL). quantity above 0. */
int stock_transfer_moves(struct ctx *cx, const struct stock_move *what, const char *to,
                         struct stock_move out[2]);

/* {event_id, type, sku, warehouse, location, lot, serial, quantity, on_hand, reserved, reference} */
void stock_move_json(struct jw *w, const char *key, const struct stock_move *m);

/* Hook of the entity stock_reservation: books what its record says now, less what is booked for it. */
int stock_reservation_saved(struct ctx *cx, struct db *db, const char *id);

#endif
