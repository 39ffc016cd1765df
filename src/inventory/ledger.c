/*
** ledger.c - events into rows.
**
** The batches of a transaction share a `struct book`: the codes and the levels that they need are looked up
** once and kept in memory, rows are inserted some at a time, and what became of the levels is written when
** all rows are there.
*/
#include "inventory/ledger.h"

#include <stdlib.h>

#include "base/map.h"
#include "inventory/book.h"
#include "model/entity.h"
#include "record/record.h"
#include "store/change.h"

/* ---- codes ---- */

/* A record that says no more than the code, so that people find it and can complete it. */
static int add_master(struct ctx *cx, struct db *db, int kind, struct str text) {
  bool item = kind == NAME_ITEM;
  const struct entity *e = entity_find(item ? "stock_item" : "warehouse");
  char id[37];
  struct buf json;
  struct jw w;
  struct jv *object;
  struct stmt *s = db_ask(cx, db, item ? SQL_stock_item_known : SQL_stock_warehouse_known, text);
  if (stmt_row(cx, s)) {
    stmt_done(s);
    return OK;
  }
  if (cx->code || !e) return cx->code;
  jw_begin(&w, &json, KIB(4));
  jw_str(&w, item ? "sku" : "code", text);
  jw_close(&w, '}');
  if (!jv_parse(cx, buf_view(&json), &object)) record_save(cx, db, e, object, id);
  buf_clear(&json);
  return cx->code;
}

static int64_t name_add(struct book *b, int kind, struct str text) {
  struct ctx one; /* what a record needs goes with it */
  if (db_act(b->cx, b->db, SQL_stock_name_add, kind, text)) return 0;
  int64_t id = db_last_id(b->db);
  if (kind != NAME_ITEM && kind != NAME_WAREHOUSE) return id;
  ctx_begin(&one, b->cx->actor);
  str_copy(one.id, sizeof one.id, str_of(b->cx->id));
  one.now = b->cx->now;
  if (add_master(&one, b->db, kind, text)) fail_from(b->cx, &one);
  ctx_end(&one);
  return id;
}

int64_t book_name(struct book *b, int kind, struct str text) {
  bool added;
  if (!text.n) return 0;
  uint64_t *id = map_put(&b->names[kind], text, &added);
  if (!added) return (int64_t)*id;
  int64_t found = stock_name_find(b->cx, b->db, kind, text);
  if (!found && !b->cx->code) found = name_add(b, kind, text);
  *map_put(&b->names[kind], text, NULL) = (uint64_t)found;
  return found;
}

/* ---- levels ---- */

/* Valid until the next call. */
static struct cell *book_cell(struct book *b, const struct place *p) {
  bool added;
  uint64_t *at = map_put(&b->cells, (struct str){ (const char *)p, sizeof *p }, &added);
  if (!added) return &b->cell[*at];
  b->cell = xmore(b->cell, b->count, sizeof *b->cell);
  *at = b->count;
  struct cell *c = &b->cell[b->count++];
  *c = (struct cell){ .place = *p };
  struct stmt *s = db_ask(b->cx, b->db, SQL_stock_level_at, p->item, p->warehouse, p->location, p->lot);
  if (!stmt_row(b->cx, s)) return c;
  c->on_hand = col_int(s, 0);
  c->reserved = col_int(s, 1);
  stmt_done(s);
  return c;
}

static int write_levels(struct book *b) {
  for (size_t i = 0; i < b->count && !b->cx->code; i++) {
    const struct cell *c = &b->cell[i];
    if (!c->last_id) continue;
    db_act(b->cx, b->db, SQL_stock_level_set, c->place.item, c->place.warehouse, c->place.location,
           c->place.lot, c->on_hand, c->reserved, c->last_id, b->recorded_at);
  }
  return b->cx->code;
}

/* ---- is it known? ---- */

static void bind_event_id(struct stmt *s, int i, const struct movement *m) {
  if (m->id_bytes)
    stmt_blob(s, i, m->uuid, sizeof m->uuid);
  else
    stmt_str(s, i, m->id_text);
}

static bool same_text(const struct stmt *s, int i, struct str text) {
  return text.n ? !col_null(s, i) && str_eq(col_str(s, i), text) : col_null(s, i) || !col_str(s, i).n;
}

static bool same_number(const struct stmt *s, int i, bool has, int64_t v) {
  return has ? !col_null(s, i) && col_int(s, i) == v : col_null(s, i);
}

static bool same_movement(const struct stmt *s, const struct movement *m) {
  const int64_t expected[] = { m->kind,           m->place.item, m->place.warehouse,
                               m->place.location, m->place.lot,  m->serial,
                               m->quantity,       m->reserved,   m->at };
  enum { NUMBERS = sizeof expected / sizeof *expected };
  for (int i = 0; i < NUMBERS; i++)
    if (col_int(s, i) != expected[i]) return false;
  return same_text(s, NUMBERS, m->reference) && same_text(s, NUMBERS + 1, m->notes) &&
         same_number(s, NUMBERS + 2, m->device != 0, m->device) &&
         same_number(s, NUMBERS + 3, m->has_seq, m->device_seq) &&
         same_number(s, NUMBERS + 4, m->has_cost, m->unit_cost);
}

/* Sets the outcome when the id is known; false when it is not. */
static bool known(struct book *b, struct event *e, const struct movement *m) {
  struct stmt *s = db_stmt(b->cx, b->db, SQL_ledger_by_event);
  bind_event_id(s, 1, m);
  if (stmt_row(b->cx, s)) {
    bool same = same_movement(s, m);
    e->outcome = same ? EVENT_KNOWN : EVENT_REFUSED;
    if (!same) e->why = "this eventId was used before, with other content";
    stmt_done(s);
    return true;
  }
  if (!b->archived || b->cx->code) return b->cx->code;
  s = db_stmt(b->cx, b->db, SQL_ledger_archived_event);
  bind_event_id(s, 1, m);
  if (!stmt_row(b->cx, s)) return b->cx->code;
  e->outcome = EVENT_KNOWN; /* its row lies in a file */
  stmt_done(s);
  return true;
}

/* ---- pieces with a serial number ---- */

/* Where the piece is: all 0 when it is nowhere. */
static struct place piece_place(struct book *b, const struct movement *m) {
  struct place p = { 0 };
  struct stmt *s = db_ask(b->cx, b->db, SQL_stock_serial_at, m->place.item, m->serial);
  if (!stmt_row(b->cx, s)) return p;
  p = (struct place){ m->place.item, col_int(s, 0), col_int(s, 1), col_int(s, 2) };
  stmt_done(s);
  return p;
}

static const char *wrong_piece(struct book *b, const struct movement *m) {
  int64_t change = m->quantity + m->reserved;
  if (change != STOCK_UNIT && change != -STOCK_UNIT)
    return "a piece with a serial number is one: quantityChange is 1 or -1";
  struct place is = piece_place(b, m);
  if (m->quantity > 0 && is.warehouse) return "the piece with this serial number is in stock already";
  if (m->quantity > 0) return NULL;
  return memcmp(&is, &m->place, sizeof is) == 0 ? NULL : "the piece with this serial number is not there";
}

static int move_piece(struct book *b, const struct movement *m) {
  if (!m->quantity) return OK;
  struct stmt *s = db_ask(b->cx, b->db, m->quantity > 0 ? SQL_stock_serial_put : SQL_stock_serial_take,
                          m->place.item, m->serial);
  if (m->quantity > 0) {
    stmt_int(s, 3, m->place.warehouse);
    stmt_int(s, 4, m->place.location);
    stmt_int(s, 5, m->place.lot);
    stmt_int(s, 6, b->last + 1);
  }
  return stmt_run(b->cx, s);
}

/* ---- rows ---- */

static void digest_text(struct buf *out, struct str s) {
  int64_t n = s.n ? (int64_t)s.n : -1;
  buf_add(out, &n, sizeof n);
  buf_str(out, s);
}

/* What of a row the change log's digest covers: all of it. */
static void digest_row(struct buf *out, int64_t id, const struct movement *m, int64_t on_hand,
                       int64_t reserved) {
  const int64_t numbers[] = { id,
                              m->kind,
                              m->place.item,
                              m->place.warehouse,
                              m->place.location,
                              m->place.lot,
                              m->serial,
                              m->quantity,
                              m->reserved,
                              on_hand,
                              reserved,
                              m->at,
                              m->recorded_at,
                              m->actor,
                              m->device,
                              m->has_seq ? m->device_seq : -1,
                              m->has_cost ? m->unit_cost : -1 };
  buf_add(out, numbers, sizeof numbers);
  digest_text(out, m->id_bytes ? (struct str){ (const char *)m->uuid, sizeof m->uuid } : m->id_text);
  digest_text(out, m->reference);
  digest_text(out, m->notes);
}

static void bind_text(struct stmt *s, int i, struct str text) {
  if (text.n)
    stmt_str(s, i, text);
  else
    stmt_null(s, i);
}

static void bind_number(struct stmt *s, int i, bool has, int64_t v) {
  if (has)
    stmt_int(s, i, v);
  else
    stmt_null(s, i);
}

enum { LEDGER_COLUMNS = 20 };

/* The columns of one row; i: the place of the first. */
static void bind_row(struct stmt *s, int i, int64_t id, const struct movement *m, int64_t on_hand,
                     int64_t reserved) {
  const int64_t numbers[] = { m->kind,   m->place.item, m->place.warehouse, m->place.location, m->place.lot,
                              m->serial, m->quantity,   m->reserved,        on_hand,           reserved,
                              m->at,     m->recorded_at };
  enum { NUMBERS = sizeof numbers / sizeof *numbers };
  stmt_int(s, i, id);
  bind_event_id(s, i + 1, m);
  for (int k = 0; k < NUMBERS; k++) stmt_int(s, i + 2 + k, numbers[k]);
  bind_text(s, i + 2 + NUMBERS, m->reference);
  bind_text(s, i + 3 + NUMBERS, m->notes);
  stmt_int(s, i + 4 + NUMBERS, m->actor);
  bind_number(s, i + 5 + NUMBERS, m->device != 0, m->device);
  bind_number(s, i + 6 + NUMBERS, m->has_seq, m->device_seq);
  bind_number(s, i + 7 + NUMBERS, m->has_cost, m->unit_cost);
}

static int insert(struct book *b, const struct movement *m, int64_t on_hand, int64_t reserved) {
  struct stmt *s = db_stmt(b->cx, b->db, SQL_ledger_add);
  bind_row(s, 1, b->last + 1, m, on_hand, reserved);
  return stmt_run(b->cx, s);
}

static void digest_add(struct book *b, int64_t id, const struct movement *m, int64_t on_hand,
                       int64_t reserved) {
  buf_reset(&b->row);
  digest_row(&b->row, id, m, on_hand, reserved);
  sha256_add(b->digest, b->row.p, b->row.n);
}

static int refuse(struct event *e, const char *why) {
  e->outcome = EVENT_REFUSED;
  e->why = why;
  return OK;
}

static int take_singly(struct book *b, struct event *e, const struct movement *m) {
  int64_t on_hand, reserved;
  const char *why = NULL;
  if ((m->serial || b->archived) && known(b, e, m)) return b->cx->code;
  if (m->serial) why = wrong_piece(b, m);
  if (why) return refuse(e, why);
  struct cell *c = book_cell(b, &m->place);
  if (b->cx->code) return b->cx->code;
  if (__builtin_add_overflow(c->on_hand, m->quantity, &on_hand) ||
      __builtin_add_overflow(c->reserved, m->reserved, &reserved))
    return refuse(e, "the level would be more than can be counted");
  if (m->serial && move_piece(b, m)) return b->cx->code;
  if (insert(b, m, on_hand, reserved)) return b->cx->code;
  if (db_changes(b->db) == 0) {
    known(b, e, m);
    return b->cx->code;
  }
  c->on_hand = on_hand;
  c->reserved = reserved;
  c->last_id = ++b->last;
  e->outcome = EVENT_TAKEN;
  digest_add(b, b->last, m, on_hand, reserved);
  return OK;
}

/* The rows of the queue from one on: the levels go back to where they were, and the events are taken
** one by one. */
static int flush_singly(struct book *b, int from) {
  int n = b->queued;
  for (int i = n - 1; i >= from; i--) {
    const struct queued *q = &b->queue[i];
    struct cell *c = &b->cell[q->cell];
    c->on_hand = q->on_hand_before;
    c->reserved = q->reserved_before;
    c->last_id = q->last_before;
  }
  b->last -= n - from;
  b->queued = 0;
  for (int i = from; i < n && !b->cx->code; i++) take_singly(b, b->queue[i].event, &b->queue[i].m);
  return b->cx->code;
}

/* LEDGER_ROWS at a time, as if none of their events were known, which is the rule. The statement ends at
** the first one that is (INSERT OR FAIL); the rows before it stand, with their balances. */
static int flush(struct book *b) {
  if (b->queued < LEDGER_ROWS) return flush_singly(b, 0);
  struct stmt *s = db_stmt(b->cx, b->db, SQL_ledger_add_rows);
  int added = LEDGER_ROWS;
  for (int i = 0; i < LEDGER_ROWS; i++) {
    const struct queued *q = &b->queue[i];
    bind_row(s, 1 + i * LEDGER_COLUMNS, q->id, &q->m, q->on_hand, q->reserved);
  }
  if (stmt_run(b->cx, s)) {
    if (b->cx->code != E_CONFLICT) return b->cx->code;
    ctx_forgive(b->cx);
    added = (int)db_changes(b->db);
  }
  for (int i = 0; i < added; i++) {
    const struct queued *q = &b->queue[i];
    digest_add(b, q->id, &q->m, q->on_hand, q->reserved);
  }
  return flush_singly(b, added);
}

static int enqueue(struct book *b, struct event *e, const struct movement *m) {
  struct queued *q = &b->queue[b->queued];
  struct cell *c = book_cell(b, &m->place);
  if (b->cx->code) return b->cx->code;
  if (__builtin_add_overflow(c->on_hand, m->quantity, &q->on_hand) ||
      __builtin_add_overflow(c->reserved, m->reserved, &q->reserved))
    return refuse(e, "the level would be more than can be counted");
  q->m = *m;
  q->event = e;
  q->cell = (size_t)(c - b->cell);
  q->on_hand_before = c->on_hand;
  q->reserved_before = c->reserved;
  q->last_before = c->last_id;
  c->on_hand = q->on_hand;
  c->reserved = q->reserved;
  c->last_id = q->id = ++b->last;
  e->outcome = EVENT_TAKEN;
  return ++b->queued == LEDGER_ROWS ? flush(b) : OK;
}

static int take_one(struct book *b, struct event *e) {
  struct movement m;
  int kind = stock_kind_find(e->type);
  const char *why = movement_wrong(e, kind);
  if (why) return refuse(e, why);
  if (movement_read(b, e, kind, &m)) return b->cx->code;
  if (!b->archived && !m.serial) return enqueue(b, e, &m);
  return b->queued && flush_singly(b, 0) ? (int)b->cx->code : take_singly(b, e, &m);
}

/* ---- the batch ---- */

static int book_open(struct ctx *cx, struct db *db, struct book *b) {
  *b = (struct book){ .cx = cx, .db = db };
  for (int i = 0; i < NAME_KINDS; i++) map_init(&b->names[i]);
  map_init(&b->cells);
  buf_init(&b->row, KIB(512));
  b->recorded_at = cx->now;
  struct stmt *s = db_stmt(cx, db, SQL_ledger_end);
  if (stmt_row(cx, s)) {
    b->first = b->last = col_int(s, 0);
    if (col_int(s, 1) > b->recorded_at) b->recorded_at = col_int(s, 1);
    b->archived = col_int(s, 2) != 0;
    stmt_done(s);
  }
  b->actor = book_name(b, NAME_ACTOR, str_of(cx->actor));
  return cx->code;
}

/* After book_open, whatever it returned. */
static void book_close(struct book *b) {
  for (int i = 0; i < NAME_KINDS; i++) map_clear(&b->names[i]);
  map_clear(&b->cells);
  buf_clear(&b->row);
  free(b->cell);
}

/* The rows since b->first. */
static int note_batch(struct book *b) {
  unsigned char sum[SHA256_SIZE];
  char hex[SHA256_HEX];
  int64_t count = b->last - b->first;
  sha256_end(b->digest, sum);
  if (!count) return OK;
  const char *after =
      ctx_printf(b->cx, "{\"first\":%lld,\"last\":%lld,\"sha256\":\"%s\"}", (long long)b->first + 1,
                 (long long)b->last, hex_encode(hex, sum, sizeof sum));
  return change_append(
      b->cx, b->db,
      &(struct change){ .event = "STOCK_MOVED",
                        .table = "stock_transactions",
                        .after = str_of(after),
                        .count = count,
                        .text = ctx_printf(b->cx, "%lld movements of stock", (long long)count) });
}

static void *open_book(struct ctx *cx, struct db *db) {
  struct book *b = xcalloc(1, sizeof *b);
  book_open(cx, db, b);
  return b;
}

static int take(struct ctx *cx, void *open, struct event *events, size_t n) {
  struct book *b = open;
  int rc = cx->code;
  b->cx = cx;
  b->first = b->last;
  b->digest = sha256_new();
  for (size_t i = 0; i < n && !rc; i++)
    if (events[i].outcome != EVENT_REFUSED) rc = take_one(b, &events[i]);
  if (!rc) rc = flush_singly(b, 0);
  if (!rc) rc = note_batch(b);
  sha256_free(b->digest);
  return rc;
}

static int close_book(struct ctx *cx, void *open) {
  struct book *b = open;
  b->cx = cx;
  if (!cx->code) write_levels(b);
  book_close(b);
  free(b);
  return cx->code;
}

const struct topic_door stock_door = {
  .topic = STOCK_TOPIC, .open = open_book, .take = take, .close = close_book
};

/* ---- proof ---- */

static void read_row(const struct stmt *s, struct buf *out) {
  struct movement m = { .kind = (int)col_int(s, 1),
                        .place = { col_int(s, 2), col_int(s, 3), col_int(s, 4), col_int(s, 5) },
                        .serial = col_int(s, 6),
                        .quantity = col_int(s, 7),
                        .reserved = col_int(s, 8),
                        .at = col_int(s, 11),
                        .recorded_at = col_int(s, 12),
                        .actor = col_int(s, 13),
                        .device = col_int(s, 14),
                        .has_seq = !col_null(s, 15),
                        .device_seq = col_int(s, 15),
                        .has_cost = !col_null(s, 16),
                        .unit_cost = col_int(s, 16),
                        .id_text = col_str(s, 17),
                        .reference = col_str(s, 18),
                        .notes = col_str(s, 19) };
  buf_reset(out);
  digest_row(out, col_int(s, 0), &m, col_int(s, 9), col_int(s, 10));
}

/* The rows of one batch; one that lacks some because they were archived is not compared. */
static bool batch_holds(struct ctx *cx, struct db *db, const struct stmt *batch, int64_t *rows) {
  unsigned char sum[SHA256_SIZE];
  char hex[SHA256_HEX];
  struct buf row;
  int64_t count = 0;
  struct sha256 *h = sha256_new();
  struct stmt *s = db_stmt(cx, db, SQL_ledger_range);
  buf_init(&row, KIB(512));
  stmt_bind(s, col_int(batch, 0), col_int(batch, 1));
  for (; stmt_row(cx, s); count++) {
    read_row(s, &row);
    sha256_add(h, row.p, row.n);
  }
  sha256_end(h, sum);
  sha256_free(h);
  buf_clear(&row);
  *rows += count;
  bool whole = count == col_int(batch, 1) - col_int(batch, 0) + 1;
  return !whole || str_eq(col_str(batch, 2), str_of(hex_encode(hex, sum, sizeof sum)));
}

int ledger_verify(struct ctx *cx, struct db *db, int64_t *bad, int64_t *rows) {
  int64_t batched = 0;
  *bad = *rows = 0;
  struct stmt *s = db_stmt(cx, db, SQL_ledger_batches);
  while (stmt_row(cx, s)) {
    batched += col_int(s, 1) - col_int(s, 0) + 1;
    if (!batch_holds(cx, db, s, rows) && !*bad) *bad = col_int(s, 0);
  }
  /* Rows that no batch brought, and rows that went without being archived. */
  if (!cx->code && !*bad && *rows + db_int(cx, db, SQL_ledger_archived_count, 0) != batched) *bad = *rows + 1;
  int64_t all = db_int(cx, db, SQL_ledger_count, 0);
  if (!cx->code && !*bad && all != *rows) *bad = *rows + 1;
  return cx->code;
}
