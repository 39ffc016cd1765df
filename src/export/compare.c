#include "export/compare.h"

#include "base/time.h"
#include "export/rows.h"
#include "export/tally.h"

struct control {
  const char *name;
  int64_t version, failed;
};

struct side {
  struct scope scope;
  struct tally tally;
  int64_t read, clean, rejected;
  const char *rules; /* JSON, as runs keep it */
  struct control control[LIMIT_RULES + 2 * LIMIT_FIELDS];
  int control_count;
};

/* The same question with the run of one side. */
static int read_scope(struct ctx *cx, struct db *db, const struct params *p, const char *which,
                      struct side *s) {
  struct params own = { 0 };
  const char *run = params_get(p, which);
  if (!run) return fail(cx, E_INVALID, which, "%s says what to compare: a run, latest, or current", which);
  for (int i = 0; i < p->count; i++) {
    if (strcmp(p->name[i], "a") == 0 || strcmp(p->name[i], "b") == 0) continue;
    if (strcmp(p->name[i], "run") == 0) return fail(cx, E_INVALID, "run", "a and b say which runs, not run");
    own.name[own.count] = p->name[i];
    own.value[own.count++] = p->value[i];
  }
  own.name[own.count] = "run"; /* in the place of a */
  own.value[own.count++] = run;
  return scope_read(cx, db, NULL, &own, NULL, &s->scope);
}

static struct stmt *ask(struct ctx *cx, struct db *db, enum sql_id id, const struct scope *s) {
  struct stmt *q = db_ask(cx, db, id, s->dataset->name);
  if (!q) return NULL;
  if (!s->current) stmt_int(q, 2, s->run.id);
  return q;
}

static int read_rules(struct ctx *cx, struct db *db, struct side *s) {
  struct rules *rules;
  s->rules = s->scope.run.rules;
  if (s->scope.current) {
    if (rules_load(cx, db, s->scope.dataset, &rules)) return cx->code;
    s->rules = rules->json;
  }
  return OK;
}

static int read_side(struct ctx *cx, struct db *db, const struct params *p, const char *which,
                     struct side *s) {
  if (read_scope(cx, db, p, which, s) || tally_read(cx, db, &s->scope, &s->tally)) return cx->code;
  struct stmt *q = ask(cx, db, SQL_quality_runs, &s->scope);
  while (stmt_row(cx, q)) s->read = col_int(q, 0), s->clean = col_int(q, 1), s->rejected = col_int(q, 2);
  q = ask(cx, db, SQL_quality_controls, &s->scope);
  while (stmt_row(cx, q)) {
    if (s->control_count == (int)(sizeof s->control / sizeof *s->control)) continue;
    s->control[s->control_count++] =
        (struct control){ .name = col_dup(cx, q, 0), .version = col_int(q, 1), .failed = col_int(q, 6) };
  }
  return cx->code ? (int)cx->code : read_rules(cx, db, s);
}

/* ---- out ---- */

static double share(const struct side *s) { return s->read ? (double)s->clean / (double)s->read : 0; }

static void write_summary(struct jw *w, const char *key, const struct side *s) {
  jw_object(w, key);
  scope_write(w, &s->scope);
  if (!s->scope.current) jw_time(w, "started", s->scope.run.started_at);
  jw_record(w, "rows", "read", s->read, "clean", s->clean, "rejected", s->rejected);
  jw_real(w, "quality", share(s), 4);
  jw_close(w, '}');
}

static void write_sums(struct jw *w, const char *key, const struct dataset *d, const struct sums *s) {
  jw_object(w, key);
  sums_write(w, d, s);
  jw_close(w, '}');
}

static int subtract(struct ctx *cx, const struct dataset *d, const struct sums *a, const struct sums *b,
                    struct sums *out) {
  for (int i = 0; i < sums_count(d); i++)
    if (__builtin_sub_overflow(b->v[i], a->v[i], &out->v[i]))
      return fail(cx, E_LIMIT, NULL, "the difference is too large to be told exactly");
  return OK;
}

static int write_totals(struct ctx *cx, struct jw *w, const struct side *a, const struct side *b) {
  const struct dataset *d = a->scope.dataset;
  struct sums difference;
  if (subtract(cx, d, &a->tally.all, &b->tally.all, &difference)) return cx->code;
  jw_array(w, "totals");
  for (int i = 0; i < sums_count(d); i++) {
    jw_object(w, NULL);
    jw_text(w, "measure", sums_name(d, i));
    sums_write_one(w, "a", d, i, a->tally.all.v[i]);
    sums_write_one(w, "b", d, i, b->tally.all.v[i]);
    sums_write_one(w, "difference", d, i, difference.v[i]);
    jw_close(w, '}');
  }
  jw_close(w, ']');
  return OK;
}

/* Both lists are in one order: by day, or by name. */
static int order(bool date, const struct tally_group *a, const struct tally_group *b) {
  if (!a || !b) return a ? -1 : 1;
  if (!date) return strcmp(a->name, b->name);
  return a->value < b->value ? -1 : a->value > b->value;
}

static int write_by(struct ctx *cx, struct jw *w, const struct dataset *d, const struct tally_by *a,
                    const struct tally_by *b) {
  static const struct sums none = { 0 };
  const struct field *f = &d->fields[a->field];
  bool date = f->kind == FIELD_DATE;
  jw_array(w, date ? "by_day" : ctx_printf(cx, "by_%s", f->name));
  for (size_t i = 0, k = 0; i < a->count || k < b->count;) {
    const struct tally_group *x = i < a->count ? &a->group[i] : NULL, *y = k < b->count ? &b->group[k] : NULL;
    int which = order(date, x, y);
    const struct tally_group *named = which <= 0 ? x : y;
    const struct sums *of_a = which <= 0 ? &x->sums : &none, *of_b = which >= 0 ? &y->sums : &none;
    struct sums difference;
    char day[DATE_SIZE];
    if (subtract(cx, d, of_a, of_b, &difference)) return cx->code;
    jw_object(w, NULL);
    jw_text(w, date ? "day" : "name", date ? date_iso(day, (int32_t)named->value) : named->name);
    write_sums(w, "a", d, of_a);
    write_sums(w, "b", d, of_b);
    write_sums(w, "difference", d, &difference);
    jw_close(w, '}');
    i += which <= 0;
    k += which >= 0;
  }
  jw_close(w, ']');
  return OK;
}

static const struct control *find_control(const struct side *s, const char *name) {
  for (int i = 0; i < s->control_count; i++)
    if (strcmp(s->control[i].name, name) == 0) return &s->control[i];
  return NULL;
}

static void write_number(struct jw *w, const char *key, const struct control *c, bool version) {
  if (c)
    jw_int(w, key, version ? c->version : c->failed);
  else
    jw_text(w, key, NULL);
}

static void write_control(struct jw *w, const struct control *a, const struct control *b) {
  jw_object(w, NULL);
  jw_text(w, "control", a ? a->name : b->name);
  write_number(w, "a_failed", a, false);
  write_number(w, "b_failed", b, false);
  write_number(w, "a_version", a, true);
  write_number(w, "b_version", b, true);
  jw_close(w, '}');
}

static void write_controls(struct jw *w, const struct side *a, const struct side *b) {
  jw_array(w, "controls");
  for (int i = 0; i < a->control_count; i++)
    write_control(w, &a->control[i], find_control(b, a->control[i].name));
  for (int i = 0; i < b->control_count; i++)
    if (!find_control(a, b->control[i].name)) write_control(w, NULL, &b->control[i]);
  jw_close(w, ']');
}

static int write_rules(struct ctx *cx, struct db *db, struct jw *w, const struct side *a,
                       const struct side *b) {
  struct stmt *s = db_ask(cx, db, SQL_compare_rules, a->rules, b->rules);
  jw_array(w, "rules_changed");
  while (stmt_row(cx, s)) jw_str(w, NULL, col_str(s, 0));
  jw_close(w, ']');
  return cx->code;
}

int compare_show(struct ctx *cx, struct db *db, struct jw *w, const char *key, const struct params *p) {
  struct side *a = ctx_alloc(cx, sizeof *a), *b = ctx_alloc(cx, sizeof *b);
  if (read_side(cx, db, p, "a", a) || read_side(cx, db, p, "b", b)) return cx->code;
  jw_object(w, key);
  jw_text(w, "dataset", a->scope.dataset->name);
  write_summary(w, "a", a);
  write_summary(w, "b", b);
  write_totals(cx, w, a, b);
  for (int i = 0; i < a->tally.by_count && !cx->code; i++)
    write_by(cx, w, a->scope.dataset, &a->tally.by[i], &b->tally.by[i]);
  jw_record(w, "quality", "a", arg_real(share(a), 4), "b", arg_real(share(b), 4), "difference",
            arg_real(share(b) - share(a), 4));
  write_controls(w, a, b);
  write_rules(cx, db, w, a, b);
  jw_close(w, '}');
  return cx->code;
}
