/*
** routes_desk.c - the exceptions desk.
*/
#include <stdio.h>

#include "base/limits.h"
#include "export/desk.h"
#include "export/tables.h"
#include "http/routes.h"
#include "ingest/correct.h"
#include "ingest/review.h"

/* ---- the filter ---- */

static const char *const filter_names[] = { "run",  "category", "control",  "stage", "source",
                                            "week", "state",    "assignee", "q",     "pattern" };
enum { FILTERS = sizeof filter_names / sizeof *filter_names };

static struct desk_filter filter_of(const char *const value[FILTERS]) {
  return (struct desk_filter){ .run = value[0],
                               .category = value[1],
                               .control = value[2],
                               .stage = value[3],
                               .source = value[4],
                               .week = value[5],
                               .state = value[6],
                               .assignee = value[7],
                               .q = value[8],
                               .pattern = value[9] };
}

static int filter_of_query(struct request *rq, struct desk_filter *f) {
  const char *value[FILTERS];
  for (int i = 0; i < FILTERS; i++)
    if (query_text(rq, filter_names[i], &value[i])) return rq->cx->code;
  *f = filter_of(value);
  return OK;
}

static int filter_of_json(struct ctx *cx, struct jv *object, struct desk_filter *f) {
  const char *value[FILTERS] = { NULL };
  if (jv_kind(object) != JV_OBJECT) return fail(cx, E_INVALID, "filter", "filter has to be a JSON object");
  for (void *it = jv_first(object); it; it = jv_next(object, it)) {
    int i = 0;
    while (i < FILTERS && !str_eq(jv_key(it), str_of(filter_names[i]))) i++;
    if (i == FILTERS)
      return fail(cx, E_INVALID, "filter",
                  "a filter has no '" STR_FMT
                  "'; it has run, category, control, stage, source, week, state, assignee, q, "
                  "pattern",
                  STR_ARG(jv_key(it)));
    struct str text = jv_text(jv_value(it));
    if (text.p && text.n) value[i] = ctx_strdup(cx, text);
    if (!text.p && jv_kind(jv_value(it)) != JV_NULL)
      return fail(cx, E_INVALID, filter_names[i], "%s in a filter is a text", filter_names[i]);
  }
  *f = filter_of(value);
  return OK;
}

/* ---- looking ---- */

static int desk_rows(struct request *rq) {
  struct desk_filter f;
  int64_t limit, after, total = 0, next = 0;
  int rc = filter_of_query(rq, &f);
  if (!rc) rc = query_int(rq, "limit", 1, PAGE_ROWS_MOST, PAGE_ROWS, &limit);
  if (!rc) rc = query_int(rq, "after", 0, INT64_MAX, 0, &after);
  if (!rc) rc = desk_list(rq->cx, rq->tenant, &f, after, limit, &rq->json, "data", &total, &next);
  if (total >= 0)
    jw_int(&rq->json, "total", total);
  else
    jw_text(&rq->json, "total", NULL);
  if (next)
    jw_int(&rq->json, "next", next);
  else
    jw_text(&rq->json, "next", NULL);
  return rc;
}

static int desk_summary_show(struct request *rq) {
  struct desk_filter f;
  int rc = filter_of_query(rq, &f);
  return rc ? rc : desk_summary(rq->cx, rq->tenant, &f, &rq->json, "data");
}

static int id_of_path(struct request *rq, int64_t *id) {
  if (str_to_int(str_of(rq->param[0]), id)) return OK;
  return fail(rq->cx, E_NOT_FOUND, "id", "an exception is named by its number, not '%s'", rq->param[0]);
}

static int desk_show_one(struct request *rq) {
  int64_t id;
  int rc = id_of_path(rq, &id);
  return rc ? rc : desk_one(rq->cx, rq->tenant, id, &rq->json, "data");
}

static int desk_file(struct request *rq) {
  const char *run;
  int rc = query_text(rq, "run", &run);
  if (rc) return rc;
  if (!run) return fail(rq->cx, E_INVALID, "run", "say of which run: run=ID, or run=latest");
  reply_stream(rq, "text/csv; charset=utf-8", "exceptions.csv");
  return export_exception_file(rq->cx, rq->db, run, reply_write, rq);
}

/* ---- which ones a body speaks of ---- */

static int ids_of_json(struct ctx *cx, struct jv *list, int64_t **ids, size_t *count) {
  *count = jv_size(list);
  if (jv_kind(list) != JV_ARRAY || *count == 0)
    return fail(cx, E_INVALID, "ids", "ids has to be an array of the numbers of exceptions");
  if (*count > LIMIT_AT_ONCE)
    return fail(cx, E_LIMIT, "ids", "%zu exceptions at once are too many: at most %d", *count, LIMIT_AT_ONCE);
  *ids = ctx_alloc(cx, *count * sizeof **ids);
  for (size_t i = 0; i < *count; i++) {
    struct str text = jv_text(jv_at(list, i));
    if (!text.p || !str_to_int(text, &(*ids)[i]))
      return fail(cx, E_INVALID, "ids", "entry %zu of ids is not the number of an exception", i + 1);
  }
  return OK;
}

static int chosen(struct request *rq, struct tenant *t, struct jv *body, int64_t **ids, size_t *count,
                  bool *by_filter) {
  struct ctx *cx = rq->cx;
  struct jv *list = jv_get(body, "ids"), *object = jv_get(body, "filter");
  struct desk_filter f;
  *by_filter = object != NULL;
  if (!list == !object)
    return fail(cx, E_INVALID, "ids", "say which exceptions: either ids, an array, or filter, an object");
  if (list) return ids_of_json(cx, list, ids, count);
  return filter_of_json(cx, object, &f) ? (int)cx->code : desk_select(cx, t, &f, ids, count);
}

/* ---- deciding ---- */

/* A text, or NULL for null, "" and what is not there. */
static int text_of(struct ctx *cx, struct jv *body, const char *name, bool *given, const char **out) {
  struct jv *v = jv_get(body, name);
  struct str text = jv_text(v);
  *given = v != NULL;
  *out = NULL;
  if (v && !text.p && jv_kind(v) != JV_NULL)
    return fail(cx, E_INVALID, name, "%s has to be a text or null", name);
  if (str_trim(text).n) *out = ctx_strdup(cx, str_trim(text));
  return OK;
}

static int change_of_json(struct ctx *cx, struct jv *body, struct review_change *c) {
  bool reasoned;
  int rc = text_of(cx, body, "assignee", &c->assigns, &c->assignee);
  if (!rc) rc = text_of(cx, body, "decision", &c->decides, &c->decision);
  if (!rc) rc = text_of(cx, body, "reason", &reasoned, &c->reason);
  if (!rc && c->reason && !c->decision)
    return fail(cx, E_INVALID, "reason", "a reason belongs to a decision: \"decision\": \"accepted\"");
  return rc;
}

static int desk_review(struct request *rq) {
  struct review_change change = { 0 };
  struct jv *body;
  int64_t *ids, changed = 0;
  size_t count = 0;
  bool by_filter;
  int rc = body_members(rq, "ids, filter, assignee, decision, reason", &body);
  if (!rc) rc = change_of_json(rq->cx, body, &change);
  if (!rc) rc = chosen(rq, rq->tenant, body, &ids, &count, &by_filter);
  if (!rc) rc = review_many(rq->cx, rq->tenant, ids, count, &change, by_filter, &changed);
  if (rc) return rc;
  jw_record(&rq->json, "data", "changed", changed, "chosen", (int64_t)count);
  return OK;
}

/* ---- correcting ---- */

static int changes_of_json(struct ctx *cx, struct jv *body, struct correct_change **changes, size_t *count) {
  struct jv *object = jv_get(body, "changes");
  if (jv_kind(object) != JV_OBJECT)
    return fail(
        cx, E_INVALID, "changes",
        "changes has to be an object of fields and their new values, such as {\"region\": \"North\"}");
  *changes = ctx_alloc(cx, (jv_size(object) + 1) * sizeof **changes);
  *count = 0;
  for (void *it = jv_first(object); it; it = jv_next(object, it)) {
    struct str value = jv_text(jv_value(it));
    const char *name = ctx_strdup(cx, jv_key(it));
    if (!value.p && jv_kind(jv_value(it)) != JV_NULL)
      return fail(cx, E_INVALID, name, "the new value of %s has to be a text", name);
    (*changes)[(*count)++] = (struct correct_change){ name, value.p ? ctx_strdup(cx, value) : "" };
  }
  return OK;
}

static int desk_fix(struct request *rq) {
  struct correct_result *result = ctx_alloc(rq->cx, sizeof *result);
  struct correct_change *changes;
  struct jv *body;
  int64_t *ids;
  size_t count = 0, change_count = 0;
  bool by_filter;
  int rc = body_members(rq, "ids, filter, changes", &body);
  if (!rc) rc = changes_of_json(rq->cx, body, &changes, &change_count);
  if (!rc) rc = chosen(rq, rq->tenant, body, &ids, &count, &by_filter);
  if (!rc) rc = correct_many(rq->cx, rq->tenant, ids, count, changes, change_count, by_filter, result);
  if (rc) return rc;
  jw_object(&rq->json, "data");
  correct_write(&rq->json, result);
  jw_close(&rq->json, '}');
  return OK;
}

static int desk_fix_one(struct request *rq) {
  struct correct_result *result = ctx_alloc(rq->cx, sizeof *result);
  struct correct_change *changes;
  struct jv *body;
  int64_t id;
  size_t change_count = 0;
  int rc = id_of_path(rq, &id);
  if (!rc) rc = body_members(rq, "changes", &body);
  if (!rc) rc = changes_of_json(rq->cx, body, &changes, &change_count);
  if (!rc) rc = correct_many(rq->cx, rq->tenant, &id, 1, changes, change_count, false, result);
  if (rc) return rc;
  jw_object(&rq->json, "data");
  correct_write_one(&rq->json, result);
  jw_close(&rq->json, '}');
  return OK;
}

/* ---- the addresses ---- */

const struct route desk_routes[] = {
  { "GET", "/api/exceptions", desk_rows, "data.read",
    "The exceptions of all runs that count. week=2020-W53; assignee=- for nobody.",
    .reply = "[{id: int, run, record: int, source, line: int, offset: int, length: int, category, stage, "
             "state, assignee: text?, reason: text?, raw, faults: [#fault], week, attempt_of?: int}]; total: "
             "int?, next: int?",
    .query = "run, category, control, stage, source, week, state: open|corrected|accepted|attempt|all, "
             "assignee, q, limit: int, after: int, pattern" },
  { "GET", "/api/exceptions/summary", desk_summary_show, "data.read",
    "How many exceptions there are by category, control, source, week and assignee, trends, and wrong values "
    "that come again and again. Of the same as /api/exceptions.",
    .reply =
        "{total: int, open: int, corrected: int, accepted: int, complete: bool, left_out: int, by_category: "
        "[#settled], by_control: [#settled], by_source: [#settled], by_week: [#settled], by_assignee: "
        "[#settled], by_state: [{name, count: int}], trends: [{week, control, count: int}], patterns: "
        "[{pattern, control, field: text?, value: text?, count: int, runs: int, text}]}",
    .query = "run, category, control, stage, source, week, state: open|corrected|accepted|attempt|all, "
             "assignee, q, pattern" },
  { "GET", "/api/exceptions/file", desk_file, "data.read",
    "The open exceptions of one run in the columns of their file, to be repaired and imported again.",
    .reply = "*text/csv", .query = "run!", .reads = true },
  { "POST", "/api/exceptions/review", desk_review, "data.write",
    "Gives exceptions to somebody, accepts them or opens them again: {\"ids\": [...] or \"filter\": {...}, "
    "\"assignee\", \"decision\": \"accepted\" or null, \"reason\"}.",
    .reply = "{changed: int, chosen: int}",
    .body = "{ids: [int], filter: object, assignee: text?, decision: text?, reason}",
    .body_max = LIMIT_BODY_BYTES },
  { "POST", "/api/exceptions/fix", desk_fix, "data.write",
    "Corrects exceptions in place: {\"ids\": [...] or \"filter\": {...}, \"changes\": {\"region\": "
    "\"North\"}}. What is still wrong by the rules stays as it is.",
    .reply =
        "{run: text?, runs: [text], corrected: int, still_open: int, faults: [{id: int, faults: [#fault]}]}",
    .body = "{ids: [int], filter: object, changes!: object}", .body_max = LIMIT_BODY_BYTES },
  { "POST", "/api/exceptions/{id}/fix", desk_fix_one, "data.write",
    "Corrects one exception in place: {\"changes\": {\"order_date\": \"2024-03-05\"}}.",
    .reply = "{corrected: bool, run: text?, faults: [#fault]}", .body = "{changes!: object}",
    .body_max = LIMIT_BODY_BYTES },
  { "GET", "/api/exceptions/{id}", desk_show_one, "data.read",
    "One exception with its cells and its history.",
    .reply = "{id: int, run, record: int, source, line: int, offset: int, length: int, category, stage, "
             "state, assignee: text?, reason: text?, raw, faults: [#fault], week, attempt_of?: int, dataset, "
             "cells: [{heading: text?, field: text?, value: text?, controls: [text]}], extra: int, review: "
             "text?, settled_by: {run, at?: text?, actor}?, history: [{run?, at?: text?, actor?: text?, "
             "event, text, exception?: int, faults?: [#fault]}]}" },
  { 0 },
};
