#include "export/trace.h"

#include "base/hash.h"
#include "base/time.h"
#include "export/tally.h"
#include "store/column.h"

/* ---- the tick of a row ---- */

/* What differs between the row and its bytes; NULL when nothing does. */
static const char *difference(struct ctx *cx, const struct data_row *row, const struct judge_setup *setup,
                              const struct judged *j) {
  const struct dataset *d = row->dataset;
  if (j->first_fault >= 0)
    return ctx_printf(cx, "read again, the original bytes do not pass %s",
                      setup->rules->rule[j->first_fault].name);
  if (!str_eq(row->key, j->key))
    return ctx_printf(cx, "its key is not what the original bytes say: " STR_FMT, STR_ARG(j->key));
  for (int i = 0; i < d->field_count; i++) {
    bool number = d->fields[i].kind == FIELD_DATE || d->fields[i].kind == FIELD_DECIMAL;
    if (number ? row->value[i].number == j->values[i].number : str_eq(row->value[i].text, j->values[i].text))
      continue;
    return ctx_printf(cx, "%s is not what the original bytes say: " STR_FMT, d->fields[i].name,
                      STR_ARG(j->values[i].text));
  }
  return NULL;
}

struct again {
  struct kept_record at;
  struct kept_run run;
  struct kept_judge *judge; /* NULL when the run's file cannot be read any more */
  struct judged judged;
  bool is_judged;
  const char *problem; /* why it could not be read again */
};

/* The record from its bytes. What cannot be read is no failure here: it is the answer. */
static int read_again(struct ctx *cx, struct db *db, int64_t run, enum kept_by by, int64_t n,
                      struct again *a) {
  *a = (struct again){ 0 };
  if (kept_by_id(cx, db, run, &a->run)) return cx->code;
  bool found = !kept_record_by(cx, db, run, by, n, &a->at);
  if (found && !kept_judge_new(cx, db, &a->run, &a->judge) && a->at.data)
    a->is_judged = !kept_judge_row(cx, a->judge, &a->at, &a->judged);
  if (cx->code == E_FAIL) return cx->code;
  if (cx->code) a->problem = ctx_strdup(cx, str_of(cx->message));
  ctx_forgive(cx);
  return OK;
}

/* Is the stored row what its bytes say? */
struct row_tick {
  bool ok;
  const char *text; /* a sentence */
};

static struct row_tick decide(struct ctx *cx, const struct data_row *row, const struct again *a) {
  const char *wrong = a->problem      ? a->problem
                      : !a->is_judged ? "its record is no row of the file"
                      : !a->at.intact ? "the kept bytes around it are not those that came in"
                                      : difference(cx, row, kept_judge_setup(a->judge), &a->judged);
  if (wrong) return (struct row_tick){ false, wrong };
  return (struct row_tick){ true,
                            ctx_printf(cx,
                                       "the %lld original bytes, read and judged again, give its key and "
                                       "all %d values",
                                       (long long)a->at.length, row->dataset->field_count) };
}

/* ---- finding rows ---- */

static bool find_top(struct ctx *cx, struct db *db, const struct dataset *d, struct str key,
                     struct data_row *out) {
  bool found = false;
  struct stmt *s = db_compose(
      cx, db, ctx_printf(cx, "SELECT %s FROM %s WHERE key = ?1", dataset_row_columns(cx, d), d->table));
  if (s) stmt_str(s, 1, key);
  while (stmt_row(cx, s)) {
    data_row_take(cx, db, d, s, out);
    out->fate = "clean";
    found = true;
  }
  return found;
}

enum { VERSIONS_MOST = 200 };

/* What was replaced under a key, newest first. */
static int find_past(struct ctx *cx, struct db *db, const struct dataset *d, struct str key,
                     struct data_row *list) {
  int n = 0;
  struct stmt *s = db_compose(cx, db,
                              ctx_printf(cx, "SELECT %s FROM %s WHERE key = ?1 ORDER BY run DESC LIMIT %d",
                                         dataset_row_columns(cx, d), d->past_table, VERSIONS_MOST));
  if (s) stmt_str(s, 1, key);
  while (stmt_row(cx, s)) {
    data_row_take(cx, db, d, s, &list[n]);
    list[n++].fate = "replaced";
  }
  return n;
}

/* ---- parts of the documents ---- */

static void write_bytes(struct jw *w, const struct again *a) {
  char hex[SHA256_HEX];
  unsigned char sum[SHA256_SIZE];
  struct str bytes = a->at.bytes;
  raw_write(w, a->judge ? kept_judge_setup(a->judge)->profile->dialect.encoding : "UTF-8", bytes);
  if (bytes.p) sha256_of(bytes.p, bytes.n, sum);
  jw_text(w, "sha256", bytes.p ? hex_encode(hex, sum, sizeof sum) : NULL);
}

static void write_tick(struct jw *w, const struct row_tick *t) {
  jw_record(w, "tick", "ok", t->ok, "text", t->text);
}

static int write_version(struct ctx *cx, struct db *db, struct jw *w, const struct data_row *r,
                         bool current) {
  struct run_name name;
  if (run_name(cx, db, r->run, &name)) return cx->code;
  jw_object(w, NULL);
  jw_put(w, "kind", name.kind, "actor", name.actor, "at", arg_time(name.started));
  data_row_write(cx, db, w, r, &name, false);
  jw_bool(w, "current", current);
  jw_close(w, '}');
  return cx->code;
}

static bool has_fault(struct jv *faults, struct str control) {
  for (size_t i = 0; i < jv_size(faults); i++)
    if (str_eq(jv_text(jv_get(jv_at(faults, i), "control")), control)) return true;
  return false;
}

static int write_controls(struct ctx *cx, struct db *db, struct jw *w, int64_t run, struct str faults) {
  struct jv *found = NULL;
  if (faults.n && jv_parse(cx, faults, &found)) return cx->code;
  struct stmt *s = db_ask(cx, db, SQL_row_controls, run);
  jw_array(w, "controls");
  while (stmt_row(cx, s)) {
    jw_object(w, NULL);
    columns_write(w, s, 0, "control, version: int, stage, field: text?");
    jw_text(w, "status", has_fault(found, col_str(s, 0)) ? "FAIL" : "PASS");
    jw_close(w, '}');
  }
  jw_close(w, ']');
  return cx->code;
}

static int write_notes(struct ctx *cx, struct db *db, struct jw *w, const struct data_row *r) {
  struct stmt *s = db_ask(cx, db, SQL_row_notes, r->dataset->name, r->key);
  return columns_list(cx, s, w, "notes", "id, text, at: instant, actor");
}

/* ---- a row ---- */

static int write_history(struct ctx *cx, struct db *db, struct jw *w, const struct data_row *row) {
  struct data_row *past = ctx_alloc(cx, VERSIONS_MOST * sizeof *past);
  int n = find_past(cx, db, row->dataset, row->key, past);
  jw_array(w, "versions");
  write_version(cx, db, w, row, true);
  for (int i = 0; i < n && !cx->code; i++) write_version(cx, db, w, &past[i], false);
  jw_close(w, ']');
  return cx->code;
}

static int write_row(struct ctx *cx, struct db *db, struct jw *w, const char *key, const struct data_row *row,
                     const struct again *a, bool whole) {
  struct row_tick tick = decide(cx, row, a);
  struct run_name name;
  if (run_name(cx, db, row->run, &name)) return cx->code;
  jw_object(w, key);
  data_row_write(cx, db, w, row, &name, false);
  write_bytes(w, a);
  write_tick(w, &tick);
  if (whole) {
    write_history(cx, db, w, row);
    write_controls(cx, db, w, row->run, a->is_judged ? a->judged.faults : STR(""));
    write_notes(cx, db, w, row);
    bool edited = strcmp(name.kind, "edit") == 0;
    if (edited) {
      jw_record(w, "edited_by", "actor", name.actor, "at", arg_time(name.started));
    } else {
      jw_text(w, "edited_by", NULL);
    }
  }
  jw_close(w, '}');
  return cx->code;
}

int row_show(struct ctx *cx, struct db *db, struct jw *w, const char *key, const struct params *p) {
  static const char *const names[] = { "as", "key", "tenant", NULL };
  const struct dataset *d;
  struct data_row row;
  struct again a;
  const char *wanted = params_get(p, "key");
  if (params_check(cx, p, names, NULL) || scope_dataset(cx, params_get(p, "as"), &d)) return cx->code;
  if (!wanted) return fail(cx, E_INVALID, "key", "key says which row: the value of its unique key");
  if (!find_top(cx, db, d, str_of(wanted), &row))
    return cx->code ? (int)cx->code
                    : fail(cx, E_NOT_FOUND, "key", "%s has no row with the key %.200s", d->name, wanted);
  if (read_again(cx, db, row.run, KEPT_BY_RECORD, row.record, &a)) return cx->code;
  return write_row(cx, db, w, key, &row, &a, true);
}

/* ---- a line ---- */

static bool is_heading(const struct again *a) {
  if (!a->judge) return false;
  const struct profile *p = kept_judge_setup(a->judge)->profile;
  struct str body = a->at.bytes;
  while (body.n > 0 && (body.p[body.n - 1] == '\n' || body.p[body.n - 1] == '\r')) body.n--;
  for (size_t i = 0; i < p->header_count; i++)
    if (body.n >= p->header_lines[i].n && p->header_lines[i].n > 0 &&
        memcmp(body.p + body.n - p->header_lines[i].n, p->header_lines[i].p, p->header_lines[i].n) == 0)
      return true; /* the first line may have a byte order mark in front */
  return false;
}

/* The exception's document; false when the record is none. */
static bool write_exception(struct ctx *cx, struct db *db, struct jw *w, int64_t id, const char **category,
                            struct str *faults) {
  bool found = false;
  struct stmt *s = db_ask(cx, db, SQL_line_exception, id);
  while (stmt_row(cx, s)) {
    found = true;
    *category = col_dup(cx, s, 1);
    *faults = str_of(col_dup(cx, s, 4));
    jw_object(w, "exception");
    columns_write(w, s, 0, "id: int, category, stage, state, -, -, reason");
    columns_write(w, s, 4, "faults: any, -, -, solved_run: text?");
    jw_close(w, '}');
  }
  return found;
}

static void add_figure(struct ctx *cx, struct jw *w, const struct dataset *d, const char *measure,
                       const char *query, const char *run) {
  const char *join = *query ? "&" : "";
  jw_text(w, NULL,
          ctx_printf(cx, "%s/%s%s%s%s%s%s", d->name, measure, *query || run ? "?" : "", query,
                     run ? join : "", run ? "run=" : "", run ? run : ""));
}

/* The last measure stands for all of them: rows count in each alike. */
static void row_figures(struct ctx *cx, struct jw *w, const struct data_row *r, const char *run) {
  const struct dataset *d = r->dataset;
  const char *measure = sums_name(d, sums_count(d) - 1);
  char day[DATE_SIZE];
  add_figure(cx, w, d, "orders", "", run);
  add_figure(cx, w, d, measure, "", run);
  for (int i = 0; i < d->field_count; i++) {
    if (!d->fields[i].group) continue;
    if (d->fields[i].kind == FIELD_DATE) {
      date_iso(day, (int32_t)r->value[i].number);
      add_figure(cx, w, d, measure, ctx_printf(cx, "from=%s&to=%s", day, day), run);
    } else {
      const char *text = ctx_strdup(cx, r->value[i].text);
      add_figure(cx, w, d, measure, ctx_printf(cx, "%s=%s", d->fields[i].name, params_quote(cx, text)), run);
    }
  }
}

static int exception_figures(struct ctx *cx, struct jw *w, const struct dataset *d, const char *category,
                             struct str faults, const char *run) {
  struct jv *list;
  if (jv_parse(cx, faults, &list)) return cx->code;
  add_figure(cx, w, d, "rejected", "", run);
  add_figure(cx, w, d, "rejected", ctx_printf(cx, "category=%s", category), run);
  for (size_t i = 0; i < jv_size(list); i++)
    add_figure(cx, w, d, "rejected",
               ctx_printf(cx, "control=%s",
                          params_quote(cx, ctx_strdup(cx, jv_text(jv_get(jv_at(list, i), "control"))))),
               run);
  return OK;
}

/* Where a judged record is as a row: on top, or among what was replaced. */
static bool find_row(struct ctx *cx, struct db *db, const struct again *a, struct data_row *out) {
  const struct dataset *d = a->run.dataset;
  if (!a->is_judged || !a->judged.key.n) return false;
  if (find_top(cx, db, d, a->judged.key, out) && out->run == a->run.id && out->record == a->at.record)
    return true;
  struct data_row *past = ctx_alloc(cx, VERSIONS_MOST * sizeof *past);
  int n = find_past(cx, db, d, a->judged.key, past);
  for (int i = 0; i < n; i++)
    if (past[i].run == a->run.id && past[i].record == a->at.record) {
      *out = past[i];
      return true;
    }
  return false;
}

static int write_fate(struct ctx *cx, struct db *db, struct jw *w, const struct again *a, bool undone) {
  const struct dataset *d = a->run.dataset;
  const char *category = NULL, *fate = "none";
  struct str faults = STR("");
  struct data_row row;
  bool exception =
      a->at.data && write_exception(cx, db, w, a->run.id << 32 | a->at.record, &category, &faults);
  bool is_row = a->at.data && !exception && !undone && find_row(cx, db, a, &row);
  if (!exception) jw_text(w, "exception", NULL);
  if (is_row)
    write_row(cx, db, w, "row", &row, a, false);
  else
    jw_text(w, "row", NULL);
  if (a->at.data) fate = undone ? "undone" : exception ? "exception" : is_row ? row.fate : "none";
  jw_text(w, "fate", fate);
  jw_array(w, "figures");
  if (a->at.data) add_figure(cx, w, d, "read", "", a->run.uuid);
  if (is_row) row_figures(cx, w, &row, a->run.uuid);
  if (is_row && strcmp(row.fate, "clean") == 0) row_figures(cx, w, &row, NULL);
  if (exception) exception_figures(cx, w, d, category, faults, a->run.uuid);
  jw_close(w, ']');
  return cx->code;
}

static int read_place(struct ctx *cx, const struct params *p, enum kept_by *by, int64_t *n) {
  static const char *const names[] = { "record", "line", "offset" };
  int given = 0;
  for (int i = 0; i < 3; i++) {
    if (!params_get(p, names[i])) continue;
    *by = (enum kept_by)i;
    given++;
    if (params_int(cx, p, names[i], i < 2, INT64_MAX, 0, n)) return cx->code;
  }
  return given == 1 ? OK : fail(cx, E_INVALID, "line", "one of line, record and offset says which one");
}

int line_show(struct ctx *cx, struct db *db, struct jw *w, const char *key, const struct params *p) {
  static const char *const names[] = { "run", "line", "record", "offset", "tenant", NULL };
  enum kept_by by = KEPT_BY_LINE;
  struct kept_run run;
  struct run_name name;
  struct again a;
  int64_t n = 0;
  if (params_check(cx, p, names, NULL) || read_place(cx, p, &by, &n)) return cx->code;
  const char *wanted = params_get(p, "run");
  if (kept_find(cx, db, wanted ? wanted : "latest", &run)) return cx->code;
  if (strcmp(run.state, "done") != 0)
    return fail(cx, E_CONFLICT, "run", "run %s is %s: nothing of it was kept", run.uuid, run.state);
  if (!run.dataset) return fail(cx, E_NOT_FOUND, "run", "this program has no dataset %s", run.dataset_name);
  if (read_again(cx, db, run.id, by, n, &a) || run_name(cx, db, run.id, &name)) return cx->code;
  if (!a.at.bytes.p) return fail(cx, E_NOT_FOUND, "line", "%s", a.problem);
  jw_object(w, key);
  jw_put(w, "run", run.uuid, "source", run.source, "record", a.at.record);
  place_write(w, &a.at);
  jw_int(w, "lines", a.at.lines);
  write_bytes(w, &a);
  jw_bool(w, "intact", a.at.intact);
  jw_text(w, "kind", a.at.data ? "data" : is_heading(&a) ? "heading" : "outside");
  write_fate(cx, db, w, &a, name.undone);
  jw_close(w, '}');
  return cx->code;
}
