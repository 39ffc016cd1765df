#include "ingest/derive.h"

static int take(struct ctx *cx, void *loader, const struct load_batch *b) {
  return loader_add(cx, loader, b);
}

int run_derive(struct ctx *cx, struct tenant *t, struct db *db, const struct kept_run *run,
               enum loader_mode mode, struct derived *out) {
  struct ctx aside; /* its reader is the flow's; it sees the bytes, which are not derived */
  struct db *reader;
  struct judge_setup setup;
  struct flow_setup flow = { .judge = &setup, .take = take };
  struct loader *loader = NULL;
  ctx_begin(&aside, cx->actor);
  int rc = tenant_read(&aside, t, &reader) || kept_open(&aside, reader, run, &flow.input) ||
           kept_setup(&aside, flow.input, run, &setup);
  if (rc) fail_from(cx, &aside);
  struct loader_setup how = { .judge = &setup,
                              .run = run->id,
                              .rank = run->rank,
                              .update = run->update,
                              .mode = mode,
                              .batch = mode == LOADER_REDO ? 0 : run->dataset->batch,
                              .rows_expected = (uint64_t)run->read,
                              .at = run->started_at,
                              .actor = run->actor };
  if (!rc) rc = loader_new(cx, db, &how, &loader);
  flow.arg = loader;
  if (!rc) rc = flow_run(cx, &flow, &out->flow);
  if (!rc) loader_end(cx, loader, &out->load);
  ctx_end(&aside);
  return cx->code;
}
