#include "model/visible.h"

#include <stdio.h>

#include "model/entity.h"
#include "model/permission.h"

static const char *const accounts[] = { "sessions", "credential", NULL };
static const char *const secrets[] = { "secret", NULL };
static const char *const files[] = { "run", "run_check", "sale", "mangalam_invoices", NULL };
static const char *const work[] = { "job",          "graph_run",      "event_segment",
                                    "event_parked", "event_position", NULL };

static bool is_one_of(struct str name, const char *const *names) {
  while (*names && !str_eq(name, str_of(*names))) names++;
  return *names != NULL;
}

static uint64_t readers_of(const struct entity *e) {
  char name[64];
  int n = snprintf(name, sizeof name, "%s.read", e->access);
  return permission_bit((struct str){ name, (size_t)n });
}

/* Imports concern who works with the data and who looks at figures that come of it. */
uint64_t table_readers(struct str table) {
  char name[128];
  const uint64_t audit = PERMISSION_READ(GROUP_AUDIT);
  const struct entity *e = str_copy(name, sizeof name, table) ? entity_of_table(name) : NULL;
  if (e) return readers_of(e);
  if (is_one_of(table, accounts)) return PERMISSION_READ(GROUP_PEOPLE);
  if (is_one_of(table, secrets)) return PERMISSION_READ(GROUP_SYSTEM);
  if (is_one_of(table, files)) return audit | PERMISSION_READ(GROUP_DATA) | PERMISSION_READ(GROUP_SALES);
  if (is_one_of(table, work)) return audit | PERMISSION_READ(GROUP_WORK);
  if (str_starts(table, STR("stock_"))) return audit | PERMISSION_READ(GROUP_STOCK);
  return audit;
}

bool table_visible(const struct ctx *cx, struct str table) { return (cx->may & table_readers(table)) != 0; }

static void add(struct ctx *cx, const char **list, const char *table) {
  if (!table_visible(cx, str_of(table)))
    *list = ctx_printf(cx, "%s%s\"%s\"", *list ? *list : "[", *list ? "," : "", table);
}

const char *tables_hidden(struct ctx *cx) {
  const struct entity *e;
  const char *list = NULL;
  for (int i = 0; (e = entity_at(i)); i++) add(cx, &list, e->table);
  for (int i = 0; accounts[i]; i++) add(cx, &list, accounts[i]);
  for (int i = 0; secrets[i]; i++) add(cx, &list, secrets[i]);
  return list ? ctx_printf(cx, "%s]", list) : NULL;
}
