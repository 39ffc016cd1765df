#include "auth/auth.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "auth/session.h"
#include "auth/stamp.h"
#include "auth/token.h"
#include "base/time.h"

/* A place for each token by its hash; two that share one push each other out. The shards keep
** threads out of each other's way. */
enum { SHARDS = 16, PLACES = 128 };
#define REMEMBERED_SECONDS 1.0
#define SEEN_EVERY_US INT64_C(300000000)
#define LEEWAY_US INT64_C(60000000) /* between clocks: a token may be a minute ahead */

struct place {
  unsigned char token[SHA256_SIZE];
  uint64_t stamp;
  double seen;               /* monotonic; 0: empty */
  int64_t from, until, over; /* the first two by the machine's clock, the last by session_clock_latest */
  struct identity who;
};

struct shard {
  pthread_mutex_t lock;
  struct place places[PLACES];
};

struct auth {
  struct opened *tenants;
  struct stamp *stamp;

  pthread_mutex_t keys_lock; /* over these */
  struct token_keys keys;
  struct timespec keys_changed; /* of their folder */

  bool loopback;
  atomic_bool any;          /* there is an account, and one there will be */
  pthread_mutex_t any_lock; /* over these */
  uint64_t any_stamp;
  double any_until; /* monotonic: nothing is looked up before */
  struct shard shards[SHARDS];
};

struct auth *auth_new(struct opened *tenants, bool loopback) {
  struct auth *a = xcalloc(1, sizeof *a);
  a->tenants = tenants;
  a->stamp = stamp_open(store_dir(opened_store(tenants)));
  a->loopback = loopback;
  pthread_mutex_init(&a->keys_lock, NULL);
  pthread_mutex_init(&a->any_lock, NULL);
  for (int i = 0; i < SHARDS; i++) pthread_mutex_init(&a->shards[i].lock, NULL);
  return a;
}

void auth_free(struct auth *a) {
  if (!a) return;
  for (int i = 0; i < SHARDS; i++) pthread_mutex_destroy(&a->shards[i].lock);
  pthread_mutex_destroy(&a->any_lock);
  pthread_mutex_destroy(&a->keys_lock);
  stamp_close(a->stamp);
  free(a);
}

/* ---- what is remembered ---- */

static struct place *place_of(struct auth *a, const unsigned char *token, struct shard **shard) {
  *shard = &a->shards[token[0] % SHARDS];
  return &(*shard)->places[token[1] % PLACES];
}

static bool recall(struct ctx *cx, struct auth *a, const unsigned char *token, struct identity *who) {
  struct shard *shard;
  struct place *p = place_of(a, token, &shard);
  uint64_t stamp = stamp_now(a->stamp);
  double now = time_seconds();
  int64_t latest = session_clock_latest(cx->now);
  pthread_mutex_lock(&shard->lock);
  bool good = p->seen > 0 && p->stamp == stamp && now - p->seen < REMEMBERED_SECONDS && cx->now >= p->from &&
              cx->now < p->until && latest < p->over && memcmp(p->token, token, SHA256_SIZE) == 0;
  if (good) *who = p->who;
  pthread_mutex_unlock(&shard->lock);
  return good;
}

static void remember(struct auth *a, const struct place *found) {
  struct shard *shard;
  struct place *p = place_of(a, found->token, &shard);
  pthread_mutex_lock(&shard->lock);
  *p = *found;
  pthread_mutex_unlock(&shard->lock);
}

/* ---- keys ---- */

/* Those on the disk, read again when their folder has changed. */
static int keys_now(struct ctx *cx, struct auth *a, struct token_keys *out) {
  const char *dir = store_dir(opened_store(a->tenants));
  struct stat st = { 0 };
  stat(ctx_printf(cx, "%s/keys", dir), &st);
  pthread_mutex_lock(&a->keys_lock);
  bool same = a->keys.count && a->keys_changed.tv_sec == st.st_mtim.tv_sec &&
              a->keys_changed.tv_nsec == st.st_mtim.tv_nsec;
  if (!same && !token_keys_read(cx, dir, &a->keys)) a->keys_changed = st.st_mtim;
  *out = a->keys;
  pthread_mutex_unlock(&a->keys_lock);
  return cx->code;
}

/* ---- looking up ---- */

struct shown {
  char tenant[LIMIT_SLUG + 1];
  const char *session; /* of a login; NULL: a machine's, by what is stored */
  struct claims claims;
  unsigned char stored[SHA256_SIZE];
};

static bool read_token(struct ctx *cx, struct auth *a, struct str token, struct shown *out) {
  struct token_keys keys;
  if (opaque_read(TOKEN_MACHINE, token, out->tenant, out->stored)) return true;
  if (keys_now(cx, a, &keys) || !token_read(&keys, token, &out->claims)) return false;
  int64_t now = cx->now / 1000000, leeway = LEEWAY_US / 1000000;
  const struct claims *c = &out->claims;
  if (c->expires <= now || c->not_before > now + leeway || c->issued > now + leeway ||
      c->expires <= c->issued || c->expires - c->issued > SESSION_LOGIN_US / 1000000)
    return false;
  out->session = c->session;
  return str_copy(out->tenant, sizeof out->tenant, str_of(c->tenant));
}

/* Does the session fit the token that was shown for it? */
static bool session_fits(const struct shown *shown, const struct session *s) {
  if (!shown->session) return strcmp(s->kind, "token") == 0;
  bool login = strcmp(s->kind, "login") == 0 || strcmp(s->kind, "pin") == 0;
  return login && strcmp(s->who.user_id, shown->claims.user_id) == 0;
}

static int look_up(struct ctx *cx, struct auth *a, const struct shown *shown, struct place *out) {
  struct tenant *t;
  struct session s;
  struct db *db;
  if (opened_find(cx, a->tenants, shown->tenant, &t) || tenant_read(cx, t, &db) ||
      session_find(cx, db, shown->session, shown->session ? NULL : shown->stored, &s))
    return cx->code;
  bool over = cx->now >= s.expires_at || s.clock >= s.over_at;
  if (!session_fits(shown, &s) || over || cx->now + LEEWAY_US < s.created_at)
    return fail(cx, E_DENIED, NULL, "the session has ended");
  if (cx->now - s.last_seen_at > SEEN_EVERY_US) session_seen(shown->tenant, s.who.session, cx->now);
  out->who = s.who;
  str_copy(out->who.tenant, sizeof out->who.tenant, str_of(shown->tenant));
  out->from = s.created_at - LEEWAY_US;
  out->until = s.expires_at;
  out->over = s.over_at;
  return OK;
}

int auth_identify(struct ctx *cx, struct auth *a, struct str token, struct identity *who) {
  struct place found = { 0 };
  struct shown shown = { 0 };
  struct ctx aside; /* its end gives the reader back, and its failures are not told */
  sha256_of(token.p, token.n, found.token);
  if (recall(cx, a, found.token, who)) return OK;
  found.stamp = stamp_now(a->stamp);
  found.seen = time_seconds();
  ctx_begin(&aside, "auth");
  bool good = read_token(&aside, a, token, &shown) && !look_up(&aside, a, &shown, &found);
  bool busy = aside.code == E_BUSY || aside.code == E_FAIL;
  if (busy) fail_from(cx, &aside);
  ctx_end(&aside);
  if (busy) return cx->code;
  if (!good) return fail(cx, E_DENIED, NULL, "this token is not good, or not any more; log in again");
  remember(a, &found);
  *who = found.who;
  return OK;
}

/* ---- open mode ---- */

/* Without opening it for good, which would make an old file newer: one of an older schema has no accounts. A file
** that cannot be read may have some, when there is a key that logins were signed with. */
static bool tenant_has_accounts(struct store *s, const char *slug) {
  struct ctx cx;
  struct tenant *t;
  struct db *db;
  struct token_keys keys;
  ctx_begin(&cx, "auth");
  bool some = false;
  if (!tenant_inspect(&cx, s, slug, &t) && !tenant_read(&cx, t, &db) && account_tables(&cx, db))
    some = db_int(&cx, db, SQL_auth_any_account, 0);
  if (cx.code) {
    ctx_forgive(&cx);
    some = token_keys_read(&cx, store_dir(s), &keys) || keys.count > 0;
  }
  ctx_end(&cx);
  return some;
}

bool auth_any_in(struct store *s) {
  const struct tenant_info *list;
  struct ctx cx;
  size_t count;
  bool some = false;
  ctx_begin(&cx, "auth");
  if (tenant_list(&cx, s, &list, &count))
    some = true; /* nobody knows */
  else
    for (size_t i = 0; i < count && !some; i++) some = tenant_has_accounts(s, list[i].slug);
  ctx_end(&cx);
  return some;
}

/* Where there are many tenants a look takes longer, and so there are fewer. */
static void look_for_accounts(struct auth *a) {
  const double share = 50; /* at most a fiftieth of the time is spent with looking */
  double began = time_seconds();
  a->any_stamp = stamp_now(a->stamp);
  a->any = auth_any_in(opened_store(a->tenants));
  double ended = time_seconds(), rest = (ended - began) * share;
  a->any_until = ended + (rest > REMEMBERED_SECONDS ? rest : REMEMBERED_SECONDS);
}

bool auth_any(struct auth *a) {
  if (atomic_load(&a->any)) return true;
  pthread_mutex_lock(&a->any_lock);
  bool fresh = a->any || (a->any_stamp == stamp_now(a->stamp) && time_seconds() < a->any_until);
  if (!fresh) look_for_accounts(a);
  pthread_mutex_unlock(&a->any_lock);
  return a->any;
}

bool auth_open(struct auth *a) { return a->loopback && !auth_any(a); }

/* ---- what lasts ---- */

bool auth_still(struct auth *a, const struct identity *who) {
  struct ctx cx;
  struct tenant *t;
  struct session s;
  struct db *db;
  if (who->open) return auth_open(a);
  ctx_begin(&cx, "auth");
  bool good = !opened_find(&cx, a->tenants, who->tenant, &t) && !tenant_read(&cx, t, &db) &&
              !session_find(&cx, db, who->session, NULL, &s) && cx.now < s.expires_at &&
              s.clock < s.over_at && s.who.permissions == who->permissions;
  bool busy = cx.code == E_BUSY || cx.code == E_FAIL; /* that is no reason to send somebody away */
  ctx_end(&cx);
  return good || busy;
}
