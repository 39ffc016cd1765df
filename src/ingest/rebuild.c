#include "ingest/rebuild.h"

#include "base/time.h"
#include "ingest/checks.h"
#include "ingest/derive.h"
#include "ingest/undo.h"
#include "store/change.h"

struct rebuild {
  struct tenant *tenant;
  struct rebuild_result *result;
};

/* When and by whom an exception was settled is not derived: it is put aside and put back. */
static int put_aside(struct ctx *cx, struct db *db) {
  return stmt_run(cx, db_stmt(cx, db, SQL_verdicts_forget)) ||
         stmt_run(cx, db_stmt(cx, db, SQL_verdicts_keep));
}

static int put_back(struct ctx *cx, struct db *db) {
  return stmt_run(cx, db_stmt(cx, db, SQL_verdicts_restore)) ||
         stmt_run(cx, db_stmt(cx, db, SQL_verdicts_forget));
}

static int clear_derived(struct ctx *cx, struct db *db, const struct kept_run *runs, size_t count) {
  for (size_t i = 0; i < count && !cx->code; i++) {
    const struct dataset *d = runs[i].dataset;
    bool first = true;
    if (!d) return fail(cx, E_NOT_FOUND, NULL, "this program has no dataset %s", runs[i].dataset_name);
    for (size_t k = 0; k < i; k++) first = first && runs[k].dataset != d;
    if (!first) continue;
    stmt_run(cx, db_compose(cx, db, ctx_printf(cx, "DELETE FROM %s", d->table)));
    stmt_run(cx, db_compose(cx, db, ctx_printf(cx, "DELETE FROM %s", d->total_table)));
    stmt_run(cx, db_compose(cx, db, ctx_printf(cx, "DELETE FROM %s", d->past_table)));
    stmt_run(cx, db_compose(cx, db, ctx_printf(cx, "DELETE FROM %s", d->current_table)));
  }
  return cx->code || stmt_run(cx, db_stmt(cx, db, SQL_undone_clear)) ||
                 stmt_run(cx, db_stmt(cx, db, SQL_undo_kept_clear))
             ? (int)cx->code
             : stmt_run(cx, db_stmt(cx, db, SQL_reject_clear));
}

static int compare(struct ctx *cx, struct db *db, const struct kept_run *run, const struct flow_result *flow,
                   const struct load_result *load) {
  struct check_subject subject = { .dataset = run->dataset, .run = run->id };
  int64_t totals;
  if (checks_digest(cx, db, &subject, NULL, NULL, &totals)) return cx->code;
  const char *differs = strcmp(flow->sha256, run->sha256) != 0         ? "the original bytes"
                        : (int64_t)load->clean_crc != run->clean_crc   ? "the clean rows"
                        : (int64_t)load->reject_crc != run->reject_crc ? "the exceptions"
                        : totals != run->total_crc                     ? "the totals"
                                                                       : NULL;
  if (!differs) return OK;
  return fail(cx, E_CONFLICT, "run", "run %s: %s come out differently; nothing was changed", run->uuid,
              differs);
}

static int rebuild_run(struct ctx *cx, struct db *db, struct rebuild *r, const struct kept_run *run) {
  struct derived d;
  if (!run_derive(cx, r->tenant, db, run, LOADER_DERIVED_ONLY, &d)) compare(cx, db, run, &d.flow, &d.load);
  r->result->runs++;
  r->result->records += run->read;
  return cx->code;
}

/* What happened to the runs, in its order: done, undone, redone. */
struct step {
  int64_t run;
  const char *event, *actor;
  struct str entry;
  int64_t at;
};

static int steps_list(struct ctx *cx, struct db *db, struct step **list, size_t *count) {
  size_t n = 0;
  *list = NULL;
  struct stmt *s = db_stmt(cx, db, SQL_run_events);
  while (stmt_row(cx, s)) {
    *list = ctx_more(cx, *list, n, sizeof **list);
    (*list)[n++] = (struct step){ .run = col_int(s, 0),
                                  .event = col_dup(cx, s, 1),
                                  .entry = str_of(col_dup(cx, s, 2)),
                                  .at = col_int(s, 3),
                                  .actor = col_dup(cx, s, 4) };
  }
  *count = n;
  return cx->code;
}

static int rebuild_step(struct ctx *cx, struct db *db, struct rebuild *r, const struct kept_run *run,
                        const struct step *step) {
  if (strcmp(step->event, "RUN_UNDONE") == 0)
    return undo_replay(cx, db, run, step->entry, step->at, step->actor);
  if (strcmp(step->event, "RUN_REDONE") == 0) return redo_replay(cx, r->tenant, db, run);
  return rebuild_run(cx, db, r, run);
}

static int rebuild_steps(struct ctx *cx, struct db *db, struct rebuild *r, const struct kept_run *runs,
                         size_t run_count) {
  struct step *steps;
  size_t count;
  if (steps_list(cx, db, &steps, &count)) return cx->code;
  for (size_t i = 0; i < count && !cx->code; i++)
    for (size_t k = 0; k < run_count; k++)
      if (runs[k].id == steps[i].run) rebuild_step(cx, db, r, &runs[k], &steps[i]);
  return cx->code;
}

enum { PARTS_MAX = 8 };
static rebuild_part_fn *parts[PARTS_MAX];
static int part_count;

void rebuild_part_register(rebuild_part_fn *fn) {
  if (part_count < PARTS_MAX) parts[part_count++] = fn;
}

static int rebuild_parts(struct ctx *cx, struct db *db, struct rebuild_result *out) {
  for (int i = 0; i < part_count && !cx->code; i++) {
    int64_t corrected = 0;
    parts[i](cx, db, &corrected);
    out->corrected += corrected;
  }
  return cx->code;
}

static int rebuild_alone(struct ctx *cx, struct db *db, void *arg) {
  struct rebuild *r = arg;
  struct kept_run *runs;
  size_t count;
  int rc = db_begin(cx, db);
  if (!rc) rc = kept_list(cx, db, &runs, &count);
  if (!rc) rc = put_aside(cx, db);
  if (!rc) rc = clear_derived(cx, db, runs, count);
  if (!rc) rc = rebuild_steps(cx, db, r, runs, count);
  if (!rc) rc = put_back(cx, db);
  if (!rc) rc = rebuild_parts(cx, db, r->result);
  if (!rc)
    rc = change_append(
        cx, db,
        &(struct change){ .event = "REBUILT",
                          .count = r->result->records,
                          .text = ctx_printf(cx,
                                             "everything derived was made again from the original "
                                             "bytes of %lld runs, and is the same",
                                             (long long)r->result->runs) });
  if (!rc) rc = db_commit(cx, db);
  if (cx->code) db_rollback(db);
  return cx->code;
}

int rebuild_all(struct ctx *cx, struct tenant *t, struct rebuild_result *out) {
  double began = time_seconds();
  struct rebuild r = { .tenant = t, .result = out };
  *out = (struct rebuild_result){ 0 };
  tenant_write_alone(cx, t, rebuild_alone, &r);
  out->seconds = time_seconds() - began;
  return cx->code;
}
