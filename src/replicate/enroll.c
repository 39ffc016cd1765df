/*
** enroll.c - see enroll.h.
*/
#include "replicate/enroll.h"

#include <stdio.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/ids.h"
#include "base/limits.h"
#include "base/sign.h"
#include "notify/secret.h"
#include "replicate/epoch.h"
#include "replicate/schema.h"
#include "replicate/state.h"

enum { PASSWORD_BYTES = 32, SLUG_SHOWN = 40, ROLE_DIGITS = 8, END_MS = 5000 };

/* ---- at headquarters ---- */

/* One enrolment at a time: slugs and numbers are looked for, and then taken. */
static int admin_begin(struct ctx *cx, struct pg *p) {
  if (upstream_begin(cx, p)) return cx->code;
  return pg_do(cx, p, "SELECT pg_advisory_xact_lock(x'656e726f6c6c'::bigint)");
}

static const char *cell(struct ctx *cx, const struct pg_rows *r, int row, int column) {
  struct str text = pg_text(r, row, column);
  return text.p ? ctx_strdup(cx, text) : NULL;
}

/* Who the tenant is: its own id, slug and name, and the organization that it was enrolled in before. */
struct tenant_self {
  const char *id, *slug, *name, *before;
};

static int self_read(struct ctx *cx, struct db *db, struct tenant_self *self) {
  struct stmt *s = db_stmt(cx, db, SQL_enroll_organization);
  if (!s || !stmt_row(cx, s)) return fail(cx, E_FAIL, NULL, "this file has no tenant");
  *self = (struct tenant_self){ col_dup(cx, s, 0), col_dup(cx, s, 1), col_dup(cx, s, 2), col_dup(cx, s, 3) };
  stmt_done(s);
  return OK;
}

static int organization_make(struct ctx *cx, struct pg *p, const struct tenant_self *self,
                             struct upstream_edge *e) {
  struct pg_rows *r;
  e->organization_id = self->id;
  if (pg_ask(
          cx, p, &r,
          "INSERT INTO outpost.organizations (slug, organization_id, name) VALUES ($1, $2, $3) ON CONFLICT "
          "DO NOTHING",
          e->organization, self->id, self->name))
    return cx->code;
  if (pg_rows_changed(r) == 1) return OK;
  return fail(cx, E_CONFLICT, "organization",
              "headquarters knows this tenant's organization by another name than \"%s\"", e->organization);
}

/* The one that is named, else the one it belongs to already, else a new one. That two have the same short name does not
** make them one: that is for somebody to say. */
static int organization_need(struct ctx *cx, struct pg *p, struct db *db, struct upstream_edge *e) {
  struct tenant_self self = { 0 };
  struct pg_rows *r;
  bool named = e->organization != NULL;
  if (self_read(cx, db, &self)) return cx->code;
  const struct arg v[] = { arg_text(named ? e->organization : self.slug), arg_text(self.before),
                           arg_text(self.id) };
  if (pg_ask_all(
          cx, p, &r,
          named
              ? "SELECT organization_id, slug FROM outpost.organizations WHERE slug = $1"
              : "SELECT organization_id, slug, organization_id = ANY (ARRAY[$2::uuid, $3::uuid]) AS own FROM "
                "outpost.organizations WHERE slug = $1 OR organization_id = ANY (ARRAY[$2::uuid, $3::uuid]) "
                "ORDER BY own DESC, organization_id = $2::uuid DESC NULLS LAST LIMIT 1",
          named ? 1 : 3, v))
    return cx->code;
  if (!named) e->organization = self.slug;
  if (pg_rows_count(r) == 0) return organization_make(cx, p, &self, e);
  if (!named && !str_eq(pg_text(r, 0, 2), STR("t")))
    return fail(cx, E_CONFLICT, "organization",
                "headquarters has an organization %s already, of another tenant's file; if this is one of "
                "its devices, say so with --organization %s",
                self.slug, self.slug);
  e->organization_id = cell(cx, r, 0, 0);
  e->organization = cell(cx, r, 0, 1);
  return OK;
}

/* An edge that is no more lets its tenant enroll again. */
static int check_enrolled(struct ctx *cx, struct pg *p, struct db *db) {
  struct sync_upstream u;
  struct pg_rows *r;
  if (sync_upstream_read(cx, db, &u) || !u.enrolled) return cx->code;
  if (pg_ask(cx, p, &r,
             "SELECT count(*) FROM outpost.edge WHERE organization_id = $1::uuid AND edge_id = $2::uuid AND "
             "revoked_at IS NULL",
             u.organization, u.edge) ||
      pg_int(r, 0, 0) == 0)
    return cx->code;
  return fail(cx, E_CONFLICT, "tenant",
              "this tenant is enrolled already, as %s (edge %s); `outpost upstream revoke` takes that back",
              u.name, u.edge);
}

/* The edge that this file was, if it is the one that headquarters knows. */
static int find_before(struct ctx *cx, struct pg *p, struct db *db, const char *public_key,
                       struct upstream_edge *e) {
  struct sync_upstream u;
  struct pg_rows *r;
  if (sync_upstream_read(cx, db, &u) || !u.enrolled || strcmp(u.organization, e->organization_id) != 0)
    return cx->code;
  if (pg_ask(cx, p, &r,
             "SELECT count(*) FROM outpost.edge e JOIN outpost.origin o USING (organization_id, edge_id) "
             "WHERE e.organization_id = $1::uuid AND e.edge_id = $2::uuid AND o.origin = $3::int AND "
             "e.public_key = $4 AND e.revoked_at IS NOT NULL",
             u.organization, u.edge, u.origin, public_key) ||
      pg_int(r, 0, 0) == 0)
    return cx->code;
  e->again = true;
  e->edge_id = u.edge;
  e->origin = u.origin;
  e->epoch = u.epoch;
  e->instance = u.instance;
  return OK;
}

static int check_name(struct ctx *cx, struct pg *p, const struct upstream_edge *e) {
  struct pg_rows *r;
  if (pg_ask(cx, p, &r,
             "SELECT count(*) FROM outpost.edge WHERE organization_id = $1::uuid AND name = $2 AND "
             "revoked_at IS NULL",
             e->organization_id, e->name) ||
      pg_int(r, 0, 0) == 0)
    return cx->code;
  return fail(cx, E_CONFLICT, "name",
              "%s has an edge that is called %s already; --name gives this one another name", e->organization,
              e->name);
}

/* The digits are the last of an id, the edge's when it is new: the first are the time. */
static void name_role(struct ctx *cx, struct upstream_edge *e) {
  char id[37];
  uuid7(id, cx->now);
  if (!e->again) e->edge_id = ctx_strdup(cx, str_of(id));
  e->role = ctx_printf(cx, "outpost_%.*s_%s", SLUG_SHOWN, e->organization, id + strlen(id) - ROLE_DIGITS);
}

/* As the administrator himself: the owner of the schema makes no roles. */
static int role_make(struct ctx *cx, struct pg *p, const struct upstream_edge *e, const char *password) {
  const char *verifier;
  if (pg_password_verifier(cx, p, e->role, password, &verifier)) return cx->code;
  return pg_do(cx, p,
               ctx_printf(cx,
                          "SET LOCAL ROLE NONE; CREATE ROLE %s LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE "
                          "NOBYPASSRLS PASSWORD %s IN ROLE outpost_edge; SET LOCAL ROLE outpost_owner",
                          pg_identifier(cx, p, e->role), pg_literal(cx, p, verifier)));
}

static int edge_make(struct ctx *cx, struct pg *p, struct upstream_edge *e, const char *public_key) {
  struct pg_rows *r;
  if (pg_ask(
          cx, p, NULL,
          "INSERT INTO outpost.member (organization_id, role_name, kind) VALUES ($1::uuid, $2::name, 'edge')",
          e->organization_id, e->role) ||
      pg_ask(
          cx, p, NULL,
          e->again
              ? "UPDATE outpost.edge SET name = $3, role_name = $4::name, public_key = $5, revoked_at = NULL "
                "WHERE organization_id = $1::uuid AND edge_id = $2::uuid"
              : "INSERT INTO outpost.edge (organization_id, edge_id, name, role_name, public_key) "
                "VALUES ($1::uuid, $2::uuid, $3, $4::name, $5)",
          e->organization_id, e->edge_id, e->name, e->role, public_key))
    return cx->code;
  if (e->again) return pg_do(cx, p, "COMMIT");
  if (pg_ask(cx, p, &r,
             "INSERT INTO outpost.origin (organization_id, edge_id, instance, origin, epoch) "
             "SELECT $1::uuid, $2::uuid, $3::uuid, coalesce(max(origin), 0) + 1, 1 FROM outpost.origin "
             "WHERE organization_id = $1::uuid RETURNING origin",
             e->organization_id, e->edge_id, e->instance))
    return cx->code;
  e->origin = pg_int(r, 0, 0);
  return pg_do(cx, p, "COMMIT");
}

/* ---- enroll ---- */

struct saving {
  struct sync_upstream up;
};
static int save(struct ctx *cx, struct db *db, void *arg) {
  return sync_upstream_save(cx, db, &((struct saving *)arg)->up);
}

/* The file's own part, when headquarters has done its. */
static int keep(struct ctx *cx, struct pg *p, struct tenant *t, const struct upstream_edge *e,
                const char *password) {
  struct saving s = { .up = { .organization = e->organization_id,
                              .edge = e->edge_id,
                              .role = e->role,
                              .name = e->name,
                              .enrolled_at = cx->now,
                              .origin = e->origin,
                              .epoch = e->epoch,
                              .instance = e->instance } };
  const char *where;
  if (pg_dsn_of(cx, p, &where) || (!e->again && epoch_instance_keep(cx, t, e->instance)) ||
      secret_set(cx, t, SYNC_SECRET, str_of(password)))
    return cx->code;
  s.up.dsn = ctx_printf(cx, "%s user='%s'", where, e->role);
  return tenant_write(cx, t, save, &s);
}

static int prepare(struct ctx *cx, struct pg *p, struct tenant *t, const char *public_key,
                   struct upstream_edge *e) {
  struct db *db;
  char host[256] = "";
  if (gethostname(host, sizeof host - 1) || !*host) str_copy(host, sizeof host, STR("edge"));
  if (!e->name) e->name = ctx_strdup(cx, str_of(host));
  if (tenant_read(cx, t, &db) || admin_begin(cx, p) || check_enrolled(cx, p, db) ||
      organization_need(cx, p, db, e) || check_name(cx, p, e) || find_before(cx, p, db, public_key, e))
    return cx->code;
  name_role(cx, e);
  return OK;
}

/* A role that nobody has the password of is of no use to anybody. */
static void take_back(const struct ctx *cx, struct pg *p, const struct upstream_edge *e) {
  struct ctx own;
  struct upstream_edge gone;
  int64_t ended;
  ctx_begin(&own, cx->actor);
  upstream_revoke(&own, p, e->edge_id, &gone, &ended);
  ctx_end(&own);
}

int upstream_enroll(struct ctx *cx, struct pg *p, struct tenant *t, const char *organization,
                    const char *name, struct upstream_edge *out) {
  unsigned char bytes[PASSWORD_BYTES];
  char instance[37];
  struct sign_key *key;
  struct buf password;
  random_bytes(bytes, sizeof bytes);
  uuid7(instance, cx->now);
  *out = (struct upstream_edge){
    .organization = organization, .name = name, .epoch = 1, .instance = ctx_strdup(cx, str_of(instance))
  };
  buf_init(&password, KIB(1));
  base64url_put(&password, bytes, sizeof bytes);
  int rc = sign_key_open(cx, store_dir(tenant_store(t)), &key);
  if (!rc) rc = prepare(cx, p, t, key->pem, out);
  if (!rc) rc = role_make(cx, p, out, password.p);
  if (!rc) rc = edge_make(cx, p, out, key->pem);
  if (rc) {
    pg_rollback(p);
    rc = upstream_denied(cx, p);
  } else if ((rc = keep(cx, p, t, out, password.p))) {
    take_back(cx, p, out);
  }
  explicit_bzero(password.p, password.n);
  explicit_bzero(bytes, sizeof bytes);
  buf_clear(&password);
  return rc;
}

/* ---- revoke ---- */

static int edge_find(struct ctx *cx, struct pg *p, const char *who, struct upstream_edge *e) {
  struct pg_rows *r;
  if (pg_ask(cx, p, &r,
             "SELECT e.organization_id, g.slug, e.edge_id, e.role_name, e.name FROM outpost.edge e "
             "JOIN outpost.organizations g ON g.organization_id = e.organization_id "
             "WHERE e.revoked_at IS NULL AND $1 IN (e.edge_id::text, e.role_name::text, e.name)",
             who))
    return cx->code;
  if (pg_rows_count(r) == 0)
    return fail(cx, E_NOT_FOUND, "edge",
                "there is no edge %s that could be revoked; `outpost upstream list` shows all", who);
  if (pg_rows_count(r) > 1)
    return fail(cx, E_CONFLICT, "edge",
                "%d edges are called %s: name it by its id, as `outpost upstream list` has it",
                pg_rows_count(r), who);
  *e = (struct upstream_edge){ .organization_id = cell(cx, r, 0, 0),
                               .organization = cell(cx, r, 0, 1),
                               .edge_id = cell(cx, r, 0, 2),
                               .role = cell(cx, r, 0, 3),
                               .name = cell(cx, r, 0, 4) };
  return OK;
}

static int edge_end(struct ctx *cx, struct pg *p, const struct upstream_edge *e) {
  const char *role = pg_identifier(cx, p, e->role);
  if (pg_ask(cx, p, NULL,
             "UPDATE outpost.edge SET revoked_at = clock_timestamp() WHERE organization_id = $1::uuid AND "
             "edge_id = $2::uuid",
             e->organization_id, e->edge_id) ||
      pg_ask(cx, p, NULL,
             "DELETE FROM outpost.member WHERE organization_id = $1::uuid AND role_name = $2::name",
             e->organization_id, e->role))
    return cx->code;
  return pg_do(
      cx, p,
      ctx_printf(cx,
                 "SET LOCAL ROLE NONE; ALTER ROLE %s NOLOGIN PASSWORD NULL; REVOKE outpost_edge FROM %s; "
                 "COMMIT",
                 role, role));
}

/* Who is no superuser must belong to the role for this. Each is waited for. */
static int connections_end(struct ctx *cx, struct pg *p, const struct upstream_edge *e, int64_t *ended) {
  struct pg_rows *r;
  const char *role = pg_identifier(cx, p, e->role);
  if (pg_ask(cx, p, &r, "SELECT pg_has_role($1::name, 'MEMBER')", e->role)) return cx->code;
  if (!str_eq(pg_text(r, 0, 0), STR("t")) && pg_do(cx, p, ctx_printf(cx, "GRANT %s TO CURRENT_USER", role)))
    return cx->code;
  if (pg_ask(
          cx, p, &r,
          "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid, $2::bigint)) FROM pg_stat_activity WHERE "
          "usename = $1::name",
          e->role, END_MS))
    return cx->code;
  *ended = pg_int(r, 0, 0);
  return OK;
}

int upstream_revoke(struct ctx *cx, struct pg *p, const char *who, struct upstream_edge *out,
                    int64_t *ended) {
  int rc = admin_begin(cx, p);
  if (!rc) rc = edge_find(cx, p, who, out);
  if (!rc) rc = edge_end(cx, p, out);
  if (!rc) return connections_end(cx, p, out, ended);
  pg_rollback(p);
  return upstream_denied(cx, p);
}

/* ---- list ---- */

/* An instant as JSON has it. */
#define INSTANT(column) "to_char(" column " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), "

int upstream_list(struct ctx *cx, struct pg *p, struct jw *w) {
  static const char *const keys[] = { "organization", "name",       "edge",         "role",
                                      "enrolled_at",  "revoked_at", "last_seen_at", "version" };
  enum { KEYS = sizeof keys / sizeof *keys };
  struct pg_rows *r;
  if (upstream_begin(cx, p) ||
      pg_ask_all(
          cx, p, &r,
          "SELECT g.slug, e.name, e.edge_id, e.role_name, " INSTANT("e.enrolled_at") INSTANT("e.revoked_at")
              INSTANT(
                  "e.last_seen_at") "e.version, (SELECT count(*) FROM outpost.origin o WHERE "
                                    "o.organization_id = e.organization_id AND o.edge_id = e.edge_id) FROM "
                                    "outpost.edge e JOIN outpost.organizations g ON g.organization_id = "
                                    "e.organization_id ORDER BY g.slug, e.enrolled_at",
          0, NULL))
    return pg_rollback(p), cx->code;
  jw_array(w, NULL);
  for (int i = 0; i < pg_rows_count(r); i++) {
    jw_object(w, NULL);
    for (int k = 0; k < KEYS; k++) jw_text(w, keys[k], cell(cx, r, i, k));
    jw_int(w, "epochs", pg_int(r, i, KEYS));
    jw_close(w, '}');
  }
  jw_close(w, ']');
  return pg_do(cx, p, "COMMIT");
}
