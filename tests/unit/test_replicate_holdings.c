#include "replicate/holdings.h"

#include "model/entity.h"
#include "store/store.h"
#include "unit.h"

/* A table that nobody thought of would be missing at headquarters, and nobody would know. */
UNIT(replicate_holdings, "of every table it is decided whether headquarters has it, and why not") {
  struct ctx cx;
  struct db *db;
  enum holding how;
  const char *why;
  int tables = 0, held = 0;
  ctx_begin(&cx, "test");
  entity_register_declared();
  CHECK_INT(db_pristine(&cx, &db), OK);
  struct stmt *s =
      db_compose(&cx, db, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'");
  while (stmt_row(&cx, s)) {
    const char *table = ctx_strdup(&cx, col_str(s, 0));
    bool dataset = !strncmp(table, "sale", 4) ||
                   !strncmp(table, "mangalam", 8); /* the datasets are registered in main.c */
    bool known = holding_of(table, &how, &why);
    if (!known && !dataset)
      CHECK_STR(table, "one of replicate/holdings.c: nobody decided whether headquarters has it");
    if (known && how >= HELD_WITHIN && (!why || !*why)) CHECK_STR(table, "a table with a reason");
    tables++;
    held += known && how <= HELD_RECORDS;
  }
  CHECK(tables > 100);
  CHECK(held > 40);
  CHECK(!holding_of("no_such_table", &how, &why));
  CHECK(holding_of("run_check", &how, &why) && how == HELD_ROWS);
  CHECK(holding_of("users", &how, &why) && how == HELD_HERE);
  ctx_end(&cx);
}
