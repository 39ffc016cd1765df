/*
** levels.h - what there is: of every item in every warehouse, location and lot.
**
** Levels are derived. Replay makes them again from the ledger alone and compares, in one
** walk over it: the sums, and the balance that every row carries. Rows that were archived
** take part as the sums that they left behind (stock_archived).
*/
#ifndef INVENTORY_LEVELS_H
#define INVENTORY_LEVELS_H

#include "inventory/stock.h"

struct replay_result {
  int64_t rows, archived, levels; /* rows of the ledger, rows in files, levels compared */
  bool differs;
  const char *what; /* "level": a stored level; "balance": a row's balance; "serial": where a piece is */
  const char *sku, *warehouse, *location, *lot,
      *serial;                           /* NULL: none. Of the first in the order of their codes */
  int64_t row;                           /* of a balance: the ledger's */
  int64_t on_hand, reserved;             /* stored */
  int64_t on_hand_again, reserved_again; /* recomputed */
  const char *text;                      /* a sentence */
};

/* E_... only when it could not look; what it finds is in the result. */
int stock_replay(struct ctx *cx, struct db *db, struct replay_result *out);
void stock_replay_json(struct jw *w, const char *key, const struct replay_result *r);

/* Within tenant_write: the levels as the ledger says. Gives back how many differed. */
int stock_levels_rebuild(struct ctx *cx, struct db *db, int64_t *changed);

/* [{sku, name, category, warehouse, quantity_on_hand, quantity_reserved, quantity_available, ...}];
** sku, warehouse: NULL for all. */
int stock_levels_list(struct ctx *cx, struct db *db, const char *sku, const char *warehouse, struct jw *w,
                      const char *key);

/* The ledger's rows of an item, of a warehouse or of both, newest first. */
struct history_scope {
  const char *sku, *warehouse; /* NULL: all; one of them is needed */
  int64_t from, to;            /* from <= at < to, UTC us; to 0: no end */
  int64_t limit;
  const char *cursor; /* where the page before ended; NULL: from the newest on */
};
/* *next: the cursor of the next page; NULL when this is the last. */
int stock_history(struct ctx *cx, struct db *db, const struct history_scope *scope, struct jw *w,
                  const char *key, const char **next);

/* Rows that lie in files, for stock_history: newest first, at most so many that come before (before_at, before_id);
** found gets each as a JSON object that lives as long as cx. Wired in main.c; without it there are none. */
typedef int stock_past_fn(struct ctx *cx, struct db *db, const char *sku, const char *warehouse, int64_t from,
                          int64_t to, int64_t before_at, int64_t before_id, size_t most,
                          void (*found)(void *arg, int64_t at, int64_t id, const char *json), void *arg);
void stock_set_past(stock_past_fn *fn);

#endif
