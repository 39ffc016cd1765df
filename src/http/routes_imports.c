/*
** routes_imports.c - files come in: sent, looked at, imported in the background.
*/
#include "base/limits.h"
#include "http/routes.h"
#include "http/tasks.h"
#include "http/uploads.h"
#include "ingest/suggest.h"

/* ---- what an import is told, in the query ---- */

int dataset_asked(struct request *rq, const struct dataset **out) {
  const char *name;
  int rc = query_text(rq, "as", &name);
  if (rc) return rc;
  *out = name ? dataset_find(name) : dataset_at(0);
  if (*out) return OK;
  return fail(rq->cx, E_NOT_FOUND, "as", "there is no dataset %.60s; there are %s", name ? name : "",
              dataset_names());
}

static int maps_asked(struct request *rq, struct mapping_request *m) {
  const char **maps = ctx_alloc(rq->cx, LIMIT_FIELDS * sizeof *maps), *map;
  m->maps = maps;
  for (;;) {
    int rc = query_repeated(rq, "map", (size_t)m->map_count, &map);
    if (rc || !map) return rc;
    if (m->map_count == LIMIT_FIELDS)
      return fail(rq->cx, E_LIMIT, "map", "there are at most %d maps", LIMIT_FIELDS);
    maps[m->map_count++] = map;
  }
}

static int dialect_asked(struct request *rq, struct dialect *d) {
  const char *value;
  dialect_init(d);
  for (int i = 0; dialect_settings[i]; i++) {
    int rc = query_text(rq, dialect_settings[i], &value);
    if (!rc && value) rc = dialect_set(rq->cx, d, dialect_settings[i], value);
    if (rc) return rc;
  }
  return OK;
}

/* What becomes of rows whose key is there already. */
static int existing_asked(struct request *rq, const char **out) {
  int rc = query_text(rq, "existing", out);
  if (rc || !*out || !strcmp(*out, "reject") || !strcmp(*out, "update")) return rc;
  return fail(rq->cx, E_INVALID, "existing", "existing is reject or update, not '%.40s'", *out);
}

/* existing: as it was stated, or NULL. */
static int order_asked(struct request *rq, struct task_order *o, const char **existing) {
  int rc = dataset_asked(rq, &o->dataset);
  if (!rc) rc = query_flag(rq, "dry_run", &o->dry_run);
  if (!rc) rc = dialect_asked(rq, &o->dialect);
  if (!rc) rc = maps_asked(rq, &o->mapping);
  if (!rc) rc = mapping_check(rq->cx, o->dataset, &o->mapping);
  if (!rc) rc = query_text(rq, "unique", &o->mapping.unique);
  if (!rc) rc = existing_asked(rq, existing);
  if (!rc) o->update = *existing && strcmp(*existing, "update") == 0;
  if (!rc) rc = query_text(rq, "upload", &o->upload);
  return rc;
}

/* ---- uploads ---- */

static int upload_post(struct request *rq) {
  struct upload u;
  const char *name;
  int rc = query_text(rq, "name", &name);
  if (!rc) rc = upload_receive(rq, rq->tenant, name, &u);
  if (rc) return rc;
  jw_record(&rq->json, "data", "upload", u.id, "name", u.name, "bytes", u.bytes, "sha256", u.sha256);
  rq->status = 201;
  rq->location = ctx_printf(rq->cx, "/api/uploads/%s", u.id);
  return OK;
}

static int upload_show(struct request *rq) {
  struct task_order o = { .tenant = rq->tenant };
  struct upload u;
  struct input *in;
  struct db *db;
  const char *existing;
  int rc = order_asked(rq, &o, &existing);
  if (!rc) rc = upload_find(rq, o.tenant, rq->param[0], &u);
  if (!rc) rc = input_open_as(rq->cx, u.path, u.name, store_dir(rq->server->store), &in);
  if (!rc) rc = tenant_read(rq->cx, o.tenant, &db);
  if (rc) return rc;
  jw_object(&rq->json, "data");
  jw_put(&rq->json, "upload", u.id, "name", u.name, "bytes", u.bytes, "sha256", u.sha256);
  struct import_request r = { .dataset = o.dataset, .input = in, .dialect = o.dialect, .mapping = o.mapping };
  rc = suggest_json(rq->cx, db, &r, existing, &rq->json);
  jw_close(&rq->json, '}');
  return rc;
}

static int upload_delete(struct request *rq) {
  struct upload u;
  int rc = upload_find(rq, rq->tenant, rq->param[0], &u);
  if (rc) return rc;
  upload_remove(rq->server, u.id);
  jw_record(&rq->json, "data", "upload", u.id, "deleted", arg_bool(true));
  return OK;
}

/* ---- imports ---- */

int import_accepted(struct request *rq, const char *id) {
  const char *href = ctx_printf(rq->cx, "/api/imports/%s", id);
  jw_record(&rq->json, "data", "import", id, "href", href);
  rq->status = 202;
  rq->location = href;
  return OK;
}

/* The file is the body, or an upload. */
static int file_asked(struct request *rq, struct task_order *o, struct upload *u) {
  const char *name;
  int rc = query_text(rq, "name", &name);
  if (rc) return rc;
  if (o->upload && rq->body_left)
    return fail(rq->cx, E_INVALID, "upload",
                "the request has a body and names an upload: one file at a time");
  o->upload_is_ours = !o->upload;
  rc = o->upload ? upload_find(rq, o->tenant, o->upload, u) : upload_receive(rq, o->tenant, name, u);
  o->upload = u->id;
  o->path = u->path;
  o->name = u->name;
  o->bytes = (uint64_t)u->bytes;
  return rc;
}

static int import_post(struct request *rq) {
  struct task_order o = { .tenant = rq->tenant };
  struct upload u;
  char id[37];
  const char *existing;
  int rc = order_asked(rq, &o, &existing);
  if (!rc) rc = file_asked(rq, &o, &u);
  if (rc) return rc;
  if (task_start(rq, &o, id)) {
    if (o.upload_is_ours) upload_remove(rq->server, u.id);
    return rq->cx->code;
  }
  return import_accepted(rq, id);
}

static int imports_list(struct request *rq) {
  int64_t total;
  int rc = tasks_list(rq, rq->tenant, &total);
  if (!rc) jw_int(&rq->json, "total", total);
  return rc;
}

static int import_show(struct request *rq) { return task_show(rq, rq->tenant, rq->param[0]); }

static int import_cancel(struct request *rq) { return task_cancel(rq, rq->tenant, rq->param[0]); }

/* ---- the addresses ---- */

const struct route imports_routes[] = {
  { "POST", "/api/uploads", upload_post, "data.write",
    "Keeps a file, the body, to be looked at and imported.",
    .reply = "201 {upload, name, bytes: int, sha256}", .query = "name", .body = "*application/octet-stream",
    .body_max = LIMIT_UPLOAD_BYTES },
  { "GET", "/api/uploads/{id}", upload_show, "data.write",
    "How the file would be imported: decisions of the reader, columns, first rows, mapping.",
    .reply =
        "{upload, name, bytes: int, sha256, kind: text?, encoding: text?, decisions: [#decision], oddities: "
        "[any], columns: [{index: int, heading, type, examples: [text]}], rows_estimate: int?, sample: "
        "[[text]], mapping: [{field, kind, essential: bool, optional: bool, heading: text?, column: int?, "
        "how: text?, help}], unique: [text], remembered: bool, existing, problem: text?}",
    .query =
        "as, map: [text], unique, existing: reject|update, encoding, delimiter, quote, escape, header, skip, "
        "decimal, date-order, dry_run: 0|1, upload" },
  { "DELETE", "/api/uploads/{id}", upload_delete, "data.write", "Forgets the file.",
    .reply = "{upload, deleted: bool}" },
  { "GET", "/api/imports", imports_list, "data.read", "The imports of this process, newest first.",
    .reply = "[#import]; total: int", .quiet = true },
  { "POST", "/api/imports", import_post, "data.write",
    "Imports a file, the body or an upload, in the background: 202 and where to look. map=FIELD=HEADING may "
    "be repeated; unique=A,B.",
    .reply = "202 {import, href}",
    .query =
        "as, dry_run: 0|1, upload, name, map: [text], unique, existing: reject|update, encoding, delimiter, "
        "quote, escape, header, skip, decimal, date-order",
    .body = "*application/octet-stream", .body_max = LIMIT_UPLOAD_BYTES },
  { "GET", "/api/imports/{id}", import_show, "data.read", "How far an import is, and what came of it.",
    .reply = "#import", .quiet = true },
  { "DELETE", "/api/imports/{id}", import_cancel, "data.write", "Cancels an import: nothing of it is stored.",
    .reply = "#import" },
  { 0 },
};
