/*
** store.c - the data folder, and who its tenants are.
**
** system.db is opened for each question and closed again: it is asked rarely. Only who the tenants are is
** asked by every request, so that is kept for as long as nobody wrote the file.
*/
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ids.h"
#include "store/change.h"
#include "store/mark.h"
#include "store/migrate.h"
#include "store/tenant.h"

int path_join(struct ctx *cx, char out[static PATH_MAX], const char *dir, const char *name) {
  int n = snprintf(out, PATH_MAX, "%s/%s", dir, name);
  if (n >= PATH_MAX) return fail(cx, E_LIMIT, NULL, "the path %s/%s is too long", dir, name);
  return OK;
}

int path_make_dir(struct ctx *cx, const char *path) {
  if (mkdir(path, 0700) == 0 || errno == EEXIST) return OK;
  return fail(cx, errno == EACCES || errno == EROFS ? E_DENIED : E_FAIL, NULL,
              "cannot make the folder %s: %s", path, strerror(errno));
}

int path_sync(struct ctx *cx, const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  int rc = fd < 0 ? -1 : fsync(fd);
  if (fd >= 0) close(fd);
  return rc == 0 ? OK : fail(cx, E_FAIL, NULL, "%s cannot be brought to the disk: %s", path, strerror(errno));
}

int path_sync_folder(struct ctx *cx, const char *path) {
  char *dir = ctx_strdup(cx, str_of(path));
  char *slash = strrchr(dir, '/');
  if (slash) *slash = 0;
  return path_sync(cx, slash ? dir : ".");
}

/* With the folders above it, like mkdir -p. */
static int make_dirs(struct ctx *cx, const char *path) {
  char *part = ctx_strdup(cx, str_of(path));
  for (char *p = part + 1; *p; p++) {
    if (*p != '/') continue;
    *p = 0;
    if (path_make_dir(cx, part)) return cx->code;
    *p = '/';
  }
  return path_make_dir(cx, path);
}

static int open_paths(struct ctx *cx, struct store *s, const char *dir) {
  if (!str_copy(s->dir, sizeof s->dir, str_of(dir)))
    return fail(cx, E_LIMIT, NULL, "the path %s is too long", dir);
  return path_join(cx, s->system_path, dir, "system.db");
}

static bool exists(const char *path) { return access(path, F_OK) == 0; }

int store_init(struct ctx *cx, const char *dir) {
  struct store *s = ctx_alloc(cx, sizeof *s);
  char tenants[PATH_MAX], logs[PATH_MAX];
  struct db *db;
  if (open_paths(cx, s, dir) || make_dirs(cx, dir)) return cx->code;
  if (path_join(cx, tenants, dir, "tenants") || path_make_dir(cx, tenants)) return cx->code;
  if (path_join(cx, logs, dir, "logs") || path_make_dir(cx, logs)) return cx->code;
  int rc = exists(s->system_path) ? db_open(cx, s->system_path, "system.db", DB_WRITE, &db)
                                  : db_create(cx, s->system_path, "system.db", &db);
  if (rc) return rc;
  rc = migrate_check(cx, db, true);
  if (!rc) rc = migrate_to(cx, db, true, migrate_head(true));
  if (!rc) tenant_checkpoint(db, true);
  db_close(db);
  return rc;
}

/* Who the tenants were at a time. It lives as long as somebody uses it. */
struct roll {
  int uses; /* of the store itself and of units of work */
  struct store *store;
  struct ctx cx; /* holds the list */
  struct tenant_info *list;
  size_t count;
  struct content as_of;
};

static void roll_drop(void *arg) {
  struct roll *r = arg;
  struct store *s = r->store;
  pthread_mutex_lock(&s->lock);
  bool last = --r->uses == 0;
  pthread_mutex_unlock(&s->lock);
  if (!last) return;
  ctx_end(&r->cx);
  free(r);
}

static void store_close(void *arg) {
  struct store *s = arg;
  if (s->roll) roll_drop(s->roll);
  content_clear(&s->system);
  pthread_mutex_destroy(&s->lock);
}

int store_open(struct ctx *cx, const char *dir, struct store **out) {
  struct store *s = ctx_alloc(cx, sizeof *s);
  if (open_paths(cx, s, dir)) return cx->code;
  if (!exists(s->system_path))
    return fail(cx, E_NOT_FOUND, NULL,
                "%s is no data folder (it has no system.db); make one with `outpost init %s`", dir, dir);
  pthread_mutex_init(&s->lock, NULL);
  content_init(&s->system);
  ctx_defer(cx, store_close, s);
  *out = s;
  return OK;
}

const char *store_dir(const struct store *s) { return s->dir; }

static int open_system(struct ctx *cx, struct store *s, int mode, struct db **db) {
  int rc = db_open(cx, s->system_path, "system.db", mode, db);
  if (!rc && (rc = migrate_check(cx, *db, true))) db_close(*db);
  return rc;
}

static int roll_read(struct roll *r) {
  struct ctx *cx = &r->cx;
  struct tenant_info *list = xcalloc(LIMIT_TENANTS, sizeof *list);
  struct db *db;
  if (!open_system(cx, r->store, DB_READ, &db)) {
    struct stmt *q = db_stmt(cx, db, SQL_organization_list);
    while (r->count < LIMIT_TENANTS && stmt_row(cx, q))
      list[r->count++] = (struct tenant_info){ .slug = col_dup(cx, q, 0),
                                               .name = col_dup(cx, q, 1),
                                               .id = col_dup(cx, q, 2),
                                               .created_at = col_int(q, 3) };
    db_close(db);
  }
  r->list = ctx_alloc(cx, (r->count + 1) * sizeof *list);
  memcpy(r->list, list, r->count * sizeof *list);
  free(list);
  return cx->code;
}

/* One that is right as of the mark, which was looked at before. NULL and cx->code. */
static struct roll *roll_new(struct ctx *cx, struct store *s, const struct content *as_of) {
  struct roll *r = xcalloc(1, sizeof *r);
  r->store = s;
  r->uses = 1;
  r->as_of = *as_of;
  ctx_begin(&r->cx, cx->actor);
  if (!roll_read(r)) return r;
  fail_from(cx, &r->cx);
  ctx_end(&r->cx);
  free(r);
  return NULL;
}

/* The one that is kept, if it is still right. */
static struct roll *roll_kept(struct store *s, const struct content *now) {
  pthread_mutex_lock(&s->lock);
  struct roll *r = s->roll && content_same(&s->roll->as_of, now) ? s->roll : NULL;
  if (r) r->uses++;
  pthread_mutex_unlock(&s->lock);
  return r;
}

static void roll_keep(struct store *s, struct roll *r) {
  pthread_mutex_lock(&s->lock);
  struct roll *before = s->roll;
  s->roll = r;
  r->uses++;
  pthread_mutex_unlock(&s->lock);
  if (before) roll_drop(before);
}

int tenant_list(struct ctx *cx, struct store *s, const struct tenant_info **list, size_t *count) {
  struct content now = { 0 };
  bool known = content_read(&s->system, s->system_path, "system.db", &now);
  struct roll *r = known ? roll_kept(s, &now) : NULL;
  *count = 0;
  if (!r) {
    r = roll_new(cx, s, &now);
    if (r && known) roll_keep(s, r);
  }
  if (!r) return cx->code;
  ctx_defer(cx, roll_drop, r);
  *list = r->list;
  *count = r->count;
  return OK;
}

static int add_organization(struct ctx *cx, struct db *db, enum sql_id statement, const char *id,
                            const char *slug, const char *name) {
  return db_act(cx, db, statement, id, slug, name, cx->now, cx->actor);
}

/* The tenant's own file, under a temporary name until it is complete. */
static int make_file(struct ctx *cx, struct tenant *t, const char *id, const char *name) {
  struct db *db;
  const char *temporary = ctx_printf(cx, "%s.new", t->path);
  unlink(temporary);
  if (db_create(cx, temporary, t->label, &db)) return cx->code;
  int rc = migrate_to(cx, db, false, migrate_head(false));
  if (!rc) rc = db_begin(cx, db);
  if (!rc) rc = add_organization(cx, db, SQL_tenant_identity_add, id, t->slug, name);
  if (!rc) rc = migrate_note(cx, db, "TENANT_CREATED", ctx_printf(cx, "tenant %s was created", t->slug));
  if (!rc) rc = db_commit(cx, db);
  struct change_end end;
  if (!rc) rc = change_last(cx, db, &end);
  if (!rc) tenant_checkpoint(db, true);
  db_close(db);
  if (!rc && rename(temporary, t->path) != 0)
    rc = fail(cx, E_FAIL, NULL, "cannot make %s: %s", t->path, strerror(errno));
  if (!rc) rc = path_sync_folder(cx, t->path);
  if (!rc) rc = mark_write(cx, t->mark_path, &end);
  unlink(ctx_printf(cx, "%s-wal", temporary));
  unlink(ctx_printf(cx, "%s-shm", temporary));
  unlink(temporary);
  return rc;
}

static bool is_listed(struct ctx *cx, struct db *db, const char *slug) {
  return stmt_exists(cx, db_ask(cx, db, SQL_organization_by_slug, slug));
}

/* A file without an entry is one whose making was cut off just before its end: it
** is taken as it is, if it is whole and of this tenant. */
static int adopt_file(struct ctx *cx, struct tenant *t, char id[static 37], const char **name) {
  struct db *db;
  if (db_open(cx, t->path, t->label, DB_READ, &db)) return cx->code;
  int rc = migrate_check(cx, db, false);
  struct stmt *q = rc ? NULL : db_compose(cx, db, "SELECT id, name FROM organizations WHERE slug = ?1");
  stmt_text(q, 1, t->slug);
  bool ours = stmt_row(cx, q);
  if (ours) {
    str_copy(id, 37, col_str(q, 0));
    *name = col_dup(cx, q, 1);
    stmt_done(q);
  }
  db_close(db);
  if (!cx->code && !ours)
    return fail(cx, E_CONFLICT, "slug", "%s is in the way: it is the file of another tenant", t->path);
  return cx->code;
}

int tenant_add(struct ctx *cx, struct store *s, const char *slug, const char *name) {
  struct tenant t;
  struct db *db;
  char id[37];
  if (tenant_init(cx, s, slug, &t) || open_system(cx, s, DB_WRITE, &db)) return cx->code;
  uuid7(id, cx->now);
  int rc = db_begin(cx, db);
  if (!rc && is_listed(cx, db, slug)) rc = fail(cx, E_CONFLICT, "slug", "there is a tenant %s already", slug);
  bool there = !rc && exists(t.path);
  if (there) rc = adopt_file(cx, &t, id, &name);
  if (!rc) rc = add_organization(cx, db, SQL_organization_add, id, slug, name);
  if (!rc && !there) rc = make_file(cx, &t, id, name);
  if (!rc) rc = db_commit(cx, db);
  if (rc)
    db_rollback(db);
  else
    tenant_checkpoint(db, true);
  db_close(db);
  return rc;
}
