#include "ingest/keys.h"

#include <stdlib.h>

#include "base/ctx.h"

enum { WORDS = 8, KEYS_A_BLOCK = 32, PROBES = 8, BLOCKS_MIN = 1024 };
static const uint64_t BLOCKS_MAX = 1 << 20; /* 64 MiB a filter at most, whatever is expected */

static void add_filter(struct keys *k, uint64_t blocks) {
  if (blocks < BLOCKS_MIN) blocks = BLOCKS_MIN;
  if (blocks > BLOCKS_MAX) blocks = BLOCKS_MAX;
  struct key_filter *f = &k->filter[k->used++];
  f->words = aligned_alloc(64, blocks * WORDS * sizeof *f->words);
  if (!f->words) abort();
  memset(f->words, 0, blocks * WORDS * sizeof *f->words);
  f->blocks = blocks;
  f->count = 0;
}

void keys_init(struct keys *k, uint64_t expected) {
  *k = (struct keys){ 0 };
  add_filter(k, expected / KEYS_A_BLOCK + expected / KEYS_A_BLOCK / 16);
}

void keys_clear(struct keys *k) {
  for (int i = 0; i < k->used; i++) free(k->filter[i].words);
  *k = (struct keys){ 0 };
}

/* The upper half picks the block, the lower half 8 times 6 bits: one bit in
** each word of the block. */
static uint64_t *block_of(const struct key_filter *f, uint64_t hash) {
  return f->words + (size_t)(((hash >> 32) * f->blocks) >> 32) * WORDS;
}

static uint64_t bit_of(uint64_t hash, int i) {
  return UINT64_C(1) << ((hash * UINT64_C(0x9e3779b97f4a7c15) >> (6 * i)) & 63);
}

void keys_expect(const struct keys *k, uint64_t hash) {
  for (int n = 0; n < k->used; n++) __builtin_prefetch(block_of(&k->filter[n], hash), 1);
}

bool keys_perhaps(const struct keys *k, uint64_t hash) {
  for (int n = 0; n < k->used; n++) {
    const uint64_t *block = block_of(&k->filter[n], hash);
    int i = 0;
    while (i < PROBES && (block[i] & bit_of(hash, i))) i++;
    if (i == PROBES) return true;
  }
  return false;
}

void keys_add(struct keys *k, uint64_t hash) {
  struct key_filter *f = &k->filter[k->used - 1];
  if (f->count >= f->blocks * KEYS_A_BLOCK && k->used < KEY_FILTERS) {
    add_filter(k, f->blocks * 2);
    f = &k->filter[k->used - 1];
  }
  uint64_t *block = block_of(f, hash);
  for (int i = 0; i < PROBES; i++) block[i] |= bit_of(hash, i);
  f->count++;
}
