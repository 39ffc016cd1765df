/*
** pg.h - the only door to libpq: one connection to headquarters' PostgreSQL.
**
** What libpq knows holds here, too: conninfo strings and URIs, PG* variables, service and password
** files, several hosts (tried in their order), sslmode, sslrootcert, SCRAM with channel binding. What is not said is set
** so that nothing hangs: of several hosts each has 10 s for a step of its handshake, keepalives, tcp_user_timeout 25 s; application_name is outpost. Of
** several hosts the one is taken that can be written to (target_session_attrs, unless the dsn says otherwise).
**
** A connection belongs to one thread. It works behind a pooler in transaction mode: no named
** statements, and nothing of a session is relied on between transactions.
**
** Waiting: every wait ends when the server was silent for PG_PATIENCE seconds (more for a statement that is known to be
** long: pg_patience), or when the thread's stop flag is set (pg_stop_when). The connection is broken then. Nobody waits
** for a server inside of a SQLite transaction.
**
** Errors: E_BUSY when trying again later may help (no connection, a server that ends, a full disk, a lost race, a database that is
** read-only now), E_DENIED (password, revoked, certificate, missing privilege), E_CONFLICT (a key that is there already), E_INVALID
** (the dsn, a value), E_FAIL (schema older or newer, anything else). The sentence says in words what is wrong and what to do; it
** never holds a password. A failed statement leaves its transaction failed: pg_rollback.
*/
#ifndef REPLICATE_PG_H
#define REPLICATE_PG_H

#include <stdatomic.h>

#include "base/args.h"
#include "base/ctx.h"

enum { PG_PATIENCE = 30, PG_CONNECT_SECONDS = 10, PG_STATE_SIZE = 6, PG_SERVER_LEAST = 150000 };

struct pg;      /* a connection; closed by pg_close or at the end of the unit of work that opened it */
struct pg_rows; /* rows of one answer; they live until the unit of work ends that asked */

/* password NULL: what the dsn, PGPASSWORD or the password file says. E_INVALID for a dsn that cannot be read, before anything is dialled. */
int pg_open(struct ctx *cx, const char *dsn, const char *password, struct pg **out);
void pg_close(struct pg *p); /* NULL and a closed one do nothing */

/* One or more statements without parameters; their results are dropped. */
int pg_do(struct ctx *cx, struct pg *p, const char *sql);

/* One statement with its values, which stand for $1, $2 and so on (base/args.h; a blob is a bytea, a text holds no zero byte). out may
** be NULL. pg_get: a statement without values. */
#define pg_ask(cx, p, out, sql, ...) pg_ask_all((cx), (p), (out), (sql), ARGS(__VA_ARGS__))
#define pg_get(cx, p, out, sql) pg_ask_all((cx), (p), (out), (sql), 0, NULL)
int pg_ask_all(struct ctx *cx, struct pg *p, struct pg_rows **out, const char *sql, int count,
               const struct arg *values);
/* The same, and does not wait: what is said next on this connection waits, and fails when this one did. */
int pg_tell_all(struct ctx *cx, struct pg *p, const char *sql, int count, const struct arg *values);
int pg_rows_count(const struct pg_rows *r);
int64_t pg_rows_changed(const struct pg_rows *r); /* of an INSERT, UPDATE, DELETE */
struct str pg_text(const struct pg_rows *r, int row,
                   int column); /* as PostgreSQL prints it; bytea decoded; p NULL for NULL */
bool pg_is_null(const struct pg_rows *r, int row, int column);
int64_t pg_int(const struct pg_rows *r, int row, int column); /* 0 for NULL */

/* COPY ... FROM STDIN: lines in the format that the statement names, cut anywhere. */
int pg_copy_begin(struct ctx *cx, struct pg *p, const char *sql);
int pg_copy_put(struct ctx *cx, struct pg *p, struct str bytes);
int pg_copy_end(struct ctx *cx, struct pg *p);

/* Ends an open or failed transaction, and a COPY that is under way. Nothing when there is none or the connection is broken. */
void pg_rollback(struct pg *p);

/* SQLSTATE of the last failure, "" when the server did not say one ("28P01"). */
const char *pg_state(const struct pg *p);
/* The connection is gone: the outcome of what was under way is unknown. */
bool pg_is_broken(const struct pg *p);
/* Looks whether an idle connection still stands, without asking the server. */
bool pg_alive(struct pg *p);

const char *pg_literal(struct ctx *cx, struct pg *p,
                       const char *text); /* 'it''s', for statements that take no parameters */
const char *pg_identifier(struct ctx *cx, struct pg *p, const char *text); /* "name" */
/* What CREATE ROLE takes instead of the password itself, so that no log of the server ever holds that: its SCRAM verifier. */
int pg_password_verifier(struct ctx *cx, struct pg *p, const char *role, const char *password,
                         const char **out);
/* One setting of the dsn as libpq reads it ("host", "sslmode", "user"), NULL when it says nothing of it. */
int pg_dsn_part(struct ctx *cx, const char *dsn, const char *keyword, const char **out);
/* Where this connection leads, for somebody else to go there, too: words like host='db' port='5432' of what its dsn, the environment and
** service files said, without user, password and what only its machine has; sslrootcert with its whole path. */
int pg_dsn_of(struct ctx *cx, const struct pg *p, const char **out);

/* How long the server may be silent from now on. */
void pg_patience(struct pg *p, int seconds);
/* Waits of this thread end soon after the flag is set; NULL: none. The flag must last. */
void pg_stop_when(const atomic_bool *flag);
const atomic_bool *pg_stop_flag(void); /* this thread's, for one that works for it */

/* What went through this connection so far: bytes of statements, values and copied lines, and statements. */
int64_t pg_bytes_out(const struct pg *p);
int64_t pg_statements(const struct pg *p);

#endif
