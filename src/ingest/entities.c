#include "ingest/entities.h"

#include "ingest/rules.h"

/* A rule that cannot be used must not be saved: every dataset's rules are tried. */
static int check_rules(struct ctx *cx, struct db *db) {
  struct rules *rules;
  struct stmt *s = db_stmt(cx, db, SQL_rule_datasets);
  while (stmt_row(cx, s)) {
    const char *name = ctx_strdup(cx, col_str(s, 0));
    const struct dataset *d = dataset_find(name);
    if (!d)
      fail(cx, E_INVALID, "dataset", "there is no dataset %s; there are %s", name, dataset_names());
    else
      rules_try(cx, db, d, &rules);
  }
  return cx->code;
}

const struct entity_hooks control_hooks = { .check = check_rules };
