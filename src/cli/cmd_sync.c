/* cmd_sync.c - replication to headquarters: it runs by itself in a server; here it is looked at, and run without one. */
#include "cli/cli.h"
#include "replicate/state.h"
#include "replicate/worker.h"

static struct str text(const struct jv *object, const char *key) {
  struct str s = jv_text(jv_get(object, key));
  return s.p ? s : STR("-");
}

static int print_lanes(struct ctx *cx, const struct jv *state) {
  const struct jv *lanes = jv_get(state, "lanes");
  cli_print(cx, "lane  sequence  behind rows  behind bytes  confirmed (UTC)\n");
  for (size_t i = 0; i < jv_size(lanes); i++) {
    const struct jv *lane = jv_at(lanes, i);
    cli_print(cx, "%-4.*s  %8.*s  %11.*s  %12.*s  %.19s\n", STR_ARG(text(lane, "lane")),
              STR_ARG(text(lane, "sequence")), STR_ARG(text(lane, "behind_rows")),
              STR_ARG(text(lane, "behind_bytes")), ctx_strdup(cx, text(lane, "confirmed_at")));
  }
  return cx->code;
}

static int print_state(struct ctx *cx, const struct jv *state) {
  const struct jv *forecast = jv_get(state, "forecast"), *cost = jv_get(state, "cost"),
                  *error = jv_get(state, "error"), *receipt = jv_get(state, "last_receipt");
  int64_t seconds;
  cli_print(cx, STR_FMT "\n\n", STR_ARG(text(state, "sentence")));
  if (!jv_size(jv_get(state, "lanes"))) return cx->code;
  cli_print(cx, "this edge   " STR_FMT ", origin " STR_FMT ", epoch " STR_FMT "\n",
            STR_ARG(text(state, "name")), STR_ARG(text(state, "origin")), STR_ARG(text(state, "epoch")));
  cli_print(cx, "upstream    " STR_FMT "\n\n", STR_ARG(text(state, "upstream")));
  print_lanes(cx, state);
  cli_print(cx, "\nforecast    " STR_FMT " rows, " STR_FMT " bytes", STR_ARG(text(forecast, "rows")),
            STR_ARG(text(forecast, "bytes")));
  if (str_to_int(text(forecast, "seconds"), &seconds))
    cli_print(cx, ": about %lld minutes at " STR_FMT " bytes a second", (long long)(seconds + 59) / 60,
              STR_ARG(text(forecast, "measured_bytes_per_second")));
  if (jv_kind(jv_get(cost, "bytes_a_thousand_rows")) != JV_NULL)
    cli_print(cx, "\ncost        " STR_FMT " statements and " STR_FMT " bytes for 1,000 rows",
              STR_ARG(text(cost, "statements_a_thousand_rows")),
              STR_ARG(text(cost, "bytes_a_thousand_rows")));
  cli_print(cx, "\n");
  if (jv_kind(receipt) == JV_OBJECT)
    cli_print(cx, "receipt     lane " STR_FMT ", batch " STR_FMT "\n", STR_ARG(text(receipt, "lane")),
              STR_ARG(text(receipt, "sequence")));
  if (jv_kind(error) == JV_OBJECT)
    cli_print(cx, "next try    %.19s UTC, after " STR_FMT " failures\n",
              ctx_strdup(cx, text(error, "next_try")), STR_ARG(text(error, "tries")));
  return cx->code;
}

int cmd_sync_status(struct ctx *cx, struct cli *c) {
  struct db *db;
  struct jv *state;
  if (cli_read(cx, c, &db) || sync_state_json(cx, db, &c->json, NULL)) return cx->code;
  if (cli_has(c, "json")) return cli_print_json(cx, &c->out);
  return jv_parse(cx, buf_view(&c->out), &state) ? (int)cx->code : print_state(cx, state);
}

static void say(struct ctx *cx, const char *sentence) {
  cli_print(cx, "%s; it is tried again\n", sentence);
  cli_flush(cx);
}

static int tell(struct ctx *cx, struct cli *c, struct tenant *t) {
  struct ctx look;
  struct db *db;
  struct jv *state;
  ctx_begin(&look, cx->actor);
  if (tenant_read(&look, t, &db) || sync_state_json(&look, db, &c->json, NULL)) fail_from(cx, &look);
  ctx_end(&look);
  if (cx->code || cli_has(c, "json")) return cx->code ? (int)cx->code : cli_print_json(cx, &c->out);
  if (jv_parse(cx, buf_view(&c->out), &state)) return cx->code;
  return cli_print(cx, STR_FMT "\n", STR_ARG(text(state, "sentence")));
}

int cmd_sync(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  if (cli_tenant(cx, c, &t)) return cx->code;
  if (!cli_has(c, "once")) return sync_forever(cx, t, say);
  return sync_once(cx, t) ? (int)cx->code : tell(cx, c, t);
}

/* ---- what people ask ---- */

static int ask(struct ctx *cx, struct cli *c, int (*act)(struct ctx *cx, struct tenant *t)) {
  struct tenant *t;
  return cli_tenant(cx, c, &t) || act(cx, t) ? (int)cx->code : tell(cx, c, t);
}

int cmd_sync_pause(struct ctx *cx, struct cli *c) { return ask(cx, c, sync_pause); }
int cmd_sync_resume(struct ctx *cx, struct cli *c) { return ask(cx, c, sync_resume); }

int cmd_sync_metered(struct ctx *cx, struct cli *c) {
  struct str word = str_of(c->operand[0]);
  struct tenant *t;
  int64_t bytes = 0;
  if (!str_eq(word, STR("off")) && (!str_to_int(word, &bytes) || bytes <= 0))
    return cli_usage(cx, "a metered link takes so many bytes a day, such as 5000000, or off; not %s",
                     c->operand[0]);
  return cli_tenant(cx, c, &t) || sync_meter(cx, t, bytes) ? (int)cx->code : tell(cx, c, t);
}
