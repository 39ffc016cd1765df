/*
** movement.c - an event as a movement: what is wrong with it, and its codes as numbers.
*/
#include "base/ids.h"
#include "inventory/book.h"

static const char *wrong_code(const struct event *e, int field, bool needed) {
  struct str text = e->value[field].text;
  if (needed && !str_trim(text).n)
    return field == INVENTORY_SKU ? "sku is needed: the item's code, such as LAPTOP-001"
                                  : "warehouseId is needed: such as WAREHOUSE-001";
  return text.n > STOCK_CODE_BYTES ? "a code is at most 200 bytes long" : NULL;
}

static const char *wrong_quantity(int kind, int64_t quantity) {
  if (quantity > STOCK_QUANTITY_MOST || quantity < -STOCK_QUANTITY_MOST)
    return "quantityChange is at most 1000000000, with either sign";
  if (kind == MOVE_RESERVATION && quantity <= 0)
    return "a reservation is positive: it adds to what is reserved";
  if (kind == MOVE_RELEASE && quantity >= 0) return "a release is negative: it takes from what is reserved";
  return NULL;
}

const char *movement_wrong(const struct event *e, int kind) {
  static const int fields[] = { INVENTORY_SKU, INVENTORY_WAREHOUSE, INVENTORY_LOCATION,
                                INVENTORY_LOT, INVENTORY_SERIAL,    INVENTORY_DEVICE };
  const char *why = NULL;
  if (!kind) return "eventType is none that changes stock";
  for (size_t i = 0; i < sizeof fields / sizeof *fields && !why; i++) why = wrong_code(e, fields[i], i < 2);
  if (!why && !e->value[INVENTORY_QUANTITY].text.p) why = "quantityChange is needed: a number with its sign";
  if (!why) why = wrong_quantity(kind, e->value[INVENTORY_QUANTITY].number);
  return why;
}

/* The 16 bytes of a UUID; false when it is none. */
static bool uuid_read(struct str text, unsigned char out[static 16]) {
  size_t n = 0;
  if (!uuid_valid(text)) return false;
  for (size_t i = 0; i < text.n && n < 32; i++) {
    char c = text.p[i];
    if (c == '-') continue;
    int digit = c <= '9' ? c - '0' : (c | 32) - 'a' + 10;
    out[n / 2] = (unsigned char)(n % 2 ? out[n / 2] | digit : digit << 4);
    n++;
  }
  return n == 32;
}

int movement_read(struct book *b, const struct event *e, int kind, struct movement *m) {
  const struct event_value *v = e->value;
  bool holds = kind == MOVE_RESERVATION || kind == MOVE_RELEASE;
  *m = (struct movement){
    .kind = kind,
    .quantity = holds ? 0 : v[INVENTORY_QUANTITY].number,
    .reserved = holds ? v[INVENTORY_QUANTITY].number : 0,
    .at = e->at,
    .recorded_at = b->recorded_at,
    .reference = v[INVENTORY_REFERENCE].text,
    .notes = v[INVENTORY_NOTES].text,
    .has_seq = v[INVENTORY_DEVICE_SEQ].text.p,
    .device_seq = v[INVENTORY_DEVICE_SEQ].number,
    .has_cost = v[INVENTORY_UNIT_COST].text.p,
    .unit_cost = v[INVENTORY_UNIT_COST].number,
  };
  m->place.item = book_name(b, NAME_ITEM, v[INVENTORY_SKU].text);
  m->place.warehouse = book_name(b, NAME_WAREHOUSE, v[INVENTORY_WAREHOUSE].text);
  m->place.location = book_name(b, NAME_LOCATION, v[INVENTORY_LOCATION].text);
  m->place.lot = book_name(b, NAME_LOT, v[INVENTORY_LOT].text);
  m->serial = book_name(b, NAME_SERIAL, v[INVENTORY_SERIAL].text);
  m->device = book_name(b, NAME_DEVICE, v[INVENTORY_DEVICE].text);
  m->actor = b->actor;
  m->id_bytes = uuid_read(e->id, m->uuid);
  m->id_text = e->id;
  return b->cx->code;
}
