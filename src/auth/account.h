/*
** account.h - people who log in. What is known of them is a record (entity user, with a role), changed through
** the one door like any other; how they prove who they are stands in the table credential,
** which is in no log, no list and no export.
**
** Once there is an active account with a password and the permission people.write, one is always
** left: whatever would take away the last one is refused (E_CONFLICT).
**
** Whoever acts (ctx.may) gives nobody more than he has himself, and leaves alone whoever has more: neither by an account,
** its role, what its role may do, a token, a link, nor by another password for somebody who may do more
** (E_DENIED). The command line may do everything: it is the owner of the files.
**
** What takes a hash is made before the transaction, because that takes long.
*/
#ifndef AUTH_ACCOUNT_H
#define AUTH_ACCOUNT_H

#include "base/json.h"
#include "store/store.h"

/* At start: what the entities user, role and dashboard_setting ask for. */
void auth_register(void);

struct account {
  const char *id, *email, *name, *role;
  uint64_t permissions;
  bool active, must_change;
  const char *password, *pin; /* hashes; NULL: none was set */
};

/* E_NOT_FOUND. They live as long as the unit of work. */
int account_get(struct ctx *cx, struct db *db, const char *id, struct account *out);
int account_by_email(struct ctx *cx, struct db *db, const char *email, struct account *out);
int account_by_badge(struct ctx *cx, struct db *db, const char *badge, struct account *out);

/* ASCII letters made small: as it is stored. NULL for NULL. */
const char *email_small(struct ctx *cx, const char *email);

struct account_new {
  const char *email, *name, *role; /* name: NULL is the email; role: its name, or its id */
  const char *password;            /* NULL: none yet, see session_setup_link */
  bool must_change;
};
int account_add(struct ctx *cx, struct tenant *t, const struct account_new *new, char id[static 37]);
/* The same within a write; hash: of the password, or NULL. */
int account_put(struct ctx *cx, struct db *db, const struct account_new *new, const char *hash,
                char id[static 37]);

/* May whoever acts touch it? */
int account_within(struct ctx *cx, const struct account *a);

/* Sets it and ends all sessions of the account but this one (NULL: all). */
int account_set_password(struct ctx *cx, struct tenant *t, const char *id, const char *password,
                         bool must_change, const char *but_session);
int account_put_password(struct ctx *cx, struct db *db, const char *id, const char *hash, bool must_change,
                         const char *but_session);
/* The same password, hashed with today's parameters. */
int account_renew_hash(struct ctx *cx, struct db *db, const char *id, const char *hash);
/* Within a write: ends all sessions of the account but this one (NULL: all). machines: and the tokens that it made. */
int account_end_sessions(struct ctx *cx, struct db *db, const char *id, const char *but_session,
                         bool machines);
/* Empty: takes it away. */
int account_set_pin(struct ctx *cx, struct tenant *t, const char *id, const char *pin);
int account_set_badge(struct ctx *cx, struct tenant *t, const char *id, const char *badge);

/* Is there a table of accounts at all? A file of an older schema has none. */
bool account_tables(struct ctx *cx, struct db *db);

/* The id of the role of this name. E_NOT_FOUND lists those there are. */
int role_find(struct ctx *cx, struct db *db, const char *name, const char **id);
int role_permissions(struct ctx *cx, struct db *db, const char *id, uint64_t *out);

/* An array of {id, email, name, role, active, must_change, password, pin, badge, last_login, locked_until}: whether they are
** set, not what they are; locked_until: after failures, from wherever they came (null: not locked). */
int accounts_list(struct ctx *cx, struct db *db, struct jw *w, const char *key, int64_t *total);

#endif
