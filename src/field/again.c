#include "field/again.h"

#include "field/derive.h"
#include "field/order.h"
#include "field/predict.h"
#include "field/segment.h"
#include "field/upsell.h"

static const struct job_kind again_kind;

int again_order(struct ctx *cx, struct db *db, int seconds) {
  return job_enqueue(
      cx, db,
      &(struct job_order){ .kind = again_kind.name, .unique = "all", .wait = seconds * INT64_C(1000000) },
      NULL);
}

/* Predictions become orders of which segments and recommendations are to know. */
static int approval_wanted(struct ctx *cx, struct tenant *t, bool *out) {
  struct ctx aside;
  struct db *db;
  ctx_begin(&aside, cx->actor);
  if (!tenant_read(&aside, t, &db)) *out = db_int(&aside, db, SQL_order_approval_wanted, 0) != 0;
  if (aside.code) fail_from(cx, &aside);
  ctx_end(&aside);
  return cx->code;
}

int again_all(struct ctx *cx, struct tenant *t) {
  static const struct derived_stage *const all[] = { &predict_stage, &segment_stage, &upsell_stage };
  bool wanted = false;
  if (approval_wanted(cx, t, &wanted)) return cx->code;
  if (!wanted) return derived_run_all(cx, t, all, sizeof all / sizeof *all);
  return predict_all(cx, t) || segment_all(cx, t) || upsell_all(cx, t) ? (int)cx->code : OK;
}

/* A change that comes while it runs orders no second job, because this one is not done: so it looks again. */
static int run(struct ctx *cx, struct job *job) { return again_all(cx, job_tenant(job)); }

static const struct job_kind again_kind = {
  .name = "field_again",
  .queue = "default",
  .help = "works predictions, segments and recommendations out again after orders have changed",
  .need = "sales.write",
  .run = run,
  .at_once = 1,
  .rest = 20,
};

static int check_preference(struct ctx *cx, struct db *db, const char *id) {
  (void)id;
  return again_order(cx, db, AGAIN_SOON);
}
static const struct entity_hooks store_preference_hooks = { .check_row = check_preference };

void orders_register(void) {
  job_kind_register(&again_kind);
  entity_hooks_register("order", &order_hooks);
  entity_hooks_register("order_item", &order_item_hooks);
  entity_hooks_register("store_preference", &store_preference_hooks);
}
