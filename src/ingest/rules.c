#include "ingest/rules.h"

#include <stdlib.h>

#include "base/decimal.h"
#include "base/json.h"
#include "base/limits.h"
#include "record/record.h"
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
  [RULE_STORED] = "stored",
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

static int read_list(struct ctx *cx, struct jv *items, struct rule *r) {
  if (!r->text) return bad_param(cx, r, "it names no list");
  map_init(&r->list);
  ctx_defer(cx, (void (*)(void *))map_clear, &r->list);
  for (size_t i = 0; i < jv_size(items); i++)
    if (str_eq(jv_text(jv_get(jv_at(items, i), "list")), str_of(r->text)))
      map_put(&r->list, jv_text(jv_get(jv_at(items, i), "value")), NULL);
  if (r->list.count == 0) bad_param(cx, r, ctx_printf(cx, "the reference list %s is empty", r->text));
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

static int read_params(struct ctx *cx, const struct dataset *d, struct jv *params, struct jv *items,
                       struct rules *rules, struct rule *r) {
  struct str days;
  switch (r->kind) {
  case RULE_RANGE: return read_range(cx, params, d, r);
  case RULE_REFERENCE:
    if (r->field < 0) return bad_param(cx, r, "it names no field");
    r->text = text_param(cx, params, "list");
    return read_list(cx, items, r);
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

static const char *text_of(struct ctx *cx, struct jv *row, const char *key) {
  return ctx_strdup(cx, jv_text(jv_get(row, key)));
}

static int read_rule(struct ctx *cx, const struct dataset *d, struct jv *row, struct jv *items,
                     struct rules *rules) {
  struct rule *r = &rules->rule[rules->count];
  struct str field = jv_text(jv_get(row, "field"));
  int kind = find_kind(jv_text(jv_get(row, "kind")));
  *r = (struct rule){
    .name = text_of(cx, row, "name"),
    .stage = text_of(cx, row, "stage"),
    .category = text_of(cx, row, "category"),
    .message = text_of(cx, row, "message"),
    .field = -1,
  };
  str_to_int(jv_text(jv_get(row, "version")), &r->version);
  if (kind < 0 || kind == RULE_STORED)
    return bad_param(cx, r, ctx_printf(cx, "there is no kind %s", text_of(cx, row, "kind")));
  r->kind = (enum rule_kind)kind;
  if (field.p) r->field = dataset_field(d, field);
  if (field.p && r->field < 0)
    return bad_param(cx, r, ctx_printf(cx, "%s has no field " STR_FMT, d->name, STR_ARG(field)));
  if (r->kind == RULE_UNIQUE) {
    if (rules->unique >= 0) return bad_param(cx, r, "there is another unique rule already");
    rules->unique = rules->count;
  }
  rules->count++;
  return read_params(cx, d, jv_get(row, "params"), items, rules, r);
}

static bool has_rule(const struct rules *rules, int field, enum rule_kind kind) {
  for (int i = 0; i < rules->count; i++)
    if (rules->rule[i].kind == kind && (field < 0 || rules->rule[i].field == field)) return true;
  return false;
}

/* field -1: about the whole row. */
static void add_built_in(struct ctx *cx, const struct dataset *d, int field, enum rule_kind kind,
                         struct rules *rules) {
  static const struct {
    const char *name, *stage, *category;
  } built_in[] = {
    [RULE_READABLE] = { "record_readable", "schema", "DATA_FORMAT_ERROR" },
    [RULE_UNIQUE] = { "key_unique", "duplicates", "DATA_QUALITY_ISSUE" },
    [RULE_STORED] = { "row_stored", "duplicates", "DATA_QUALITY_ISSUE" },
    [RULE_REQUIRED] = { "needed", "quality", "MISSING_REQUIRED_FIELD" },
    [RULE_TYPE] = { "storable", "quality", "DATA_FORMAT_ERROR" },
  };
  if (has_rule(rules, field, kind)) return;
  if (kind == RULE_UNIQUE) rules->unique = rules->count;
  if (kind == RULE_STORED) rules->stored = rules->count;
  rules->rule[rules->count++] = (struct rule){
    .name =
        field < 0 ? built_in[kind].name : ctx_printf(cx, "%s_%s", d->fields[field].name, built_in[kind].name),
    .stage = built_in[kind].stage,
    .category = built_in[kind].category,
    .message = "the row cannot be stored without it",
    .kind = kind,
    .field = field,
  };
}

static void add_all_built_in(struct ctx *cx, const struct dataset *d, struct rules *rules) {
  add_built_in(cx, d, -1, RULE_READABLE, rules);
  for (int i = 0; i < d->field_count; i++) {
    if (d->fields[i].essential) add_built_in(cx, d, i, RULE_REQUIRED, rules);
    add_built_in(cx, d, i, RULE_TYPE, rules);
  }
  add_built_in(cx, d, -1, RULE_UNIQUE, rules);
  if (d->batch) add_built_in(cx, d, -1, RULE_STORED, rules);
  if (!rules->unique_fields) rules->unique_fields = d->key_field;
}

/* The order in which the reference has its layers. */
static int stage_rank(struct jv *row) {
  static const char *const stages[] = { "schema", "business", "quality", "duplicates" };
  int rank = 0;
  while (rank < 4 && !str_eq(jv_text(jv_get(row, "stage")), str_of(stages[rank]))) rank++;
  return rank;
}

static int by_stage(const void *a, const void *b) {
  struct jv *x = *(struct jv *const *)a, *y = *(struct jv *const *)b;
  int64_t p = 0, q = 0;
  int order = stage_rank(x) - stage_rank(y);
  str_to_int(jv_text(jv_get(x, "position")), &p);
  str_to_int(jv_text(jv_get(y, "position")), &q);
  if (order == 0) order = (p > q) - (p < q);
  return order ? order : strcmp(jv_text(jv_get(x, "name")).p, jv_text(jv_get(y, "name")).p);
}

static bool applies(const struct dataset *d, struct jv *row) {
  return str_eq(jv_text(jv_get(row, "dataset")), str_of(d->name)) &&
         str_eq(jv_text(jv_get(row, "active")), STR("true"));
}

int rules_from(struct ctx *cx, const struct dataset *d, struct str json, struct rules **out) {
  struct rules *rules = ctx_alloc(cx, sizeof *rules);
  struct jv *root;
  if (jv_parse(cx, json, &root)) return cx->code;
  struct jv *rows = jv_get(root, "rules"), *items = jv_get(root, "items");
  struct jv **active = ctx_alloc(cx, (jv_size(rows) + 1) * sizeof *active);
  size_t count = 0;
  for (size_t i = 0; i < jv_size(rows); i++)
    if (applies(d, jv_at(rows, i))) active[count++] = jv_at(rows, i);
  if (count > LIMIT_RULES)
    return fail(cx, E_LIMIT, NULL, "%s has more than %d active rules", d->name, LIMIT_RULES);
  qsort(active, count, sizeof *active, by_stage);

  rules->rule = ctx_alloc(cx, RULES_MAX * sizeof *rules->rule);
  rules->unique = rules->stored = -1;
  for (size_t i = 0; i < count && !cx->code; i++) read_rule(cx, d, active[i], items, rules);
  add_all_built_in(cx, d, rules);
  rules->json = ctx_strdup(cx, json);
  *out = rules;
  return cx->code;
}

int rules_load(struct ctx *cx, struct db *db, const struct dataset *d, struct rules **out) {
  struct buf json;
  struct jw w;
  jw_begin(&w, &json, LIMIT_REPLY_BYTES);
  int rc = record_list(cx, db, entity_find("rule"), false, 0, &w, "rules", NULL);
  if (!rc) rc = record_list(cx, db, entity_find("reference_item"), false, 0, &w, "items", NULL);
  jw_close(&w, '}');
  if (!rc) rc = rules_from(cx, d, buf_view(&json), out);
  buf_clear(&json);
  return rc;
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

/* ---- one from another ---- */

/* A lower bound follows from one that is as high. */
static bool bound_follows(const char *mine, int64_t value, const char *given, int64_t given_value,
                          bool is_lower) {
  if (!mine) return true;
  return given && (is_lower ? given_value >= value : given_value <= value);
}

static bool list_follows(const struct rule *r, const struct rule *given) {
  struct str value;
  for (size_t at = 0; map_next(&given->list, &at, &value, NULL);)
    if (!map_get(&r->list, value)) return false;
  return true;
}

bool rule_follows(const struct rule *r, const struct rule *given) {
  if (r->kind != given->kind || r->field != given->field) return false;
  switch (r->kind) {
  case RULE_RANGE:
    return bound_follows(r->min, r->min_value, given->min, given->min_value, true) &&
           bound_follows(r->max, r->max_value, given->max, given->max_value, false) &&
           bound_follows(r->above, r->above_value, given->above, given->above_value, true) &&
           bound_follows(r->below, r->below_value, given->below, given->below_value, false);
  case RULE_REFERENCE: return list_follows(r, given);
  case RULE_NOT_FUTURE: return r->days >= given->days;
  case RULE_PATTERN:
  case RULE_EXPRESSION: return strcmp(r->text, given->text) == 0;
  default: return true;
  }
}
