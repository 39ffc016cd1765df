/* cmd_stock.c - what there is and how it came about: levels, history, movements, replay. */
#include "base/time.h"
#include "cli/cli.h"
#include "inventory/daily.h"
#include "inventory/file.h"
#include "inventory/levels.h"
#include "inventory/move.h"
#include "inventory/quality.h"
#include "inventory/report.h"
#include "inventory/scan.h"
#include "inventory/snapshot.h"

/* ---- what people do ---- */

struct order {
  struct stock_move moves[2];
  size_t count;
  bool allow_negative;
};

static int write_order(struct ctx *cx, struct db *db, void *arg) {
  struct order *o = arg;
  return stock_move(cx, db, o->moves, o->count, o->allow_negative);
}

static void read_place(const struct cli *c, struct stock_move *m) {
  m->location = cli_get(c, "location");
  m->lot = cli_get(c, "lot");
  m->reference = cli_get(c, "reference");
  m->notes = cli_get(c, "reason");
}

static void show_moves(struct ctx *cx, const struct jv *moves) {
  static const char words[] = "{type} of {sku} in {warehouse}: {quantity}: {quantity_on_hand} on hand, "
                              "{quantity_reserved} reserved\n";
  if (jv_kind(moves) == JV_ARRAY)
    cli_say_each(cx, moves, words);
  else
    cli_say(cx, moves, words);
}

static int run_order(struct ctx *cx, struct cli *c, struct order *o) {
  struct tenant *t;
  o->allow_negative = cli_has(c, "allow-negative");
  if (cli_tenant(cx, c, &t) || tenant_write(cx, t, write_order, o)) return cx->code;
  if (o->count > 1) jw_array(&c->json, NULL);
  for (size_t i = 0; i < o->count; i++) stock_move_json(&c->json, NULL, &o->moves[i]);
  if (o->count > 1) jw_close(&c->json, ']');
  return cli_show(cx, c, show_moves);
}

int cmd_stock_adjust(struct ctx *cx, struct cli *c) {
  struct order o = { .count = 1 };
  struct stock_move *m = &o.moves[0];
  m->sku = c->operand[0];
  m->warehouse = c->operand[1];
  m->serial = cli_get(c, "serial");
  read_place(c, m);
  if (stock_adjust_kind(cx, cli_get(c, "kind"), &m->kind)) return cx->code;
  if (stock_quantity(cx, "quantity", c->operand[2], &m->quantity)) return cx->code;
  return run_order(cx, c, &o);
}

int cmd_stock_count(struct ctx *cx, struct cli *c) {
  struct order o = { .count = 1 };
  struct stock_move *m = &o.moves[0];
  *m = (struct stock_move){
    .kind = MOVE_COUNT, .sku = c->operand[0], .warehouse = c->operand[1], .counted = true
  };
  read_place(c, m);
  if (stock_quantity(cx, "quantity", c->operand[2], &m->quantity)) return cx->code;
  return run_order(cx, c, &o);
}

int cmd_stock_transfer(struct ctx *cx, struct cli *c) {
  struct order o = { .count = 2 };
  struct stock_move what = { .sku = c->operand[0],
                             .warehouse = c->operand[1],
                             .serial = cli_get(c, "serial") };
  read_place(c, &what);
  if (stock_quantity(cx, "quantity", c->operand[3], &what.quantity) ||
      stock_transfer_moves(cx, &what, c->operand[2], o.moves))
    return cx->code;
  return run_order(cx, c, &o);
}

/* ---- from a file ---- */

static void show_import(struct ctx *cx, const struct jv *r) {
  enum { SHOWN = 20 };
  const struct jv *refusals = jv_get(r, "refusals");
  cli_say(cx, r, "{rows} rows: {taken} taken, {known} known already, {refused} refused\n");
  for (size_t i = 0; i < jv_size(refusals) && i < SHOWN; i++)
    cli_say(cx, jv_at(refusals, i), "  line {line}: {why}\n");
  cli_say(cx, r, "[columns left alone: {ignored_columns}\n]");
}

int cmd_stock_import(struct ctx *cx, struct cli *c) {
  struct stock_file_result r;
  struct tenant *t;
  if (cli_tenant(cx, c, &t) ||
      stock_file_load(cx, t, c->operand[0], cli_get(c, "warehouse"), cli_get(c, "kind"), &r))
    return cx->code;
  if (r.refused && cli_has(c, "strict")) c->exit_code = EXIT_EXCEPTIONS;
  stock_file_json(&c->json, NULL, &r);
  return cli_show(cx, c, show_import);
}

/* ---- what there is ---- */

int cmd_stock_levels(struct ctx *cx, struct cli *c) {
  static const struct cli_column columns[] = {
    { "sku", "sku", -24 },
    { "warehouse", "warehouse", -20 },
    { "quantity_on_hand", "on hand", 14 },
    { "quantity_reserved", "reserved", 14 },
    { "quantity_available", "available", 14 },
    { 0 },
  };
  struct db *db;
  if (cli_read(cx, c, &db) ||
      stock_levels_list(cx, db, cli_get(c, "sku"), cli_get(c, "warehouse"), &c->json, NULL))
    return cx->code;
  return cli_print_list(cx, c, columns, "nothing is in stock yet; `outpost stock import FILE` brings it in");
}

static void show_history(struct ctx *cx, const struct jv *list) {
  for (size_t i = 0; i < jv_size(list); i++) {
    const struct jv *r = jv_at(list, i);
    bool holds = !str_eq(jv_text(jv_get(r, "reserved")), STR("0"));
    cli_say(cx, r, "{at:.19}  {type:-16} {sku:-20} {warehouse:-16} ");
    cli_say(cx, r, holds ? "{reserved:12} {reserved_after:12}" : "{quantity:12} {on_hand_after:12}");
    cli_say(cx, r, "[  {reference}]\n");
  }
}

int cmd_stock_history(struct ctx *cx, struct cli *c) {
  struct history_scope scope = { .sku = cli_operand(c, 0, NULL),
                                 .warehouse = cli_get(c, "warehouse"),
                                 .from = INT64_MIN };
  const char *next;
  struct db *db;
  if (cli_int(cx, c, "limit", 100, 0, INT64_MAX, &scope.limit) || cli_day(cx, c, "from", &scope.from) ||
      cli_day(cx, c, "until", &scope.to) || cli_read(cx, c, &db))
    return cx->code;
  if (cli_has(c, "until")) scope.to += DAY_US; /* the day is in it */
  if (stock_history(cx, db, &scope, &c->json, NULL, &next)) return cx->code;
  return cli_show(cx, c, show_history);
}

int cmd_stock_replay(struct ctx *cx, struct cli *c) {
  struct db *db;
  struct replay_result r;
  if (cli_read(cx, c, &db) || stock_replay(cx, db, &r)) return cx->code;
  if (r.differs) c->exit_code = EXIT_FAILED;
  stock_replay_json(&c->json, NULL, &r);
  return cli_answer(cx, c, "{text}\n");
}

/* ---- added up ---- */

struct aggregate {
  bool full;
  struct daily_result daily;
  int64_t weeks;
};

static int aggregate(struct ctx *cx, struct db *db, void *arg) {
  struct aggregate *a = arg;
  int64_t today = stock_day(cx->now);
  int rc =
      a->full ? stock_daily_full(cx, db, today, &a->daily) : stock_daily_update(cx, db, today, &a->daily);
  return rc ? rc : stock_weekly_update(cx, db, &a->weeks);
}

int cmd_stock_aggregate(struct ctx *cx, struct cli *c) {
  struct aggregate a = { .full = cli_has(c, "full") };
  struct tenant *t;
  double began = time_seconds();
  if (cli_tenant(cx, c, &t) || tenant_write(cx, t, aggregate, &a)) return cx->code;
  jw_record(&c->json, NULL, "movements", a.daily.rows, "days", a.daily.days, "weeks", a.weeks, "seconds",
            arg_real(time_seconds() - began, 4));
  return cli_answer(cx, c, "{movements} movements were added up, {seconds} s\n");
}

/* A day as --as-of or an operand; -1 when there is none. */
static int read_day(struct ctx *cx, const char *text, int64_t *day) {
  int64_t at;
  *day = -1;
  if (!text) return OK;
  if (!time_parse_iso(str_of(text), &at) || at < 0)
    return cli_usage(cx, "a day looks like 2024-02-29, not %.40s", text);
  *day = stock_day(at);
  return OK;
}

int cmd_stock_metrics(struct ctx *cx, struct cli *c) {
  static const struct cli_column columns[] = {
    { "sku", "sku", -24 },
    { "warehouse", "warehouse", -20 },
    { "velocity", "velocity", 12 },
    { "trend", "trend", 12 },
    { "turnover", "turnover", 10 },
    { "days_of_cover", "cover", 10 },
    { 0 },
  };
  int64_t day;
  struct db *db;
  if (read_day(cx, cli_get(c, "as-of"), &day) || cli_read(cx, c, &db) ||
      report_metrics(cx, db, cli_operand(c, 0, NULL), cli_get(c, "warehouse"), day, &c->json, NULL))
    return cx->code;
  return cli_print_list(cx, c, columns, "nothing has moved yet");
}

/* ---- checked ---- */

struct look {
  struct quality_result results[QUALITY_CHECKS];
  int64_t failed;
};

static int keep(struct ctx *cx, struct db *db, void *arg) {
  struct look *l = arg;
  return quality_keep(cx, db, l->results, &l->failed);
}

static void show_quality(struct ctx *cx, const struct jv *list) {
  for (size_t i = 0; i < jv_size(list); i++) {
    const struct jv *r = jv_at(list, i), *samples = jv_get(r, "samples");
    cli_say(cx, r, "{passed?ok  :BAD } {check:-24} {failed:6}  {help}\n");
    for (size_t j = 0; j < jv_size(samples) && j < 3; j++)
      cli_say(cx, jv_at(samples, j), "       {subject}: {text}\n");
  }
}

int cmd_stock_quality(struct ctx *cx, struct cli *c) {
  struct look *l = ctx_alloc(cx, sizeof *l);
  struct tenant *t;
  struct db *db;
  /* Looked at by a reader: the checks take their time, and nobody has to wait for them. */
  if (cli_tenant(cx, c, &t) || tenant_read(cx, t, &db) || quality_look(cx, db, l->results) ||
      tenant_write(cx, t, keep, l) || quality_json(cx, db, l->results, &c->json, NULL))
    return cx->code;
  return cli_show(cx, c, show_quality);
}

/* ---- looked up ---- */

int cmd_stock_snapshot(struct ctx *cx, struct cli *c) {
  int64_t day, known;
  struct db *db;
  if (read_day(cx, cli_operand(c, 0, NULL), &day) || read_day(cx, cli_get(c, "as-of"), &known) ||
      cli_read(cx, c, &db) ||
      (day < 0 ? snapshot_list(cx, db, 1000, &c->json, NULL)
               : snapshot_show(cx, db, day, known, &c->json, NULL)))
    return cx->code;
  return cli_print_json(cx, &c->out);
}

int cmd_stock_scan(struct ctx *cx, struct cli *c) {
  struct db *db;
  if (cli_read(cx, c, &db) || stock_scan(cx, db, c->operand[0], &c->json, NULL)) return cx->code;
  return cli_print_json(cx, &c->out);
}
