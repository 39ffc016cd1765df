#include "archive/pit.h"

#include "model/entity.h"
#include "unit.h"

/* A table that nobody thought of would stay in the future when all others go back. */
UNIT(pit_tables, "every table has a rule how it is taken back to an earlier time") {
  struct ctx cx;
  struct db *db;
  enum pit_rule rule;
  int tables = 0;
  ctx_begin(&cx, "test");
  entity_register_declared();
  CHECK_INT(db_pristine(&cx, &db), OK);
  struct stmt *s =
      db_compose(&cx, db, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'");
  while (stmt_row(&cx, s)) {
    const char *table = ctx_strdup(&cx, col_str(s, 0));
    bool sale = !strncmp(table, "sale", 4) ||
                !strncmp(table, "mangalam", 8); /* the datasets are registered in main.c */
    if (!sale && !pit_rule_of(table, &rule)) CHECK_STR(table, "one of archive/pit_tables.c: it has no rule");
    tables++;
  }
  CHECK(tables > 60);
  CHECK(!pit_rule_of("no_such_table", &rule));
  ctx_end(&cx);
}
