#include "export/reports.h"

#include "base/limits.h"
#include "export/figures.h"
#include "export/rows.h"
#include "ingest/import.h"
#include "ingest/kept.h"
#include "store/column.h"

enum {
  ID,
  UUID,
  DATASET,
  SOURCE,
  STATE,
  STARTED,
  ENDED,
  ACTOR,
  READ,
  CLEAN,
  REJECTED,
  SHA256,
  BYTES,
  MEMORY,
  SETTINGS,
  MESSAGE,
  RECONCILED,
  KIND,
  UPDATED,
  UNCHANGED,
  UNDONE_AT,
  UNDONE_BY,
  UNDONE_FOR
};

/* ---- summary ---- */

static void write_categories(struct ctx *cx, struct db *db, struct jw *w, int64_t run) {
  struct stmt *s = db_ask(cx, db, SQL_run_categories, run);
  jw_object(w, "rejected");
  while (stmt_row(cx, s)) jw_int(w, ctx_strdup(cx, col_str(s, 0)), col_int(s, 1));
  jw_close(w, '}');
}

/* The field whose sum stands for the run: the last total of the dataset. */
static int headline_field(const struct dataset *d) {
  int field = -1;
  for (int i = 0; d && i < d->field_count; i++)
    if (d->fields[i].total) field = i;
  return field;
}

static void write_headline(struct ctx *cx, struct db *db, struct jw *w, const struct dataset *d,
                           int64_t run) {
  int field = headline_field(d);
  if (field < 0) return;
  struct stmt *s = db_compose(cx, db,
                              ctx_printf(cx, "SELECT coalesce(sum(%s), 0) FROM %s WHERE run = ?1",
                                         d->fields[field].name, d->total_table));
  if (s) stmt_int(s, 1, run);
  if (!stmt_row(cx, s)) return;
  jw_decimal(w, d->fields[field].name, col_int(s, 0), d->fields[field].scale, 2);
  stmt_done(s);
}

/* The columns that both documents share; s stands on a row of report_run(s). */
static void write_summary(struct ctx *cx, struct db *db, struct jw *w, const struct stmt *s) {
  int64_t id = col_int(s, ID), started = col_int(s, STARTED), ended = col_int(s, ENDED);
  int64_t read = col_int(s, READ), clean = col_int(s, CLEAN);
  columns_write(w, s, UUID, "run, dataset, source");
  jw_str(w, "kind", col_str(s, KIND));
  if (col_null(s, UNDONE_AT)) {
    jw_put(w, "state", col_str(s, STATE), "undone", NULL);
  } else {
    jw_text(w, "state", "undone");
    jw_object(w, "undone");
    columns_write(w, s, UNDONE_AT, "at: known, actor, replaced_by!");
    jw_close(w, '}');
  }
  jw_put(w, "started", arg_time_known(started), "ended", arg_time_known(ended), "seconds",
         arg_real(ended ? (double)(ended - started) / 1e6 : 0, 3), "actor", col_str(s, ACTOR));
  jw_object(w, "rows");
  jw_put(w, "read", read, "clean", clean, "rejected", col_int(s, REJECTED), "created",
         clean - col_int(s, UPDATED) - col_int(s, UNCHANGED));
  columns_write(w, s, UPDATED, "updated: int, unchanged: int");
  jw_close(w, '}');
  write_categories(cx, db, w, id);
  jw_put(w, "reconciled", arg_bool(col_int(s, RECONCILED) == 1), "quality",
         arg_real(read ? (double)clean / (double)read : 0, 4));
  write_headline(cx, db, w, dataset_find(ctx_strdup(cx, col_str(s, DATASET))), id);
  columns_write(w, s, MESSAGE, "message!");
}

int report_runs(struct ctx *cx, struct db *db, struct jw *w, const char *key, int64_t limit, int64_t offset,
                int64_t *total) {
  *total = db_int(cx, db, SQL_report_run_count, 0);
  struct stmt *s = db_ask(cx, db, SQL_report_runs, limit, offset);
  jw_array(w, key);
  while (stmt_row(cx, s)) {
    jw_object(w, NULL);
    write_summary(cx, db, w, s);
    jw_close(w, '}');
  }
  jw_close(w, ']');
  return cx->code;
}

/* ---- report ---- */

/* Members of the settings go over as they are. */
static void write_settings(struct jw *w, struct jv *settings) {
  static const char *const keys[] = { "mapping",  "unknown_columns", "unique",   "decisions",
                                      "oddities", "dialect",         "existing", "replaces" };
  struct buf text;
  buf_init(&text, LIMIT_REPLY_BYTES);
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    buf_reset(&text);
    jv_write(&text, jv_get(settings, keys[i]));
    jw_raw(w, keys[i], buf_view(&text));
  }
  buf_clear(&text);
}

static void write_repeated(struct ctx *cx, struct db *db, struct jw *w, const struct kept_run *run,
                           struct jv *unique) {
  const char *key = NULL;
  struct stmt *s = db_ask(cx, db, SQL_report_repeated, run->uuid);
  int64_t rows = 0;
  if (stmt_row(cx, s)) {
    rows = col_int(s, 0);
    stmt_done(s);
  }
  if (import_key_repeats(rows, run->read)) key = "";
  for (size_t i = 0; key && i < jv_size(unique); i++)
    key = ctx_printf(cx, "%s%s" STR_FMT, key, i ? "," : "", STR_ARG(jv_text(jv_at(unique, i))));
  import_repeated_json(w, rows, key);
}

static int write_controls(struct ctx *cx, struct db *db, struct jw *w, int64_t run, int64_t rows) {
  struct stmt *s = db_ask(cx, db, SQL_report_controls, run);
  jw_array(w, "controls");
  while (stmt_row(cx, s)) {
    jw_object(w, NULL);
    columns_write(w, s, 0, "control, version: int, stage, field: text?, category");
    jw_put(w, "passed", rows - col_int(s, 5), "failed", col_int(s, 5));
    jw_close(w, '}');
  }
  jw_close(w, ']');
  return cx->code;
}

static int write_checks(struct ctx *cx, struct db *db, struct jw *w, int64_t run) {
  struct stmt *s = db_ask(cx, db, SQL_report_checks, run);
  return columns_list(cx, s, w, "audits", "check, ok: bool, expected, actual, text");
}

static int write_timeline(struct ctx *cx, struct db *db, struct jw *w, const char *run) {
  struct stmt *s = db_ask(cx, db, SQL_report_timeline, run);
  return columns_list(cx, s, w, "timeline", "seq: int, at: known, event, description, count: int");
}

static int write_figures(struct ctx *cx, struct db *db, struct jw *w, const struct kept_run *run) {
  struct scope scope = { .dataset = run->dataset, .run = *run, .day = -1 };
  return run->dataset ? figures_write(cx, db, w, &scope) : OK;
}

int report_run(struct ctx *cx, struct db *db, struct jw *w, const char *key, const char *name) {
  struct kept_run run;
  struct jv *settings;
  if (kept_find(cx, db, name, &run) || jv_parse(cx, str_of(run.settings), &settings)) return cx->code;
  struct stmt *s = db_ask(cx, db, SQL_report_run, run.id);
  if (!stmt_row(cx, s))
    return cx->code ? (int)cx->code : fail(cx, E_NOT_FOUND, "run", "there is no run %s", name);
  jw_object(w, key);
  write_summary(cx, db, w, s);
  double seconds = (double)(col_int(s, ENDED) - col_int(s, STARTED)) / 1e6;
  jw_put(w, "sha256", run.sha256, "bytes", run.bytes, "rows_per_second",
         arg_real(seconds > 0 ? (double)run.read / seconds : 0, 0), "memory_bytes", col_int(s, MEMORY));
  stmt_done(s);
  write_settings(w, settings);
  write_repeated(cx, db, w, &run, jv_get(settings, "unique"));
  int rc = write_controls(cx, db, w, run.id, run.read);
  if (!rc) rc = write_figures(cx, db, w, &run);
  if (!rc) rc = write_checks(cx, db, w, run.id);
  if (!rc) rc = write_timeline(cx, db, w, run.uuid);
  jw_close(w, '}');
  return rc;
}

/* ---- exceptions ---- */

static int bind_filter(struct ctx *cx, struct db *db, struct stmt *s, const struct exception_filter *f) {
  struct kept_run run;
  if (f->run) {
    if (kept_find(cx, db, f->run, &run)) return cx->code;
    stmt_int(s, 1, run.id);
  }
  stmt_text(s, 2, f->category);
  stmt_text(s, 3, f->control);
  return OK;
}

static void write_exception(struct ctx *cx, struct jw *w, const struct stmt *s) {
  jw_object(w, NULL);
  columns_write(w, s, 0, "id: int, run");
  jw_put(w, "record", col_int(s, 0) & 0xffffffff, "source", col_str(s, 9), "line", col_int(s, 2));
  columns_write(w, s, 10, "offset: int, length: int");
  columns_write(w, s, 3, "category, stage, state");
  raw_write(w, ctx_strdup(cx, col_str(s, 8)), col_str(s, 6));
  jw_raw(w, "faults", col_str(s, 7));
  jw_close(w, '}');
}

static int count_exceptions(struct ctx *cx, struct db *db, const struct exception_filter *f, int64_t *total) {
  struct stmt *s = db_stmt(cx, db, SQL_report_exception_count);
  if (!s || bind_filter(cx, db, s, f)) return cx->code;
  *total = stmt_row(cx, s) ? col_int(s, 0) : 0;
  stmt_done(s);
  return cx->code;
}

int report_exceptions(struct ctx *cx, struct db *db, struct jw *w, const char *key,
                      const struct exception_filter *f, int64_t *total, int64_t *next) {
  if (total && count_exceptions(cx, db, f, total)) return cx->code;
  struct stmt *s = db_stmt(cx, db, SQL_report_exceptions);
  if (!s || bind_filter(cx, db, s, f)) return cx->code;
  stmt_int(s, 4, f->after);
  stmt_int(s, 5, f->limit + 1); /* one more tells whether there is a next page */
  int64_t shown = 0, last = 0;
  *next = 0;
  jw_array(w, key);
  while (stmt_row(cx, s)) {
    if (shown++ == f->limit) {
      *next = last;
      stmt_done(s);
      break;
    }
    last = col_int(s, 0);
    write_exception(cx, w, s);
  }
  jw_close(w, ']');
  return cx->code;
}
