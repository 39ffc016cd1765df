/*
** db.c - one SQLite connection.
**
** Every connection is defensive: no ATTACH (a request can never reach another
** tenant's file), no extension loading, no double-quoted strings. The schema is
** trusted as far as our views need: SQLite 3.40 counts its JSON functions among
** the unsafe ones, and none that could do harm is there to be called. Statements are prepared once and kept; a statement is
** ready to bind when db_stmt returns it.
**
** Errors of SQLite become sentences in one place, db_fail: what the file system
** refused, what is locked, what is damaged. Callers only pass the code on.
*/
#include "store/db.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/crash.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/metrics.h"
#include "store/content.h"
#include "store/recall.h"
#include "store/wal_file.h"

enum { WRITER_CACHE = 32 << 20 }; /* enough for what requests change; imports bring their own order */

struct stmt {
  sqlite3_stmt *lite;
  struct db *db;
  int64_t spent;    /* nanoseconds since it began; 0: nobody wants to know */
  const char *sql;  /* of a composed statement: its name in the cache ... */
  uint64_t hash;    /* ... and a number that tells most names apart */
  struct uses uses; /* of a writer's */
  struct stmt *next;
};

/* ---- errors ---- */

/* SQLite tells of a CHECK as it stands in the schema, line breaks and all. */
static const char *one_line(struct ctx *cx, const char *text) {
  char *line = ctx_strdup(cx, str_of(text)), *to = line;
  for (const char *p = line; *p; p++) {
    bool blank = *p == ' ' || *p == '\n';
    if (!blank)
      *to++ = *p;
    else if (to > line && to[-1] != ' ')
      *to++ = ' ';
  }
  *to = 0;
  return line;
}

int db_fail(struct ctx *cx, const struct db *db, const char *doing) {
  int rc = sqlite3_extended_errcode(db->lite);
  const char *why = sqlite3_errmsg(db->lite);
  switch (rc & 0xff) {
  case SQLITE_FULL:
    return fail(cx, E_FAIL, NULL,
                "%s: no space left on the disk while %s; nothing was changed. Free some space and try again",
                db->name, doing);
  case SQLITE_IOERR:
    return fail(cx, E_FAIL, NULL, "%s: the disk failed while %s (%s, %s); nothing was changed", db->name,
                doing, why, strerror(sqlite3_system_errno(db->lite)));
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return fail(cx, E_BUSY, NULL,
                "%s: the file is locked by another program while %s; close it and try again", db->name,
                doing);
  case SQLITE_INTERRUPT:
    return fail(
        cx, E_BUSY, NULL,
        "%s: so much was written while this was read that it cannot go on; begin again, or when less is "
        "written",
        db->name);
  case SQLITE_READONLY:
  case SQLITE_CANTOPEN:
  case SQLITE_PERM:
    return fail(cx, E_DENIED, NULL, "%s: the file or its folder cannot be opened for writing while %s (%s)",
                db->name, doing, why);
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
    return fail(cx, E_FAIL, NULL,
                "%s: the file is damaged or is no database (%s); run `outpost verify`, and restore a backup",
                db->name, why);
  case SQLITE_CONSTRAINT:
    return fail(cx, rc == SQLITE_CONSTRAINT_CHECK ? E_INVALID : E_CONFLICT, NULL, "%s: %s", db->name,
                one_line(cx, why));
  default: return fail(cx, E_FAIL, NULL, "%s: %s while %s", db->name, why, doing);
  }
}

/* ---- open, close ---- */

/* What a statement of a reader depends on. Those that nobody keeps (uses NULL) give no rows. */
static void see_read(struct uses *uses, int action, const char *name) {
  bool table = (action == SQLITE_READ || action == SQLITE_SELECT) && name && *name;
  if (!table && (action != SQLITE_PRAGMA || !uses)) return;
  int number = table ? table_number(name) : TABLE_ANY;
  if (uses) tables_add(&uses->reads, number);
  tables_seen(number);
}

static int look_through(void *arg, int action, const char *a, const char *b, const char *c, const char *d) {
  const struct db *db = arg;
  (void)b, (void)c, (void)d;
  if (db->known)
    known_see(db->known, db->compiled, action, a);
  else
    see_read(db->compiled, action, a);
  return action == SQLITE_ATTACH || action == SQLITE_DETACH ? SQLITE_DENY : SQLITE_OK;
}

static void harden(struct db *db) {
  sqlite3 *lite = db->lite;
  sqlite3_db_config(lite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config(lite, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
  sqlite3_db_config(lite, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
  sqlite3_db_config(lite, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
  sqlite3_db_config(lite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  /* Else a statement with LIKE ? is compiled anew each time that something else is bound: it might use an index then,
  ** which it never could here. */
  sqlite3_db_config(lite, SQLITE_DBCONFIG_ENABLE_QPSG, 1, NULL);
  sqlite3_extended_result_codes(lite, 1);
  sqlite3_set_authorizer(lite, look_through, db);
}

/* crc32(...) over the texts of its arguments, each followed by a zero byte: the
** row digest of src/ingest/digest.h, for checks written in SQL. */
static void sql_crc32(sqlite3_context *context, int count, sqlite3_value **values) {
  uint32_t crc = 0;
  for (int i = 0; i < count; i++) {
    const unsigned char *p = sqlite3_value_text(values[i]);
    if (p) crc = crc32_of(crc, p, (size_t)sqlite3_value_bytes(values[i]));
    crc = crc32_of(crc, "", 1);
  }
  sqlite3_result_int64(context, crc);
}

/* per_unit(revenue, quantity): two decimals of the quotient, half to even. NULL: no quotient, or one that
** 64 bits do not hold. Twice as fast as the same in SQL, where products may overflow besides. */
static void sql_per_unit(sqlite3_context *context, int count, sqlite3_value **values) {
  int64_t revenue = sqlite3_value_int64(values[0]), quantity = sqlite3_value_int64(values[1]);
  (void)count;
  if (quantity == 0 || sqlite3_value_type(values[0]) == SQLITE_NULL) return;
  __int128 n = (__int128)revenue * 100, whole = n / quantity, rest = n % quantity, half = quantity;
  rest = rest < 0 ? -rest : rest;
  half = half < 0 ? -half : half;
  if (2 * rest > half || (2 * rest == half && whole % 2)) whole += (revenue < 0) == (quantity < 0) ? 1 : -1;
  if (whole == (int64_t)whole) sqlite3_result_int64(context, (int64_t)whole);
}

struct group_digest {
  uint64_t sum[GROUP_DIGEST_SUMS];
};

static void sql_group_step(sqlite3_context *context, int count, sqlite3_value **values) {
  struct group_digest *d = sqlite3_aggregate_context(context, sizeof *d);
  int64_t group[8] = { 0 };
  int groups = sqlite3_value_int(values[0]), sums = count - 1 - groups;
  if (!d || groups < 0 || groups > 8 || sums < 0 || sums > GROUP_DIGEST_SUMS) return;
  for (int i = 0; i < groups; i++) group[i] = sqlite3_value_int64(values[1 + i]);
  uint64_t weight = hash64(group, sizeof *group * (size_t)groups);
  for (int i = 0; i < sums; i++) d->sum[i] += weight * (uint64_t)sqlite3_value_int64(values[1 + groups + i]);
}

static void sql_group_end(sqlite3_context *context) {
  struct group_digest *d = sqlite3_aggregate_context(context, sizeof *d);
  if (d) sqlite3_result_blob(context, d->sum, sizeof d->sum, SQLITE_TRANSIENT);
}

/* SQLite's own count of its memory costs a lock at every allocation. */
/* Savepoints and statements that may fail keep the pages that they change, whole. In pieces of so many bytes
** that costs a copy; with temp_store=MEMORY it would be in pieces of 1 KiB, and allocating these took a fifth of the time of
** small writes. What goes beyond a piece goes into a file that has no name. */
enum { UNDO_PIECE = 8 << 20 };
static void configure(void) {
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, UNDO_PIECE);
  wal_file_register();
}

/* A link could lead into another tenant's file, by a lock of its own. */
static int check_no_link(struct ctx *cx, const char *path) {
  struct stat st;
  if (lstat(path, &st) != 0 || !S_ISLNK(st.st_mode)) return OK;
  return fail(cx, E_DENIED, NULL,
              "%s is a symbolic link; put the file itself there, or link the whole data folder", path);
}

static int db_open_flags(struct ctx *cx, const char *path, const char *name, int flags, struct db **out) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, configure);
  if (check_no_link(cx, path)) return cx->code;
  struct db *db = xcalloc(1, sizeof *db);
  db->name = name;
  db->writes = !(flags & SQLITE_OPEN_READONLY);
  int rc = sqlite3_open_v2(path, &db->lite, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);
  if (rc != SQLITE_OK) {
    db_fail(cx, db, "opening it");
    db_close(db);
    return cx->code;
  }
  if (db->writes) db->known = known_new(db->lite);
  harden(db);
  sqlite3_busy_timeout(db->lite, DB_BUSY_MS);
  sqlite3_create_function(db->lite, "crc32", -1, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, NULL,
                          sql_crc32, NULL, NULL);
  sqlite3_create_function(db->lite, "group_digest", -1, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS,
                          NULL, NULL, sql_group_step, sql_group_end);
  sqlite3_create_function(db->lite, "per_unit", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS,
                          NULL, sql_per_unit, NULL, NULL);
  stat(path, &db->file);
  *out = db;
  return OK;
}

/* A connection that could not be set up is none. */
static int give_up(int rc, struct db **out) {
  if (!rc) return OK;
  db_close(*out);
  *out = NULL;
  return rc;
}

/* The file's length says nothing: it stays when the WAL begins anew. */
static int note_wal(void *arg, sqlite3 *lite, const char *name, int frames) {
  struct db *db = arg;
  (void)lite, (void)name;
  db->wal_bytes = (int64_t)frames * db->page_size;
  db->committed = true;
  return SQLITE_OK;
}

int db_open(struct ctx *cx, const char *path, const char *name, int mode, struct db **out) {
  int flags = mode == DB_WRITE ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
  int rc = db_open_flags(cx, path, name, flags, out);
  if (rc) return rc;
  if (mode == DB_WRITE)
    rc = db_run(cx, *out,
                "PRAGMA foreign_keys=ON; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;"
                "PRAGMA cache_size=-32768"); /* as WRITER_CACHE; temp_store: see UNDO_PIECE */
  if (mode == DB_WRITE && !rc) (*out)->page_size = db_pragma_int(cx, *out, "PRAGMA page_size");
  if (mode == DB_WRITE && !rc) sqlite3_wal_hook((*out)->lite, note_wal, *out);
  if (mode == DB_READ)
    rc = db_run(cx, *out, "PRAGMA query_only=ON; PRAGMA cache_size=-2048; PRAGMA temp_store=MEMORY");
  return give_up(rc, out);
}

int db_create(struct ctx *cx, const char *path, const char *name, struct db **out) {
  int rc = db_open_flags(cx, path, name, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, out);
  if (rc) return rc;
  /* A commit of many small writes copies a page for each tree and place that they touch: with small pages it is a
  ** third as long. Bulk loads do not notice. */
  rc = db_run(cx, *out,
              "PRAGMA page_size=4096; PRAGMA journal_mode=WAL; PRAGMA foreign_keys=ON;"
              "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0");
  return give_up(rc, out);
}

bool db_is_current(const struct db *db, const char *path) {
  struct stat now;
  return stat(path, &now) == 0 && now.st_dev == db->file.st_dev && now.st_ino == db->file.st_ino;
}

static void stmt_free(struct stmt *s) {
  if (!s) return;
  sqlite3_finalize(s->lite);
  free(s);
}

/* A statement of one unit of work. It is freed by the unit's end, or before it when the
** connection goes to somebody else: SQLite's connections take no locks here. */
struct once {
  struct stmt *stmt;
  struct db *db;
  struct once *next;
};

void db_end_once(struct db *db) {
  for (; db->once; db->once = db->once->next) {
    stmt_free(db->once->stmt);
    db->once->stmt = NULL;
  }
}

void db_close(struct db *db) {
  if (!db) return;
  db_end_once(db);
  for (int i = 0; i < SQL_COUNT; i++) stmt_free(db->fixed[i]);
  for (int i = 0; i < COMPOSED; i++)
    while (db->composed[i]) {
      struct stmt *s = db->composed[i];
      db->composed[i] = s->next;
      stmt_free(s);
    }
  sqlite3_close_v2(db->lite);
  known_free(db->known);
  free(db);
}

/* ---- statements ---- */

static struct stmt *prepare(struct ctx *cx, struct db *db, const char *sql, unsigned flags) {
  struct stmt *s = xcalloc(1, sizeof *s);
  s->db = db;
  db->compiled = &s->uses;
  int rc = sqlite3_prepare_v3(db->lite, sql, -1, flags, &s->lite, NULL);
  db->compiled = NULL;
  if (rc != SQLITE_OK) {
    db_fail(cx, db, "preparing a statement");
    stmt_free(s);
    return NULL;
  }
  return s;
}

struct stmt *db_stmt(struct ctx *cx, struct db *db, enum sql_id id) {
  if (!db->fixed[id]) db->fixed[id] = prepare(cx, db, sql_texts[id].text, SQLITE_PREPARE_PERSISTENT);
  if (db->fixed[id]) stmt_done(db->fixed[id]);
  return db->fixed[id];
}

struct stmt *db_compose(struct ctx *cx, struct db *db, const char *sql) {
  uint64_t hash = hash64(sql, strlen(sql));
  struct stmt **list = &db->composed[hash % COMPOSED];
  for (struct stmt *s = *list; s; s = s->next) {
    if (s->hash != hash || strcmp(s->sql, sql) != 0) continue;
    stmt_done(s);
    return s;
  }
  struct stmt *s = prepare(cx, db, sql, SQLITE_PREPARE_PERSISTENT);
  if (!s) return NULL;
  s->sql = sqlite3_sql(s->lite);
  s->hash = hash;
  s->next = *list;
  *list = s;
  return s;
}

static void free_once(void *arg) {
  struct once *o = arg, **at;
  if (!o->stmt) return;
  for (at = &o->db->once; *at != o; at = &(*at)->next) continue;
  *at = o->next;
  stmt_free(o->stmt);
}

struct stmt *db_once(struct ctx *cx, struct db *db, const char *sql) {
  struct stmt *s = prepare(cx, db, sql, 0);
  if (!s) return NULL;
  struct once *o = ctx_alloc(cx, sizeof *o);
  *o = (struct once){ s, db, db->once };
  db->once = o;
  ctx_defer(cx, free_once, o);
  return s;
}

/* ---- slow ones ---- */

static int64_t slow_ns; /* set before any thread */
void store_note_slow(int64_t us) { slow_ns = us * 1000; }

/* A few nanoseconds to ask for, and right to some milliseconds. */
static int64_t coarse_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* "SCAN sale; USE TEMP B-TREE FOR ORDER BY" */
static void put_plan(struct buf *out, struct db *db, const char *sql) {
  enum { DETAIL = 3 };
  sqlite3 *lite = db->lite;
  sqlite3_stmt *plan = NULL;
  db->changed = sqlite3_changes64(lite);
  db->explained = true;
  char *text = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sql);
  if (text && sqlite3_prepare_v2(lite, text, -1, &plan, NULL) == SQLITE_OK)
    while (sqlite3_step(plan) == SQLITE_ROW)
      buf_printf(out, "%s%s", out->n ? "; " : "", (const char *)sqlite3_column_text(plan, DETAIL));
  sqlite3_finalize(plan);
  sqlite3_free(text);
}

static void note_slow(const struct ctx *cx, struct stmt *s) {
  struct buf plan;
  const char *sql = sqlite3_sql(s->lite);
  buf_init(&plan, KIB(4));
  put_plan(&plan, s->db, sql);
  const struct log_field fields[] = { { "duration_ms", NULL, s->spent / 1000000 },
                                      { "file", s->db->name, 0 },
                                      { "sql", sql, 0 },
                                      { "plan", buf_view(&plan).p, 0 } };
  s->spent = INT64_MIN / 2; /* told once */
  metric_count(&metric_slow, s->db->name, NULL);
  log_event(LOG_WARN, cx, "SLOW_QUERY", fields, sizeof fields / sizeof *fields,
            "%s: a statement took %lld ms", s->db->name, (long long)fields[0].number);
  buf_clear(&plan);
}

#ifdef OUTPOST_TEST
static bool plans_wanted(void) {
  static atomic_int wanted = -1; /* not looked for yet */
  if (wanted < 0) wanted = getenv("OUTPOST_PLANS") != NULL;
  return wanted;
}

/* OUTPOST_PLANS=1: every statement is told with its plan and the rows of whole tables that it went through. */
static void note_plan(struct stmt *s) {
  struct buf plan;
  struct ctx cx;
  if (!plans_wanted() || !sqlite3_stmt_status(s->lite, SQLITE_STMTSTATUS_RUN, 1)) return;
  buf_init(&plan, KIB(16));
  put_plan(&plan, s->db, sqlite3_sql(s->lite));
  const struct log_field fields[] = { { "scanned", NULL,
                                        sqlite3_stmt_status(s->lite, SQLITE_STMTSTATUS_FULLSCAN_STEP, 1) },
                                      { "sql", sqlite3_sql(s->lite), 0 },
                                      { "plan", buf_view(&plan).p, 0 } };
  ctx_begin(&cx, "plan");
  log_event(LOG_INFO, &cx, "STATEMENT", fields, sizeof fields / sizeof *fields, "%s", s->db->name);
  ctx_end(&cx);
  buf_clear(&plan);
}
#else
static void note_plan(struct stmt *s) { (void)s; }
#endif

void stmt_done(struct stmt *s) {
  if (!s) return; /* it could not be prepared: the file is damaged, and cx->code says so */
  note_plan(s);
  s->spent = 0;
  sqlite3_reset(s->lite);
  sqlite3_clear_bindings(s->lite);
}

void stmt_int(struct stmt *s, int i, int64_t v) {
  if (s) sqlite3_bind_int64(s->lite, i, v);
}
void stmt_str(struct stmt *s, int i, struct str v) {
  if (s) sqlite3_bind_text(s->lite, i, v.p, (int)v.n, SQLITE_STATIC);
}
void stmt_text(struct stmt *s, int i, const char *z) {
  if (s) sqlite3_bind_text(s->lite, i, z, -1, SQLITE_STATIC);
}
void stmt_blob(struct stmt *s, int i, const void *p, size_t n) {
  if (s) sqlite3_bind_blob64(s->lite, i, n ? p : "", n, SQLITE_STATIC);
}
void stmt_null(struct stmt *s, int i) {
  if (s) sqlite3_bind_null(s->lite, i);
}
void stmt_named(struct stmt *s, const char *name, const char *z) {
  int i = s ? sqlite3_bind_parameter_index(s->lite, name) : 0;
  if (i) stmt_text(s, i, z);
}

/* SQLite compiles it anew when the schema has changed. */
static int step(struct stmt *s) {
  struct db *db = s->db;
  db->explained = false;
  db->compiled = &s->uses;
  if (!sqlite3_stmt_busy(s->lite)) tables_seen_all(&s->uses.reads);
  if (db->known) known_step(db->known, &s->uses);
  int rc = sqlite3_step(s->lite);
  db->compiled = NULL;
  return rc;
}

bool stmt_row(struct ctx *cx, struct stmt *s) {
  if (!s || cx->code) return false;
  int64_t began = slow_ns ? coarse_ns() : 0;
  int rc = step(s);
  if (began) s->spent += coarse_ns() - began;
  if (s->spent > slow_ns) note_slow(cx, s);
  if (rc == SQLITE_ROW) return true;
  if (rc == SQLITE_DONE) note_plan(s);
  if (rc != SQLITE_DONE) db_fail(cx, s->db, s->db->writes ? "writing" : "reading");
  sqlite3_reset(s->lite);
  s->spent = 0;
  return false;
}

int stmt_run(struct ctx *cx, struct stmt *s) {
  while (stmt_row(cx, s)) {
  }
  return cx->code;
}

int stmt_columns(const struct stmt *s) { return sqlite3_column_count(s->lite); }
const char *col_name(const struct stmt *s, int i) { return sqlite3_column_name(s->lite, i); }
bool col_origin(const struct stmt *s, int i, const char **table, const char **column) {
  *table = sqlite3_column_table_name(s->lite, i);
  *column = sqlite3_column_origin_name(s->lite, i);
  return *table && *column;
}
bool col_null(const struct stmt *s, int i) { return sqlite3_column_type(s->lite, i) == SQLITE_NULL; }
int64_t col_int(const struct stmt *s, int i) { return sqlite3_column_int64(s->lite, i); }

struct str col_str(const struct stmt *s, int i) {
  bool blob = sqlite3_column_type(s->lite, i) == SQLITE_BLOB;
  const char *p = blob ? sqlite3_column_blob(s->lite, i) : (const char *)sqlite3_column_text(s->lite, i);
  return (struct str){ p ? p : "", (size_t)sqlite3_column_bytes(s->lite, i) };
}

char *col_dup(struct ctx *cx, const struct stmt *s, int i) {
  return col_null(s, i) ? NULL : ctx_strdup(cx, col_str(s, i));
}

int64_t db_int(struct ctx *cx, struct db *db, enum sql_id id, int64_t otherwise) {
  struct stmt *s = db_stmt(cx, db, id);
  if (!stmt_row(cx, s)) return otherwise;
  int64_t v = col_null(s, 0) ? otherwise : col_int(s, 0);
  stmt_done(s);
  return v;
}

/* ---- what is known ---- */

const struct known_row *stmt_known(struct ctx *cx, struct stmt *s, struct str key) {
  const struct known_row *row = NULL;
  struct known *k = s ? s->db->known : NULL;
  if (!s || cx->code || (k && known_find(k, cx, s, &s->uses, key, &row))) return row;
  if (!k && recall_find(cx, s->db, sqlite3_sql(s->lite), key, &row)) return row;
  if (sqlite3_bind_parameter_count(s->lite)) stmt_str(s, 1, key);
  if (stmt_row(cx, s)) {
    row = known_read(cx, s);
    stmt_done(s);
  }
  if (k && !cx->code) known_keep(k, s, &s->uses, key, row);
  if (!k && !cx->code) recall_keep(s->db, sqlite3_sql(s->lite), &s->uses.reads, key, row);
  return row;
}

void stmt_learn(struct ctx *cx, struct stmt *s, struct str key, struct str text) {
  if (!cx->code && s && s->db->known) known_keep(s->db->known, s, &s->uses, key, known_text(cx, text));
}

bool stmt_moment(const struct stmt *s, struct moment *out) {
  return s && s->db->known && known_moment(s->db->known, &s->uses, out);
}

/* ---- one value ---- */

int64_t db_changes(const struct db *db) { return db->explained ? db->changed : sqlite3_changes64(db->lite); }
int64_t db_last_id(const struct db *db) { return sqlite3_last_insert_rowid(db->lite); }

int db_run(struct ctx *cx, struct db *db, const char *sql) {
  while (*sql && !cx->code) {
    sqlite3_stmt *lite = NULL;
    const char *rest = sql;
    db->explained = false;
    int rc = sqlite3_prepare_v2(db->lite, sql, -1, &lite, &rest);
    if (rc == SQLITE_OK && lite) do
        rc = sqlite3_step(lite);
      while (rc == SQLITE_ROW);
    if (rc != SQLITE_OK && rc != SQLITE_DONE) db_fail(cx, db, "changing its structure");
    sqlite3_finalize(lite);
    crash_point("statement");
    sql = rest;
  }
  return cx->code;
}

int db_do(struct ctx *cx, struct db *db, const char *sql) {
  int rc = stmt_run(cx, db_compose(cx, db, sql));
  crash_point("statement");
  return rc;
}

int db_run_untriggered(struct ctx *cx, struct db *db, enum sql_id id) {
  sqlite3_db_config(db->lite, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
  struct stmt *s =
      prepare(cx, db, sql_texts[id].text, 0); /* of this once: the next one may want the triggers */
  stmt_run(cx, s);
  stmt_free(s);
  sqlite3_db_config(db->lite, SQLITE_DBCONFIG_ENABLE_TRIGGER, 1, NULL);
  return cx->code;
}

int64_t db_pragma_int(struct ctx *cx, struct db *db, const char *sql) {
  struct stmt *s = prepare(cx, db, sql, 0);
  int64_t v = stmt_row(cx, s) ? col_int(s, 0) : 0;
  stmt_free(s);
  return v;
}

int db_integrity(struct ctx *cx, struct db *db) {
  struct stmt *s = prepare(cx, db, "PRAGMA integrity_check(1)", 0);
  if (stmt_row(cx, s) && !str_eq(col_str(s, 0), STR("ok")))
    fail(cx, E_FAIL, NULL, "%s: the file is damaged: %s", db->name, ctx_strdup(cx, col_str(s, 0)));
  stmt_free(s);
  if (cx->code) return cx->code;
  s = prepare(cx, db, "PRAGMA foreign_key_check", 0);
  if (stmt_row(cx, s))
    fail(cx, E_FAIL, NULL, "%s: rows of %s refer to rows that are gone", db->name,
         ctx_strdup(cx, col_str(s, 0)));
  stmt_free(s);
  return cx->code;
}

/* ---- transactions ---- */

int db_begin(struct ctx *cx, struct db *db) {
  if (db_do(cx, db, db->writes ? "BEGIN IMMEDIATE" : "BEGIN") || !db->known) return cx->code;
  struct stmt *s = db_compose(cx, db, "PRAGMA data_version");
  if (!stmt_row(cx, s)) return cx->code;
  known_begin(db->known, col_int(s, 0));
  db->committed = false;
  stmt_done(s);
  return OK;
}
void db_rollback(struct db *db) {
  for (sqlite3_stmt *s = NULL; (s = sqlite3_next_stmt(db->lite, s)) != NULL;)
    if (sqlite3_stmt_busy(s)) sqlite3_reset(s); /* one left early would keep the old state */
  if (sqlite3_get_autocommit(db->lite)) return;
  struct ctx quiet; /* what went wrong is told already; rolling back cannot fail in a way that matters */
  ctx_begin(&quiet, "store");
  db_run(&quiet, db, "ROLLBACK");
  ctx_end(&quiet);
}

static void commit_announce(struct db *db) {
  struct tables written;
  if (!db->watch || !db->writes) return;
  known_written(db->known, &written);
  content_announce(db->watch, db->path, db->name, &written);
}

/* The content is that of this commit if nobody else has committed since, until after it was looked at. */
static void commit_tell(struct db *db, bool done) {
  struct ctx aside;
  struct content after = { 0 };
  if (!db->watch || !db->writes) return;
  ctx_begin(&aside, "store");
  bool known = done && content_read(db->watch, db->path, db->name, &after);
  struct stmt *s = known ? db_compose(&aside, db, "PRAGMA data_version") : NULL;
  bool ours = stmt_row(&aside, s) && known_is_current(db->known, col_int(s, 0));
  stmt_done(s);
  content_tell(db->watch, ours ? &after : NULL);
  ctx_end(&aside);
}

int db_commit(struct ctx *cx, struct db *db) {
  crash_point("before commit");
  commit_announce(db);
  int rc = db_do(cx, db, "COMMIT");
  commit_tell(db, rc == OK);
  if (rc) db_rollback(db);
  return rc;
}

int db_commit_unsynced(struct ctx *cx, struct db *db) {
  wal_file_put_off_sync(db->lite, true);
  int rc = db_commit(cx, db);
  wal_file_put_off_sync(db->lite, false);
  return rc;
}

/* The pages of little work are the ones that the next work begins with. */
void db_trim(struct db *db) {
  int used = 0, most = 0;
  sqlite3_db_status(db->lite, SQLITE_DBSTATUS_CACHE_USED, &used, &most, 0);
  if (used > WRITER_CACHE / 2) sqlite3_db_release_memory(db->lite);
}

void db_cache(struct db *db, size_t bytes) {
  char sql[64];
  snprintf(sql, sizeof sql, "PRAGMA cache_size=-%zu", (bytes ? bytes : WRITER_CACHE) >> 10);
  sqlite3_exec(db->lite, sql, NULL, NULL, NULL);
  if (!bytes) sqlite3_db_release_memory(db->lite);
}
