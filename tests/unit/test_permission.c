/* Who may do what: permissions, and the table of routes that needs them. */
#include "auth/identity.h"
#include "model/permission.h"
#include <stdio.h>

#include "http/routes.h"
#include "model/entity.h"
#include "unit.h"

static struct ctx cx;
static uint64_t bits(const char *list) {
  uint64_t out;
  ctx_begin(&cx, "test");
  int rc = permissions_read(&cx, str_of(list), &out);
  ctx_end(&cx);
  return rc ? UINT64_MAX : out;
}

UNIT(permission_lists, "who may write may read, and nothing else comes with it") {
  CHECK_INT((int64_t)bits(""), 0);
  CHECK_INT((int64_t)bits("sales.read"), 1);
  CHECK_INT((int64_t)bits("sales.write"), 3);
  CHECK_INT((int64_t)bits(" data.read,\n sales.write "), 7);
  CHECK_INT((int64_t)bits("data.read"), 4);
  CHECK_INT((int64_t)bits("data.write"), 12);
  CHECK_INT((int64_t)bits("*.write"), (int64_t)PERMISSION_ALL);
  CHECK_INT((int64_t)bits("*.read"), (int64_t)(PERMISSION_ALL / 3));
  CHECK_INT((int64_t)bits("*.write sync.read"), (int64_t)PERMISSION_ALL);
}

UNIT(permission_wrong, "a list with one word that is no permission is no list") {
  static const char *const wrong[] = { "sales",        "sales.",      ".read",        "*",
                                       "*.",           "*.all",       "sales.delete", "Sales.read",
                                       "sales.read x", "sales.readx", "sale.read",    "sales.read.write" };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    if (!CHECK(bits(wrong[i]) == UINT64_MAX)) CHECK_STR(wrong[i], "refused");
}

UNIT(permission_names, "every bit has a name, and the name leads back to it") {
  char name[PERMISSION_SIZE];
  uint64_t left = PERMISSION_ALL;
  int count = 0;
  for (uint64_t before = left; permission_next(&left, name); before = left, count++)
    CHECK(permission_bit(str_of(name)) == (before & ~left));
  CHECK_INT(count, 2 * GROUP_COUNT);
  for (int i = 0; i < GROUP_COUNT; i++) CHECK(permission_groups[i].help != NULL);
}

UNIT(permission_may, "what is no permission nobody has") {
  struct identity who = { .permissions = PERMISSION_ALL };
  CHECK(identity_may(&who, "people.write"));
  CHECK(!identity_may(&who, "people.all"));
  CHECK(!identity_may(&who, ""));
  who.permissions = PERMISSION_READ(GROUP_PEOPLE);
  CHECK(identity_may(&who, "people.read"));
  CHECK(!identity_may(&who, "people.write"));
  CHECK(!identity_may(&who, "archive.write"));
}

UNIT(permission_routes, "every route says who may use it: one permission, or everybody") {
  for (int t = 0; route_tables[t]; t++)
    for (const struct route *r = route_tables[t]; r->method; r++) {
      bool known = r->need && (permission_bit(str_of(r->need)) || strcmp(r->need, "login") == 0 ||
                               strcmp(r->need, "record.read") == 0 || strcmp(r->need, "record.write") == 0);
      if (!CHECK(r->open ? !r->need : known)) CHECK_STR(r->pattern, "a route that says who may use it");
      bool reads = r->need && strstr(r->need, ".read");
      if (!CHECK(!reads || strcmp(r->method, "GET") == 0))
        CHECK_STR(r->pattern, "a change needs more than to read");
    }
}

UNIT(permission_entities, "every entity belongs to a group") {
  const struct entity *e;
  entity_register_declared();
  for (int i = 0; (e = entity_at(i)); i++) {
    char name[PERMISSION_SIZE];
    snprintf(name, sizeof name, "%s.read", e->access);
    if (!CHECK(permission_bit(str_of(name)) != 0)) CHECK_STR(e->name, "an entity of a group");
  }
}
