#include "notify/secret.h"

#include "base/seal.h"
#include "store/change.h"

enum { SECRET_MOST = 4096 };

const char *secret_name(struct ctx *cx, const char *entity, const char *id) {
  return ctx_printf(cx, "%s %s", entity, id);
}

/* What it is sealed for: this tenant's secret of this name. */
static int purpose(struct ctx *cx, struct db *db, const char *name, struct str *out) {
  struct stmt *s = db_stmt(cx, db, SQL_notify_identity);
  if (!s || !stmt_row(cx, s)) return fail(cx, E_FAIL, NULL, "this file has no tenant");
  *out = str_of(ctx_printf(cx, STR_FMT " %s", STR_ARG(col_str(s, 0)), name));
  stmt_done(s);
  return OK;
}

struct setting {
  struct tenant *tenant;
  const char *name;
  struct str value;
};

static int put(struct ctx *cx, struct db *db, const struct setting *set) {
  struct seal_key *key;
  struct str what, sealed;
  if (seal_key_open(cx, store_dir(tenant_store(set->tenant)), &key) || purpose(cx, db, set->name, &what) ||
      seal_close(cx, key, what, set->value, &sealed))
    return cx->code;
  return db_act(cx, db, SQL_secret_set, set->name, arg_blob(sealed.p, sealed.n), cx->now, cx->actor);
}

static int take_away(struct ctx *cx, struct db *db, const char *name) {
  return db_act(cx, db, SQL_secret_remove, name);
}

static int set_secret(struct ctx *cx, struct db *db, void *arg) {
  const struct setting *set = arg;
  bool there = set->value.n > 0;
  if (there ? put(cx, db, set) : take_away(cx, db, set->name)) return cx->code;
  return change_append(cx, db,
                       &(struct change){ .event = there ? "SECRET_SET" : "SECRET_REMOVED",
                                         .table = "secret",
                                         .key = set->name,
                                         .count = 1,
                                         .text = there ? "a secret was set" : "a secret was removed" });
}

int secret_set(struct ctx *cx, struct tenant *t, const char *name, struct str value) {
  struct setting set = { t, name, value };
  if (value.n > SECRET_MOST)
    return fail(cx, E_LIMIT, "secret", "a password has at most %d bytes", SECRET_MOST);
  if (value.n && (memchr(value.p, 0, value.n) || memchr(value.p, '\n', value.n)))
    return fail(cx, E_INVALID, "secret", "a password is one line of text");
  return tenant_write(cx, t, set_secret, &set);
}

int secret_get(struct ctx *cx, struct tenant *t, struct db *db, const char *name, const char **out) {
  struct seal_key *key;
  struct str what, plain;
  struct stmt *s = db_stmt(cx, db, SQL_secret_get);
  *out = "";
  if (!s) return cx->code;
  stmt_text(s, 1, name);
  if (!stmt_row(cx, s)) return cx->code;
  struct str sealed = col_str(s, 0);
  sealed.p = ctx_strdup(cx, sealed);
  stmt_done(s);
  if (seal_key_open(cx, store_dir(tenant_store(t)), &key) || purpose(cx, db, name, &what) ||
      seal_open(cx, key, what, sealed, &plain))
    return cx->code;
  *out = plain.p; /* followed by a zero, see seal_open */
  return OK;
}
