/*
** schema.c - see schema.h. schema_tables.c makes the tables of entities and datasets.
*/
#include "replicate/schema.h"

#include "base/hash.h"
#include "replicate/schema_tables.h"
#include "store/store.h"

enum { ROLES = 0, BEHIND_TABLES = 500, ACCESS = 900, INIT_PATIENCE = 600 };

int upstream_version(void) { return tenant_migrations[tenant_migration_count - 1].version; }

/* Names are written out everywhere: nobody's search_path decides what is meant. Whoever waits for a table in the way of
** edges that are at work waits half a minute at most, and they wait behind him no longer than that. */
#define BEGIN                                                                                                \
  "BEGIN; SET LOCAL client_min_messages = warning; SET LOCAL search_path = pg_catalog; SET LOCAL "           \
  "lock_timeout = '30s'"

/* ---- is it newer than this program? ---- */

static int schema_number(struct ctx *cx, struct pg *p, int64_t *version) {
  struct pg_rows *r;
  *version = -1;
  if (pg_get(cx, p, &r, "SELECT to_regclass('outpost.hq') IS NOT NULL")) return cx->code;
  if (!str_eq(pg_text(r, 0, 0), STR("t"))) return OK;
  if (pg_get(cx, p, &r, "SELECT coalesce(max(version), 0) FROM outpost.hq")) return cx->code;
  *version = pg_int(r, 0, 0);
  return OK;
}

static int check_number(struct ctx *cx, int64_t version) {
  if (version <= upstream_version()) return OK;
  return fail(cx, E_CONFLICT, "dsn",
              "the database at headquarters has schema %lld, made by a newer program; this one knows %d. "
              "Nothing was changed; call it with the newer program",
              (long long)version, upstream_version());
}

int upstream_denied(struct ctx *cx, const struct pg *p) {
  if (strcmp(pg_state(p), "42501") != 0) return cx->code;
  const char *words = strstr(cx->message, "(42501");
  words = ctx_strdup(cx, str_of(words ? words : cx->message));
  ctx_forgive(cx);
  return fail(
      cx, E_DENIED, "dsn",
      "this login may not administer headquarters: it must be able to create roles (CREATEROLE) and "
      "schemas (CREATE on the database), and belong to outpost_owner if somebody else made the schema %s",
      words);
}

int upstream_begin(struct ctx *cx, struct pg *p) {
  struct pg_rows *r;
  int64_t version;
  const char *none =
      "there is no schema `outpost` in this database yet: `outpost upstream init --dsn DSN` makes it";
  if (pg_do(cx, p, BEGIN) ||
      pg_get(cx, p, &r, "SELECT count(*) FROM pg_roles WHERE rolname = 'outpost_owner'"))
    return cx->code;
  if (pg_int(r, 0, 0) == 0) return fail(cx, E_FAIL, "dsn", "%s", none);
  if (pg_do(cx, p, "SET LOCAL ROLE outpost_owner") || schema_number(cx, p, &version)) return cx->code;
  if (version < 0) return fail(cx, E_FAIL, "dsn", "%s", none);
  return check_number(cx, version);
}

/* ---- parts ---- */

static const char *part_version(struct ctx *cx, const char *text) {
  unsigned char hash[SHA256_SIZE];
  char hex[SHA256_HEX];
  sha256_of(text, strlen(text), hash);
  return ctx_strdup(cx, str_of(hex_encode(hex, hash, sizeof hash)));
}

int schema_part_same(struct ctx *cx, struct pg *p, const char *name, const char *text, bool *same) {
  struct pg_rows *r;
  if (pg_ask(cx, p, &r, "SELECT count(*) FROM outpost.schema_part WHERE name = $1 AND version = $2", name,
             part_version(cx, text)))
    return cx->code;
  *same = pg_int(r, 0, 0) > 0;
  return OK;
}

int schema_part_note(struct ctx *cx, struct pg *p, const char *name, const char *text) {
  return pg_ask(cx, p, NULL,
                "INSERT INTO outpost.schema_part (name, version) VALUES ($1, $2) "
                "ON CONFLICT (name) DO UPDATE SET version = excluded.version, at = now()",
                name, part_version(cx, text));
}

static int part_run(struct ctx *cx, struct pg *p, const struct upstream_part *part, bool first,
                    struct jw *said) {
  bool same = false;
  if (!first && schema_part_same(cx, p, part->name, part->text, &same)) return cx->code;
  if (same && part->number != ACCESS) return OK;
  if (pg_do(cx, p, part->text) || pg_do(cx, p, "SET LOCAL ROLE outpost_owner")) return cx->code;
  if (same || schema_part_note(cx, p, part->name, part->text)) return cx->code;
  jw_text(said, NULL, ctx_printf(cx, "part %03d %s was run", part->number, part->name));
  return OK;
}

/* Those with numbers from..to. There is nowhere to note anything before the first of them. */
static int parts_run(struct ctx *cx, struct pg *p, int from, int to, bool first, struct jw *said) {
  for (size_t i = 0; i < upstream_part_count; i++) {
    const struct upstream_part *part = &upstream_parts[i];
    if (part->number < from || part->number > to) continue;
    if (part_run(cx, p, part, first, said)) return cx->code;
    first = false;
  }
  return OK;
}

/* ---- all of it ---- */

static int set_number(struct ctx *cx, struct pg *p, int64_t before, struct jw *said) {
  if (before == upstream_version()) return OK;
  jw_text(said, NULL, ctx_printf(cx, "the schema has number %d now", upstream_version()));
  return pg_ask(cx, p, NULL,
                "INSERT INTO outpost.hq (version) VALUES ($1) ON CONFLICT (one) DO UPDATE SET version = "
                "excluded.version",
                upstream_version());
}

static int init(struct ctx *cx, struct pg *p, struct jw *said) {
  int64_t before;
  /* The number says "outpost" to whoever looks at pg_locks. */
  if (pg_do(cx, p, BEGIN "; SELECT pg_advisory_xact_lock(x'6f7574706f7374'::bigint)") ||
      pg_do(cx, p, upstream_parts[0].text) || schema_number(cx, p, &before) || check_number(cx, before))
    return cx->code;
  if (parts_run(cx, p, ROLES + 1, BEHIND_TABLES - 1, before < 0, said) || schema_tables(cx, p, said) ||
      schema_views(cx, p, said) || parts_run(cx, p, BEHIND_TABLES, ACCESS, false, said) ||
      set_number(cx, p, before, said))
    return cx->code;
  return pg_do(cx, p, "COMMIT");
}

int upstream_init(struct ctx *cx, struct pg *p, struct jw *said) {
  pg_patience(p, INIT_PATIENCE);
  int rc = init(cx, p, said);
  if (rc) pg_rollback(p);
  if (rc) rc = upstream_denied(cx, p);
  pg_patience(p, PG_PATIENCE);
  return rc;
}
