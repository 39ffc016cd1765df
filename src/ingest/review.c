#include "ingest/review.h"

#include "base/crash.h"
#include "base/limits.h"
#include "record/record.h"

/* ---- what a review may say ---- */

static int refuse_state(struct ctx *cx, int64_t exception, bool there, struct str state, bool undone) {
  if (!there) return fail(cx, E_NOT_FOUND, "exception", "there is no exception %lld", (long long)exception);
  if (undone)
    return fail(cx, E_CONFLICT, "exception", "exception %lld belongs to a run that was undone",
                (long long)exception);
  if (!str_eq(state, STR("open")))
    return fail(cx, E_CONFLICT, "exception", "exception %lld is settled already: it was corrected",
                (long long)exception);
  return OK;
}

static int check_review(struct ctx *cx, struct db *db, const char *id) {
  struct stmt *s = db_ask(cx, db, SQL_review_subject, id);
  if (!stmt_row(cx, s)) return cx->code; /* deleted: that is allowed */
  refuse_state(cx, col_int(s, 0), !col_null(s, 1), col_str(s, 1), !col_null(s, 2));
  stmt_done(s);
  return cx->code;
}

static const char reason_missing[] = "who accepts an exception says why: the reason is missing";

static int check_decision(struct ctx *cx, const struct jv *object) {
  struct jv *decision = jv_get(object, "decision"), *reason = jv_get(object, "reason");
  struct str text = jv_text(decision);
  if (!text.p || !text.n) return OK;
  if (!str_eq(text, STR("accepted")))
    return fail(cx, E_INVALID, "decision",
                "a decision is accepted, or null to open it again, not '" STR_FMT "'", STR_ARG(text));
  bool kept = jv_get(object, "id") && !reason; /* it may have one already; else the table refuses it */
  if (kept || (jv_text(reason).p && str_trim(jv_text(reason)).n)) return OK;
  return fail(cx, E_INVALID, "reason", "%s", reason_missing);
}

const struct entity_hooks review_hooks = { .check_object = check_decision, .check_row = check_review };

/* ---- many ---- */

struct many {
  const int64_t *exceptions;
  size_t count;
  const struct review_change *change;
  bool skip_settled;
  int64_t changed;
};

/* Is it still to be decided about? false with cx->code OK: it is to be left out. */
static bool is_open(struct ctx *cx, struct db *db, const struct many *m, int64_t exception) {
  struct stmt *s = db_ask(cx, db, SQL_review_exception, exception);
  bool there = stmt_row(cx, s);
  if (cx->code) return false;
  bool open = there && str_eq(col_str(s, 0), STR("open")) && col_null(s, 1);
  if (!open && !(there && m->skip_settled))
    refuse_state(cx, exception, there, there ? col_str(s, 0) : STR(""), there && !col_null(s, 1));
  if (there) stmt_done(s);
  return open;
}

static bool same(const struct stmt *s, int column, const char *text) {
  return text ? !col_null(s, column) && str_eq(col_str(s, column), str_of(text)) : col_null(s, column);
}

/* The review that there is: its id, or NULL; *done: it says all of this already. */
static const char *find_review(struct ctx *cx, struct db *db, const struct review_change *c,
                               int64_t exception, bool *done) {
  struct stmt *s = db_ask(cx, db, SQL_review_of, exception);
  if (!stmt_row(cx, s)) {
    *done = !(c->assigns && c->assignee) && !(c->decides && c->decision);
    return NULL;
  }
  *done = (!c->assigns || same(s, 1, c->assignee)) &&
          (!c->decides || (same(s, 2, c->decision) && same(s, 3, c->reason)));
  const char *id = col_dup(cx, s, 0);
  stmt_done(s);
  return id;
}

static int save_review(struct ctx *cx, struct db *db, const struct review_change *c, int64_t exception,
                       const char *id) {
  char saved[37];
  struct buf json;
  struct jw w;
  struct jv *object;
  jw_begin(&w, &json, LIMIT_BODY_BYTES);
  if (id) jw_text(&w, "id", id);
  jw_int(&w, "exception", exception);
  if (c->assigns) jw_text(&w, "assignee", c->assignee);
  if (c->decides) jw_text(&w, "decision", c->decision);
  if (c->decides) jw_text(&w, "reason", c->decision ? c->reason : NULL);
  jw_close(&w, '}');
  if (!jv_parse(cx, buf_view(&json), &object)) record_save(cx, db, entity_find("review"), object, saved);
  buf_clear(&json);
  return cx->code;
}

static int review_one(struct ctx *cx, struct db *db, struct many *m, int64_t exception) {
  bool done;
  if (!is_open(cx, db, m, exception)) return cx->code;
  const char *id = find_review(cx, db, m->change, exception, &done);
  if (done || cx->code) return cx->code;
  m->changed++;
  return save_review(cx, db, m->change, exception, id);
}

/* Every one in a unit of work of its own, under the id of all: its texts go with it. */
static int review_all(struct ctx *cx, struct db *db, void *arg) {
  struct many *m = arg;
  for (size_t i = 0; i < m->count && !cx->code; i++) {
    struct ctx one;
    ctx_begin(&one, cx->actor);
    str_copy(one.id, sizeof one.id, str_of(cx->id));
    one.now = cx->now;
    if (review_one(&one, db, m, m->exceptions[i])) fail_from(cx, &one);
    ctx_end(&one);
    crash_point("review");
  }
  return cx->code;
}

/* What the reviews of one exception come to for the one that it has become. */
static int carry_one(struct ctx *cx, struct db *db, const struct stmt *s) {
  const char *corrected = col_dup(cx, s, 4);
  struct review_change c = { .assigns = !col_null(s, 1),
                             .assignee = col_dup(cx, s, 1),
                             .decides = corrected || !col_null(s, 2),
                             .decision = corrected ? "accepted" : col_dup(cx, s, 2),
                             .reason = col_dup(cx, s, 3) };
  if (corrected) c.reason = ctx_printf(cx, "corrected by run %s, before its run was judged again", corrected);
  return c.assigns || c.decides ? save_review(cx, db, &c, col_int(s, 0), NULL) : OK;
}

int review_carry(struct ctx *cx, struct db *db, int64_t from, int64_t to) {
  struct stmt *s = db_ask(cx, db, SQL_review_carry, from, to);
  while (stmt_row(cx, s)) {
    struct ctx one; /* its texts go with it */
    ctx_begin(&one, cx->actor);
    str_copy(one.id, sizeof one.id, str_of(cx->id));
    one.now = cx->now;
    if (carry_one(&one, db, s)) fail_from(cx, &one);
    ctx_end(&one);
  }
  return cx->code;
}

int review_many(struct ctx *cx, struct tenant *t, const int64_t *exceptions, size_t count,
                const struct review_change *change, bool skip_settled, int64_t *changed) {
  struct many m = {
    .exceptions = exceptions, .count = count, .change = change, .skip_settled = skip_settled
  };
  *changed = 0;
  if (count > LIMIT_AT_ONCE)
    return fail(cx, E_LIMIT, "ids", "%zu exceptions at once are too many: at most %d", count, LIMIT_AT_ONCE);
  if (!change->assigns && !change->decides)
    return fail(cx, E_INVALID, "decision", "say what is to be done: an assignee, or a decision");
  if (change->decides && change->decision && strcmp(change->decision, "accepted") != 0)
    return fail(cx, E_INVALID, "decision", "a decision is accepted, or null to open it again, not '%s'",
                change->decision);
  if (change->decides && change->decision && (!change->reason || !str_trim(str_of(change->reason)).n))
    return fail(cx, E_INVALID, "reason", "%s", reason_missing);
  if (count == 0) return OK;
  if (tenant_write(cx, t, review_all, &m)) return cx->code;
  *changed = m.changed;
  return OK;
}
