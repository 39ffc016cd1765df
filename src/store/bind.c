#include "store/bind.h"

struct stmt *stmt_bind_all(struct stmt *s, int count, const struct arg *values) {
  for (int i = 0; i < count; i++) {
    const struct arg *v = &values[i];
    if (v->kind == ARG_TEXT || v->kind == ARG_NULL)
      stmt_str(s, i + 1, (struct str){ v->p, (size_t)v->n });
    else if (v->kind == ARG_BLOB)
      stmt_blob(s, i + 1, v->p, (size_t)v->n);
    else
      stmt_int(s, i + 1, v->n);
  }
  return s;
}

int64_t stmt_number(struct ctx *cx, struct stmt *s, int64_t otherwise) {
  if (!stmt_row(cx, s)) return otherwise;
  int64_t v = col_int(s, 0);
  stmt_done(s);
  return v;
}

bool stmt_exists(struct ctx *cx, struct stmt *s) {
  if (!stmt_row(cx, s)) return false;
  stmt_done(s);
  return true;
}

int stmt_numbers(struct ctx *cx, struct stmt *s, int64_t **list, size_t *count) {
  *list = NULL;
  *count = 0;
  while (stmt_row(cx, s)) {
    *list = ctx_more(cx, *list, *count, sizeof **list);
    (*list)[(*count)++] = col_int(s, 0);
  }
  return cx->code;
}
