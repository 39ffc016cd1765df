#include "ingest/rejudge.h"

#include "base/time.h"
#include "ingest/rejudge_run.h"

/* ---- the state of the tenant ---- */

static void release(void *arg) {
  struct rejudge *all = arg;
  holders_clear(&all->holders);
  map_clear(&all->exceptions);
}

static void release_map(void *map) { map_clear(map); }

/* What had a key before a row: ?1 the key, ?2 and ?3 run and record of the row. */
static const char *holder_sql(struct ctx *cx, const struct dataset *d, bool alone) {
  const char *sums = "";
  for (int i = 0; i < d->field_count; i++)
    if (d->fields[i].total) sums = ctx_printf(cx, "%s, %s", sums, d->fields[i].name);
  return ctx_printf(
      cx,
      "SELECT run%s FROM (SELECT run, record%s FROM %s WHERE key = ?1 UNION ALL "
      "SELECT run, record%s FROM %s WHERE key = ?1) WHERE run %s ?2 OR (run = ?2 AND record < ?3) "
      "ORDER BY run DESC, record DESC LIMIT 1",
      sums, sums, d->table, sums, d->past_table, alone ? "<>" : "<");
}

static int look_around(struct ctx *cx, struct rejudge *all) {
  const struct dataset *d = all->request->dataset;
  bool undone = db_int(cx, all->db, SQL_rejudge_undone, 0) != 0;
  struct stmt *s = db_compose(cx, all->db, ctx_printf(cx, "SELECT EXISTS (SELECT 1 FROM %s)", d->past_table));
  all->stacks = stmt_row(cx, s) && col_int(s, 0);
  if (!cx->code) stmt_done(s);
  all->stacks = all->stacks || db_int(cx, all->db, SQL_rejudge_updates, 0);
  all->certain = !all->request->run && !undone;
  all->corrections = db_int(cx, all->db, SQL_rejudge_corrections, 0) != 0;
  all->holder_sql = holder_sql(cx, d, all->request->run != NULL);
  return cx->code;
}

/* What counts at present. */
static int read_figures(struct ctx *cx, struct db *db, const struct dataset *d, struct rejudge_figures *f) {
  const char *sums = "coalesce(sum(orders), 0)";
  for (int i = 0; i < d->field_count; i++)
    if (d->fields[i].total) sums = ctx_printf(cx, "%s, coalesce(sum(%s), 0)", sums, d->fields[i].name);
  struct stmt *s = db_compose(cx, db, ctx_printf(cx, "SELECT %s FROM %s", sums, d->current_table));
  if (!stmt_row(cx, s)) return cx->code;
  f->orders = col_int(s, 0);
  for (int i = 1; i < stmt_columns(s); i++) f->sums[i - 1] = col_int(s, i);
  stmt_done(s);
  return OK;
}

/* Where rows replace each other: of each key that changed, the version on top. */
static int add_versions(struct ctx *cx, struct rejudge *all) {
  struct rejudge_figures *f = &all->result->after;
  const struct holders *h = &all->holders;
  for (size_t i = 0; all->stacks && i < h->room; i++) {
    if (!h->used[i] || h->slots[i].before == h->slots[i].after) continue;
    const struct version *before = &h->versions[h->slots[i].before], *after = &h->versions[h->slots[i].after];
    f->orders += (after->run != 0) - (before->run != 0);
    for (int k = 0; k < DATASET_TOTALS; k++)
      if (__builtin_add_overflow(f->sums[k], after->sums[k] - before->sums[k], &f->sums[k]))
        return fail(cx, E_LIMIT, NULL, "the sums would be too large to be kept exactly");
  }
  return OK;
}

/* ---- the runs ---- */

static int check_unique(struct ctx *cx, const struct rules *now, const struct rules *present) {
  if (strcmp(now->unique_fields, present->unique_fields) == 0) return OK;
  return fail(cx, E_INVALID, "params",
              "another unique key (%s instead of %s) cannot be tried on history: runs keep the keys by which "
              "their rows are stored. It holds for the files that are imported from then on",
              now->unique_fields, present->unique_fields);
}

static bool is_undone(struct ctx *cx, struct db *db, int64_t run) {
  struct stmt *s = db_ask(cx, db, SQL_rejudge_is_undone, run);
  bool undone = stmt_row(cx, s);
  if (!cx->code) stmt_done(s);
  return undone;
}

static int judge_run(struct ctx *cx, struct rejudge *all, const struct kept_run *run,
                     struct rejudge_run *out) {
  struct ctx aside; /* a run's memory goes with it */
  ctx_begin(&aside, cx->actor);
  if (rejudge_one(&aside, all, run, out)) fail_from(cx, &aside);
  ctx_end(&aside);
  all->result->rows += out->rows;
  return cx->code;
}

static int judge_runs(struct ctx *cx, struct rejudge *all) {
  struct kept_run *runs, one;
  size_t count = 1;
  const struct rejudge_request *r = all->request;
  struct rejudge_result *out = all->result;
  if (r->run) {
    runs = &one;
    if (kept_find(cx, all->db, r->run, &one)) return cx->code;
    if (one.dataset != r->dataset || strcmp(one.state, "done") != 0 || is_undone(cx, all->db, one.id))
      return fail(cx, E_CONFLICT, "run", "run %s does not count: it is not done, undone, or no run of %s",
                  one.uuid, r->dataset->name);
  } else if (kept_list(cx, all->db, &runs, &count)) {
    return cx->code;
  }
  out->runs = ctx_alloc(cx, (count + 1) * sizeof *out->runs);
  for (size_t i = 0; i < count && !cx->code; i++)
    if (runs[i].dataset == r->dataset && !is_undone(cx, all->db, runs[i].id))
      judge_run(cx, all, &runs[i], &out->runs[out->run_count++]);
  return cx->code;
}

int rejudge_try(struct ctx *cx, struct tenant *t, const struct rejudge_request *r,
                struct rejudge_result *out) {
  double began = time_seconds();
  struct rejudge *all = ctx_alloc(cx, sizeof *all);
  struct rules *present;
  *out = (struct rejudge_result){ .dataset = r->dataset };
  *all = (struct rejudge){ .request = r, .result = out, .tenant = t, .cx = cx };
  out->by_control = ctx_alloc(cx, sizeof *out->by_control); /* empty */
  map_init(&all->exceptions);
  ctx_defer(cx, release_map, out->by_control);
  ctx_defer(cx, release, all);
  if (tenant_read(cx, t, &all->db) || rules_load(cx, all->db, r->dataset, &present)) return cx->code;
  if (proposal_rules(cx, all->db, r->dataset, r->changes, &all->rules)) return cx->code;
  out->rules = all->rules;
  if (check_unique(cx, all->rules, present) || look_around(cx, all)) return cx->code;
  if (read_figures(cx, all->db, r->dataset, &out->before)) return cx->code;
  out->after = out->before;
  int rc = judge_runs(cx, all);
  if (!rc) rc = add_versions(cx, all);
  out->seconds = time_seconds() - began;
  return rc;
}

/* ---- as JSON ---- */

static void write_rows(struct jw *w, const struct rejudge_row *rows, int64_t count) {
  jw_array(w, "sample");
  for (int i = 0; i < count && i < REJUDGE_SAMPLE; i++)
    jw_record(w, NULL, "run", rows[i].run, "record", rows[i].record, "line", rows[i].line, "raw", rows[i].raw,
              "faults", arg_json(str_of(rows[i].faults)));
  jw_close(w, ']');
}

static void write_rejected(struct jw *w, const struct rejudge_result *r) {
  jw_object(w, "newly_rejected");
  jw_int(w, "total", r->rejected);
  jw_object(w, "by_control");
  for (int i = 0; r->rules && i < r->rules->count; i++)
    if (r->by_rule[i]) jw_int(w, r->rules->rule[i].name, r->by_rule[i]);
  jw_close(w, '}');
  write_rows(w, r->rejected_rows, r->rejected);
  jw_close(w, '}');
}

static void write_released(struct jw *w, const struct rejudge_result *r) {
  struct str control;
  uint64_t count;
  char name[256];
  jw_object(w, "newly_released");
  jw_int(w, "total", r->released);
  jw_object(w, "by_control");
  for (size_t at = 0; map_next(r->by_control, &at, &control, &count);) {
    str_copy(name, sizeof name, control);
    jw_int(w, name, (int64_t)count);
  }
  jw_close(w, '}');
  write_rows(w, r->released_rows, r->released);
  jw_close(w, '}');
}

static void write_figures(struct jw *w, const char *key, const struct dataset *d,
                          const struct rejudge_figures *f) {
  jw_object(w, key);
  jw_int(w, "orders", f->orders);
  for (int i = 0, n = 0; i < d->field_count; i++)
    if (d->fields[i].total) jw_decimal(w, d->fields[i].name, f->sums[n++], d->fields[i].scale, 2);
  jw_close(w, '}');
}

void rejudge_json(struct jw *w, const char *key, const struct rejudge_result *r) {
  jw_object(w, key);
  jw_array(w, "runs");
  for (size_t i = 0; i < r->run_count; i++)
    jw_record(w, NULL, "run", r->runs[i].uuid, "source", r->runs[i].source, "rows", r->runs[i].rows,
              "newly_rejected", r->runs[i].rejected, "newly_released", r->runs[i].released);
  jw_close(w, ']');
  jw_int(w, "rows", r->rows);
  write_rejected(w, r);
  write_released(w, r);
  jw_object(w, "figures");
  write_figures(w, "before", r->dataset, &r->before);
  write_figures(w, "after", r->dataset, &r->after);
  jw_close(w, '}');
  jw_real(w, "seconds", r->seconds, 3);
  jw_close(w, '}');
}
