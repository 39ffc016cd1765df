/*
** routes_row.c - a person changes a clean row.
*/
#include "base/json.h"
#include "base/limits.h"
#include "http/routes.h"
#include "ingest/edit.h"

/* {"quantity": "5"}: fields and what they become. */
static int changes_of(struct ctx *cx, struct jv *body, struct correct_change **changes, size_t *count) {
  *count = 0;
  if (jv_kind(body) != JV_OBJECT || jv_size(body) == 0)
    return fail(cx, E_INVALID, NULL,
                "the body is an object of fields and their new values, such as {\"quantity\": \"5\"}");
  *changes = ctx_alloc(cx, jv_size(body) * sizeof **changes);
  for (void *it = jv_first(body); it; it = jv_next(body, it)) {
    const char *name = ctx_strdup(cx, jv_key(it));
    struct str value = jv_text(jv_value(it));
    if (!value.p && jv_kind(jv_value(it)) != JV_NULL)
      return fail(cx, E_INVALID, name, "the new value of %.80s has to be a text", name);
    (*changes)[(*count)++] = (struct correct_change){ name, value.p ? ctx_strdup(cx, value) : "" };
  }
  return OK;
}

static int row_post(struct request *rq) {
  struct import_result *result = ctx_alloc(rq->cx, sizeof *result);
  const struct dataset *d = NULL;
  struct correct_change *changes = NULL;
  struct jv *body;
  const char *key;
  size_t count = 0;
  int rc = dataset_asked(rq, &d);
  if (!rc) rc = query_text(rq, "key", &key);
  if (!rc && !key) rc = fail(rq->cx, E_INVALID, "key", "which row? its key is missing");
  if (!rc) rc = body_json(rq, &body);
  if (!rc) rc = changes_of(rq->cx, body, &changes, &count);
  if (!rc) rc = edit_row(rq->cx, rq->tenant, d, str_of(key), changes, count, result);
  if (rc) return rc;
  jw_record(&rq->json, "data", "run", result->run, "key", key, "changed", arg_bool(result->updated > 0));
  return OK;
}

/* ---- the addresses ---- */

const struct route row_routes[] = {
  { "POST", "/api/row", row_post, "data.write",
    "Changes a clean row: {\"quantity\": \"5\"}. Every control judges it; what passes becomes a new version, "
    "by a run of its own, which can be undone.",
    .reply = "{run, key, changed: bool}", .query = "as, key!", .body = "object",
    .body_max = LIMIT_BODY_BYTES },
  { 0 },
};
