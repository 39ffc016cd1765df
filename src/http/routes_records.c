/*
** routes_records.c - records of every entity, through the one door. No entity is
** named here: what there is, and of what it consists, the registry says.
*/
#include "base/limits.h"
#include "base/time.h"
#include "http/routes.h"
#include "http/uploads.h"
#include "record/record.h"

/* ---- what there is ---- */

static int entities_list(struct request *rq) {
  const struct entity *e;
  struct jw *w = &rq->json;
  int count = 0;
  jw_array(w, "data");
  for (; (e = entity_at(count)); count++) record_describe(w, e);
  jw_close(w, ']');
  jw_int(w, "total", count);
  return OK;
}

static int entity_asked(struct request *rq) {
  if (rq->entity) return OK;
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

enum { FILTERS_MAX = 24, PAGE_DEFAULT = 1000, PAGE_MAX = 10000 };

/* "filter[price][gte]" -> price, gte; false: it is no filter, or (cx->code) a wrong one. */
static bool filter_of(struct request *rq, const char *name, struct record_filter *f) {
  bool bare = !strcmp(name, "filter");
  if (!bare && strncmp(name, "filter[", 7) != 0) return false;
  char *property = ctx_strdup(rq->cx, str_of(bare ? "" : name + 7)), *end = strchr(property, ']');
  if (end) *end++ = 0;
  f->property = property;
  f->op = "eq";
  if (end && *end == '[') {
    f->op = end + 1;
    end = strchr(end, ']');
    if (end) *end++ = 0;
  }
  if (end && !*end) return true;
  fail(rq->cx, E_INVALID, "filter", "a filter is filter[PROPERTY]=V or filter[PROPERTY][gte]=V, not '%.80s'",
       name);
  return false;
}

static int filters_asked(struct request *rq, struct record_filter *filters, size_t *count) {
  const char *name, *value;
  struct record_filter f;
  *count = 0;
  for (size_t at = 0; query_next(rq, &at, &name, &value);) {
    if (!filter_of(rq, name, &f)) continue;
    if (*count == FILTERS_MAX)
      return fail(rq->cx, E_INVALID, "filter", "a list has at most %d filters", FILTERS_MAX);
    f.value = str_of(value);
    filters[(*count)++] = f;
  }
  return rq->cx->code;
}

static int query_asked(struct request *rq, struct record_query *q, struct record_filter *filters) {
  q->filters = filters;
  int rc = query_flag(rq, "deleted", &q->deleted);
  if (!rc)
    rc = query_texts(rq, { "q", &q->search }, { "sort", &q->sort }, { "fields", &q->fields },
                     { "cursor", &q->cursor });
  if (!rc) rc = query_int(rq, "limit", 1, PAGE_MAX, PAGE_DEFAULT, &q->limit);
  return rc ? rc : filters_asked(rq, filters, &q->filter_count);
}

static int list_now(struct request *rq, struct db *db, const struct entity *e, const struct record_query *q) {
  struct record_page page;
  int rc = record_query(rq->cx, db, e, q, &rq->json, "data", &page);
  if (rc) return rc;
  jw_put(&rq->json, "total", page.total, "next", page.next);
  link_next(rq, "cursor", page.next);
  return rq->cx->code;
}

/* What was there at a time is a whole list, in the entity's own order. */
static int list_then(struct request *rq, struct db *db, const struct entity *e, const struct record_query *q,
                     int64_t as_of, bool csv) {
  const char *limit;
  int64_t total;
  if (query_text(rq, "limit", &limit)) return rq->cx->code;
  if (q->search || q->sort || q->fields || q->cursor || q->filter_count || limit)
    return fail(rq->cx, E_INVALID, "as_of", "with as_of a list cannot be searched, filtered, sorted or cut");
  if (csv) return fail(rq->cx, E_INVALID, "as_of", "with as_of a list is JSON, and not a table");
  if (!record_list(rq->cx, db, e, q->deleted, as_of, &rq->json, "data", &total))
    jw_int(&rq->json, "total", total);
  return rq->cx->code;
}

static int records_list(struct request *rq) {
  struct record_filter filters[FILTERS_MAX];
  struct record_query q = { 0 };
  int64_t as_of;
  bool csv = false;
  int rc = entity_asked(rq);
  if (!rc) rc = csv_asked(rq, &csv);
  if (!rc) rc = query_asked(rq, &q, filters);
  if (!rc) rc = as_of_asked(rq, &as_of);
  if (rc) return rc;
  if (csv && !as_of) return records_csv(rq, rq->db, &q);
  return as_of ? list_then(rq, rq->db, rq->entity, &q, as_of, csv) : list_now(rq, rq->db, rq->entity, &q);
}

/* The id of the record that the address names. `past`: it may be one that was deleted, which keeps its key as long as no
** other has it. */
static int record_asked(struct request *rq, bool past, char id[static 37]) {
  if (entity_asked(rq)) return rq->cx->code;
  return past ? record_id_deleted(rq->cx, rq->db, rq->entity, rq->param[1], id)
              : record_id(rq->cx, rq->db, rq->entity, rq->param[1], id);
}

static const char *tag_of(struct ctx *cx, int64_t version) {
  return ctx_printf(cx, "\"%lld\"", (long long)version);
}

/* The tag of a record is its version; what was once known of it has none. */
static int record_show(struct request *rq) {
  char id[37];
  int64_t as_of, version;
  if (as_of_asked(rq, &as_of) || record_asked(rq, as_of != 0, id)) return rq->cx->code;
  if (as_of) return record_get_at(rq->cx, rq->db, rq->entity, id, as_of, &rq->json, "data");
  if (record_version(rq->cx, rq->db, rq->entity, id, &version)) return rq->cx->code;
  rq->etag = tag_of(rq->cx, version);
  return record_get(rq->cx, rq->db, rq->entity, id, &rq->json, "data");
}

/* A record that never was has no history, and that is not found. */
static int record_changes(struct request *rq) {
  char id[37];
  int64_t version;
  int rc = record_asked(rq, true, id);
  if (!rc) rc = record_version(rq->cx, rq->db, rq->entity, id, &version);
  return rc ? rc : record_history(rq->cx, rq->db, rq->entity, id, &rq->json, "data");
}

/* ---- tags of replies that hold a record and more ---- */

/* Such a tag is "VERSION-SUM-SEAL": the version that If-Match is about, the sum of the reply, so that it changes with
** everything that is shown, and what proves that the two were given out for this record: nobody keeps a list of all tags. */
enum { SUM_HEX = 16, SUM_AND_SEAL = SUM_HEX + 1 + SUM_HEX };

static const char *tag_sealed(struct ctx *cx, const char *what, const char *id, int64_t version,
                              struct str sum) {
  const char *said = ctx_printf(cx, "%lld-" STR_FMT, (long long)version, STR_ARG(sum));
  const char *seal = reply_etag(cx, str_of(ctx_printf(cx, "%s %s %s", what, id, said)));
  return ctx_printf(cx, "\"%s-%.*s\"", said, SUM_HEX, seal + 1);
}

const char *tag_with_version(struct request *rq, const char *what, const char *id, int64_t version) {
  const char *sum = reply_etag(rq->cx, buf_view(&rq->body)) + 1;
  return tag_sealed(rq->cx, what, id, version, (struct str){ sum, SUM_HEX });
}

/* Was this tag given out for that version of the record? */
static bool tag_is_ours(struct ctx *cx, struct str tag, const char *what, const char *id, int64_t version) {
  const char *plain = tag_of(cx, version);
  size_t before = strlen(plain); /* as long as the quote, the version and the hyphen */
  if (str_eq(tag, str_of(plain))) return true;
  if (tag.n != before + SUM_AND_SEAL + 1) return false;
  return str_eq(tag, str_of(tag_sealed(cx, what, id, version, (struct str){ tag.p + before, SUM_HEX })));
}

/* ---- writing ---- */

struct record_task {
  struct request *rq;
  enum record_act act;
  const struct entity *entity;
  const char *name;     /* of the record: its id or key */
  record_show_fn *show; /* NULL: the record as it is */
  struct jv *object;
  char id[37];
};

/* `weakly`: tags that say W/ count, too. */
static bool is_named(struct ctx *cx, const char *list, bool weakly, const char *what, const char *id,
                     int64_t version) {
  struct str tag;
  bool weak;
  if (etag_any(list)) return true;
  while (etag_next(&list, &tag, &weak))
    if ((weakly || !weak) && tag_is_ours(cx, tag, what, id, version)) return true;
  return false;
}

int match_version(struct request *rq, struct ctx *cx, const char *what, const char *id, int64_t version) {
  const char *match = wire_list(rq, "If-Match"), *none = wire_list(rq, "If-None-Match");
  bool as_seen = !match || is_named(cx, match, false, what, id, version);
  bool unseen = !none || !is_named(cx, none, true, what, id, version);
  if (as_seen && unseen) return OK;
  rq->status = 412;
  if (as_seen)
    return fail(cx, E_CONFLICT, "version",
                "the %s is there, at version %lld, and If-None-Match asks that it is not", what,
                (long long)version);
  return fail(cx, E_CONFLICT, "version", "the %s was changed meanwhile: it is at version %lld", what,
              (long long)version);
}

/* Is the record still the one that the client has seen? */
static int check_match(const struct record_task *task, struct ctx *cx, struct db *db) {
  struct request *rq = task->rq;
  const struct entity *e = task->entity;
  int64_t version;
  if (!wire_header(rq, "If-Match", NULL) && !wire_header(rq, "If-None-Match", NULL)) return OK;
  return record_version(cx, db, e, task->id, &version) ? (int)cx->code
                                                       : match_version(rq, cx, e->name, task->id, version);
}

static int task_act(struct ctx *cx, struct db *db, struct record_task *task) {
  const struct entity *e = task->entity;
  if (task->act == RECORD_ADD) return record_save(cx, db, e, task->object, task->id);
  if (task->act == RECORD_RESTORE ? record_id_deleted(cx, db, e, task->name, task->id)
                                  : record_id(cx, db, e, task->name, task->id))
    return cx->code;
  if (check_match(task, cx, db)) return cx->code;
  if (task->act == RECORD_DELETE) return record_delete(cx, db, e, task->id);
  if (task->act == RECORD_RESTORE) return record_restore(cx, db, e, task->id);
  return record_change(cx, db, e, task->id, task->object, task->act == RECORD_REPLACE);
}

static int task_show(struct ctx *cx, struct db *db, struct record_task *task, int64_t version) {
  struct request *rq = task->rq;
  rq->etag = tag_of(cx, version);
  if (!task->show) return record_get(cx, db, task->entity, task->id, &rq->json, "data");
  if (task->show(cx, db, task->id, &rq->json, "data")) return cx->code;
  rq->etag = tag_with_version(rq, task->entity->name, task->id, version);
  return OK;
}

/* The record as it is after the change is read in the transaction that made it. */
static int task_run(struct ctx *cx, struct db *db, void *arg) {
  struct record_task *task = arg;
  struct request *rq = task->rq;
  int64_t version;
  if (task_act(cx, db, task) || record_version(cx, db, task->entity, task->id, &version)) return cx->code;
  if (task->act == RECORD_ADD && !jv_get(task->object, "id")) {
    rq->status = 201;
    rq->location = ctx_printf(cx, "%s/%s", rq->path, task->id);
  }
  return task_show(cx, db, task, version);
}

int record_do(struct request *rq, enum record_act act, const struct entity *e, const char *name,
              record_show_fn *show) {
  struct record_task task = { .rq = rq, .act = act, .entity = e, .name = name, .show = show };
  int rc = act < RECORD_DELETE ? body_json(rq, &task.object) : OK;
  return rc ? rc : write_once(rq, task_run, &task);
}

static int start(struct request *rq, enum record_act act) {
  return entity_asked(rq) ? (int)rq->cx->code : record_do(rq, act, rq->entity, rq->param[1], NULL);
}

static int record_post(struct request *rq) { return start(rq, RECORD_ADD); }
static int record_put(struct request *rq) { return start(rq, RECORD_REPLACE); }
static int record_patch(struct request *rq) { return start(rq, RECORD_CHANGE); }
static int record_remove(struct request *rq) { return start(rq, RECORD_DELETE); }
static int record_bring_back(struct request *rq) { return start(rq, RECORD_RESTORE); }

/* ---- a table ---- */

enum { MAPS_MAX = 64, RECORDS_FILE_BYTES = 64 << 20 };

static int import_receive(struct request *rq, struct tenant *t, struct record_file file,
                          struct record_file_result *r) {
  struct upload u;
  if (upload_receive(rq, t, "the table", &u)) return rq->cx->code;
  file.path = u.path;
  file.name = u.name;
  int rc = record_import(rq->cx, t, rq->entity, &file, r);
  upload_remove(rq->server, u.id);
  return rc;
}

static int records_import(struct request *rq) {
  const char *maps[MAPS_MAX], *map;
  struct record_file file = { .map = maps };
  struct record_file_result r;
  int rc = entity_asked(rq);
  if (!rc) rc = query_flag(rq, "dry_run", &file.dry_run);
  for (; !rc && file.map_count < MAPS_MAX; maps[file.map_count++] = map) {
    rc = query_repeated(rq, "map", file.map_count, &map);
    if (!map) break;
  }
  if (!rc) rc = import_receive(rq, rq->tenant, file, &r);
  if (rc) return rc;
  jw_record(&rq->json, "data", "rows", r.rows, "added", r.added, "changed", r.changed, "ignored", r.ignored,
            "dry_run", file.dry_run);
  return OK;
}

/* ---- the addresses ---- */

const struct route records_routes[] = {
  { "GET", "/api/entities", entities_list, "login",
    "What kinds of records there are, with their properties: forms are made from it.",
    .reply =
        "[{name, table, help, order, path: text?, access, unique: [[text]], properties: [{name, kind, "
        "required: bool, searched: bool, help, default?: any, choices?: [text], reference?, format?, scale?: "
        "int, min?: any, max?: any}]}]; total: int",
    .fixed = true, .apart = true },
  { "GET", "/api/records/{id}", records_list, "record.read",
    "The records of an entity, as JSON or as CSV (Accept: text/csv). deleted=1: those that were deleted, "
    "too; as_of, a day or an instant: what was known then.",
    .entity = ENTITY_BY_NAME, .reply = "[@]; total: int, next?: text?",
    .query = "q, filter, sort, fields, limit: int, cursor, deleted: 0|1, as_of, format: json|csv",
    .cached = true },
  { "POST", "/api/records/{id}", record_post, "record.write",
    "Adds a record, or, with the id of one, changes the properties that are named; with version only when "
    "nobody changed it meanwhile.",
    .entity = ENTITY_BY_NAME, .reply = "201|200 @", .body = "@", .body_max = LIMIT_BODY_BYTES },
  { "POST", "/api/records/{id}/import", records_import, "record.write",
    "A table, the body: adds its rows, or changes the records that have their id or their unique key, all of "
    "them or none. map=PROPERTY=HEADING may be repeated; else the headings say it.",
    .entity = ENTITY_BY_NAME, .query = "map: [text], dry_run: 0|1",
    .reply = "{rows: int, added: int, changed: int, ignored, dry_run: bool}", .body = "*text/csv",
    .body_max = RECORDS_FILE_BYTES },
  { "GET", "/api/records/{id}/{id}", record_show, "record.read", "One record, by its id or its key.",
    .entity = ENTITY_BY_NAME, .reply = "@", .query = "as_of", .reads = true },
  { "PUT", "/api/records/{id}/{id}", record_put, "record.write",
    "Makes the record what the body says: what it does not name becomes its default, or empty.",
    .entity = ENTITY_BY_NAME, .reply = "@", .body = "@", .body_max = LIMIT_BODY_BYTES },
  { "PATCH", "/api/records/{id}/{id}", record_patch, "record.write",
    "Changes the properties that the body names.", .entity = ENTITY_BY_NAME, .reply = "@", .body = "@",
    .body_max = LIMIT_BODY_BYTES },
  { "DELETE", "/api/records/{id}/{id}", record_remove, "record.write",
    "Deletes a record, which can be undone.", .entity = ENTITY_BY_NAME, .reply = "@" },
  { "POST", "/api/records/{id}/{id}/restore", record_bring_back, "record.write",
    "Brings a deleted record back, by its id or, where one alone had it, its key.", .entity = ENTITY_BY_NAME,
    .reply = "@" },
  { "GET", "/api/records/{id}/{id}/history", record_changes, "record.read",
    "All that was ever changed of a record, from the change log.", .entity = ENTITY_BY_NAME,
    .reply = "[#entry]", .reads = true },
  { 0 },
};

/* ---- the addresses ---- */

const struct route path_routes[] = {
  /* Entities with an address of their own; what stands above goes before. */
  { "GET", "/api/{id}", records_list, "record.read", "As /api/records/{id}.", .entity = ENTITY_BY_PATH,
    .reply = "[@]; total: int, next?: text?",
    .query = "q, filter, sort, fields, limit: int, cursor, deleted: 0|1, as_of, format: json|csv",
    .cached = true },
  { "POST", "/api/{id}", record_post, "record.write", "As /api/records/{id}.", .entity = ENTITY_BY_PATH,
    .reply = "201|200 @", .body = "@", .body_max = LIMIT_BODY_BYTES },
  { "GET", "/api/{id}/{id}", record_show, "record.read", "As /api/records/{id}/{id}.",
    .entity = ENTITY_BY_PATH, .reply = "@", .query = "as_of", .reads = true },
  { "PUT", "/api/{id}/{id}", record_put, "record.write", "As /api/records/{id}/{id}.",
    .entity = ENTITY_BY_PATH, .reply = "@", .body = "@", .body_max = LIMIT_BODY_BYTES },
  { "PATCH", "/api/{id}/{id}", record_patch, "record.write", "As /api/records/{id}/{id}.",
    .entity = ENTITY_BY_PATH, .reply = "@", .body = "@", .body_max = LIMIT_BODY_BYTES },
  { "DELETE", "/api/{id}/{id}", record_remove, "record.write", "As /api/records/{id}/{id}.",
    .entity = ENTITY_BY_PATH, .reply = "@" },
  { "POST", "/api/{id}/{id}/restore", record_bring_back, "record.write", "As /api/records/{id}/{id}/restore.",
    .entity = ENTITY_BY_PATH, .reply = "@" },
  { "GET", "/api/{id}/{id}/changes", record_changes, "record.read", "As /api/records/{id}/{id}/history.",
    .entity = ENTITY_BY_PATH, .reply = "[#entry]", .reads = true },
  { 0 },
};
