#include "store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/crash.h"
#include "base/time.h"
#include "store/change.h"
#include "store/mark.h"
#include "store/migrate.h"
#include "store/tenant.h"

enum { COPIER_WAITS = 100 };

/* ---- files ---- */

static int digest_file(struct ctx *cx, const char *path, struct backup_info *info) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return fail(cx, errno == ENOENT ? E_NOT_FOUND : E_FAIL, NULL, "%s cannot be read: %s", path,
                strerror(errno));
  struct sha256 *h = sha256_new();
  unsigned char digest[SHA256_SIZE];
  char *block = ctx_alloc(cx, KIB(64));
  ssize_t n;
  info->bytes = 0;
  while ((n = read(fd, block, KIB(64))) > 0) {
    sha256_add(h, block, (size_t)n);
    info->bytes += n;
  }
  close(fd);
  sha256_end(h, digest);
  sha256_free(h);
  hex_encode(info->sha256, digest, sizeof digest);
  return n < 0 ? fail(cx, E_FAIL, NULL, "%s cannot be read: %s", path, strerror(errno)) : OK;
}

static int write_digest(struct ctx *cx, const char *path, const struct backup_info *info) {
  const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
  const char *beside = ctx_printf(cx, "%s.sha256", path);
  const char *text = ctx_printf(cx, "%s  %s\n", info->sha256, name);
  FILE *f = fopen(beside, "we");
  if (!f) return fail(cx, E_FAIL, NULL, "%s cannot be written: %s", beside, strerror(errno));
  bool good = fputs(text, f) >= 0;
  good = fflush(f) == 0 && fsync(fileno(f)) == 0 && good;
  good = fclose(f) == 0 && good;
  return good ? OK : fail(cx, E_FAIL, NULL, "%s cannot be written: %s", beside, strerror(errno));
}

/* ---- create ---- */

/* Copies all pages of one state of the source; the copy is a plain file. */
static int copy_pages(struct ctx *cx, struct db *from, const char *path) {
  struct db *to;
  if (db_create(cx, path, "the copy", &to)) return cx->code;
  int rc = db_run(cx, to, "PRAGMA journal_mode=DELETE");
  sqlite3_backup *b = rc ? NULL : sqlite3_backup_init(to->lite, "main", from->lite, "main");
  if (b) {
    while (sqlite3_backup_step(b, 256) == SQLITE_OK) crash_point("backup step");
    sqlite3_backup_finish(b);
  }
  if (!rc && sqlite3_errcode(to->lite) != SQLITE_OK) rc = db_fail(cx, to, "copying pages");
  if (!rc) rc = db_run(cx, to, "PRAGMA journal_mode=DELETE"); /* the copied header says WAL */
  db_close(to);
  return rc;
}

static int copy_durably(struct ctx *cx, struct db *from, const char *path, struct backup_info *info) {
  if (access(path, F_OK) == 0)
    return fail(cx, E_CONFLICT, NULL, "%s exists already; a backup overwrites nothing", path);
  const char *temporary = ctx_printf(cx, "%s.part", path);
  unlink(temporary);
  struct change_end end;
  int rc = change_last(cx, from, &end);
  if (!rc) rc = copy_pages(cx, from, temporary);
  if (!rc) rc = path_sync(cx, temporary);
  if (!rc) rc = digest_file(cx, temporary, info);
  if (!rc) rc = write_digest(cx, path, info);
  if (!rc && rename(temporary, path) != 0)
    rc = fail(cx, E_FAIL, NULL, "cannot make %s: %s", path, strerror(errno));
  if (!rc) rc = path_sync_folder(cx, path);
  if (rc) unlink(temporary);
  info->last_seq = end.seq;
  return rc;
}

static int default_path(struct ctx *cx, const struct tenant *t, const char *what, const char **out) {
  char at[TIME_SIZE], dir[PATH_MAX];
  if (path_join(cx, dir, t->store->dir, "backups") || path_make_dir(cx, dir)) return cx->code;
  time_iso(at, time_now());
  for (char *p = at; *p; p++)
    if (*p == ':' || *p == '.') *p = '-';
  *out = ctx_printf(cx, "%s/%s-%s%s.db", dir, t->slug, what, at);
  return OK;
}

int backup_create(struct ctx *cx, struct tenant *t, const char *path, const char **made,
                  struct backup_info *info) {
  struct db *db;
  if (!path && default_path(cx, t, "", &path)) return cx->code;
  if (tenant_read(cx, t, &db)) return cx->code;      /* its transaction holds the state still */
  sqlite3_progress_handler(db->lite, 0, NULL, NULL); /* however long it takes: a copy comes first */
  *made = path;
  return copy_durably(cx, db, path, info);
}

/* By a connection that only reads: SQLite copies nothing from one that is about to
** write. The caller holds the lock, so the file stays as it is. */
int backup_before_upgrade(struct ctx *cx, struct tenant *t, int from, int to) {
  const char *path;
  struct backup_info info;
  struct db *db;
  if (from == 0) return OK;
  if (default_path(cx, t, ctx_printf(cx, "schema-%d-to-%d-", from, to), &path)) return cx->code;
  if (db_open(cx, t->path, t->label, DB_READ, &db)) return cx->code;
  int rc = db_begin(cx, db);
  if (!rc) rc = copy_durably(cx, db, path, &info);
  db_close(db);
  return rc;
}

/* ---- verify ---- */

static int check_digest_file(struct ctx *cx, const char *path, const struct backup_info *info) {
  char line[PATH_MAX + 80];
  const char *beside = ctx_printf(cx, "%s.sha256", path);
  FILE *f = fopen(beside, "re");
  if (!f) return OK; /* a copy that came without its digest is still checked inside */
  bool read = fgets(line, sizeof line, f) != NULL;
  fclose(f);
  if (read && strncmp(line, info->sha256, SHA256_HEX - 1) == 0) return OK;
  return fail(cx, E_FAIL, NULL, "%s is not what was written: its SHA-256 is %s, %s says otherwise", path,
              info->sha256, beside);
}

static int check_inside(struct ctx *cx, struct db *db, int64_t *last_seq) {
  int64_t bad;
  if (db_integrity(cx, db) || change_verify(cx, db, &bad, last_seq)) return cx->code;
  if (bad)
    return fail(cx, E_FAIL, NULL, "%s: the change log does not hold together at entry %lld", db->name,
                (long long)bad);
  return OK;
}

int backup_verify(struct ctx *cx, const char *path, struct backup_info *info) {
  struct db *db;
  if (digest_file(cx, path, info) || check_digest_file(cx, path, info)) return cx->code;
  if (db_open(cx, path, ctx_printf(cx, "backup %s", path), DB_READ, &db)) return cx->code;
  int rc = migrate_check(cx, db, false);
  if (!rc) rc = check_inside(cx, db, &info->last_seq);
  db_close(db);
  return rc;
}

static void close_copy(void *db) { db_close(db); }

int backup_open(struct ctx *cx, const char *path, struct db **out) {
  if (db_open(cx, path, ctx_printf(cx, "backup %s", path), DB_READ, out)) return cx->code;
  ctx_defer(cx, close_copy, *out);
  return db_begin(cx, *out);
}

/* ---- restore ---- */

static int stage_copy(struct ctx *cx, const char *path, const char *to) {
  struct db *db;
  unlink(to);
  if (db_open(cx, path, ctx_printf(cx, "backup %s", path), DB_READ, &db)) return cx->code;
  int rc = copy_pages(cx, db, to);
  db_close(db);
  return rc ? rc : path_sync(cx, to);
}

/* The old file, as far as it can be read at all. */
static const char *keep_old(struct ctx *cx, struct tenant *t) {
  struct ctx aside;
  struct backup_info info;
  struct db *db;
  const char *path = NULL, *kept = NULL;
  ctx_begin(&aside, "store");
  if (!default_path(&aside, t, "replaced-", &path) && !db_open(&aside, t->path, t->label, DB_READ, &db)) {
    if (!copy_durably(&aside, db, path, &info)) kept = ctx_strdup(cx, str_of(path));
    db_close(db);
  }
  ctx_end(&aside);
  return kept;
}

struct note {
  const char *text;
  struct str after;
};

/* What was revoked since a copy was made does not live again when it is put back. */
static int end_sessions(struct ctx *cx, struct db *db) {
  int rc = stmt_run(cx, db_stmt(cx, db, SQL_session_forget_all));
  return rc ? rc : stmt_run(cx, db_stmt(cx, db, SQL_login_failures_forget_all));
}

static int note_restore(struct ctx *cx, const struct note *note, struct db *db, struct change_end *end) {
  int rc = migrate_to(cx, db, false, migrate_head(false));
  if (!rc) rc = db_begin(cx, db);
  if (!rc) rc = end_sessions(cx, db);
  if (!rc)
    rc = change_append(
        cx, db,
        &(struct change){ .event = "RESTORED", .after = note->after, .count = 0, .text = note->text });
  if (!rc) rc = db_commit(cx, db);
  return rc ? rc : change_last(cx, db, end);
}

/* What the old file's WAL holds goes into it, as far as it is sound: the WAL has to
** go before the new file takes the place, or SQLite would put its pages into that. */
static void settle_old(struct tenant *t) {
  struct ctx aside;
  struct db *db;
  ctx_begin(&aside, "store");
  if (!db_open(&aside, t->path, t->label, DB_WRITE, &db)) {
    for (int i = 0; i < COPIER_WAITS && !tenant_checkpoint(db, true); i++)
      nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL); /* another process copies, see copier.h */
    db_close(db);
  }
  ctx_end(&aside);
}

/* The staged copy gets its note and its WAL mode before it takes the place, and the
** high-water mark of the old file is taken away: killed anywhere, there is either
** the old file or the new one, and none that is refused. */
static int swap_in(struct ctx *cx, struct tenant *t, const struct note *note, const char *staged) {
  struct change_end end;
  struct db *db;
  if (db_open(cx, staged, t->label, DB_WRITE, &db)) return cx->code;
  int rc = db_run(cx, db, "PRAGMA journal_mode=WAL");
  if (!rc) rc = note_restore(cx, note, db, &end);
  tenant_checkpoint(db, true);
  db_close(db);
  if (rc) return rc;
  unlink(ctx_printf(cx, "%s-wal", staged));
  unlink(ctx_printf(cx, "%s-shm", staged));
  settle_old(t);
  unlink(t->mark_path);
  crash_point("mark removed");
  unlink(ctx_printf(cx, "%s-wal", t->path));
  unlink(ctx_printf(cx, "%s-shm", t->path));
  if (rename(staged, t->path) != 0)
    return fail(cx, E_FAIL, NULL, "cannot replace %s: %s", t->path, strerror(errno));
  crash_point("restored");
  if (path_sync_folder(cx, t->path)) return cx->code;
  return mark_write(cx, t->mark_path, &end);
}

static int check_owner(struct ctx *cx, const char *staged, const char *slug) {
  struct db *db;
  if (db_open(cx, staged, "the backup", DB_READ, &db)) return cx->code;
  struct stmt *s = db_compose(cx, db, "SELECT slug FROM organizations");
  if (stmt_row(cx, s) && !str_eq(col_str(s, 0), str_of(slug)))
    fail(cx, E_CONFLICT, "tenant", "the backup belongs to tenant %s, not to %s",
         ctx_strdup(cx, col_str(s, 0)), slug);
  db_close(db);
  return cx->code;
}

int backup_restore(struct ctx *cx, struct store *s, const char *slug, const char *path, const char **kept) {
  const char *text = ctx_printf(cx, "the file was restored from %s", path);
  return backup_restore_noted(cx, s, slug, path, text, (struct str){ NULL, 0 }, kept);
}

int backup_restore_noted(struct ctx *cx, struct store *s, const char *slug, const char *path,
                         const char *text, struct str after, const char **kept) {
  struct backup_info info;
  struct tenant t;
  int fd;
  if (backup_verify(cx, path, &info) || tenant_init(cx, s, slug, &t)) return cx->code;
  const char *staged = ctx_printf(cx, "%s.restore", t.path);
  if (tenant_lock(cx, &t, 10, &fd)) return cx->code;
  int rc = stage_copy(cx, path, staged);
  if (!rc) rc = check_owner(cx, staged, slug);
  if (!rc) *kept = keep_old(cx, &t);
  if (!rc) rc = swap_in(cx, &t, &(struct note){ text, after }, staged);
  unlink(staged);
  close(fd);
  return rc;
}
