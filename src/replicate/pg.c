/*
** pg.c - see pg.h. How a connection is made and statements go; pg_error.c says what went wrong.
**
** All of it is libpq's way of not blocking: something is sent, then the socket is waited for with a
** deadline that begins anew with every byte that moves.
*/
#include "replicate/pg.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/time.h"
#include "net/net.h"
#include "replicate/pg_internal.h"

enum { LOOK_MS = 100, OPTIONS_MOST = 80, VALUES_MOST = 32 };

static _Thread_local const atomic_bool *stop_flag;

void pg_stop_when(const atomic_bool *flag) { stop_flag = flag; }
const atomic_bool *pg_stop_flag(void) { return stop_flag; }
static bool stopped(void) { return stop_flag && atomic_load(stop_flag); }

/* ---- waiting ---- */

static int give_up(struct ctx *cx, struct pg *p, const char *why) {
  p->broken = true;
  return fail(cx, E_BUSY, NULL, "the connection to headquarters was given up: %s", why);
}

/* Until the socket can do one of `events`. */
static int wait_for(struct ctx *cx, struct pg *p, short events, double deadline) {
  for (;;) {
    struct pollfd f = { PQsocket(p->conn), events, 0 };
    if (stopped()) return give_up(cx, p, "this program ends");
    if (time_seconds() > deadline) return give_up(cx, p, "the server is silent");
    int n = poll(&f, 1, LOOK_MS);
    if (n > 0) return OK;
    if (n < 0 && errno != EINTR) return give_up(cx, p, strerror(errno));
  }
}

static double deadline_of(const struct pg *p) { return time_seconds() + p->patience; }

/* Everything that waits to be sent, while what comes meanwhile is read. */
static int flush(struct ctx *cx, struct pg *p) {
  double deadline = deadline_of(p);
  for (int left; (left = PQflush(p->conn)) != 0;) {
    if (left < 0) return pg_fail(cx, p, NULL);
    if (wait_for(cx, p, POLLIN | POLLOUT, deadline)) return cx->code;
    struct pollfd f = { PQsocket(p->conn), POLLIN | POLLOUT, 0 };
    if (poll(&f, 1, 0) <= 0) continue;
    if (f.revents & POLLOUT) deadline = deadline_of(p);
    if ((f.revents & POLLIN) && !PQconsumeInput(p->conn)) return pg_fail(cx, p, NULL);
  }
  return OK;
}

/* The next result, NULL after the last one. */
static int next_result(struct ctx *cx, struct pg *p, PGresult **out) {
  if (flush(cx, p)) return cx->code;
  double deadline = deadline_of(p);
  while (PQisBusy(p->conn)) {
    if (wait_for(cx, p, POLLIN, deadline)) return cx->code;
    if (!PQconsumeInput(p->conn)) return pg_fail(cx, p, NULL);
    deadline = deadline_of(p);
  }
  *out = PQgetResult(p->conn);
  return OK;
}

/* ---- opening ---- */

struct options {
  const char *key[OPTIONS_MOST], *value[OPTIONS_MOST];
  int count;
};
static void option(struct options *o, const char *key, const char *value) {
  if (o->count >= OPTIONS_MOST - 1) abort();
  o->key[o->count] = key;
  o->value[o->count++] = value;
}

/* What the dsn says comes after what is set when it says nothing, and before what is ours alone. */
static void options_make(struct options *o, const char *dsn, const char *password) {
  *o = (struct options){ 0 };
  option(o, "target_session_attrs", "read-write");
  option(o, "keepalives_idle", "15");
  option(o, "keepalives_interval", "5");
  option(o, "keepalives_count", "2");
  option(o, "tcp_user_timeout", "25000");
  option(o, "gssencmode", "disable");
  option(o, "fallback_application_name", "outpost");
  option(o, "dbname", dsn);
  if (password) option(o, "password", password);
  option(o, "client_encoding", "UTF8");
}

static void ignore_notice(void *arg, const char *text) { (void)arg, (void)text; }

/* A handshake has several steps; each may take so long, so that a line that is slow is no line that is dead. */
static int dial_wait(struct ctx *cx, struct pg *p, int seconds) {
  PostgresPollingStatusType s = PGRES_POLLING_WRITING;
  while (s != PGRES_POLLING_OK) {
    if (wait_for(cx, p, s == PGRES_POLLING_READING ? POLLIN : POLLOUT, time_seconds() + seconds))
      return cx->code;
    s = PQconnectPoll(p->conn);
    if (s == PGRES_POLLING_FAILED) return pg_fail_open(cx, p);
  }
  if (PQserverVersion(p->conn) >= PG_SERVER_LEAST) return OK;
  return fail(cx, E_FAIL, "dsn", "headquarters' PostgreSQL is version %d, but 15 or newer is needed",
              PQserverVersion(p->conn) / 10000);
}

static void dial_start(struct pg *p, const struct options *o) {
  PQfinish(p->conn);
  p->broken = false;
  p->conn = PQconnectStartParams(o->key, o->value, 1);
  if (!p->conn) abort();
}

static int dial(struct ctx *cx, struct pg *p, int seconds) {
  if (PQstatus(p->conn) == CONNECTION_BAD) return pg_fail_open(cx, p);
  PQsetErrorVerbosity(p->conn, PQERRORS_VERBOSE); /* a refusal is told by its SQLSTATE, not by its language */
  PQsetNoticeProcessor(p->conn, ignore_notice, NULL);
  if (dial_wait(cx, p, seconds)) return p->broken = true, cx->code;
  PQsetErrorVerbosity(p->conn, PQERRORS_DEFAULT);
  PQsetnonblocking(p->conn, 1);
  return OK;
}

/* One of several hosts that hangs must not keep us from the next, and libpq's own timeout is only for
** those who block: so each is dialled by itself. */
struct hosts {
  char *host, *hostaddr, *port;
};
static char *part(struct ctx *cx, const char *list, int i) {
  if (!list) return NULL;
  const char *from = list;
  for (; i > 0 && strchr(from, ','); i--) from = strchr(from, ',') + 1;
  if (i > 0 && from != list) return ctx_strdup(cx, STR(""));
  return ctx_strdup(cx, (struct str){ from, strcspn(from, ",") });
}
static int commas(const char *list) {
  int n = 0;
  for (; list && *list; list++) n += *list == ',';
  return n;
}

static void hosts_read(struct ctx *cx, struct pg *p, struct hosts *h) {
  *h = (struct hosts){ 0 };
  PQconninfoOption *list = PQconninfo(p->conn);
  for (PQconninfoOption *o = list; o && o->keyword; o++) {
    if (!o->val || !*o->val) continue;
    char **to = !strcmp(o->keyword, "host")       ? &h->host
                : !strcmp(o->keyword, "hostaddr") ? &h->hostaddr
                : !strcmp(o->keyword, "port")     ? &h->port
                                                  : NULL;
    if (to) *to = ctx_strdup(cx, str_of(o->val));
  }
  PQconninfoFree(list);
}

static int dial_each(struct ctx *cx, struct pg *p, const struct options *all, const struct hosts *h, int n) {
  for (int i = 0; i < n; i++) {
    struct options one = *all;
    ctx_forgive(cx);
    option(&one, "host", part(cx, h->host, i));
    option(&one, "hostaddr", part(cx, h->hostaddr, i));
    option(&one, "port", part(cx, h->port, i));
    dial_start(p, &one);
    if (dial(cx, p, PG_CONNECT_SECONDS) == OK || stopped()) break;
  }
  return cx->code;
}

static int conn_open(struct ctx *cx, struct pg *p, const char *dsn, const char *password) {
  struct options o;
  struct hosts h;
  options_make(&o, dsn, password);
  dial_start(p, &o);
  hosts_read(cx, p, &h);
  int n = 1 + commas(h.hostaddr ? h.hostaddr : h.host);
  return n > 1 ? dial_each(cx, p, &o, &h, n) : dial(cx, p, p->patience);
}

void pg_close(struct pg *p) {
  if (!p || !p->conn) return;
  PQfinish(p->conn);
  p->conn = NULL;
  p->broken = true;
}
static void close_later(void *p) { pg_close(p); }

/* libpq names what it could not read, and unless it is an option's name that may be a piece of the password. */
static void hide_quoted(char *text) {
  bool in = false;
  if (strstr(text, "connection option")) return;
  for (char *p = text; *p; p++)
    if (*p == '"')
      in = !in;
    else if (in && *p != '=')
      *p = '.';
}

/* An @ or a colon that should have been written as %40 or %3A makes host and port of what belongs to the password. */
static bool looks_misread(const PQconninfoOption *list) {
  for (; list->keyword; list++) {
    if (!list->val || !*list->val) continue;
    if (!strcmp(list->keyword, "host") && strchr(list->val + 1, '@')) return true;
    if (!strcmp(list->keyword, "port") && list->val[strspn(list->val, "0123456789,")]) return true;
  }
  return false;
}

static int dsn_parse(struct ctx *cx, const char *dsn, PQconninfoOption **out) {
  char *why = NULL;
  *out = PQconninfoParse(dsn, &why);
  if (*out && !looks_misread(*out)) return OK;
  if (why) hide_quoted(why);
  fail(cx, E_INVALID, "dsn", "the address of headquarters' database cannot be read: %.200s",
       why    ? ctx_strdup(cx, str_trim(str_of(why)))
       : *out ? "in user and password @ is written %40, : %3A and / %2F, and the port is a number"
              : "no memory");
  PQfreemem(why);
  PQconninfoFree(*out);
  return cx->code;
}

int pg_dsn_part(struct ctx *cx, const char *dsn, const char *keyword, const char **out) {
  PQconninfoOption *list;
  *out = NULL;
  if (dsn_parse(cx, dsn, &list)) return cx->code;
  for (PQconninfoOption *o = list; o->keyword; o++)
    if (!strcmp(o->keyword, keyword) && o->val) *out = ctx_strdup(cx, str_of(o->val));
  PQconninfoFree(list);
  return OK;
}

int pg_open(struct ctx *cx, const char *dsn, const char *password, struct pg **out) {
  const char *any;
  *out = NULL;
  if (pg_dsn_part(cx, dsn, "host", &any)) return cx->code;
  net_start();
  PQinitOpenSSL(0, 0);
  struct pg *p = ctx_alloc(cx, sizeof *p);
  p->patience = PG_PATIENCE;
  ctx_defer(cx, close_later, p);
  if (conn_open(cx, p, dsn, password)) return pg_close(p), cx->code;
  *out = p;
  return OK;
}

/* ---- statements ---- */

/* Takes all results; *kept, when asked for, is the last one. The first that failed is the failure. */
static int results(struct ctx *cx, struct pg *p, PGresult **kept) {
  PGresult *r = NULL, *last = NULL;
  while (next_result(cx, p, &r) == OK && r) {
    ExecStatusType s = PQresultStatus(r);
    bool good = s == PGRES_COMMAND_OK || s == PGRES_TUPLES_OK || s == PGRES_EMPTY_QUERY || s == PGRES_COPY_IN;
    if (!good && !cx->code) pg_fail(cx, p, r);
    PQclear(last);
    last = r;
    if (s == PGRES_COPY_IN || p->broken) break;
  }
  if (cx->code || !kept)
    PQclear(last);
  else
    *kept = last;
  return cx->code;
}

/* What became of a statement that nobody waited for. */
static int take_told(struct ctx *cx, struct pg *p) {
  if (!p->told) return OK;
  p->told = false;
  return results(cx, p, NULL);
}

static int ready(struct ctx *cx, struct pg *p) {
  if (cx->code) return cx->code;
  if (!p->conn || p->broken) return fail(cx, E_BUSY, NULL, "the connection to headquarters is gone");
  if (take_told(cx, p)) return cx->code;
  str_copy(p->state, sizeof p->state, STR(""));
  p->statements++;
  return OK;
}

int pg_do(struct ctx *cx, struct pg *p, const char *sql) {
  if (ready(cx, p)) return cx->code;
  p->bytes += (int64_t)strlen(sql);
  if (!PQsendQuery(p->conn, sql)) return pg_fail(cx, p, NULL);
  return results(cx, p, NULL);
}

struct pg_rows {
  PGresult *result;
  struct ctx *cx;
};
static void rows_free(void *r) { PQclear(((struct pg_rows *)r)->result); }

struct values {
  const char *text[VALUES_MOST];
  int size[VALUES_MOST], format[VALUES_MOST];
  Oid type[VALUES_MOST];
};

enum { OID_BYTEA = 17 };

static int value_put(struct ctx *cx, struct pg *p, struct values *to, int i, const struct arg *v) {
  switch (v->kind) {
  case ARG_NULL: return OK;
  case ARG_INT: to->text[i] = ctx_printf(cx, "%lld", (long long)v->n); break;
  case ARG_BOOL: to->text[i] = v->n ? "t" : "f"; break;
  case ARG_TEXT:
    if (v->p && memchr(v->p, 0, (size_t)v->n))
      return fail(cx, E_INVALID, NULL, "a text holds a zero byte, which PostgreSQL cannot keep");
    if (v->p) to->text[i] = ctx_strdup(cx, (struct str){ v->p, (size_t)v->n });
    break;
  case ARG_BLOB:
    to->text[i] = v->p;
    to->size[i] = (int)v->n;
    to->format[i] = 1;
    to->type[i] = OID_BYTEA;
    break;
  default: abort(); /* for JSON alone */
  }
  p->bytes += v->kind == ARG_INT ? 8 : v->p ? v->n : 0;
  return OK;
}

int pg_tell_all(struct ctx *cx, struct pg *p, const char *sql, int count, const struct arg *values) {
  struct values to = { 0 };
  if (ready(cx, p)) return cx->code;
  if (count > VALUES_MOST) abort();
  p->bytes += (int64_t)strlen(sql);
  for (int i = 0; i < count; i++)
    if (value_put(cx, p, &to, i, &values[i])) return cx->code;
  if (!PQsendQueryParams(p->conn, sql, count, to.type, to.text, to.size, to.format, 0))
    return pg_fail(cx, p, NULL);
  p->told = true;
  return OK;
}

int pg_ask_all(struct ctx *cx, struct pg *p, struct pg_rows **out, const char *sql, int count,
               const struct arg *values) {
  PGresult *r = NULL;
  if (out) *out = NULL;
  if (pg_tell_all(cx, p, sql, count, values)) return cx->code;
  p->told = false;
  if (results(cx, p, &r)) return cx->code;
  struct pg_rows *rows = ctx_alloc(cx, sizeof *rows);
  *rows = (struct pg_rows){ r, cx };
  ctx_defer(cx, rows_free, rows);
  if (out) *out = rows;
  return OK;
}

int pg_rows_count(const struct pg_rows *r) { return PQntuples(r->result); }
bool pg_is_null(const struct pg_rows *r, int row, int column) { return PQgetisnull(r->result, row, column); }

static int64_t number(const char *z) {
  int64_t n;
  return z && str_to_int(str_of(z), &n) ? n : 0;
}
int64_t pg_rows_changed(const struct pg_rows *r) { return number(PQcmdTuples(r->result)); }
int64_t pg_int(const struct pg_rows *r, int row, int column) {
  return pg_is_null(r, row, column) ? 0 : number(PQgetvalue(r->result, row, column));
}

struct str pg_text(const struct pg_rows *r, int row, int column) {
  if (pg_is_null(r, row, column)) return (struct str){ 0 };
  struct str v = { PQgetvalue(r->result, row, column), (size_t)PQgetlength(r->result, row, column) };
  if (PQftype(r->result, column) != OID_BYTEA) return v;
  size_t n;
  unsigned char *bytes = PQunescapeBytea((const unsigned char *)v.p, &n);
  if (!bytes) abort();
  char *copy = ctx_alloc(r->cx, n + 1);
  if (n) memcpy(copy, bytes, n);
  PQfreemem(bytes);
  return (struct str){ copy, n };
}

/* ---- transactions ---- */
/* ---- COPY ---- */

int pg_copy_begin(struct ctx *cx, struct pg *p, const char *sql) {
  PGresult *r = NULL;
  if (ready(cx, p)) return cx->code;
  p->bytes += (int64_t)strlen(sql);
  if (!PQsendQuery(p->conn, sql)) return pg_fail(cx, p, NULL);
  if (results(cx, p, &r)) return cx->code;
  p->copying = r && PQresultStatus(r) == PGRES_COPY_IN;
  PQclear(r);
  return p->copying ? OK : fail(cx, E_FAIL, NULL, "this is no COPY FROM STDIN: %.80s", sql);
}

int pg_copy_put(struct ctx *cx, struct pg *p, struct str bytes) {
  enum { PIECE = 1 << 20 };
  while (!cx->code && bytes.n) {
    struct str piece = { bytes.p, bytes.n < PIECE ? bytes.n : PIECE };
    int done = PQputCopyData(p->conn, piece.p, (int)piece.n);
    if (done < 0) return pg_fail(cx, p, NULL);
    if (flush(cx, p)) return cx->code;
    if (done == 0) continue;
    p->bytes += (int64_t)piece.n;
    bytes = (struct str){ bytes.p + piece.n, bytes.n - piece.n };
  }
  return cx->code;
}

static int copy_close(struct ctx *cx, struct pg *p, const char *why) {
  int done;
  p->copying = false;
  while ((done = PQputCopyEnd(p->conn, why)) == 0)
    if (flush(cx, p)) return cx->code;
  return done < 0 ? pg_fail(cx, p, NULL) : OK;
}

int pg_copy_end(struct ctx *cx, struct pg *p) {
  return copy_close(cx, p, NULL) ? (int)cx->code : results(cx, p, NULL);
}

void pg_rollback(struct pg *p) {
  struct ctx cx;
  if (!p || !p->conn || p->broken) return;
  char state[PG_STATE_SIZE];
  memcpy(state, p->state, sizeof state);
  ctx_begin(&cx, "sync");
  take_told(&cx, p);
  ctx_forgive(&cx);
  if (p->copying && copy_close(&cx, p, "given up") == OK) results(&cx, p, NULL);
  ctx_forgive(&cx);
  if (!p->broken && PQtransactionStatus(p->conn) != PQTRANS_IDLE) pg_do(&cx, p, "ROLLBACK");
  ctx_end(&cx);
  memcpy(p->state, state, sizeof state);
}

/* ---- for those who make roles ---- */

int pg_password_verifier(struct ctx *cx, struct pg *p, const char *role, const char *password,
                         const char **out) {
  if (ready(cx, p)) return cx->code;
  char *made = PQencryptPasswordConn(p->conn, password, role, "scram-sha-256");
  if (!made)
    return fail(cx, E_FAIL, NULL, "no password can be made: %.200s",
                ctx_strdup(cx, str_trim(str_of(PQerrorMessage(p->conn)))));
  *out = ctx_strdup(cx, str_of(made));
  PQfreemem(made);
  return OK;
}

/* A word of a dsn, its value in quotes. */
static void dsn_word(struct buf *out, const char *key, const char *value) {
  buf_printf(out, "%s%s='", out->n ? " " : "", key);
  for (; *value; value++) {
    if (*value == '\'' || *value == '\\') buf_char(out, '\\');
    buf_char(out, *value);
  }
  buf_char(out, '\'');
}

int pg_dsn_of(struct ctx *cx, const struct pg *p, const char **out) {
  static const char carried[] =
      " host hostaddr port dbname sslmode sslrootcert sslcrl sslsni channel_binding "
      "ssl_min_protocol_version target_session_attrs ";
  char path[PATH_MAX];
  struct buf text;
  buf_init(&text, LIMIT_TEXT_BYTES);
  PQconninfoOption *list = PQconninfo(p->conn);
  for (PQconninfoOption *o = list; o && o->keyword; o++) {
    if (!o->val || !*o->val || !strstr(carried, ctx_printf(cx, " %s ", o->keyword))) continue;
    bool file = !strcmp(o->keyword, "sslrootcert") || !strcmp(o->keyword, "sslcrl");
    dsn_word(&text, o->keyword, file && realpath(o->val, path) ? path : o->val);
  }
  PQconninfoFree(list);
  *out = ctx_take(cx, &text);
  return OK;
}

/* ---- the rest ---- */

const char *pg_state(const struct pg *p) { return p->state; }
bool pg_is_broken(const struct pg *p) { return p->broken || !p->conn || PQstatus(p->conn) == CONNECTION_BAD; }
bool pg_alive(struct pg *p) {
  if (pg_is_broken(p)) return false;
  struct pollfd f = { PQsocket(p->conn), POLLIN, 0 };
  if (poll(&f, 1, 0) > 0 && !PQconsumeInput(p->conn)) p->broken = true;
  return !pg_is_broken(p);
}
void pg_patience(struct pg *p, int seconds) { p->patience = seconds; }
int64_t pg_bytes_out(const struct pg *p) { return p->bytes; }
int64_t pg_statements(const struct pg *p) { return p->statements; }

static const char *quoted(struct ctx *cx, char *made, const char *what) {
  const char *copy = made ? ctx_strdup(cx, str_of(made)) : NULL;
  PQfreemem(made);
  if (!copy) fail(cx, E_INVALID, NULL, "the text cannot be %s of a statement: it is no UTF-8", what);
  return copy ? copy : "NULL";
}
const char *pg_literal(struct ctx *cx, struct pg *p, const char *text) {
  return quoted(cx, PQescapeLiteral(p->conn, text, strlen(text)), "a value");
}
const char *pg_identifier(struct ctx *cx, struct pg *p, const char *text) {
  return quoted(cx, PQescapeIdentifier(p->conn, text, strlen(text)), "a name");
}
