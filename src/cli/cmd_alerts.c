/* cmd_alerts.c - the inbox of alerts, and metrics. */
#include "cli/cli.h"
#include "notify/alert.h"
#include "transform/metric.h"

enum { SHOWN = 100, SHOWN_MOST = 10000 };

/* ---- alerts ---- */

int cmd_alerts_list(struct ctx *cx, struct cli *c) {
  static const struct cli_column columns[] = {
    { "id", "id", -36 },
    { "severity", "severity", -8 },
    { "status", "status", -12 },
    { "created_at", "since (UTC)", -19 },
    { "times", "times", 5 },
    { "title", "what", 0 },
    { 0 },
  };
  struct db *db;
  int64_t limit;
  if (cli_int(cx, c, "limit", SHOWN, 1, SHOWN_MOST, &limit) || cli_read(cx, c, &db) ||
      alert_list(cx, db, cli_get(c, "state"), cli_get(c, "kind"), limit, &c->json, NULL))
    return cx->code;
  return cli_print_list(cx, c, columns, "there are no alerts");
}

int cli_decide(struct ctx *cx, struct cli *c, const char *id, decide_fn *act, const char *done) {
  struct tenant *t;
  if (cli_tenant(cx, c, &t) || tenant_decide(cx, t, act, id, cli_get(c, "reason"))) return cx->code;
  jw_record(&c->json, NULL, "id", id, "status", done);
  return cli_answer(cx, c, "{status}\n");
}

int cmd_alerts_ack(struct ctx *cx, struct cli *c) {
  return cli_decide(cx, c, c->operand[0], alert_acknowledge, "acknowledged");
}

int cmd_alerts_resolve(struct ctx *cx, struct cli *c) {
  return cli_decide(cx, c, c->operand[0], alert_resolve, "resolved");
}

/* ---- metrics ---- */

static void show_metrics(struct ctx *cx, const struct jv *all) {
  const struct jv *list = jv_get(all, "metrics");
  cli_say_each(cx, list, "{metric_type:-12} {metric_date:-10} {metric_value:20}\n");
  cli_print(cx, "%zu metrics\n", jv_size(list));
}

int cmd_metrics_list(struct ctx *cx, struct cli *c) {
  struct metric_query q = { .type = cli_operand(c, 0, NULL),
                            .start = cli_get(c, "from") ? cli_get(c, "from") : "0001-01-01",
                            .end = cli_get(c, "until") ? cli_get(c, "until") : "9999-12-31" };
  struct db *db;
  if (cli_read(cx, c, &db)) return cx->code;
  jw_object(&c->json, NULL);
  if (metric_find(cx, db, &q, &c->json)) return cx->code;
  jw_close(&c->json, '}');
  return cli_show(cx, c, show_metrics);
}

static void show_import(struct ctx *cx, const struct jv *r) {
  cli_say(cx, r, "{rows} rows: {added} added, {changed} changed, ");
  cli_print(cx, "%zu refused\n", jv_size(jv_get(r, "refused")));
  cli_say_each(cx, jv_get(r, "refused"), "  line {line}: {why}\n");
}

int cmd_metrics_import(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  int64_t refused;
  if (cli_tenant(cx, c, &t)) return cx->code;
  jw_object(&c->json, NULL);
  if (metric_import(cx, t, c->operand[0], &c->json, &refused)) return cx->code;
  jw_close(&c->json, '}');
  if (refused && cli_has(c, "strict")) c->exit_code = EXIT_EXCEPTIONS;
  return cli_show(cx, c, show_import);
}
