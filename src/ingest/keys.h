/*
** keys.h - has this key possibly been seen? A Bloom filter that grows.
**
** "No" is certain, "perhaps" (about 1 in 500 of the new keys) is settled by a
** look into the table. So duplicates are found without failing constraints and
** a million keys cost 2 MB, ten million 20 MB.
**
** Blocked filter (Putze, Sanders, Singler 2007): all bits of a key lie in one
** cache line of 512 bits, so a question costs one miss. 16 bits a key; when a
** filter is full the next one, twice as large, is added, and questions go to
** all of them.
*/
#ifndef INGEST_KEYS_H
#define INGEST_KEYS_H

#include "base/str.h"

enum { KEY_FILTERS = 24 };

struct keys {
  struct key_filter {
    uint64_t *words;
    size_t blocks, count;
  } filter[KEY_FILTERS];
  int used;
};

void keys_init(struct keys *k, uint64_t expected); /* how many keys are to come, roughly */
void keys_clear(struct keys *k);
void keys_expect(const struct keys *k, uint64_t hash); /* asks for the cache lines of a question to come */
bool keys_perhaps(const struct keys *k, uint64_t hash);
void keys_add(struct keys *k, uint64_t hash);

#endif
