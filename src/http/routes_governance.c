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

int governance_show(struct request *rq) {
  struct governance_scope scope = { GOVERNANCE_ALWAYS };
  struct sign_key *key = NULL;
  struct db *db;
  int rc = query_text(rq, "as", &scope.dataset);
  if (!rc && scope.dataset && !dataset_find(scope.dataset))
    rc = fail(rq->cx, E_NOT_FOUND, "as", "there is no dataset %.60s; there are %s", scope.dataset,
              dataset_names());
  if (!rc) rc = query_day(rq, "from", false, &scope.from);
  if (!rc) rc = query_day(rq, "to", true, &scope.to);
  if (!rc) rc = db_find(rq, &db);
  if (!rc) rc = sign_key_find(rq->cx, store_dir(rq->server->store), &key);
  if (!rc && key) scope.fingerprint = key->fingerprint;
  return rc ? rc : governance_report(rq->cx, db, &scope, &rq->json, "data");
}

int catalogue_show(struct request *rq) {
  struct db *db;
  int rc = db_find(rq, &db);
  return rc ? rc : catalogue_write(rq->cx, db, &rq->json, "data");
}

/* A file name of the run's beginning, when it is what ids are made of. */
static const char *proof_name(struct request *rq, const char *run) {
  bool plain = strspn(run, "0123456789abcdefghijklmnopqrstuvwxyz-") == strlen(run);
  return ctx_printf(rq->cx, "outpost-proof-%.36s.jsonl", plain ? run : "run");
}

int proof_export(struct request *rq) {
  struct proof_request r = { .run = NULL };
  struct sign_key *key;
  struct db *db;
  int rc = query_text(rq, "run", &r.run);
  if (!r.run) r.run = "latest";
  if (!rc) rc = query_flag(rq, "rows", &r.rows);
  if (!rc) rc = query_flag(rq, "log", &r.log);
  if (!rc) rc = db_find(rq, &db);
  if (!rc) rc = sign_key_open(rq->cx, store_dir(rq->server->store), &key);
  if (rc) return rc;
  r.key = key;
  reply_stream(rq, "application/jsonl", proof_name(rq, r.run));
  return proof_write(rq->cx, db, &r, reply_write, rq);
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

int support_export(struct request *rq) {
  struct str bytes;
  if (check_alone(rq)) return rq->cx->code;
  if (support_bundle(rq->cx, rq->server->store, &bytes)) return rq->cx->code;
  reply_stream(rq, "application/gzip", "outpost-support.tar.gz");
  return reply_write(rq->cx, rq, bytes.p, bytes.n);
}
