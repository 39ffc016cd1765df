/* cmd_alerts.c - the inbox of alerts, and metrics. */
#include "cli/cli.h"
#include "notify/alert.h"
#include "transform/metric.h"

enum { SHOWN = 100, SHOWN_MOST = 10000 };

static struct str text(const struct jv *object, const char *key) {
  struct str s = jv_text(jv_get(object, key));
  return s.p ? s : STR("");
}

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
  struct jw *w = &c->json;
  int64_t limit;
  if (cli_int(cx, c, "limit", SHOWN, &limit) || cli_read(cx, c, &db)) return cx->code;
  if (limit < 1 || limit > SHOWN_MOST) return cli_usage(cx, "--limit is from 1 to %d", SHOWN_MOST);
  if (alert_list(cx, db, cli_get(c, "state"), cli_get(c, "kind"), limit, w, NULL)) return cx->code;
  return cli_print_list(cx, c, NULL, columns, "there are no alerts");
}

int cli_decide(struct ctx *cx, struct cli *c, const char *id, decide_fn *act, const char *done) {
  struct tenant *t;
  if (cli_tenant(cx, c, &t) || tenant_decide(cx, t, act, id, cli_get(c, "reason"))) return cx->code;
  if (cli_has(c, "json")) return cli_print(cx, "{\"id\":\"%s\",\"status\":\"%s\"}\n", id, done);
  return cli_print(cx, "%s\n", done);
}

int cmd_alerts_ack(struct ctx *cx, struct cli *c) {
  return cli_decide(cx, c, c->operand[0], alert_acknowledge, "acknowledged");
}

int cmd_alerts_resolve(struct ctx *cx, struct cli *c) {
  return cli_decide(cx, c, c->operand[0], alert_resolve, "resolved");
}

/* ---- metrics ---- */

static int print_metrics(struct ctx *cx, struct str json) {
  struct jv *all;
  if (jv_parse(cx, json, &all)) return cx->code;
  struct jv *list = jv_get(all, "metrics");
  for (size_t i = 0; i < jv_size(list) && !cx->code; i++) {
    struct jv *m = jv_at(list, i);
    cli_print(cx, "%-12.*s %-10.*s %20.*s\n", STR_ARG(text(m, "metric_type")),
              STR_ARG(text(m, "metric_date")), STR_ARG(text(m, "metric_value")));
  }
  return cli_print(cx, "%zu metrics\n", jv_size(list));
}

int cmd_metrics_list(struct ctx *cx, struct cli *c) {
  struct metric_query q = { .type = cli_operand(c, 0, NULL),
                            .start = cli_get(c, "from") ? cli_get(c, "from") : "0001-01-01",
                            .end = cli_get(c, "until") ? cli_get(c, "until") : "9999-12-31" };
  struct db *db;
  struct jw *w = &c->json;
  if (cli_read(cx, c, &db)) return cx->code;
  jw_object(w, NULL);
  metric_find(cx, db, &q, w);
  jw_close(w, '}');
  if (cx->code) return cx->code;
  if (cli_has(c, "json")) return cli_print_json(cx, &c->out);
  print_metrics(cx, buf_view(&c->out));
  return cx->code;
}

int cmd_metrics_import(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  struct jw *w = &c->json;
  struct jv *r;
  int64_t refused;
  if (cli_tenant(cx, c, &t)) return cx->code;
  jw_object(w, NULL);
  if (metric_import(cx, t, c->operand[0], w, &refused)) return cx->code;
  jw_close(w, '}');
  if (refused && cli_has(c, "strict")) c->exit_code = EXIT_EXCEPTIONS;
  if (cli_has(c, "json")) return cli_print_json(cx, &c->out);
  if (jv_parse(cx, buf_view(&c->out), &r)) return cx->code;
  cli_print(cx, "%.*s rows: %.*s added, %.*s changed, %lld refused\n", STR_ARG(text(r, "rows")),
            STR_ARG(text(r, "added")), STR_ARG(text(r, "changed")), (long long)refused);
  for (size_t i = 0; i < jv_size(jv_get(r, "refused")) && !cx->code; i++) {
    struct jv *row = jv_at(jv_get(r, "refused"), i);
    cli_print(cx, "  line %.*s: %.*s\n", STR_ARG(text(row, "line")), STR_ARG(text(row, "why")));
  }
  return cx->code;
}
