#include "model/dataset.h"

#include <stdio.h>
#include <stdlib.h>

enum { DATASETS_MAX = 64 };
static const struct dataset *all[DATASETS_MAX];
static int count;
static char names[1024]; /* "sales, invoices": made while they are registered, before any thread starts */

/* A declaration beyond what the program can hold is a fault of the program. */
static void check(const struct dataset *d) {
  int groups = 0, dates = 0, totals = 0, empty = 0;
  for (int i = 0; i < d->field_count; i++) {
    groups += d->fields[i].group;
    dates += d->fields[i].group && d->fields[i].kind == FIELD_DATE;
    totals += d->fields[i].total;
    bool number = d->fields[i].kind == FIELD_DATE || d->fields[i].kind == FIELD_DECIMAL;
    empty += number && d->fields[i].optional && (d->fields[i].total || d->fields[i].group);
  }
  if (d->field_count <= DATASET_FIELDS && groups <= DATASET_GROUPS && totals <= DATASET_TOTALS &&
      dates <= 1 && empty == 0)
    return;
  fprintf(stderr,
          "outpost: the dataset %s has more fields, groups or totals than model/dataset.h allows, or sums up "
          "what may be empty\n",
          d->name);
  abort();
}

void dataset_register(const struct dataset *d) {
  check(d);
  if (count == DATASETS_MAX) return;
  size_t n = strlen(names);
  snprintf(names + n, sizeof names - n, "%s%s", count ? ", " : "", d->name);
  all[count++] = d;
}

const struct dataset *dataset_find(const char *name) {
  for (int i = 0; i < count; i++)
    if (strcmp(all[i]->name, name) == 0) return all[i];
  return NULL;
}

const struct dataset *dataset_at(int i) { return i >= 0 && i < count ? all[i] : NULL; }

const char *dataset_names(void) { return names; }

int dataset_field(const struct dataset *d, struct str name) {
  for (int i = 0; i < d->field_count; i++)
    if (str_eq(name, str_of(d->fields[i].name))) return i;
  return -1;
}
