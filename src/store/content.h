/*
** content.h - whether a file's content is still what it was, whoever writes. Private to the store;
** tenant_content of store.h is how others ask.
*/
#ifndef STORE_CONTENT_H
#define STORE_CONTENT_H

#include <pthread.h>

#include "store/db.h"

/* One file that is watched; zero it, and end it with content_clear. */
struct content_watch {
  pthread_mutex_t lock;           /* over making a look-out */
  _Atomic(struct look_out *) now; /* NULL: not yet */
  struct told *told;              /* of the commits of this process */
  struct recall *recall;          /* what its readers remember */
};

void content_init(struct content_watch *w);
void content_clear(struct content_watch *w);
/* false: it cannot be said now, because somebody is committing or the file cannot be read. */
bool content_read(struct content_watch *w, const char *path, const char *name, struct content *out);
/* The same with the number; true when that is known, though the header is not whole. */
bool content_look(struct content_watch *w, const char *path, const char *name, struct content *out);

/* Around each COMMIT of the connection that writes for this process: within the transaction, what it has written; after it,
** what the content is then. NULL: it failed, or somebody else has committed since. */
void content_announce(struct content_watch *w, const char *path, const char *name,
                      const struct tables *written);
void content_tell(struct content_watch *w, const struct content *after);
bool content_holds(struct content_watch *w, const struct tables *of, const struct content *then,
                   const struct content *now);

#endif
