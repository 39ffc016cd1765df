#include "ingest/holders.h"

#include <stdlib.h>

/* 32 million keys are 1 GiB at most: more than that is not one change of a rule. */
static const size_t HOLDERS_MAX = (size_t)32 << 20;

void holders_clear(struct holders *h) {
  free(h->slots);
  free(h->used);
  free(h->versions);
  *h = (struct holders){ 0 };
}

static size_t place(const struct holders *h, uint64_t hash) {
  size_t mask = h->room - 1, i = (hash ^ hash >> 32) & mask;
  while (h->used[i] && h->slots[i].hash != hash) i = (i + 1) & mask;
  return i;
}

struct holder *holders_find(const struct holders *h, uint64_t hash) {
  if (h->count == 0) return NULL;
  size_t i = place(h, hash);
  return h->used[i] ? &h->slots[i] : NULL;
}

static void grow(struct holders *h) {
  struct holders old = *h;
  h->room = old.room ? old.room * 2 : 1024;
  h->slots = xmalloc(h->room * sizeof *h->slots);
  h->used = xcalloc(h->room, 1);
  for (size_t i = 0; i < old.room; i++) {
    if (!old.used[i]) continue;
    size_t to = place(h, old.slots[i].hash);
    h->slots[to] = old.slots[i];
    h->used[to] = 1;
  }
  free(old.slots);
  free(old.used);
}

int holders_add(struct ctx *cx, struct holders *h, uint64_t hash, uint32_t version, struct holder **out) {
  if (h->count >= HOLDERS_MAX)
    return fail(cx, E_LIMIT, NULL, "more than %zu rows would change their outcome; try one run at a time",
                HOLDERS_MAX);
  if (h->count * 4 >= h->room * 3) grow(h);
  size_t i = place(h, hash);
  h->slots[i] = (struct holder){ hash, version, version };
  h->used[i] = 1;
  h->count++;
  *out = &h->slots[i];
  return OK;
}

uint32_t holders_version(struct holders *h, const struct version *v) {
  h->versions = xmore(h->versions, h->version_count, sizeof *h->versions);
  if (h->version_count == 0)
    h->versions[h->version_count++] = (struct version){ 0 }; /* HOLDER_NONE: sums of 0 */
  h->versions[h->version_count++] = *v;
  return (uint32_t)(h->version_count - 1);
}
