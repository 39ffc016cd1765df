/*
** tenant.c - opening one tenant's file, and its readers.
**
** Nothing is served from a file that is not known to be whole and ours: schema,
** high-water mark and length are checked before the first question.
*/
#include "store/tenant.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/time.h"
#include "store/backup.h"
#include "store/mark.h"
#include "store/migrate.h"

enum { READERS_KEPT = 8 };

static tenant_hook *on_open;
void tenant_set_hook(tenant_hook *hook) { on_open = hook; }

/* ^[a-z0-9][a-z0-9_-]{0,62}$: a slug is a file name and a part of addresses. */
static bool slug_valid(struct str slug) {
  if (slug.n == 0 || slug.n > LIMIT_SLUG) return false;
  for (size_t i = 0; i < slug.n; i++) {
    char c = slug.p[i];
    bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!word && (i == 0 || (c != '-' && c != '_'))) return false;
  }
  return true;
}

int tenant_init(struct ctx *cx, struct store *s, const char *slug, struct tenant *t) {
  *t = (struct tenant){ .store = s };
  if (!slug_valid(str_of(slug)))
    return fail(
        cx, E_INVALID, "slug",
        "'%.80s' is no short name for a tenant: 1 to %d of a-z 0-9 - _, beginning with a letter or digit",
        slug, LIMIT_SLUG);
  str_copy(t->slug, sizeof t->slug, str_of(slug));
  snprintf(t->label, sizeof t->label, "tenant %s", t->slug);
  char name[LIMIT_SLUG + 32];
  snprintf(name, sizeof name, "tenants/%s.db", t->slug);
  if (path_join(cx, t->path, s->dir, name)) return cx->code;
  snprintf(name, sizeof name, "tenants/%s.db-wal", t->slug);
  if (path_join(cx, t->wal_path, s->dir, name)) return cx->code;
  snprintf(name, sizeof name, "tenants/%s.mark", t->slug);
  if (path_join(cx, t->mark_path, s->dir, name)) return cx->code;
  snprintf(name, sizeof name, "tenants/%s.lock", t->slug);
  return path_join(cx, t->lock_path, s->dir, name);
}

const char *tenant_slug(const struct tenant *t) { return t->slug; }
const char *tenant_path(const struct tenant *t) { return t->path; }
struct store *tenant_store(const struct tenant *t) {
  return t->store;
}

/* The first bytes of the file, and its length. SQLite is asked for them: were it opened here and closed again, all locks that
** other connections of this process have on it would be gone (fcntl(2)), and a process that comes next would
** take itself for the only one, and the WAL for its own. */
static int read_header(struct ctx *cx, const struct tenant *t, unsigned char *h, int n, int64_t *bytes) {
  sqlite3 *lite = NULL;
  sqlite3_file *file = NULL;
  sqlite3_int64 size = 0;
  int rc = sqlite3_open_v2(t->path, &lite, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
  if (!rc) rc = sqlite3_file_control(lite, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  if (!rc) rc = file->pMethods->xRead(file, h, n, 0); /* what is not there is zero */
  if (!rc || rc == SQLITE_IOERR_SHORT_READ) rc = file->pMethods->xFileSize(file, &size);
  int why = lite ? sqlite3_system_errno(lite) : 0;
  sqlite3_close(lite);
  *bytes = size;
  return rc ? fail(cx, E_DENIED, NULL, "%s cannot be opened: %s", t->path,
                   why ? strerror(why) : sqlite3_errstr(rc))
            : OK;
}

/* The header of the file (bytes 16..17 page size, 28..31 pages) tells how long
** it must be once everything in the WAL has been copied into it. */
static int check_length(struct ctx *cx, const struct tenant *t) {
  unsigned char h[32] = { 0 };
  struct stat wal;
  int64_t bytes;
  if (access(t->path, F_OK) != 0 && errno == ENOENT)
    return fail(cx, E_NOT_FOUND, NULL, "%s is missing; put it back, or restore a backup of tenant %s",
                t->path, t->slug);
  if (read_header(cx, t, h, sizeof h, &bytes)) return cx->code;
  bool wal_is_empty = stat(ctx_printf(cx, "%s-wal", t->path), &wal) != 0 || wal.st_size == 0;
  if (memcmp(h, "SQLite format 3", 16) != 0)
    return fail(cx, E_FAIL, NULL,
                "%s is damaged: it is no SQLite file any more; restore a backup of tenant %s", t->path,
                t->slug);
  int64_t page = (int64_t)h[16] << 8 | h[17];
  int64_t pages = (int64_t)h[28] << 24 | h[29] << 16 | h[30] << 8 | h[31];
  if (page == 1) page = 65536;
  if (wal_is_empty && bytes < page * pages)
    return fail(cx, E_FAIL, NULL,
                "%s is cut short: %lld bytes of %lld are there; restore a backup of tenant %s", t->path,
                (long long)bytes, (long long)(page * pages), t->slug);
  return OK;
}

/* An existing file is copied aside before its schema changes. */
static int migrate(struct ctx *cx, struct tenant *t, int from, int to) {
  int fd;
  struct db *db;
  if (tenant_lock(cx, t, 10, &fd)) return cx->code;
  int rc = tenant_writer(cx, t, &db);
  if (rc) {
    close(fd);
    return rc;
  }
  if (!rc) rc = backup_before_upgrade(cx, t, from, to);
  if (!rc) rc = migrate_to(cx, db, false, to);
  if (!rc) tenant_committed(t, db);
  close(fd);
  return rc;
}

static void tenant_close(void *arg) {
  struct tenant *t = arg;
  copier_close(t);
  while (t->idle) {
    struct db *db = t->idle;
    t->idle = db->next;
    db_close(db);
  }
  if (t->writer) {
    struct ctx quiet;
    int fd;
    ctx_begin(&quiet, "store");
    if (tenant_lock(&quiet, t, 0, &fd) == OK) { /* somebody else writes: they will checkpoint */
      tenant_checkpoint(t->writer, true);
      close(fd);
    }
    ctx_end(&quiet);
    db_close(t->writer);
  }
  content_clear(&t->content);
  pthread_cond_destroy(&t->synced);
  pthread_mutex_destroy(&t->noting);
  pthread_mutex_destroy(&t->lock);
}

static struct tenant *tenant_new(struct ctx *cx, struct store *s, const char *slug) {
  struct tenant *t = ctx_alloc(cx, sizeof *t);
  if (tenant_init(cx, s, slug, t)) return NULL;
  pthread_mutex_init(&t->lock, NULL);
  pthread_mutex_init(&t->noting, NULL);
  pthread_cond_init(&t->synced, NULL);
  content_init(&t->content);
  ctx_defer(cx, tenant_close, t);
  return t;
}

/* A burst of requests leaves no more readers behind, each with its cache, than are
** used every day. */
static void keep_idle(struct tenant *t, struct db *db) {
  pthread_mutex_lock(&t->lock);
  bool enough = t->idle_count >= READERS_KEPT;
  if (!enough) {
    db->next = t->idle;
    t->idle = db;
    t->idle_count++;
  }
  pthread_mutex_unlock(&t->lock);
  if (enough) db_close(db);
}

static int check_listed(struct ctx *cx, struct store *s, const char *slug) {
  const struct tenant_info *list;
  size_t count;
  if (tenant_list(cx, s, &list, &count)) return cx->code;
  for (size_t i = 0; i < count; i++)
    if (strcmp(list[i].slug, slug) == 0) return OK;
  return fail(
      cx, E_NOT_FOUND, "tenant",
      "there is no tenant %s here; `outpost tenant list` shows who is, `outpost tenant add %s` makes it",
      slug, slug);
}

int tenant_open(struct ctx *cx, struct store *s, const char *slug, struct tenant **out) {
  struct tenant *t = tenant_new(cx, s, slug);
  struct db *db;
  if (!t || check_listed(cx, s, slug) || check_length(cx, t)) return cx->code;
  if (db_open(cx, t->path, t->label, DB_READ, &db)) return cx->code;
  int version = migrate_version(cx, db);
  int rc = cx->code ? (int)cx->code : migrate_check(cx, db, false);
  if (!rc) rc = mark_check(cx, db, t->slug, t->mark_path);
  bool migrates = !rc && version < migrate_head(false);
  if (rc || migrates)
    db_close(db); /* it knows the old schema */
  else
    keep_idle(t, db);
  if (migrates) rc = migrate(cx, t, version, migrate_head(false));
  if (!rc && on_open) rc = on_open(cx, t);
  if (!rc) *out = t;
  return rc;
}

int tenant_schema(struct ctx *cx, struct store *s, const char *slug, int to, int64_t *from) {
  struct tenant *t = tenant_new(cx, s, slug);
  struct db *db;
  if (!t || check_listed(cx, s, slug) || check_length(cx, t)) return cx->code;
  if (db_open(cx, t->path, t->label, DB_READ, &db)) return cx->code;
  *from = migrate_version(cx, db);
  if (!cx->code && to >= 0) mark_check(cx, db, t->slug, t->mark_path);
  db_close(db);
  if (cx->code || to < 0 || to == *from) return cx->code;
  if (to < 1) return fail(cx, E_INVALID, "to", "schema 1 is the first; to remove a tenant, remove its file");
  return migrate(cx, t, (int)*from, to);
}

int tenant_inspect(struct ctx *cx, struct store *s, const char *slug, struct tenant **out) {
  struct tenant *t = tenant_new(cx, s, slug);
  if (!t || check_listed(cx, s, slug) || check_length(cx, t)) return cx->code;
  t->inspected = true;
  *out = t;
  return OK;
}

int tenant_check_mark(struct ctx *cx, struct tenant *t, struct db *db) {
  return mark_check(cx, db, t->slug, t->mark_path);
}

bool tenant_content(struct tenant *t, struct content *out) {
  return content_look(&t->content, t->path, t->label, out);
}

bool tenant_content_holds(struct tenant *t, const struct tables *of, const struct content *then,
                          const struct content *now) {
  return content_same(then, now) || content_holds(&t->content, of, then, now);
}

/* ---- readers ---- */

struct lent {
  struct tenant *tenant;
  struct db *db;
};

static void give_back(void *arg) {
  struct lent *lent = arg;
  db_rollback(lent->db);
  keep_idle(lent->tenant, lent->db);
}

/* An idle connection to the present file; those to a file that was replaced go. */
static struct db *take_idle(struct tenant *t) {
  struct db *db;
  do {
    pthread_mutex_lock(&t->lock);
    db = t->idle;
    if (db) t->idle = db->next, t->idle_count--;
    pthread_mutex_unlock(&t->lock);
    if (!db || db_is_current(db, t->path)) return db;
    db_close(db);
  } while (true);
}

/* The WAL cannot begin anew while an old state is read from it. Minutes are fine as long as little is written; a reader
** that is slower than the writer by so much ends, since nothing else would keep the disk from filling up. */
static double read_seconds = 300;
static int64_t read_wal_bytes = 256 << 20;
enum { LOOK_STEPS = 20000 };

void tenant_set_reading(double seconds, int64_t wal_bytes) {
  read_seconds = seconds;
  read_wal_bytes = wal_bytes;
}

static int is_too_slow(void *arg) {
  struct db *db = arg;
  struct stat wal = { 0 };
  char path[PATH_MAX + 8];
  double now = time_seconds();
  if (now - db->since < read_seconds || now - db->looked < 1) return 0;
  db->looked = now;
  snprintf(path, sizeof path, "%s-wal", db->path);
  return stat(path, &wal) == 0 && wal.st_size > read_wal_bytes;
}

int tenant_read(struct ctx *cx, struct tenant *t, struct db **out) {
  struct db *db = take_idle(t);
  if (!db && db_open(cx, t->path, t->label, DB_READ, &db)) return cx->code;
  db->path = t->path;
  db->since = time_seconds();
  db->watch = &t->content;
  tenant_content(t, &db->as_of);
  sqlite3_progress_handler(db->lite, LOOK_STEPS, is_too_slow, db);

  struct lent *lent = ctx_alloc(cx, sizeof *lent);
  *lent = (struct lent){ t, db };
  ctx_defer(cx, give_back, lent);
  *out = db;
  return db_begin(cx, db);
}

void tenant_read_end(struct db *db) { db_rollback(db); }

/* ---- pristine ---- */

static void close_db(void *db) { db_close(db); }

int db_pristine(struct ctx *cx, struct db **out) {
  if (db_create(cx, ":memory:", "a new file", out)) return cx->code;
  ctx_defer(cx, close_db, *out);
  return migrate_to(cx, *out, false, migrate_head(false));
}
