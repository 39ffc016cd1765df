/* cmd_user.c - who may come in: accounts, sessions, tokens of machines. Whoever can read the data folder may do all
** of it, so it is also the way back in when nobody knows a password any more. */
#include "auth/account.h"
#include "auth/key.h"
#include "auth/login.h"
#include "auth/stamp.h"
#include "base/ids.h"
#include "cli/cli.h"
#include "record/record.h"

/* ---- accounts ---- */

/* The account of an email, and its tenant. */
static int find_user(struct ctx *cx, struct cli *c, struct tenant **t, struct account *a) {
  struct db *db;
  if (cli_tenant(cx, c, t) || tenant_read(cx, *t, &db)) return cx->code;
  int rc = account_by_email(cx, db, email_small(cx, c->operand[0]), a);
  tenant_read_end(db); /* before anything is written */
  if (rc != E_NOT_FOUND) return rc;
  ctx_forgive(cx);
  return fail(cx, E_NOT_FOUND, "user", "there is no account %s", c->operand[0]);
}

/* --password, or what the terminal says, twice. */
static int read_password(struct ctx *cx, const struct cli *c, const char **out) {
  char line[CLI_SECRET];
  *out = cli_get(c, "password");
  if (*out) return OK;
  if (cli_secret(cx, "new password", line)) return cx->code;
  *out = ctx_strdup(cx, str_of(line));
  if (!cli_asks()) return OK;
  if (cli_secret(cx, "the same again", line)) return cx->code;
  return strcmp(*out, line) == 0 ? OK : fail(cx, E_INVALID, "password", "these were two different passwords");
}

static int done(struct ctx *cx, struct cli *c, const char *id, const char *email, const char *link,
                const char *text) {
  const char *path = link ? ctx_printf(cx, "/#/setup/%s", link) : NULL;
  if (!cli_has(c, "json"))
    return path ? cli_print(cx, "%s\n  open %s of the server within an hour\n", text, path)
                : cli_print(cx, "%s\n", text);
  jw_object(&c->json, NULL);
  jw_text(&c->json, "id", id);
  if (email) jw_text(&c->json, "email", email);
  if (path) jw_text(&c->json, "setup_link", path);
  jw_close(&c->json, '}');
  return cli_print_json(cx, &c->out);
}

int cmd_user_add(struct ctx *cx, struct cli *c) {
  struct account_new new = { .email = c->operand[0], .name = cli_get(c, "name"), .role = cli_get(c, "role") };
  const char *link = NULL;
  struct tenant *t;
  char id[37];
  bool by_link = cli_has(c, "link");
  if (!new.role) return cli_usage(cx, "say which role the account has: --role admin");
  if (cli_tenant(cx, c, &t) || (!by_link && read_password(cx, c, &new.password)) ||
      account_add(cx, t, &new, id) || (by_link && session_setup_link(cx, t, id, &link)))
    return cx->code;
  const char *email = email_small(cx, new.email);
  return done(cx, c, id, email, link, ctx_printf(cx, "%s can log in as %s", email, new.role));
}

int cmd_user_passwd(struct ctx *cx, struct cli *c) {
  const char *password, *link = NULL;
  struct account a;
  struct tenant *t;
  if (find_user(cx, c, &t, &a)) return cx->code;
  if (cli_has(c, "link")
          ? session_setup_link(cx, t, a.id, &link)
          : read_password(cx, c, &password) || account_set_password(cx, t, a.id, password, false, NULL))
    return cx->code;
  return done(cx, c, a.id, a.email, link,
              link ? ctx_printf(cx, "%s may set a new password", a.email)
                   : ctx_printf(cx, "%s has a new password", a.email));
}

int cmd_user_list(struct ctx *cx, struct cli *c) {
  static const struct cli_column columns[] = {
    { "email", "email", -32 },
    { "name", "name", -24 },
    { "role", "role", -12 },
    { "active", "active", -6 },
    { "last_login", "last login (UTC)", -19 },
    { 0 },
  };
  struct db *db;
  int64_t total;
  if (cli_read(cx, c, &db) || accounts_list(cx, db, &c->json, NULL, &total)) return cx->code;
  return cli_print_list(cx, c, columns,
                        "there are no accounts; whoever is at this machine may do everything");
}

/* ---- changes of the record ---- */

struct change {
  const char *id, *role; /* role NULL: active */
  bool active;
};

static int apply(struct ctx *cx, struct db *db, void *arg) {
  const struct change *change = arg;
  const char *role = NULL;
  struct jv *object;
  char id[37];
  if (change->role && role_find(cx, db, change->role, &role)) return cx->code;
  struct str json = role ? json_one(cx, "id", change->id, "role", role)
                         : json_one(cx, "id", change->id, "active", change->active);
  return jv_parse(cx, json, &object) ? (int)cx->code : record_save(cx, db, entity_find("user"), object, id);
}

static int change_user(struct ctx *cx, struct cli *c, struct change *change, const char *what) {
  struct account a = { 0 };
  struct tenant *t;
  if (find_user(cx, c, &t, &a)) return cx->code;
  change->id = a.id;
  if (tenant_write(cx, t, apply, change)) return cx->code;
  return done(cx, c, a.id, a.email, NULL, ctx_printf(cx, "%s %s", a.email, what));
}

int cmd_user_role(struct ctx *cx, struct cli *c) {
  return change_user(cx, c, &(struct change){ .role = c->operand[1] },
                     ctx_printf(cx, "is %s now", c->operand[1]));
}
int cmd_user_disable(struct ctx *cx, struct cli *c) {
  return change_user(cx, c, &(struct change){ .active = false }, "cannot log in any more");
}
int cmd_user_enable(struct ctx *cx, struct cli *c) {
  return change_user(cx, c, &(struct change){ .active = true }, "can log in again");
}

int cmd_user_pin(struct ctx *cx, struct cli *c) {
  char line[CLI_SECRET];
  struct account a;
  struct tenant *t;
  if (find_user(cx, c, &t, &a) || cli_secret(cx, "new PIN", line) || account_set_pin(cx, t, a.id, line))
    return cx->code;
  return done(cx, c, a.id, a.email, NULL,
              ctx_printf(cx, "the PIN of %s was %s", a.email, line[0] ? "set" : "removed"));
}

int cmd_user_unlock(struct ctx *cx, struct cli *c) {
  struct account a;
  struct tenant *t;
  if (find_user(cx, c, &t, &a) || login_unlock(cx, t, a.id)) return cx->code;
  return done(cx, c, a.id, a.email, NULL, ctx_printf(cx, "%s may try again", a.email));
}

/* ---- machines ---- */

int cmd_token_create(struct ctx *cx, struct cli *c) {
  enum { DAYS = 90 };
  const char *token;
  struct tenant *t;
  char id[37];
  struct machine_new new = { .name = c->operand[0], .role = cli_get(c, "role"), .by = "" };
  if (!new.role) return cli_usage(cx, "say which role the token has: --role operator");
  if (cli_int(cx, c, "days", DAYS, INT64_MIN, INT64_MAX, &new.days) || cli_tenant(cx, c, &t) ||
      session_machine(cx, t, &new, id, &token))
    return cx->code;
  jw_record(&c->json, NULL, "id", id, "token", token, "days", new.days);
  return cli_answer(cx, c, "{token}\n");
}

int cmd_token_list(struct ctx *cx, struct cli *c) {
  static const struct cli_column columns[] = {
    { "id", "id", -36 },
    { "name", "name", -20 },
    { "role", "role", -12 },
    { "expires_at", "until (UTC)", -19 },
    { "created_by", "made by", 0 },
    { 0 },
  };
  struct db *db;
  int64_t total;
  if (cli_read(cx, c, &db) || sessions_list(cx, db, NULL, true, &c->json, NULL, &total)) return cx->code;
  return cli_print_list(cx, c, columns, "there are no tokens");
}

int cmd_token_revoke(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  if (cli_tenant(cx, c, &t) || session_end(cx, t, c->operand[0], NULL)) return cx->code;
  return done(cx, c, c->operand[0], NULL, NULL, "the token is revoked");
}

int cmd_token_rotate_key(struct ctx *cx, struct cli *c) {
  struct token_keys keys;
  struct store *s;
  if (cli_store(cx, c, &s) || token_keys_rotate(cx, store_dir(s), &keys)) return cx->code;
  stamp_move(store_dir(s));
  jw_record(&c->json, NULL, "kid", keys.key[0].kid, "before", keys.count > 1 ? keys.key[1].kid : NULL);
  return cli_answer(cx, c, "logins are signed with the key {kid} now\n");
}

/* ---- sessions ---- */

int cmd_session_list(struct ctx *cx, struct cli *c) {
  static const struct cli_column columns[] = {
    { "id", "id", -36 },
    { "name", "who", -28 },
    { "kind", "by", -6 },
    { "address", "from", -16 },
    { "created_at", "since (UTC)", -19 },
    { 0 },
  };
  struct account a = { 0 };
  struct tenant *t;
  struct db *db;
  int64_t total;
  if (c->operand_count && find_user(cx, c, &t, &a)) return cx->code;
  if (cli_read(cx, c, &db) || sessions_list(cx, db, a.id, false, &c->json, NULL, &total)) return cx->code;
  return cli_print_list(cx, c, columns, "nobody is logged in");
}

int cmd_session_revoke(struct ctx *cx, struct cli *c) {
  struct account a = { 0 };
  struct tenant *t;
  bool one = uuid_valid(str_of(c->operand[0]));
  if (one ? cli_tenant(cx, c, &t) || session_end(cx, t, c->operand[0], NULL)
          : find_user(cx, c, &t, &a) || session_end_all(cx, t, a.id))
    return cx->code;
  return done(cx, c, c->operand[0], a.email, NULL,
              one ? "the session has ended" : ctx_printf(cx, "all sessions of %s have ended", a.email));
}
