/* routes_rules.c - what other rules would do to history, and making them hold. */
#include "base/limits.h"
#include "http/routes.h"
#include "ingest/rejudge.h"

static int rules_try_post(struct request *rq) {
  struct rejudge_request r = { .dataset = NULL };
  struct rejudge_result *result = ctx_alloc(rq->cx, sizeof *result);
  int rc = dataset_asked(rq, &r.dataset);
  if (!rc) rc = query_text(rq, "run", &r.run);
  if (!rc) rc = body_json(rq, &r.changes);
  if (!rc) rc = rejudge_try(rq->cx, rq->tenant, &r, result);
  if (!rc) rejudge_json(&rq->json, "data", result);
  return rc;
}

struct promotion {
  struct jv *changes;
  struct jw *w;
};

static int promote(struct ctx *cx, struct db *db, void *arg) {
  struct promotion *p = arg;
  return proposal_apply(cx, db, p->changes, p->w);
}

static int rules_promote_post(struct request *rq) {
  struct promotion p = { .w = &rq->json };
  int rc = body_json(rq, &p.changes);
  jw_object(&rq->json, "data");
  if (!rc) rc = tenant_write(rq->cx, rq->tenant, promote, &p);
  jw_close(&rq->json, '}');
  return rc;
}

/* ---- the addresses ---- */

const struct route rules_routes[] = {
  { "POST", "/api/rules/try", rules_try_post, "data.write",
    "What changed rules would newly reject and release of what was imported; nothing is changed. Body: "
    "{\"rules\":[...],\"items\":[...]}.",
    .reply =
        "{runs: [{run, source, rows: int, newly_rejected: int, newly_released: int}], rows: int, "
        "newly_rejected: {total: int, by_control: {*: int}, sample: [{run, record: int, line: int, raw, "
        "faults: [#fault]}]}, newly_released: {total: int, by_control: {*: int}, sample: [{run, record: int, "
        "line: int, raw, faults: [#fault]}]}, figures: {before: #sums, after: #sums}, seconds: number}",
    .query = "as, run", .body = "{rules: [object], items: [object]}", .body_max = LIMIT_BODY_BYTES },
  { "POST", "/api/rules/promote", rules_promote_post, "data.write",
    "Makes changed rules hold, all of them or none. Body as of try.",
    .reply = "{rules: [{id, name, ...}], items: [{id, ...}]}", .body = "{rules: [object], items: [object]}",
    .body_max = LIMIT_BODY_BYTES },
  { 0 },
};
