#include "model/entity.h"

#include <stdio.h>
#include <stdlib.h>

enum { ENTITIES_MAX = 256, NAMES_MAX = 8192 };
static struct entity all[ENTITIES_MAX];
static int count;
static char names[NAMES_MAX]; /* made when they are registered, before any thread starts */

void entity_register_declared(void) {
  if (count) return;
  while (count < ENTITIES_MAX && entities_declared[count].name) {
    size_t n = strlen(names);
    snprintf(names + n, sizeof names - n, "%s%s", count ? ", " : "", entities_declared[count].name);
    all[count] = entities_declared[count];
    count++;
  }
}

void entity_hooks_register(const char *name, const struct entity_hooks *hooks) {
  for (int i = 0; i < count; i++)
    if (strcmp(all[i].name, name) == 0) {
      all[i].hooks = *hooks;
      return;
    }
  fprintf(stderr, "outpost: there are hooks for %s, but no sql/entity/%s.entity\n", name, name);
  abort();
}

const struct entity *entity_find(const char *name) {
  for (int i = 0; i < count; i++)
    if (strcmp(all[i].name, name) == 0) return &all[i];
  return NULL;
}

const struct entity *entity_of_table(const char *table) {
  for (int i = 0; i < count; i++)
    if (strcmp(all[i].table, table) == 0) return &all[i];
  return NULL;
}

const struct entity *entity_of_path(struct str path) {
  for (int i = 0; i < count; i++)
    if (all[i].path && str_eq(str_of(all[i].path), path)) return &all[i];
  return NULL;
}

const struct entity *entity_at(int i) { return i >= 0 && i < count ? &all[i] : NULL; }

const char *entity_names(void) { return names; }

const char *property_kind_name(enum property_kind kind) {
  static const char *const names[] = {
    [PROPERTY_TEXT] = "text",       [PROPERTY_INTEGER] = "integer", [PROPERTY_DECIMAL] = "decimal",
    [PROPERTY_BOOLEAN] = "boolean", [PROPERTY_DAY] = "day",         [PROPERTY_INSTANT] = "instant",
    [PROPERTY_JSON] = "json",       [PROPERTY_CHOICE] = "choice",   [PROPERTY_REFERENCE] = "reference"
  };
  return names[kind];
}

int entity_property(const struct entity *e, struct str name) {
  for (int i = 0; i < e->property_count; i++)
    if (str_eq(name, str_of(e->properties[i].name))) return i;
  return -1;
}
