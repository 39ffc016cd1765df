#include "store/expression.h"

#include <sqlite3.h>
#include <stdlib.h>

#include "base/limits.h"

enum { STEPS = 1000, CALLS = 20 }; /* at most 20,000 virtual machine steps a row: well under a millisecond */

struct expression {
  sqlite3 *lite;
  sqlite3_stmt *stmt;
  int calls;
};

static int allow(void *arg, int action, const char *a, const char *b, const char *c, const char *d) {
  static const char *const forbidden[] = {
    "load_extension",
    "random",
    "randomblob",
    "zeroblob",
    "readfile",
    "writefile",
    "edit",
    "fts3_tokenizer",
    "printf",
    "format", /* '%.*c' counts to its width before any limit is asked */
    NULL
  };
  (void)arg, (void)a, (void)c, (void)d;
  if (action == SQLITE_SELECT) return SQLITE_OK;
  if (action != SQLITE_FUNCTION) return SQLITE_DENY;
  for (int i = 0; forbidden[i]; i++)
    if (sqlite3_stricmp(b, forbidden[i]) == 0) return SQLITE_DENY;
  return SQLITE_OK;
}

static int count_calls(void *arg) {
  struct expression *e = arg;
  return ++e->calls > CALLS;
}

static void set_limits(struct expression *e) {
  sqlite3_limit(e->lite, SQLITE_LIMIT_LENGTH, (int)LIMIT_TEXT_BYTES);
  sqlite3_limit(e->lite, SQLITE_LIMIT_SQL_LENGTH, 8192);
  sqlite3_limit(e->lite, SQLITE_LIMIT_EXPR_DEPTH, 50);
  sqlite3_limit(e->lite, SQLITE_LIMIT_COMPOUND_SELECT, 1);
  sqlite3_limit(e->lite, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 200);
  sqlite3_limit(e->lite, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_set_authorizer(e->lite, allow, NULL);
  sqlite3_progress_handler(e->lite, STEPS, count_calls, e);
}

/* The text may be an expression only: it stands in brackets behind a SELECT
** whose one source is the row, given as parameters. */
static char *compose(struct ctx *cx, const char *text, const char *const *names, int count) {
  char *from = ctx_strdup(cx, STR(""));
  for (int i = 0; i < count; i++)
    from = ctx_printf(cx, "%s%s?%d AS \"%s\"", from, i ? ", " : "", i + 1, names[i]);
  return ctx_printf(cx, "SELECT (\n%s\n) FROM (SELECT %s)", text, from);
}

int expression_new(struct ctx *cx, const char *text, const char *const *names, int count,
                   struct expression **out) {
  struct expression *e = xcalloc(1, sizeof *e);
  const char *rest = "";
  const char *sql = compose(cx, text, names, count);
  if (sqlite3_open_v2(":memory:", &e->lite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX,
                      NULL) != SQLITE_OK) {
    expression_free(e);
    return fail(cx, E_FAIL, NULL, "no memory for an expression");
  }
  set_limits(e);
  int rc = sqlite3_prepare_v2(e->lite, sql, -1, &e->stmt, &rest);
  if (rc != SQLITE_OK || !e->stmt || rest[strspn(rest, " \t\r\n;")]) {
    fail(cx, E_INVALID, "expression", "the expression `%.200s` is not usable: %s", text,
         rc == SQLITE_OK ? "it must be one expression" : sqlite3_errmsg(e->lite));
    expression_free(e);
    return cx->code;
  }
  *out = e;
  return OK;
}

void expression_free(struct expression *e) {
  if (!e) return;
  sqlite3_finalize(e->stmt);
  sqlite3_close_v2(e->lite);
  free(e);
}

/* Numbers are REAL, so that 7 / 2 is 3.5; for a condition, not for amounts that are kept. */
void expression_bind(struct expression *e, int name, struct str value, bool number) {
  char text[64];
  if (!value.p) {
    sqlite3_bind_null(e->stmt, name + 1);
  } else if (number) {
    str_copy(text, sizeof text, value);
    sqlite3_bind_double(e->stmt, name + 1, strtod(text, NULL));
  } else {
    sqlite3_bind_text(e->stmt, name + 1, value.p, (int)value.n, SQLITE_TRANSIENT);
  }
}

int expression_test(struct expression *e, const char **why) {
  e->calls = 0;
  int rc = sqlite3_step(e->stmt);
  int answer = EXPRESSION_ERROR;
  if (rc == SQLITE_ROW && sqlite3_column_type(e->stmt, 0) == SQLITE_NULL)
    answer = EXPRESSION_UNKNOWN;
  else if (rc == SQLITE_ROW)
    answer = sqlite3_column_double(e->stmt, 0) != 0 ? EXPRESSION_TRUE : EXPRESSION_FALSE;
  else
    *why = rc == SQLITE_INTERRUPT ? "it takes too long" : sqlite3_errmsg(e->lite);
  sqlite3_reset(e->stmt);
  return answer;
}
