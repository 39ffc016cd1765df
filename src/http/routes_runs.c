/*
** routes_runs.c - runs: reports, exceptions, taken back, brought back, judged again.
*/
#include <stdio.h>

#include "export/reports.h"
#include "http/routes.h"
#include "http/tasks.h"
#include "ingest/undo.h"

static int runs_list(struct request *rq) {
  int64_t limit, offset, total = 0;
  int rc = query_int(rq, "limit", 1, PAGE_ROWS_MOST, PAGE_ROWS, &limit);
  if (!rc) rc = query_int(rq, "offset", 0, INT64_MAX, 0, &offset);
  if (!rc) rc = report_runs(rq->cx, rq->db, &rq->json, "data", limit, offset, &total);
  jw_int(&rq->json, "total", total);
  return rc;
}

static int run_show(struct request *rq) {
  return report_run(rq->cx, rq->db, &rq->json, "data", rq->param[0]);
}

static int exceptions_list(struct request *rq) {
  struct exception_filter f = { .run = rq->param[0] };
  int64_t total = 0, next = 0;
  int rc = query_texts(rq, { "category", &f.category }, { "control", &f.control });
  if (!rc) rc = query_int(rq, "limit", 1, PAGE_ROWS_MOST, PAGE_ROWS, &f.limit);
  if (!rc) rc = query_int(rq, "after", 0, INT64_MAX, 0, &f.after);
  if (!rc) rc = report_exceptions(rq->cx, rq->db, &rq->json, "data", &f, &total, &next);
  if (!rc && next) link_next(rq, "after", ctx_printf(rq->cx, "%lld", (long long)next));
  jw_put(&rq->json, "total", total, "next", next);
  return rc;
}

/* ---- taken back, brought back, judged again ---- */

typedef int move_fn(struct ctx *cx, struct tenant *t, const char *run, bool dry_run, struct undo_result *out);

static int move(struct request *rq, move_fn *fn) {
  struct undo_result *result = ctx_alloc(rq->cx, sizeof *result);
  bool dry_run;
  int rc = query_flag(rq, "dry_run", &dry_run);
  if (!rc) rc = fn(rq->cx, rq->tenant, rq->param[0], dry_run, result);
  if (!rc) undo_json(&rq->json, "data", result);
  return rc;
}

static int run_undo(struct request *rq) { return move(rq, undo_run); }
static int run_redo(struct request *rq) { return move(rq, redo_run); }

/* What cannot be judged again is told at once and not by a task that fails. */
static int rejudge_check(struct request *rq, const struct kept_run *run) {
  if (strcmp(run->state, "done") != 0 || run->undone)
    return fail(rq->cx, E_CONFLICT, "run",
                "run %s does not count, so there is nothing to judge again: it is %s", run->uuid,
                run->undone ? "undone" : run->state);
  if (!run->dataset)
    return fail(rq->cx, E_NOT_FOUND, NULL, "this program has no dataset %s", run->dataset_name);
  return OK;
}

static int run_rejudge(struct request *rq) {
  struct task_order o = { .tenant = rq->tenant };
  struct kept_run run;
  char id[37];
  int rc = query_flag(rq, "dry_run", &o.dry_run);
  if (!rc) rc = kept_find(rq->cx, rq->db, rq->param[0], &run);
  if (!rc) rc = rejudge_check(rq, &run);
  if (rc) return rc;
  o.dataset = run.dataset;
  o.rejudge = run.uuid;
  o.name = run.source;
  o.bytes = (uint64_t)run.bytes;
  dialect_init(&o.dialect);
  rc = task_start(rq, &o, id);
  return rc ? rc : import_accepted(rq, id);
}

/* ---- the addresses ---- */

const struct route runs_routes[] = {
  { "GET", "/api/runs", runs_list, "data.read", "The runs of a tenant, newest first.",
    .reply = "[{run, dataset, source, kind, state, undone: #undone, started: text?, ended: text?, seconds: "
             "number, actor, rows: #rows, rejected: {*: int}, reconciled: bool, quality: number, *: "
             "decimal?}]; total: int",
    .query = "limit: int, offset: int", .reads = true },
  { "GET", "/api/runs/{id}", run_show, "data.read",
    "The report of one run: figures, controls, decisions of the reader, audits, timeline. The id may be "
    "shortened as long as it is unique, or be \"latest\".",
    .reply =
        "{run, dataset, source, kind, state, undone: #undone, started: text?, ended: text?, seconds: number, "
        "actor, rows: #rows, rejected: {*: int}, reconciled: bool, quality: number, *: decimal?, sha256, "
        "bytes: int, rows_per_second: int, memory_bytes: int, mapping: [{field, heading, column: int, how}], "
        "unknown_columns: [any], unique: [text], decisions: [#decision], oddities: [any], dialect: "
        "{encoding, delimiter, quote, escape, header, skip}, existing: text?, replaces: text?, repeated: "
        "{rows: int, key}?, controls: [{control, version: int, stage, field: text?, category, passed: int, "
        "failed: int}], totals: #sums, "
        "by_day: [#day], by_region: [#group], by_product: [#group], audits: [{check, ok: bool, expected, "
        "actual, text}], timeline: [{seq: int, at, event, description, count: int}]}",
    .reads = true },
  { "GET", "/api/runs/{id}/exceptions", exceptions_list, "data.read",
    "The rejected rows of one run with their original lines.",
    .reply = "[{id: int, run, record: int, source, line: int, offset: int, length: int, category, stage, "
             "state, raw, faults: [#fault]}]; total: int, next: int",
    .query = "category, control, limit: int, after: int", .reads = true },
  { "POST", "/api/runs/{id}/undo", run_undo, "data.write",
    "Takes a run back: what it replaced comes back, what was changed since stays, and all of it is told. 409 "
    "when it is undone already. dry_run=1 tells, and changes nothing.",
    .reply = "#moved", .query = "dry_run: 0|1" },
  { "POST", "/api/runs/{id}/redo", run_redo, "data.write",
    "Brings a run back that was undone. 409 when it is not.", .reply = "#moved", .query = "dry_run: 0|1" },
  { "POST", "/api/runs/{id}/rejudge", run_rejudge, "data.write",
    "Judges the kept bytes of a run by the present rules, in the background like an import: a new run takes "
    "its place. 409 when it does not count.",
    .reply = "202 {import, href}", .query = "dry_run: 0|1", .reads = true },
  { 0 },
};
