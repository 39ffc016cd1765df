/*
** show.c - what is in the archive, and whether it is still what was written.
*/
#include "archive/internal.h"
#include "base/file.h"
#include "store/column.h"

static void list_partition(struct jw *w, const struct stmt *s) {
  jw_object(w, NULL);
  columns_write(w, s, 1,
                "table, month, place, part: int, path, rows: int, bytes: int, first_id: int, last_id: int, "
                "first_at: instant, last_at: instant, -, -, sha256, -, archived_at: instant, archived_by, "
                "purged_at: instant?");
  jw_close(w, '}');
}

int archive_list(struct ctx *cx, struct db *db, struct jw *w, const char *key) {
  struct stmt *s = db_stmt(cx, db, SQL_archive_partition_list);
  jw_array(w, key);
  while (stmt_row(cx, s)) list_partition(w, s);
  jw_close(w, ']');
  return cx->code;
}

static void list_step(struct jw *w, const struct archive_step *s) {
  jw_record(w, NULL, "table", s->table, "month", s->month, "place", s->place, "rows", s->rows, "bytes",
            s->bytes, "path", s->path, "purged", s->purged, "held", s->held);
}

void archive_result_json(struct jw *w, const char *key, const struct archive_result *r) {
  jw_object(w, key);
  jw_put(w, "rows", r->rows, "bytes", r->bytes, "purged", r->purged, "held", r->held);
  jw_array(w, "partitions");
  for (size_t i = 0; i < r->count; i++) list_step(w, &r->step[i]);
  jw_close(w, ']');
  jw_close(w, '}');
}

/* ---- proof ---- */

static const char *compare(struct ctx *cx, const char *path, const char *sha256, int64_t bytes) {
  struct file_digest d;
  if (file_digest(cx, path, &d)) return cx->message;
  if (d.bytes != bytes)
    return ctx_printf(cx, "it has %lld bytes, %lld were written", (long long)d.bytes, (long long)bytes);
  return strcmp(d.sha256, sha256) == 0 ? NULL : "its SHA-256 is another one than was noted: it was changed";
}

struct file_noted {
  const char *path, *sha256;
  int64_t bytes;
  struct file_noted *next;
};

/* What is noted of the files must be what the change log says. */
static const char *unsealed(struct ctx *cx, struct db *db) {
  const char *path = NULL;
  struct stmt *s = db_stmt(cx, db, SQL_archive_unsealed);
  while (stmt_row(cx, s))
    if (!path) path = col_dup(cx, s, 0);
  return path;
}

int archive_verify(struct ctx *cx, struct db *db, void (*found)(void *, const char *, bool, const char *),
                   void *arg) {
  struct file_noted *first = NULL, **last = &first;
  const char *folder;
  int64_t files = 0, bad = 0, rows = 0;
  if (archive_folder(cx, db, &folder)) return cx->code;
  struct stmt *s = db_stmt(cx, db, SQL_archive_partition_list);
  while (stmt_row(cx, s)) {
    if (!col_null(s, 18)) continue;
    *last = ctx_alloc(cx, sizeof **last);
    **last = (struct file_noted){ .path = col_dup(cx, s, 5),
                                  .sha256 = col_dup(cx, s, 14),
                                  .bytes = col_int(s, 7) };
    last = &(*last)->next;
    rows += col_int(s, 6);
    files++;
  }
  const char *other = unsealed(cx, db);
  if (other) found(arg, "archive", false, ctx_printf(cx, "%s is not noted as the change log says", other));
  for (struct file_noted *f = first; f && !cx->code; f = f->next) {
    struct ctx aside;
    ctx_begin(&aside, cx->actor);
    const char *wrong = compare(&aside, ctx_printf(&aside, "%s/%s", folder, f->path), f->sha256, f->bytes);
    if (wrong) found(arg, "archive", false, ctx_printf(cx, "%s: %s", f->path, wrong));
    if (wrong) bad++;
    ctx_end(&aside);
  }
  if (!bad && !other && files)
    found(arg, "archive", true,
          ctx_printf(cx, "%lld rows in %lld files are as they were written", (long long)rows,
                     (long long)files));
  return cx->code;
}
