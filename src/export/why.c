#include "export/why.h"

#include "base/time.h"
#include "export/rows.h"
#include "store/column.h"

struct tick {
  bool made, ok;
  const char *first, *second, *reason;
};

static int make_tick(struct ctx *cx, struct db *db, const struct figure *f, struct result first,
                     struct tick *t) {
  struct result second;
  *t = (struct tick){ .first = figure_text(cx, f, first) };
  if (!figure_second(cx, db, f, &second)) {
    t->made = true;
    t->ok = result_same(first, second);
    t->second = figure_text(cx, f, second);
    /* a quotient may look the same when its parts are not */
    if (!t->ok && first.b != second.b && strcmp(t->first, t->second) == 0) {
      t->first = ctx_printf(cx, "%s (of %lld)", t->first, (long long)first.b);
      t->second = ctx_printf(cx, "%s (of %lld)", t->second, (long long)second.b);
    }
  } else if (cx->code == E_CONFLICT) {
    t->reason = ctx_strdup(cx, str_of(cx->message));
    ctx_forgive(cx);
  }
  return cx->code;
}

static void write_tick(struct ctx *cx, struct jw *w, const struct figure *f, const struct tick *t) {
  if (t->made) {
    jw_record(w, "tick", "ok", t->ok, "first", t->first, "second", t->second, "method", figure_method(cx, f));
  } else {
    jw_text(w, "tick", NULL);
  }
  jw_text(w, "tick_reason", t->reason);
}

/* ---- what is behind it ---- */

struct behind {
  struct rows_query query;
  struct rows_result result;
};

static int read_after(struct ctx *cx, const struct behind *b, int64_t *out) {
  *out = 0;
  if (!b->query.after || (str_to_int(str_of(b->query.after), out) && *out >= 0)) return OK;
  return fail(cx, E_INVALID, "after", "after is what `next` of the page before said");
}

static void write_share(struct jw *w, int64_t clean, int64_t read) {
  jw_real(w, "quality", read ? (double)clean / (double)read : 0, 4);
}

static int write_runs(struct ctx *cx, struct db *db, struct jw *w, const struct figure *f, struct behind *b) {
  int64_t after, shown = 0, total = 0;
  if (read_after(cx, b, &after)) return cx->code;
  struct stmt *s = db_ask(cx, db, SQL_figure_runs, f->scope.dataset->name);
  if (s && !f->scope.current) stmt_int(s, 2, f->scope.run.id);
  jw_array(w, "items");
  while (stmt_row(cx, s)) {
    total++;
    if (col_int(s, 0) <= after || shown > b->query.limit) continue;
    if (shown++ == b->query.limit) continue;
    b->result.next = ctx_printf(cx, "%lld", (long long)col_int(s, 0));
    struct figure part = *f;
    part.scope.current = false;
    part.scope.run.uuid = col_dup(cx, s, 1);
    jw_object(w, NULL);
    jw_text(w, "run", part.scope.run.uuid);
    columns_write(w, s, 2, "source, started: instant, read: int, clean: int, rejected: int");
    write_share(w, col_int(s, 5), col_int(s, 4));
    jw_text(w, "figure", figure_address(cx, &part));
    jw_close(w, '}');
  }
  jw_close(w, ']');
  if (shown <= b->query.limit) b->result.next = NULL;
  b->result.total = total;
  return cx->code;
}

static int write_records(struct ctx *cx, struct db *db, struct jw *w, const struct figure *f,
                         struct behind *b) {
  int64_t after, shown = 0;
  struct kept_record at;
  struct run_name name;
  if (read_after(cx, b, &after) || run_name(cx, db, f->scope.run.id, &name)) return cx->code;
  jw_array(w, "items");
  while (!kept_next(cx, db, name.id, after + 1, &at)) {
    if (shown++ == b->query.limit) {
      b->result.next = ctx_printf(cx, "%lld", (long long)after);
      break;
    }
    after = at.record;
    if (kept_bytes(cx, db, name.id, after, &at)) return cx->code;
    jw_object(w, NULL);
    jw_put(w, "run", name.uuid, "source", name.source, "record", at.record);
    place_write(w, &at);
    raw_write(w, name.encoding, at.bytes);
    jw_close(w, '}');
  }
  if (cx->code == E_NOT_FOUND) ctx_forgive(cx); /* that was the last one */
  jw_close(w, ']');
  return cx->code;
}

static void write_exception(struct jw *w, const struct stmt *s, const struct run_name *name) {
  struct kept_record at = { .line = col_int(s, 1), .offset = col_int(s, 2), .length = col_int(s, 3) };
  jw_object(w, NULL);
  jw_put(w, "id", col_int(s, 0), "run", name->uuid, "source", name->source, "record",
         col_int(s, 0) & 0xffffffff);
  place_write(w, &at);
  columns_write(w, s, 4, "category, stage, state, reason");
  raw_write(w, name->encoding, col_str(s, 8));
  jw_close(w, '}');
}

/* most: there are no more, so that nobody looks for them to the end of the table. */
static int write_exceptions(struct ctx *cx, struct db *db, struct jw *w, const struct figure *f, int64_t most,
                            struct behind *b) {
  int64_t after, shown = 0, last = 0;
  struct run_name name;
  if (read_after(cx, b, &after) || run_name(cx, db, f->scope.run.id, &name)) return cx->code;
  struct stmt *s = db_ask(cx, db, SQL_figure_reject_list, name.id, f->category, f->control,
                          figure_needle(cx, f->control), f->kind == FIGURE_CORRECTED ? "corrected" : NULL,
                          after, most < b->query.limit + 1 ? most : b->query.limit + 1);
  if (!s) return cx->code;
  jw_array(w, "items");
  while (stmt_row(cx, s)) {
    if (shown++ == b->query.limit) {
      b->result.next = ctx_printf(cx, "%lld", (long long)last);
      continue;
    }
    last = col_int(s, 0);
    write_exception(w, s, &name);
  }
  jw_close(w, ']');
  return cx->code;
}

static bool shows_rows(const struct figure *f) {
  return f->kind == FIGURE_SUM || f->kind == FIGURE_AVERAGE || (f->kind == FIGURE_CLEAN && !f->scope.current);
}

static int write_behind(struct ctx *cx, struct db *db, struct jw *w, const struct figure *f,
                        struct result value, struct behind *b) {
  const char *kind = shows_rows(f)                                   ? "rows"
                     : f->scope.current || f->kind == FIGURE_QUALITY ? "runs"
                     : f->kind == FIGURE_READ                        ? "records"
                                                                     : "exceptions";
  jw_object(w, "rows");
  jw_text(w, "kind", kind);
  b->result.total = value.a;
  if (*kind == 'r' && shows_rows(f))
    rows_write(cx, db, w, "items", &b->query, &b->result);
  else if (strcmp(kind, "runs") == 0)
    write_runs(cx, db, w, f, b);
  else if (f->kind == FIGURE_READ)
    write_records(cx, db, w, f, b);
  else
    write_exceptions(cx, db, w, f, value.a, b);
  jw_put(w, "total", b->result.total, "next", b->result.next, "searched", b->result.looked);
  jw_close(w, '}');
  return cx->code;
}

static int write_rules_of(struct ctx *cx, struct db *db, struct jw *w, int64_t run, const char *uuid) {
  struct stmt *s = db_ask(cx, db, SQL_row_controls, run);
  return columns_list(cx, s, w, uuid, "control, version: int");
}

static int write_rules(struct ctx *cx, struct db *db, struct jw *w, const struct figure *f,
                       const struct behind *b) {
  jw_object(w, "rules");
  if (!f->scope.current) write_rules_of(cx, db, w, f->scope.run.id, f->scope.run.uuid);
  for (int i = 0; i < b->result.run_count && f->scope.current && !cx->code; i++)
    write_rules_of(cx, db, w, b->result.run_ids[i], b->result.runs[i]);
  jw_close(w, '}');
  return cx->code;
}

/* ---- the documents ---- */

static int write_only_tick(struct ctx *cx, struct db *db, struct jw *w, const char *key,
                           const struct figure *f, struct result first, struct tick *t) {
  double began = time_seconds();
  if (make_tick(cx, db, f, first, t)) return cx->code;
  jw_object(w, key);
  jw_text(w, "figure", figure_address(cx, f));
  figure_value(cx, w, "value", f, first);
  write_tick(cx, w, f, t);
  jw_real(w, "seconds", time_seconds() - began, 3);
  jw_close(w, '}');
  return cx->code;
}

int why_show(struct ctx *cx, struct db *db, struct jw *w, const char *key, const char *dataset,
             const char *measure, const struct params *p) {
  static const char *const also[] = { "limit", "after", "tick", NULL };
  struct figure f;
  struct result first;
  struct tick t = { .reason = "it is made in a request of its own: tick=1" };
  struct behind b = { 0 };
  const char *tick = params_get(p, "tick");
  bool only = tick && strcmp(tick, "1") == 0, all = tick && strcmp(tick, "all") == 0;
  if (figure_read(cx, db, dataset, measure, p, also, &f) || figure_first(cx, db, &f, &first)) return cx->code;
  if (only) {
    write_only_tick(cx, db, w, key, &f, first, &t);
    return cx->code;
  }
  b.query = (struct rows_query){ .scope = f.scope, .after = params_get(p, "after"), .raw = true };
  if (params_int(cx, p, "limit", 1, ROWS_MOST, WHY_ROWS, &b.query.limit)) return cx->code;
  if (all || f.scope.undone || db_int(cx, db, SQL_figure_records, 0) <= WHY_QUICK)
    make_tick(cx, db, &f, first, &t);
  jw_object(w, key);
  jw_text(w, "figure", figure_address(cx, &f));
  jw_text(w, "title", figure_title(cx, &f));
  figure_value(cx, w, "value", &f, first);
  jw_text(w, "formula", figure_formula(cx, &f, first));
  jw_text(w, "sql", figure_sql(cx, &f));
  write_tick(cx, w, &f, &t);
  write_behind(cx, db, w, &f, first, &b);
  write_rules(cx, db, w, &f, &b);
  jw_close(w, '}');
  return cx->code;
}
