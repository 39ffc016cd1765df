/*
** routes_records.c - records of every entity, through the one door. No entity is
** named here: what there is, and of what it consists, the registry says.
*/
#include "base/ids.h"
#include "base/limits.h"
#include "base/time.h"
#include "http/routes.h"
#include "record/record.h"

/* ---- what there is ---- */

static void property_write(struct jw *w, const struct property *p) {
  jw_object(w, NULL);
  jw_text(w, "name", p->name);
  jw_text(w, "kind", property_kind_name(p->kind));
  jw_bool(w, "required", p->required);
  jw_text(w, "help", p->help);
  jw_close(w, '}');
}

int entities_list(struct request *rq) {
  const struct entity *e;
  struct jw *w = &rq->json;
  int count = 0;
  jw_array(w, "data");
  for (; (e = entity_at(count)); count++) {
    jw_object(w, NULL);
    jw_text(w, "name", e->name);
    jw_array(w, "properties");
    for (int i = 0; i < e->property_count; i++) property_write(w, &e->properties[i]);
    jw_close(w, ']');
    jw_close(w, '}');
  }
  jw_close(w, ']');
  jw_int(w, "total", count);
  return OK;
}

static int entity_asked(struct request *rq, const struct entity **out) {
  *out = entity_find(rq->param[0]);
  if (*out) return OK;
  return fail(rq->cx, E_NOT_FOUND, "entity", "there is no entity %.80s; there are %s", rq->param[0],
              entity_names());
}

/* ---- reading ---- */

static int as_of_asked(struct request *rq, int64_t *at) {
  const char *text;
  *at = 0;
  int rc = query_text(rq, "as_of", &text);
  if (rc || !text || time_parse_iso(str_of(text), at)) return rc;
  return fail(rq->cx, E_INVALID, "as_of",
              "as_of is a day or an instant, such as 2024-02-29T12:00:00Z, not '%s'", text);
}

int records_list(struct request *rq) {
  const struct entity *e;
  struct db *db;
  bool deleted;
  int64_t as_of;
  int rc = entity_asked(rq, &e);
  if (!rc) rc = query_flag(rq, "deleted", &deleted);
  if (!rc) rc = as_of_asked(rq, &as_of);
  if (!rc) rc = db_find(rq, &db);
  return rc ? rc : record_list(rq->cx, db, e, deleted, as_of, &rq->json, "data");
}

int record_show(struct request *rq) {
  const struct entity *e;
  struct db *db;
  int rc = entity_asked(rq, &e);
  if (!rc) rc = db_find(rq, &db);
  return rc ? rc : record_get(rq->cx, db, e, rq->param[1], &rq->json, "data");
}

/* A record that never was has no history, and that is not found. */
int record_changes(struct request *rq) {
  const struct entity *e;
  struct db *db;
  struct buf ignored;
  struct jw w;
  int rc = entity_asked(rq, &e);
  if (!rc) rc = db_find(rq, &db);
  if (rc) return rc;
  buf_init(&ignored, LIMIT_REPLY_BYTES);
  jw_init(&w, &ignored);
  rc = record_get(rq->cx, db, e, rq->param[1], &w, NULL);
  buf_clear(&ignored);
  return rc ? rc : record_history(rq->cx, db, e, rq->param[1], &rq->json, "data");
}

/* ---- writing ---- */

struct record_task {
  struct request *rq;
  const struct entity *entity;
  struct jv *object; /* of a save */
  char id[37];
  int (*act)(struct ctx *cx, struct db *db, const struct entity *e, const char *id); /* NULL: save */
};

/* The record as it is after the change is read in the transaction that made it. */
static int task_run(struct ctx *cx, struct db *db, void *arg) {
  struct record_task *task = arg;
  int rc = task->act ? task->act(cx, db, task->entity, task->id)
                     : record_save(cx, db, task->entity, task->object, task->id);
  return rc ? rc : record_get(cx, db, task->entity, task->id, &task->rq->json, "data");
}

static int task_start(struct request *rq, struct record_task *task) {
  struct tenant *tenant;
  task->rq = rq;
  int rc = entity_asked(rq, &task->entity);
  if (!rc && !task->act) rc = body_json(rq, &task->object);
  if (!rc) rc = tenant_find(rq, &tenant);
  return rc ? rc : tenant_write(rq->cx, tenant, task_run, task);
}

int record_post(struct request *rq) {
  struct record_task task = { .act = NULL };
  int rc = task_start(rq, &task);
  if (rc || jv_get(task.object, "id")) return rc;
  rq->status = 201;
  rq->location = ctx_printf(rq->cx, "/api/records/%s/%s", task.entity->name, task.id);
  return OK;
}

static int record_act(struct request *rq,
                      int (*act)(struct ctx *cx, struct db *db, const struct entity *e, const char *id)) {
  struct record_task task = { .act = act };
  if (!str_copy(task.id, sizeof task.id, str_of(rq->param[1])) || !uuid_valid(str_of(task.id)))
    return fail(rq->cx, E_NOT_FOUND, "id", "there is no %.80s %.80s", rq->param[0], rq->param[1]);
  return task_start(rq, &task);
}

int record_remove(struct request *rq) { return record_act(rq, record_delete); }
int record_bring_back(struct request *rq) { return record_act(rq, record_restore); }
