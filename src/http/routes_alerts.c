/* routes_alerts.c - the inbox of alerts. */
#include "base/limits.h"
#include "http/routes.h"
#include "notify/alert.h"

enum { ALERTS = 200, ALERTS_MOST = 1000 };

static int alerts_list(struct request *rq) {
  const char *state, *kind;
  int64_t limit;
  int rc = query_texts(rq, { "state", &state }, { "kind", &kind });
  if (!rc) rc = query_int(rq, "limit", 1, ALERTS_MOST, ALERTS, &limit);
  if (!rc) rc = alert_list(rq->cx, rq->db, state, kind, limit, &rq->json, "data");
  return rc ? rc : alert_counts(rq->cx, rq->db, &rq->json, "counts");
}

int decision_post(struct request *rq, decide_fn *act) {
  const char *id = rq->param[0], *note;
  struct jv *body;
  int rc = body_members(rq, "note", &body);
  if (!rc) rc = member_text(rq, body, "note", &note);
  if (!rc) rc = tenant_decide(rq->cx, rq->tenant, act, id, note);
  if (rc) return rc;
  jw_record(&rq->json, "data", "id", id);
  return OK;
}

static int alert_acknowledge_post(struct request *rq) { return decision_post(rq, alert_acknowledge); }
static int alert_resolve_post(struct request *rq) { return decision_post(rq, alert_resolve); }

/* ---- the addresses ---- */

const struct route alerts_routes[] = {
  { "GET", "/api/alerts", alerts_list, "alerts.read",
    "What people should know of, newest first, and how many there are. state: those not resolved when it is "
    "left out; kind: a name, or a pattern such as low_*.",
    .reply = "[{id, kind, subject, state, severity, title, text, detail: {...}, address: text?, status, "
             "note: text?, created_at, times: int, last_at, resolved_at: text?, resolved_by: text?, "
             "updated_by, sent: int}]; counts: {open: int, acknowledged: int, resolved: int}",
    .query = "state: open|acknowledged|resolved|all, kind, limit: int", .reads = true },
  { "POST", "/api/alerts/{id}/acknowledge", alert_acknowledge_post, "alerts.write",
    "Somebody looks at the alert: {\"note\": \"...\"}. 409 when it is resolved.", .reply = "{id}",
    .body = "{note}", .body_max = LIMIT_BODY_BYTES },
  { "POST", "/api/alerts/{id}/resolve", alert_resolve_post, "alerts.write",
    "The alert is dealt with: {\"note\": \"...\"}. If its cause is still there at the next check, it comes "
    "again. 409 when it is resolved already.",
    .reply = "{id}", .body = "{note}", .body_max = LIMIT_BODY_BYTES },
  { 0 },
};
