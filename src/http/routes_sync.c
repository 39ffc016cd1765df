/* routes_sync.c - how replication to headquarters stands, and what people may ask of it. */
#include "base/limits.h"
#include "http/routes.h"
#include "replicate/conflict.h"
#include "replicate/same_key.h"
#include "replicate/state.h"
#include "replicate/went_back.h"
#include "replicate/worker.h"

enum { HISTORY = 50, HISTORY_MOST = 500, CONFLICTS = 100, CONFLICTS_MOST = 1000 };

static int sync_show(struct request *rq) { return sync_state_json(rq->cx, rq->db, &rq->json, "data"); }

static int sync_history_show(struct request *rq) {
  int64_t limit;
  int rc = query_int(rq, "limit", 1, HISTORY_MOST, HISTORY, &limit);
  return rc ? rc : sync_history_json(rq->cx, rq->db, limit, &rq->json, "data");
}

/* ---- what people ask ---- */

/* The worker is told, and who asked sees what has become of it. */
static int show_after(struct request *rq, int rc) {
  if (rc || tenant_read(rq->cx, rq->tenant, &rq->db)) return rq->cx->code;
  sync_wake(rq->tenant);
  return sync_show(rq);
}

static int ask(struct request *rq, int (*act)(struct ctx *cx, struct tenant *t)) {
  return show_after(rq, act(rq->cx, rq->tenant));
}

static int sync_now_post(struct request *rq) {
  struct sync_upstream up;
  return show_after(rq, sync_upstream_need(rq->cx, rq->db, &up));
}

static int sync_pause_post(struct request *rq) { return ask(rq, sync_pause); }
static int sync_resume_post(struct request *rq) { return ask(rq, sync_resume); }

static int sync_resend_post(struct request *rq) {
  struct pg *p;
  int rc = sync_dial(rq->cx, rq->tenant, &p);
  if (!rc) rc = went_back_resend(rq->cx, rq->tenant, p, &rq->json, "data");
  if (!rc) sync_wake(rq->tenant);
  return rc;
}

static int sync_metered_post(struct request *rq) {
  struct jv *body;
  int64_t bytes;
  if (body_members(rq, "bytes_a_day", &body)) return rq->cx->code;
  if (!str_to_int(jv_text(jv_get(body, "bytes_a_day")), &bytes) || bytes < 0)
    return fail(rq->cx, E_INVALID, "bytes_a_day",
                "a metered line takes so many bytes a day, such as 5000000; 0: it is not metered");
  return show_after(rq, sync_meter(rq->cx, rq->tenant, bytes));
}

/* ---- changes that did not hold ---- */

static int conflicts_list(struct request *rq) {
  const char *state, *cursor;
  struct record_page page;
  int64_t limit;
  int rc = query_texts(rq, { "state", &state }, { "cursor", &cursor });
  if (!rc) rc = query_int(rq, "limit", 1, CONFLICTS_MOST, CONFLICTS, &limit);
  if (!rc)
    rc = conflict_page(rq->cx, rq->db, state ? state : "open", limit, cursor, &rq->json, "data", &page);
  if (rc) return rc;
  jw_put(&rq->json, "total", page.total, "next", page.next);
  link_next(rq, "cursor", page.next);
  return OK;
}

/* It takes the permission that the record itself takes. */
static int conflict_decide(struct request *rq, decide_fn *act) {
  const struct entity *e;
  int rc = conflict_entity(rq->cx, rq->db, rq->param[0], &e);
  if (!rc) rc = request_need(rq, ctx_printf(rq->cx, "%s.write", e->access));
  return rc ? rc : decision_post(rq, act);
}

static int conflict_take_post(struct request *rq) { return conflict_decide(rq, conflict_take); }
static int conflict_reopen_post(struct request *rq) { return conflict_decide(rq, conflict_reopen); }
static int conflict_keep_post(struct request *rq) { return conflict_decide(rq, conflict_keep); }

static int conflict_rename_post(struct request *rq) {
  struct same_key_rename r = { .id = rq->param[0] };
  const struct entity *e;
  struct jv *body;
  int rc = conflict_entity(rq->cx, rq->db, r.id, &e);
  if (!rc) rc = request_need(rq, ctx_printf(rq->cx, "%s.write", e->access));
  if (!rc) rc = body_members(rq, "values, note", &body);
  if (!rc) rc = member_text(rq, body, "note", &r.note);
  if (rc) return rc;
  r.values = jv_get(body, "values");
  if ((rc = tenant_write(rq->cx, rq->tenant, same_key_rename, &r))) return rc;
  jw_record(&rq->json, "data", "id", r.id);
  return OK;
}

/* ---- the addresses ---- */

const struct route sync_routes[] = {
  { "GET", "/api/sync", sync_show, "sync.read",
    "How replication to headquarters stands: what it holds, how far each lane is, what is still to go and "
    "how long that takes, and what is wrong.",
    .reply = "#sync", .reads = true },
  { "GET", "/api/sync/history", sync_history_show, "sync.read",
    "What happened on the way to headquarters, and the last batches, newest first.",
    .reply = "{history: [{id: int, at: instant, kind, text}], batches: [{lane, sequence: int, rows: int, "
             "bytes: int, made_at: instant, confirmed_at: instant?, hash, receipted: bool}]}",
    .query = "limit: int", .reads = true },
  { "POST", "/api/sync/now", sync_now_post, "sync.write",
    "Tries headquarters now, whatever is waited for. The reply is that of GET /api/sync.", .reply = "#sync",
    .reads = true },
  { "POST", "/api/sync/pause", sync_pause_post, "sync.write",
    "Sends and takes nothing until it is resumed. The reply is that of GET /api/sync.", .reply = "#sync" },
  { "POST", "/api/sync/resume", sync_resume_post, "sync.write",
    "Goes on after a pause. The reply is that of GET /api/sync.", .reply = "#sync" },
  { "POST", "/api/sync/resend", sync_resend_post, "sync.write",
    "Headquarters went back in time, and it is right so: what it does not hold any more is sent once more, "
    "and what it has is read anew. 409 when it holds all that it confirmed.",
    .reply = "{batches: int, rows: int, received: int, sentence}" },
  { "POST", "/api/sync/metered", sync_metered_post, "sync.write",
    "Sends at most so many bytes a day, and only what people did; 0: as much as there is. The reply is that "
    "of GET /api/sync.",
    .reply = "#sync", .body = "{bytes_a_day!: int}", .body_max = LIMIT_BODY_BYTES },
  { "GET", "/api/sync/conflicts", conflicts_list, "sync.read",
    "Changes that did not hold, because somebody else changed the same, newest first, with who said what. "
    "state: open when it is left out.",
    .reply = "[#conflict]; total: int, next: text?", .query = "state: open|decided|all, limit: int, cursor",
    .reads = true },
  { "POST", "/api/sync/conflicts/{id}/take", conflict_take_post, "sync.write",
    "A change that did not hold is brought back; it takes the permission to write the record, too. 409 when "
    "it was decided already.",
    .reply = "{id}", .body = "{note}", .body_max = LIMIT_BODY_BYTES, .reads = true },
  { "POST", "/api/sync/conflicts/{id}/keep", conflict_keep_post, "sync.write",
    "What holds is right; the conflict is decided. 409 when it was decided already.", .reply = "{id}",
    .body = "{note}", .body_max = LIMIT_BODY_BYTES, .reads = true },
  { "POST", "/api/sync/conflicts/{id}/rename", conflict_rename_post, "sync.write",
    "Of two records with one key (property: key) the own one gets another: values are fields of the key. The "
    "other one comes in. 409 when it was decided already, or is the same still.",
    .reply = "{id}", .body = "{values!: {...}, note}", .body_max = LIMIT_BODY_BYTES, .reads = true },
  { "POST", "/api/sync/conflicts/{id}/reopen", conflict_reopen_post, "sync.write",
    "What was decided is taken back: the record is what it was before, and the conflict is open. 409 when "
    "somebody went on from it.",
    .reply = "{id}", .body = "{note}", .body_max = LIMIT_BODY_BYTES, .reads = true },
  { 0 },
};
