/* cmd_sync_proof.c - is everything at headquarters, and as it is here? And the way there on a stick. */
#include "cli/cli.h"
#include "replicate/bundle.h"
#include "replicate/verify.h"
#include "replicate/went_back.h"
#include "replicate/worker.h"

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
  if (cli_tenant(cx, c, &t) || sync_dial(cx, t, &p) || sync_verify(cx, t, p, &c->json, &same))
    return cx->code;
  if (!same) c->exit_code = EXIT_FAILED;
  return cli_has(c, "json") ? cli_print_json(cx, &c->out) : print_verdict(cx, buf_view(&c->out));
}

/* ---- after headquarters went back in time ---- */

int cmd_sync_resend(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  struct pg *p;
  struct jv *said;
  if (cli_tenant(cx, c, &t) || sync_dial(cx, t, &p) || went_back_resend(cx, t, p, &c->json, NULL))
    return cx->code;
  if (cli_has(c, "json")) return cli_print_json(cx, &c->out);
  if (jv_parse(cx, buf_view(&c->out), &said)) return cx->code;
  return cli_print(cx, STR_FMT "\n", STR_ARG(jv_text(jv_get(said, "sentence"))));
}

/* ---- bundles ---- */

static int tell(struct ctx *cx, struct cli *c, const struct bundle_told *b, const char *text) {
  struct jw *w = &c->json;
  if (!cli_has(c, "json")) return cli_print(cx, "%s\n", text);
  jw_record(w, NULL, "batches", b->batches, "known", b->known, "rows", b->rows, "bytes", b->bytes, "receipt",
            b->receipt);
  return cli_print_json(cx, &c->out);
}

static int bundle_out(struct ctx *cx, struct cli *c, const char *file) {
  struct tenant *t;
  struct bundle_told b;
  if (cli_tenant(cx, c, &t) || bundle_export(cx, t, file, &b)) return cx->code;
  if (!b.batches)
    return tell(cx, c, &b,
                "there is nothing to send: headquarters holds everything, and no file was written");
  return tell(cx, c, &b,
              ctx_printf(cx,
                         "%s: %lld rows in %lld batches, %lld bytes; at headquarters `outpost sync bundle "
                         "import %s --dsn DSN` takes it, "
                         "and writes a receipt for this edge",
                         file, (long long)b.rows, (long long)b.batches, (long long)b.bytes, file));
}

static int bundle_in(struct ctx *cx, struct cli *c, const char *file) {
  const char *dsn = cli_get(c, "dsn");
  struct bundle_told b;
  struct pg *p;
  if (!dsn) return cli_usage(cx, "--dsn DSN says where headquarters' database is; it is the administrator's");
  if (pg_open(cx, dsn, NULL, &p) || bundle_import(cx, p, file, &b)) return cx->code;
  return tell(cx, c, &b,
              ctx_printf(cx,
                         "%lld batches with %lld rows were taken, %lld were there already; the receipt is %s",
                         (long long)b.batches, (long long)b.rows, (long long)b.known, b.receipt));
}

static int bundle_back(struct ctx *cx, struct cli *c, const char *file) {
  struct tenant *t;
  struct bundle_told b;
  if (cli_tenant(cx, c, &t) || bundle_receipt(cx, t, file, &b)) return cx->code;
  return tell(cx, c, &b,
              ctx_printf(cx, "headquarters has received %lld batches more; %lld were known",
                         (long long)b.batches, (long long)b.known));
}

int cmd_sync_bundle(struct ctx *cx, struct cli *c) {
  struct str verb = str_of(c->operand[0]);
  if (str_eq(verb, STR("export"))) return bundle_out(cx, c, c->operand[1]);
  if (str_eq(verb, STR("import"))) return bundle_in(cx, c, c->operand[1]);
  if (str_eq(verb, STR("receipt"))) return bundle_back(cx, c, c->operand[1]);
  return cli_usage(cx, "a bundle is exported, imported or receipted: export, import or receipt, not %s",
                   c->operand[0]);
}
