#include "job/breaker.h"

static const char CLOSED[] = "closed", OPEN[] = "open", HALF_OPEN[] = "half-open";
static const int64_t SECOND = 1000000;

/* What waits for a trial, or for the end of one that may never end, waits a minute; a clock that was set back
** makes nobody wait longer. */
static void fill(const struct ctx *cx, const struct stmt *s, struct breaker *b) {
  bool open = str_eq(col_str(s, 1), str_of(OPEN)), trial = str_eq(col_str(s, 1), str_of(HALF_OPEN));
  int64_t waited = cx->now - col_int(s, 6);
  int64_t left = waited < 0 ? 0 : BREAKER_SECONDS * SECOND - waited;
  bool over = left <= 0;
  b->state = open ? (over ? HALF_OPEN : OPEN) : trial ? HALF_OPEN : CLOSED;
  b->failures = col_int(s, 2);
  b->opened = col_int(s, 3);
  b->retry_after = (open || trial) && !over ? (left + SECOND - 1) / SECOND : 0;
}

int breaker_look(struct ctx *cx, struct db *db, const char *name, struct breaker *out) {
  *out = (struct breaker){ .state = CLOSED };
  struct stmt *s = db_ask(cx, db, SQL_breaker_get, name);
  if (!stmt_row(cx, s)) return cx->code;
  fill(cx, s, out);
  out->cause = col_dup(cx, s, 5);
  stmt_done(s);
  return cx->code;
}

static int put(struct ctx *cx, struct db *db, const char *name, const char *state, int64_t failures,
               int64_t opened, const char *cause) {
  struct stmt *s = db_ask(cx, db, SQL_breaker_put, name, state, failures, opened);
  if (state == OPEN) stmt_int(s, 5, cx->now);
  stmt_text(s, 6, cause);
  stmt_int(s, 7, cx->now);
  return stmt_run(cx, s);
}

int breaker_enter(struct ctx *cx, struct db *db, const char *name, struct breaker *out) {
  struct breaker b;
  if (breaker_look(cx, db, name, &b)) return cx->code;
  if (out) *out = b;
  if (b.state == CLOSED) return OK;
  if (b.retry_after > 0)
    return fail(cx, E_BUSY, NULL,
                "%s failed %lld times one after the other and is left alone; try again in %lld s. %s", name,
                (long long)b.failures, (long long)b.retry_after, b.cause ? b.cause : "");
  return put(cx, db, name, HALF_OPEN, b.failures, b.opened, b.cause);
}

int breaker_ended(struct ctx *cx, struct db *db, const char *name, enum err code, const char *why) {
  struct breaker b;
  if (breaker_look(cx, db, name, &b)) return cx->code;
  bool sick = code == E_FAIL || code == E_BUSY;
  if (!sick) return b.state == CLOSED && b.failures == 0 ? OK : put(cx, db, name, CLOSED, 0, b.opened, NULL);
  bool opens = b.state != CLOSED || b.failures + 1 >= BREAKER_FAILURES;
  return put(cx, db, name, opens ? OPEN : CLOSED, b.failures + 1, b.opened + (b.state != OPEN && opens), why);
}

static void members(struct jw *w, const struct breaker *b) {
  jw_put(w, "state", b->state, "failures", b->failures, "opened", b->opened, "retry_after", b->retry_after,
         "cause", b->cause);
}

void breaker_write(struct jw *w, const char *key, const struct breaker *b) {
  jw_object(w, key);
  members(w, b);
  jw_close(w, '}');
}

int breaker_list(struct ctx *cx, struct db *db, struct jw *w, const char *key) {
  struct stmt *s = db_stmt(cx, db, SQL_breaker_list);
  jw_array(w, key);
  while (stmt_row(cx, s)) {
    struct breaker b;
    fill(cx, s, &b);
    b.cause = col_dup(cx, s, 5);
    jw_object(w, NULL);
    jw_str(w, "name", col_str(s, 0));
    members(w, &b);
    jw_close(w, '}');
  }
  jw_close(w, ']');
  return cx->code;
}
