/*
** routes_changes.c - the change log a page at a time, by what is looked for in it.
*/
#include "auth/permission.h"
#include "base/limits.h"
#include "base/time.h"
#include "export/changes.h"
#include "http/routes.h"
#include "model/entity.h"

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

static bool may_read(const struct request *rq, const char *group) {
  return (rq->who->permissions & permission_bit(str_of(ctx_printf(rq->cx, "%s.read", group)))) != 0;
}

/* Tables whose records he may not read; NULL when there are none. Live events hide the same (feed.c). */
static const char *hidden_from(struct request *rq) {
  struct buf out;
  struct jw w;
  buf_init(&out, LIMIT_TEXT_BYTES);
  jw_init(&w, &out);
  jw_array(&w, NULL);
  const struct entity *e;
  for (int i = 0; (e = entity_at(i)); i++)
    if (!may_read(rq, e->access)) jw_text(&w, NULL, e->table);
  if (!may_read(rq, "people")) jw_text(&w, NULL, "sessions"), jw_text(&w, NULL, "credential");
  if (!may_read(rq, "system")) jw_text(&w, NULL, "secret");
  jw_close(&w, ']');
  const char *names = out.n > 2 ? ctx_strdup(rq->cx, buf_view(&out)) : NULL;
  buf_clear(&out);
  return names;
}

int changes_list(struct request *rq) {
  struct change_filter f = { .hidden = hidden_from(rq) };
  struct db *db;
  int64_t total = 0, next = 0;
  int rc = query_text(rq, "unit", &f.unit);
  if (!rc) rc = query_text(rq, "event", &f.event);
  if (!rc) rc = query_text(rq, "table", &f.table);
  if (!rc) rc = query_text(rq, "key", &f.key);
  if (!rc) rc = query_text(rq, "actor", &f.actor);
  if (!rc) rc = instant_asked(rq, "from", false, &f.from);
  if (!rc) rc = instant_asked(rq, "to", true, &f.to);
  if (!rc) rc = query_int(rq, "before", 1, INT64_MAX, 0, &f.before);
  if (!rc) rc = query_int(rq, "limit", 1, PAGE_ROWS_MOST, PAGE_ROWS, &f.limit);
  if (!rc) rc = db_find(rq, &db);
  if (!rc) rc = changes_page(rq->cx, db, &f, &rq->json, "data", &total, &next);
  jw_int(&rq->json, "total", total);
  jw_int(&rq->json, "next", next);
  return rc;
}
