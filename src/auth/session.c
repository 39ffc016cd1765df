#include "auth/session.h"

#include <stdatomic.h>

#include "auth/password.h"
#include "auth/stamp.h"
#include "auth/token.h"
#include "base/ids.h"
#include "store/change.h"

int64_t session_clock_latest(int64_t now) {
  static _Atomic int64_t latest;
  int64_t seen = atomic_load(&latest);
  while (now > seen && !atomic_compare_exchange_weak(&latest, &seen, now)) continue;
  return now > seen ? now : seen;
}

static int session_clock(struct ctx *cx, struct db *db, int64_t *clock) {
  struct change_end end;
  int rc = change_last(cx, db, &end);
  int64_t log = (end.hlc >> 16) * 1000, latest = session_clock_latest(cx->now);
  *clock = log > latest ? log : latest;
  return rc;
}

/* ---- rows ---- */

struct row {
  char id[37];
  const char *family; /* NULL: it begins one */
  const char *kind, *user_id, *name, *role;
  const unsigned char *stored; /* NULL: its token is signed */
  int64_t lasts;               /* microseconds */
  const struct visitor *visitor;
};

static const char *cut(struct ctx *cx, const char *text, size_t most) {
  return text ? ctx_printf(cx, "%.*s", (int)most, text) : "";
}

static int add_row(struct ctx *cx, struct db *db, struct row *r) {
  enum { ADDRESS_MOST = 64, AGENT_MOST = 200 };
  int64_t clock;
  if (session_clock(cx, db, &clock)) return cx->code;
  int64_t expires = cx->now + r->lasts, over = clock + r->lasts;
  uuid7(r->id, cx->now);
  struct stmt *s = db_ask(cx, db, SQL_session_add, r->id, r->family ? r->family : r->id, r->kind, r->user_id,
                          r->name, r->role);
  if (r->stored)
    stmt_blob(s, 7, r->stored, SHA256_SIZE);
  else
    stmt_null(s, 7);
  stmt_int(s, 8, cx->now);
  stmt_text(s, 9, cx->actor);
  stmt_int(s, 10, expires);
  stmt_int(s, 11, over);
  stmt_text(s, 12, cut(cx, r->visitor ? r->visitor->address : NULL, ADDRESS_MOST));
  stmt_text(s, 13, cut(cx, r->visitor ? r->visitor->agent : NULL, AGENT_MOST));
  return stmt_run(cx, s);
}

static int note(struct ctx *cx, struct db *db, const char *event, const char *id, const char *text) {
  return change_append(
      cx, db, &(struct change){ .event = event, .table = "sessions", .key = id, .count = 1, .text = text });
}

/* What ended long ago is of no use to anybody; the log has said all of it. */
static int forget(struct ctx *cx, struct db *db) {
  return db_act(cx, db, SQL_session_forget, cx->now - 30 * DAY_US);
}

/* ---- a login ---- */

static int sign(struct ctx *cx, struct tenant *t, const struct account *a, const struct row *r,
                struct granted *out) {
  struct token_keys keys;
  struct claims c = { 0 };
  if (token_keys_open(cx, store_dir(tenant_store(t)), &keys)) return cx->code;
  str_copy(c.tenant, sizeof c.tenant, str_of(tenant_slug(t)));
  str_copy(c.user_id, sizeof c.user_id, str_of(a->id));
  str_copy(c.session, sizeof c.session, str_of(r->id));
  str_copy(c.role, sizeof c.role, str_of(a->role));
  c.issued = c.not_before = cx->now / 1000000;
  out->lasts = r->lasts / 1000000;
  c.expires = c.issued + out->lasts;
  out->token = token_write(cx, &keys.key[0], &c);
  return OK;
}

int session_grant(struct ctx *cx, struct tenant *t, struct db *db, const struct account *a, bool pin,
                  const char *family, const struct visitor *v, struct granted *out) {
  unsigned char stored[SHA256_SIZE];
  struct row login = { .family = family,
                       .kind = pin ? "pin" : "login",
                       .user_id = a->id,
                       .lasts = pin ? SESSION_PIN_US : SESSION_LOGIN_US,
                       .visitor = v };
  *out = (struct granted){ .account = *a };
  if (forget(cx, db) || add_row(cx, db, &login) || sign(cx, t, a, &login, out)) return cx->code;
  struct row refresh = { .family = family ? family : login.id,
                         .kind = "refresh",
                         .user_id = a->id,
                         .stored = stored,
                         .lasts = SESSION_REFRESH_US,
                         .visitor = v };
  if (!pin) out->refresh = opaque_write(cx, TOKEN_REFRESH, tenant_slug(t), stored);
  if (!pin && add_row(cx, db, &refresh)) return cx->code;
  return note(
      cx, db, family ? "LOGIN_REFRESHED" : "LOGIN", login.id,
      ctx_printf(cx, "%s %s from %s", a->email, family ? "stays logged in" : "logged in", v->address));
}

/* ---- refreshing ---- */

struct opaque_row {
  const char *id, *kind, *family, *user_id;
  int64_t expires_at, over_at;
  int64_t used_at; /* 0: not yet */
  bool revoked;
};

/* E_DENIED when there is none that has not ended. */
static int find_opaque(struct ctx *cx, struct db *db, const unsigned char *stored, const char *kind,
                       struct opaque_row *out) {
  int64_t clock;
  if (session_clock(cx, db, &clock)) return cx->code;
  struct stmt *s = db_ask(cx, db, SQL_session_by_token, arg_blob(stored, SHA256_SIZE));
  if (!stmt_row(cx, s)) return cx->code ? (int)cx->code : fail(cx, E_DENIED, NULL, "it is not known");
  *out = (struct opaque_row){ .id = col_dup(cx, s, 0),
                              .kind = col_dup(cx, s, 1),
                              .family = col_dup(cx, s, 2),
                              .user_id = col_dup(cx, s, 3),
                              .expires_at = col_int(s, 4),
                              .over_at = col_int(s, 5),
                              .used_at = col_int(s, 6),
                              .revoked = !col_null(s, 7) };
  stmt_done(s);
  bool over = cx->now >= out->expires_at || clock >= out->over_at;
  if (strcmp(out->kind, kind) != 0 || out->revoked || over) return fail(cx, E_DENIED, NULL, "it has ended");
  return OK;
}

static int use(struct ctx *cx, struct db *db, const char *id) {
  return db_act(cx, db, SQL_session_use, id, cx->now);
}

static int end_family(struct ctx *cx, struct db *db, const char *family) {
  struct stmt *s = db_stmt(cx, db, SQL_session_end_family);
  stamp_touch();
  stmt_text(s, 1, family);
  stmt_int(s, 2, cx->now);
  stmt_text(s, 3, cx->actor);
  return stmt_run(cx, s);
}

#define TABS_US INT64_C(10000000)

struct refreshing {
  struct tenant *tenant;
  const unsigned char *stored;
  const struct visitor *visitor;
  struct granted *out;
  bool cookie;
  bool stolen; /* and its family has ended: that is to be kept */
};

static int refresh(struct ctx *cx, struct db *db, void *arg) {
  struct refreshing *r = arg;
  struct opaque_row row;
  struct account a;
  if (find_opaque(cx, db, r->stored, "refresh", &row) || account_get(cx, db, row.user_id, &a))
    return cx->code;
  str_copy(cx->actor, sizeof cx->actor, str_of(a.email));
  bool by_tabs = r->cookie && cx->now - row.used_at >= 0 && cx->now - row.used_at < TABS_US;
  r->stolen = row.used_at && !by_tabs;
  if (r->stolen) {
    if (end_family(cx, db, row.family)) return cx->code;
    return note(cx, db, "TOKEN_REUSED", row.id,
                ctx_printf(cx, "a refresh token of %s came a second time, from %s: its sessions were ended",
                           a.email, r->visitor->address));
  }
  if (!a.active) return fail(cx, E_DENIED, NULL, "the account is not active");
  if (!row.used_at && use(cx, db, row.id)) return cx->code;
  return session_grant(cx, r->tenant, db, &a, false, row.family, r->visitor, r->out);
}

int session_refresh(struct ctx *cx, struct tenant *t, const unsigned char *stored, bool cookie,
                    const struct visitor *v, struct granted *out) {
  struct refreshing r = { t, stored, v, out, cookie, false };
  if (tenant_write(cx, t, refresh, &r)) return cx->code;
  return r.stolen ? fail(cx, E_DENIED, NULL, "it was used already") : OK;
}

/* ---- ending ---- */

struct ending {
  const char *id, *owner;
};

/* What both lists allow: of the role, and of who stands behind it. A link to set up the first account has no role. */
static uint64_t permissions_of(struct ctx *cx, struct stmt *s, int role, int maker) {
  uint64_t its = 0, his = 0;
  if (permissions_read(cx, col_str(s, role), &its) || permissions_read(cx, col_str(s, maker), &his)) return 0;
  return its & his;
}

static int end_one(struct ctx *cx, struct db *db, void *arg) {
  const struct ending *e = arg;
  struct stmt *s = db_ask(cx, db, SQL_session_find, e->id, cx->now);
  bool found = stmt_row(cx, s);
  const char *family = found ? col_dup(cx, s, 0) : NULL, *user_id = found ? col_dup(cx, s, 1) : NULL;
  const char *kind = found ? col_dup(cx, s, 2) : NULL, *who = found ? col_dup(cx, s, 3) : NULL;
  uint64_t permissions = found ? permissions_of(cx, s, 4, 5) : 0;
  if (found) stmt_done(s);
  if (cx->code) return cx->code;
  if (!found || (e->owner && (!user_id || strcmp(user_id, e->owner) != 0)))
    return fail(cx, E_NOT_FOUND, "id", "there is no such session");
  if (!e->owner && permissions_within(cx, permissions, ctx_printf(cx, "the session of %s", who)))
    return cx->code;
  if (end_family(cx, db, family)) return cx->code;
  bool machine = strcmp(kind, "token") == 0;
  return note(cx, db, machine ? "TOKEN_REVOKED" : "LOGOUT", e->id,
              ctx_printf(cx, machine ? "the token %s was revoked" : "a session of %s was ended", who));
}

int session_end(struct ctx *cx, struct tenant *t, const char *id, const char *owner) {
  return tenant_write(cx, t, end_one, &(struct ending){ id, owner });
}

static int end_all(struct ctx *cx, struct db *db, void *arg) {
  const char *user_id = arg;
  struct account a;
  if (account_get(cx, db, user_id, &a)) return cx->code;
  if (account_end_sessions(cx, db, user_id, NULL, false)) return cx->code;
  return note(cx, db, "LOGOUT", user_id, ctx_printf(cx, "all sessions of %s were ended", a.email));
}

int session_end_all(struct ctx *cx, struct tenant *t, const char *user_id) {
  return tenant_write(cx, t, end_all, ctx_strdup(cx, str_of(user_id)));
}

/* ---- machines ---- */

struct machine {
  struct tenant *tenant;
  const struct machine_new *new;
  const char *token;
  char *id;
};

/* Of a person he himself; of a machine the person behind it; NULL: nobody. */
static const char *maker_of(struct ctx *cx, struct db *db, const char *session) {
  struct stmt *s = db_ask(cx, db, SQL_session_maker, session);
  const char *id = stmt_row(cx, s) && !col_null(s, 0) ? col_dup(cx, s, 0) : NULL;
  stmt_done(s);
  return id;
}

static int add_machine(struct ctx *cx, struct db *db, void *arg) {
  struct machine *m = arg;
  unsigned char stored[SHA256_SIZE];
  uint64_t permissions;
  const char *role;
  if (role_find(cx, db, m->new->role, &role) || role_permissions(cx, db, role, &permissions) ||
      permissions_within(cx, permissions, ctx_printf(cx, "the role %s", m->new->role)))
    return cx->code;
  m->token = opaque_write(cx, TOKEN_MACHINE, tenant_slug(m->tenant), stored);
  struct row r = { .kind = "token",
                   .user_id = maker_of(cx, db, m->new->by),
                   .name = m->new->name,
                   .role = role,
                   .stored = stored,
                   .lasts = m->new->days *DAY_US };
  if (cx->code || add_row(cx, db, &r)) return cx->code;
  memcpy(m->id, r.id, sizeof r.id);
  return note(cx, db, "TOKEN_CREATED", r.id,
              ctx_printf(cx, "the token %s was made, with the role %s", m->new->name, m->new->role));
}

int session_machine(struct ctx *cx, struct tenant *t, const struct machine_new *new, char id[static 37],
                    const char **token) {
  enum { NAME_MOST = 60 };
  const char *name = new->name;
  if (!name || !*name || strlen(name) > NAME_MOST)
    return fail(cx, E_INVALID, "name", "a token has a name of at most %d bytes, such as the machine's",
                NAME_MOST);
  if (strchr(name, '@'))
    return fail(cx, E_INVALID, "name", "a token's name has no @: in the log it would look like an account");
  if (!new->role) return fail(cx, E_INVALID, "role", "say which role the token has");
  if (new->days < 1 || new->days > TOKEN_DAYS_MOST)
    return fail(cx, E_INVALID, "days", "a token lasts from 1 to %d days", TOKEN_DAYS_MOST);
  struct machine m = { t, new, NULL, id };
  int rc = tenant_write(cx, t, add_machine, &m);
  *token = m.token;
  return rc;
}

/* ---- setting up ---- */

struct linking {
  struct tenant *tenant;
  const char *user_id, *token;
};

static int make_link(struct ctx *cx, struct db *db, void *arg) {
  struct linking *l = arg;
  unsigned char stored[SHA256_SIZE];
  struct account a = { .email = "the first account" };
  if (l->user_id ? account_get(cx, db, l->user_id, &a) || account_within(cx, &a)
                 : permissions_within(cx, PERMISSION_ALL, a.email))
    return cx->code;
  struct stmt *s = db_ask(cx, db, SQL_session_end_setup, cx->now, cx->actor, l->user_id);
  if (stmt_run(cx, s)) return cx->code;
  l->token = opaque_write(cx, TOKEN_SETUP, tenant_slug(l->tenant), stored);
  struct row r = { .kind = "setup", .user_id = l->user_id, .stored = stored, .lasts = SESSION_SETUP_US };
  if (add_row(cx, db, &r)) return cx->code;
  return note(cx, db, "SETUP_LINK_CREATED", r.id, ctx_printf(cx, "a link to set up %s was made", a.email));
}

int session_setup_link(struct ctx *cx, struct tenant *t, const char *user_id, const char **token) {
  struct linking l = { t, user_id, NULL };
  int rc = tenant_write(cx, t, make_link, &l);
  *token = l.token;
  return rc;
}

struct setting_up {
  struct tenant *tenant;
  const unsigned char *stored;
  const struct setup *setup;
  const char *hash;
  const struct visitor *visitor;
  struct granted *out;
};

/* The first account looks after the others. */
static int add_first(struct ctx *cx, struct db *db, const struct setting_up *s, char id[static 37]) {
  struct account_new new = { s->setup->email, s->setup->name, "admin", NULL, false };
  if (db_int(cx, db, SQL_auth_any_account, 0))
    return fail(cx, E_DENIED, NULL, "there is an account already; log in with it");
  if (cx->code) return cx->code;
  str_copy(cx->actor, sizeof cx->actor, str_of(email_small(cx, new.email)));
  return account_put(cx, db, &new, s->hash, id);
}

static int set_up(struct ctx *cx, struct db *db, void *arg) {
  const struct setting_up *s = arg;
  struct opaque_row row = { 0 };
  struct account a;
  char id[37];
  if (find_opaque(cx, db, s->stored, "setup", &row)) return cx->code;
  if (row.used_at) return fail(cx, E_DENIED, NULL, "it was used already");
  if (use(cx, db, row.id)) return cx->code;
  if (!row.user_id && add_first(cx, db, s, id)) return cx->code;
  if (row.user_id) {
    str_copy(id, sizeof id, str_of(row.user_id));
    if (account_get(cx, db, id, &a)) return cx->code;
    str_copy(cx->actor, sizeof cx->actor, str_of(a.email));
    if (account_put_password(cx, db, id, s->hash, false, NULL)) return cx->code;
  }
  if (account_get(cx, db, id, &a)) return cx->code;
  if (!a.active) return fail(cx, E_DENIED, NULL, "the account is not active");
  return session_grant(cx, s->tenant, db, &a, false, NULL, s->visitor, s->out);
}

/* Is it worth a hash? Asked again inside the write. */
static int check_link(struct ctx *cx, struct tenant *t, const unsigned char *stored) {
  struct opaque_row row = { 0 };
  struct ctx aside; /* its end gives the reader back */
  struct db *db;
  ctx_begin(&aside, cx->actor);
  if (!tenant_read(&aside, t, &db) && !find_opaque(&aside, db, stored, "setup", &row) && row.used_at)
    fail(&aside, E_DENIED, NULL, "it was used already");
  return ctx_end_inside(cx, &aside);
}

int session_set_up(struct ctx *cx, struct tenant *t, const unsigned char *stored, const struct setup *s,
                   const struct visitor *v, struct granted *out) {
  char hash[PASSWORD_HASH];
  struct setting_up up = { t, stored, s, hash, v, out };
  struct str password = str_of(s->password);
  if (check_link(cx, t, stored) || password_check(cx, "password", password, s->email) ||
      password_hash(cx, password, hash))
    return cx->code;
  return tenant_write(cx, t, set_up, &up);
}

/* ---- who it is ---- */

static void copy(char *to, size_t size, struct stmt *s, int column) {
  str_copy(to, size, col_str(s, column));
}

static void read_session(struct ctx *cx, struct stmt *s, struct session *out) {
  struct identity *who = &out->who;
  *out = (struct session){ 0 };
  copy(who->session, sizeof who->session, s, 0);
  copy(out->kind, sizeof out->kind, s, 1);
  if (!col_null(s, 2)) copy(who->user_id, sizeof who->user_id, s, 2);
  copy(who->email, sizeof who->email, s, 3);
  copy(who->name, sizeof who->name, s, 4);
  copy(who->role, sizeof who->role, s, 5);
  who->permissions = permissions_of(cx, s, 6, 13);
  if (cx->code) return;
  who->must_change = col_int(s, 7);
  out->created_at = col_int(s, 8);
  out->expires_at = col_int(s, 9);
  out->over_at = col_int(s, 10);
  out->last_seen_at = col_int(s, 11);
  if (!col_int(s, 12)) fail(cx, E_DENIED, NULL, "the session has ended");
}

int session_find(struct ctx *cx, struct db *db, const char *id, const unsigned char *stored,
                 struct session *out) {
  struct stmt *s = db_ask(cx, db, SQL_session_who, id);
  if (stored)
    stmt_blob(s, 2, stored, SHA256_SIZE);
  else
    stmt_null(s, 2);
  if (!stmt_row(cx, s))
    return cx->code ? (int)cx->code : fail(cx, E_DENIED, NULL, "there is no such session");
  read_session(cx, s, out);
  stmt_done(s);
  return cx->code ? (int)cx->code : session_clock(cx, db, &out->clock);
}

/* ---- lists ---- */

int sessions_list(struct ctx *cx, struct db *db, const char *user_id, bool machines, struct jw *w,
                  const char *key, int64_t *total) {
  static const char *const names[] = { "id", "kind", "user_id", "name", "role", "address", "agent" };
  static const char *const times[] = { "created_at", "last_seen_at", "expires_at" };
  char at[TIME_SIZE];
  *total = 0;
  jw_array(w, key);
  struct stmt *s = db_ask(cx, db, SQL_session_list, cx->now, user_id, machines);
  while (stmt_row(cx, s)) {
    jw_object(w, NULL);
    for (int i = 0; i < 7; i++) jw_text(w, names[i], col_dup(cx, s, i));
    for (int i = 0; i < 3; i++)
      jw_text(w, times[i], col_null(s, 7 + i) ? NULL : time_iso(at, col_int(s, 7 + i)));
    jw_text(w, "created_by", col_dup(cx, s, 10));
    jw_close(w, '}');
    ++*total;
  }
  jw_close(w, ']');
  return cx->code;
}
