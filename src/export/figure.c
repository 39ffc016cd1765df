#include "export/figure.h"

#include "base/decimal.h"
#include "export/figures.h"
#include "export/tally.h"

/* ---- an address ---- */

static const struct {
  const char *name;
  enum figure_kind kind;
} of_quality[] = { { "read", FIGURE_READ },         { "clean", FIGURE_CLEAN },
                   { "rejected", FIGURE_REJECTED }, { "corrected", FIGURE_CORRECTED },
                   { "quality", FIGURE_QUALITY },   { "average", FIGURE_AVERAGE } };
enum { NAMED = sizeof of_quality / sizeof *of_quality };

static int read_measure(struct ctx *cx, const char *measure, struct figure *f) {
  const struct dataset *d = f->scope.dataset;
  const char *names = "";
  f->measure = ctx_strdup(cx, str_of(measure));
  f->kind = FIGURE_SUM;
  f->sum = sums_index(d, measure);
  if (f->sum >= 0) return OK;
  for (int i = 0; i < NAMED; i++) {
    if (strcmp(measure, of_quality[i].name) != 0) continue;
    f->kind = of_quality[i].kind;
    f->sum = sums_count(d) - 1;
    return OK;
  }
  for (int i = 0; i < sums_count(d); i++) names = ctx_printf(cx, "%s%s, ", names, sums_name(d, i));
  for (int i = NAMED - 1; i >= 0; i--)
    names = ctx_printf(cx, "%s%s%s", names, of_quality[i].name, i ? ", " : "");
  return fail(cx, E_NOT_FOUND, "figure", "%s has no figure %.80s; there are %s", d->name, measure, names);
}

static int check_known(struct ctx *cx, struct db *db, const struct figure *f) {
  bool known = !f->category;
  const char *all = "none yet";
  struct stmt *s = f->category ? db_stmt(cx, db, SQL_figure_knows_category) : NULL;
  while (s && stmt_row(cx, s)) {
    all = col_null(s, 0) ? all : col_dup(cx, s, 0);
    const char *at = strstr(all, f->category);
    size_t n = strlen(f->category);
    known = at && (at == all || at[-1] == ',') && (at[n] == 0 || at[n] == ',');
  }
  if (cx->code) return cx->code;
  if (!known)
    return fail(cx, E_NOT_FOUND, "category", "nothing was rejected as %.80s; there are: %s", f->category,
                all);
  known = !f->control;
  s = f->control ? db_ask(cx, db, SQL_figure_knows_control, f->control) : NULL;
  while (s && stmt_row(cx, s)) known = true;
  if (cx->code || known) return cx->code;
  return fail(cx, E_NOT_FOUND, "control",
              "there is no control %.80s, and no run was judged by one; /api/quality lists those that did",
              f->control);
}

int figure_read(struct ctx *cx, struct db *db, const char *dataset, const char *measure,
                const struct params *p, const char *const *also, struct figure *out) {
  const char *names[16];
  int n = 0;
  *out = (struct figure){ 0 };
  if (scope_dataset(cx, dataset, &out->scope.dataset) || read_measure(cx, measure, out)) return cx->code;
  for (; also && *also; also++) names[n++] = *also;
  if (out->kind == FIGURE_REJECTED) names[n++] = "category", names[n++] = "control";
  names[n] = NULL;
  if (scope_read(cx, db, dataset, p, names, &out->scope)) return cx->code;
  const struct scope *s = &out->scope;
  if (out->kind != FIGURE_SUM && out->kind != FIGURE_AVERAGE && (s->filter_count || s->has_from || s->has_to))
    return fail(cx, E_INVALID, "figure", "%s is counted by whole runs: it takes run%s, no days and no groups",
                measure, out->kind == FIGURE_REJECTED ? ", category and control" : "");
  if (out->kind != FIGURE_REJECTED) return OK;
  out->category = params_get(p, "category");
  out->control = params_get(p, "control");
  if (out->category && out->control)
    return fail(cx, E_INVALID, "control", "category and control are two ways to count; give one of them");
  return check_known(cx, db, out);
}

/* ---- the first way ---- */

bool result_same(struct result x, struct result y) { return x.a == y.a && x.b == y.b; }

static int64_t one(struct ctx *cx, struct stmt *s) {
  int64_t v = 0;
  while (stmt_row(cx, s)) v = col_int(s, 0);
  return v;
}

static struct stmt *ask(struct ctx *cx, struct db *db, enum sql_id id, const struct figure *f,
                        const char *third) {
  struct stmt *s = db_ask(cx, db, id, f->scope.dataset->name);
  if (!s) return NULL;
  if (!f->scope.current) stmt_int(s, 2, f->scope.run.id);
  if (third) stmt_text(s, 3, third);
  return s;
}

static int first_sum(struct ctx *cx, struct db *db, const struct figure *f, struct result *out) {
  const struct scope *s = &f->scope;
  struct stmt *q =
      db_compose(cx, db,
                 ctx_printf(cx, "SELECT coalesce(sum(%s), 0), coalesce(sum(orders), 0) FROM %s%s",
                            sums_name(s->dataset, f->sum), scope_totals(s), scope_where(cx, s)));
  if (q) scope_bind(s, q);
  while (stmt_row(cx, q)) *out = (struct result){ col_int(q, 0), col_int(q, 1) };
  return cx->code;
}

static int first_rows(struct ctx *cx, struct db *db, const struct figure *f, struct result *out) {
  int64_t read = 0, clean = 0, rejected = 0;
  struct stmt *q = ask(cx, db, SQL_quality_runs, f, NULL);
  while (stmt_row(cx, q)) read = col_int(q, 0), clean = col_int(q, 1), rejected = col_int(q, 2);
  switch (f->kind) {
  case FIGURE_READ: out->a = read; break;
  case FIGURE_REJECTED: out->a = rejected; break;
  case FIGURE_QUALITY: out->b = read; /* fall through */
  default: out->a = clean;
  }
  return cx->code;
}

int figure_first(struct ctx *cx, struct db *db, const struct figure *f, struct result *out) {
  *out = (struct result){ 0 };
  switch (f->kind) {
  case FIGURE_SUM:
  case FIGURE_AVERAGE: first_sum(cx, db, f, out); break;
  case FIGURE_CORRECTED: out->a = one(cx, ask(cx, db, SQL_quality_corrected, f, NULL)); break;
  default:
    if (f->category)
      out->a = one(cx, ask(cx, db, SQL_figure_category, f, f->category));
    else if (f->control)
      out->a = one(cx, ask(cx, db, SQL_figure_control, f, f->control));
    else
      first_rows(cx, db, f, out);
  }
  if (f->kind == FIGURE_SUM) out->b = 0;
  return cx->code;
}

/* ---- the second way ---- */

/* Rows of one table in the scope: their number and the sum of a column of theirs. */
static int add_table(struct ctx *cx, struct db *db, const struct figure *f, const char *table, bool between,
                     struct result *sum) {
  const struct scope *s = &f->scope;
  const struct field *field = sums_field(s->dataset, f->sum);
  const char *where = scope_where(cx, s);
  if (between) where = ctx_printf(cx, "%s AND key BETWEEN ?20 AND ?21", where);
  struct stmt *q = db_compose(cx, db,
                              ctx_printf(cx, "SELECT coalesce(sum(%s), 0), count(*) FROM %s%s",
                                         field ? field->name : "1", table, where));
  if (q) scope_bind(s, q);
  if (q && between) stmt_str(q, 20, s->run.key_min), stmt_str(q, 21, s->run.key_max);
  while (stmt_row(cx, q)) {
    if (__builtin_add_overflow(sum->a, col_int(q, 0), &sum->a))
      return fail(cx, E_LIMIT, NULL, "the sums are too large to be told exactly");
    sum->b += col_int(q, 1);
  }
  return cx->code;
}

static int second_sum(struct ctx *cx, struct db *db, const struct figure *f, struct result *out) {
  const struct dataset *d = f->scope.dataset;
  if (add_table(cx, db, f, d->table, !f->scope.current, out) || f->scope.current) return cx->code;
  return add_table(cx, db, f, d->past_table, false, out);
}

const char *figure_needle(struct ctx *cx, const char *control) {
  for (const char *p = control; p && *p; p++)
    if (*p < ' ' || *p > '~' || *p == '"' || *p == '\\') return NULL;
  return control ? ctx_printf(cx, "\"control\":\"%s\"", control) : NULL;
}

static int64_t count_rejects(struct ctx *cx, struct db *db, const struct figure *f, int64_t run) {
  struct stmt *s = db_ask(cx, db, SQL_figure_rejects, run, f->category, f->control,
                          figure_needle(cx, f->control), f->kind == FIGURE_CORRECTED ? "corrected" : NULL);
  if (!s) return 0;
  return one(cx, s);
}

/* All rows that the run brought lie between its smallest and its largest key, or were replaced. */
static int64_t count_clean(struct ctx *cx, struct db *db, const struct figure *f, int64_t run) {
  const struct dataset *d = f->scope.dataset;
  struct stmt *s = db_compose(
      cx, db,
      ctx_printf(cx,
                 "SELECT (SELECT count(*) FROM %s WHERE run = ?1 AND key BETWEEN r.key_min AND r.key_max)"
                 " + (SELECT count(*) FROM %s WHERE run = ?1) FROM run r WHERE r.id = ?1",
                 d->table, d->past_table));
  if (s) stmt_int(s, 1, run);
  return one(cx, s);
}

static int add_run(struct ctx *cx, struct db *db, const struct figure *f, int64_t run, struct result *out) {
  int64_t read = 0;
  bool reads = f->kind == FIGURE_READ || f->kind == FIGURE_QUALITY;
  if (reads && kept_count(cx, db, run, &read)) return cx->code;
  switch (f->kind) {
  case FIGURE_READ: out->a += read; break;
  case FIGURE_QUALITY: out->b += read; /* fall through */
  case FIGURE_CLEAN: out->a += count_clean(cx, db, f, run); break;
  default: out->a += count_rejects(cx, db, f, run);
  }
  return cx->code;
}

static bool needs_rows(const struct figure *f) {
  return f->kind == FIGURE_SUM || f->kind == FIGURE_AVERAGE || f->kind == FIGURE_CLEAN ||
         f->kind == FIGURE_QUALITY;
}

int figure_second(struct ctx *cx, struct db *db, const struct figure *f, struct result *out) {
  *out = (struct result){ 0 };
  if (f->scope.undone && needs_rows(f))
    return fail(
        cx, E_CONFLICT, "run",
        "the run was undone: its rows are in no table any more, so there is nothing to add up a second "
        "time. `outpost verify` derives them from the original bytes");
  if (f->kind == FIGURE_SUM || f->kind == FIGURE_AVERAGE) {
    second_sum(cx, db, f, out);
    if (f->kind == FIGURE_SUM) out->b = 0;
    return cx->code;
  }
  struct stmt *s = ask(cx, db, SQL_figure_runs, f, NULL);
  while (stmt_row(cx, s)) add_run(cx, db, f, col_int(s, 0), out);
  return cx->code;
}

/* ---- as text ---- */

static void print(struct buf *b, const struct figure *f, struct result r) {
  const struct field *field = sums_field(f->scope.dataset, f->sum);
  int64_t v;
  if (f->kind == FIGURE_SUM && field) {
    dec_print(b, r.a, field->scale, 2);
  } else if (f->kind == FIGURE_AVERAGE) {
    int scale = field ? field->scale : 0;
    int64_t above = r.a, below = r.b; /* at two decimals, rounded once */
    for (int i = scale; i > 2; i--) below *= 10;
    for (int i = scale; i < 2; i++) above *= 10;
    dec_print(b, r.b ? dec_div(above, below) : 0, 2, 2);
  } else if (f->kind == FIGURE_QUALITY) {
    v = r.b ? dec_div(r.a * 10000, r.b) : 0;
    dec_print(b, v, 4, 4);
  } else {
    buf_int(b, r.a);
  }
}

const char *figure_text(struct ctx *cx, const struct figure *f, struct result r) {
  struct buf b;
  buf_init(&b, 256);
  print(&b, f, r);
  return ctx_take(cx, &b);
}

void figure_value(struct ctx *cx, struct jw *w, const char *key, const struct figure *f, struct result r) {
  const char *text = figure_text(cx, f, r);
  bool money = f->kind == FIGURE_AVERAGE || (f->kind == FIGURE_SUM && sums_field(f->scope.dataset, f->sum));
  if (money)
    jw_text(w, key, text);
  else
    jw_raw(w, key, str_of(text));
}

const char *figure_address(struct ctx *cx, const struct figure *f) {
  const char *q = scope_query(cx, &f->scope);
  if (f->category) q = ctx_printf(cx, "category=%s%s%s", params_quote(cx, f->category), *q ? "&" : "", q);
  if (f->control) q = ctx_printf(cx, "control=%s%s%s", params_quote(cx, f->control), *q ? "&" : "", q);
  return ctx_printf(cx, "%s/%s%s%s", f->scope.dataset->name, f->measure, *q ? "?" : "", q);
}

static const char *what(struct ctx *cx, const struct figure *f) {
  const char *total = sums_name(f->scope.dataset, f->sum);
  switch (f->kind) {
  case FIGURE_AVERAGE: return ctx_printf(cx, "Average %s", total);
  case FIGURE_READ: return "Records read";
  case FIGURE_CLEAN: return "Clean rows";
  case FIGURE_REJECTED: return "Rejected rows";
  case FIGURE_CORRECTED: return "Corrected rows";
  case FIGURE_QUALITY: return "Quality";
  default: return figures_title(cx, f->measure);
  }
}

const char *figure_title(struct ctx *cx, const struct figure *f) {
  const char *of = scope_text(cx, &f->scope), *title = what(cx, f);
  if (f->category) title = ctx_printf(cx, "%s as %s", title, f->category);
  if (f->control) title = ctx_printf(cx, "%s by %s", title, f->control);
  return *of ? ctx_printf(cx, "%s %s", title, of) : title;
}

const char *figure_formula(struct ctx *cx, const struct figure *f, struct result r) {
  const struct dataset *d = f->scope.dataset;
  const char *total = sums_name(d, f->sum), *of = scope_text(cx, &f->scope);
  const char *rows =
      f->scope.current ? "clean rows that count now, each key once" : "clean rows as they were imported";
  if (*of) rows = ctx_printf(cx, "%s, %s", rows, of);
  const char *runs = f->scope.current ? "all runs that brought files and are not undone" : of;
  switch (f->kind) {
  case FIGURE_SUM:
    return f->sum ? ctx_printf(cx, "the sum of %s over the %s", total, rows)
                  : ctx_printf(cx, "the number of %s", rows);
  case FIGURE_AVERAGE: {
    struct figure above = *f;
    above.kind = FIGURE_SUM;
    return ctx_printf(cx, "%s / orders over the %s: %s / %lld, rounded half to even at 2 decimals", total,
                      rows, figure_text(cx, &above, r), (long long)r.b);
  }
  case FIGURE_READ:
    return ctx_printf(cx, "the records of the files, without headings, footers and blank lines: %s", runs);
  case FIGURE_CLEAN: return ctx_printf(cx, "the records that passed every control: %s", runs);
  case FIGURE_CORRECTED: return ctx_printf(cx, "the rejected records that a later run corrected: %s", runs);
  case FIGURE_QUALITY:
    return ctx_printf(cx, "clean / read: %lld / %lld, %s", (long long)r.a, (long long)r.b, runs);
  default:
    if (f->category)
      return ctx_printf(cx, "the records whose first fault is of category %s: %s", f->category, runs);
    if (f->control) return ctx_printf(cx, "the records that did not pass %s: %s", f->control, runs);
    return ctx_printf(cx, "the records that did not pass some control: %s", runs);
  }
}

/* ---- how ---- */

static const char *runs_shown(struct ctx *cx, const struct figure *f) {
  const char *of = f->scope.current ? "kind IN ('file', 'rejudge') AND id NOT IN (SELECT run FROM run_undone)"
                                    : ctx_printf(cx, "uuid = '%s'", f->scope.run.uuid);
  return ctx_printf(cx, "FROM run WHERE dataset = '%s' AND state = 'done' AND %s", f->scope.dataset->name,
                    of);
}

const char *figure_sql(struct ctx *cx, const struct figure *f) {
  const struct scope *s = &f->scope;
  const char *runs = runs_shown(cx, f), *where = scope_where_shown(cx, s),
             *name = sums_name(s->dataset, f->sum);
  const struct field *field = sums_field(s->dataset, f->sum);
  switch (f->kind) {
  case FIGURE_SUM:
    if (!field)
      return ctx_printf(cx, "SELECT coalesce(sum(orders), 0) AS orders FROM %s%s", scope_totals(s), where);
    return ctx_printf(cx, "SELECT coalesce(sum(%s), 0) AS %s_in_units_of_1_to_%lld FROM %s%s", name, name,
                      (long long)dec_pow10[field->scale], scope_totals(s), where);
  case FIGURE_AVERAGE:
    return ctx_printf(cx, "SELECT sum(%s) AS %s_in_units_of_1_to_%lld, sum(orders) AS orders FROM %s%s", name,
                      name, (long long)dec_pow10[field ? field->scale : 0], scope_totals(s), where);
  case FIGURE_READ: return ctx_printf(cx, "SELECT coalesce(sum(rows_read), 0) %s", runs);
  case FIGURE_CLEAN: return ctx_printf(cx, "SELECT coalesce(sum(rows_clean), 0) %s", runs);
  case FIGURE_QUALITY: return ctx_printf(cx, "SELECT sum(rows_clean), sum(rows_read) %s", runs);
  case FIGURE_CORRECTED:
    return ctx_printf(
        cx, "SELECT count(*) FROM reject WHERE solved_run IS NOT NULL AND id >> 32 IN (SELECT id %s)", runs);
  default:
    if (f->category)
      return ctx_printf(
          cx, "SELECT coalesce(sum(rows), 0) FROM run_category WHERE category = %s AND run IN (SELECT id %s)",
          scope_literal(cx, f->category), runs);
    if (f->control)
      return ctx_printf(
          cx, "SELECT coalesce(sum(failed), 0) FROM run_control WHERE control = %s AND run IN (SELECT id %s)",
          scope_literal(cx, f->control), runs);
    return ctx_printf(cx, "SELECT coalesce(sum(rows_rejected), 0) %s", runs);
  }
}

const char *figure_method(struct ctx *cx, const struct figure *f) {
  const struct dataset *d = f->scope.dataset;
  switch (f->kind) {
  case FIGURE_SUM:
  case FIGURE_AVERAGE:
    return ctx_printf(
        cx,
        "the figure comes from %s, which imports add up as they go; the second one is added up over the "
        "rows of %s themselves. If somebody changed both alike, they would agree: the tick of each row, "
        "which comes from its original bytes, would not",
        scope_totals(&f->scope),
        f->scope.current ? d->table : ctx_printf(cx, "%s and %s", d->table, d->past_table));
  case FIGURE_READ:
    return "the figure is what the runs counted; the second one counts the data records in the index of the "
           "kept bytes";
  case FIGURE_CLEAN:
    return ctx_printf(cx,
                      "the figure is what the runs counted; the second one counts their rows in %s and %s",
                      d->table, d->past_table);
  case FIGURE_QUALITY:
    return ctx_printf(
        cx,
        "the figure is what the runs counted; the second one counts their rows in %s and %s, and the "
        "data records in the index of the kept bytes",
        d->table, d->past_table);
  case FIGURE_CORRECTED:
    return "the figure counts the index of settled records; the second one the rejected records by their "
           "state";
  default:
    return "the figure is what the runs counted; the second one counts the rejected records, their faults "
           "one by one";
  }
}
