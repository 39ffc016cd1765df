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

/* ---- governance ---- */

static void show_governance(struct ctx *cx, const struct jv *root) {
  const struct jv *changes = jv_get(root, "rule_changes");
  cli_print(cx, "%-24s %7s %6s %10s %8s  %s\n", "control", "version", "runs", "records", "failed", "");
  cli_say_each(cx, jv_get(root, "controls"),
               "{control:-24} {version:7} {runs:6} {records:10} {failed:8}  {effective}: {text}\n");
  if (jv_size(changes)) cli_print(cx, "\nchanges of rules and lists\n");
  cli_say_each(cx, changes, "  {at:.19}  {actor:-20} {event:-16} {name}\n");
  cli_say(cx, root,
          "\nruns        {runs.done} done, {runs.failed} failed, {runs.undone} undone, {runs.interrupted} "
          "interrupted\n"
          "audits      {audits.passed} passed, {audits.failed} failed\n"
          "exceptions  {exceptions.open} open (for {exceptions.median_days_open} days in the middle), "
          "{exceptions.corrected} corrected, {exceptions.accepted} accepted\n"
          "log         {log.entries} entries, verified {log.verified}, head {log.head}\n"
          "signing key {proof.key_fingerprint}\n");
}

int cmd_governance(struct ctx *cx, struct cli *c) {
  struct governance_scope scope = { GOVERNANCE_ALWAYS, .dataset = cli_get(c, "as") };
  struct tenant *t;
  struct db *db;
  struct sign_key *key;
  if (scope.dataset && !dataset_find(scope.dataset))
    return fail(cx, E_NOT_FOUND, "as", "there is no dataset %s; there are %s", scope.dataset,
                dataset_names());
  if (cli_day(cx, c, "from", &scope.from) || cli_day(cx, c, "until", &scope.to)) return cx->code;
  if (cli_has(c, "until")) scope.to += DAY_US; /* the day is in it */
  if (cli_tenant(cx, c, &t) || tenant_read(cx, t, &db)) return cx->code;
  if (sign_key_find(cx, store_dir(tenant_store(t)), &key)) return cx->code;
  if (key) scope.fingerprint = key->fingerprint;
  if (governance_report(cx, db, &scope, &c->json, NULL)) return cx->code;
  return cli_show(cx, c, show_governance);
}

/* ---- catalogue ---- */

static void show_catalogue(struct ctx *cx, const struct jv *root) {
  const struct jv *tables = jv_get(root, "tables");
  for (size_t i = 0; i < jv_size(tables); i++) {
    const struct jv *table = jv_at(tables, i), *columns = jv_get(table, "columns");
    cli_say(cx, table, "{name} ({kind})  rows {rows}, fresh {fresh:.19}, owner {owner}\n  {description}\n");
    for (size_t k = 0; k < jv_size(columns); k++) {
      bool derived = jv_text(jv_get(jv_at(columns, k), "lineage")).p;
      cli_say(cx, jv_at(columns, k),
              derived ? "    {name:-24} {type:-10} {lineage}\n"
                      : "    {name:-24} {type:-10} {description}\n");
    }
    cli_print(cx, "\n");
  }
}

int cmd_catalogue(struct ctx *cx, struct cli *c) {
  struct db *db;
  if (cli_read(cx, c, &db) || catalogue_write(cx, db, &c->json, NULL)) return cx->code;
  return cli_show(cx, c, show_catalogue);
}

/* ---- proof ---- */

static int tell_key(struct ctx *cx, struct cli *c) {
  struct store *s;
  struct sign_key *key;
  if (cli_store(cx, c, &s) || sign_key_open(cx, store_dir(s), &key)) return cx->code;
  jw_record(&c->json, NULL, "fingerprint", key->fingerprint, "pem", key->pem);
  return cli_answer(cx, c, "fingerprint {fingerprint}\n{pem}");
}

int cmd_prove(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  struct db *db;
  struct sign_key *key;
  const char *path = cli_get(c, "out");
  if (cli_has(c, "key")) return tell_key(cx, c);
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
  jw_record(&c->json, NULL, "file", path, "bytes", (int64_t)bytes.n);
  return cli_answer(cx, c, "{file}: {bytes} bytes; look through it before you send it\n");
}
