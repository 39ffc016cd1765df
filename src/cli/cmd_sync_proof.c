/* cmd_sync_proof.c - is everything at headquarters, and as it is here? And the way there on a stick. */
#include "cli/cli.h"
#include "replicate/bundle.h"
#include "replicate/verify.h"
#include "replicate/went_back.h"
#include "replicate/worker.h"

static void show_verdict(struct ctx *cx, const struct jv *v) {
  const struct jv *tables = jv_get(v, "tables");
  for (size_t i = 0; i < jv_size(tables); i++) {
    const struct jv *t = jv_at(tables, i);
    if (!cli_is(t, "same") || !str_eq(jv_text(jv_get(t, "rows")), STR("0")))
      cli_say(cx, t, "{same?same     :DIFFERENT} {rows:12}  {table}\n");
  }
  cli_say_each(cx, jv_get(v, "seals"), "seal       {}\n");
  cli_say(cx, v, "{sentence}\n");
}

int cmd_sync_verify(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  struct pg *p;
  bool same;
  if (cli_tenant(cx, c, &t) || sync_dial(cx, t, &p) || sync_verify(cx, t, p, &c->json, &same))
    return cx->code;
  if (!same) c->exit_code = EXIT_FAILED;
  return cli_show(cx, c, show_verdict);
}

/* ---- after headquarters went back in time ---- */

int cmd_sync_resend(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  struct pg *p;
  if (cli_tenant(cx, c, &t) || sync_dial(cx, t, &p) || went_back_resend(cx, t, p, &c->json, NULL))
    return cx->code;
  return cli_answer(cx, c, "{sentence}\n");
}

/* ---- bundles ---- */

static int tell(struct ctx *cx, struct cli *c, const char *file, const struct bundle_told *b,
                const char *pattern) {
  jw_record(&c->json, NULL, "file", file, "batches", b->batches, "known", b->known, "rows", b->rows, "bytes",
            b->bytes, "receipt", b->receipt);
  return cli_answer(cx, c, pattern);
}

static int bundle_out(struct ctx *cx, struct cli *c, const char *file) {
  struct tenant *t;
  struct bundle_told b;
  if (cli_tenant(cx, c, &t) || bundle_export(cx, t, file, &b)) return cx->code;
  return tell(cx, c, file, &b,
              b.batches
                  ? "{file}: {rows} rows in {batches} batches, {bytes} bytes; at headquarters `outpost sync "
                    "bundle import {file} --dsn DSN` takes it, and writes a receipt for this edge\n"
                  : "there is nothing to send: headquarters holds everything, and no file was written\n");
}

static int bundle_in(struct ctx *cx, struct cli *c, const char *file) {
  const char *dsn = cli_get(c, "dsn");
  struct bundle_told b;
  struct pg *p;
  if (!dsn) return cli_usage(cx, "--dsn DSN says where headquarters' database is; it is the administrator's");
  if (pg_open(cx, dsn, NULL, &p) || bundle_import(cx, p, file, &b)) return cx->code;
  return tell(cx, c, file, &b,
              "{batches} batches with {rows} rows were taken, {known} were there already; the receipt is "
              "{receipt}\n");
}

static int bundle_back(struct ctx *cx, struct cli *c, const char *file) {
  struct tenant *t;
  struct bundle_told b;
  if (cli_tenant(cx, c, &t) || bundle_receipt(cx, t, file, &b)) return cx->code;
  return tell(cx, c, file, &b, "headquarters has received {batches} batches more; {known} were known\n");
}

int cmd_sync_bundle(struct ctx *cx, struct cli *c) {
  struct str verb = str_of(c->operand[0]);
  if (str_eq(verb, STR("export"))) return bundle_out(cx, c, c->operand[1]);
  if (str_eq(verb, STR("import"))) return bundle_in(cx, c, c->operand[1]);
  if (str_eq(verb, STR("receipt"))) return bundle_back(cx, c, c->operand[1]);
  return cli_usage(cx, "a bundle is exported, imported or receipted: export, import or receipt, not %s",
                   c->operand[0]);
}
