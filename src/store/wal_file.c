#include "store/wal_file.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
  KEPT_BACK = 1 << 20,
  PIECE = 64 << 10,
  FRAME_HEAD = 24,
  FRAME_ENDS = 4 /* where it says how large the file is then */
};

struct wal_file {
  sqlite3_file base;
  sqlite3_file *real; /* behind this */
  char *kept;         /* NULL until something is written */
  int64_t at;         /* where in the file it belongs */
  int n;
  bool ends;    /* the frame that is written now ends a transaction */
  bool begins;  /* a new head was written, and not yet synced */
  bool put_off; /* somebody else syncs */
};

static sqlite3_vfs *unix_files, around;

/* In pieces: SQLite's own function takes at most 128 KiB. */
static int write_kept(struct wal_file *w) {
  int rc = SQLITE_OK, n = w->n;
  w->n = 0;
  for (int i = 0; i < n && rc == SQLITE_OK; i += PIECE) {
    int piece = n - i < PIECE ? n - i : PIECE;
    rc = w->real->pMethods->xWrite(w->real, w->kept + i, piece, w->at + i);
  }
  return rc;
}

static int on_close(sqlite3_file *f) {
  struct wal_file *w = (struct wal_file *)f;
  int rc = write_kept(w);
  int closed = w->real->pMethods->xClose(w->real);
  free(w->kept);
  w->kept = NULL;
  return rc ? rc : closed;
}

static int on_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at) {
  struct wal_file *w = (struct wal_file *)f;
  int rc = write_kept(w);
  return rc ? rc : w->real->pMethods->xRead(w->real, p, n, at);
}

/* A page and the head of its frame, at the end of what is kept back. */
static int keep(struct wal_file *w, const void *p, int n, int64_t at) {
  int rc = w->n + n > KEPT_BACK || at != w->at + w->n ? write_kept(w) : SQLITE_OK;
  if (rc) return rc;
  if (!w->n) w->at = at;
  memcpy(w->kept + w->n, p, (size_t)n);
  w->n += n;
  return SQLITE_OK;
}

static int on_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at) {
  static const char no[4];
  struct wal_file *w = (struct wal_file *)f;
  if (!w->kept) w->kept = malloc(KEPT_BACK);
  if (!w->kept) return SQLITE_NOMEM;
  if (n == FRAME_HEAD) w->ends = memcmp((const char *)p + FRAME_ENDS, no, sizeof no) != 0;
  int rc = keep(w, p, n, at);
  if (at == 0) w->begins = true;
  bool whole = at == 0 || (w->ends && n != FRAME_HEAD); /* at 0 stands the WAL's own head */
  return rc || !whole ? rc : write_kept(w);
}

static int on_truncate(sqlite3_file *f, sqlite3_int64 size) {
  struct wal_file *w = (struct wal_file *)f;
  int rc = write_kept(w);
  return rc ? rc : w->real->pMethods->xTruncate(w->real, size);
}

static int on_sync(sqlite3_file *f, int flags) {
  struct wal_file *w = (struct wal_file *)f;
  int rc = write_kept(w);
  if (rc || (w->put_off && !w->begins)) return rc;
  w->begins = false;
  return w->real->pMethods->xSync(w->real, flags);
}

static int on_size(sqlite3_file *f, sqlite3_int64 *size) {
  struct wal_file *w = (struct wal_file *)f;
  int rc = write_kept(w);
  return rc ? rc : w->real->pMethods->xFileSize(w->real, size);
}

static int on_lock(sqlite3_file *f, int level) {
  struct wal_file *w = (struct wal_file *)f;
  return w->real->pMethods->xLock(w->real, level);
}

static int on_unlock(sqlite3_file *f, int level) {
  struct wal_file *w = (struct wal_file *)f;
  return w->real->pMethods->xUnlock(w->real, level);
}

static int on_reserved(sqlite3_file *f, int *out) {
  struct wal_file *w = (struct wal_file *)f;
  return w->real->pMethods->xCheckReservedLock(w->real, out);
}

static int on_control(sqlite3_file *f, int what, void *arg) {
  struct wal_file *w = (struct wal_file *)f;
  return w->real->pMethods->xFileControl(w->real, what, arg);
}

static int on_sector(sqlite3_file *f) {
  struct wal_file *w = (struct wal_file *)f;
  return w->real->pMethods->xSectorSize(w->real);
}

static int on_device(sqlite3_file *f) {
  struct wal_file *w = (struct wal_file *)f;
  return w->real->pMethods->xDeviceCharacteristics(w->real);
}

static const sqlite3_io_methods methods = {
  .iVersion = 1,
  .xClose = on_close,
  .xRead = on_read,
  .xWrite = on_write,
  .xTruncate = on_truncate,
  .xSync = on_sync,
  .xFileSize = on_size,
  .xLock = on_lock,
  .xUnlock = on_unlock,
  .xCheckReservedLock = on_reserved,
  .xFileControl = on_control,
  .xSectorSize = on_sector,
  .xDeviceCharacteristics = on_device,
};

static int on_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out) {
  (void)vfs;
  if (!(flags & SQLITE_OPEN_WAL)) return unix_files->xOpen(unix_files, name, f, flags, out);
  struct wal_file *w = (struct wal_file *)f;
  *w = (struct wal_file){ .real = (sqlite3_file *)(w + 1) };
  int rc = unix_files->xOpen(unix_files, name, w->real, flags, out);
  if (rc == SQLITE_OK) w->base.pMethods = &methods;
  return rc;
}

void wal_file_put_off_sync(sqlite3 *lite, bool put_off) {
  sqlite3_file *f = NULL;
  int rc = sqlite3_file_control(lite, "main", SQLITE_FCNTL_JOURNAL_POINTER, &f);
  if (rc == SQLITE_OK && f && f->pMethods == &methods) ((struct wal_file *)f)->put_off = put_off;
}

void wal_file_register(void) {
  sqlite3_vfs *now = sqlite3_vfs_find(NULL);
  if (!now || now == &around) return;
  unix_files = now;
  around = *now;
  around.zName = "outpost";
  around.pNext = NULL;
  around.szOsFile += (int)sizeof(struct wal_file);
  around.xOpen = on_open;
  sqlite3_vfs_register(&around, 1);
}
