/* Whoever adds a table decides about it: what nobody thought of would stay in the future when all others go back in time, or
** be missing at headquarters, and nobody would know. */
#include "archive/pit.h"
#include "model/entity.h"
#include "replicate/holdings.h"
#include "store/store.h"
#include "unit.h"

/* Calls fn for every table of a file that was just made; how many there are. */
static int each_table(void (*fn)(const char *table, void *arg), void *arg) {
  struct ctx cx;
  struct db *db;
  int tables = 0;
  ctx_begin(&cx, "test");
  entity_register_declared();
  CHECK_INT(db_pristine(&cx, &db), OK);
  struct stmt *s =
      db_compose(&cx, db, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'");
  for (; stmt_row(&cx, s); tables++) fn(col_dup(&cx, s, 0), arg);
  ctx_end(&cx);
  return tables;
}

static void has_rule(const char *table, void *arg) {
  enum pit_rule rule;
  (void)arg;
  if (!pit_rule_of(table, &rule)) CHECK_STR(table, "one of archive/pit_tables.c: it has no rule");
}

UNIT(pit_tables, "every table has a rule how it is taken back to an earlier time") {
  enum pit_rule rule;
  CHECK(each_table(has_rule, NULL) > 100);
  CHECK(!pit_rule_of("no_such_table", &rule));
}

static void is_decided(const char *table, void *held) {
  enum holding how;
  const char *why;
  if (!holding_of(table, &how, &why))
    CHECK_STR(table, "one of replicate/holdings.c: nobody decided whether headquarters has it");
  else if (how >= HELD_WITHIN && (!why || !*why))
    CHECK_STR(table, "a table with a reason");
  else
    *(int *)held += how <= HELD_RECORDS;
}

UNIT(replicate_holdings, "of every table it is decided whether headquarters has it, and why not") {
  enum holding how;
  const char *why;
  int held = 0;
  CHECK(each_table(is_decided, &held) > 100);
  CHECK(held > 40);
  CHECK(!holding_of("no_such_table", &how, &why));
  CHECK(holding_of("run_check", &how, &why) && how == HELD_ROWS);
  CHECK(holding_of("users", &how, &why) && how == HELD_HERE);
}
