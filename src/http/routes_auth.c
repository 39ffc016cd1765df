/*
** routes_auth.c - logging in and out, one's own sessions and settings, accounts and machines' tokens.
**
** Every failure to log in has the same words. What a reply of these routes holds (tokens, links) is
** not kept anywhere, see route.secret.
*/
#include "auth/auth.h"
#include "auth/login.h"
#include "auth/password.h"
#include "auth/token.h"
#include "base/limits.h"
#include "http/routes.h"
#include "record/record.h"

static struct visitor visitor_of(struct request *rq) {
  const char *agent = wire_header(rq, "User-Agent", NULL);
  return (struct visitor){ wire_address(rq), agent ? agent : "" };
}

/* A text that has to be there. */
static int member_needed(struct request *rq, const struct jv *body, const char *name, const char **out) {
  if (member_text(rq, body, name, out)) return rq->cx->code;
  return *out ? OK : fail(rq->cx, E_INVALID, name, "say what the %s is", name);
}

/* ---- logging in ---- */

static void permissions_tell(struct jw *w, uint64_t mask) {
  char name[PERMISSION_SIZE];
  jw_array(w, "permissions");
  while (permission_next(&mask, name)) jw_text(w, NULL, name);
  jw_close(w, ']');
}

static int tell_granted(struct request *rq, const char *tenant, const struct granted *g) {
  struct jw *w = &rq->json;
  jw_object(w, "data");
  jw_put(w, "token", g->token, "expires_in", g->lasts, "refresh_token", g->refresh);
  jw_object(w, "user");
  jw_put(w, "id", g->account.id, "email", g->account.email, "name", g->account.name, "role", g->account.role,
         "tenant", tenant, "must_change", g->account.must_change);
  permissions_tell(w, g->account.permissions);
  jw_close(w, '}');
  jw_close(w, '}');
  if (rq->own_page)
    cookies_set(rq, g->token, g->lasts, g->refresh ? g->refresh : "",
                g->refresh ? SESSION_REFRESH_US / 1000000 : 0);
  return OK;
}

static int not_in(struct request *rq) {
  ctx_forgive(rq->cx);
  return refuse(rq, 401, E_DENIED, "this is not the right account and password");
}

/* Whose file the account is in: the one that is named, or the only one there is. *out NULL: there is none of
** this name, which is not told. */
static int tenant_named(struct request *rq, const char *slug, struct tenant **out) {
  const struct tenant_info *list;
  size_t count;
  *out = NULL;
  if (tenant_list(rq->cx, rq->server->store, &list, &count)) return rq->cx->code;
  if (!slug && count > 1)
    return fail(rq->cx, E_INVALID, "tenant",
                "there are several tenants here: say which one the account belongs to");
  for (size_t i = 0; i < count; i++)
    if (!slug || strcmp(list[i].slug, slug) == 0) return tenant_opened(rq, list[i].slug, out);
  return OK;
}

/* As long as for a tenant that there is. */
static int nowhere(struct request *rq, const char *password) {
  bool good;
  return password_verify(rq->cx, str_of(password), NULL, &good) ? (int)rq->cx->code : not_in(rq);
}

static int too_often(struct request *rq, int64_t wait) {
  if (rq->cx->code == E_BUSY && wait) rq->status = 429, rq->retry_after = (int)wait;
  return rq->cx->code;
}

static int log_in(struct request *rq, bool pin) {
  const char *secret = pin ? "pin" : "password";
  struct login l = { .pin = pin, .visitor = visitor_of(rq) };
  struct granted granted;
  struct tenant *t;
  struct jv *body;
  const char *slug;
  int64_t wait;
  if (body_members(rq, pin ? "user, pin, tenant" : "email, password, tenant", &body) ||
      member_needed(rq, body, pin ? "user" : "email", &l.user) ||
      member_needed(rq, body, secret, &l.password) || member_text(rq, body, "tenant", &slug) ||
      tenant_named(rq, slug, &t))
    return rq->cx->code;
  if (strlen(l.password) > PASSWORD_MOST || !t) return nowhere(rq, l.password);
  int rc = login_try(rq->cx, t, &l, &granted, &wait);
  if (rc == E_DENIED) return not_in(rq);
  return rc ? too_often(rq, wait) : tell_granted(rq, tenant_slug(t), &granted);
}

static int auth_login_post(struct request *rq) { return log_in(rq, false); }
static int auth_pin_post(struct request *rq) { return log_in(rq, true); }

/* The tenant that an opaque token names; 401 when there is none. */
static int tenant_of_token(struct request *rq, const char *prefix, struct str token, struct tenant **out,
                           unsigned char stored[static SHA256_SIZE]) {
  char slug[LIMIT_SLUG + 1];
  *out = NULL;
  if (opaque_read(prefix, token, slug, stored) && tenant_named(rq, slug, out)) return rq->cx->code;
  return *out ? OK : refuse(rq, 401, E_DENIED, "this is not good, or not any more");
}

static int not_any_more(struct request *rq, const char *sentence) {
  if (rq->cx->code != E_DENIED) return rq->cx->code;
  ctx_forgive(rq->cx);
  return refuse(rq, 401, E_DENIED, sentence);
}

/* From the body, or, of our own page, from the cookie. */
static int refresh_token(struct request *rq, struct str *token, bool *cookie) {
  struct jv *body;
  const char *text = NULL;
  if (body_members_if_any(rq, "refresh_token", &body)) return rq->cx->code;
  if (body && member_text(rq, body, "refresh_token", &text)) return rq->cx->code;
  *cookie = !text && rq->own_page;
  *token = !*cookie ? str_of(text) : cookie_find(rq, cookie_refresh_name(rq));
  return token->n ? OK : refuse(rq, 401, E_DENIED, "there is no refresh token; log in again");
}

static int auth_refresh_post(struct request *rq) {
  unsigned char stored[SHA256_SIZE];
  struct visitor v = visitor_of(rq);
  struct granted granted;
  struct tenant *t;
  struct str token;
  bool cookie = false;
  if (refresh_token(rq, &token, &cookie) || tenant_of_token(rq, TOKEN_REFRESH, token, &t, stored))
    return rq->cx->code;
  if (session_refresh(rq->cx, t, stored, cookie, &v, &granted))
    return not_any_more(rq, "this refresh token is not good any more; log in again");
  return tell_granted(rq, tenant_slug(t), &granted);
}

static int auth_setup_post(struct request *rq) {
  unsigned char stored[SHA256_SIZE];
  struct visitor v = visitor_of(rq);
  struct setup s;
  struct granted granted;
  struct tenant *t;
  struct jv *body;
  const char *token;
  if (body_members(rq, "token, email, password, name", &body) || member_needed(rq, body, "token", &token) ||
      member_text(rq, body, "email", &s.email) || member_text(rq, body, "name", &s.name) ||
      member_needed(rq, body, "password", &s.password) ||
      tenant_of_token(rq, TOKEN_SETUP, str_of(token), &t, stored))
    return rq->cx->code;
  rq->cx->may = PERMISSION_ALL; /* it is the link that gives the right, whoever else is logged in here */
  if (session_set_up(rq->cx, t, stored, &s, &v, &granted))
    return not_any_more(rq, "this link is not good any more: it holds for an hour, and once");
  return tell_granted(rq, tenant_slug(t), &granted);
}

/* ---- oneself ---- */

static bool is_person(const struct request *rq) { return rq->who && rq->who->user_id[0]; }

static int auth_logout_post(struct request *rq) {
  struct tenant *t;
  if (rq->who && !rq->who->open) {
    if (tenant_opened(rq, rq->who->tenant, &t)) return rq->cx->code;
    if (session_end(rq->cx, t, rq->who->session, NULL) == E_NOT_FOUND) ctx_forgive(rq->cx);
  }
  if (rq->own_page) cookies_set(rq, "", 0, "", 0);
  jw_object(&rq->json, "data");
  jw_close(&rq->json, '}');
  return rq->cx->code;
}

int auth_me_get(struct request *rq) {
  const struct identity *who = rq->who;
  struct jw *w = &rq->json;
  jw_object(w, "data");
  if (who && !who->open) {
    jw_record(w, "user", "id", who->user_id[0] ? who->user_id : NULL, "email", who->email, "name", who->name,
              "role", who->role, "tenant", who->tenant, "must_change", who->must_change);
  } else {
    jw_text(w, "user", NULL);
  }
  jw_bool(w, "open", who && who->open);
  permissions_tell(w, who ? who->permissions : 0);
  jw_bool(w, "setup", !who && !auth_any(rq->server->auth));
  jw_close(w, '}');
  return OK;
}

static int need_person(struct request *rq) {
  return is_person(rq) ? OK
                       : fail(rq->cx, E_CONFLICT, NULL, "only a person who has logged in has a password");
}

static int auth_password_post(struct request *rq) {
  struct visitor v = visitor_of(rq);
  struct jv *body;
  const char *old, *new;
  int64_t wait;
  if (body_members(rq, "old, new", &body) || member_needed(rq, body, "old", &old) ||
      member_needed(rq, body, "new", &new) || need_person(rq))
    return rq->cx->code;
  int rc = login_change_password(rq->cx, rq->tenant, rq->who, old, new, &v, &wait);
  if (rc == E_DENIED) {
    ctx_forgive(rq->cx);
    rq->status = 403;
    return fail(rq->cx, E_DENIED, "old", "this is not the present password");
  }
  jw_record(&rq->json, "data", "changed", arg_bool(true));
  return rc ? too_often(rq, wait) : OK;
}

static int users_logins(struct request *rq) {
  int64_t total = 0;
  int rc = accounts_list(rq->cx, rq->db, &rq->json, "data", &total);
  if (!rc) jw_int(&rq->json, "total", total);
  return rc;
}

/* ---- sessions ---- */

static int auth_sessions_get(struct request *rq) {
  const char *user = NULL;
  int64_t total;
  if (query_text(rq, "user", &user)) return rq->cx->code;
  if (!user && is_person(rq)) user = rq->who->user_id;
  bool own = user && rq->who && strcmp(user, rq->who->user_id) == 0;
  if (!own && request_need(rq, "people.read")) return rq->cx->code;
  if (user && strcmp(user, "all") == 0) user = NULL;
  int rc = sessions_list(rq->cx, rq->db, user, false, &rq->json, "data", &total);
  jw_put(&rq->json, "total", total, "current", rq->who->open ? NULL : rq->who->session);
  return rc;
}

static int tell_ended(struct request *rq) {
  jw_record(&rq->json, "data", "ended", arg_bool(true));
  return OK;
}

/* One's own, or with people.write anybody's. */
static int auth_session_delete(struct request *rq) {
  bool all = identity_may(rq->who, "people.write");
  int rc = session_end(rq->cx, rq->tenant, rq->param[0], all ? NULL : rq->who->user_id);
  return rc ? rc : tell_ended(rq);
}

static int tokens_list(struct request *rq) {
  int64_t total;
  int rc = sessions_list(rq->cx, rq->db, NULL, true, &rq->json, "data", &total);
  jw_int(&rq->json, "total", total);
  return rc;
}

static int token_post(struct request *rq) {
  enum { DAYS = 90 };
  struct machine_new new = { .by = rq->who->session, .days = DAYS };
  const char *token;
  struct jv *body;
  char id[37];
  if (body_members(rq, "name, role, days", &body) || member_needed(rq, body, "name", &new.name) ||
      member_needed(rq, body, "role", &new.role))
    return rq->cx->code;
  struct str given = jv_text(jv_get(body, "days"));
  if (given.p && !str_to_int(given, &new.days))
    return fail(rq->cx, E_INVALID, "days", "days is how many days the token lasts, such as 90");
  if (session_machine(rq->cx, rq->tenant, &new, id, &token)) return rq->cx->code;
  rq->status = 201;
  rq->location = ctx_printf(rq->cx, "/api/tokens/%s", id);
  jw_record(&rq->json, "data", "id", id, "token", token, "expires_in", DAY_US / 1000000 * new.days);
  return OK;
}

static int token_delete(struct request *rq) {
  int rc = session_end(rq->cx, rq->tenant, rq->param[0], NULL);
  return rc ? rc : tell_ended(rq);
}

/* ---- accounts ---- */

static int read_flag(struct request *rq, const struct jv *body, const char *name, bool otherwise, bool *out) {
  const struct jv *v = jv_get(body, name);
  *out = otherwise;
  if (!v) return OK;
  if (jv_kind(v) != JV_BOOL) return fail(rq->cx, E_INVALID, name, "%s is true or false", name);
  *out = str_eq(jv_text(v), STR("true"));
  return OK;
}

static int tell_user(struct request *rq, const char *id, const char *link) {
  struct db *db;
  if (tenant_read(rq->cx, rq->tenant, &db)) return rq->cx->code;
  jw_object(&rq->json, "data");
  int rc = record_get(rq->cx, db, entity_find("user"), id, &rq->json, "user");
  if (link) jw_text(&rq->json, "setup_link", ctx_printf(rq->cx, "/#/setup/%s", link));
  jw_close(&rq->json, '}');
  return rc;
}

/* Without a password: with a link by which its owner sets one. */
static int user_post(struct request *rq) {
  struct account_new new = { 0 };
  const char *link = NULL;
  struct jv *body;
  char id[37];
  if (body_members(rq, "email, name, role, password, must_change", &body) ||
      member_needed(rq, body, "email", &new.email) || member_text(rq, body, "name", &new.name) ||
      member_needed(rq, body, "role", &new.role) || member_text(rq, body, "password", &new.password) ||
      read_flag(rq, body, "must_change", !rq->who->open, &new.must_change) ||
      account_add(rq->cx, rq->tenant, &new, id) ||
      (!new.password &&session_setup_link(rq->cx, rq->tenant, id, &link)))
    return rq->cx->code;
  rq->status = 201;
  rq->location = ctx_printf(rq->cx, "/api/users/%s", id);
  return tell_user(rq, id, link);
}

/* An account of this tenant; others are not there. */
static int user_asked(struct request *rq) {
  struct account a;
  struct ctx aside; /* its end gives the reader back before anything is written */
  struct db *db;
  ctx_begin(&aside, rq->cx->actor);
  if (!tenant_read(&aside, rq->tenant, &db)) account_get(&aside, db, rq->param[0], &a);
  return ctx_end_inside(rq->cx, &aside);
}

static int user_password_post(struct request *rq) {
  struct jv *body;
  const char *password, *link = NULL, *id = rq->param[0];
  bool must_change;
  if (body_members(rq, "password, must_change", &body) || member_text(rq, body, "password", &password) ||
      read_flag(rq, body, "must_change", strcmp(rq->who->user_id, id) != 0, &must_change) || user_asked(rq))
    return rq->cx->code;
  int rc = password ? account_set_password(rq->cx, rq->tenant, id, password, must_change, NULL)
                    : session_setup_link(rq->cx, rq->tenant, id, &link);
  return rc ? rc : tell_user(rq, id, link);
}

static int user_set(struct request *rq, const char *name,
                    int (*set)(struct ctx *cx, struct tenant *t, const char *id, const char *value)) {
  struct jv *body;
  const char *value;
  if (body_members(rq, name, &body) || member_text(rq, body, name, &value) || user_asked(rq))
    return rq->cx->code;
  int rc = set(rq->cx, rq->tenant, rq->param[0], value ? value : "");
  return rc ? rc : tell_user(rq, rq->param[0], NULL);
}

static int user_pin_post(struct request *rq) { return user_set(rq, "pin", account_set_pin); }
static int user_badge_post(struct request *rq) { return user_set(rq, "badge", account_set_badge); }

static int user_unlock_post(struct request *rq) {
  if (user_asked(rq)) return rq->cx->code;
  int rc = login_unlock(rq->cx, rq->tenant, rq->param[0]);
  return rc ? rc : tell_user(rq, rq->param[0], NULL);
}

/* ---- one's own pages ---- */

static const char *setting_id(struct request *rq, struct ctx *cx, struct db *db) {
  struct stmt *s = db_ask(cx, db, SQL_auth_setting, is_person(rq) ? rq->who->user_id : NULL);
  const char *id = stmt_row(cx, s) ? col_dup(cx, s, 0) : NULL;
  if (id) stmt_done(s);
  return id;
}

static int settings_get(struct request *rq) {
  struct jw *w = &rq->json;
  const char *id = setting_id(rq, rq->cx, rq->db);
  if (id || rq->cx->code)
    return rq->cx->code ? (int)rq->cx->code
                        : record_get(rq->cx, rq->db, entity_find("dashboard_setting"), id, w, "data");
  jw_object(w, "data"); /* as one that has nothing set */
  jw_put(w, "theme", "system", "layout_config", arg_json(STR("{}")), "widget_preferences",
         arg_json(STR("{}")), "default_date_range", "all");
  jw_close(w, '}');
  return OK;
}

struct settings_task {
  struct request *rq;
  struct jv *body;
};

static int settings_save(struct ctx *cx, struct db *db, void *arg) {
  const struct settings_task *task = arg;
  const struct entity *e = entity_find("dashboard_setting");
  struct request *rq = task->rq;
  const char *known = setting_id(rq, cx, db);
  struct jv *object;
  struct buf json;
  struct jw w;
  char id[37];
  jw_begin(&w, &json, LIMIT_BODY_BYTES);
  if (known) jw_text(&w, "id", known);
  if (is_person(rq)) jw_text(&w, "user", rq->who->user_id);
  for (void *it = jv_first(task->body); it; it = jv_next(task->body, it)) {
    struct buf value;
    buf_init(&value, LIMIT_BODY_BYTES);
    jv_write(&value, jv_value(it));
    jw_raw(&w, ctx_strdup(cx, jv_key(it)), buf_view(&value));
    buf_clear(&value);
  }
  jw_close(&w, '}');
  int rc = cx->code ? (int)cx->code : jv_parse(cx, buf_view(&json), &object);
  buf_clear(&json);
  if (rc || record_save(cx, db, e, object, id)) return cx->code;
  return record_get(cx, db, e, id, &rq->json, "data");
}

static int settings_put(struct request *rq) {
  struct settings_task task = { .rq = rq };
  int rc = body_members(rq, "theme, layout_config, widget_preferences, default_date_range", &task.body);
  return rc ? rc : tenant_write(rq->cx, rq->tenant, settings_save, &task);
}

/* ---- the addresses ---- */

const struct route auth_routes[] = {
  /* Logging in. */
  { "POST", "/api/auth/login", auth_login_post, NULL,
    "Logs in: {email, password, tenant}; tenant is needed only where there are several. Gives {token, "
    "expires_in, refresh_token, user}. 401 for whatever is wrong, 429 after too many failures.",
    .body = "{email!, password!, tenant}", .reply = "#login", .open = true, .secret = true,
    .body_max = KIB(16) },
  { "POST", "/api/auth/pin", auth_pin_post, NULL,
    "Logs in for a shift: {user, pin, tenant}; user is an email or the code of a badge.",
    .body = "{user!, pin!, tenant}", .reply = "#login", .open = true, .secret = true, .body_max = KIB(16) },
  { "POST", "/api/auth/refresh", auth_refresh_post, NULL,
    "A new token for {refresh_token}, which is used up by it. One that comes twice ends the session.",
    .body = "{refresh_token}", .reply = "#login", .open = true, .secret = true, .body_max = KIB(16) },
  { "POST", "/api/auth/logout", auth_logout_post, NULL, "Ends this session, at once and everywhere.",
    .reply = "{}", .open = true, .secret = true },
  { "GET", "/api/auth/me", auth_me_get, NULL,
    "Who asks: {user (null: nobody has logged in), open, permissions, setup}.",
    .reply = "{user: #person?, open: bool, permissions: [text], setup: bool}", .open = true, .quiet = true },
  { "POST", "/api/auth/password", auth_password_post, "login",
    "One's own password: {old, new}. All other sessions end.", .body = "{old!, new!}",
    .reply = "{changed: bool}", .secret = true, .body_max = KIB(16) },
  { "POST", "/api/auth/setup", auth_setup_post, NULL,
    "Sets an account up by a link: {token, password}, for the first one also {email, name}.",
    .body = "{token!, password!, email, name}", .reply = "#login", .open = true, .secret = true,
    .body_max = KIB(16) },
  { "GET", "/api/auth/sessions", auth_sessions_get, "login",
    "One's own sessions; with people.read those of others. user: an id, or all.", .query = "user",
    .reply = "[#session]; total: int, current: text?", .reads = true },
  { "DELETE", "/api/auth/sessions/{id}", auth_session_delete, "login",
    "Ends a session of one's own; with people.write anybody's.", .reply = "{ended: bool}" },
  { "GET", "/api/settings", settings_get, "login", "How one has set up one's own pages.",
    .reply = "{theme, layout_config: {...}, widget_preferences: {...}, default_date_range, id?, user?: "
             "text?, version?: int, created_at?: int, created_by?, updated_at?: int, updated_by?, "
             "deleted_at?: int?, deleted_by?: text?}",
    .reads = true },
  { "PUT", "/api/settings", settings_put, "login",
    "Changes that: {theme, layout_config, widget_preferences, default_date_range}.",
    .reply = "{theme, layout_config: {...}, widget_preferences: {...}, default_date_range, id?, user?: "
             "text?, version?: int, created_at?: int, created_by?, updated_at?: int, updated_by?, "
             "deleted_at?: int?, deleted_by?: text?}",
    .body = "{theme, layout_config: object, widget_preferences: object, default_date_range}",
    .body_max = LIMIT_BODY_BYTES },
  { "GET", "/api/tokens", tokens_list, "people.read", "Tokens of machines, as far as anybody may know them.",
    .reply = "[#session]; total: int", .reads = true },
  { "POST", "/api/tokens", token_post, "people.write",
    "A token for a machine: {name, role, days}. It is shown now and never again.",
    .body = "{name!, role!, days: int}", .reply = "201 {id, token, expires_in: int}", .secret = true,
    .body_max = KIB(16) },
  { "DELETE", "/api/tokens/{id}", token_delete, "people.write", "Revokes a token, at once and everywhere.",
    .reply = "{ended: bool}" },
  { "GET", "/api/users/logins", users_logins, "people.read",
    "How accounts log in: which proofs they have, when each did last, and until when it has to wait after "
    "failures.",
    .reply = "[{id, email, name, role, active: bool, must_change: bool, password: bool, pin: bool, badge: "
             "bool, last_login: text?, locked_until: text?}]; total: int",
    .reads = true },
  { "POST", "/api/users", user_post, "people.write",
    "Adds an account: {email, name, role (a name or an id), password, must_change}. Without a password the "
    "reply has a link by which its owner sets one, within an hour.",
    .body = "{email!, name, role, password, must_change: bool}", .reply = "201 #account", .secret = true,
    .body_max = KIB(16) },
  { "POST", "/api/users/{id}/password", user_password_post, "people.write",
    "Sets somebody's password, {password, must_change}, or with {} makes a link by which he does.",
    .reply = "#account", .body = "{password, must_change: bool}", .secret = true, .body_max = KIB(16) },
  { "POST", "/api/users/{id}/pin", user_pin_post, "people.write",
    "Sets somebody's PIN: {pin}; empty takes it away.", .reply = "#account", .body = "{pin}", .secret = true,
    .body_max = KIB(16) },
  { "POST", "/api/users/{id}/badge", user_badge_post, "people.write",
    "Gives somebody a badge: {badge}, the code that is scanned; empty takes it away.", .reply = "#account",
    .body = "{badge}", .secret = true, .body_max = KIB(16) },
  { "POST", "/api/users/{id}/unlock", user_unlock_post, "people.write", "Forgets somebody's failed logins.",
    .reply = "#account" },
  { 0 },
};
