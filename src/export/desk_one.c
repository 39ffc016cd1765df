#include "base/limits.h"
#include "export/desk_internal.h"
#include "export/rows.h"
#include "ingest/kept.h"
#include "store/column.h"

enum { LINE, OFFSET, LENGTH, CATEGORY, STAGE, RAW, FAULTS, SOLVED_RUN, ASSIGNEE, DECISION, REASON, REVIEW };

void desk_show(struct ctx *cx, const struct desk_index *ix, const struct desk_row *r,
               struct desk_shown *out) {
  const struct desk_run *run = &ix->run[r->run];
  const struct desk_attempt *a = r->state == DESK_ATTEMPT ? desk_attempt(ix, r->id) : NULL;
  *out = (struct desk_shown){ .id = r->id,
                              .attempt_of = a ? a->of : 0,
                              .state = r->state,
                              .source = ctx_strdup(cx, str_of(run->source)),
                              .encoding = ctx_strdup(cx, str_of(run->encoding)) };
  str_copy(out->run, sizeof out->run, str_of(run->uuid));
  str_copy(out->week, sizeof out->week, str_of(run->week));
}

/* ---- the members that a list has, too ---- */

int desk_write_row(struct ctx *cx, struct db *db, struct jw *w, const struct desk_shown *x, struct str *raw) {
  struct stmt *s = db_ask(cx, db, SQL_desk_row, x->id);
  if (!stmt_row(cx, s))
    return cx->code ? (int)cx->code
                    : fail(cx, E_NOT_FOUND, "id", "there is no exception %lld", (long long)x->id);
  jw_put(w, "id", x->id, "run", x->run, "record", x->id & 0xffffffff, "source", x->source);
  columns_write(w, s, LINE, "line: int, offset: int, length: int, category, stage");
  jw_text(w, "state", desk_state_name(x->state));
  columns_write(w, s, ASSIGNEE, "assignee: text?, -, reason: text?");
  raw_write(w, x->encoding, col_str(s, RAW));
  jw_put(w, "faults", arg_json(col_str(s, FAULTS)), "week", x->week);
  if (x->attempt_of) jw_int(w, "attempt_of", x->attempt_of);
  if (raw) *raw = (struct str){ ctx_strdup(cx, col_str(s, RAW)), col_str(s, RAW).n };
  stmt_done(s);
  return OK;
}

/* ---- its cells ---- */

static const char *field_of(const struct kept_run *run, const struct mapping *m, size_t column) {
  for (int i = 0; i < run->dataset->field_count; i++)
    if (m->column[i] == (int)column) return run->dataset->fields[i].name;
  return NULL;
}

/* The controls that a cell fails: those that speak of its field. */
static void write_failed(struct jw *w, struct str faults, const char *field) {
  struct desk_fault_text f;
  jw_array(w, "controls");
  while (field && desk_fault_next(&faults, &f))
    if (f.field.p && str_eq(f.field, str_of(field))) jw_str(w, NULL, f.control);
  jw_close(w, ']');
}

static void write_cells(struct jw *w, const struct kept_run *run, const struct profile *p,
                        const struct mapping *m, struct str raw, struct str faults) {
  struct row row;
  struct parser *parser = parser_new(p);
  parser_row(parser, raw, p->table_begin, &row);
  jw_array(w, "cells");
  for (size_t i = 0; i < p->column_count; i++) {
    const char *field = field_of(run, m, i);
    jw_object(w, NULL);
    jw_put(w, "heading", p->columns[i].heading, "field", field, "value",
           i < row.count ? row.cells[i] : STR(""));
    write_failed(w, faults, field);
    jw_close(w, '}');
  }
  jw_close(w, ']');
  jw_int(w, "extra", row.extra);
  parser_free(parser);
}

static int read_cells(struct ctx *cx, struct db *db, struct jw *w, int64_t id, struct str raw) {
  struct kept_run run;
  struct profile *p;
  struct mapping m;
  if (kept_by_id(cx, db, id >> 32, &run) || kept_headings(cx, db, &run, &p, &m)) return cx->code;
  jw_text(w, "dataset", run.dataset_name);
  struct stmt *s = db_ask(cx, db, SQL_desk_row, id);
  if (stmt_row(cx, s)) write_cells(w, &run, p, &m, raw, col_str(s, FAULTS));
  stmt_done(s);
  return cx->code;
}

/* ---- its story ---- */

static void write_at(struct jw *w, int64_t us) { jw_time_known(w, "at", us); }

static int write_run(struct ctx *cx, struct db *db, struct jw *w, int64_t run) {
  struct stmt *s = db_ask(cx, db, SQL_desk_run_short, run);
  if (!stmt_row(cx, s)) return cx->code;
  jw_str(w, "run", col_str(s, 0));
  write_at(w, col_int(s, 1));
  jw_str(w, "actor", col_str(s, 2));
  stmt_done(s);
  return OK;
}

static int write_settled(struct ctx *cx, struct db *db, struct jw *w, int64_t id, int64_t *by) {
  struct stmt *s = db_ask(cx, db, SQL_desk_row, id);
  *by = stmt_row(cx, s) ? col_int(s, SOLVED_RUN) : 0;
  const char *review = !cx->code && !col_null(s, REVIEW) ? ctx_strdup(cx, col_str(s, REVIEW)) : NULL;
  if (s) stmt_done(s);
  jw_text(w, "review", review);
  if (!*by) {
    jw_text(w, "settled_by", NULL);
    return cx->code;
  }
  jw_object(w, "settled_by");
  write_run(cx, db, w, *by);
  jw_close(w, '}');
  return cx->code;
}

static struct str member(struct jv *object, const char *key) {
  struct str s = jv_text(jv_get(object, key));
  return s.p ? s : STR("");
}

/* What a change of the review was, as a sentence. */
static const char *change_text(struct ctx *cx, struct str before, struct str after) {
  struct jv *b = NULL, *a = NULL;
  const char *text = "";
  if ((before.n && jv_parse(cx, before, &b)) || (after.n && jv_parse(cx, after, &a))) return "";
  struct str to = member(a, "assignee"), was = member(a, "decision"), reason = member(a, "reason");
  if (!str_eq(to, member(b, "assignee")))
    text = to.n ? ctx_printf(cx, "given to " STR_FMT, STR_ARG(to)) : "given to nobody";
  if (str_eq(was, member(b, "decision"))) return text;
  const char *decided =
      was.n ? ctx_printf(cx, STR_FMT ": " STR_FMT, STR_ARG(was), STR_ARG(reason)) : "opened again";
  return *text ? ctx_printf(cx, "%s; %s", text, decided) : decided;
}

static int write_reviews(struct ctx *cx, struct db *db, struct jw *w, int64_t id) {
  struct stmt *s = db_ask(cx, db, SQL_desk_history, id);
  while (stmt_row(cx, s)) {
    jw_object(w, NULL);
    write_at(w, col_int(s, 1));
    columns_write(w, s, 2, "actor, event");
    jw_text(w, "text", change_text(cx, col_str(s, 4), col_str(s, 5)));
    jw_close(w, '}');
  }
  return cx->code;
}

struct tries {
  int64_t *id;
  uint32_t count;
};

static int write_tries(struct ctx *cx, struct db *db, struct jw *w, const struct tries *tries) {
  for (uint32_t i = 0; i < tries->count && !cx->code; i++) {
    struct stmt *s = db_stmt(cx, db, SQL_desk_row);
    jw_object(w, NULL);
    write_run(cx, db, w, tries->id[i] >> 32);
    jw_put(w, "event", "CORRECTION_FAILED", "text", "a correction came that was not right either",
           "exception", tries->id[i]);
    stmt_int(s, 1, tries->id[i]);
    if (stmt_row(cx, s)) {
      jw_raw(w, "faults", col_str(s, FAULTS));
      stmt_done(s);
    }
    jw_close(w, '}');
  }
  return cx->code;
}

static int write_history(struct ctx *cx, struct db *db, struct jw *w, int64_t id, const struct tries *tries,
                         int64_t settled_by) {
  jw_array(w, "history");
  if (write_reviews(cx, db, w, id) || write_tries(cx, db, w, tries)) return cx->code;
  if (settled_by) {
    jw_object(w, NULL);
    write_run(cx, db, w, settled_by);
    jw_put(w, "event", "CORRECTED", "text", "the record came again, right");
    jw_close(w, '}');
  }
  jw_close(w, ']');
  return cx->code;
}

/* ---- all of it ---- */

static void find_tries(struct ctx *cx, const struct desk_index *ix, int64_t of, struct tries *out) {
  for (int pass = 0; pass < 2; pass++) {
    out->count = 0;
    for (uint32_t i = 0; i < ix->attempt_count; i++) {
      const struct desk_row *r = ix->attempt[i].of == of ? desk_find(ix, ix->attempt[i].id) : NULL;
      if (!r || r->state != DESK_ATTEMPT || ix->run[r->run].undone) continue;
      if (pass) out->id[out->count] = r->id;
      out->count++;
    }
    if (!pass) out->id = ctx_alloc(cx, (out->count + 1) * sizeof *out->id);
  }
}

static int find_one(struct ctx *cx, const struct desk_index *ix, int64_t id, struct desk_shown *x,
                    struct tries *tries) {
  const struct desk_row *r = desk_find(ix, id);
  if (!r) return fail(cx, E_NOT_FOUND, "id", "there is no exception %lld", (long long)id);
  if (ix->run[r->run].undone)
    return fail(cx, E_NOT_FOUND, "id", "exception %lld belongs to run %s, which was undone", (long long)id,
                ix->run[r->run].uuid);
  desk_show(cx, ix, r, x);
  find_tries(cx, ix, id, tries);
  return OK;
}

int desk_one(struct ctx *cx, struct tenant *t, int64_t id, struct jw *w, const char *key) {
  struct desk_index *ix;
  struct desk_shown x;
  struct tries tries = { 0 };
  struct str raw;
  struct db *db;
  int64_t settled_by = 0;
  if (tenant_read(cx, t, &db)) return cx->code;
  if (!desk_enter(cx, t, db, &ix)) find_one(cx, ix, id, &x, &tries);
  desk_leave(ix);
  if (cx->code) return cx->code;
  jw_object(w, key);
  int rc = desk_write_row(cx, db, w, &x, &raw);
  if (!rc) rc = read_cells(cx, db, w, id, raw);
  if (!rc) rc = write_settled(cx, db, w, id, &settled_by);
  if (!rc) rc = write_history(cx, db, w, id, &tries, settled_by);
  jw_close(w, '}');
  return rc;
}
