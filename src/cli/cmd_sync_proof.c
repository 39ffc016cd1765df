/* cmd_sync_proof.c - is everything at headquarters, and as it is here? */
#include "cli/cli.h"
#include "notify/secret.h"
#include "replicate/state.h"
#include "replicate/verify.h"

static int dial(struct ctx *cx, struct tenant *t, struct pg **out) {
  struct sync_upstream up;
  const char *password;
  struct db *db;
  if (tenant_read(cx, t, &db) || sync_upstream_need(cx, db, &up) ||
      secret_get(cx, t, db, SYNC_SECRET, &password))
    return cx->code;
  return pg_open(cx, up.dsn, *password ? password : NULL, out);
}

static int print_verdict(struct ctx *cx, struct str json) {
  struct jv *v;
  if (jv_parse(cx, json, &v)) return cx->code;
  const struct jv *tables = jv_get(v, "tables"), *seals = jv_get(v, "seals");
  for (size_t i = 0; i < jv_size(tables); i++) {
    const struct jv *t = jv_at(tables, i);
    bool same = str_eq(jv_text(jv_get(t, "same")), STR("true"));
    if (!same || !str_eq(jv_text(jv_get(t, "rows")), STR("0")))
      cli_print(cx, "%-9s %12.*s  " STR_FMT "\n", same ? "same" : "DIFFERENT",
                STR_ARG(jv_text(jv_get(t, "rows"))), STR_ARG(jv_text(jv_get(t, "table"))));
  }
  for (size_t i = 0; i < jv_size(seals); i++)
    cli_print(cx, "seal       " STR_FMT "\n", STR_ARG(jv_text(jv_at(seals, i))));
  return cli_print(cx, STR_FMT "\n", STR_ARG(jv_text(jv_get(v, "sentence"))));
}

int cmd_sync_verify(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  struct pg *p;
  bool same;
  if (cli_tenant(cx, c, &t) || dial(cx, t, &p) || sync_verify(cx, t, p, &c->json, &same)) return cx->code;
  if (!same) c->exit_code = EXIT_FAILED;
  return cli_has(c, "json") ? cli_print_json(cx, &c->out) : print_verdict(cx, buf_view(&c->out));
}
