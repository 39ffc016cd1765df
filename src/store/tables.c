#include "store/tables.h"

#include <pthread.h>

#include "base/map.h"

static pthread_mutex_t lock =
    PTHREAD_MUTEX_INITIALIZER; /* over the names; they are kept as long as the process */
static struct map names;       /* to their numbers */

static _Thread_local struct tables *seen;

int table_number(const char *name) {
  bool added;
  if (!strcmp(name, "sqlite_master") || !strcmp(name, "sqlite_schema")) return TABLE_SCHEMA;
  pthread_mutex_lock(&lock);
  uint64_t *number = map_get(&names, str_of(name));
  if (!number && names.count + TABLE_SCHEMA + 1 < TABLE_OTHERS) {
    number = map_put(&names, str_of(name), &added);
    *number = names.count + TABLE_SCHEMA;
  }
  int found = number ? (int)*number : TABLE_OTHERS;
  pthread_mutex_unlock(&lock);
  return found;
}

void tables_add(struct tables *t, int number) {
  t->any = true;
  t->bit[number / 64] |= UINT64_C(1) << number % 64;
}

static void tables_join(struct tables *t, const struct tables *more) {
  if (!more->any) return;
  t->any = true;
  for (int i = 0; i < TABLES_COUNTED / 64; i++) t->bit[i] |= more->bit[i];
}

void store_note_reads(struct tables *into) { seen = into; }

void tables_seen(int number) {
  if (seen) tables_add(seen, number);
}

void tables_seen_all(const struct tables *t) {
  if (seen) tables_join(seen, t);
}
