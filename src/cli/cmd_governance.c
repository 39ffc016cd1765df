/* cmd_governance.c - for those who answer for the data: controls, catalogue, proofs, the support bundle. */
#include <stdio.h>

#include "base/file.h"
#include "base/time.h"
#include "cli/cli.h"
#include "export/catalogue.h"
#include "export/governance.h"
#include "export/proof.h"
#include "export/support.h"
#include "model/dataset.h"

static struct str text(struct jv *object, const char *key) {
  struct str s = jv_text(jv_get(object, key));
  return s.p ? s : STR("-");
}

/* ---- governance ---- */

static int day_option(struct ctx *cx, const struct cli *c, const char *option, bool after, int64_t *out) {
  const char *value = cli_get(c, option);
  if (!value) return OK;
  if (!time_parse_iso(str_of(value), out))
    return cli_usage(cx, "--%s takes a day such as 2024-02-29, not '%s'", option, value);
  if (after) *out += DAY_US;
  return OK;
}

static void print_changes(struct ctx *cx, struct jv *list) {
  if (jv_size(list)) cli_print(cx, "\nchanges of rules and lists\n");
  for (size_t i = 0; i < jv_size(list); i++) {
    struct jv *e = jv_at(list, i);
    cli_print(cx, "  %.19s  %-20.*s %-16.*s %.*s\n", text(e, "at").p, STR_ARG(text(e, "actor")),
              STR_ARG(text(e, "event")), STR_ARG(text(e, "name")));
  }
}

static int print_governance(struct ctx *cx, struct str json) {
  struct jv *root;
  if (jv_parse(cx, json, &root)) return cx->code;
  struct jv *controls = jv_get(root, "controls"), *runs = jv_get(root, "runs"), *log = jv_get(root, "log"),
            *exceptions = jv_get(root, "exceptions"), *audits = jv_get(root, "audits");
  cli_print(cx, "%-24s %7s %6s %10s %8s  %s\n", "control", "version", "runs", "records", "failed", "");
  for (size_t i = 0; i < jv_size(controls); i++) {
    struct jv *k = jv_at(controls, i);
    cli_print(cx, "%-24.*s %7.*s %6.*s %10.*s %8.*s  %.*s: %.*s\n", STR_ARG(text(k, "control")),
              STR_ARG(text(k, "version")), STR_ARG(text(k, "runs")), STR_ARG(text(k, "records")),
              STR_ARG(text(k, "failed")), STR_ARG(text(k, "effective")), STR_ARG(text(k, "text")));
  }
  print_changes(cx, jv_get(root, "rule_changes"));
  cli_print(cx, "\nruns        %.*s done, %.*s failed, %.*s undone, %.*s interrupted\n",
            STR_ARG(text(runs, "done")), STR_ARG(text(runs, "failed")), STR_ARG(text(runs, "undone")),
            STR_ARG(text(runs, "interrupted")));
  cli_print(cx, "audits      %.*s passed, %.*s failed\n", STR_ARG(text(audits, "passed")),
            STR_ARG(text(audits, "failed")));
  cli_print(cx, "exceptions  %.*s open (for %.*s days in the middle), %.*s corrected, %.*s accepted\n",
            STR_ARG(text(exceptions, "open")), STR_ARG(text(exceptions, "median_days_open")),
            STR_ARG(text(exceptions, "corrected")), STR_ARG(text(exceptions, "accepted")));
  cli_print(cx, "log         %.*s entries, verified %.*s, head %.*s\n", STR_ARG(text(log, "entries")),
            STR_ARG(text(log, "verified")), STR_ARG(text(log, "head")));
  return cli_print(cx, "signing key %.*s\n", STR_ARG(text(jv_get(root, "proof"), "key_fingerprint")));
}

int cmd_governance(struct ctx *cx, struct cli *c) {
  struct governance_scope scope = { GOVERNANCE_ALWAYS, .dataset = cli_get(c, "as") };
  struct tenant *t;
  struct db *db;
  struct sign_key *key;
  struct jw *w = &c->json;
  if (scope.dataset && !dataset_find(scope.dataset))
    return fail(cx, E_NOT_FOUND, "as", "there is no dataset %s; there are %s", scope.dataset,
                dataset_names());
  if (day_option(cx, c, "from", false, &scope.from) || day_option(cx, c, "until", true, &scope.to))
    return cx->code;
  if (cli_tenant(cx, c, &t) || tenant_read(cx, t, &db)) return cx->code;
  if (sign_key_find(cx, store_dir(tenant_store(t)), &key)) return cx->code;
  if (key) scope.fingerprint = key->fingerprint;
  int rc = governance_report(cx, db, &scope, w, NULL);
  if (!rc && cli_has(c, "json")) return cli_print_json(cx, &c->out);
  if (!rc) rc = print_governance(cx, buf_view(&c->out));
  return rc;
}

/* ---- catalogue ---- */

static void print_table(struct ctx *cx, struct jv *table) {
  struct jv *columns = jv_get(table, "columns");
  cli_print(cx, "%.*s (%.*s)  rows %.*s, fresh %.19s, owner %.*s\n  %.*s\n", STR_ARG(text(table, "name")),
            STR_ARG(text(table, "kind")), STR_ARG(text(table, "rows")), text(table, "fresh").p,
            STR_ARG(text(table, "owner")), STR_ARG(text(table, "description")));
  for (size_t i = 0; i < jv_size(columns); i++) {
    struct jv *k = jv_at(columns, i);
    cli_print(cx, "    %-24.*s %-10.*s %.*s\n", STR_ARG(text(k, "name")), STR_ARG(text(k, "type")),
              STR_ARG(text(k, jv_text(jv_get(k, "lineage")).p ? "lineage" : "description")));
  }
  cli_print(cx, "\n");
}

int cmd_catalogue(struct ctx *cx, struct cli *c) {
  struct db *db;
  struct jv *root;
  struct jw *w = &c->json;
  if (cli_read(cx, c, &db)) return cx->code;
  int rc = catalogue_write(cx, db, w, NULL);
  if (!rc && cli_has(c, "json")) return cli_print_json(cx, &c->out);
  if (!rc && !jv_parse(cx, buf_view(&c->out), &root)) {
    struct jv *tables = jv_get(root, "tables");
    for (size_t i = 0; i < jv_size(tables); i++) print_table(cx, jv_at(tables, i));
  }
  return cx->code;
}

/* ---- proof ---- */

static int print_key(struct ctx *cx, struct cli *c, const struct sign_key *key) {
  struct jw *w = &c->json;
  if (!cli_has(c, "json")) return cli_print(cx, "fingerprint %s\n%s", key->fingerprint, key->pem);
  jw_record(w, NULL, "fingerprint", key->fingerprint, "pem", key->pem);
  return cli_print_json(cx, &c->out);
}

int cmd_prove(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  struct db *db;
  struct store *s;
  struct sign_key *key;
  const char *path = cli_get(c, "out");
  if (cli_has(c, "key"))
    return cli_store(cx, c, &s) || sign_key_open(cx, store_dir(s), &key) ? (int)cx->code
                                                                         : print_key(cx, c, key);
  if (cli_tenant(cx, c, &t) || tenant_read(cx, t, &db)) return cx->code;
  if (sign_key_open(cx, store_dir(tenant_store(t)), &key)) return cx->code;
  struct proof_request r = { .run = cli_operand(c, 0, "latest"),
                             .rows = cli_has(c, "with-rows"),
                             .log = cli_has(c, "with-log"),
                             .key = key };
  struct file_out *file; /* under another name until it is whole: half a proof looks like a forged one */
  if (!path) return proof_write(cx, db, &r, cli_write, NULL);
  if (file_begin(cx, &file, path, true)) return cx->code;
  return proof_write(cx, db, &r, file_write, file) ? (int)cx->code : file_end(cx, file);
}

/* ---- support bundle ---- */

int cmd_support_bundle(struct ctx *cx, struct cli *c) {
  struct store *s;
  struct str bytes;
  struct file_out *file;
  char day[TIME_SIZE];
  const char *path = cli_get(c, "out");
  time_iso(day, cx->now);
  if (!path) path = ctx_printf(cx, "outpost-support-%.10s.tar.gz", day);
  support_set_settings(cli_settings(cx, c));
  if (cli_store(cx, c, &s) || support_bundle(cx, s, &bytes)) return cx->code;
  if (file_begin(cx, &file, path, true) || file_write(cx, file, bytes.p, bytes.n) || file_end(cx, file))
    return cx->code;
  if (!cli_has(c, "json"))
    return cli_print(cx, "%s: %zu bytes; look through it before you send it\n", path, bytes.n);
  struct jw *w = &c->json;
  jw_record(w, NULL, "file", path, "bytes", (int64_t)bytes.n);
  return cli_print_json(cx, &c->out);
}
