#include "auth/login.h"

#include <stdio.h>

#include "auth/password.h"
#include "base/address.h"
#include "base/hash.h"
#include "store/change.h"

/* ---- failures ---- */

#define SECOND_US INT64_C(1000000)
#define LOCK_FIRST_US (4 * SECOND_US)
#define LOCK_MOST_US (900 * SECOND_US)
#define FORGET_US (3600 * SECOND_US)
#define ATTEMPT_US (60 * SECOND_US)         /* more than an attempt takes, with the wait for its hash */
#define ADDRESS_FORGETS_US (60 * SECOND_US) /* one failure: behind an address there may be many who mistype */

/* What is counted, and how many failures are free. */
enum { PAIR, ACCOUNT, ADDRESS, COUNTERS };
static const int free_failures[COUNTERS] = { [PAIR] = 4, [ACCOUNT] = 20, [ADDRESS] = 50 };

struct counter {
  unsigned char name[SHA256_SIZE], account[SHA256_SIZE];
  bool of_account;
  int64_t failures, until;
};

static void digest(struct ctx *cx, const char *user, const char *address,
                   unsigned char out[static SHA256_SIZE]) {
  const char *name = ctx_printf(cx, "%s\n%s", user, address);
  sha256_of(name, strlen(name), out);
}

static void name_counters(struct ctx *cx, const char *user, const char *address,
                          struct counter c[static COUNTERS]) {
  char network[ADDRESS_SIZE];
  address_network(address, network);
  digest(cx, user, network, c[PAIR].name);
  digest(cx, user, "", c[ACCOUNT].name);
  digest(cx, "", network, c[ADDRESS].name);
  for (int i = 0; i < COUNTERS; i++) {
    memcpy(c[i].account, c[ACCOUNT].name, SHA256_SIZE);
    c[i].of_account = i != ADDRESS;
  }
}

static int read_counter(struct ctx *cx, struct db *db, struct counter *c) {
  c->failures = c->until = 0;
  struct stmt *s = db_ask(cx, db, SQL_login_failures, arg_blob(c->name, sizeof c->name));
  if (!stmt_row(cx, s)) return cx->code;
  int64_t passed = cx->now - col_int(s, 1);
  if (passed < FORGET_US) c->failures = col_int(s, 0), c->until = col_int(s, 2);
  if (!c->of_account && passed > 0) c->failures -= passed / ADDRESS_FORGETS_US;
  if (c->failures < 0) c->failures = 0;
  stmt_done(s);
  return OK;
}

static int read_counters(struct ctx *cx, struct db *db, struct counter c[static COUNTERS]) {
  for (int i = 0; i < COUNTERS; i++)
    if (read_counter(cx, db, &c[i])) return cx->code;
  return OK;
}

/* Microseconds that are to be waited. A lock that is longer than any was made by another clock; one of an attempt that began
** a little later than this one was not. */
static int64_t locked(const struct ctx *cx, const struct counter c[static COUNTERS]) {
  int64_t longest = 0;
  for (int i = 0; i < COUNTERS; i++) {
    int64_t left = c[i].until - cx->now;
    if (left > longest && left <= LOCK_MOST_US + ATTEMPT_US) longest = left;
  }
  return longest < LOCK_MOST_US ? longest : LOCK_MOST_US;
}

static int64_t lock_of(int64_t failures, int free) {
  int64_t beyond = failures - free;
  if (beyond <= 0) return 0;
  int64_t lock = beyond > 20 ? LOCK_MOST_US : LOCK_FIRST_US << (beyond - 1);
  return lock < LOCK_MOST_US ? lock : LOCK_MOST_US;
}

/* One failure more; *lock: how long the longest lock is that it brought, in microseconds. */
static int count_failure(struct ctx *cx, struct db *db, struct counter c[static COUNTERS], int64_t *lock) {
  *lock = 0;
  for (int i = 0; i < COUNTERS; i++) {
    if (read_counter(cx, db, &c[i])) return cx->code;
    int64_t here = lock_of(++c[i].failures, free_failures[i]);
    struct stmt *s = db_ask(cx, db, SQL_login_failed, arg_blob(c[i].name, sizeof c[i].name), c[i].failures,
                            cx->now, cx->now + here);
    if (c[i].of_account)
      stmt_blob(s, 5, c[i].account, SHA256_SIZE);
    else
      stmt_null(s, 5);
    if (stmt_run(cx, s)) return cx->code;
    if (here > *lock) *lock = here;
  }
  return db_act(cx, db, SQL_login_failures_forget, cx->now - 2 * FORGET_US);
}

static int forget_failures(struct ctx *cx, struct db *db, const struct counter *c) {
  return db_act(cx, db, SQL_login_failure_forget, arg_blob(c->name, sizeof c->name));
}

/* ---- an attempt ---- */

struct attempt {
  struct tenant *tenant;
  const struct login *login;
  struct account account; /* email NULL: there is none */
  struct counter counters[COUNTERS];
  const char *rehashed; /* with today's parameters, when it was made with others */
  struct granted *out;
  int64_t *wait; /* seconds, when it has to */
};

static int find_account(struct ctx *cx, struct db *db, struct attempt *a) {
  const char *user = a->login->user;
  int rc = account_by_email(cx, db, user, &a->account);
  if (rc != E_NOT_FOUND || !a->login->pin) return rc;
  ctx_forgive(cx);
  return account_by_badge(cx, db, user, &a->account);
}

static int refuse_locked(struct ctx *cx, const struct attempt *a) {
  int64_t left = locked(cx, a->counters);
  if (!left) return OK;
  *a->wait = (left + SECOND_US - 1) / SECOND_US;
  return fail(cx, E_BUSY, NULL, "there were too many failures; try again in %lld seconds",
              (long long)*a->wait);
}

/* Many may have been hashed at the same time as this one: what they have come to since counts, whether it is right or not.
** Else as many could be tried at once as there is room to wait for a hash. */
static int refuse_late(struct ctx *cx, struct db *db, struct attempt *a) {
  return read_counters(cx, db, a->counters) ? (int)cx->code : refuse_locked(cx, a);
}

/* What is known before the hash, in a unit of work that ends before it: no reader is kept meanwhile. What an account is
** called by - its email, its badge - is counted as one. */
static int look_up(struct ctx *cx, struct attempt *a) {
  struct ctx aside;
  struct db *db;
  ctx_begin(&aside, cx->actor);
  if (!tenant_read(&aside, a->tenant, &db)) {
    int rc = find_account(&aside, db, a);
    if (rc == E_NOT_FOUND) ctx_forgive(&aside), a->account = (struct account){ 0 };
    name_counters(&aside, a->account.email ? a->account.email : a->login->user, a->login->visitor.address,
                  a->counters);
    read_counters(&aside, db, a->counters);
  }
  const struct account *found = &a->account;
  a->account = (struct account){
    .id = found->id ? ctx_strdup(cx, str_of(found->id)) : NULL,
    .email = found->email ? ctx_strdup(cx, str_of(found->email)) : NULL,
    .active = found->active,
    .password = found->password ? ctx_strdup(cx, str_of(found->password)) : NULL,
    .pin = found->pin ? ctx_strdup(cx, str_of(found->pin)) : NULL,
  };
  return ctx_end_inside(cx, &aside) ? (int)cx->code : refuse_locked(cx, a);
}

static int note_failure(struct ctx *cx, struct db *db, const struct attempt *a, int64_t lock) {
  const char *who = a->account.email ? a->account.email : "an unknown account";
  const char *text = lock ? ctx_printf(cx, "logins of %s from %s are refused for %lld s", who,
                                       a->login->visitor.address, (long long)(lock / SECOND_US))
                          : ctx_printf(cx, "a login of %s from %s failed", who, a->login->visitor.address);
  return change_append(cx, db,
                       &(struct change){ .event = lock ? "LOGIN_LOCKED" : "LOGIN_FAILED",
                                         .table = "credential",
                                         .key = a->account.id,
                                         .count = 1,
                                         .text = text });
}

/* The first one is told, and every lock: an entry for each failure would be a way to fill the disk. */
static int record_failure(struct ctx *cx, struct db *db, void *arg) {
  struct attempt *a = arg;
  int64_t lock;
  str_copy(cx->actor, sizeof cx->actor, str_of(a->account.email ? a->account.email : "unknown"));
  if (refuse_late(cx, db, a) || count_failure(cx, db, a->counters, &lock)) return cx->code;
  return lock || a->counters[PAIR].failures == 1 ? note_failure(cx, db, a, lock) : OK;
}

/* Hashing takes a while. What was changed meanwhile is asked for again. */
static int check_unchanged(struct ctx *cx, const struct attempt *a, const struct account *now) {
  bool pin = a->login->pin;
  const char *was = pin ? a->account.pin : a->account.password, *is = pin ? now->pin : now->password;
  if (is && strcmp(is, was) == 0) return OK;
  return fail(cx, E_BUSY, NULL, "the %s was changed just now; log in again", pin ? "PIN" : "password");
}

static int record_success(struct ctx *cx, struct db *db, void *arg) {
  struct attempt *a = arg;
  struct account now;
  if (refuse_late(cx, db, a) || account_get(cx, db, a->account.id, &now)) return cx->code;
  if (!now.active) return fail(cx, E_DENIED, NULL, "the account is not active");
  if (check_unchanged(cx, a, &now)) return cx->code;
  str_copy(cx->actor, sizeof cx->actor, str_of(now.email));
  if (forget_failures(cx, db, &a->counters[PAIR]) || forget_failures(cx, db, &a->counters[ACCOUNT]))
    return cx->code;
  if (a->rehashed && account_renew_hash(cx, db, now.id, a->rehashed)) return cx->code;
  return session_grant(cx, a->tenant, db, &now, a->login->pin, NULL, &a->login->visitor, a->out);
}

static int denied(struct ctx *cx) {
  return fail(cx, E_DENIED, NULL, "this is not the right account and password");
}

/* E_DENIED is counted as a failure. */
static int prove(struct ctx *cx, struct attempt *a) {
  const struct login *l = a->login;
  const char *hash = l->pin ? a->account.pin : a->account.password;
  bool good;
  if (password_verify(cx, str_of(l->password), hash, &good)) return cx->code;
  if (good && a->account.active) return OK;
  return tenant_write(cx, a->tenant, record_failure, a) ? (int)cx->code : denied(cx);
}

int login_try(struct ctx *cx, struct tenant *t, const struct login *l, struct granted *out, int64_t *wait) {
  char hash[PASSWORD_HASH];
  struct login small = *l;
  struct attempt a = { .tenant = t, .login = &small, .out = out, .wait = wait };
  *wait = 0;
  if (!l->pin || strchr(l->user, '@')) small.user = email_small(cx, l->user);
  if (look_up(cx, &a) || prove(cx, &a)) return cx->code;
  if (!l->pin && password_outdated(a.account.password)) {
    if (password_hash(cx, str_of(l->password), hash)) return cx->code;
    a.rehashed = hash;
  }
  return tenant_write(cx, t, record_success, &a);
}

int login_change_password(struct ctx *cx, struct tenant *t, const struct identity *who, const char *old,
                          const char *new, const struct visitor *v, int64_t *wait) {
  struct login l = { .user = who->email, .password = old, .visitor = *v };
  struct attempt a = { .tenant = t, .login = &l, .wait = wait };
  *wait = 0;
  if (password_check(cx, "new", str_of(new), who->email) || look_up(cx, &a) || prove(cx, &a)) return cx->code;
  if (strcmp(old, new) == 0) return fail(cx, E_INVALID, "new", "the new password is the old one");
  return account_set_password(cx, t, who->user_id, new, false, who->session);
}

static int unlock(struct ctx *cx, struct db *db, void *arg) {
  struct counter c[COUNTERS];
  struct account a;
  if (account_get(cx, db, arg, &a) || account_within(cx, &a)) return cx->code;
  name_counters(cx, a.email, "", c);
  struct stmt *s = db_ask(cx, db, SQL_login_failures_unlock, arg_blob(c[ACCOUNT].account, SHA256_SIZE));
  if (stmt_run(cx, s)) return cx->code;
  return change_append(cx, db,
                       &(struct change){ .event = "LOGIN_UNLOCKED",
                                         .table = "credential",
                                         .key = a.id,
                                         .count = 1,
                                         .text = ctx_printf(cx, "%s may try to log in again", a.email) });
}

int login_unlock(struct ctx *cx, struct tenant *t, const char *id) {
  return tenant_write(cx, t, unlock, ctx_strdup(cx, str_of(id)));
}

int login_waits(struct ctx *cx, struct db *db, const char *email, int64_t *until) {
  unsigned char account[SHA256_SIZE];
  digest(cx, email, "", account);
  *until = stmt_number(
      cx, db_ask(cx, db, SQL_login_waits, arg_blob(account, sizeof account), cx->now, LOCK_MOST_US), 0);
  return cx->code;
}
