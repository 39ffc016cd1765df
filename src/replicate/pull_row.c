/*
** pull_row.c - one row of headquarters comes in, as pull.h says.
*/
#include "base/limits.h"
#include "record/record.h"
#include "replicate/conflict.h"
#include "replicate/gave_way.h"
#include "replicate/parked.h"
#include "replicate/pull_rows.h"
#include "replicate/same_key.h"

int pulled_begin(struct ctx *cx, struct db *db, struct pulled *p) {
  p->log_end = db_int(cx, db, SQL_pull_log_end, 0);
  return cx->code ? (int)cx->code : clock_open(cx, db, &p->clock);
}

static struct jv *parsed(struct ctx *cx, struct str text) {
  struct jv *v = NULL;
  if (text.p) jv_parse(cx, text, &v);
  return v;
}

/* The record as it is here, or NULL. */
static const struct jv *here(struct ctx *cx, struct db *db, const struct entity *e, const char *id) {
  struct buf json;
  struct jw w;
  const struct jv *row = NULL;
  jw_begin(&w, &json, LIMIT_BODY_BYTES);
  if (record_get(cx, db, e, id, &w, "row") == E_NOT_FOUND) {
    ctx_forgive(cx);
  } else {
    jw_close(&w, '}');
    const struct jv *v = cx->code ? NULL : parsed(cx, str_of(ctx_strdup(cx, buf_view(&json))));
    row = v ? jv_get(v, "row") : NULL;
  }
  buf_clear(&json);
  return row;
}

/* With what it has no columns for there. */
static const struct jv *theirs(struct ctx *cx, const struct pg_rows *rows, int i) {
  struct str row = pg_text(rows, i, C_ROW), extra = str_trim(pg_text(rows, i, C_EXTRA));
  const struct jv *more = parsed(cx, extra);
  if (jv_size(more) == 0 || cx->code) return parsed(cx, row);
  return parsed(
      cx, str_of(ctx_printf(cx, "%.*s,%.*s", (int)(row.n - 1), row.p, (int)(extra.n - 1), extra.p + 1)));
}

/* ---- edits that headquarters does not know ---- */

static int add_edit(struct ctx *cx, const struct stmt *s, const struct clock *clock, struct merge *m) {
  int n = m->edit_count;
  if ((n & (n - 1)) == 0) {
    struct merge_edit *more = ctx_alloc(cx, (n ? 2 * (size_t)n : 1) * sizeof *more);
    if (n) memcpy(more, m->edits, (size_t)n * sizeof *more);
    m->edits = more;
  }
  struct merge_edit *edit = (struct merge_edit *)&m->edits[m->edit_count++];
  const char *before = col_dup(cx, s, 2), *after = col_dup(cx, s, 3);
  edit->stamp = clock_stamp(clock, col_int(s, 0), col_int(s, 1));
  edit->before = parsed(cx, str_of(before));
  edit->after = parsed(cx, str_of(after));
  return cx->code;
}

static int read_edits(struct ctx *cx, struct db *db, const struct pulled *p, const char *id, int64_t head,
                      struct merge *m) {
  if (head >= p->log_end) return OK;
  struct stmt *s = db_ask(cx, db, SQL_pull_edits, p->e->table, id, head);
  while (stmt_row(cx, s))
    if (add_edit(cx, s, p->clock, m)) stmt_done(s);
  return cx->code;
}

/* ---- into the file ---- */

static int note_lost(struct ctx *cx, struct db *db, const struct pulled *p, const char *id,
                     const struct merged *merged) {
  for (int i = 0; i < merged->lost_count && !cx->code; i++) {
    const struct merge_lost *l = &merged->lost[i];
    char conflict[37];
    merge_conflict_id(conflict, p->e->table, id, l->field, l->lost_by);
    conflict_note(cx, db,
                  &(struct conflict){ .id = ctx_strdup(cx, str_of(conflict)),
                                      .entity = p->e,
                                      .record = id,
                                      .field = l->field,
                                      .base = l->base,
                                      .lost = l->lost,
                                      .won = l->won,
                                      .here = l->lost_by.origin == p->pl->u.origin });
  }
  return cx->code;
}

/* A record that this edge does not get (any more) is deleted here. Edits that were not sent keep it until they are. */
static int out_of_scope(struct ctx *cx, struct db *db, const struct pulled *p, const struct merge *m,
                        struct str xid) {
  struct buf json;
  struct jw w;
  if (!m->here || m->edit_count || jv_kind(jv_get(m->here, "deleted_at")) != JV_NULL) return OK;
  jw_begin(&w, &json, LIMIT_BODY_BYTES);
  for (void *it = jv_first(m->here); it; it = jv_next(m->here, it)) {
    struct buf value;
    const char *name = ctx_strdup(cx, jv_key(it));
    if (strcmp(name, "deleted_at") == 0 || strcmp(name, "deleted_by") == 0) continue;
    buf_init(&value, LIMIT_BODY_BYTES);
    jv_write(&value, jv_value(it));
    jw_raw(&w, name, buf_view(&value));
    buf_clear(&value);
  }
  jw_put(&w, "deleted_at", cx->now, "deleted_by", "headquarters");
  const struct jv *row = parsed(cx, str_of(jw_end(cx, &w)));
  if (!row || cx->code) return cx->code;
  return parked_take(cx, db, p->e, xid, row, "headquarters gives it to others");
}

static int take(struct ctx *cx, struct db *db, const struct pulled *p, const struct pg_rows *rows, int i,
                const char *id) {
  struct merge m = { .entity = p->e, .origin = p->pl->u.origin, .here = here(cx, db, p->e, id) };
  struct merged merged;
  if (cx->code || read_edits(cx, db, p, id, pg_int(rows, i, C_HEAD), &m)) return cx->code;
  if (!pg_int(rows, i, C_SCOPED)) return out_of_scope(cx, db, p, &m, pg_text(rows, i, C_XID));
  m.theirs = theirs(cx, rows, i);
  m.stamps = parsed(cx, pg_text(rows, i, C_STAMPS));
  m.at = (struct merge_mark){ pg_int(rows, i, C_AT), pg_int(rows, i, C_ORIGIN) };
  if (cx->code || merge_record(cx, &m, &merged)) return cx->code;
  const struct jv *row = parsed(cx, str_of(merged.row));
  const char *text = ctx_printf(cx, "a %s came from headquarters", p->e->name);
  if (!row || parked_take(cx, db, p->e, pg_text(rows, i, C_XID), row, text)) return cx->code;
  return note_lost(cx, db, p, id, &merged);
}

/* ---- or waits ---- */

/* What a rule of this file has refused. */
static int park(struct ctx *cx, struct db *db, const struct pulled *p, const struct pg_rows *rows, int i,
                const char *id) {
  const char *reason = ctx_strdup(cx, str_of(cx->message)),
             *address = ctx_printf(cx, "#/records/%s", p->e->name);
  bool key = cx->code == E_CONFLICT;
  ctx_forgive(cx);
  if (stmt_run(cx, db_once(cx, db, "ROLLBACK TO pulled"))) return cx->code;
  if (key && same_key_refused(cx, db, p->e, theirs(cx, rows, i), &reason, &address)) return cx->code;
  return parked_add(cx, db, p->e, id, reason, address);
}

static int unpark(struct ctx *cx, struct db *db, const struct entity *e, const char *id) {
  bool was;
  if (parked_end(cx, db, e, id, &was) || !was) return cx->code;
  return same_key_over(cx, db, e, id);
}

/* It is in. */
static int came_in(struct ctx *cx, struct db *db, const struct pulled *p, const struct pg_rows *rows, int i,
                   const char *id) {
  const char *heir = pg_is_null(rows, i, C_HEIR) ? NULL : ctx_strdup(cx, pg_text(rows, i, C_HEIR)), *waits;
  if (gave_way_follow(cx, db, p->e, id, heir, &waits)) return cx->code;
  return waits ? parked_wait(cx, db, p->e, id, waits) : unpark(cx, db, p->e, id);
}

int pulled_record(struct ctx *cx, struct db *db, const struct pulled *p, const struct pg_rows *rows, int i) {
  const char *id = ctx_strdup(cx, pg_text(rows, i, C_ID));
  if (stmt_run(cx, db_once(cx, db, "SAVEPOINT pulled"))) return cx->code;
  if (!take(cx, db, p, rows, i, id))
    came_in(cx, db, p, rows, i, id);
  else if (parked_refused(cx))
    park(cx, db, p, rows, i, id);
  return cx->code ? (int)cx->code : stmt_run(cx, db_once(cx, db, "RELEASE pulled"));
}

/* ---- what this edge lost at headquarters ---- */

int pulled_conflict(struct ctx *cx, struct db *db, const struct pg_rows *rows, int i) {
  enum { ID, TABLE, KEY, FIELD, BASE, LOST, WON, STATE };
  const char *id = ctx_strdup(cx, pg_text(rows, i, ID));
  const struct entity *e = entity_of_table(ctx_strdup(cx, pg_text(rows, i, TABLE)));
  if (!e) return OK; /* of a table that a newer program has */
  if (!str_eq(pg_text(rows, i, STATE), STR("open"))) return conflict_settle(cx, db, id);
  struct conflict c = { .id = id,
                        .entity = e,
                        .record = ctx_strdup(cx, pg_text(rows, i, KEY)),
                        .field = ctx_strdup(cx, pg_text(rows, i, FIELD)),
                        .base = parsed(cx, pg_text(rows, i, BASE)),
                        .lost = parsed(cx, pg_text(rows, i, LOST)),
                        .won = parsed(cx, pg_text(rows, i, WON)),
                        .here = true };
  return cx->code ? (int)cx->code : conflict_note(cx, db, &c);
}
