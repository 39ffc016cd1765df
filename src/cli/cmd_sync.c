/* cmd_sync.c - replication to headquarters: it runs by itself in a server; here it is looked at, and run without one. */
#include "cli/cli.h"
#include "replicate/state.h"
#include "replicate/worker.h"

static void show_state(struct ctx *cx, const struct jv *state) {
  const struct jv *lanes = jv_get(state, "lanes");
  int64_t seconds;
  cli_say(cx, state, "{sentence}\n\n");
  if (!jv_size(lanes)) return;
  cli_say(cx, state, "this edge   {name}, origin {origin}, epoch {epoch}\nupstream    {upstream}\n\n");
  cli_print(cx, "lane  sequence  behind rows  behind bytes  confirmed (UTC)\n");
  cli_say_each(cx, lanes,
               "{lane:-4}  {sequence:8}  {behind_rows:11}  {behind_bytes:12}  {confirmed_at:.19}\n");
  cli_say(cx, state, "\nforecast    {forecast.rows} rows, {forecast.bytes} bytes");
  if (str_to_int(jv_text(jv_get(jv_get(state, "forecast"), "seconds")), &seconds)) {
    cli_print(cx, ": about %lld minutes at ", (long long)(seconds + 59) / 60);
    cli_say(cx, state, "{forecast.measured_bytes_per_second} bytes a second");
  }
  cli_say(cx, state,
          "[\ncost        {cost.statements_a_thousand_rows} statements and {cost.bytes_a_thousand_rows} "
          "bytes for "
          "1,000 rows]\n"
          "[receipt     lane {last_receipt.lane}, batch {last_receipt.sequence}\n]"
          "[next try    {error.next_try:.19} UTC, after {error.tries} failures\n]");
}

int cmd_sync_status(struct ctx *cx, struct cli *c) {
  struct db *db;
  if (cli_read(cx, c, &db) || sync_state_json(cx, db, &c->json, NULL)) return cx->code;
  return cli_show(cx, c, show_state);
}

static void say(struct ctx *cx, const char *sentence) {
  cli_print(cx, "%s; it is tried again\n", sentence);
  cli_flush(cx);
}

static int tell(struct ctx *cx, struct cli *c, struct tenant *t) {
  struct ctx look;
  struct db *db;
  ctx_begin(&look, cx->actor);
  if (tenant_read(&look, t, &db) || sync_state_json(&look, db, &c->json, NULL)) fail_from(cx, &look);
  ctx_end(&look);
  return cx->code ? (int)cx->code : cli_answer(cx, c, "{sentence}\n");
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
