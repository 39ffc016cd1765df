/*
** entities.c - tabs of one's own, and who answers for what.
**
** A tab is a list of cards. What a card shows is checked against the declaration
** of its dataset when the tab is saved, so that a tab cannot name a measure or a
** group that is not there.
*/
#include "export/entities.h"

#include "base/json.h"
#include "export/tables.h"
#include "model/dataset.h"
#include "store/store.h"

enum { CARDS_MAX = 24, SPAN_MAX = 4, TITLE_MAX = 200 };

/* ---- cards ---- */

struct card {
  const char *tab;
  size_t number; /* from 1 */
  struct jv *object;
  const struct dataset *dataset;
};

static int card_fail(struct ctx *cx, const struct card *c, const char *what) {
  return fail(cx, E_INVALID, "cards", "card %zu of the tab %.80s: %s", c->number, c->tab, what);
}

static bool is_one_of(struct str text, const char *const *words) {
  while (*words && !str_eq(text, str_of(*words))) words++;
  return *words != NULL;
}

/* "orders, quantity, revenue" of the dataset; with groups, "region, product". */
static const char *names_of(struct ctx *cx, const struct dataset *d, bool groups) {
  const char *names = groups ? "" : "orders";
  for (int i = 0; i < d->field_count; i++)
    if (groups ? d->fields[i].group : d->fields[i].total)
      names = ctx_printf(cx, "%s%s%s", names, *names ? ", " : "", d->fields[i].name);
  return names;
}

static bool is_measure(const struct dataset *d, struct str name) {
  int field = dataset_field(d, name);
  return str_eq(name, STR("orders")) || str_eq(name, STR("average")) ||
         (field >= 0 && d->fields[field].total);
}

static bool is_group(const struct dataset *d, struct str name) {
  int field = dataset_field(d, name);
  return field >= 0 && d->fields[field].group;
}

static int check_names(struct ctx *cx, const struct card *c) {
  static const char *const known[] = {
    "kind", "title", "measure", "group", "filter", "span", "dataset", NULL
  };
  for (void *it = jv_first(c->object); it; it = jv_next(c->object, it))
    if (!is_one_of(jv_key(it), known))
      return card_fail(cx, c,
                       ctx_printf(cx,
                                  "a card has no '" STR_FMT "'; it has kind, title, dataset, measure, "
                                  "group, filter and span",
                                  STR_ARG(jv_key(it))));
  return OK;
}

/* {"region": "North"}: groups, and the days from and to. */
static int check_filter(struct ctx *cx, const struct card *c) {
  static const char *const days[] = { "from", "to", NULL };
  struct jv *filter = jv_get(c->object, "filter");
  if (jv_kind(filter) == JV_NULL) return OK;
  if (jv_kind(filter) != JV_OBJECT)
    return card_fail(cx, c, "filter is an object, such as {\"region\": \"North\"}");
  for (void *it = jv_first(filter); it; it = jv_next(filter, it)) {
    struct str name = jv_key(it);
    if (!is_group(c->dataset, name) && !is_one_of(name, days))
      return card_fail(cx, c,
                       ctx_printf(cx, "there is no filter '" STR_FMT "'; there are %s, from, to",
                                  STR_ARG(name), names_of(cx, c->dataset, true)));
    if (!jv_text(jv_value(it)).p)
      return card_fail(cx, c, ctx_printf(cx, "the filter '" STR_FMT "' takes a text", STR_ARG(name)));
  }
  return OK;
}

static int check_card(struct ctx *cx, struct card *c) {
  static const char *const kinds[] = { "stat", "bars", "line", "table", NULL };
  struct str kind = jv_text(jv_get(c->object, "kind")), title = jv_text(jv_get(c->object, "title"));
  struct str dataset = jv_text(jv_get(c->object, "dataset")), group = jv_text(jv_get(c->object, "group"));
  struct str measure = jv_text(jv_get(c->object, "measure"));
  struct jv *span = jv_get(c->object, "span");
  int64_t columns = 1;
  if (jv_kind(c->object) != JV_OBJECT) return card_fail(cx, c, "a card is an object");
  if (check_names(cx, c)) return cx->code;
  c->dataset = dataset.p ? dataset_find(ctx_strdup(cx, dataset)) : dataset_at(0);
  if (!c->dataset)
    return card_fail(cx, c, ctx_printf(cx, "there is no such dataset; there are %s", dataset_names()));
  if (!is_one_of(kind, kinds)) return card_fail(cx, c, "its kind is stat, bars, line or table");
  if (!str_trim(title).n || title.n > TITLE_MAX)
    return card_fail(cx, c, "it needs a title of at most 200 bytes");
  if (!is_measure(c->dataset, measure))
    return card_fail(cx, c,
                     ctx_printf(cx, "its measure is one of %s, average", names_of(cx, c->dataset, false)));
  if (group.p && !is_group(c->dataset, group))
    return card_fail(cx, c, ctx_printf(cx, "its group is one of %s", names_of(cx, c->dataset, true)));
  if (!group.p && str_eq(kind, STR("bars"))) return card_fail(cx, c, "bars need a group");
  if (span && (!str_to_int(jv_text(span), &columns) || columns < 1 || columns > SPAN_MAX))
    return card_fail(cx, c, "its span is a number of columns from 1 to 4");
  return check_filter(cx, c);
}

static int check_tabs(struct ctx *cx, struct db *db) {
  struct stmt *s = db_stmt(cx, db, SQL_tab_cards);
  while (stmt_row(cx, s)) {
    const char *title = ctx_strdup(cx, col_str(s, 0));
    struct jv *cards;
    if (jv_parse(cx, col_str(s, 1), &cards)) break;
    if (jv_kind(cards) != JV_ARRAY || jv_size(cards) > CARDS_MAX)
      fail(cx, E_INVALID, "cards", "the cards of a tab are an array of at most %d", CARDS_MAX);
    for (size_t i = 0; i < jv_size(cards) && !cx->code; i++)
      check_card(cx, &(struct card){ .tab = title, .number = i + 1, .object = jv_at(cards, i) });
    if (cx->code) break;
  }
  if (s) stmt_done(s);
  return cx->code;
}

const struct entity_hooks tab_hooks = { .check = check_tabs };

/* ---- stewards ---- */

static bool row_exists(struct ctx *cx, struct db *db, enum sql_id question, const char *a, const char *b) {
  struct stmt *s = db_ask(cx, db, question, a);
  if (!s) return false;
  if (b) stmt_text(s, 2, b);
  bool found = stmt_row(cx, s);
  if (found) stmt_done(s);
  return found;
}

/* A table or view, a column of one, an exported table, a dataset, or a rule. */
static bool subject_exists(struct ctx *cx, struct db *db, const char *subject) {
  const char *dot = strchr(subject, '.');
  if (!strncmp(subject, "rule ", 5)) return row_exists(cx, db, SQL_subject_is_rule, subject + 5, NULL);
  const char *table = dot ? ctx_strdup(cx, (struct str){ subject, (size_t)(dot - subject) }) : subject;
  if (export_has(table, dot ? dot + 1 : NULL)) return true;
  const struct dataset *d = dataset_find(table);
  if (dot && d && dataset_field(d, str_of(dot + 1)) >= 0) return true;
  if (!dot && (d || entity_find(table))) return true;
  return dot ? row_exists(cx, db, SQL_subject_is_column, table, dot + 1)
             : row_exists(cx, db, SQL_subject_is_table, table, NULL);
}

static int check_stewards(struct ctx *cx, struct db *db) {
  struct stmt *s = db_stmt(cx, db, SQL_steward_subjects);
  while (stmt_row(cx, s)) {
    const char *subject = ctx_strdup(cx, col_str(s, 0));
    if (subject_exists(cx, db, subject) || cx->code) continue;
    fail(cx, E_INVALID, "subject",
         "there is no '%.100s': the subject is a table, a view or a dataset, \"TABLE.COLUMN\", or \"rule "
         "NAME\"",
         subject);
    stmt_done(s);
    break;
  }
  return cx->code;
}

const struct entity_hooks steward_hooks = { .check = check_stewards };
