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

static const struct property rule_properties[] = {
  { "dataset", PROPERTY_TEXT, true, "the dataset whose rows it judges, such as sales" },
  { "name", PROPERTY_TEXT, true, "a short name, such as revenue_not_negative" },
  { "stage", PROPERTY_TEXT, true, "schema, business, quality or duplicates" },
  { "kind", PROPERTY_TEXT, true,
    "readable, columns, extra_cells, type, range, reference, required, not_future, pattern, expression or "
    "unique" },
  { "field", PROPERTY_TEXT, false, "the field that it looks at" },
  { "params", PROPERTY_JSON, false, "an object, such as {\"min\":\"0\"}" },
  { "category", PROPERTY_TEXT, true,
    "MISSING_REQUIRED_FIELD, BUSINESS_RULE_VIOLATION, DATA_FORMAT_ERROR or DATA_QUALITY_ISSUE" },
  { "message", PROPERTY_TEXT, true, "what would be right, for people" },
  { "active", PROPERTY_BOOLEAN, false, "whether it is applied" },
  { "position", PROPERTY_INTEGER, false, "its place within the stage" },
};

const struct entity rule_entity = {
  .name = "rule",
  .table = "rule",
  .order = "dataset, position, name",
  .properties = rule_properties,
  .property_count = sizeof rule_properties / sizeof *rule_properties,
  .check = check_rules,
};

static const struct property item_properties[] = {
  { "list", PROPERTY_TEXT, true, "the list that it stands in, such as regions" },
  { "value", PROPERTY_TEXT, true, "the text that is allowed" },
};

const struct entity reference_item_entity = {
  .name = "reference_item",
  .table = "reference_item",
  .order = "list, value",
  .properties = item_properties,
  .property_count = sizeof item_properties / sizeof *item_properties,
  .check = check_rules,
};
