/*
** routes_stock.c - the stock: what there is, how it came about, and what people do to it.
*/
#include "base/limits.h"
#include "base/time.h"
#include "http/routes.h"
#include "inventory/daily.h"
#include "inventory/levels.h"
#include "inventory/move.h"
#include "inventory/quality.h"
#include "inventory/report.h"
#include "inventory/scan.h"
#include "inventory/snapshot.h"
#include "inventory/week.h"

/* ---- what there is ---- */

static int stock_levels_get(struct request *rq) {
  struct levels_scope s = { 0 };
  int rc = query_texts(rq, { "q", &s.search }, { "warehouse", &s.warehouse }, { "category", &s.category },
                       { "state", &s.state }, { "sort", &s.sort }, { "cursor", &s.cursor });
  if (!rc) rc = query_int(rq, "limit", 1, PAGE_ROWS_MOST, PAGE_ROWS, &s.limit);
  return rc ? rc : report_levels(rq->cx, rq->db, &s, &rq->json);
}

static int stock_item_get(struct request *rq) {
  return report_item(rq->cx, rq->db, rq->param[0], &rq->json, "data");
}

static int query_time(struct request *rq, const char *name, bool whole_day, int64_t *out) {
  const char *text;
  int rc = query_text(rq, name, &text);
  if (rc || !text) return rc;
  if (!time_parse_iso(str_of(text), out))
    return fail(rq->cx, E_INVALID, name, "'%.40s' is no time; write it as 2024-02-29 or 2024-02-29T12:00:00Z",
                text);
  if (whole_day && strlen(text) == 10) *out += DAY_US;
  return OK;
}

static int stock_history_get(struct request *rq) {
  struct history_scope s = { .from = INT64_MIN };
  const char *next = NULL;
  int rc = query_texts(rq, { "sku", &s.sku }, { "warehouse", &s.warehouse });
  if (!rc) rc = query_time(rq, "from", false, &s.from);
  if (!rc) rc = query_time(rq, "to", true, &s.to);
  if (!rc) rc = query_int(rq, "limit", 1, PAGE_ROWS_MOST, PAGE_ROWS, &s.limit);
  if (!rc) rc = query_text(rq, "cursor", &s.cursor);
  if (!rc) rc = stock_history(rq->cx, rq->db, &s, &rq->json, "data", &next);
  if (!rc) jw_text(&rq->json, "next", next);
  return rc;
}

static int stock_scan_get(struct request *rq) {
  const char *code;
  int rc = query_text(rq, "code", &code);
  return rc ? rc : stock_scan(rq->cx, rq->db, code, &rq->json, "data");
}

static int stock_replay_get(struct request *rq) {
  struct replay_result r;
  int rc = stock_replay(rq->cx, rq->db, &r);
  if (!rc) stock_replay_json(&rq->json, "data", &r);
  return rc;
}

/* ---- added up and checked ---- */

static int query_day(struct request *rq, const char *name, int64_t *day) {
  int64_t at = -DAY_US;
  int rc = query_time(rq, name, false, &at);
  *day = stock_day(at);
  return rc;
}

static int stock_metrics_get(struct request *rq) {
  const char *sku, *warehouse = NULL;
  int64_t day = -1;
  int rc = query_texts(rq, { "sku", &sku }, { "warehouse", &warehouse });
  if (!rc) rc = query_day(rq, "day", &day);
  if (!rc) rc = report_metrics(rq->cx, rq->db, sku, warehouse, day, &rq->json, "data");
  if (!rc) metric_formulas(&rq->json, "formulas");
  return rc;
}

static int stock_snapshots_get(struct request *rq) {
  int64_t day = -1, known = -1, limit = 0;
  int rc = query_day(rq, "day", &day);
  if (!rc) rc = query_day(rq, "known", &known);
  if (!rc) rc = query_int(rq, "limit", 1, PAGE_ROWS_MOST, PAGE_ROWS, &limit);
  if (rc) return rc;
  return day < 0 ? snapshot_list(rq->cx, rq->db, limit, &rq->json, "data")
                 : snapshot_show(rq->cx, rq->db, day, known, &rq->json, "data");
}

static int stock_week_get(struct request *rq) {
  int64_t at;
  int rc = time_parse_iso(str_of(rq->param[0]), &at)
               ? OK
               : fail(rq->cx, E_INVALID, "day", "'%.40s' is no day; write it as 2024-02-29", rq->param[0]);
  return rc ? rc : week_show(rq->cx, rq->db, week_begin(stock_day(at)), &rq->json, "data");
}

static int stock_quality_get(struct request *rq) {
  struct quality_result *results = ctx_alloc(rq->cx, QUALITY_CHECKS * sizeof *results);
  int64_t at = rq->cx->now;
  bool now = false;
  int rc = query_flag(rq, "now", &now);
  if (!rc) rc = now ? quality_look(rq->cx, rq->db, results) : quality_latest(rq->cx, rq->db, results, &at);
  if (!rc) rc = quality_json(rq->cx, rq->db, results, &rq->json, "data");
  if (!rc) rc = quality_runs(rq->cx, rq->db, 30, &rq->json, "runs");
  if (!rc) jw_time_known(&rq->json, "at", at);
  return rc;
}

/* ---- what people do ---- */

struct order {
  struct stock_move *moves;
  size_t count;
  bool allow_negative;
};

static int write_order(struct ctx *cx, struct db *db, void *arg) {
  struct order *o = arg;
  return stock_move(cx, db, o->moves, o->count, o->allow_negative);
}

/* A text or number of the body; NULL when it is not there. */
static const char *member(struct ctx *cx, const struct jv *body, const char *name) {
  struct str text = jv_text(jv_get(body, name));
  return text.p && text.n ? ctx_strdup(cx, text) : NULL;
}

#define WHAT "sku, location, lot, serial, reference, reason, "
#define BEYOND "allow_negative"

static void read_move(struct ctx *cx, const struct jv *body, struct stock_move *m) {
  m->sku = member(cx, body, "sku");
  m->warehouse = member(cx, body, "warehouse");
  m->location = member(cx, body, "location");
  m->lot = member(cx, body, "lot");
  m->serial = member(cx, body, "serial");
  m->reference = member(cx, body, "reference");
  m->notes = member(cx, body, "reason");
}

static bool said(const struct jv *body, const char *name) {
  return str_eq(jv_text(jv_get(body, name)), STR("true"));
}

static int run_order(struct request *rq, const struct jv *body, struct order *o) {
  o->allow_negative = said(body, "allow_negative");
  int rc = tenant_write(rq->cx, rq->tenant, write_order, o);
  if (rc) return rc;
  jw_array(&rq->json, "data");
  for (size_t i = 0; i < o->count; i++) stock_move_json(&rq->json, NULL, &o->moves[i]);
  jw_close(&rq->json, ']');
  return OK;
}

static int stock_adjust_post(struct request *rq) {
  struct stock_move m = { .kind = MOVE_ADJUSTMENT };
  struct order o = { .moves = &m, .count = 1 };
  struct jv *body;
  if (body_members(rq, WHAT "warehouse, type, quantity, " BEYOND, &body)) return rq->cx->code;
  read_move(rq->cx, body, &m);
  if (stock_adjust_kind(rq->cx, member(rq->cx, body, "type"), &m.kind)) return rq->cx->code;
  if (stock_quantity(rq->cx, "quantity", member(rq->cx, body, "quantity"), &m.quantity)) return rq->cx->code;
  return run_order(rq, body, &o);
}

static int stock_count_post(struct request *rq) {
  struct order o = { 0 };
  struct jv *body;
  if (body_members(rq, "warehouse, reference, reason, lines, " BEYOND, &body)) return rq->cx->code;
  const struct jv *lines = jv_get(body, "lines");
  o.count = jv_size(lines);
  if (jv_kind(lines) != JV_ARRAY || !o.count)
    return fail(rq->cx, E_INVALID, "lines",
                "lines are what was counted: [{\"sku\":\"LAPTOP-001\",\"counted\":8}]");
  o.moves = ctx_alloc(rq->cx, o.count * sizeof *o.moves);
  for (size_t i = 0; i < o.count; i++) {
    struct jv *line = jv_at(lines, i);
    struct stock_move *m = &o.moves[i];
    if (body_allow(rq, line, WHAT "counted")) return rq->cx->code;
    read_move(rq->cx, line, m);
    m->kind = MOVE_COUNT;
    m->counted = true;
    m->warehouse = member(rq->cx, body, "warehouse");
    if (!m->reference) m->reference = member(rq->cx, body, "reference");
    if (!m->notes) m->notes = member(rq->cx, body, "reason");
    if (stock_quantity(rq->cx, "counted", member(rq->cx, line, "counted"), &m->quantity)) return rq->cx->code;
  }
  return run_order(rq, body, &o);
}

static int stock_transfer_post(struct request *rq) {
  struct stock_move what = { 0 }, moves[2];
  struct order o = { .moves = moves, .count = 2 };
  struct jv *body;
  if (body_members(rq, WHAT "from, to, quantity, " BEYOND, &body)) return rq->cx->code;
  read_move(rq->cx, body, &what);
  what.warehouse = member(rq->cx, body, "from");
  if (!what.warehouse) return fail(rq->cx, E_INVALID, "from", "from is needed: the warehouse that gives it");
  if (stock_quantity(rq->cx, "quantity", member(rq->cx, body, "quantity"), &what.quantity) ||
      stock_transfer_moves(rq->cx, &what, member(rq->cx, body, "to"), moves))
    return rq->cx->code;
  return run_order(rq, body, &o);
}

/* ---- the addresses ---- */

const struct route stock_routes[] = {
  { "GET", "/api/stock/levels", stock_levels_get, "stock.read",
    "What there is, with velocity and cover, and totals. sort=-available: the most first.", .cached = true,
    .reply = "[{sku, name: text?, category: text?, warehouse, on_hand: number, reserved: number, available: "
             "number, reorder_point: number?, velocity: number, trend: number, direction, average_on_hand: "
             "number, turnover: number?, days_of_cover: number?, risk: number?, state, updated_at}]; next: "
             "text?, totals: {levels: int, items: int, warehouses: int, on_hand: number, reserved: number, "
             "low: int, out: int, over: int}",
    .query = "q, warehouse, category, state: ok|low|out|over|all, sort, limit: int, cursor" },
  { "GET", "/api/stock/items/{id}", stock_item_get, "stock.read",
    "One item: levels, lots, serial numbers, reservations, figures with their formulas, movements.",
    .reply = "{item: {id, sku, name: text?, barcode: text?, category: text?, unit: text?, tracked, "
             "unit_cost: decimal?, reorder_point: decimal?, reorder_quantity: decimal?, active: bool}?, "
             "levels: [{warehouse, location: text?, lot: text?, expires: text?, on_hand: number, reserved: "
             "number, updated_at}], lots: [{code, made: text?, expires: text?, blocked: any, notes: text?}], "
             "serials: [{code, lot: text?, state, warehouse: text?, location: text?}], reservations: [{id: "
             "any, warehouse, location: text?, lot: text?, quantity: number, reference: text?, customer: "
             "text?, until: text?}], metrics?: [{sku, name: text?, category: text?, warehouse, "
             "warehouse_name: text?, day, velocity: number, trend: number, direction, average_on_hand: "
             "number, turnover: number?, days_of_cover: number?}], trends?: [{warehouse, until, trend: "
             "number, standard_error: number, issued: [number]}], movements?: [{id: int, type, sku, "
             "warehouse, *: any}], formulas: {velocity, trend, average_on_hand, turnover, days_of_cover}}",
    .reads = true },
  { "GET", "/api/stock/history", stock_history_get, "stock.read",
    "Movements of an item or of a warehouse, newest first.",
    .reply = "[{id: int, type, sku, warehouse, quantity: number, reserved: number, on_hand_after: number, "
             "reserved_after: number, at, recorded_at, reference?, actor, event_id, unit_cost?: number, "
             "notes?}]; next: text?",
    .query = "sku, warehouse, from, to, limit: int, cursor", .reads = true },
  { "GET", "/api/stock/scan", stock_scan_get, "stock.read",
    "What a scanned code stands for: SKU, barcode, location, lot, serial number, GS1 element string.",
    .reply = "{code, kind, matches: [{*: any}], gs1?: {*: any}}", .query = "code!", .reads = true },
  { "GET", "/api/stock/replay", stock_replay_get, "stock.read",
    "The levels derived from the ledger again, and compared: ok, or the first difference.",
    .reply = "{ok: bool, rows: int, archived: int, levels: int, text}", .reads = true },
  { "GET", "/api/stock/quality", stock_quality_get, "stock.read",
    "The quality checks as they were made last, with samples and verdicts. now=1 looks again.",
    .reply = "[{check, group, help, passed: bool, failed: int, samples: [{subject, text}]}]; runs: [{id: "
             "int, at, ledger: int, failed: int}], at: text?",
    .query = "now: 0|1", .reads = true },
  { "GET", "/api/stock/snapshots", stock_snapshots_get, "stock.read",
    "The days that were put down; with day what there was at its end, with known as it was known at the end "
    "of that other day.",
    .reply = "[{day, made_at, ledger?: int, rows: int}]", .query = "day: day, known: day, limit: int",
    .reads = true },
  { "GET", "/api/stock/metrics", stock_metrics_get, "stock.read",
    "Velocity, trend, turnover and cover with their formulas.",
    .reply = "[{sku, name: text?, category: text?, warehouse, warehouse_name: text?, day, velocity: number, "
             "trend: number, direction, average_on_hand: number, turnover: number?, days_of_cover: "
             "number?}]; formulas: {velocity, trend, average_on_hand, turnover, days_of_cover}",
    .query = "sku, warehouse, day: day", .reads = true },
  { "GET", "/api/stock/weeks/{id}", stock_week_get, "stock.read",
    "The report of the week that a day lies in, such as 2024-02-29.", .reply = "{...}", .reads = true },
  { "POST", "/api/stock/adjust", stock_adjust_post, "stock.write",
    "Books a change: {sku, warehouse, quantity, type, location, lot, serial, reference, reason, "
    "allow_negative}. 409 when it would lead below zero.",
    .reply = "[{event_id, type, sku, warehouse, reference?, quantity: number, quantity_on_hand: number, "
             "quantity_reserved: number}]",
    .body = "{sku!, warehouse!, quantity!: any, type, location, lot, serial, reference, reason, "
            "allow_negative: bool}",
    .body_max = LIMIT_BODY_BYTES },
  { "POST", "/api/stock/count", stock_count_post, "stock.write",
    "Books what was counted: {warehouse, reference, reason, lines: [{sku, location, lot, counted}]}.",
    .reply = "[{event_id, type, sku, warehouse, quantity: number, quantity_on_hand: number, "
             "quantity_reserved: number, location?}]",
    .body = "{warehouse!, reference, reason, lines!: [{sku!, location, lot, counted!: any}], allow_negative: "
            "bool}",
    .body_max = LIMIT_BODY_BYTES },
  { "POST", "/api/stock/transfer", stock_transfer_post, "stock.write",
    "Moves stock: {sku, from, to, quantity, location, lot, serial, reference, reason}.",
    .reply = "[{event_id, type, sku, warehouse, reference, quantity: number, quantity_on_hand: number, "
             "quantity_reserved: number}]",
    .body =
        "{sku!, from!, to!, quantity!: any, location, lot, serial, reference, reason, allow_negative: bool}",
    .body_max = LIMIT_BODY_BYTES },
  { 0 },
};
