#include "ingest/rules.h"

#include "base/decimal.h"
#include "base/json.h"
#include "base/limits.h"
#include "store/expression.h"

static const char *const kind_names[] = {
  [RULE_READABLE] = "readable",
  [RULE_COLUMNS] = "columns",
  [RULE_EXTRA_CELLS] = "extra_cells",
  [RULE_TYPE] = "type",
  [RULE_RANGE] = "range",
  [RULE_REFERENCE] = "reference",
  [RULE_REQUIRED] = "required",
  [RULE_NOT_FUTURE] = "not_future",
  [RULE_PATTERN] = "pattern",
  [RULE_EXPRESSION] = "expression",
  [RULE_UNIQUE] = "unique",
};
enum { KINDS = sizeof kind_names / sizeof *kind_names };

const char *rule_kind_name(enum rule_kind kind) { return kind_names[kind]; }

/* ---- parameters ---- */

static const char *text_param(struct ctx *cx, struct jv *params, const char *key) {
  struct str s = jv_text(jv_get(params, key));
  return s.p ? ctx_strdup(cx, s) : NULL;
}

static int bad_param(struct ctx *cx, const struct rule *r, const char *what) {
  return fail(cx, E_INVALID, "params", "the rule %s cannot be used: %s", r->name, what);
}

static int read_bound(struct ctx *cx, struct jv *params, const struct rule *r, int scale, const char *key,
                      const char **text, int64_t *value) {
  *text = text_param(cx, params, key);
  if (*text && !dec_parse(str_of(*text), scale, value, NULL))
    return bad_param(cx, r, ctx_printf(cx, "%s is not a number: %s", key, *text));
  return OK;
}

static int read_range(struct ctx *cx, struct jv *params, const struct dataset *d, struct rule *r) {
  if (r->field < 0 || d->fields[r->field].kind != FIELD_DECIMAL)
    return bad_param(cx, r, "its field is no number");
  int scale = d->fields[r->field].scale;
  int rc = read_bound(cx, params, r, scale, "min", &r->min, &r->min_value);
  if (!rc) rc = read_bound(cx, params, r, scale, "max", &r->max, &r->max_value);
  if (!rc) rc = read_bound(cx, params, r, scale, "above", &r->above, &r->above_value);
  if (!rc) rc = read_bound(cx, params, r, scale, "below", &r->below, &r->below_value);
  if (!rc && !r->min && !r->max && !r->above && !r->below)
    rc = bad_param(cx, r, "it has no min, max, above or below");
  return rc;
}

static int read_list(struct ctx *cx, struct db *db, struct rule *r) {
  if (!r->text) return bad_param(cx, r, "it names no list");
  struct stmt *s = db_stmt(cx, db, SQL_reference_values);
  stmt_text(s, 1, r->text);
  map_init(&r->list);
  ctx_defer(cx, (void (*)(void *))map_clear, &r->list);
  while (stmt_row(cx, s)) map_put(&r->list, col_str(s, 0), NULL);
  if (!cx->code && r->list.count == 0)
    bad_param(cx, r, ctx_printf(cx, "the reference list %s is empty", r->text));
  return cx->code;
}

static int read_unique(struct ctx *cx, struct jv *params, struct rules *rules, const struct rule *r) {
  struct jv *fields = jv_get(params, "fields");
  const char *list = "";
  for (size_t i = 0; i < jv_size(fields); i++)
    list = ctx_printf(cx, "%s%s" STR_FMT, list, i ? "," : "", STR_ARG(jv_text(jv_at(fields, i))));
  if (!*list) return bad_param(cx, r, "it names no fields");
  rules->unique_fields = list;
  return OK;
}

static int read_params(struct ctx *cx, const struct dataset *d, struct str json, struct rules *rules,
                       struct rule *r) {
  struct jv *params;
  struct str days;
  if (jv_parse(cx, json, &params)) return cx->code;
  switch (r->kind) {
  case RULE_RANGE: return read_range(cx, params, d, r);
  case RULE_REFERENCE:
    r->text = text_param(cx, params, "list");
    return OK; /* values are read when no statement is open */
  case RULE_PATTERN:
    r->text = text_param(cx, params, "like");
    return r->text && r->field >= 0 ? OK : bad_param(cx, r, "it needs a field and a pattern `like`");
  case RULE_EXPRESSION:
    r->text = text_param(cx, params, "sql");
    return r->text ? OK : bad_param(cx, r, "it has no expression `sql`");
  case RULE_NOT_FUTURE:
    days = jv_text(jv_get(params, "days"));
    if (days.p && !str_to_int(days, &r->days)) return bad_param(cx, r, "days is no whole number");
    return r->field >= 0 && d->fields[r->field].kind == FIELD_DATE ? OK
                                                                   : bad_param(cx, r, "its field is no date");
  case RULE_UNIQUE: return read_unique(cx, params, rules, r);
  case RULE_TYPE:
  case RULE_REQUIRED: return r->field >= 0 ? OK : bad_param(cx, r, "it names no field");
  default: return OK;
  }
}

/* ---- loading ---- */

static int find_kind(struct str name) {
  for (int i = 0; i < KINDS; i++)
    if (str_eq(name, str_of(kind_names[i]))) return i;
  return -1;
}

static int read_rule(struct ctx *cx, const struct dataset *d, struct stmt *s, struct rules *rules) {
  enum { NAME, VERSION, STAGE, KIND, FIELD, PARAMS, CATEGORY, MESSAGE };
  struct rule *r = &rules->rule[rules->count];
  int kind = find_kind(col_str(s, KIND));
  *r = (struct rule){ .name = col_dup(cx, s, NAME),
                      .version = col_int(s, VERSION),
                      .stage = col_dup(cx, s, STAGE),
                      .category = col_dup(cx, s, CATEGORY),
                      .message = col_dup(cx, s, MESSAGE),
                      .field = -1 };
  if (kind < 0) return bad_param(cx, r, ctx_printf(cx, "there is no kind %s", col_dup(cx, s, KIND)));
  r->kind = (enum rule_kind)kind;
  if (!col_null(s, FIELD)) r->field = dataset_field(d, col_str(s, FIELD));
  if (!col_null(s, FIELD) && r->field < 0)
    return bad_param(cx, r, ctx_printf(cx, "%s has no field %s", d->name, col_dup(cx, s, FIELD)));
  if (r->kind == RULE_UNIQUE) {
    if (rules->unique >= 0) return bad_param(cx, r, "there is another unique rule already");
    rules->unique = rules->count;
  }
  rules->count++;
  return read_params(cx, d, col_str(s, PARAMS), rules, r);
}

static bool has_rule(const struct rules *rules, int field, enum rule_kind kind) {
  for (int i = 0; i < rules->count; i++)
    if (rules->rule[i].field == field && rules->rule[i].kind == kind) return true;
  return false;
}

static void add_built_in(struct ctx *cx, const struct dataset *d, int field, enum rule_kind kind,
                         struct rules *rules) {
  if (has_rule(rules, field, kind)) return;
  bool required = kind == RULE_REQUIRED;
  rules->rule[rules->count++] = (struct rule){
    .name = ctx_printf(cx, "%s_%s", d->fields[field].name, required ? "needed" : "storable"),
    .stage = "quality",
    .category = required ? "MISSING_REQUIRED_FIELD" : "DATA_FORMAT_ERROR",
    .message = "the row cannot be stored without it",
    .kind = kind,
    .field = field,
  };
}

int rules_load(struct ctx *cx, struct db *db, const struct dataset *d, struct rules **out) {
  struct rules *rules = ctx_alloc(cx, sizeof *rules);
  rules->rule = ctx_alloc(cx, (LIMIT_RULES + 2 * LIMIT_FIELDS) * sizeof *rules->rule);
  rules->unique = -1;
  struct stmt *s = db_stmt(cx, db, SQL_rule_active);
  stmt_text(s, 1, d->name);
  while (stmt_row(cx, s)) {
    if (rules->count == LIMIT_RULES)
      fail(cx, E_LIMIT, NULL, "%s has more than %d active rules", d->name, LIMIT_RULES);
    else
      read_rule(cx, d, s, rules);
  }
  for (int i = 0; i < rules->count && !cx->code; i++)
    if (rules->rule[i].kind == RULE_REFERENCE) read_list(cx, db, &rules->rule[i]);
  for (int i = 0; i < d->field_count; i++) {
    if (d->fields[i].essential) add_built_in(cx, d, i, RULE_REQUIRED, rules);
    add_built_in(cx, d, i, RULE_TYPE, rules);
  }
  *out = rules;
  return cx->code;
}

int rules_try(struct ctx *cx, struct db *db, const struct dataset *d, struct rules **out) {
  const char *names[LIMIT_FIELDS];
  if (rules_load(cx, db, d, out)) return cx->code;
  for (int i = 0; i < d->field_count; i++) names[i] = d->fields[i].name;
  for (int i = 0; i < (*out)->count && !cx->code; i++) {
    struct expression *e = NULL;
    if ((*out)->rule[i].kind == RULE_EXPRESSION)
      expression_new(cx, (*out)->rule[i].text, names, d->field_count, &e);
    expression_free(e);
  }
  return cx->code;
}
