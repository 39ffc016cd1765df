#include "archive/backups.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crash.h"
#include "base/file.h"
#include "base/time.h"
#include "store/backup.h"
#include "store/column.h"

const struct backup_keep backup_keep_usual = { 7, 4, 12 };

/* ---- making ---- */

struct made {
  const char *file;
  int64_t at;
  const struct backup_info *info;
};

static int note_made(struct ctx *cx, struct db *db, void *arg) {
  const struct made *m = arg;
  return db_act(cx, db, SQL_backup_made_add, m->file, m->at, m->info->last_seq, m->info->bytes,
                m->info->sha256, time_now());
}

/* ---- rotation ---- */

struct copy {
  int64_t id, at;
  const char *file;
  bool stays;
};

static int32_t day_of(int64_t at) { return (int32_t)(at / DAY_US); }
static int32_t week_of(int64_t at) { return (day_of(at) + 3) / 7; } /* 1970-01-01 was a Thursday */
static int32_t month_of(int64_t at) {
  int year, month, day;
  date_civil(day_of(at), &year, &month, &day);
  return year * 12 + month;
}

/* Of each of the `most` newest periods the newest copy stays. The list is sorted, newest first. */
static void keep_newest(struct copy *list, size_t count, int32_t (*period)(int64_t), int most) {
  int32_t last = INT32_MIN;
  for (size_t i = 0; i < count && most > 0; i++) {
    if (period(list[i].at) == last) continue;
    last = period(list[i].at);
    list[i].stays = true;
    most--;
  }
}

static int read_copies(struct ctx *cx, struct db *db, struct copy **list, size_t *count) {
  *list = NULL;
  *count = 0;
  struct stmt *s = db_stmt(cx, db, SQL_backup_made_list);
  while (stmt_row(cx, s)) {
    if (!col_null(s, 8)) continue;
    *list = ctx_more(cx, *list, *count, sizeof **list);
    (*list)[(*count)++] =
        (struct copy){ .id = col_int(s, 0), .at = col_int(s, 2), .file = col_dup(cx, s, 1) };
  }
  return cx->code;
}

static int note_removed(struct ctx *cx, struct db *db, void *arg) {
  const struct copy *c = arg;
  return db_act(cx, db, SQL_backup_made_remove, c->id, time_now());
}

static const char *path_of(struct ctx *cx, struct tenant *t, const char *file) {
  return ctx_printf(cx, "%s/backups/%s", store_dir(tenant_store(t)), file);
}

/* First the file goes, then the note of it: one that was noted and is gone is tried again. */
static int remove_copy(struct ctx *cx, struct tenant *t, struct copy *c) {
  const char *path = path_of(cx, t, c->file);
  if (unlink(path) != 0 && errno != ENOENT)
    return fail(cx, E_FAIL, NULL, "%s could not be removed: %s", path, strerror(errno));
  unlink(ctx_printf(cx, "%s.sha256", path));
  crash_point("backup removed");
  return tenant_write(cx, t, note_removed, c);
}

static int rotate(struct ctx *cx, struct tenant *t, const struct backup_keep *keep, int *removed) {
  struct ctx aside;
  struct db *db;
  struct copy *list = NULL;
  size_t count = 0;
  ctx_begin(&aside, cx->actor);
  if (tenant_read(&aside, t, &db) || read_copies(&aside, db, &list, &count)) fail_from(cx, &aside);
  keep_newest(list, count, day_of, keep->daily);
  keep_newest(list, count, week_of, keep->weekly);
  keep_newest(list, count, month_of, keep->monthly);
  for (size_t i = 1; i < count && !cx->code; i++) { /* the newest stays, whatever is asked */
    if (list[i].stays) continue;
    if (!remove_copy(cx, t, &list[i])) ++*removed;
  }
  ctx_end(&aside);
  return cx->code;
}

/* Halves that a killed process left behind; one that is being made is younger. */
static void sweep(struct ctx *cx, struct tenant *t) {
  enum { HOUR = 3600 };
  struct stat st;
  const char *folder = ctx_printf(cx, "%s/backups", store_dir(tenant_store(t)));
  const char *begin = ctx_printf(cx, "%s-", tenant_slug(t));
  DIR *d = opendir(folder);
  for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
    size_t n = strlen(e->d_name);
    if (strncmp(e->d_name, begin, strlen(begin)) != 0 || n < 8 || strcmp(e->d_name + n - 8, ".db.part") != 0)
      continue;
    const char *path = ctx_printf(cx, "%s/%s", folder, e->d_name);
    if (stat(path, &st) == 0 && time_now() / 1000000 - st.st_mtime > HOUR) unlink(path);
  }
  if (d) closedir(d);
}

int backups_make(struct ctx *cx, struct tenant *t, const struct backup_keep *keep,
                 struct backup_result *out) {
  struct backup_info info, again;
  struct ctx aside; /* its reader goes back before the copy is examined */
  const char *made = NULL;
  int64_t at = time_now();
  *out = (struct backup_result){ 0 };
  sweep(cx, t);
  ctx_begin(&aside, cx->actor);
  if (backup_create(&aside, t, NULL, &made, &info)) fail_from(cx, &aside);
  const char *path = made && !cx->code ? ctx_strdup(cx, str_of(made)) : NULL;
  ctx_end(&aside);
  if (cx->code || backup_verify(cx, path, &again)) return cx->code;
  if (again.last_seq != info.last_seq || strcmp(again.sha256, info.sha256) != 0)
    return fail(cx, E_FAIL, NULL, "%s is not what was written", path);
  const char *name = strrchr(path, '/') + 1;
  crash_point("backup verified");
  if (tenant_write(cx, t, note_made, &(struct made){ name, at, &info })) return cx->code;
  out->file = path;
  out->bytes = info.bytes;
  out->last_seq = info.last_seq;
  str_copy(out->sha256, sizeof out->sha256, str_of(info.sha256));
  return rotate(cx, t, keep, &out->removed);
}

/* ---- status ---- */

static void put_copy(struct jw *w, const struct stmt *s) {
  jw_object(w, NULL);
  columns_write(w, s, 1,
                "file, made_at: instant, last_change: int, bytes: int, sha256, verified_at: instant, "
                "drilled_at: instant?");
  jw_close(w, '}');
}

int backups_status(struct ctx *cx, struct db *db, struct jw *w, const char *key) {
  int64_t newest = 0, drilled = 0;
  struct stmt *s = db_stmt(cx, db, SQL_backup_made_list);
  jw_object(w, key);
  jw_array(w, "copies");
  while (stmt_row(cx, s)) {
    if (!col_null(s, 7) && col_int(s, 7) > drilled) drilled = col_int(s, 7);
    if (!col_null(s, 8)) continue;
    if (!newest) newest = col_int(s, 2);
    put_copy(w, s);
  }
  jw_close(w, ']');
  if (newest)
    jw_int(w, "age_seconds", cx->now > newest ? (cx->now - newest) / 1000000 : 0);
  else
    jw_text(w, "age_seconds", NULL);
  jw_time_known(w, "drilled_at", drilled);
  jw_close(w, '}');
  return cx->code;
}
