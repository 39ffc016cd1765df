/*
** map.h - from byte strings to 64-bit values, in memory. Keys are copied.
** Open addressing; nothing is ever removed but everything at once.
*/
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/str.h"

struct map_slot;
struct map {
  struct map_slot *slots;
  size_t count, room;
  char *keys; /* all keys, one after the other */
  size_t keys_used, keys_room;
};

void map_init(struct map *m); /* allocates nothing */
void map_clear(struct map *m);

/* The value of a key; NULL when it is not there. Valid until the next map_put. */
uint64_t *map_get(const struct map *m, struct str key);
/* The value of a key, added with 0 when it was not there; *added may be NULL. */
uint64_t *map_put(struct map *m, struct str key, bool *added);

/* All keys, in no order: size_t at = 0; while (map_next(m, &at, &key, &value)) ...; value may be NULL. */
bool map_next(const struct map *m, size_t *at, struct str *key, uint64_t *value);

#endif
