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

static int print_move(struct ctx *cx, const struct stock_move *m) {
  struct buf b;
  struct jw w;
  buf_init(&b, 256);
  jw_init(&w, &b);
  stock_number(&w, NULL, m->change, STOCK_SCALE);
  buf_puts(&b, ": ");
  w.used = 0;
  stock_number(&w, NULL, m->on_hand, STOCK_SCALE);
  buf_puts(&b, " on hand, ");
  w.used = 0;
  stock_number(&w, NULL, m->reserved, STOCK_SCALE);
  buf_puts(&b, " reserved");
  int rc = cli_print(cx, "%s of %s in %s: %s\n", stock_kind_name(m->kind), m->sku, m->warehouse, b.p);
  buf_clear(&b);
  return rc;
}

static int run_order(struct ctx *cx, struct cli *c, struct order *o) {
  struct tenant *t;
  struct jw *w = &c->json;
  o->allow_negative = cli_has(c, "allow-negative");
  if (cli_tenant(cx, c, &t) || tenant_write(cx, t, write_order, o)) return cx->code;
  for (size_t i = 0; i < o->count && !cli_has(c, "json"); i++)
    if (print_move(cx, &o->moves[i])) return cx->code;
  if (!cli_has(c, "json")) return OK;
  if (o->count == 1) {
    stock_move_json(w, NULL, &o->moves[0]);
    return cli_print_json(cx, &c->out);
  }
  jw_array(w, NULL);
  for (size_t i = 0; i < o->count; i++) stock_move_json(w, NULL, &o->moves[i]);
  jw_close(w, ']');
  return cli_print_json(cx, &c->out);
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

int cmd_stock_import(struct ctx *cx, struct cli *c) {
  struct stock_file_result r;
  struct tenant *t;
  struct jw *w = &c->json;
  if (cli_tenant(cx, c, &t) ||
      stock_file_load(cx, t, c->operand[0], cli_get(c, "warehouse"), cli_get(c, "kind"), &r))
    return cx->code;
  if (r.refused && cli_has(c, "strict")) c->exit_code = EXIT_EXCEPTIONS;
  if (cli_has(c, "json")) {
    stock_file_json(w, NULL, &r);
    return cli_print_json(cx, &c->out);
  }
  cli_print(cx, "%lld rows: %lld taken, %lld known already, %lld refused\n", (long long)r.rows,
            (long long)r.taken, (long long)r.known, (long long)r.refused);
  for (int64_t i = 0; i < r.named && i < 20; i++)
    cli_print(cx, "  line %lld: %s\n", (long long)r.refusals[i].line, r.refusals[i].why);
  return r.ignored[0] ? cli_print(cx, "columns left alone: %s\n", r.ignored) : (int)cx->code;
}

/* ---- what there is ---- */

static int print_levels(struct ctx *cx, const struct jv *list) {
  if (!jv_size(list))
    return cli_print(cx, "nothing is in stock yet; `outpost stock import FILE` brings it in\n");
  cli_print(cx, "%-24s %-20s %14s %14s %14s\n", "sku", "warehouse", "on hand", "reserved", "available");
  for (size_t i = 0; i < jv_size(list); i++) {
    const struct jv *r = jv_at(list, i);
    cli_print(cx, "%-24.*s %-20.*s %14.*s %14.*s %14.*s\n", STR_ARG(jv_text(jv_get(r, "sku"))),
              STR_ARG(jv_text(jv_get(r, "warehouse"))), STR_ARG(jv_text(jv_get(r, "quantity_on_hand"))),
              STR_ARG(jv_text(jv_get(r, "quantity_reserved"))),
              STR_ARG(jv_text(jv_get(r, "quantity_available"))));
  }
  return cx->code;
}

/* A list that was made as JSON: as it is, or through `print` for people. */
static int show(struct ctx *cx, struct cli *c, struct buf *out,
                int (*print)(struct ctx *, const struct jv *)) {
  struct jv *list;
  if (cli_has(c, "json")) return cli_print_json(cx, out);
  if (!jv_parse(cx, buf_view(out), &list)) print(cx, list);
  buf_clear(out);
  return cx->code;
}

int cmd_stock_levels(struct ctx *cx, struct cli *c) {
  struct db *db;
  struct jw *w = &c->json;
  if (cli_read(cx, c, &db)) return cx->code;
  if (stock_levels_list(cx, db, cli_get(c, "sku"), cli_get(c, "warehouse"), w, NULL)) return cx->code;
  return show(cx, c, &c->out, print_levels);
}

static int print_history(struct ctx *cx, const struct jv *list) {
  for (size_t i = 0; i < jv_size(list); i++) {
    const struct jv *r = jv_at(list, i);
    struct str reserved = jv_text(jv_get(r, "reserved"));
    bool holds = !str_eq(reserved, STR("0"));
    cli_print(cx, "%.*s  %-16.*s %-20.*s %-16.*s %12.*s %12.*s  %.*s\n", 19, jv_text(jv_get(r, "at")).p,
              STR_ARG(jv_text(jv_get(r, "type"))), STR_ARG(jv_text(jv_get(r, "sku"))),
              STR_ARG(jv_text(jv_get(r, "warehouse"))),
              STR_ARG(holds ? reserved : jv_text(jv_get(r, "quantity"))),
              STR_ARG(jv_text(jv_get(r, holds ? "reserved_after" : "on_hand_after"))),
              STR_ARG(jv_text(jv_get(r, "reference"))));
  }
  return cx->code;
}

/* --from and --until: days, both of them in it. */
static int read_days(struct ctx *cx, const struct cli *c, int64_t *from, int64_t *to) {
  const char *first = cli_get(c, "from"), *last = cli_get(c, "until");
  *from = INT64_MIN;
  *to = 0;
  if (first && !time_parse_iso(str_of(first), from))
    return cli_usage(cx, "--from takes a day such as 2024-02-29, not %.40s", first);
  if (last && !time_parse_iso(str_of(last), to))
    return cli_usage(cx, "--until takes a day such as 2024-02-29, not %.40s", last);
  if (last) *to += DAY_US;
  return OK;
}

int cmd_stock_history(struct ctx *cx, struct cli *c) {
  struct history_scope scope = { .sku = cli_operand(c, 0, NULL), .warehouse = cli_get(c, "warehouse") };
  const char *next;
  struct db *db;
  struct jw *w = &c->json;
  if (cli_int(cx, c, "limit", 100, &scope.limit) || read_days(cx, c, &scope.from, &scope.to) ||
      cli_read(cx, c, &db))
    return cx->code;
  if (stock_history(cx, db, &scope, w, NULL, &next)) return cx->code;
  return show(cx, c, &c->out, print_history);
}

int cmd_stock_replay(struct ctx *cx, struct cli *c) {
  struct db *db;
  struct replay_result r;
  struct jw *w = &c->json;
  if (cli_read(cx, c, &db) || stock_replay(cx, db, &r)) return cx->code;
  if (r.differs) c->exit_code = EXIT_FAILED;
  if (!cli_has(c, "json")) return cli_print(cx, "%s\n", r.text);
  stock_replay_json(w, NULL, &r);
  return cli_print_json(cx, &c->out);
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
  if (cli_has(c, "json"))
    return cli_print(cx, "{\"movements\":%lld,\"days\":%lld,\"weeks\":%lld,\"seconds\":%.4f}\n",
                     (long long)a.daily.rows, (long long)a.daily.days, (long long)a.weeks,
                     time_seconds() - began);
  return cli_print(cx, "%lld movements were added up, %.2f s\n", (long long)a.daily.rows,
                   time_seconds() - began);
}

static int print_metrics(struct ctx *cx, const struct jv *list) {
  cli_print(cx, "%-24s %-20s %12s %12s %10s %10s\n", "sku", "warehouse", "velocity", "trend", "turnover",
            "cover");
  for (size_t i = 0; i < jv_size(list); i++) {
    const struct jv *r = jv_at(list, i);
    cli_print(cx, "%-24.*s %-20.*s %12.*s %12.*s %10.*s %10.*s\n", STR_ARG(jv_text(jv_get(r, "sku"))),
              STR_ARG(jv_text(jv_get(r, "warehouse"))), STR_ARG(jv_text(jv_get(r, "velocity"))),
              STR_ARG(jv_text(jv_get(r, "trend"))), STR_ARG(jv_text(jv_get(r, "turnover"))),
              STR_ARG(jv_text(jv_get(r, "days_of_cover"))));
  }
  return cx->code;
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
  int64_t day;
  struct db *db;
  struct jw *w = &c->json;
  if (read_day(cx, cli_get(c, "as-of"), &day) || cli_read(cx, c, &db)) return cx->code;
  if (report_metrics(cx, db, cli_operand(c, 0, NULL), cli_get(c, "warehouse"), day, w, NULL)) return cx->code;
  return show(cx, c, &c->out, print_metrics);
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

static int print_quality(struct ctx *cx, const struct jv *list) {
  for (size_t i = 0; i < jv_size(list); i++) {
    const struct jv *r = jv_at(list, i), *samples = jv_get(r, "samples");
    bool passed = str_eq(jv_text(jv_get(r, "passed")), STR("true"));
    cli_print(cx, "%-4s %-24.*s %6.*s  %.*s\n", passed ? "ok" : "BAD", STR_ARG(jv_text(jv_get(r, "check"))),
              STR_ARG(jv_text(jv_get(r, "failed"))), STR_ARG(jv_text(jv_get(r, "help"))));
    for (size_t j = 0; j < jv_size(samples) && j < 3; j++)
      cli_print(cx, "       %.*s: %.*s\n", STR_ARG(jv_text(jv_get(jv_at(samples, j), "subject"))),
                STR_ARG(jv_text(jv_get(jv_at(samples, j), "text"))));
  }
  return cx->code;
}

int cmd_stock_quality(struct ctx *cx, struct cli *c) {
  struct look *l = ctx_alloc(cx, sizeof *l);
  struct tenant *t;
  struct db *db;
  struct jw *w = &c->json;
  /* Looked at by a reader: the checks take their time, and nobody has to wait for them. */
  if (cli_tenant(cx, c, &t) || tenant_read(cx, t, &db) || quality_look(cx, db, l->results) ||
      tenant_write(cx, t, keep, l))
    return cx->code;
  if (quality_json(cx, db, l->results, w, NULL)) return cx->code;
  return show(cx, c, &c->out, print_quality);
}

/* ---- looked up ---- */

int cmd_stock_snapshot(struct ctx *cx, struct cli *c) {
  int64_t day, known;
  struct db *db;
  struct jw *w = &c->json;
  if (read_day(cx, cli_operand(c, 0, NULL), &day) || read_day(cx, cli_get(c, "as-of"), &known) ||
      cli_read(cx, c, &db))
    return cx->code;
  int rc = day < 0 ? snapshot_list(cx, db, 1000, w, NULL) : snapshot_show(cx, db, day, known, w, NULL);
  if (!rc) return cli_print_json(cx, &c->out);
  return rc;
}

int cmd_stock_scan(struct ctx *cx, struct cli *c) {
  struct db *db;
  struct jw *w = &c->json;
  if (cli_read(cx, c, &db)) return cx->code;
  if (!stock_scan(cx, db, c->operand[0], w, NULL)) return cli_print_json(cx, &c->out);
  return cx->code;
}
