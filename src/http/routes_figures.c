/*
** routes_figures.c - figures, why they are what they are, and the rows behind them.
*/
#include "export/compare.h"
#include "export/figures.h"
#include "export/impact.h"
#include "export/trace.h"
#include "export/why.h"
#include "http/routes.h"

typedef int show_fn(struct ctx *cx, struct db *db, struct jw *w, const char *key, const struct params *p);

static int show(struct request *rq, show_fn *fn) {
  struct params p;
  int rc = params_read(rq->cx, str_of(rq->query), &p);
  return rc ? rc : fn(rq->cx, rq->db, &rq->json, "data", &p);
}

static int figures_get(struct request *rq) { return show(rq, figures_show); }
static int quality_get(struct request *rq) { return show(rq, quality_show); }
static int compare_get(struct request *rq) { return show(rq, compare_show); }
static int impact_get(struct request *rq) { return show(rq, impact_show); }
static int rows_get(struct request *rq) { return show(rq, rows_show); }
static int row_get(struct request *rq) { return show(rq, row_show); }
static int line_get(struct request *rq) { return show(rq, line_show); }

static int why_get(struct request *rq) {
  struct params p;
  int rc = params_read(rq->cx, str_of(rq->query), &p);
  return rc ? rc : why_show(rq->cx, rq->db, &rq->json, "data", rq->param[0], rq->param[1], &p);
}

/* ---- the addresses ---- */

const struct route figures_routes[] = {
  { "GET", "/api/figures", figures_get, "data.read",
    "The figures of all that counts now, or of one run as it was imported. from and to are days, inclusive; "
    "any group field of the dataset, such as region or product, narrows them.",
    .cached = true,
    .reply = "{dataset, scope, run: text?, from: text?, to: text?, first_day: text?, last_day: text?, "
             "measures: [{name, title, kind}], groups: [{name, title, kind}], totals: #sums, by_day: [#day], "
             "source?, undone?: bool, *: [#group]}",
    .query = "as, run, from: day, to: day, ..." },
  { "GET", "/api/quality", quality_get, "data.read",
    "How much of what came in is good, which controls found what is not, and the runs one by one.",
    .cached = true,
    .reply = "{dataset, scope, run: text?, source?, undone?: bool, from: text?, to: text?, rows: #rows, "
             "quality: number, rejected: {*: int}, settled: {open: int, corrected: int, accepted: int}, "
             "controls: [{control, version: int, stage, field: text?, category, passed: int, failed: int, "
             "runs: int}], stages: [{stage, failed: int}], trend: [{run, source, started, read: int, clean: "
             "int, rejected: int, quality: number}]}",
    .query = "as, run, ..." },
  { "GET", "/api/rows", rows_get, "data.read",
    "Clean rows in the order of their keys, each with its place in its file. A page may be short and still "
    "have a `next` to go on after. Narrowed as /api/figures, and by q: the key begins so.",
    .reply = "[#row]; total: int?, next: text?",
    .query = "as, run, from: day, to: day, q, limit: int, after, ...", .reads = true },
  { "GET", "/api/row", row_get, "data.read",
    "One clean row: its original bytes, whether they still say what is stored, its versions, controls and "
    "notes.",
    .reply =
        "{key, run, record: int, source, line: int, offset: int, length: int, fate, values: {*: text?}, raw, "
        "sha256, tick: {ok: bool, text}, versions: [{kind, actor, at, key, run, record: int, source, line: "
        "int, offset: int, length: int, fate, values: {*: text?}, current: bool}], controls: [{control, "
        "version: int, stage, field: text?, status}], notes: [any], edited_by: {*: any}?}",
    .query = "as, key!", .reads = true },
  { "GET", "/api/why/{id}/{id}", why_get, "data.read",
    "Why a figure (dataset, measure) is what it is: formula, SQL, the rows behind it, and a second "
    "computation of its own (tick=1 gives that alone). Narrowed as /api/rows, and of the measure rejected by "
    "category and control.",
    .reply = "{figure, title?, value: any, formula?, sql?, tick?: {ok: bool, first: any, second: any, "
             "method}?, tick_reason?: text?, rows?: {kind, items: [{*: any}], total: int?, next: text?, "
             "searched?: int}, rules?: {*: [{control, version: int}]}, seconds?: number}",
    .query = "as, run, from: day, to: day, q, limit: int, after, category, control, tick: 0|1, ...",
    .reads = true },
  { "GET", "/api/compare", compare_get, "data.read",
    "Two runs beside each other, or a run and all that counts now (current): figures by group, quality, "
    "controls, rules that changed between them. Narrowed as /api/figures.",
    .reply = "{dataset, a: #side, b: #side, totals: [{measure, a: any, b: any, difference: any}], by_day: "
             "[{day, a: #sums, b: #sums, difference: #sums}], quality: {a: number, b: number, difference: "
             "number}, controls: [{control, a_failed: int?, b_failed: int?, a_version: int?, b_version: "
             "int?}], rules_changed: [text], *: [{name: text?, a: #sums, b: #sums, difference: #sums}]}",
    .query = "as, a!, b!, from: day, to: day, ...", .reads = true },
  { "GET", "/api/impact", impact_get, "data.read",
    "What depends on a rule, a field, a reference list or a file that came in. One of rule, column, list, "
    "file (a run) says which.",
    .reply = "{subject, text, counts: {*: int}, items: [{kind, name, count: int?, text}]}",
    .query = "as, rule, column, list, file", .reads = true },
  { "GET", "/api/line", line_get, "data.read",
    "What became of a line of a file. One of line, record, offset says which.",
    .reply = "{run, source, record: int, line: int, offset: int, length: int, lines: int, raw, sha256, "
             "intact: bool, kind, exception: {id: int, category, stage, state, reason: text?, faults: "
             "[#fault], solved_run: text?}?, row: #row?, fate, figures: [text]}",
    .query = "run!, line: int, record: int, offset: int", .reads = true },
  { 0 },
};
