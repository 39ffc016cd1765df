#include "export/changes.h"

#include "base/limits.h"
#include "model/visible.h"
#include "store/column.h"

enum { SEQ, AT, ACTOR, UNIT, EVENT, TABLE, KEY, COUNT, TEXT, BEFORE, AFTER };

/* The members of an entry; the object is left open. */
static void write_entry(struct jw *w, const struct stmt *s) {
  jw_object(w, NULL);
  columns_write(w, s, SEQ,
                "seq: int, at: instant, actor, unit, event, table: text?, key: text?, count: int, text");
}

int64_t changes_time(struct ctx *cx, struct db *db, int64_t seq) {
  return stmt_number(cx, db_ask(cx, db, SQL_changes_time, seq), 0);
}

int changes_since(struct ctx *cx, struct db *db, int64_t after, int64_t limit, change_told_fn *fn,
                  void *arg) {
  struct stmt *s = db_stmt(cx, db, SQL_changes_since);
  struct buf json;
  struct jw w;
  if (!s) return cx->code;
  buf_init(&json, LIMIT_BODY_BYTES);
  stmt_bind(s, after, limit);
  while (stmt_row(cx, s)) {
    buf_reset(&json);
    jw_init(&w, &json);
    write_entry(&w, s);
    jw_close(&w, '}');
    const struct change_told told = { col_int(s, SEQ), col_str(s, EVENT), col_str(s, TABLE),
                                      buf_view(&json) };
    if (fn(arg, &told)) continue;
    stmt_done(s);
    break;
  }
  buf_clear(&json);
  return cx->code;
}

static void bind_filter(struct stmt *s, const struct change_filter *f, const char *hidden) {
  stmt_bind(s, f->unit, f->event, f->table, f->key, f->actor);
  if (f->from) stmt_int(s, 6, f->from);
  if (f->to) stmt_int(s, 7, f->to);
  stmt_text(s, 8, hidden);
}

static void write_json(struct jw *w, const char *key, const struct stmt *s, int column) {
  jw_raw(w, key, col_null(s, column) ? STR("null") : col_str(s, column));
}

int changes_page(struct ctx *cx, struct db *db, const struct change_filter *f, struct jw *w, const char *key,
                 int64_t *total, int64_t *next) {
  const char *hidden = tables_hidden(cx);
  int64_t rows = 0;
  struct stmt *s = db_stmt(cx, db, f->unit ? SQL_changes_count_of_unit : SQL_changes_count);
  *total = *next = 0;
  if (!s) return cx->code;
  bind_filter(s, f, hidden);
  if (stmt_row(cx, s)) *total = col_int(s, 0);
  stmt_done(s);
  if (!(s = db_stmt(cx, db, f->unit ? SQL_changes_before_of_unit : SQL_changes_before))) return cx->code;
  bind_filter(s, f, hidden);
  stmt_int(s, 9, f->before ? f->before : INT64_MAX);
  stmt_int(s, 10, f->limit + 1); /* one more tells whether there is more */
  jw_array(w, key);
  while (stmt_row(cx, s)) {
    if (rows++ == f->limit) {
      stmt_done(s);
      break;
    }
    write_entry(w, s);
    write_json(w, "before", s, BEFORE);
    write_json(w, "after", s, AFTER);
    jw_close(w, '}');
    *next = col_int(s, SEQ);
  }
  jw_close(w, ']');
  if (rows <= f->limit) *next = 0;
  return cx->code;
}
