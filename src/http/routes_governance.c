/*
** routes_governance.c - what auditors ask for: controls and what they did, the
** catalogue, proofs; and what somebody who helps asks for.
*/
#include "base/time.h"
#include "export/catalogue.h"
#include "export/governance.h"
#include "export/proof.h"
#include "export/support.h"
#include "http/routes.h"
#include "model/dataset.h"

/* A day of the query as an instant: its beginning, or with `after` its end. */
static int query_day(struct request *rq, const char *name, bool after, int64_t *out) {
  const char *text;
  int rc = query_text(rq, name, &text);
  if (rc || !text) return rc;
  if (!time_parse_iso(str_of(text), out))
    return fail(rq->cx, E_INVALID, name, "'%.40s' is no day; write it as 2024-02-29", text);
  if (after) *out += DAY_US;
  return OK;
}

static int governance_show(struct request *rq) {
  struct governance_scope scope = { GOVERNANCE_ALWAYS };
  struct sign_key *key = NULL;
  int rc = query_text(rq, "as", &scope.dataset);
  if (!rc && scope.dataset && !dataset_find(scope.dataset))
    rc = fail(rq->cx, E_NOT_FOUND, "as", "there is no dataset %.60s; there are %s", scope.dataset,
              dataset_names());
  if (!rc) rc = query_day(rq, "from", false, &scope.from);
  if (!rc) rc = query_day(rq, "to", true, &scope.to);
  if (!rc) rc = sign_key_find(rq->cx, store_dir(rq->server->store), &key);
  if (!rc && key) scope.fingerprint = key->fingerprint;
  return rc ? rc : governance_report(rq->cx, rq->db, &scope, &rq->json, "data");
}

static int catalogue_show(struct request *rq) { return catalogue_write(rq->cx, rq->db, &rq->json, "data"); }

/* A file name of the run's beginning, when it is what ids are made of. */
static const char *proof_name(struct request *rq, const char *run) {
  bool plain = strspn(run, "0123456789abcdefghijklmnopqrstuvwxyz-") == strlen(run);
  return ctx_printf(rq->cx, "outpost-proof-%.36s.jsonl", plain ? run : "run");
}

static int proof_export(struct request *rq) {
  struct proof_request r = { .run = NULL };
  struct sign_key *key;
  int rc = query_text(rq, "run", &r.run);
  if (!r.run) r.run = "latest";
  if (!rc) rc = query_flag(rq, "rows", &r.rows);
  if (!rc) rc = query_flag(rq, "log", &r.log);
  if (!rc) rc = sign_key_open(rq->cx, store_dir(rq->server->store), &key);
  if (rc) return rc;
  r.key = key;
  reply_stream(rq, "application/jsonl", proof_name(rq, r.run));
  return proof_write(rq->cx, rq->db, &r, reply_write, rq);
}

/* It is of the whole machine: where there are others, none of them gets it. */
static int check_alone(struct request *rq) {
  const struct tenant_info *list;
  size_t count;
  if (tenant_list(rq->cx, rq->server->store, &list, &count)) return rq->cx->code;
  if (rq->who->open || count == 1) return OK;
  return fail(
      rq->cx, E_DENIED, NULL,
      "the support bundle speaks of all tenants of this machine; `outpost support-bundle` makes it there");
}

static int support_export(struct request *rq) {
  struct str bytes;
  if (check_alone(rq)) return rq->cx->code;
  if (support_bundle(rq->cx, rq->server->store, &bytes)) return rq->cx->code;
  reply_stream(rq, "application/gzip", "outpost-support.tar.gz");
  return reply_write(rq->cx, rq, bytes.p, bytes.n);
}

/* ---- the addresses ---- */

const struct route governance_routes[] = {
  { "GET", "/api/governance", governance_show, "audit.read",
    "What the controls judged and caught, who changed them, and how the file stands. from and to are days.",
    .reply = "{period: {from: text?, to: text?}, controls: [{dataset, control, version: int, stage, kind, "
             "field: text?, category, owner: text?, runs: int, records: int, failed: int, pass_rate: "
             "number?, first_seen: text?, last_seen: text?, last_caught: text?, changes: int, effective, "
             "text, versions: [{version: int, runs: int, records: int, failed: int}]}], rule_changes: [any], "
             "runs: {done: int, failed: int, undone: int, interrupted: int, running: int}, rows: {read: int, "
             "rejected: int}, audits: {passed: int, failed: int}, exceptions: {open: int, corrected: int, "
             "accepted: int, median_days_open: number?, median_days_to_settle: number?}, log: {entries: int, "
             "first: text?, last: text?, head, verified: text?}, proof: {key_fingerprint: text?}}",
    .query = "as, from: day, to: day", .reads = true },
  { "GET", "/api/proof", proof_export, "audit.read",
    "A run as a signed document that proves itself, JSON lines. run: the latest when none is named; rows=1: "
    "every row, too; log=1: every entry of the log since the run began.",
    .reply = "*application/jsonl", .query = "run, rows: 0|1, log: 0|1", .reads = true },
  { "GET", "/api/support", support_export, "system.read",
    "What somebody who helps needs to see, as .tar.gz: states and counts, no data, no secrets.",
    .reply = "*application/gzip", .apart = true },
  { "GET", "/api/catalogue", catalogue_show, "audit.read",
    "Tables, views, reports, datasets and entities with their columns, owners and origins.",
    .reply = "{tables: [{name, kind, rows: int?, rows_exact: bool, description: text?, owner: text?, fresh: "
             "text?, rules: [text], columns: [{name, type: text?, description: text?, owner: text?, rules: "
             "[text], lineage: text?}], table?: text?}]}",
    .reads = true },
  { 0 },
};
