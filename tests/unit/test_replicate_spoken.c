#include "replicate/spoken.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/random.h"
#include "unit.h"

enum { BATCHES = 400, RECORDS = 60, ENTRIES = 12 };

/* An entry of change_log as a batch has it: seven cells stand before the key; a key of NULL speaks of no record. */
static void add_entry(struct buf *out, const char *table, const char *key) {
  buf_printf(out, "1\t2\tat\tactor\tunit\tEVENT\t%s\t%s\t\\N\t{}\t1\ttext\thash\t3\n", table, key);
}

static int64_t keys_held(const struct spoken *s) {
  int64_t n = 0;
  for (int i = 0; i < SPOKEN_AT_ONCE; i++) n += (int64_t)s->of[i].count;
  return n;
}

UNIT(spoken_records, "batches wait for the last on its way that speaks of one of their records") {
  struct spoken s;
  struct buf lines;
  spoken_init(&s);
  buf_init(&lines, 1 << 20);
  const struct {
    const char *table, *key;
    int64_t after;
  } batches[] = {
    { "stores", "a", -1 }, { "stores", "b", -1 }, { "products", "a", -1 }, { "stores", "a", 0 },
    { "stores", "b", 1 },  { "stores", "c", -1 }, { "\\N", "\\N", -1 },    { "\\N", "\\N", -1 },
    { "stores", "b", 4 },  /* the farthest that may be on its way */
    { "stores", "a", -1 }, /* the one that spoke of it is there already */
    { "stores", "c", -1 },
  };
  for (int i = 0; i < (int)(sizeof batches / sizeof *batches); i++) {
    buf_reset(&lines);
    add_entry(&lines, batches[i].table, batches[i].key);
    add_entry(&lines, batches[i].table, batches[i].key);
    CHECK_INT(spoken_batch(&s, i, buf_view(&lines)), batches[i].after);
  }
  buf_clear(&lines);
  spoken_clear(&s);
}

UNIT(spoken_bounded, "a long backlog keeps no more than the batches on their way") {
  struct spoken s;
  struct buf lines;
  int64_t most = 0;
  spoken_init(&s);
  buf_init(&lines, 1 << 20);
  for (int i = 0; i < BATCHES; i++) {
    buf_reset(&lines);
    for (int n = 0; n < ENTRIES; n++) {
      char key[32];
      snprintf(key, sizeof key, "%d", i * ENTRIES + n);
      add_entry(&lines, "stores", key);
    }
    CHECK_INT(spoken_batch(&s, i, buf_view(&lines)), -1);
    if (keys_held(&s) > most) most = keys_held(&s);
  }
  CHECK_INT(most, SPOKEN_AT_ONCE * ENTRIES);
  buf_clear(&lines);
  spoken_clear(&s);
}

/* What headquarters sees of it: batches change their records when the one that they wait for is committed, or when it is their turn, whoever is
** faster; and the next is composed when there is room. */
struct sent {
  int count, records[ENTRIES];
  int64_t after;
  bool changed;
};

/* Now and then they speak of the same few. */
static void make(struct random *r, struct spoken *s, int64_t i, struct sent *b) {
  struct buf lines;
  buf_init(&lines, 1 << 20);
  b->count = 1 + (int)(i % 5);
  for (int n = 0; n < b->count; n++) {
    char key[32];
    b->records[n] = (int)random_below(r, i % 7 ? RECORDS : 5);
    snprintf(key, sizeof key, "%d", b->records[n]);
    add_entry(&lines, "stores", key);
  }
  b->after = spoken_batch(s, i, buf_view(&lines));
  buf_clear(&lines);
}

UNIT(spoken_order, "records of one key are changed in the order of the batches, whoever is faster") {
  static struct sent all[BATCHES];
  static int64_t changed[RECORDS]; /* the last batch that changed it, counted from 1 */
  struct random r = { .state = 77 };
  struct spoken s;
  int64_t made = 0, committed = 0, ahead = 0, broken = 0;
  spoken_init(&s);
  while (committed < BATCHES) {
    if (made < BATCHES && made - committed < SPOKEN_AT_ONCE && random_below(&r, 2)) {
      make(&r, &s, made, &all[made]);
      made++;
      continue;
    }
    int64_t i = committed + random_below(&r, made - committed);
    if (i < made && !all[i].changed && committed > all[i].after) {
      for (int n = 0; n < all[i].count; n++) {
        int64_t *last = &changed[all[i].records[n]];
        broken += *last > i + 1;
        *last = i + 1;
      }
      all[i].changed = true;
      ahead += i > committed;
    }
    if (committed < made && all[committed].changed) committed++;
  }
  CHECK_INT(broken, 0);
  CHECK(ahead > BATCHES / 20);
  spoken_clear(&s);
}
