/*
** copier.h - copies the WAL into the file beside the writer. Private to the store.
**
** A checkpoint takes as long as several commits, and in the leader's turn everybody who wants to write waits for it. So a
** thread makes it, with a connection of its own, while others write on; what they have written meanwhile is little, and is copied
** in the turn, so that the WAL can begin anew.
**
** A checkpoint that runs while the WAL begins anew is the WAL-reset fault of SQLite before 3.51.3. It cannot happen: a second
** connection, the pin, reads as long as the thread copies, and SQLite begins the WAL anew only when nobody reads from it.
** The pin does read from the WAL and not from the file: it begins in the turn, right after a commit, and of
** that commit nobody has copied anything yet - who holds the lock between processes did not, and any other thread like this one,
** of whatever process, copies no further than its own pin, which is older.
*/
#ifndef STORE_COPIER_H
#define STORE_COPIER_H

#include <pthread.h>
#include <stdatomic.h>

#include "store/db.h"

struct tenant;

struct copier {
  struct db *to_file, *pin;
  pthread_t thread;
  bool runs;         /* until it has been waited for */
  atomic_bool done;  /* waiting for it takes no time */
  int rounds;        /* since the WAL began anew */
  int64_t wal_bytes; /* when it was started last */
  atomic_bool held;  /* since the WAL began anew, somebody read an older state, and not all could be copied */
};

/* In the leader's turn, after a commit. */
bool copier_busy(struct copier *c);
void copier_start(struct tenant *t);
void copier_wait(struct tenant *t);
void copier_close(struct tenant *t);

#endif
