#include "store/migrate.h"

#include "base/hash.h"
#include "store/change.h"

static const struct migration *list(bool system) { return system ? system_migrations : tenant_migrations; }
static size_t list_size(bool system) { return system ? system_migration_count : tenant_migration_count; }

int migrate_head(bool system) { return (int)list_size(system); }

int migrate_version(struct ctx *cx, struct db *db) {
  return (int)db_pragma_int(cx, db, "PRAGMA user_version");
}

static const char *checksum(struct ctx *cx, const struct migration *m) {
  unsigned char digest[SHA256_SIZE];
  char *hex = ctx_alloc(cx, SHA256_HEX);
  char *both = ctx_printf(cx, "%s\n-- down\n%s", m->up, m->down);
  sha256_of(both, strlen(both), digest);
  return hex_encode(hex, digest, sizeof digest);
}

static int check_ledger(struct ctx *cx, struct db *db, bool system) {
  struct stmt *s = db_compose(cx, db, "SELECT version, checksum FROM schema_migration ORDER BY version");
  while (stmt_row(cx, s)) {
    size_t version = (size_t)col_int(s, 0);
    if (version < 1 || version > list_size(system)) continue;
    const struct migration *m = &list(system)[version - 1];
    if (!str_eq(col_str(s, 1), str_of(checksum(cx, m))))
      fail(cx, E_CONFLICT, NULL,
           "%s: migration %04d (%s) was applied in another wording than this program has", db->name,
           m->version, m->name);
  }
  return cx->code;
}

int migrate_check(struct ctx *cx, struct db *db, bool system) {
  int version = migrate_version(cx, db);
  int64_t owner = db_pragma_int(cx, db, "PRAGMA application_id");
  if (cx->code) return cx->code;
  if (owner != APPLICATION_ID && (version > 0 || owner != 0))
    return fail(cx, E_CONFLICT, NULL, "%s: this is a SQLite file, but not one of Outpost", db->name);
  if (version > migrate_head(system))
    return fail(
        cx, E_CONFLICT, NULL,
        "%s: the file has schema %d, this program knows schemas up to %d; it was used by a newer version. "
        "Install that version, or let it go back with `outpost migrate --to %d`",
        db->name, version, migrate_head(system), migrate_head(system));
  return version > 0 ? check_ledger(cx, db, system) : OK;
}

static int note(struct ctx *cx, struct db *db, const struct migration *m) {
  struct stmt *s = db_compose(cx, db,
                              "INSERT INTO schema_migration (version, name, checksum, applied_at, down) "
                              "VALUES (?1, ?2, ?3, ?4, ?5)");
  stmt_int(s, 1, m->version);
  stmt_text(s, 2, m->name);
  stmt_text(s, 3, checksum(cx, m));
  stmt_int(s, 4, cx->now);
  stmt_text(s, 5, m->down);
  return stmt_run(cx, s);
}

static int set_version(struct ctx *cx, struct db *db, int version) {
  return db_run(cx, db,
                ctx_printf(cx, "PRAGMA user_version=%d; PRAGMA application_id=%d", version, APPLICATION_ID));
}

static int check_keys(struct ctx *cx, struct db *db) {
  struct stmt *s = db_compose(cx, db, "PRAGMA foreign_key_check");
  if (stmt_row(cx, s)) {
    fail(cx, E_CONFLICT, NULL, "%s: rows of %s refer to rows that are gone", db->name,
         ctx_strdup(cx, col_str(s, 0)));
    stmt_done(s);
  }
  return cx->code;
}

static int step_up(struct ctx *cx, struct db *db, const struct migration *m) {
  int rc =
      db_run(cx, db,
             "CREATE TABLE IF NOT EXISTS schema_migration (version INTEGER PRIMARY KEY, name TEXT NOT NULL,"
             " checksum TEXT NOT NULL, applied_at INTEGER NOT NULL, down TEXT NOT NULL)");
  if (!rc) rc = db_run(cx, db, m->up);
  if (!rc) rc = note(cx, db, m);
  if (!rc) rc = set_version(cx, db, m->version);
  return rc;
}

/* The way back is the one that the file brings along: it may be newer than us. */
static int step_down(struct ctx *cx, struct db *db, int version) {
  struct stmt *s = db_compose(cx, db, "SELECT down FROM schema_migration WHERE version = ?1");
  stmt_int(s, 1, version);
  if (!stmt_row(cx, s))
    return fail(cx, E_NOT_FOUND, NULL, "%s: no way back from schema %d is stored", db->name, version);
  char *down = col_dup(cx, s, 0);
  stmt_done(s);
  int rc = db_run(cx, db, down);
  if (rc) return rc;
  s = db_compose(cx, db, "DELETE FROM schema_migration WHERE version = ?1");
  stmt_int(s, 1, version);
  rc = stmt_run(cx, s);
  if (!rc && version == 1) rc = db_run(cx, db, "DROP TABLE schema_migration");
  if (!rc) rc = set_version(cx, db, version - 1);
  return rc;
}

int migrate_note(struct ctx *cx, struct db *db, const char *event, const char *text) {
  int64_t crc = db_int(cx, db, SQL_ledger_digest, 0);
  const char *after =
      ctx_printf(cx, "{\"schema\":%d,\"ledger_crc\":%lld}", migrate_version(cx, db), (long long)crc);
  return change_append(
      cx, db,
      &(struct change){
          .event = event, .table = "schema_migration", .after = str_of(after), .count = 1, .text = text });
}

/* In the step's own transaction, so that log and ledger agree whatever happens. A
** file that is being made has no log yet. */
static int note_step(struct ctx *cx, struct db *db, int from, int to) {
  struct change_end end;
  if (to == 0 || change_last(cx, db, &end) || end.seq == 0) return cx->code;
  change_new_stretch(db); /* the schema may be one that cannot say anything else */
  return migrate_note(cx, db, "SCHEMA_MIGRATED", ctx_printf(cx, "the schema went from %d to %d", from, to));
}

/* What a step runs into, such as a row that is there already, says nothing of the step. */
static int name_step(struct ctx *cx, int from, int to) {
  const char *why = ctx_strdup(cx, str_of(cx->message));
  ctx_forgive(cx);
  return fail(cx, E_CONFLICT, NULL, "the step from schema %d to %d failed: %s", from, to, why);
}

int migrate_to(struct ctx *cx, struct db *db, bool system, int version) {
  if (version < 0 || version > migrate_head(system))
    return fail(cx, E_INVALID, "to", "there is no schema %d; this program knows 0 to %d", version,
                migrate_head(system));
  int rc = db_run(cx, db, "PRAGMA foreign_keys=OFF"); /* tables are rebuilt; checked before each commit */
  for (int at = rc ? version : migrate_version(cx, db); !rc && at != version; at = migrate_version(cx, db)) {
    rc = db_begin(cx, db);
    if (!rc) rc = at < version ? step_up(cx, db, &list(system)[at]) : step_down(cx, db, at);
    if (!rc) rc = check_keys(cx, db);
    if (!rc && !system) rc = note_step(cx, db, at, at < version ? at + 1 : at - 1);
    if (!rc) rc = db_commit(cx, db);
    if (rc) db_rollback(db);
    if (rc == E_CONFLICT) rc = name_step(cx, at, at < version ? at + 1 : at - 1);
  }
  if (!rc) rc = db_run(cx, db, "PRAGMA foreign_keys=ON");
  return rc;
}

int tenant_check_ledger(struct ctx *cx, struct db *db) {
  if (migrate_check(cx, db, false)) return cx->code;
  int64_t now = db_int(cx, db, SQL_ledger_digest, 0), sealed = db_int(cx, db, SQL_ledger_sealed, -1);
  if (!cx->code && now != sealed)
    fail(cx, E_FAIL, NULL, "%s: the ledger of schemas, or whose file it is, was changed", db->name);
  return cx->code;
}
