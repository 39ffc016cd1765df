/*
** populate.c - the stages, and the job that runs them.
**
** follow_up says how often rows began or ceased to count (`wanted`) and how much of that was followed
** (`done`). The job reads `wanted`, runs the stages, and notes it as done in the transaction that ends the
** job. What came meanwhile orders the next job there: jobs are known by the `done` that they start from
** (ingest/follow_up.c), so there is one at a time and none is lost.
*/
#include "field/populate.h"

#include <stdio.h>

#include "base/log.h"
#include "base/time.h"
#include "field/again.h"
#include "field/field.h"
#include "field/invoices.h"
#include "field/order.h"
#include "field/predict.h"
#include "field/segment.h"
#include "field/sources.h"
#include "field/upsell.h"
#include "job/job.h"

/* ---- stages ---- */

static int save_stores(struct ctx *cx, struct db *db, void *arg) {
  (void)arg;
  return source_save(cx, db, &store_source);
}
static int populate_stores(struct ctx *cx, struct tenant *t) {
  return tenant_write(cx, t, save_stores, NULL);
}

static int save_products(struct ctx *cx, struct db *db, void *arg) {
  (void)arg;
  return source_save(cx, db, &product_source);
}
static int populate_products(struct ctx *cx, struct tenant *t) {
  return tenant_write(cx, t, save_products, NULL);
}

static int write_items(struct ctx *cx, struct db *db, void *arg) {
  int64_t removed, added;
  (void)arg;
  if (items_write(cx, db, &removed, &added) || order_settle(cx, db) || removed + added == 0) return cx->code;
  struct stmt *s = db_stmt(cx, db, SQL_sync_log_add);
  stmt_bind(s, cx->now, "populate_items", "invoice_items");
  stmt_text(s, 5, "summary");
  stmt_text(
      s, 6,
      ctx_printf(cx, "{\"lines_removed\":%lld,\"lines_added\":%lld}", (long long)removed, (long long)added));
  return stmt_run(cx, s);
}
static int populate_items(struct ctx *cx, struct tenant *t) { return tenant_write(cx, t, write_items, NULL); }

static int tidy(struct ctx *cx, struct db *db, void *arg) {
  (void)arg;
  return source_tidy(cx, db, &product_source) || source_tidy(cx, db, &store_source) ? (int)cx->code : OK;
}
static int populate_tidy(struct ctx *cx, struct tenant *t) { return tenant_write(cx, t, tidy, NULL); }

static const struct field_stage stages[] = {
  { "populate_stores", "stores, as the invoices tell of them", populate_stores },
  { "populate_products", "products, as the invoices tell of them", populate_products },
  { "populate_items", "invoice lines by store and product", populate_items },
  { "predict_orders", "orders that stores are expected to make", predict_all },
  { "segment_customers", "what kind of customer each store is", segment_all },
  { "find_upselling", "what is bought together, and what a store may want besides", upsell_all },
  { "populate_tidy", "stores and products that only invoices brought which count no more", populate_tidy },
};
enum { STAGES = sizeof stages / sizeof *stages };

const struct field_stage *field_stage_at(int i) { return i >= 0 && i < STAGES ? &stages[i] : NULL; }

static int run_stage(struct ctx *cx, struct tenant *t, const struct field_stage *stage) {
  double began = time_seconds();
  cx->now = time_now();
  if (stage->run(cx, t)) return cx->code;
  log_line(LOG_DEBUG, cx, "FIELD_STAGE", "%s took %.3f s", stage->name, time_seconds() - began);
  return OK;
}

/* One, or those three that need not wait for each other. The number of the next. */
static int run_next(struct ctx *cx, struct tenant *t, int i) {
  static const struct field_stage three = { "predict_orders", "", again_all };
  bool together = stages[i].run == predict_all;
  run_stage(cx, t, together ? &three : &stages[i]);
  return i + (together ? 3 : 1);
}

/* ---- all of them ---- */

struct follow {
  int64_t wanted; /* what is being followed */
};

static int64_t read_wanted(struct ctx *cx, struct db *db) {
  return stmt_number(cx, db_ask(cx, db, SQL_follow_up_get, invoices_dataset.name), 0);
}

static int look(struct ctx *cx, struct tenant *t, struct follow *f) {
  struct ctx aside;
  struct db *db;
  ctx_begin(&aside, cx->actor);
  if (!tenant_read(&aside, t, &db)) f->wanted = read_wanted(&aside, db);
  if (aside.code) fail_from(cx, &aside);
  ctx_end(&aside);
  return cx->code;
}

static int mark_done(struct ctx *cx, struct db *db, void *arg) {
  const struct follow *f = arg;
  struct stmt *s = db_ask(cx, db, SQL_follow_up_done, invoices_dataset.name, f->wanted);
  if (stmt_run(cx, s) || read_wanted(cx, db) <= f->wanted) return cx->code;
  const char *unique = ctx_printf(cx, "%s@%lld", invoices_dataset.name, (long long)f->wanted);
  return job_enqueue(cx, db, &(struct job_order){ .kind = invoices_dataset.follow, .unique = unique }, NULL);
}

static int populate_run(struct ctx *cx, struct job *job) {
  struct follow f = { 0 };
  double began = time_seconds();
  if (look(cx, job_tenant(job), &f)) return cx->code;
  for (int i = 0; i < STAGES && !cx->code;) {
    if (job_stopped(job)) return fail(cx, E_BUSY, NULL, "it was stopped; the stages are run again");
    job_progress(job, i, STAGES, stages[i].name);
    i = run_next(cx, job_tenant(job), i);
  }
  if (cx->code || job_finish(cx, job, mark_done, &f)) return cx->code;
  log_line(LOG_INFO, cx, "FIELD_POPULATED", "%.3f s", time_seconds() - began);
  return OK;
}

static const struct job_kind populate_kind = {
  .name = "populate",
  .queue = "bulk-upload",
  .help = "what follows from invoices: stores, products, lines, predictions, segments, suggestions",
  .need = "sales.write",
  .run = populate_run,
  .at_once = 1,
};

/* ---- a stage as a task ---- */

static struct job_kind stage_kinds[STAGES];

static int stage_run(struct ctx *cx, struct job *job) {
  for (int i = 0; i < STAGES; i++)
    if (strcmp(job_kind_name(job), stages[i].name) == 0) return run_stage(cx, job_tenant(job), &stages[i]);
  return fail(cx, E_NOT_FOUND, "kind", "there is no such stage");
}

void field_register(void) {
  job_kind_register(&populate_kind);
  for (int i = 0; i < STAGES; i++) {
    stage_kinds[i] = (struct job_kind){
      .name = stages[i].name,
      .queue = "graph",
      .help = stages[i].help,
      .need = "sales.write",
      .run = stage_run,
      .at_once = 1,
    };
    job_kind_register(&stage_kinds[i]);
  }
}
