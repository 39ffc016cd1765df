/*
** tenant.h - the insides of struct store and struct tenant. Private to the store.
*/
#ifndef STORE_TENANT_H
#define STORE_TENANT_H

#include <limits.h>
#include <pthread.h>

#include "base/limits.h"
#include "store/change.h"
#include "store/content.h"
#include "store/copier.h"
#include "store/db.h"

struct store {
  char dir[PATH_MAX];
  char system_path[PATH_MAX];
  struct content_watch system; /* of system.db */
  pthread_mutex_t lock;        /* over the next one */
  struct roll *roll;           /* who the tenants are, as it was read last; NULL: not yet */
};

struct task; /* a queued write, see writer.c */

struct tenant {
  struct store *store;
  char slug[LIMIT_SLUG + 1];
  char label[LIMIT_SLUG + 16]; /* "tenant demo", for messages */
  char path[PATH_MAX], wal_path[PATH_MAX], mark_path[PATH_MAX], lock_path[PATH_MAX];

  pthread_mutex_t lock; /* over all below */
  struct task *first, *last;
  bool led;              /* some thread is working the queue off */
  int group;             /* tasks that shared the last commit */
  int syncing;           /* groups whose commit is on its way to the disk */
  pthread_cond_t synced; /* one of them is there */
  struct copier copier;  /* the leader's */
  double insisted;       /* when a long WAL was waited for the last time */
  int patience_ms;       /* how long, the next time */
  struct db *writer;     /* opened when first needed; used by the leader only */
  struct db *idle;       /* readers that nobody has taken */
  int idle_count;
  bool inspected; /* opened only to be looked at: never written */

  pthread_mutex_t noting;  /* over the next one, and the mark */
  struct change_end noted; /* what the mark says */
  atomic_bool unsafe;      /* a sync failed, see writer.c */

  struct content_watch content; /* has a lock of its own */
};

/* The tenant's paths, from its slug. E_INVALID for what can be no slug. */
int tenant_init(struct ctx *cx, struct store *s, const char *slug, struct tenant *t);

/* Takes the right to write, across processes; waits up to `seconds`. *fd is
** closed to give it back. E_BUSY names the process that holds it. */
int tenant_lock(struct ctx *cx, struct tenant *t, double seconds, int *fd);

/* The one connection that writes; the caller holds the lock. */
int tenant_writer(struct ctx *cx, struct tenant *t, struct db **out);

/* After a commit: notes the high-water mark, and checkpoints a long WAL. */
void tenant_committed(struct tenant *t, struct db *db);

/* Copies WAL pages into the file; `all` also empties the WAL, when nobody reads. false: somebody else is copying. */
bool tenant_checkpoint(struct db *db, bool all);

/* The same, of a WAL of so many bytes. false: not all of it is in the file now, since somebody reads an older state. */
bool tenant_copy_wal(struct db *db, int64_t bytes);

int path_join(struct ctx *cx, char out[static PATH_MAX], const char *dir, const char *name);
int path_make_dir(struct ctx *cx, const char *path);
int path_sync(struct ctx *cx, const char *path);        /* a file or folder onto the disk */
int path_sync_folder(struct ctx *cx, const char *path); /* the folder that it stands in */

#endif
