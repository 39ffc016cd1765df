/*
** content.c - whether a file's content is still what it was, whoever writes.
**
** The WAL-index, memory that the connections of all processes share, begins with a header of 48 bytes, twice
** (https://sqlite.org/walformat.html, 2.1). Every commit changes it: a counter, the number of frames, checksums. A
** reader sees a commit because of this header and of nothing else, so two looks that find the same header have
** between them no commit that anybody could have seen. A connection that stays open holds the memory,
** and SQLite's own VFS gives its address. A look costs a call of stat, for the file may have been replaced by a restore, and no lock.
**
** A look in the middle of a commit finds the two copies unequal; then nothing is said. What a checkpoint changes
** looks like a commit: that costs a computation, and nothing else.
*/
#include "store/content.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { INDEX_REGION = 32768 };

struct look_out {
  struct db *db;
  const _Atomic uint32_t *header;
  struct look_out *older; /* of a file that was replaced: somebody may still be looking at it */
};

void content_init(struct content_watch *w) {
  pthread_mutex_init(&w->lock, NULL);
  atomic_init(&w->now, NULL);
}

void content_clear(struct content_watch *w) {
  for (struct look_out *l = atomic_load(&w->now), *older; l; l = older) {
    older = l->older;
    db_close(l->db);
    free(l);
  }
  pthread_mutex_destroy(&w->lock);
}

/* The shared memory of a connection that has read once; NULL when it has none. */
static const _Atomic uint32_t *header_of(struct db *db) {
  sqlite3_file *file = NULL;
  void volatile *region = NULL;
  if (sqlite3_file_control(db->lite, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK) return NULL;
  if (!file || !file->pMethods || file->pMethods->iVersion < 2 || !file->pMethods->xShmMap) return NULL;
  if (file->pMethods->xShmMap(file, 0, INDEX_REGION, 0, &region) != SQLITE_OK) return NULL;
  return (const _Atomic uint32_t *)(uintptr_t)region;
}

static struct look_out *look_out_new(const char *path, const char *name) {
  struct ctx cx;
  struct look_out *l = NULL;
  struct db *db;
  ctx_begin(&cx, "store");
  if (!db_open(&cx, path, name, DB_READ, &db)) {
    db_pragma_int(&cx, db, "SELECT count(*) FROM sqlite_schema");
    const _Atomic uint32_t *header = cx.code ? NULL : header_of(db);
    if (header) {
      l = xcalloc(1, sizeof *l);
      *l = (struct look_out){ .db = db, .header = header };
    } else {
      db_close(db);
    }
  }
  ctx_end(&cx);
  return l;
}

/* The one for the file that stands there now. */
static struct look_out *look_out(struct content_watch *w, const char *path, const char *name) {
  struct look_out *l = atomic_load(&w->now);
  if (l && db_is_current(l->db, path)) return l;
  pthread_mutex_lock(&w->lock);
  struct look_out *known = atomic_load(&w->now);
  l = known && db_is_current(known->db, path) ? known : look_out_new(path, name);
  if (l && l != known) {
    l->older = known;
    atomic_store(&w->now, l);
  }
  pthread_mutex_unlock(&w->lock);
  return l;
}

bool content_read(struct content_watch *w, const char *path, const char *name, struct content *out) {
  const struct look_out *l = look_out(w, path, name);
  bool whole = l != NULL;
  if (!l) return false;
  *out = (struct content){ .dev = l->db->file.st_dev, .ino = l->db->file.st_ino };
  for (int i = 0; i < CONTENT_WORDS; i++) out->header[i] = atomic_load(&l->header[i]);
  for (int i = 0; i < CONTENT_WORDS; i++)
    whole = whole && atomic_load(&l->header[CONTENT_WORDS + i]) == out->header[i];
  return whole;
}

bool content_same(const struct content *a, const struct content *b) {
  return a->dev == b->dev && a->ino == b->ino && memcmp(a->header, b->header, sizeof a->header) == 0;
}
