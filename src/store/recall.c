#include "store/recall.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/hash.h"
#include "store/content.h"

enum { PLACES = 64, KEPT_MOST = 1024 /* bytes of a row */ };

/* Each has one place; who comes later takes it. */
struct place {
  uint64_t hash; /* of the statement's text and the key */
  char *sql, *key;
  size_t key_bytes;
  struct tables of;
  struct content content; /* as of a look before it was read */
  struct known_row *row;  /* NULL: there is none */
};

struct recall {
  pthread_mutex_t lock;
  struct place places[PLACES];
};

struct recall *recall_new(void) {
  struct recall *r = xcalloc(1, sizeof *r);
  pthread_mutex_init(&r->lock, NULL);
  return r;
}

static void empty(struct place *p) {
  free(p->sql);
  free(p->key);
  free(p->row);
  *p = (struct place){ 0 };
}

void recall_free(struct recall *r) {
  if (!r) return;
  for (int i = 0; i < PLACES; i++) empty(&r->places[i]);
  pthread_mutex_destroy(&r->lock);
  free(r);
}

static uint64_t hash_of(const char *sql, struct str key) {
  return hash64(sql, strlen(sql)) ^ hash64(key.p, key.n) * 31;
}

static bool is_at(const struct place *p, uint64_t hash, const char *sql, struct str key) {
  return p->sql && p->hash == hash && p->key_bytes == key.n && !memcmp(p->key, key.p, key.n) &&
         !strcmp(p->sql, sql);
}

/* It has begun to read, and what it reads is the state of its look or a later one of this process. */
static bool state_is_known(struct db *db, struct content *now) {
  bool reads = db->watch && !db->writes && db->as_of.number && !sqlite3_get_autocommit(db->lite) &&
               sqlite3_txn_state(db->lite, "main") == SQLITE_TXN_READ;
  return reads && content_look(db->watch, db->path, db->name, now) && now->number;
}

bool recall_find(struct ctx *cx, struct db *db, const char *sql, struct str key,
                 const struct known_row **out) {
  struct content now;
  if (!state_is_known(db, &now)) return false;
  struct recall *r = db->watch->recall;
  uint64_t hash = hash_of(sql, key);
  pthread_mutex_lock(&r->lock);
  const struct place *p = &r->places[hash % PLACES];
  bool found = is_at(p, hash, sql, key) && content_holds(db->watch, &p->of, &p->content, &now) &&
               content_holds(db->watch, &p->of, &db->as_of, &now);
  if (found) {
    *out = p->row ? known_copy(ctx_alloc(cx, p->row->bytes), p->row) : NULL;
    tables_seen_all(&p->of);
  }
  pthread_mutex_unlock(&r->lock);
  return found;
}

void recall_keep(struct db *db, const char *sql, const struct tables *of, struct str key,
                 const struct known_row *row) {
  if (!db->watch || db->writes || !db->as_of.number || (row && row->bytes > KEPT_MOST)) return;
  struct recall *r = db->watch->recall;
  uint64_t hash = hash_of(sql, key);
  pthread_mutex_lock(&r->lock);
  struct place *p = &r->places[hash % PLACES];
  empty(p);
  *p =
      (struct place){ .hash = hash, .sql = strdup(sql), .key_bytes = key.n, .of = *of, .content = db->as_of };
  p->key = memcpy(xmalloc(key.n + 1), key.p, key.n);
  if (row) p->row = known_copy(xmalloc(row->bytes), row);
  pthread_mutex_unlock(&r->lock);
}
