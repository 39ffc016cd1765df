#include "export/impact.h"

#include "export/figure.h"
#include "export/tables.h"
#include "export/tally.h"
#include "ingest/kept.h"

/* Items are collected first: the counts stand before them. */
struct item {
  const char *kind, *name, *text;
  int64_t count; /* -1: none */
};

enum { ITEMS_MOST = 2000, RUNS_SHOWN = 50 };

struct impact {
  struct ctx *cx;
  struct db *db;
  const struct dataset *dataset;
  const char *subject, *text;
  struct item item[ITEMS_MOST];
  int count;
};

static void add(struct impact *m, const char *kind, const char *name, int64_t count, const char *text) {
  if (m->count < ITEMS_MOST) m->item[m->count++] = (struct item){ kind, name, text, count };
}

static const char *rows_text(struct ctx *cx, int64_t n, const char *what) {
  return ctx_printf(cx, "%lld %s", (long long)n, what);
}

/* ---- what is alike for several subjects ---- */

static void add_figures(struct impact *m, const char *query, bool of_quality) {
  struct ctx *cx = m->cx;
  const struct dataset *d = m->dataset;
  for (int i = 0; i < sums_count(d); i++) {
    const char *address = ctx_printf(cx, "%s/%s%s%s", d->name, sums_name(d, i), *query ? "?" : "", query);
    add(m, "figure", address, -1, "is added up over clean rows");
  }
  static const char *const others[] = { "read", "clean", "rejected", "quality" };
  for (size_t i = 0; of_quality && i < sizeof others / sizeof *others; i++)
    add(m, "figure", ctx_printf(cx, "%s/%s%s%s", d->name, others[i], *query ? "?" : "", query), -1,
        "counts the records");
}

/* Tabs with a card that shows the field; all tabs with cards when field is NULL. */
static void add_tabs(struct impact *m, const char *field) {
  struct ctx *cx = m->cx;
  struct stmt *s = db_stmt(cx, m->db, SQL_impact_tabs);
  while (stmt_row(cx, s)) {
    struct jv *cards;
    int64_t found = 0;
    if (jv_parse(cx, str_of(col_dup(cx, s, 1)), &cards)) return;
    for (size_t i = 0; i < jv_size(cards); i++) {
      struct jv *card = jv_at(cards, i);
      bool shows = str_eq(jv_text(jv_get(card, "measure")), str_of(field)) ||
                   str_eq(jv_text(jv_get(card, "group")), str_of(field)) ||
                   (field && jv_get(jv_get(card, "filter"), field));
      found += !field || shows;
    }
    if (found)
      add(m, "tab", col_dup(cx, s, 0), found, rows_text(cx, found, "of its cards show figures of it"));
  }
}

/* Runs that a rule judged, and how many records failed it; *failed and *runs add up. */
static void add_runs_of_rule(struct impact *m, const char *rule) {
  struct ctx *cx = m->cx;
  int64_t runs = 0, rest = 0;
  struct stmt *s = db_ask(cx, m->db, SQL_impact_rule_runs, m->dataset->name, rule);
  while (stmt_row(cx, s)) {
    if (runs++ >= RUNS_SHOWN) {
      rest++;
      continue;
    }
    add(m, "run", col_dup(cx, s, 0), col_int(s, 2),
        ctx_printf(cx, STR_FMT ": judged by version %lld of %s, %lld records failed it%s",
                   STR_ARG(col_str(s, 1)), (long long)col_int(s, 3), rule, (long long)col_int(s, 2),
                   col_int(s, 4) ? "; the run was undone" : ""));
  }
  if (rest) add(m, "run", "older", rest, rows_text(cx, rest, "older runs were judged by it, too"));
}

static void add_exceptions_of_rule(struct impact *m, const char *rule) {
  struct ctx *cx = m->cx;
  struct stmt *s =
      db_ask(cx, m->db, SQL_impact_rule_exceptions, m->dataset->name, rule, figure_needle(cx, rule));
  if (!s) return;
  while (stmt_row(cx, s))
    add(m, "exceptions", rule, col_int(s, 0),
        ctx_printf(cx, "%lld exceptions have a fault of %s, %lld of them are open", (long long)col_int(s, 0),
                   rule, (long long)col_int(s, 1)));
}

/* ---- a rule ---- */

static int of_rule(struct impact *m, const char *rule) {
  struct ctx *cx = m->cx;
  struct stmt *s = db_stmt(cx, m->db, SQL_impact_rule);
  bool found = false;
  if (s) stmt_text(s, 1, m->dataset->name), stmt_text(s, 2, rule);
  while (stmt_row(cx, s)) {
    const char *field = col_dup(cx, s, 3);
    found = true;
    m->text = ctx_printf(
        cx,
        "rule %s, version %lld, kind " STR_FMT "%s%s: runs keep the version that judged them; a "
        "change judges what comes next, and older runs when they are judged again",
        rule, (long long)col_int(s, 1), STR_ARG(col_str(s, 2)), field ? ", of " : "", field ? field : "");
    if (str_eq(col_str(s, 2), STR("reference"))) {
      struct jv *params;
      if (jv_parse(cx, str_of(col_dup(cx, s, 4)), &params)) return cx->code;
      const char *list = ctx_strdup(cx, jv_text(jv_get(params, "list")));
      add(m, "list", list, -1, ctx_printf(cx, "it asks the reference list %s", list));
    }
  }
  add_runs_of_rule(m, rule);
  if (!found && m->count == 0)
    return cx->code ? (int)cx->code
                    : fail(cx, E_NOT_FOUND, "rule", "%s has no rule %.80s", m->dataset->name, rule);
  if (!found) m->text = ctx_printf(cx, "rule %s is not among the rules any more", rule);
  add_exceptions_of_rule(m, rule);
  add_figures(m, "", true);
  add(m, "figure", ctx_printf(cx, "%s/rejected?control=%s", m->dataset->name, params_quote(cx, rule)), -1,
      "counts the records that fail it");
  add_tabs(m, NULL);
  return cx->code;
}

/* ---- a field ---- */

/* The field's name as a word of its own in the parameters of a rule. */
static bool names_field(const char *params, const char *field) {
  size_t n = strlen(field);
  for (const char *p = strstr(params, field); p; p = strstr(p + 1, field)) {
    char before = p == params ? ' ' : p[-1], after = p[n];
    static const char word[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
    if (!strchr(word, before) && (!after || !strchr(word, after))) return true;
  }
  return false;
}

static void add_rules_of_field(struct impact *m, const char *field) {
  struct ctx *cx = m->cx;
  struct stmt *s = db_ask(cx, m->db, SQL_impact_rules_of_field, m->dataset->name, field);
  while (stmt_row(cx, s)) {
    bool own = str_eq(col_str(s, 2), str_of(field));
    if (!own && !names_field(col_dup(cx, s, 3), field)) continue;
    add(m, "rule", col_dup(cx, s, 0), -1,
        ctx_printf(cx, "a rule of kind " STR_FMT " that looks at it%s", STR_ARG(col_str(s, 1)),
                   own ? "" : " by its parameters"));
  }
}

static void add_headings(struct impact *m, const char *field) {
  struct ctx *cx = m->cx;
  struct stmt *s = db_ask(cx, m->db, SQL_impact_headings, m->dataset->name, field);
  while (stmt_row(cx, s))
    add(m, "run", col_dup(cx, s, 0), col_int(s, 1),
        ctx_printf(cx, "%lld %s it from the heading " STR_FMT, (long long)col_int(s, 1),
                   col_int(s, 1) == 1 ? "run reads" : "runs read", STR_ARG(col_str(s, 0))));
}

static void add_reports(struct impact *m, const char *field) {
  struct ctx *cx = m->cx;
  struct stmt *s = db_ask(cx, m->db, SQL_impact_views, field);
  while (stmt_row(cx, s))
    add(m, "view", col_dup(cx, s, 0), -1, ctx_printf(cx, "a view with a column %s", field));
  const char *names = export_names(cx);
  for (const char *p = names; *p;) {
    size_t n = strcspn(p, ",");
    const char *name = ctx_strdup(cx, str_trim((struct str){ p, n }));
    if (export_has(name, field))
      add(m, "report", name, -1, ctx_printf(cx, "`outpost export %s` has a column %s", name, field));
    p += n + (p[n] == ',');
  }
}

static int of_column(struct impact *m, const char *name) {
  struct ctx *cx = m->cx;
  const struct dataset *d = m->dataset;
  int i = dataset_field(d, str_of(name));
  const char *names = "";
  for (int k = 0; k < d->field_count; k++)
    names = ctx_printf(cx, "%s%s%s", names, k ? ", " : "", d->fields[k].name);
  if (i < 0)
    return fail(cx, E_NOT_FOUND, "column", "%s has no field %.80s; there are %s", d->name, name, names);
  const struct field *f = &d->fields[i];
  m->text = ctx_printf(cx, "field %s of %s: %s", name, d->name,
                       f->total   ? "figures are sums of it"
                       : f->group ? "figures are grouped by it"
                                  : "rows are told by it");
  add_rules_of_field(m, name);
  add_headings(m, name);
  add_reports(m, name);
  if (f->total) add(m, "figure", ctx_printf(cx, "%s/%s", d->name, name), -1, "is the sum of it");
  if (f->total && i == dataset_field(d, str_of(sums_name(d, sums_count(d) - 1))))
    add(m, "figure", ctx_printf(cx, "%s/average", d->name), -1, "is its sum for each order");
  if (f->group) add_figures(m, ctx_printf(cx, "%s=...", name), false);
  add_tabs(m, name);
  return cx->code;
}

/* ---- a reference list ---- */

static int of_list(struct impact *m, const char *list) {
  struct ctx *cx = m->cx;
  int64_t ever = 0, now = 0;
  struct stmt *s = db_ask(cx, m->db, SQL_impact_list, list);
  while (stmt_row(cx, s)) ever = col_int(s, 0), now = col_int(s, 1);
  s = db_ask(cx, m->db, SQL_impact_rules_of_list, m->dataset->name, list);
  int first = m->count;
  while (stmt_row(cx, s))
    add(m, "rule", col_dup(cx, s, 0), -1,
        ctx_printf(cx, "asks whether " STR_FMT " is in the list", STR_ARG(col_str(s, 2))));
  if (!cx->code && ever == 0 && m->count == first)
    return fail(cx, E_NOT_FOUND, "list", "there is no reference list %.80s", list);
  m->text = ctx_printf(cx, "reference list %s, %lld values: runs keep the list that judged them", list,
                       (long long)now);
  for (int i = first, end = m->count; i < end; i++) {
    add_exceptions_of_rule(m, m->item[i].name);
    add_runs_of_rule(m, m->item[i].name);
  }
  if (m->count > first) add_figures(m, "", true);
  if (m->count > first) add_tabs(m, NULL);
  return cx->code;
}

/* ---- a file ---- */

static int64_t count(struct impact *m, const struct kept_run *run, const char *sql) {
  int64_t n = 0;
  struct stmt *s = stmt_bind(db_compose(m->cx, m->db, sql), run->id);
  while (stmt_row(m->cx, s)) n = col_int(s, 0);
  return n;
}

static void add_rows(struct impact *m, const struct kept_run *run, bool undone) {
  struct ctx *cx = m->cx;
  const struct dataset *d = m->dataset;
  int64_t replaced = count(m, run, ctx_printf(cx, "SELECT count(*) FROM %s WHERE run = ?1", d->past_table));
  int64_t updated = count(m, run, "SELECT rows_updated FROM run WHERE id = ?1");
  int64_t notes = count(
      m, run,
      ctx_printf(
          cx,
          "SELECT count(*) FROM note n JOIN %s s ON s.key = n.key WHERE n.deleted_at IS NULL AND s.run = ?1",
          d->table));
  int64_t current = undone ? 0 : run->clean - replaced;
  add(m, "rows", "current", current, rows_text(cx, current, "rows of it count now"));
  if (replaced)
    add(m, "rows", "replaced", replaced, rows_text(cx, replaced, "of its rows were replaced by later runs"));
  if (updated)
    add(m, "rows", "updated", updated, rows_text(cx, updated, "rows of earlier runs were replaced by it"));
  if (notes) add(m, "notes", d->name, notes, rows_text(cx, notes, "notes of people speak of its rows"));
}

static void add_runs(struct impact *m, enum sql_id id, const struct kept_run *run, const char *needle,
                     const char *what) {
  struct ctx *cx = m->cx;
  struct stmt *s = db_ask(cx, m->db, id, run->id);
  if (!s) return;
  if (needle) stmt_text(s, 2, needle);
  while (stmt_row(cx, s))
    add(m, "run", col_dup(cx, s, 0), col_int(s, 2),
        ctx_printf(cx, STR_FMT ": %lld %s", STR_ARG(col_str(s, 1)), (long long)col_int(s, 2), what));
}

static int of_file(struct impact *m, const char *name) {
  struct ctx *cx = m->cx;
  struct kept_run run;
  bool undone = false;
  if (kept_find(cx, m->db, name, &run)) return cx->code;
  if (!run.dataset || strcmp(run.state, "done") != 0)
    return fail(cx, E_CONFLICT, "file", "run %s is %s: nothing depends on it", run.uuid, run.state);
  m->dataset = run.dataset;
  struct stmt *s = db_ask(cx, m->db, SQL_scope_undone, run.id);
  while (stmt_row(cx, s)) undone = true;
  m->subject = ctx_printf(cx, "file %s", run.uuid);
  m->text =
      ctx_printf(cx, "%s, run %s: %lld records, %lld clean%s", run.source, run.uuid, (long long)run.read,
                 (long long)run.clean, undone ? "; it was undone and counts no more" : "");
  add_rows(m, &run, undone);
  if (run.rejected)
    add(m, "exceptions", run.uuid, run.rejected, rows_text(cx, run.rejected, "of its records were rejected"));
  add_runs(m, SQL_impact_corrections, &run, NULL, "rows correct exceptions of it");
  add_runs(m, SQL_impact_duplicates, &run, ctx_printf(cx, "of run %lld\"", (long long)run.id),
           "records were rejected because it has their keys");
  add_figures(m, ctx_printf(cx, "run=%s", run.uuid), true);
  if (!undone) add_figures(m, "", true);
  if (!undone) add_tabs(m, NULL);
  return cx->code;
}

/* ---- all ---- */

/* "runs": items of that kind, or what they count. */
static void write_counts(struct jw *w, const struct impact *m) {
  static const struct {
    const char *kind, *name;
    bool adds; /* the counts are added, else the items are counted */
  } counts[] = { { "rule", "rules", false },           { "run", "runs", false },
                 { "view", "views", false },           { "report", "reports", false },
                 { "figure", "figures", false },       { "tab", "tabs", false },
                 { "exceptions", "exceptions", true }, { "notes", "notes", true } };
  jw_object(w, "counts");
  for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
    int64_t n = 0;
    for (int i = 0; i < m->count; i++)
      if (strcmp(m->item[i].kind, counts[k].kind) == 0) n += counts[k].adds ? m->item[i].count : 1;
    jw_int(w, counts[k].name, n);
  }
  for (int i = 0; i < m->count; i++)
    if (strcmp(m->item[i].kind, "rows") == 0)
      jw_int(w, ctx_printf(m->cx, "rows_%s", m->item[i].name), m->item[i].count);
  jw_close(w, '}');
}

static void write_all(struct jw *w, const char *key, const struct impact *m) {
  jw_object(w, key);
  jw_put(w, "subject", m->subject, "text", m->text);
  write_counts(w, m);
  jw_array(w, "items");
  for (int i = 0; i < m->count; i++) {
    jw_object(w, NULL);
    jw_put(w, "kind", m->item[i].kind, "name", m->item[i].name);
    if (m->item[i].count >= 0)
      jw_int(w, "count", m->item[i].count);
    else
      jw_text(w, "count", NULL);
    jw_text(w, "text", m->item[i].text);
    jw_close(w, '}');
  }
  jw_close(w, ']');
  jw_close(w, '}');
}

int impact_show(struct ctx *cx, struct db *db, struct jw *w, const char *key, const struct params *p) {
  static const struct {
    const char *name;
    int (*of)(struct impact *m, const char *value);
  } subjects[] = { { "rule", of_rule }, { "column", of_column }, { "list", of_list }, { "file", of_file } };
  static const char *const names[] = { "rule", "column", "list", "file", "as", "tenant", NULL };
  struct impact *m = ctx_alloc(cx, sizeof *m);
  int subject = -1, given = 0;
  for (int i = 0; i < 4; i++)
    if (params_get(p, subjects[i].name)) subject = i, given++;
  if (params_check(cx, p, names, NULL) || scope_dataset(cx, params_get(p, "as"), &m->dataset))
    return cx->code;
  if (given != 1)
    return fail(cx, E_INVALID, "rule",
                "one of rule=NAME, column=FIELD, list=NAME and file=RUN says what changes");
  const char *value = params_get(p, subjects[subject].name);
  m->cx = cx;
  m->db = db;
  m->subject = ctx_printf(cx, "%s %s", subjects[subject].name, value);
  if (subjects[subject].of(m, value)) return cx->code;
  write_all(w, key, m);
  return cx->code;
}
