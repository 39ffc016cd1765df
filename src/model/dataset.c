#include "model/dataset.h"

#include <stdio.h>

enum { DATASETS_MAX = 64 };
static const struct dataset *all[DATASETS_MAX];
static int count;

void dataset_register(const struct dataset *d) {
  if (count < DATASETS_MAX) all[count++] = d;
}

const struct dataset *dataset_find(const char *name) {
  for (int i = 0; i < count; i++)
    if (strcmp(all[i]->name, name) == 0) return all[i];
  return NULL;
}

const char *dataset_names(void) {
  static char names[1024]; /* the same for every caller: datasets are registered before any thread starts */
  size_t n = 0;
  for (int i = 0; i < count && n < sizeof names; i++)
    n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", i ? ", " : "", all[i]->name);
  return names;
}

int dataset_field(const struct dataset *d, struct str name) {
  for (int i = 0; i < d->field_count; i++)
    if (str_eq(name, str_of(d->fields[i].name))) return i;
  return -1;
}
