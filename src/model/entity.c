#include "model/entity.h"

#include <stdio.h>

enum { ENTITIES_MAX = 128 };
static const struct entity *all[ENTITIES_MAX];
static int count;

void entity_register(const struct entity *e) {
  if (count < ENTITIES_MAX) all[count++] = e;
}

const struct entity *entity_find(const char *name) {
  for (int i = 0; i < count; i++)
    if (strcmp(all[i]->name, name) == 0) return all[i];
  return NULL;
}

const struct entity *entity_at(int i) { return i < count ? all[i] : NULL; }

const char *entity_names(void) {
  static char names[2048]; /* the same for every caller: entities are registered before any thread starts */
  size_t n = 0;
  for (int i = 0; i < count && n < sizeof names; i++)
    n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", i ? ", " : "", all[i]->name);
  return names;
}
