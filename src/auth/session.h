/*
** session.h - sessions: what a token stands for until it ends. A row of `sessions` is the one truth about
** whether a token is still good; ending one takes effect at once, in all processes.
**
** A login gives a row of its own (its id is the JWT's jti, 24 hours) and one for the token that
** refreshes it (30 days). Refreshing uses that one up and gives two new rows of the same family. A refresh
** token that comes a second time was stolen from somebody, so the whole family ends.
**
** A PIN's login lasts a shift and cannot be refreshed. Links to set up an account are rows, too, and so are machines'
** tokens. A token may do what its role may and its maker may as well, now: it ends with his account, and what his role loses it
** loses. Another password of his leaves it alone. One that the command line made has nobody behind it.
**
** Clocks: a session ends when the machine's clock says so (expires_at), and also when the clock does
** that never goes back (over_at): the latest time that the log or this process has seen. So one that has expired stays so when somebody sets the
** clock back; and one that was made while that one was ahead, because the machine's had been
** wrong, still has its full time.
*/
#ifndef AUTH_SESSION_H
#define AUTH_SESSION_H

#include "auth/account.h"
#include "auth/identity.h"
#include "base/time.h"

#define SESSION_LOGIN_US DAY_US
#define SESSION_PIN_US (DAY_US / 3)
#define SESSION_REFRESH_US (30 * DAY_US)
#define SESSION_SETUP_US (DAY_US / 24)
enum { TOKEN_DAYS_MOST = 3650 };

/* Who is at the other end. */
struct visitor {
  const char *address, *agent;
};

/* What a login gives. The texts live as long as the unit of work. */
struct granted {
  const char *token, *refresh; /* refresh: NULL with a PIN */
  int64_t lasts;               /* of the token, in seconds */
  struct account account;
};

/* Within a write. family: NULL for a new login. */
int session_grant(struct ctx *cx, struct tenant *t, struct db *db, const struct account *a, bool pin,
                  const char *family, const struct visitor *v, struct granted *out);

/* A new token for the one that refreshes. E_DENIED for every one that is not good. cookie: two tabs of a browser
** may come with the same one at the same time, so within some seconds that is no theft. */
int session_refresh(struct ctx *cx, struct tenant *t, const unsigned char *stored, bool cookie,
                    const struct visitor *v, struct granted *out);

/* Ends a session with its family. owner: only one of this account (NULL: of anybody). E_NOT_FOUND. */
int session_end(struct ctx *cx, struct tenant *t, const char *id, const char *owner);
int session_end_all(struct ctx *cx, struct tenant *t, const char *user_id);

/* An array of what has not ended. user_id: of one account, or NULL; machines: their tokens instead. */
int sessions_list(struct ctx *cx, struct db *db, const char *user_id, bool machines, struct jw *w,
                  const char *key, int64_t *total);

/* A token for a machine. It acts under its name. by: the session of whoever makes it; "" on the command line. */
struct machine_new {
  const char *name, *role, *by;
  int64_t days;
};
int session_machine(struct ctx *cx, struct tenant *t, const struct machine_new *new, char id[static 37],
                    const char **token);

/* A link to set up an account, or (user_id NULL) the first one: an hour, once. Earlier ones end. */
int session_setup_link(struct ctx *cx, struct tenant *t, const char *user_id, const char **token);

struct setup {
  const char *email, *name, *password; /* of an account that is there: only the password counts */
};
/* E_DENIED when the link is not good any more. */
int session_set_up(struct ctx *cx, struct tenant *t, const unsigned char *stored, const struct setup *s,
                   const struct visitor *v, struct granted *out);

/* ---- when it was there last ---- */

/* Kept in memory, and put down by an engine's part (job/engine.h) within minutes: a request that only reads writes
** nothing. What does not fit is forgotten. */
void session_seen(const char *tenant, const char *id, int64_t at);
int sessions_seen_work(struct ctx *cx, struct tenant *t, bool *did, int64_t *next);

/* ---- who it is ---- */

/* A session as it is looked up for a token. */
struct session {
  struct identity who; /* without the tenant */
  char kind[8];
  int64_t created_at, expires_at, over_at, last_seen_at;
  int64_t clock; /* of the log, when it was looked up */
};
/* By id, or by what is stored of its token. E_DENIED: there is none, or it has ended. Times are not looked at. */
int session_find(struct ctx *cx, struct db *db, const char *id, const unsigned char *stored,
                 struct session *out);

int64_t session_clock_latest(int64_t now); /* as far as this process has seen it */

#endif
