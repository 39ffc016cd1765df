#include "replicate/spoken.h"

void spoken_init(struct spoken *s) {
  for (int i = 0; i < SPOKEN_AT_ONCE; i++) map_init(&s->of[i]);
}

void spoken_clear(struct spoken *s) {
  for (int i = 0; i < SPOKEN_AT_ONCE; i++) map_clear(&s->of[i]);
}

/* Table and key of an entry, as they stand beside each other in its line; n 0: it speaks of no record. */
static struct str record_of(struct str line) {
  enum { BEFORE_TABLE = 6 };
  const char *p = line.p, *end = line.p + line.n;
  for (int i = 0; p && i < BEFORE_TABLE; i++)
    if ((p = memchr(p, '\t', (size_t)(end - p)))) p++;
  const char *key = p ? memchr(p, '\t', (size_t)(end - p)) : NULL;
  const char *stop = key ? memchr(key + 1, '\t', (size_t)(end - key) - 1) : NULL;
  if (!stop || str_eq((struct str){ key + 1, (size_t)(stop - key) - 1 }, STR("\\N"))) return STR("");
  return (struct str){ p, (size_t)(stop - p) };
}

/* The last of the batches after `after` and before i that spoke of it; `after` when none did. */
static int64_t last_of(const struct spoken *s, int64_t i, struct str record, int64_t after) {
  int64_t oldest = i - SPOKEN_AT_ONCE + 1;
  for (int64_t k = i - 1; k > after && k >= oldest; k--)
    if (map_get(&s->of[k % SPOKEN_AT_ONCE], record)) return k;
  return after;
}

int64_t spoken_batch(struct spoken *s, int64_t i, struct str lines) {
  struct map *mine = &s->of[i % SPOKEN_AT_ONCE];
  int64_t after = -1;
  map_clear(mine);
  for (size_t at = 0; at < lines.n;) {
    const char *end = memchr(lines.p + at, '\n', lines.n - at);
    struct str line = { lines.p + at, end ? (size_t)(end - lines.p) - at : lines.n - at };
    struct str record = record_of(line);
    bool added = false;
    at += line.n + 1;
    if (record.n) map_put(mine, record, &added);
    if (added) after = last_of(s, i, record, after);
  }
  return after;
}
