#include "base/map.h"

#include <stdlib.h>

#include "base/ctx.h"
#include "base/hash.h"

struct map_slot {
  uint64_t hash; /* 0: free */
  size_t key, length;
  uint64_t value;
};

void map_init(struct map *m) { *m = (struct map){ 0 }; }

void map_clear(struct map *m) {
  free(m->slots);
  free(m->keys);
  map_init(m);
}

static struct map_slot *find(const struct map *m, struct str key, uint64_t hash) {
  size_t mask = m->room - 1;
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    struct map_slot *s = &m->slots[i];
    if (!s->hash) return s;
    if (s->hash == hash && str_eq((struct str){ m->keys + s->key, s->length }, key)) return s;
  }
}

static void grow(struct map *m) {
  struct map_slot *old = m->slots;
  size_t room = m->room;
  m->room = room ? room * 2 : 64;
  m->slots = xcalloc(m->room, sizeof *m->slots);
  for (size_t i = 0; i < room; i++) {
    if (!old[i].hash) continue;
    size_t j = old[i].hash & (m->room - 1);
    while (m->slots[j].hash) j = (j + 1) & (m->room - 1);
    m->slots[j] = old[i];
  }
  free(old);
}

static uint64_t hash_of(struct str key) {
  uint64_t h = hash64(key.p, key.n);
  return h ? h : 1;
}

uint64_t *map_get(const struct map *m, struct str key) {
  if (!m->room) return NULL;
  struct map_slot *s = find(m, key, hash_of(key));
  return s->hash ? &s->value : NULL;
}

uint64_t *map_put(struct map *m, struct str key, bool *added) {
  if (m->count * 4 >= m->room * 3) grow(m);
  uint64_t hash = hash_of(key);
  struct map_slot *s = find(m, key, hash);
  if (added) *added = !s->hash;
  if (s->hash) return &s->value;
  if (!m->keys || m->keys_room - m->keys_used < key.n) {
    m->keys_room = (m->keys_room + key.n + 16) * 2;
    m->keys = xrealloc(m->keys, m->keys_room);
  }
  if (key.n) memcpy(m->keys + m->keys_used, key.p, key.n);
  *s = (struct map_slot){ .hash = hash, .key = m->keys_used, .length = key.n };
  m->keys_used += key.n;
  m->count++;
  return &s->value;
}

bool map_next(const struct map *m, size_t *at, struct str *key, uint64_t *value) {
  while (*at < m->room && !m->slots[*at].hash) (*at)++;
  if (*at >= m->room) return false;
  const struct map_slot *s = &m->slots[(*at)++];
  *key = (struct str){ m->keys + s->key, s->length };
  if (value) *value = s->value;
  return true;
}
