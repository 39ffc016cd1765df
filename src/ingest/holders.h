/*
** holders.h - who holds a key before and after a change of rules, for the keys
** where that may differ. All other keys are held as the tables say.
**
** A key is known by its 64-bit hash. What holds it is a version: a number, 0 for
** nothing. Where rows do not replace each other it is enough to know that there is
** one (HOLDER_SOME, 16 bytes a key); where they do, versions with their sums are kept,
** because in the end the one on top counts.
*/
#ifndef INGEST_HOLDERS_H
#define INGEST_HOLDERS_H

#include "base/ctx.h"
#include "model/dataset.h"

enum { HOLDER_NONE = 0, HOLDER_SOME = 1 };

struct holder {
  uint64_t hash;
  uint32_t before, after; /* versions */
};

struct version {
  int64_t run;
  int64_t sums[DATASET_TOTALS];
};

struct holders {
  struct holder *slots; /* open addressing; a slot is in use when `used` says so */
  uint8_t *used;
  size_t count, room;
  struct version *versions; /* from HOLDER_SOME on */
  size_t version_count;
};

void holders_clear(struct holders *h);
/* NULL when the key is held as the tables say. Valid until the next holders_add. */
struct holder *holders_find(const struct holders *h, uint64_t hash);
/* Adds a key that is not there. E_LIMIT beyond HOLDERS_MAX. */
int holders_add(struct ctx *cx, struct holders *h, uint64_t hash, uint32_t version, struct holder **out);
uint32_t holders_version(struct holders *h, const struct version *v);

#endif
