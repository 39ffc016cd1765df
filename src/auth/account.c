#include "auth/account.h"

#include <ctype.h>

#include "auth/login.h"
#include "auth/password.h"
#include "auth/stamp.h"
#include "base/hash.h"
#include "base/ids.h"
#include "base/time.h"
#include "model/permission.h"
#include "record/record.h"
#include "store/change.h"

/* ---- rules of the records ---- */

static bool email_good(struct str s) {
  const char *at = memchr(s.p, '@', s.n);
  if (!at || at == s.p || at == s.p + s.n - 1 || memchr(at + 1, '@', (size_t)(s.p + s.n - at - 1)))
    return false;
  for (size_t i = 0; i < s.n; i++)
    if (s.p[i] <= ' ' || s.p[i] > '~' || (s.p[i] >= 'A' && s.p[i] <= 'Z')) return false;
  return true;
}

static int check_user(struct ctx *cx, const struct jv *object) {
  const struct jv *email = jv_get(object, "email");
  if (!email || email_good(jv_text(email))) return OK;
  return fail(cx, E_INVALID, "email", "an email looks like me@example.org, in small letters");
}

static int check_role(struct ctx *cx, const struct jv *object) {
  uint64_t ignored;
  const struct jv *list = jv_get(object, "permissions");
  return list ? permissions_read(cx, jv_text(list), &ignored) : OK;
}

static bool may_people(struct ctx *cx, struct str permissions) {
  uint64_t mask;
  if (!permissions_read(cx, permissions, &mask)) return mask & PERMISSION_WRITE(GROUP_PEOPLE);
  ctx_forgive(cx);
  return false;
}

static int mark_keeper(struct ctx *cx, struct db *db, const char *id) {
  return db_act(cx, db, SQL_auth_keeper_mark, id);
}

/* Where somebody could look after the accounts, somebody still can. */
static int check_keeper(struct ctx *cx, struct db *db) {
  const char *keeper = NULL;
  struct stmt *s = db_stmt(cx, db, SQL_auth_active);
  while (!keeper && stmt_row(cx, s))
    if (may_people(cx, col_str(s, 1))) keeper = col_dup(cx, s, 0);
  if (cx->code) return cx->code;
  if (keeper) stmt_done(s);
  if (keeper) return mark_keeper(cx, db, keeper);
  if (!db_int(cx, db, SQL_auth_kept, 0)) return cx->code;
  return fail(cx, E_CONFLICT, NULL,
              "then nobody could look after the accounts any more: one active account with a password needs "
              "the permission people.write");
}

int account_end_sessions(struct ctx *cx, struct db *db, const char *id, const char *but_session,
                         bool machines) {
  struct stmt *s = db_stmt(cx, db, SQL_session_end_user);
  stamp_touch();
  stmt_text(s, 1, id);
  stmt_int(s, 2, cx->now);
  stmt_text(s, 3, cx->actor);
  stmt_text(s, 4, but_session);
  stmt_int(s, 5, machines);
  return stmt_run(cx, s);
}

int account_within(struct ctx *cx, const struct account *a) {
  return permissions_within(cx, a->permissions, ctx_printf(cx, "the account %s", a->email));
}

static int user_before(struct ctx *cx, struct db *db, const char *id) {
  struct account a;
  return account_get(cx, db, id, &a) || account_within(cx, &a) ? (int)cx->code : OK;
}

/* Who may not log in any more is out at once, with the tokens that he made, and not in again when he may. */
static int user_changed(struct ctx *cx, struct db *db, const char *id) {
  struct account a;
  stamp_touch();
  if (account_get(cx, db, id, &a) || account_within(cx, &a)) return cx->code;
  if (!a.active && account_end_sessions(cx, db, id, NULL, true)) return cx->code;
  return check_keeper(cx, db);
}

int role_permissions(struct ctx *cx, struct db *db, const char *id, uint64_t *out) {
  *out = 0;
  struct stmt *s = db_ask(cx, db, SQL_auth_role, id);
  if (!stmt_row(cx, s))
    return cx->code ? (int)cx->code : fail(cx, E_NOT_FOUND, "role", "there is no such role");
  permissions_read(cx, col_str(s, 0), out);
  stmt_done(s);
  return cx->code;
}

/* Before and after: neither what it had nor what it gets is more than his. */
static int role_within(struct ctx *cx, struct db *db, const char *id) {
  uint64_t permissions;
  return role_permissions(cx, db, id, &permissions) ? (int)cx->code
                                                    : permissions_within(cx, permissions, "the role");
}

static int roles_changed(struct ctx *cx, struct db *db) {
  stamp_touch();
  return check_keeper(cx, db);
}

void auth_register(void) {
  static const struct entity_hooks user_hooks = { .check_object = check_user,
                                                  .check_before = user_before,
                                                  .check_row = user_changed },
                                   role_hooks = { .check_object = check_role,
                                                  .check_before = role_within,
                                                  .check = roles_changed,
                                                  .check_row = role_within };
  entity_hooks_register("user", &user_hooks);
  entity_hooks_register("role", &role_hooks);
  store_add_committed_hook(stamp_committed);
}

/* ---- reading ---- */

static int read_account(struct ctx *cx, struct stmt *s, struct account *out) {
  *out = (struct account){ 0 };
  if (!stmt_row(cx, s))
    return cx->code ? (int)cx->code : fail(cx, E_NOT_FOUND, "user", "there is no such account");
  out->id = col_dup(cx, s, 0);
  out->email = col_dup(cx, s, 1);
  out->name = col_dup(cx, s, 2);
  out->active = col_int(s, 3);
  out->must_change = col_int(s, 4);
  out->role = col_dup(cx, s, 5);
  struct str permissions = str_of(col_dup(cx, s, 6));
  out->password = col_dup(cx, s, 7);
  out->pin = col_dup(cx, s, 8);
  stmt_done(s);
  return permissions_read(cx, permissions, &out->permissions);
}

int account_get(struct ctx *cx, struct db *db, const char *id, struct account *out) {
  struct stmt *s = db_ask(cx, db, SQL_auth_account, id);
  return read_account(cx, s, out);
}

int account_by_email(struct ctx *cx, struct db *db, const char *email, struct account *out) {
  struct stmt *s = db_ask(cx, db, SQL_auth_account_by_email, email);
  return read_account(cx, s, out);
}

bool account_tables(struct ctx *cx, struct db *db) {
  struct stmt *s = db_compose(cx, db, "SELECT 1 FROM sqlite_schema WHERE name = 'credential'");
  bool there = stmt_row(cx, s);
  if (there) stmt_done(s);
  return there;
}

static const void *badge_digest(struct ctx *cx, const char *badge) {
  unsigned char *digest = ctx_alloc(cx, SHA256_SIZE);
  sha256_of(badge, strlen(badge), digest);
  return digest;
}

int account_by_badge(struct ctx *cx, struct db *db, const char *badge, struct account *out) {
  struct stmt *s = db_ask(cx, db, SQL_auth_account_by_badge, arg_blob(badge_digest(cx, badge), SHA256_SIZE));
  return read_account(cx, s, out);
}

const char *email_small(struct ctx *cx, const char *email) {
  if (!email) return NULL;
  char *small = ctx_strdup(cx, str_trim(str_of(email)));
  for (char *p = small; *p; p++) *p = (char)tolower((unsigned char)*p);
  return small;
}

int role_find(struct ctx *cx, struct db *db, const char *name, const char **id) {
  struct stmt *s = db_ask(cx, db, SQL_auth_role_by_name, name);
  if (stmt_row(cx, s)) {
    *id = col_dup(cx, s, 0);
    stmt_done(s);
    return OK;
  }
  if (cx->code) return cx->code;
  s = db_stmt(cx, db, SQL_auth_role_names);
  const char *names = stmt_row(cx, s) ? col_dup(cx, s, 0) : "";
  if (s) stmt_done(s);
  return fail(cx, E_NOT_FOUND, "role", "there is no role '%.40s'; there are %s", name, names);
}

/* ---- writing ---- */

/* Through the one door, like any record. */
static int save_user(struct ctx *cx, struct db *db, struct str json, char id[static 37]) {
  struct jv *object;
  int rc = jv_parse(cx, json, &object);
  return rc ? rc : record_save(cx, db, entity_find("user"), object, id);
}

int account_put(struct ctx *cx, struct db *db, const struct account_new *new, const char *hash,
                char id[static 37]) {
  const char *email = email_small(cx, new->email), *role = new->role;
  if (!role || (!uuid_valid(str_of(role)) && role_find(cx, db, role, &role)))
    return cx->code ? (int)cx->code : fail(cx, E_INVALID, "role", "say which role the account has");
  if (save_user(cx, db, json_one(cx, "email", email, "name", new->name ? new->name : email, "role", role),
                id))
    return cx->code;
  return hash ? account_put_password(cx, db, id, hash, new->must_change, NULL) : OK;
}

struct adding {
  const struct account_new *new;
  const char *hash;
  char *id;
};

static int add(struct ctx *cx, struct db *db, void *arg) {
  struct adding *a = arg;
  return account_put(cx, db, a->new, a->hash, a->id);
}

int account_add(struct ctx *cx, struct tenant *t, const struct account_new *new, char id[static 37]) {
  char hash[PASSWORD_HASH];
  struct adding a = { new, new->password ? hash : NULL, id };
  struct str password = str_of(new->password);
  if (new->password &&
      (password_check(cx, "password", password, new->email) || password_hash(cx, password, hash)))
    return cx->code;
  return tenant_write(cx, t, add, &a);
}

/* What changed is said, what it is now is not. */
static int note(struct ctx *cx, struct db *db, const char *id, const char *event, const char *text) {
  stamp_touch();
  return change_append(
      cx, db, &(struct change){ .event = event, .table = "credential", .key = id, .count = 1, .text = text });
}

static int put_credential(struct ctx *cx, struct db *db, enum sql_id sql, const char *id, struct str value,
                          bool blob) {
  struct stmt *s = db_ask(cx, db, sql, id);
  if (blob && value.p)
    stmt_blob(s, 2, value.p, value.n);
  else
    stmt_str(s, 2, value);
  stmt_int(s, 3, cx->now);
  return stmt_run(cx, s);
}

static int put_must_change(struct ctx *cx, struct db *db, const char *id, bool must_change) {
  char same[37];
  return save_user(cx, db, json_one(cx, "id", id, "must_change", must_change), same);
}

int account_put_password(struct ctx *cx, struct db *db, const char *id, const char *hash, bool must_change,
                         const char *but_session) {
  struct account a;
  if (account_get(cx, db, id, &a) || account_within(cx, &a)) return cx->code;
  if (put_credential(cx, db, SQL_auth_password_set, id, str_of(hash), false)) return cx->code;
  if (a.must_change != must_change && put_must_change(cx, db, id, must_change)) return cx->code;
  if (account_end_sessions(cx, db, id, but_session, false) || check_keeper(cx, db)) return cx->code;
  return note(cx, db, id, "PASSWORD_CHANGED", ctx_printf(cx, "the password of %s was changed", a.email));
}

int account_renew_hash(struct ctx *cx, struct db *db, const char *id, const char *hash) {
  return put_credential(cx, db, SQL_auth_password_set, id, str_of(hash), false);
}

struct setting {
  const char *id, *value, *but_session;
  bool must_change;
};

static int set_password(struct ctx *cx, struct db *db, void *arg) {
  const struct setting *s = arg;
  return account_put_password(cx, db, s->id, s->value, s->must_change, s->but_session);
}

int account_set_password(struct ctx *cx, struct tenant *t, const char *id, const char *password,
                         bool must_change, const char *but_session) {
  char hash[PASSWORD_HASH];
  struct setting s = { id, hash, but_session, must_change };
  if (password_check(cx, "password", str_of(password), NULL) || password_hash(cx, str_of(password), hash))
    return cx->code;
  return tenant_write(cx, t, set_password, &s);
}

static int set_pin(struct ctx *cx, struct db *db, void *arg) {
  const struct setting *s = arg;
  struct account a;
  if (account_get(cx, db, s->id, &a) || account_within(cx, &a) ||
      put_credential(cx, db, SQL_auth_pin_set, s->id, str_of(s->value), false))
    return cx->code;
  return note(cx, db, s->id, "PIN_CHANGED", ctx_printf(cx, "the PIN of %s was changed", a.email));
}

int account_set_pin(struct ctx *cx, struct tenant *t, const char *id, const char *pin) {
  char hash[PASSWORD_HASH];
  struct setting s = { .id = id, .value = *pin ? hash : NULL };
  if (*pin && (pin_check(cx, str_of(pin)) || password_hash(cx, str_of(pin), hash))) return cx->code;
  return tenant_write(cx, t, set_pin, &s);
}

static int free_badge(struct ctx *cx, struct db *db, struct str digest) {
  if (!digest.p) return OK;
  return db_act(cx, db, SQL_auth_badge_free, arg_blob(digest.p, digest.n));
}

static int set_badge(struct ctx *cx, struct db *db, void *arg) {
  const struct setting *s = arg;
  struct account a, other;
  if (account_get(cx, db, s->id, &a) || account_within(cx, &a)) return cx->code;
  if (s->value && !account_by_badge(cx, db, s->value, &other) && strcmp(other.id, s->id) != 0)
    return fail(cx, E_CONFLICT, "badge", "this badge is somebody else's");
  ctx_forgive(cx);
  struct str digest = { s->value ? badge_digest(cx, s->value) : NULL, SHA256_SIZE };
  if (free_badge(cx, db, digest) || put_credential(cx, db, SQL_auth_badge_set, s->id, digest, true))
    return cx->code;
  return note(cx, db, s->id, "BADGE_CHANGED", ctx_printf(cx, "the badge of %s was changed", a.email));
}

int account_set_badge(struct ctx *cx, struct tenant *t, const char *id, const char *badge) {
  enum { BADGE_MOST = 200 };
  struct setting s = { .id = id, .value = *badge ? badge : NULL };
  if (strlen(badge) > BADGE_MOST)
    return fail(cx, E_INVALID, "badge", "the code of a badge has at most %d bytes", BADGE_MOST);
  return tenant_write(cx, t, set_badge, &s);
}

/* ---- lists ---- */

int accounts_list(struct ctx *cx, struct db *db, struct jw *w, const char *key, int64_t *total) {
  char at[TIME_SIZE];
  int64_t until;
  *total = 0;
  jw_array(w, key);
  struct stmt *s = db_stmt(cx, db, SQL_auth_users);
  while (stmt_row(cx, s)) {
    static const char *const texts[] = { "id", "email", "name", "role" };
    static const char *const flags[] = { "active", "must_change", "password", "pin", "badge" };
    jw_object(w, NULL);
    for (int i = 0; i < 4; i++) jw_str(w, texts[i], col_str(s, i));
    for (int i = 0; i < 5; i++) jw_bool(w, flags[i], col_int(s, 4 + i));
    jw_text(w, "last_login", col_null(s, 9) ? NULL : time_iso(at, col_int(s, 9)));
    if (login_waits(cx, db, col_dup(cx, s, 1), &until)) break;
    jw_text(w, "locked_until", until ? time_iso(at, until) : NULL);
    jw_close(w, '}');
    ++*total;
  }
  jw_close(w, ']');
  return cx->code;
}
