/*
** watch.c - whether a file was written since it was last looked at, by whomever.
*/
#include <stdio.h>

#include "store/tenant.h"

struct watch {
  struct tenant *tenant;
  struct db *db;
  int64_t version;
};

static void watch_close(void *arg) {
  struct watch *w = arg;
  db_close(w->db);
}

static int open_db(struct ctx *cx, struct watch *w) {
  return db_open(cx, w->tenant->path, w->tenant->label, DB_WATCH, &w->db);
}

int tenant_watch(struct ctx *cx, struct tenant *t, struct watch **out) {
  struct watch *w = ctx_alloc(cx, sizeof *w);
  w->tenant = t;
  w->version = -1;
  if (open_db(cx, w)) return cx->code;
  ctx_defer(cx, watch_close, w);
  *out = w;
  return OK;
}

/* A file that was put in the other's place counts as a change. */
bool watch_changed(struct watch *w) {
  struct ctx cx;
  int64_t version = -2;
  ctx_begin(&cx, "store");
  if (w->db && !db_is_current(w->db, w->tenant->path)) {
    db_close(w->db);
    w->db = NULL;
  }
  if (w->db || !open_db(&cx, w)) {
    struct stmt *s = db_compose(&cx, w->db, "PRAGMA data_version");
    if (stmt_row(&cx, s)) version = col_int(s, 0);
    if (s) stmt_done(s);
  }
  ctx_end(&cx);
  bool changed = version != w->version;
  w->version = version;
  return changed;
}

int64_t store_tenants_stamp(const struct store *s) {
  struct stat file, wal;
  char path[PATH_MAX + 8];
  snprintf(path, sizeof path, "%s-wal", s->system_path);
  if (stat(s->system_path, &file) != 0) return 0;
  if (stat(path, &wal) != 0) wal = (struct stat){ 0 };
  return (int64_t)file.st_mtim.tv_sec * 1000003 + file.st_mtim.tv_nsec + (int64_t)wal.st_mtim.tv_sec * 7 +
         wal.st_mtim.tv_nsec * 3 + wal.st_size;
}
