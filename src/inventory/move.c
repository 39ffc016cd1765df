#include "inventory/move.h"

#include "base/ids.h"
#include "base/limits.h"
#include "event/event.h"
#include "inventory/book.h"

/* ---- levels, as this order leaves them ---- */

struct level {
  const struct stock_move *of;
  int64_t on_hand, reserved;
};

static bool same(const char *a, const char *b) { return strcmp(a ? a : "", b ? b : "") == 0; }

static int64_t name_of(struct ctx *cx, struct db *db, int kind, const char *text) {
  return text && *text ? stock_name_find(cx, db, kind, str_of(text)) : 0;
}

static void read_level(struct ctx *cx, struct db *db, const struct stock_move *m, struct level *l) {
  const struct place p = { name_of(cx, db, NAME_ITEM, m->sku), name_of(cx, db, NAME_WAREHOUSE, m->warehouse),
                           name_of(cx, db, NAME_LOCATION, m->location), name_of(cx, db, NAME_LOT, m->lot) };
  bool unknown = (m->location && *m->location && !p.location) || (m->lot && *m->lot && !p.lot);
  *l = (struct level){ .of = m };
  if (cx->code || unknown) return;
  struct stmt *s = db_ask(cx, db, SQL_stock_level_at, p.item, p.warehouse, p.location, p.lot);
  if (!stmt_row(cx, s)) return;
  l->on_hand = col_int(s, 0);
  l->reserved = col_int(s, 1);
  stmt_done(s);
}

static struct level *level_of(struct ctx *cx, struct db *db, const struct stock_move *m, struct level *levels,
                              size_t *count) {
  for (size_t i = 0; i < *count; i++) {
    const struct stock_move *o = levels[i].of;
    if (same(o->sku, m->sku) && same(o->warehouse, m->warehouse) && same(o->location, m->location) &&
        same(o->lot, m->lot))
      return &levels[i];
  }
  read_level(cx, db, m, &levels[*count]);
  return &levels[(*count)++];
}

/* ---- checks ---- */

static const char *where(struct ctx *cx, const struct stock_move *m) {
  return ctx_printf(cx, "%.80s in %.80s%s%.80s%s%.80s", m->sku, m->warehouse,
                    m->location && *m->location ? ", location " : "", m->location ? m->location : "",
                    m->lot && *m->lot ? ", lot " : "", m->lot ? m->lot : "");
}

static int check_codes(struct ctx *cx, const struct stock_move *m) {
  if (!m->sku || !str_trim(str_of(m->sku)).n)
    return fail(cx, E_INVALID, "sku", "sku is needed: the item's code, such as LAPTOP-001");
  if (!m->warehouse || !str_trim(str_of(m->warehouse)).n)
    return fail(cx, E_INVALID, "warehouse", "warehouse is needed: its code, such as WAREHOUSE-001");
  return OK;
}

static int apply(struct ctx *cx, struct stock_move *m, struct level *l, bool allow_negative) {
  bool holds = m->kind == MOVE_RESERVATION || m->kind == MOVE_RELEASE;
  m->change = m->counted ? m->quantity - l->on_hand : m->quantity;
  if (m->counted && m->quantity < 0)
    return fail(cx, E_INVALID, "quantity", "nobody counts less than nothing: %s",
                stock_text(cx, m->quantity));
  int64_t on_hand = l->on_hand + (holds ? 0 : m->change), reserved = l->reserved + (holds ? m->change : 0);
  if (!allow_negative && on_hand < 0 && m->change < 0 && !holds)
    return fail(cx, E_CONFLICT, "quantity", "there is %s of %s: taking %s would leave %s",
                stock_text(cx, l->on_hand), where(cx, m), stock_text(cx, -m->change),
                stock_text(cx, on_hand));
  if (!allow_negative && holds && m->change > 0 && reserved > on_hand)
    return fail(cx, E_CONFLICT, "quantity", "%s of %s is available: %s is more than that",
                stock_text(cx, l->on_hand - l->reserved), where(cx, m), stock_text(cx, m->change));
  if (holds && m->change < 0 && reserved < 0)
    return fail(cx, E_CONFLICT, "quantity", "%s of %s is reserved: %s cannot be released",
                stock_text(cx, l->reserved), where(cx, m), stock_text(cx, -m->change));
  l->on_hand = m->on_hand = on_hand;
  l->reserved = m->reserved = reserved;
  return OK;
}

int stock_adjust_kind(struct ctx *cx, const char *name, int *kind) {
  *kind = name ? stock_kind_find(str_of(name)) : MOVE_ADJUSTMENT;
  bool own_verb = *kind == MOVE_TRANSFER_OUT || *kind == MOVE_TRANSFER_IN || *kind == MOVE_COUNT;
  if (*kind && !own_verb) return OK;
  return fail(
      cx, E_INVALID, "kind",
      "an adjustment is an ADJUSTMENT, RECEIPT, SALE, RETURN, INVENTORY_UPDATE, RESERVATION or RELEASE, not "
      "%.40s; what was counted or transferred has its own verb",
      name);
}

/* ---- as events ---- */

static void text_field(struct jw *w, const char *key, const char *text) {
  if (text && *text) jw_text(w, key, text);
}

static struct str event_json(struct ctx *cx, struct stock_move *m) {
  struct buf b;
  struct jw w;
  buf_init(&b, KIB(64));
  jw_init(&w, &b);
  uuid7(m->event_id, cx->now);
  jw_object(&w, NULL);
  jw_put(&w, "eventId", m->event_id, "eventType", stock_kind_name(m->kind), "sku", m->sku, "warehouseId",
         m->warehouse, "quantityChange", stock_number(m->change), "timestamp",
         arg_time(m->at ? m->at : cx->now));
  text_field(&w, "referenceId", m->reference);
  text_field(&w, "notes", m->notes);
  text_field(&w, "location", m->location);
  text_field(&w, "lot", m->lot);
  text_field(&w, "serial", m->serial);
  return str_of(jw_end(cx, &w));
}

int stock_move(struct ctx *cx, struct db *db, struct stock_move *moves, size_t count, bool allow_negative) {
  struct event *events = ctx_alloc(cx, (count + 1) * sizeof *events);
  struct level *levels = ctx_alloc(cx, (count + 1) * sizeof *levels);
  size_t level_count = 0;
  if (count > MOVES_MOST)
    return fail(cx, E_LIMIT, "lines", "%zu lines at once are too many: at most %d", count, MOVES_MOST);
  for (size_t i = 0; i < count; i++) {
    if (check_codes(cx, &moves[i])) return cx->code;
    struct level *l = level_of(cx, db, &moves[i], levels, &level_count);
    if (cx->code || apply(cx, &moves[i], l, allow_negative)) return cx->code;
    events[i].body = event_json(cx, &moves[i]);
  }
  if (event_publish(cx, db, STOCK_TOPIC, events, count)) return cx->code;
  for (size_t i = 0; i < count; i++)
    if (events[i].outcome == EVENT_REFUSED)
      return fail(cx, E_INVALID, NULL, "%s: %s", where(cx, &moves[i]), events[i].why);
  return OK;
}

int stock_transfer_moves(struct ctx *cx, const struct stock_move *what, const char *to,
                         struct stock_move out[2]) {
  char id[37];
  if (what->quantity <= 0)
    return fail(cx, E_INVALID, "quantity", "a transfer moves more than nothing, not %s",
                stock_text(cx, what->quantity));
  if (!to || !*to) return fail(cx, E_INVALID, "to", "to is needed: the warehouse that gets it");
  if (same(what->warehouse, to))
    return fail(cx, E_INVALID, "to", "a transfer goes to another warehouse, not to %.80s", to);
  uuid7(id, cx->now);
  out[0] = out[1] = *what;
  out[0].kind = MOVE_TRANSFER_OUT;
  out[0].quantity = -what->quantity;
  out[1].kind = MOVE_TRANSFER_IN;
  out[1].warehouse = to;
  out[1].location = NULL; /* a shelf of the other warehouse is said by moving it there */
  if (!what->reference) out[0].reference = out[1].reference = ctx_printf(cx, "TRANSFER-%s", id);
  return OK;
}

void stock_move_json(struct jw *w, const char *key, const struct stock_move *m) {
  jw_object(w, key);
  jw_put(w, "event_id", m->event_id, "type", stock_kind_name(m->kind), "sku", m->sku, "warehouse",
         m->warehouse);
  text_field(w, "location", m->location);
  text_field(w, "lot", m->lot);
  text_field(w, "serial", m->serial);
  text_field(w, "reference", m->reference);
  jw_put(w, "quantity", stock_number(m->change), "quantity_on_hand", stock_number(m->on_hand),
         "quantity_reserved", stock_number(m->reserved));
  jw_close(w, '}');
}

/* ---- reservations as records ---- */

static int read_booked(struct ctx *cx, struct db *db, const char *id, struct stock_move *m) {
  *m = (struct stock_move){ .kind = MOVE_RELEASE };
  struct stmt *s = db_ask(cx, db, SQL_stock_reserved_by, id);
  if (!stmt_row(cx, s)) return cx->code;
  const int64_t at[] = { col_int(s, 0), col_int(s, 1), col_int(s, 2), col_int(s, 3) };
  m->quantity = -col_int(s, 4);
  stmt_done(s);
  m->sku = stock_code(cx, db, at[0]);
  m->warehouse = stock_code(cx, db, at[1]);
  m->location = stock_code(cx, db, at[2]);
  m->lot = stock_code(cx, db, at[3]);
  return cx->code;
}

static int read_wanted(struct ctx *cx, struct db *db, const char *id, struct stock_move *m,
                       const char **reference) {
  *m = (struct stock_move){ .kind = MOVE_RESERVATION };
  struct stmt *s = db_ask(cx, db, SQL_stock_reservation_now, id);
  if (!stmt_row(cx, s)) return cx->code;
  m->sku = col_dup(cx, s, 0);
  m->warehouse = col_dup(cx, s, 1);
  m->location = col_dup(cx, s, 2);
  m->lot = col_dup(cx, s, 3);
  m->quantity = col_int(s, 4);
  *reference = col_str(s, 5).n ? col_dup(cx, s, 5) : id;
  stmt_done(s);
  return cx->code;
}

static int note_booked(struct ctx *cx, struct db *db, const char *id, const struct stock_move *m) {
  struct stmt *s = db_ask(cx, db, m->quantity ? SQL_stock_reserved_set : SQL_stock_reserved_drop, id);
  if (m->quantity) {
    stmt_int(s, 2, name_of(cx, db, NAME_ITEM, m->sku));
    stmt_int(s, 3, name_of(cx, db, NAME_WAREHOUSE, m->warehouse));
    stmt_int(s, 4, name_of(cx, db, NAME_LOCATION, m->location));
    stmt_int(s, 5, name_of(cx, db, NAME_LOT, m->lot));
    stmt_int(s, 6, m->quantity);
  }
  return stmt_run(cx, s);
}

int stock_reservation_saved(struct ctx *cx, struct db *db, const char *id) {
  struct stock_move moves[2];
  const char *reference = id;
  if (read_booked(cx, db, id, &moves[0]) || read_wanted(cx, db, id, &moves[1], &reference)) return cx->code;
  struct stock_move wanted = moves[1];
  bool alike = same(moves[0].sku, wanted.sku) && same(moves[0].warehouse, wanted.warehouse) &&
               same(moves[0].location, wanted.location) && same(moves[0].lot, wanted.lot);
  if (alike && moves[0].quantity + wanted.quantity == 0) return OK;
  moves[0].reference = moves[1].reference = reference;
  size_t first = moves[0].quantity ? 0 : 1, end = wanted.quantity ? 2 : 1;
  if (first < end && stock_move(cx, db, moves + first, end - first, false)) return cx->code;
  return note_booked(cx, db, id, &wanted);
}
