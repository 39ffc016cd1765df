#include "inventory/levels.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "inventory/book.h"
#include "store/column.h"

/* ---- the ledger walked through ---- */

struct sum {
  int64_t on_hand, reserved, last_id, recorded_at;
  bool seen; /* among the stored levels */
};

struct walk {
  struct map places; /* struct place -> index */
  struct sum *sum;
  struct place *place;
  size_t count;
  int64_t rows;
  int64_t bad_row, bad_on_hand, bad_reserved, again_on_hand,
      again_reserved; /* first broken balance; 0: none */
  struct place bad_place;
};

static struct sum *sum_at(struct walk *k, const struct place *p) {
  bool added;
  uint64_t *at = map_put(&k->places, (struct str){ (const char *)p, sizeof *p }, &added);
  if (!added) return &k->sum[*at];
  k->sum = xmore(k->sum, k->count, sizeof *k->sum);
  k->place = xmore(k->place, k->count, sizeof *k->place);
  *at = k->count;
  k->place[k->count] = *p;
  k->sum[k->count] = (struct sum){ 0 };
  return &k->sum[k->count++];
}

static void walk_clear(struct walk *k) {
  map_clear(&k->places);
  free(k->sum);
  free(k->place);
}

static struct place place_from(const struct stmt *s, int i) {
  return (struct place){ col_int(s, i), col_int(s, i + 1), col_int(s, i + 2), col_int(s, i + 3) };
}

static void note_balance(struct walk *k, const struct stmt *s, const struct place *p, const struct sum *sum) {
  if (k->bad_row || (col_int(s, 7) == sum->on_hand && col_int(s, 8) == sum->reserved)) return;
  k->bad_row = col_int(s, 0);
  k->bad_place = *p;
  k->bad_on_hand = col_int(s, 7);
  k->bad_reserved = col_int(s, 8);
  k->again_on_hand = sum->on_hand;
  k->again_reserved = sum->reserved;
}

/* Sums without a carry that would be undefined; a balance that is wrong by 2^64 is wrong, too. */
static int64_t plus(int64_t a, int64_t b) { return (int64_t)((uint64_t)a + (uint64_t)b); }

static int walk(struct ctx *cx, struct db *db, struct walk *k) {
  map_init(&k->places);
  struct stmt *s = db_stmt(cx, db, SQL_replay_archived);
  while (stmt_row(cx, s)) {
    struct place p = place_from(s, 0);
    struct sum *sum = sum_at(k, &p);
    sum->on_hand = col_int(s, 4);
    sum->reserved = col_int(s, 5);
  }
  bool archived = db_int(cx, db, SQL_ledger_archived_count, 0) > 0;
  s = db_stmt(cx, db, SQL_replay_rows);
  for (; stmt_row(cx, s); k->rows++) {
    struct place p = place_from(s, 1);
    struct sum *sum = sum_at(k, &p);
    sum->on_hand = plus(sum->on_hand, col_int(s, 5));
    sum->reserved = plus(sum->reserved, col_int(s, 6));
    sum->last_id = col_int(s, 0);
    sum->recorded_at = col_int(s, 10);
    /* Archiving goes by time, the chain by arrival: with rows in files it has holes, and the sums must do. */
    if (!archived) note_balance(k, s, &p, sum);
  }
  return cx->code;
}

/* ---- what differs ---- */

static int compare_codes(const char *a, const char *b) { return strcmp(a ? a : "", b ? b : ""); }

/* Is the place of x before that of y, by its codes? */
static bool before(const struct replay_result *x, const struct replay_result *y) {
  int c = compare_codes(x->sku, y->sku);
  if (!c) c = compare_codes(x->warehouse, y->warehouse);
  if (!c) c = compare_codes(x->location, y->location);
  if (!c) c = compare_codes(x->lot, y->lot);
  return c < 0;
}

static void find(struct ctx *cx, struct db *db, struct replay_result *out, const char *what,
                 const struct place *p, const struct sum *stored, const struct sum *again) {
  struct replay_result r = *out;
  r.differs = true;
  r.what = what;
  r.sku = stock_code(cx, db, p->item);
  r.warehouse = stock_code(cx, db, p->warehouse);
  r.location = stock_code(cx, db, p->location);
  r.lot = stock_code(cx, db, p->lot);
  r.on_hand = stored->on_hand;
  r.reserved = stored->reserved;
  r.on_hand_again = again->on_hand;
  r.reserved_again = again->reserved;
  if (!out->differs || before(&r, out)) *out = r;
}

static int compare_levels(struct ctx *cx, struct db *db, struct walk *k, struct replay_result *out) {
  static const struct sum nothing;
  struct stmt *s = db_stmt(cx, db, SQL_replay_levels);
  for (; stmt_row(cx, s); out->levels++) {
    struct place p = place_from(s, 0);
    struct sum stored = { .on_hand = col_int(s, 4), .reserved = col_int(s, 5) };
    uint64_t *at = map_get(&k->places, (struct str){ (const char *)&p, sizeof p });
    const struct sum *again = at ? &k->sum[*at] : &nothing;
    if (at) k->sum[*at].seen = true;
    if (!at || stored.on_hand != again->on_hand || stored.reserved != again->reserved)
      find(cx, db, out, "level", &p, &stored, again);
  }
  for (size_t i = 0; i < k->count && !cx->code; i++)
    if (!k->sum[i].seen) find(cx, db, out, "level", &k->place[i], &nothing, &k->sum[i]);
  return cx->code;
}

static const char *place_text(struct ctx *cx, const struct replay_result *r) {
  return ctx_printf(cx, "%s in %s%s%s%s%s", r->sku, r->warehouse, r->location ? ", location " : "",
                    r->location ? r->location : "", r->lot ? ", lot " : "", r->lot ? r->lot : "");
}

static const char *sentence(struct ctx *cx, const struct replay_result *r) {
  if (!r->differs)
    return ctx_printf(cx, "%lld levels are what %lld rows of the ledger come to", (long long)r->levels,
                      (long long)(r->rows + r->archived));
  if (r->serial) return ctx_printf(cx, "piece %s of %s is not where the ledger says", r->serial, r->sku);
  const char *where = place_text(cx, r);
  if (r->row)
    return ctx_printf(cx, "row %lld of the ledger, %s: its balance is %s (reserved %s), it should be %s (%s)",
                      (long long)r->row, where, stock_text(cx, r->on_hand), stock_text(cx, r->reserved),
                      stock_text(cx, r->on_hand_again), stock_text(cx, r->reserved_again));
  return ctx_printf(cx, "%s: stored %s (reserved %s), the ledger comes to %s (%s)", where,
                    stock_text(cx, r->on_hand), stock_text(cx, r->reserved), stock_text(cx, r->on_hand_again),
                    stock_text(cx, r->reserved_again));
}

static int compare_pieces(struct ctx *cx, struct db *db, struct replay_result *out) {
  struct stmt *s = db_stmt(cx, db, SQL_replay_pieces);
  if (!stmt_row(cx, s)) return cx->code;
  int64_t item = col_int(s, 0), warehouse = col_int(s, 1), serial = col_int(s, 2);
  stmt_done(s);
  out->differs = true;
  out->what = "serial";
  out->sku = stock_code(cx, db, item);
  out->warehouse = stock_code(cx, db, warehouse);
  out->serial = stock_code(cx, db, serial);
  return cx->code;
}

static int compare_all(struct ctx *cx, struct db *db, struct walk *k, struct replay_result *out) {
  static const char balance[] = "balance";
  if (compare_levels(cx, db, k, out)) return cx->code;
  if (!out->differs && k->bad_row) {
    struct sum stored = { .on_hand = k->bad_on_hand, .reserved = k->bad_reserved };
    struct sum again = { .on_hand = k->again_on_hand, .reserved = k->again_reserved };
    find(cx, db, out, balance, &k->bad_place, &stored, &again);
    out->row = k->bad_row;
  }
  return out->differs ? (int)cx->code : compare_pieces(cx, db, out);
}

int stock_replay(struct ctx *cx, struct db *db, struct replay_result *out) {
  struct walk k = { .count = 0 };
  *out = (struct replay_result){ 0 };
  int rc = walk(cx, db, &k);
  out->rows = k.rows;
  out->archived = rc ? 0 : db_int(cx, db, SQL_ledger_archived_count, 0);
  if (!rc) rc = compare_all(cx, db, &k, out);
  walk_clear(&k);
  if (!rc) out->text = sentence(cx, out);
  return rc;
}

void stock_replay_json(struct jw *w, const char *key, const struct replay_result *r) {
  jw_object(w, key);
  jw_put(w, "ok", arg_bool(!r->differs), "rows", r->rows, "archived", r->archived, "levels", r->levels,
         "text", r->text);
  if (r->differs) {
    jw_object(w, "difference");
    jw_put(w, "what", r->what, "sku", r->sku, "warehouse", r->warehouse, "location", r->location, "lot",
           r->lot, "serial", r->serial);
    if (r->row) jw_int(w, "row", r->row);
    jw_record(w, "stored", "quantity_on_hand", stock_number(r->on_hand), "quantity_reserved",
              stock_number(r->reserved));
    jw_record(w, "recomputed", "quantity_on_hand", stock_number(r->on_hand_again), "quantity_reserved",
              stock_number(r->reserved_again));
    jw_close(w, '}');
  }
  jw_close(w, '}');
}

/* ---- made again ---- */

static int write_sum(struct ctx *cx, struct db *db, const struct place *p, const struct sum *sum) {
  return db_act(cx, db, SQL_stock_level_set, p->item, p->warehouse, p->location, p->lot, sum->on_hand,
                sum->reserved, sum->last_id, sum->recorded_at);
}

int stock_levels_rebuild(struct ctx *cx, struct db *db, int64_t *changed) {
  struct walk k = { .count = 0 };
  int64_t there = 0, same = 0;
  int rc = walk(cx, db, &k);
  struct stmt *s = rc ? NULL : db_stmt(cx, db, SQL_replay_levels);
  for (; !rc && stmt_row(cx, s); there++) {
    struct place p = place_from(s, 0);
    uint64_t *at = map_get(&k.places, (struct str){ (const char *)&p, sizeof p });
    same += at && k.sum[*at].on_hand == col_int(s, 4) && k.sum[*at].reserved == col_int(s, 5);
  }
  if (!rc) rc = stmt_run(cx, db_stmt(cx, db, SQL_replay_clear));
  for (size_t i = 0; i < k.count && !rc; i++) rc = write_sum(cx, db, &k.place[i], &k.sum[i]);
  *changed = (there > (int64_t)k.count ? there : (int64_t)k.count) - same;
  walk_clear(&k);
  return rc ? rc : (int)cx->code;
}

/* ---- lists ---- */

int stock_levels_list(struct ctx *cx, struct db *db, const char *sku, const char *warehouse, struct jw *w,
                      const char *key) {
  return columns_list(
      cx, db_ask(cx, db, SQL_stock_levels_list, sku, warehouse), w, key,
      "sku, name, category, warehouse, quantity_on_hand: number4, quantity_reserved: number4, "
      "quantity_available: number4, reorder_point: number4!, updated_at: instant");
}

static void event_id(struct jw *w, struct str id) {
  char hex[33], uuid[37];
  if (id.n != 16) {
    jw_str(w, "event_id", id);
    return;
  }
  hex_encode(hex, id.p, id.n);
  snprintf(uuid, sizeof uuid, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
  jw_text(w, "event_id", uuid);
}

static void history_row(struct jw *w, const struct stmt *s) {
  jw_object(w, NULL);
  columns_write(
      w, s, 0,
      "id: int, type, quantity: number4, reserved: number4, on_hand_after: number4, "
      "reserved_after: number4, at: instant, recorded_at: instant, sku, warehouse, location!, lot!, "
      "serial!, reference!, notes!, actor, device!, device_seq: int!, unit_cost: number4!");
  event_id(w, col_str(s, 19));
  jw_close(w, '}');
}

/* "at.id" of the row that the page before ended with. */
static int read_cursor(struct ctx *cx, const char *text, int64_t *at, int64_t *id) {
  *at = *id = INT64_MAX;
  if (!text) return OK;
  const char *dot = strchr(text, '.');
  if (dot && str_to_int((struct str){ text, (size_t)(dot - text) }, at) && str_to_int(str_of(dot + 1), id))
    return OK;
  return fail(cx, E_INVALID, "cursor", "a cursor is what `next` of the page before says, not '%.40s'", text);
}

/* ---- rows that lie in files ---- */

static stock_past_fn *past;
void stock_set_past(stock_past_fn *fn) { past = fn; }

struct past_row {
  int64_t at, id;
  const char *json;
};

struct past_rows {
  struct past_row *row;
  size_t count, room;
};

static void note_past(void *arg, int64_t at, int64_t id, const char *json) {
  struct past_rows *p = arg;
  if (p->count < p->room) p->row[p->count++] = (struct past_row){ at, id, json };
}

static int read_past(struct ctx *cx, struct db *db, const struct history_scope *scope, int64_t at, int64_t id,
                     struct past_rows *p) {
  *p = (struct past_rows){ .room = (size_t)scope->limit + 1 };
  if (!past) return OK;
  p->row = ctx_alloc(cx, p->room * sizeof *p->row);
  return past(cx, db, scope->sku, scope->warehouse, scope->from, scope->to, at, id, p->room, note_past, p);
}

/* One page, newest first, of two lists that are each in that order. */
struct page {
  struct jw *w;
  int64_t limit, count, at, id;
  const char *next;
};

static bool page_takes(struct ctx *cx, struct page *p, int64_t at, int64_t id) {
  if (p->count++ == p->limit) p->next = ctx_printf(cx, "%lld.%lld", (long long)p->at, (long long)p->id);
  if (p->count > p->limit) return false;
  p->at = at;
  p->id = id;
  return true;
}

static void put_past(struct ctx *cx, struct page *page, struct past_rows *p, size_t *from, int64_t at,
                     int64_t id) {
  for (; *from < p->count; ++*from) {
    const struct past_row *r = &p->row[*from];
    if (r->at < at || (r->at == at && r->id < id)) return;
    if (page_takes(cx, page, r->at, r->id)) jw_raw(page->w, NULL, str_of(r->json));
  }
}

int stock_history(struct ctx *cx, struct db *db, const struct history_scope *scope, struct jw *w,
                  const char *key, const char **next) {
  int64_t item, warehouse, at, id;
  struct page page = { .w = w, .limit = scope->limit };
  struct past_rows files;
  size_t taken = 0;
  *next = NULL;
  if (stock_name_asked(cx, db, "sku", NAME_ITEM, scope->sku, &item) ||
      stock_name_asked(cx, db, "warehouse", NAME_WAREHOUSE, scope->warehouse, &warehouse) ||
      read_cursor(cx, scope->cursor, &at, &id))
    return cx->code;
  if (!item && !warehouse) return fail(cx, E_INVALID, "sku", "say which: a sku, a warehouse, or both");
  if (read_past(cx, db, scope, at, id, &files)) return cx->code;
  struct stmt *s = db_ask(cx, db, item ? SQL_stock_history : SQL_stock_history_in, item, warehouse,
                          scope->from, scope->to ? scope->to : INT64_MAX, at, id, scope->limit + 1);
  jw_array(w, key);
  while (stmt_row(cx, s)) {
    put_past(cx, &page, &files, &taken, col_int(s, 6), col_int(s, 0));
    if (page_takes(cx, &page, col_int(s, 6), col_int(s, 0))) history_row(w, s);
  }
  put_past(cx, &page, &files, &taken, INT64_MIN, INT64_MIN);
  jw_close(w, ']');
  *next = page.next;
  return cx->code;
}
