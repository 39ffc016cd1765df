#include "inventory/inventory.h"

#include "inventory/etl.h"
#include "inventory/ledger.h"
#include "inventory/move.h"
#include "model/entity.h"

static const struct entity_hooks reservation_hooks = { .check_row = stock_reservation_saved };

void inventory_register(void) {
  topic_door_register(&stock_door);
  stock_kinds_register();
  entity_hooks_register("stock_reservation", &reservation_hooks);
}
