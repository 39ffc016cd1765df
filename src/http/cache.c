/*
** cache.c - replies that are kept as long as they are still right.
**
** A route with .cached says: this reply depends on nothing but the address, who asks (what he may see), the day, and what
** the tenant's file holds. The last is a mark that every commit changes, of whatever process (store.h,
** tenant_content): it is looked at before the handler reads, and again by every request that would take the
** reply from here. So a reply is never older than what a new reader of the file would see, and nobody has to
** tell this cache of any write.
**
**   - Held: the bytes of the body and their tag, at most CACHE_BYTES in all; what was asked for longest ago goes
**     first. A reply that is larger than a quarter of all is not kept.
**   - A reply that a client first asked for who takes gzip is held in both forms; the other goes to whoever takes it.
**   - A reply that is being sent lives until then, whatever happens to the cache meanwhile.
**   - One lock, held for as long as it takes to find a key.
*/
#include "http/cache.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/limits.h"
#include "base/metrics.h"
#include "http/gzip.h"

#define CACHE_BYTES MIB(8)

enum { SLOTS = 1024, KEY_ROOM = 1024, ETAG_ROOM = 40 };
static const int64_t DAY = INT64_C(86400000000);

struct kept {
  struct kept *next;          /* in its slot */
  struct kept *newer, *older; /* by when it was asked for */
  uint64_t hash;
  int uses; /* of the cache and of requests */
  struct content content;
  char etag[ETAG_ROOM];
  char *key, *link;      /* link: or NULL */
  struct str body, gzip; /* gzip: p NULL: there is none */
  size_t size;
};

struct cache {
  pthread_mutex_t lock;
  struct kept *slot[SLOTS];
  struct kept *newest, *oldest;
  size_t size;
};

/* What a request brings here, in its arena. */
struct cache_look {
  struct content content;
  char key[KEY_ROOM];
  uint64_t hash;
};

struct cache *cache_new(void) {
  struct cache *c = xcalloc(1, sizeof *c);
  pthread_mutex_init(&c->lock, NULL);
  return c;
}

/* ---- what is kept ---- */

static void drop(struct kept *k) { /* under the lock */
  if (--k->uses) return;
  free(k->key);
  free(k->link);
  free((char *)(uintptr_t)k->body.p);
  free((char *)(uintptr_t)k->gzip.p);
  free(k);
}

static void unlink_age(struct cache *c, struct kept *k) {
  *(k->newer ? &k->newer->older : &c->newest) = k->older;
  *(k->older ? &k->older->newer : &c->oldest) = k->newer;
}

static void link_newest(struct cache *c, struct kept *k) {
  k->newer = NULL;
  k->older = c->newest;
  *(c->newest ? &c->newest->newer : &c->oldest) = k;
  c->newest = k;
}

/* Out of the cache, and onto a list of those that may be dropped. */
static void forget(struct cache *c, struct kept *k, struct kept **gone) {
  struct kept **at = &c->slot[k->hash % SLOTS];
  while (*at != k) at = &(*at)->next;
  *at = k->next;
  unlink_age(c, k);
  c->size -= k->size;
  k->next = *gone;
  *gone = k;
}

static void drop_all(struct kept *gone) {
  for (struct kept *next; gone; gone = next) {
    next = gone->next;
    drop(gone);
  }
}

static struct kept *find(struct cache *c, const struct cache_look *look) {
  struct kept *k = c->slot[look->hash % SLOTS];
  while (k && (k->hash != look->hash || strcmp(k->key, look->key) != 0)) k = k->next;
  return k;
}

void cache_free(struct cache *c) {
  struct kept *gone = NULL;
  if (!c) return;
  while (c->oldest) forget(c, c->oldest, &gone);
  drop_all(gone);
  pthread_mutex_destroy(&c->lock);
  free(c);
}

/* ---- a request ---- */

/* What the reply depends on besides the file. false: it is not for the cache. */
static bool key_of(struct request *rq, const struct tenant *t, struct cache_look *look) {
  int n =
      snprintf(look->key, sizeof look->key, "%s %llx %lld %s?%s", tenant_slug(t),
               (unsigned long long)rq->who->permissions, (long long)(rq->cx->now / DAY), rq->path, rq->query);
  if (n < 0 || (size_t)n >= sizeof look->key) return false;
  look->hash = hash64(look->key, (size_t)n);
  return true;
}

struct use {
  struct cache *cache;
  struct kept *kept;
};

static void end_use(void *arg) {
  struct use *u = arg;
  pthread_mutex_lock(&u->cache->lock);
  drop(u->kept);
  pthread_mutex_unlock(&u->cache->lock);
}

/* The request sends it. */
static void use(struct request *rq, struct kept *k) {
  struct use *u = ctx_alloc(rq->cx, sizeof *u);
  *u = (struct use){ rq->server->cache, k };
  ctx_defer(rq->cx, end_use, u);
  rq->packed = k->gzip.p && gzip_taken(rq);
  rq->content = rq->packed ? k->gzip : k->body;
  rq->encoding = rq->packed ? "gzip" : NULL;
  rq->etag = k->etag;
  rq->link = k->link;
}

bool cache_find(struct request *rq) {
  struct tenant *t;
  struct cache *c = rq->server->cache;
  const char *accept = wire_header(rq, "Accept", NULL);
  if (accept && str_starts(str_of(accept), STR("text/csv"))) return false; /* see records_csv.c */
  struct cache_look *look = ctx_alloc(rq->cx, sizeof *look);
  if (tenant_find(rq, &t)) return true; /* and what it said is the reply */
  if (!key_of(rq, t, look) || !tenant_content(t, &look->content)) return false;
  pthread_mutex_lock(&c->lock);
  struct kept *k = find(c, look), *gone = NULL;
  if (k && !content_same(&k->content, &look->content)) {
    forget(c, k, &gone);
    drop_all(gone);
    k = NULL;
  }
  if (k) {
    k->uses++;
    unlink_age(c, k);
    link_newest(c, k);
  }
  pthread_mutex_unlock(&c->lock);
  if (k)
    use(rq, k);
  else
    rq->cache_look = look;
  metric_count(&metric_cache, rq->route->pattern, k ? "hit" : "miss");
  return k != NULL;
}

static struct kept *kept_new(const struct request *rq, const struct cache_look *look,
                             const struct buf *body) {
  struct kept *k = xcalloc(1, sizeof *k);
  k->uses = 2; /* the cache, and this request */
  k->hash = look->hash;
  k->content = look->content;
  k->key = strdup(look->key);
  k->link = rq->link ? strdup(rq->link) : NULL;
  k->body = (struct str){ xmalloc(body->n), body->n };
  memcpy((char *)(uintptr_t)k->body.p, body->p, body->n);
  if (gzip_taken(rq)) k->gzip = gzip_pack(k->body);
  k->size = sizeof *k + body->n + k->gzip.n + strlen(k->key) + (k->link ? strlen(k->link) : 0);
  str_copy(k->etag, sizeof k->etag, str_of(reply_etag(rq->cx, k->body)));
  return k;
}

void cache_keep(struct request *rq) {
  struct cache *c = rq->server->cache;
  const struct cache_look *look = rq->cache_look;
  if (!look || rq->cx->code || rq->status || rq->streams || rq->content.p || rq->type || rq->etag) return;
  jw_close(&rq->json, '}');
  rq->content = buf_view(&rq->body);
  if (rq->body.full || rq->body.n > CACHE_BYTES / 4) return;
  struct kept *k = kept_new(rq, look, &rq->body), *other, *gone = NULL;
  use(rq, k);
  pthread_mutex_lock(&c->lock);
  if ((other = find(c, look))) forget(c, other, &gone);
  k->next = c->slot[k->hash % SLOTS];
  c->slot[k->hash % SLOTS] = k;
  link_newest(c, k);
  c->size += k->size;
  while (c->size > CACHE_BYTES) forget(c, c->oldest, &gone);
  drop_all(gone);
  pthread_mutex_unlock(&c->lock);
}
