/*
** routes_bulk.c - files that are handed in: POST /api/bulk-upload, and how far they are.
**
** The body goes to the disk as it comes: as it is, or the file of a form. Then job and file are there
** together, or neither.
*/
#include <unistd.h>

#include "base/file.h"
#include "base/ids.h"
#include "base/limits.h"
#include "connect/bulk.h"
#include "http/multipart.h"
#include "http/routes.h"
#include "http/uploads.h"

enum { BATCH_MOST = 100000, LIST_MOST = 200 };

/* ---- the body ---- */

struct receiving {
  struct request *rq;
  struct file_out *file;
  char name[UPLOAD_NAME];
  bool is_file, any; /* of a form: this part is the file; there was one */
};

static int begin_part(struct ctx *cx, void *arg, const struct multipart_part *part) {
  struct receiving *r = arg;
  r->is_file = part->is_file;
  if (!part->is_file) return OK;
  if (r->any) return fail(cx, E_INVALID, "body", "the form has two files; hand them in one by one");
  r->any = true;
  return upload_name(r->rq, part->filename, r->name);
}

static int part_data(struct ctx *cx, void *arg, const char *p, size_t n) {
  struct receiving *r = arg;
  return r->is_file ? file_write(cx, r->file, p, n) : OK;
}

static int end_part(struct ctx *cx, void *arg) {
  (void)cx;
  ((struct receiving *)arg)->is_file = false;
  return OK;
}

static const struct multipart_ops form_ops = { begin_part, part_data, end_part };

static int copy_body(struct request *rq, struct receiving *r, const char *dir, struct multipart *form) {
  char part[16384];
  size_t got = 0;
  int64_t next_look = 0;
  int rc = OK;
  do {
    if (rq->body_read >= next_look) {
      rc = upload_room(rq, dir, rq->body_stated > rq->body_read ? rq->body_stated - rq->body_read : 0);
      next_look = rq->body_read + UPLOAD_LOOK;
    }
    if (!rc) rc = body_next(rq, part, sizeof part, &got);
    if (!rc) rc = form ? multipart_push(rq->cx, form, part, got) : file_write(rq->cx, r->file, part, got);
  } while (!rc && got > 0);
  return rc || !form ? rc : multipart_end(rq->cx, form);
}

static int receive(struct request *rq, const char *dir, const char *name, struct receiving *r) {
  const char *type = wire_header(rq, "Content-Type", NULL);
  bool is_form = type && str_starts(str_of(type), STR("multipart/"));
  struct multipart *form = NULL;
  char id[37];
  uuid7(id, rq->cx->now);
  int rc = upload_name(rq, name, r->name);
  if (!rc && is_form) rc = multipart_new(rq->cx, type, &form_ops, r, &form);
  if (!rc) rc = file_begin(rq->cx, &r->file, ctx_printf(rq->cx, "%s/%s", dir, id), false);
  if (!rc) rc = copy_body(rq, r, dir, form);
  if (!rc && is_form && !r->any)
    rc = fail(rq->cx, E_INVALID, "body", "the form has no file: a part with a filename");
  if (!rc && r->file->bytes == 0)
    rc = fail(rq->cx, E_INVALID, "body", "the request needs a body: the bytes of the file");
  return rc ? rc : file_end(rq->cx, r->file);
}

/* ---- the order ---- */

static int options_asked(struct request *rq, struct bulk_order *o) {
  const char *as, *existing;
  int rc = query_texts(rq, { "as", &as }, { "existing", &existing }, { "unique", &o->options.unique });
  if (!rc) rc = query_int(rq, "batch", 1, BATCH_MOST, 0, &o->options.batch);
  if (rc) return rc;
  o->options.dataset = as ? as : "invoices";
  o->options.update = existing && strcmp(existing, "update") == 0;
  if (existing && !o->options.update && strcmp(existing, "reject") != 0)
    return fail(rq->cx, E_INVALID, "existing", "existing is reject or update, not '%.40s'", existing);
  if (!dataset_find(o->options.dataset))
    return fail(rq->cx, E_NOT_FOUND, "as", "there is no dataset %.60s; there are %s", as, dataset_names());
  return OK;
}

struct ordering {
  struct bulk_order order;
  struct breaker breaker;
  int64_t id;
};

static int enqueue(struct ctx *cx, struct db *db, void *arg) {
  struct ordering *o = arg;
  return bulk_enqueue(cx, db, &o->order, &o->breaker, &o->id);
}

/* Before the bytes come: who is not let through need not send them. */
static int check_breaker(struct request *rq, struct tenant *t) {
  struct breaker b = { 0 };
  struct db *db;
  struct ctx aside; /* gives the reader back before the body comes */
  ctx_begin(&aside, rq->cx->actor);
  aside.now = rq->cx->now;
  if (tenant_read(&aside, t, &db) || breaker_look(&aside, db, BULK_BREAKER, &b)) fail_from(rq->cx, &aside);
  if (b.cause) b.cause = ctx_strdup(rq->cx, str_of(b.cause));
  ctx_end(&aside);
  if (rq->cx->code || b.retry_after == 0) return rq->cx->code;
  rq->retry_after = (int)b.retry_after;
  return fail(rq->cx, E_BUSY, NULL,
              "uploads failed %lld times one after the other and are not taken now; try again in %lld s. %s",
              (long long)b.failures, (long long)b.retry_after, b.cause ? b.cause : "");
}

static int bulk_post(struct request *rq) {
  struct receiving r = { .rq = rq };
  struct ordering o = { 0 };
  const char *dir, *name;
  struct file_digest digest;
  int rc = query_text(rq, "filename", &name);
  if (!rc) rc = options_asked(rq, &o.order);
  if (!rc) rc = check_breaker(rq, rq->tenant);
  if (!rc) rc = bulk_folder(rq->cx, rq->tenant, &dir);
  if (!rc) rc = receive(rq, dir, name, &r);
  if (!rc) rc = file_digest(rq->cx, r.file->path, &digest);
  if (rc) return rc;
  o.order.source = r.name;
  o.order.path = r.file->path;
  o.order.bytes = digest.bytes;
  o.order.sha256 = digest.sha256;
  if (tenant_write(rq->cx, rq->tenant, enqueue, &o)) {
    rq->retry_after = (int)o.breaker.retry_after;
    unlink(r.file->path);
    return rq->cx->code;
  }
  rq->status = 202;
  rq->location = ctx_printf(rq->cx, "/api/bulk-upload/status/%lld", (long long)o.id);
  jw_record(&rq->json, "data", "job_id", o.id, "status", "queued", "status_url", rq->location, "source",
            r.name, "bytes", digest.bytes, "sha256", digest.sha256);
  return OK;
}

static int bulk_show(struct request *rq) {
  int64_t id;
  if (!str_to_int(str_of(rq->param[0]), &id) || id < 1)
    return fail(rq->cx, E_NOT_FOUND, "jobId", "no file was handed in as job %.40s", rq->param[0]);
  return bulk_status(rq->cx, rq->tenant, rq->db, id, &rq->json, "data");
}

static int bulk_index(struct request *rq) {
  int64_t limit;
  int rc = query_int(rq, "limit", 1, LIST_MOST, 20, &limit);
  return rc ? rc : bulk_list(rq->cx, rq->tenant, rq->db, limit, &rq->json, "data");
}

/* ---- the addresses ---- */

const struct route bulk_routes[] = {
  { "POST", "/api/bulk-upload", bulk_post, "data.write",
    "Takes a file, the body or the file of a form, and imports it as a job: 202 and where to look. as: "
    "invoices when it is left out; unique=A,B; batch: rows of a savepoint, 1000.",
    .query = "filename, as, existing: reject|update, unique, batch: int",
    .body = "*text/csv|multipart/form-data|application/octet-stream",
    .reply = "202 {job_id: int, status, status_url, source, bytes: int, sha256}",
    .body_max = LIMIT_UPLOAD_BYTES },
  { "GET", "/api/bulk-upload/status/{id}", bulk_show, "data.read",
    "How far a file is that was handed in, its errors and the state of the breaker.",
    .reply = "{job_id: int, status, source, dataset: text?, bytes: int, progress: int, total_records: int, "
             "processed_records: int, failed_records: int, batches: int, failed_batches: int, eta_ms: int?, "
             "created_at, started_at: text?, ended_at: text?, duration_ms: int?, attempts: int, run: text?, "
             "cause: text?, errors: [{record: int, line: int, category, faults: [#fault]}], followed: bool, "
             "breaker: {state, failures: int, opened: int, retry_after: int, cause: text?}}",
    .quiet = true, .reads = true },
  { "GET", "/api/bulk-upload", bulk_index, "data.read", "The files that were handed in, newest first.",
    .reply = "[#bulk]", .query = "limit: int", .reads = true },
  { 0 },
};
