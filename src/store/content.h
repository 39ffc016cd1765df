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
};

void content_init(struct content_watch *w);
void content_clear(struct content_watch *w);
/* false: it cannot be said now, because somebody is committing or the file cannot be read. */
bool content_read(struct content_watch *w, const char *path, const char *name, struct content *out);

#endif
