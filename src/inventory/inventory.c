#include "inventory/inventory.h"

#include "inventory/daily.h"
#include "inventory/etl.h"
#include "inventory/ledger.h"
#include "inventory/levels.h"
#include "inventory/move.h"
#include "model/entity.h"

static const struct entity_hooks reservation_hooks = { .check_row = stock_reservation_saved };

void inventory_register(void) {
  topic_door_register(&stock_door);
  stock_kinds_register();
  entity_hooks_register("stock_reservation", &reservation_hooks);
}

/* ---- proofs ---- */

int inventory_verify_ledger(struct ctx *cx, struct db *db, inventory_found_fn *found, void *arg) {
  int64_t bad, rows;
  if (ledger_verify(cx, db, &bad, &rows)) return cx->code;
  found(arg, "stock_ledger", !bad,
        bad ? ctx_printf(cx, "the ledger of stock is not as the change log says, from row %lld on",
                         (long long)bad)
            : ctx_printf(cx, "%lld movements of stock are as they were booked", (long long)rows));
  return OK;
}

int inventory_verify_levels(struct ctx *cx, struct db *db, inventory_found_fn *found, void *arg) {
  struct replay_result r;
  if (stock_replay(cx, db, &r)) return cx->code;
  found(arg, "stock_levels", !r.differs, r.text);
  return OK;
}

int inventory_rebuild(struct ctx *cx, struct db *db, int64_t *corrected) {
  struct daily_result r;
  int64_t ledger, day, weeks;
  if (stock_levels_rebuild(cx, db, corrected) || stock_position(cx, db, &ledger, &day)) return cx->code;
  if (!ledger) return OK; /* never added up: then there is nothing to add up again */
  return stock_daily_full(cx, db, day, &r) || stock_weekly_update(cx, db, &weeks) ? (int)cx->code : OK;
}
