/*
** cache.c - replies that are kept as long as they are still right.
**
** A route with .cached says: this reply depends on nothing but the address, who asks (what he may see), the day, and what
** the tenant's file holds. The last is a mark that every commit changes, of whatever process (store.h,
** tenant_content): it is looked at before the handler reads, and again by every request that would take the
** reply from here. Of this process's commits it is known which tables they wrote, and of a reply which its statements read: it holds until one of
** those is written (tenant_content_holds). So a reply is never older than what a new reader of the file would see, and nobody has to
** tell this cache of any write.
**
**   - Who asks for what another request is making, of the same state, waits for that one without a seat (base/seat.h). Who comes after a commit
**     does not: he makes his own. A reply that fails, or is none to be kept, or is sent while it is made, is nobody else's; those
**     who waited make theirs.
**   - Held: the bytes of the body and their tag, at most CACHE_BYTES in all; what was asked for longest ago goes
**     first. A reply that is larger than a quarter of all is not kept.
**   - A reply that a client first asked for who takes gzip is held in both forms; the other goes to whoever takes it.
**   - A reply that is being sent lives until then, whatever happens to the cache meanwhile.
**   - One lock, held for as long as it takes to find a key.
*/
#include "http/cache.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/limits.h"
#include "base/metrics.h"
#include "base/seat.h"
#include "http/gzip.h"
#include "http/routes.h"

#define CACHE_BYTES MIB(8)

enum { SLOTS = 1024, KEY_ROOM = 1024, ETAG_ROOM = 40 };
static const int64_t DAY = INT64_C(86400000000);

struct kept {
  struct kept *next;          /* in its slot */
  struct kept *newer, *older; /* by when it was asked for */
  uint64_t hash;
  int uses;               /* of the cache and of requests */
  struct content content; /* as of a look at which it was right */
  struct tables tables;   /* that it was made of */
  char etag[ETAG_ROOM];
  char *key, *link;      /* link: or NULL */
  struct str body, gzip; /* gzip: p NULL: there is none */
  size_t size;
};

struct cache {
  pthread_mutex_t lock;
  struct kept *slot[SLOTS];
  struct kept *newest, *oldest;
  struct cache_look *making[SLOTS]; /* lists by key, as the slots */
  size_t size;
};

/* Who waits for what another one makes. On his stack. */
struct waiter {
  struct waiter *next;
  struct seat *seat;
  sem_t wake;
  struct kept *kept; /* NULL: it came to nothing */
};

/* What a request brings here, in its arena. */
struct cache_look {
  struct tenant *tenant;
  struct content content;
  struct tables tables; /* that its handler has read */
  char key[KEY_ROOM];
  uint64_t hash;
  bool makes; /* others may wait for it: these */
  struct waiter *waiters;
  struct cache_look *next; /* of those that are made */
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

/* The one that is kept, if it is right as of the look. Under the lock. */
static struct kept *find_right(struct cache *c, const struct cache_look *look) {
  struct kept *k = find(c, look), *gone = NULL;
  if (!k) return NULL;
  if (!tenant_content_holds(look->tenant, &k->tables, &k->content, &look->content)) {
    forget(c, k, &gone);
    drop_all(gone);
    return NULL;
  }
  if (look->content.whole && look->content.number > k->content.number) k->content = look->content;
  k->uses++;
  unlink_age(c, k);
  link_newest(c, k);
  return k;
}

/* ---- one who makes it ---- */

static struct cache_look *maker_of(struct cache *c, const struct cache_look *look) {
  struct cache_look *m = c->making[look->hash % SLOTS];
  while (m && (m->hash != look->hash || strcmp(m->key, look->key) != 0 ||
               !content_same(&m->content, &look->content)))
    m = m->next;
  return m;
}

static void make(struct cache *c, struct cache_look *look) {
  look->makes = true;
  look->next = c->making[look->hash % SLOTS];
  c->making[look->hash % SLOTS] = look;
}

/* Those who wait for it, with what they get; under the lock. */
static struct waiter *end_making(struct cache *c, struct cache_look *look, struct kept *k) {
  struct cache_look **at = &c->making[look->hash % SLOTS];
  if (!look->makes) return NULL;
  while (*at != look) at = &(*at)->next;
  *at = look->next;
  look->makes = false;
  for (struct waiter *w = look->waiters; w; w = w->next) {
    w->kept = k;
    if (k) k->uses++;
  }
  return look->waiters;
}

static void wake_all(struct waiter *w) {
  if (!w) return;
  for (struct waiter *next; w; w = next) {
    next = w->next; /* its thread may be gone as soon as it is woken */
    seat_call(w->seat, &w->wake);
  }
  seat_fill();
}

void cache_let_go(struct request *rq) {
  struct cache *c = rq->server->cache;
  if (!rq->cache_look) return;
  store_note_reads(NULL);
  pthread_mutex_lock(&c->lock);
  struct waiter *waiters = end_making(c, rq->cache_look, NULL);
  pthread_mutex_unlock(&c->lock);
  rq->cache_look = NULL;
  wake_all(waiters);
}

/* The seat is left without the lock: others may take it at once. Whoever made it may be done then. */
static struct kept *wait_for_maker(struct cache *c, const struct cache_look *look) {
  struct waiter mine = { .seat = seat_leave() };
  sem_init(&mine.wake, 0, 0);
  pthread_mutex_lock(&c->lock);
  mine.kept = find_right(c, look);
  struct cache_look *maker = mine.kept ? NULL : maker_of(c, look);
  if (maker) {
    mine.next = maker->waiters;
    maker->waiters = &mine;
  }
  pthread_mutex_unlock(&c->lock);
  if (!maker) seat_return(mine.seat);
  while (maker && sem_wait(&mine.wake) != 0) continue; /* a signal came between */
  sem_destroy(&mine.wake);
  return mine.kept;
}

bool cache_find(struct request *rq) {
  struct cache *c = rq->server->cache;
  if (csv_preferred(rq)) return false; /* see records_csv.c */
  struct cache_look *look = ctx_alloc(rq->cx, sizeof *look);
  look->tenant = rq->tenant;
  if (!key_of(rq, look->tenant, look) || !tenant_content(look->tenant, &look->content)) return false;
  pthread_mutex_lock(&c->lock);
  struct kept *k = find_right(c, look);
  bool wait = !k && maker_of(c, look) != NULL;
  if (!k && !wait) make(c, look);
  pthread_mutex_unlock(&c->lock);
  if (wait) k = wait_for_maker(c, look);
  metric_count(&metric_cache, rq->route->pattern, k ? "hit" : "miss");
  if (k) return use(rq, k), true;
  rq->cache_look = look;
  store_note_reads(&look->tables);
  return false;
}

static struct kept *kept_new(const struct request *rq, const struct cache_look *look,
                             const struct buf *body) {
  struct kept *k = xcalloc(1, sizeof *k);
  k->uses = 2; /* the cache, and this request */
  k->hash = look->hash;
  k->content = look->content;
  k->tables = look->tables;
  k->key = strdup(look->key);
  k->link = rq->link ? strdup(rq->link) : NULL;
  k->body = (struct str){ xmalloc(body->n), body->n };
  memcpy((char *)(uintptr_t)k->body.p, body->p, body->n);
  if (gzip_taken(rq)) k->gzip = gzip_pack(k->body);
  k->size = sizeof *k + body->n + k->gzip.n + strlen(k->key) + (k->link ? strlen(k->link) : 0);
  str_copy(k->etag, sizeof k->etag, str_of(reply_etag(rq->cx, k->body)));
  return k;
}

static bool is_to_be_kept(struct request *rq) {
  if (rq->cx->code || rq->status || rq->streams || rq->content.p || rq->type || rq->etag) return false;
  jw_close(&rq->json, '}');
  rq->content = buf_view(&rq->body);
  return !rq->body.full && rq->body.n <= CACHE_BYTES / 4;
}

void cache_keep(struct request *rq) {
  struct cache *c = rq->server->cache;
  struct cache_look *look = rq->cache_look;
  if (!look) return;
  store_note_reads(NULL);
  if (!is_to_be_kept(rq)) {
    cache_let_go(rq);
    return;
  }
  struct kept *k = kept_new(rq, look, &rq->body), *other, *gone = NULL;
  use(rq, k);
  pthread_mutex_lock(&c->lock);
  if ((other = find(c, look))) forget(c, other, &gone);
  k->next = c->slot[k->hash % SLOTS];
  c->slot[k->hash % SLOTS] = k;
  link_newest(c, k);
  c->size += k->size;
  while (c->size > CACHE_BYTES) forget(c, c->oldest, &gone);
  struct waiter *waiters = end_making(c, look, k);
  drop_all(gone);
  pthread_mutex_unlock(&c->lock);
  wake_all(waiters);
}
