#include "store/opened.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/map.h"

struct entry {
  struct entry *next;
  struct ctx cx; /* lasts as long as the file is open */
  struct tenant *tenant;
};

struct opened {
  struct store *store;
  pthread_mutex_t lock; /* over what follows */
  struct entry *entries;
  struct map by_slug; /* to a struct entry */
};

struct opened *opened_new(struct store *s) {
  struct opened *o = xcalloc(1, sizeof *o);
  o->store = s;
  pthread_mutex_init(&o->lock, NULL);
  map_init(&o->by_slug);
  return o;
}

void opened_free(struct opened *o) {
  if (!o) return;
  while (o->entries) {
    struct entry *e = o->entries;
    o->entries = e->next;
    ctx_end(&e->cx);
    free(e);
  }
  map_clear(&o->by_slug);
  pthread_mutex_destroy(&o->lock);
  free(o);
}

struct store *opened_store(const struct opened *o) {
  return o->store;
}

static int add(struct ctx *cx, struct opened *o, const char *slug, struct tenant **out) {
  struct entry *e = xcalloc(1, sizeof *e);
  ctx_begin(&e->cx, "store");
  if (tenant_open(&e->cx, o->store, slug, &e->tenant)) {
    ctx_end(&e->cx);
    fail_from(cx, &e->cx);
    free(e);
    return cx->code;
  }
  e->next = o->entries;
  o->entries = e;
  *map_put(&o->by_slug, str_of(slug), NULL) = (uint64_t)(uintptr_t)e;
  *out = e->tenant;
  return OK;
}

int opened_find(struct ctx *cx, struct opened *o, const char *slug, struct tenant **out) {
  int rc = OK;
  pthread_mutex_lock(&o->lock);
  uint64_t *known = map_get(&o->by_slug, str_of(slug));
  if (known)
    *out = ((struct entry *)(uintptr_t)*known)->tenant;
  else
    rc = add(cx, o, slug, out);
  pthread_mutex_unlock(&o->lock);
  return rc;
}
