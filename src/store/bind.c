#include "store/bind.h"

struct bound bound_as_int(int64_t v) {
  return (struct bound){ BOUND_INT, NULL, v };
}
struct bound bound_as_text(const char *z) {
  return bound_as_str((struct str){ z, z ? strlen(z) : 0 });
}
struct bound bound_as_str(struct str v) {
  return (struct bound){ BOUND_TEXT, v.p, (int64_t)v.n };
}
struct bound bound_as_blob(struct blob v) {
  return (struct bound){ BOUND_BLOB, v.p, (int64_t)v.n };
}

struct stmt *stmt_bind_all(struct stmt *s, int count, const struct bound *values) {
  for (int i = 0; i < count; i++) {
    const struct bound *v = &values[i];
    if (v->kind == BOUND_INT)
      stmt_int(s, i + 1, v->n);
    else if (v->kind == BOUND_TEXT)
      stmt_str(s, i + 1, (struct str){ v->p, (size_t)v->n });
    else
      stmt_blob(s, i + 1, v->p, (size_t)v->n);
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
