#include "export/figures.h"

#include "base/time.h"
#include "export/tally.h"
#include "store/column.h"

const char *figures_title(struct ctx *cx, const char *name) {
  char *title = ctx_strdup(cx, str_of(name));
  for (char *p = title; *p; p++)
    if (*p == '_') *p = ' ';
  if (*title >= 'a' && *title <= 'z') *title = (char)(*title - 'a' + 'A');
  return title;
}

/* ---- figures ---- */

static void write_measures(struct ctx *cx, struct jw *w, const struct dataset *d) {
  jw_array(w, "measures");
  for (int i = 0; i < sums_count(d); i++) {
    jw_object(w, NULL);
    jw_put(w, "name", sums_name(d, i), "title", figures_title(cx, sums_name(d, i)));
    jw_text(w, "kind", sums_field(d, i) ? "decimal" : "count");
    jw_close(w, '}');
  }
  jw_close(w, ']');
  jw_array(w, "groups");
  for (int i = 0; i < d->field_count; i++) {
    if (!d->fields[i].group) continue;
    jw_record(w, NULL, "name", d->fields[i].name, "title", figures_title(cx, d->fields[i].name), "kind",
              d->fields[i].kind == FIELD_DATE ? "date" : "code");
  }
  jw_close(w, ']');
}

/* The first and the last day, by the index that the days are in. */
static int write_days(struct ctx *cx, struct db *db, struct jw *w, const struct scope *s) {
  static const char *const key[] = { "first_day", "last_day" }, *const order[] = { "ASC", "DESC" };
  for (int i = 0; i < 2 && s->day >= 0; i++) {
    const char *day = s->dataset->fields[s->day].name;
    const char *text = NULL;
    char iso[DATE_SIZE];
    struct stmt *q =
        db_compose(cx, db,
                   ctx_printf(cx, "SELECT %s FROM %s%s ORDER BY %s %s LIMIT 1", day, scope_totals(s),
                              s->current ? "" : " WHERE run = ?1", day, order[i]));
    if (q && !s->current) stmt_int(q, 1, s->run.id);
    while (stmt_row(cx, q)) text = date_iso(iso, (int32_t)col_int(q, 0));
    jw_text(w, key[i], text);
  }
  return cx->code;
}

static void write_by(struct ctx *cx, struct jw *w, const struct tally *t, const struct tally_by *by) {
  const struct field *f = &t->dataset->fields[by->field];
  bool date = f->kind == FIELD_DATE;
  jw_array(w, date ? "by_day" : ctx_printf(cx, "by_%s", f->name));
  for (size_t i = 0; i < by->count; i++) {
    char day[DATE_SIZE];
    jw_object(w, NULL);
    if (date)
      jw_text(w, "day", date_iso(day, (int32_t)by->group[i].value));
    else
      jw_text(w, "name", by->group[i].name);
    sums_write(w, t->dataset, &by->group[i].sums);
    jw_close(w, '}');
  }
  jw_close(w, ']');
}

int figures_write(struct ctx *cx, struct db *db, struct jw *w, const struct scope *s) {
  struct tally t;
  if (tally_read(cx, db, s, &t)) return cx->code;
  jw_object(w, "totals");
  sums_write(w, s->dataset, &t.all);
  jw_close(w, '}');
  for (int i = 0; i < t.by_count; i++) write_by(cx, w, &t, &t.by[i]);
  return cx->code;
}

int figures_show(struct ctx *cx, struct db *db, struct jw *w, const char *key, const struct params *p) {
  struct scope s;
  if (scope_read(cx, db, NULL, p, NULL, &s)) return cx->code;
  jw_object(w, key);
  jw_text(w, "dataset", s.dataset->name);
  scope_write(w, &s);
  write_days(cx, db, w, &s);
  write_measures(cx, w, s.dataset);
  figures_write(cx, db, w, &s);
  jw_close(w, '}');
  return cx->code;
}

/* ---- quality ---- */

static struct stmt *ask(struct ctx *cx, struct db *db, enum sql_id id, const struct scope *s) {
  struct stmt *q = db_ask(cx, db, id, s->dataset->name);
  if (!q) return NULL;
  if (!s->current) stmt_int(q, 2, s->run.id);
  return q;
}

static int64_t one(struct ctx *cx, struct stmt *q) {
  int64_t v = 0;
  while (stmt_row(cx, q)) v = col_int(q, 0);
  return v;
}

static void write_share(struct jw *w, int64_t clean, int64_t read) {
  jw_real(w, "quality", read ? (double)clean / (double)read : 0, 4);
}

static void write_rows(struct jw *w, int64_t read, int64_t clean, int64_t rejected) {
  jw_put(w, "read", read, "clean", clean, "rejected", rejected);
}

static int write_settled(struct ctx *cx, struct db *db, struct jw *w, const struct scope *s,
                         int64_t rejected) {
  int64_t corrected = one(cx, ask(cx, db, SQL_quality_corrected, s));
  int64_t accepted = one(cx, ask(cx, db, SQL_quality_accepted, s));
  jw_record(w, "settled", "open", rejected - corrected - accepted, "corrected", corrected, "accepted",
            accepted);
  return cx->code;
}

struct stage {
  const char *name;
  int64_t failed;
};

static int add_stage(struct ctx *cx, struct stage *stages, int count, int most, struct str name,
                     int64_t failed) {
  int i = 0;
  while (i < count && !str_eq(name, str_of(stages[i].name))) i++;
  if (i == count && count < most) stages[count++] = (struct stage){ ctx_strdup(cx, name), 0 };
  if (i < count) stages[i].failed += failed;
  return count;
}

static int write_controls(struct ctx *cx, struct db *db, struct jw *w, const struct scope *s) {
  enum { STAGES = 8 };
  struct stage stages[STAGES];
  int count = 0;
  struct stmt *q = ask(cx, db, SQL_quality_controls, s);
  jw_array(w, "controls");
  while (stmt_row(cx, q)) {
    jw_object(w, NULL);
    columns_write(w, q, 0, "control, version: int, stage, field: text?, category");
    jw_int(w, "passed", col_int(q, 5) - col_int(q, 6));
    columns_write(w, q, 6, "failed: int, runs: int");
    jw_close(w, '}');
    count = add_stage(cx, stages, count, STAGES, col_str(q, 2), col_int(q, 6));
  }
  jw_close(w, ']');
  jw_array(w, "stages");
  for (int i = 0; i < count; i++) jw_record(w, NULL, "stage", stages[i].name, "failed", stages[i].failed);
  jw_close(w, ']');
  return cx->code;
}

static int write_trend(struct ctx *cx, struct db *db, struct jw *w, const struct scope *s) {
  struct stmt *q = db_ask(cx, db, SQL_quality_trend, s->dataset->name);
  jw_array(w, "trend");
  while (stmt_row(cx, q)) {
    jw_object(w, NULL);
    columns_write(w, q, 1, "run, source, started: instant");
    write_rows(w, col_int(q, 4), col_int(q, 5), col_int(q, 6));
    write_share(w, col_int(q, 5), col_int(q, 4));
    jw_close(w, '}');
  }
  jw_close(w, ']');
  return cx->code;
}

int quality_show(struct ctx *cx, struct db *db, struct jw *w, const char *key, const struct params *p) {
  struct scope s;
  int64_t read = 0, clean = 0, rejected = 0;
  if (scope_read(cx, db, NULL, p, NULL, &s)) return cx->code;
  if (s.filter_count || s.has_from || s.has_to)
    return fail(cx, E_INVALID, NULL,
                "quality is that of whole runs: it takes as and run, no days and no groups");
  struct stmt *q = ask(cx, db, SQL_quality_runs, &s);
  while (stmt_row(cx, q)) read = col_int(q, 0), clean = col_int(q, 1), rejected = col_int(q, 2);
  jw_object(w, key);
  jw_text(w, "dataset", s.dataset->name);
  scope_write(w, &s);
  jw_object(w, "rows");
  write_rows(w, read, clean, rejected);
  jw_close(w, '}');
  write_share(w, clean, read);
  q = ask(cx, db, SQL_quality_categories, &s);
  jw_object(w, "rejected");
  while (stmt_row(cx, q)) jw_int(w, ctx_strdup(cx, col_str(q, 0)), col_int(q, 1));
  jw_close(w, '}');
  write_settled(cx, db, w, &s, rejected);
  write_controls(cx, db, w, &s);
  write_trend(cx, db, w, &s);
  jw_close(w, '}');
  return cx->code;
}
