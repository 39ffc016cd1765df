/*
** routes_changes.c - the change log a page at a time, by what is looked for in it.
*/
#include "base/time.h"
#include "export/changes.h"
#include "http/routes.h"

/* A day or an instant; of a day its beginning, or with `end` what comes after it. */
static int instant_asked(struct request *rq, const char *name, bool end, int64_t *at) {
  const char *text;
  *at = 0;
  int rc = query_text(rq, name, &text);
  if (rc || !text) return rc;
  if (!time_parse_iso(str_of(text), at))
    return fail(rq->cx, E_INVALID, name, "%s is a day or an instant, such as 2024-02-29T12:00:00Z, not '%s'",
                name, text);
  if (end) *at += strlen(text) == 10 ? DAY_US : 1;
  return OK;
}

static int changes_list(struct request *rq) {
  struct change_filter f = { 0 };
  int64_t total = 0, next = 0;
  int rc = query_texts(rq, { "unit", &f.unit }, { "event", &f.event }, { "table", &f.table },
                       { "key", &f.key }, { "actor", &f.actor });
  if (!rc) rc = instant_asked(rq, "from", false, &f.from);
  if (!rc) rc = instant_asked(rq, "to", true, &f.to);
  if (!rc) rc = query_int(rq, "before", 1, INT64_MAX, 0, &f.before);
  if (!rc) rc = query_int(rq, "limit", 1, PAGE_ROWS_MOST, PAGE_ROWS, &f.limit);
  if (!rc) rc = changes_page(rq->cx, rq->db, &f, &rq->json, "data", &total, &next);
  jw_put(&rq->json, "total", total, "next", next);
  return rc;
}

/* ---- the addresses ---- */

const struct route changes_routes[] = {
  { "GET", "/api/changes", changes_list, "audit.read", "The change log, newest first.",
    .reply = "[{seq: int, at, actor, unit, event, table: text?, key: text?, count: int, text, before: "
             "{...}?, after: {...}?}]; total: int, next: int",
    .query = "before: int, limit: int, unit, event, table, key, actor, from, to", .reads = true },
  { 0 },
};
