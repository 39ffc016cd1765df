#include "store/opened.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/map.h"

struct opening { /* some thread is at it, and has this on its stack */
  const char *slug;
  struct opening *next;
};

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
  struct opening *opening;
  pthread_cond_t changed; /* of opening */
};

struct opened *opened_new(struct store *s) {
  struct opened *o = xcalloc(1, sizeof *o);
  o->store = s;
  pthread_mutex_init(&o->lock, NULL);
  pthread_cond_init(&o->changed, NULL);
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
  pthread_cond_destroy(&o->changed);
  free(o);
}

struct store *opened_store(const struct opened *o) {
  return o->store;
}

/* Without the lock: a schema that is made newer takes long, and the other tenants are not to wait for it. */
static struct entry *open_entry(struct ctx *cx, struct store *s, const char *slug) {
  struct entry *e = xcalloc(1, sizeof *e);
  ctx_begin(&e->cx, "store");
  if (!tenant_open(&e->cx, s, slug, &e->tenant)) return e;
  fail_from(cx, &e->cx);
  ctx_end(&e->cx);
  free(e);
  return NULL;
}

static bool is_opening(const struct opened *o, const char *slug) {
  for (const struct opening *p = o->opening; p; p = p->next)
    if (strcmp(p->slug, slug) == 0) return true;
  return false;
}

/* Under the lock, which is given back while the file is opened. */
static struct entry *add(struct ctx *cx, struct opened *o, const char *slug) {
  struct opening mine = { slug, o->opening }, **at = &o->opening;
  o->opening = &mine;
  pthread_mutex_unlock(&o->lock);
  struct entry *e = open_entry(cx, o->store, slug);
  pthread_mutex_lock(&o->lock);
  while (*at != &mine) at = &(*at)->next;
  *at = mine.next;
  pthread_cond_broadcast(&o->changed);
  if (!e) return NULL;
  e->next = o->entries;
  o->entries = e;
  *map_put(&o->by_slug, str_of(slug), NULL) = (uint64_t)(uintptr_t)e;
  return e;
}

int opened_find(struct ctx *cx, struct opened *o, const char *slug, struct tenant **out) {
  pthread_mutex_lock(&o->lock);
  while (is_opening(o, slug)) pthread_cond_wait(&o->changed, &o->lock);
  uint64_t *known = map_get(&o->by_slug, str_of(slug));
  struct entry *e = known ? (struct entry *)(uintptr_t)*known : add(cx, o, slug);
  if (e) *out = e->tenant;
  pthread_mutex_unlock(&o->lock);
  return e ? OK : (int)cx->code;
}
