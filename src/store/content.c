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
**
** A commit of this process is known better. States have numbers, and of each table it is known which number it was last written in. Before
** COMMIT, while nobody else can commit, it is announced what it writes; so whoever sees a new header while a
** commit is under way knows whose it is. When it is done, the header that belongs to it is noted. What was made of a state
** is right as long as
**
**   - the header is the noted one, or a commit is under way: then nobody else has committed since that was noted;
**   - and no table of it was written in a state after it.
**
** A header that is neither is somebody else's: a state without a number, and what is announced next makes all before it void. So does a
** commit that changes the schema. Where the number cannot be told, equal headers still say that nothing has changed.
*/
#include "store/content.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "store/recall.h"

enum { INDEX_REGION = 32768 };

struct look_out {
  struct db *db;
  const _Atomic uint32_t *header;
  struct look_out *older; /* of a file that was replaced: somebody may still be looking at it */
};

struct told {
  pthread_mutex_t lock; /* over what follows; held for a few instructions */
  bool under_way;       /* a commit was announced, and is not done */
  uint64_t number;      /* of the last state that was told */
  uint64_t least;       /* what was made of an earlier one is void */
  uint64_t written[TABLES_COUNTED];
  struct content content; /* of `number` */
};

void content_init(struct content_watch *w) {
  pthread_mutex_init(&w->lock, NULL);
  atomic_init(&w->now, NULL);
  w->told = xcalloc(1, sizeof *w->told);
  pthread_mutex_init(&w->told->lock, NULL);
  w->recall = recall_new();
}

void content_clear(struct content_watch *w) {
  for (struct look_out *l = atomic_load(&w->now), *older; l; l = older) {
    older = l->older;
    db_close(l->db);
    free(l);
  }
  pthread_mutex_destroy(&w->told->lock);
  free(w->told);
  recall_free(w->recall);
  pthread_mutex_destroy(&w->lock);
}

/* The shared memory of a connection that has read once; NULL when it has none. SQLite lets go of what was mapped for a
** connection that reads by it, and no other: an empty file, or one without a WAL, would leave memory and a descriptor behind. */
static const _Atomic uint32_t *header_of(struct db *db) {
  sqlite3_file *file = NULL;
  void volatile *region = NULL;
  unsigned char version[2]; /* 2: by a WAL (https://sqlite.org/fileformat.html, 1.3.3) */
  if (sqlite3_file_control(db->lite, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK) return NULL;
  if (!file || !file->pMethods || file->pMethods->iVersion < 2 || !file->pMethods->xShmMap) return NULL;
  if (file->pMethods->xRead(file, version, sizeof version, 18) != SQLITE_OK || version[1] != 2) return NULL;
  if (file->pMethods->xShmMap(file, 0, INDEX_REGION, 0, &region) != SQLITE_OK) return NULL;
  return (const _Atomic uint32_t *)(uintptr_t)region;
}

static struct look_out *look_out_new(const char *path, const char *name) {
  struct ctx cx;
  struct look_out *l = NULL;
  struct db *db;
  ctx_begin(&cx, "store");
  if (!db_open(&cx, path, name, DB_WATCH, &db)) {
    db_pragma_int(&cx, db, "PRAGMA data_version");
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
  return out->whole = whole;
}

static bool same_file(const struct content *a, const struct content *b) {
  return a->dev == b->dev && a->ino == b->ino;
}

bool content_same(const struct content *a, const struct content *b) {
  return a->whole && b->whole && same_file(a, b) && memcmp(a->header, b->header, sizeof a->header) == 0;
}

/* ---- commits of this process ---- */

/* The state that was seen between two looks at `told` that found no difference. While a commit is under way, it may be the next one already;
** a new header does not say so, since a WAL that begins anew has one, too. */
static uint64_t number_of(const struct told *d, const struct content *seen) {
  bool ours = content_same(seen, &d->content) || (d->under_way && same_file(seen, &d->content));
  return ours ? d->number : 0;
}

bool content_look(struct content_watch *w, const char *path, const char *name, struct content *out) {
  struct told *d = w->told;
  pthread_mutex_lock(&d->lock);
  uint64_t number = d->number;
  bool under_way = d->under_way;
  pthread_mutex_unlock(&d->lock);
  *out = (struct content){ 0 };
  content_read(w, path, name, out);
  pthread_mutex_lock(&d->lock);
  if (d->number == number && d->under_way == under_way) out->number = number_of(d, out);
  pthread_mutex_unlock(&d->lock);
  return out->whole || out->number;
}

static void note_written(struct told *d, const struct tables *written) {
  uint64_t number = d->number + 1;
  for (int i = 0; i < TABLES_COUNTED / 64; i++)
    for (uint64_t bits = written->bit[i]; bits; bits &= bits - 1)
      d->written[i * 64 + __builtin_ctzll(bits)] = number;
  if (d->written[TABLE_SCHEMA] == number) d->least = number;
  d->written[TABLE_ANY] = number;
}

void content_announce(struct content_watch *w, const char *path, const char *name,
                      const struct tables *written) {
  struct told *d = w->told;
  struct content before = { 0 };
  content_read(w, path, name, &before);
  pthread_mutex_lock(&d->lock);
  if (!content_same(&before, &d->content)) d->least = ++d->number;
  d->content = before;
  note_written(d, written);
  d->under_way = before.whole;
  pthread_mutex_unlock(&d->lock);
}

void content_tell(struct content_watch *w, const struct content *after) {
  struct told *d = w->told;
  pthread_mutex_lock(&d->lock);
  d->number++;
  d->under_way = false;
  d->content = after ? *after : (struct content){ 0 };
  pthread_mutex_unlock(&d->lock);
}

bool content_holds(struct content_watch *w, const struct tables *of, const struct content *then,
                   const struct content *now) {
  struct told *d = w->told;
  if (!then->number || !now->number) return false;
  pthread_mutex_lock(&d->lock);
  bool holds = then->number >= d->least;
  for (int i = 0; i < TABLES_COUNTED / 64; i++)
    for (uint64_t bits = of->bit[i]; bits && holds; bits &= bits - 1)
      holds = d->written[i * 64 + __builtin_ctzll(bits)] <= then->number;
  pthread_mutex_unlock(&d->lock);
  return holds;
}
