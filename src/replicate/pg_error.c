/*
** pg_error.c - what PostgreSQL says went wrong, in words that say what to do.
**
** The server's own text may be in any language, so what happened is known by its SQLSTATE. While a
** connection is made libpq has no function for it: with PQERRORS_VERBOSE it stands in the text,
** after the severity: "FATAL:  28P01: password authentication failed".
*/
#include <ctype.h>

#include "replicate/pg_internal.h"

/* A state, or the class that it begins with. The first that fits. */
static const struct reason {
  const char *state;
  enum err code;
  const char *sentence;
} reasons[] = {
  { "28P01", E_DENIED,
    "headquarters refused this edge's password: it was changed or the edge was revoked; enroll it again with "
    "outpost upstream enroll" },
  { "28000", E_DENIED,
    "headquarters does not let this edge in: it was revoked, or pg_hba.conf there has no line for it; ask "
    "headquarters, or enroll it again with outpost upstream enroll" },
  { "3D000", E_FAIL,
    "there is no such database at headquarters: check the dsn, or create it and run outpost upstream init" },
  { "53100", E_BUSY,
    "the disk at headquarters is full: somebody must make room there; nothing is lost here" },
  { "53200", E_BUSY, "headquarters' server is out of memory; it is tried again" },
  { "53300", E_BUSY, "headquarters' server has no connection left; it is tried again" },
  { "53", E_BUSY, "headquarters' server is out of something that it needs; it is tried again" },
  { "57P03", E_BUSY, "headquarters' server is starting or stopping; it is tried again" },
  { "57P", E_BUSY, "headquarters' server ended the connection; it is tried again" },
  { "57014", E_BUSY, "headquarters cancelled a statement that took too long; it is tried again" },
  { "25006", E_BUSY,
    "headquarters' database is read-only now (a standby, or somebody has said so); it is tried again" },
  { "40", E_BUSY, "another was first at headquarters; it is tried again" },
  { "55P03", E_BUSY, "somebody at headquarters holds a lock; it is tried again" },
  { "25P0", E_BUSY, "headquarters' server ended a transaction that waited too long; it is tried again" },
  { "08", E_BUSY, "the connection to headquarters broke; it is tried again" },
  { "42501", E_DENIED,
    "headquarters does not allow this: the edge was revoked, or its rights are older than this program; run "
    "outpost upstream init there, or enroll the edge again" },
  { "3F000", E_FAIL, "headquarters' database has no schema outpost: run outpost upstream init there" },
  { "42", E_FAIL,
    "headquarters' schema is not the one that this program knows: run outpost upstream init of the newest "
    "program there" },
  { "23", E_CONFLICT, "headquarters refused a row" },
  { "22", E_INVALID, "headquarters refused a value" },
  { "58", E_BUSY, "headquarters' server cannot reach its disk; it is tried again" },
  { "XX", E_FAIL, "headquarters' server reports that its data are damaged" },
  { "", E_FAIL, "headquarters refused a statement" },
};

static const struct reason *reason_of(const char *state) {
  const struct reason *r = reasons;
  while (strncmp(state, r->state, strlen(r->state)) != 0) r++;
  return r;
}

/* Of libpq's text the first line, without the place in the server's source. */
static struct str first_line(const char *text) {
  struct str s = str_of(text ? text : "");
  const char *end = memchr(s.p, '\n', s.n);
  if (end) s.n = (size_t)(end - s.p);
  return str_trim(s);
}

static int fail_state(struct ctx *cx, struct pg *p, const char *state, struct str text) {
  const struct reason *r = reason_of(state);
  str_copy(p->state, sizeof p->state, str_of(state));
  return fail(cx, r->code, NULL, "%s (%s" STR_FMT ")", r->sentence, state, text.n > 260 ? 260 : (int)text.n,
              text.p);
}

static int fail_broken(struct ctx *cx, struct pg *p, struct str text) {
  p->broken = true;
  return fail(cx, E_BUSY, NULL, "the connection to headquarters broke (" STR_FMT "); it is tried again",
              STR_ARG(text));
}

int pg_fail(struct ctx *cx, struct pg *p, const PGresult *r) {
  const char *state = r ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;
  const char *text = r ? PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY) : NULL;
  if (PQstatus(p->conn) == CONNECTION_BAD) p->broken = true;
  if (state) return fail_state(cx, p, state, first_line(ctx_printf(cx, ": %s", text ? text : "")));
  if (r && !p->broken && PQresultStatus(r) != PGRES_FATAL_ERROR) {
    p->broken = true; /* a COPY out, say, which nobody here reads */
    return fail(cx, E_FAIL, NULL, "the statement gives what is not expected: %s",
                PQresStatus(PQresultStatus(r)));
  }
  return fail_broken(cx, p, first_line(PQerrorMessage(p->conn)));
}

/* ---- connecting ---- */

static bool state_find(const char *text, char state[static PG_STATE_SIZE]) {
  for (const char *at = text; (at = strstr(at, ":  ")); at += 3) {
    size_t n = 0;
    while (n < 5 && (isdigit((unsigned char)at[3 + n]) || isupper((unsigned char)at[3 + n]))) n++;
    if (n < 5 || at[8] != ':') continue;
    return str_copy(state, PG_STATE_SIZE, (struct str){ at + 3, 5 });
  }
  return false;
}

static int fail_tls(struct ctx *cx, const char *what, struct str text) {
  return fail(cx, E_DENIED, NULL, "%s (" STR_FMT ")", what, STR_ARG(text));
}

int pg_fail_open(struct ctx *cx, struct pg *p) {
  const char *all = PQerrorMessage(p->conn);
  struct str text = first_line(all);
  char state[PG_STATE_SIZE];
  p->broken = true;
  if (text.n > 260) text.n = 260;
  if (state_find(all, state)) {
    const char *said = strstr(all, state) + 5;
    return fail_state(cx, p, state, first_line(said));
  }
  if (strstr(all, "certificate verify failed"))
    return fail_tls(
        cx,
        "headquarters' certificate is not from the authority that this edge trusts (sslrootcert in its "
        "dsn): somebody is in between, or the certificate was replaced",
        text);
  if (strstr(all, "does not match host name"))
    return fail_tls(cx, "headquarters' certificate is for another name than the dsn's host", text);
  if (strstr(all, "root certificate file"))
    return fail_tls(cx, "the file with headquarters' authority (sslrootcert in the dsn) cannot be read",
                    text);
  if (strstr(all, "session is read-only")) return fail(cx, E_BUSY, NULL, "%s", reason_of("25006")->sentence);
  if (strstr(all, "server does not support SSL"))
    return fail_tls(cx, "headquarters' server offers no TLS, and the dsn asks for it (sslmode)", text);
  if (strstr(all, "no password supplied"))
    return fail_tls(cx,
                    "headquarters asks for a password and none is known here: enroll this edge again with "
                    "outpost upstream enroll",
                    text);
  return fail(cx, E_BUSY, NULL, "headquarters cannot be reached (" STR_FMT ")", STR_ARG(text));
}
