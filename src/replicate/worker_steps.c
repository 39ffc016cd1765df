/* worker_steps.c - what is done whenever headquarters is reached: see worker.h. */
#include "base/version.h"
#include "replicate/clock.h"
#include "replicate/epoch.h"
#include "replicate/pull.h"
#include "replicate/push.h"
#include "replicate/receipt.h"
#include "replicate/request.h"
#include "replicate/state.h"
#include "replicate/worker.h"

/* Says that we were here. A role that is no member of its organization any more sees no row. */
static int greet(struct ctx *cx, struct pg *p, const struct sync_upstream *u) {
  struct pg_rows *r;
  if (pg_ask(cx, p, &r,
             "UPDATE outpost.edge SET last_seen_at = now(), version = $2 WHERE edge_id = $1::uuid "
             "RETURNING revoked_at IS NOT NULL",
             u->edge, OUTPOST_VERSION))
    return cx->code;
  if (pg_rows_count(r) == 1 && pg_text(r, 0, 0).p[0] == 'f') return OK;
  return fail(
      cx, E_DENIED, NULL,
      "headquarters does not know this edge: it was revoked; enroll it again with outpost upstream enroll");
}

static int contact(struct ctx *cx, struct tenant *t, struct pg *p, bool *more) {
  struct sync_upstream u;
  *more = false;
  return sync_upstream_look(cx, t, &u) || greet(cx, p, &u) ? (int)cx->code : clock_contact(cx, t, p);
}

/* Before anything is sent: somebody may put an old copy in the file's place while we run. */
static int compare(struct ctx *cx, struct tenant *t, struct pg *p, bool *more) {
  bool opened;
  *more = false;
  return epoch_check(cx, t, p, &opened);
}

/* What does not come down keeps no request waiting. */
static int fetch(struct ctx *cx, struct tenant *t, struct pg *p, bool *more) {
  struct ctx one;
  bool waiting, again = false;
  ctx_begin(&one, "sync");
  if (pull_some(&one, t, p, &waiting, more)) pg_rollback(p);
  ctx_end_inside(cx, &one);
  if (pg_is_broken(p)) return cx->code;
  ctx_begin(&one, "sync");
  request_some(&one, t, p, waiting, &again);
  ctx_end_inside(cx, &one);
  *more = *more || again;
  return cx->code;
}

const struct sync_step sync_steps[] = {
  { "contact", contact, 600 },      { "compare", compare, 0 }, { "push", push_some, 0 },
  { "receipts", receipt_fetch, 0 }, { "pull", fetch, 10 },     { NULL, NULL, 0 },
};
