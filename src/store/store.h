/*
** store.h - the data folder: system.db and one SQLite file per tenant. The only
** user of sqlite3.
**
**   DIR/system.db             who the tenants are
**   DIR/tenants/SLUG.db       everything of one tenant
**   DIR/tenants/SLUG.mark     high-water mark (see mark.h)
**   DIR/tenants/SLUG.lock     held by the process that writes
**   DIR/backups/              copies, see backup.h
**   DIR/keys/signing.pem      the appliance's own key, see base/sign.h; in no backup
**   DIR/logs/outpost.jsonl    what commands and servers report
**
** One connection per tenant does all the writes and all the checkpoints; any
** number of others read. Writers queue to it and share one fsync (group
** commit, see writer.c). ATTACH is forbidden on every connection.
**
** A struct store and its tenants may be used from several threads; a struct db
** and its statements belong to the unit of work that took them.
*/
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/buf.h"
#include "base/ctx.h"
#include "gen/sql.h"

struct store;  /* a data folder */
struct tenant; /* one tenant's file, opened */
struct db;     /* one connection */
struct stmt;   /* one prepared statement of a connection */

/* ---- folder and tenants ---- */

/* Makes DIR with an empty system.db; nothing happens when it is there already. */
int store_init(struct ctx *cx, const char *dir);
/* E_NOT_FOUND when DIR is no data folder. Closed when the unit of work ends. */
int store_open(struct ctx *cx, const char *dir, struct store **out);
const char *store_dir(const struct store *s);

/* slug: ^[a-z0-9][a-z0-9_-]{0,62}$. Makes the file and brings it to the newest schema. */
int tenant_add(struct ctx *cx, struct store *s, const char *slug, const char *name);

struct tenant_info {
  const char *slug, *name, *id;
  int64_t created_at;
};
/* The list lives as long as the unit of work. */
int tenant_list(struct ctx *cx, struct store *s, const struct tenant_info **list, size_t *count);

/* Opens the file, migrates it when it is older than this program, and refuses
** it, saying why, when it is newer, when it was rolled back behind its
** high-water mark, or when it is no tenant's file. Closed with the unit of
** work; a server opens its tenants in a unit of work that lasts. */
int tenant_open(struct ctx *cx, struct store *s, const char *slug, struct tenant **out);
/* The same without any check and only for reading: for `verify`, which names
** what tenant_open would refuse. */
int tenant_inspect(struct ctx *cx, struct store *s, const char *slug, struct tenant **out);

/* E_CONFLICT when the file lacks the change that was acknowledged last. */
int tenant_check_mark(struct ctx *cx, struct tenant *t, struct db *db);

/* A new, empty tenant's file in memory: what schema and shipped records are to be
** like. Closed with the unit of work. */
int db_pristine(struct ctx *cx, struct db **out);

/* What the log says of the schema's ledger and the tenant's identity, against what
** is there; E_FAIL says what differs. */
int tenant_check_ledger(struct ctx *cx, struct db *db);

/* integrity_check and foreign keys; E_FAIL says what is damaged. */
int db_integrity(struct ctx *cx, struct db *db);

/* Called for every tenant that is opened, before anybody else has it. Set once at start. */
typedef int tenant_hook(struct ctx *cx, struct tenant *t);
void tenant_set_hook(tenant_hook *hook);

/* The schema that a tenant's file has; when to is not -1, takes it there first
** (a copy is made before). The program opens only files of its own schema. */
int tenant_schema(struct ctx *cx, struct store *s, const char *slug, int to, int64_t *from);

const char *tenant_slug(const struct tenant *t);
const char *tenant_path(const struct tenant *t);
struct store *tenant_store(const struct tenant *t);

/* A connection that only reads, from the tenant's pool; it sees one unchanging
** state of the file until the unit of work ends, when it goes back. Its statements fail with E_BUSY when that lasts for minutes
** and very much is written meanwhile (tenant_set_reading, at start: how long, and how long a WAL). */
int tenant_read(struct ctx *cx, struct tenant *t, struct db **out);
/* Lets that state go earlier: before somebody waits for a network, since what is written meanwhile stays in the WAL. What is read after it
** is the file as it is then. */
void tenant_read_end(struct db *db);
void tenant_set_reading(double seconds, int64_t wal_bytes);

/* Runs fn in the writer's transaction. Several threads' calls share one commit;
** when fn fails, its own changes alone are undone. When tenant_write returns
** OK, the changes are on the disk. fn must not block on anything but the disk. */
typedef int write_fn(struct ctx *cx, struct db *db, void *arg);
int tenant_write(struct ctx *cx, struct tenant *t, write_fn *fn, void *arg);

/* The same for what somebody decides about something that has an id, and what he says to it (may be NULL). */
typedef int decide_fn(struct ctx *cx, struct db *db, const char *id, const char *note);
int tenant_decide(struct ctx *cx, struct tenant *t, decide_fn *fn, const char *id, const char *note);

/* The same, and less work for a group of such: fn may be called a second time after its first changes have been
** undone. again(arg) takes back before what it left in memory. */
typedef void again_fn(void *arg);
int tenant_write_again(struct ctx *cx, struct tenant *t, write_fn *fn, again_fn *again, void *arg);

/* The same for work that brings its own transactions (an import, a backup
** restore): fn has the writer for itself and calls db_begin and db_commit. */
int tenant_write_alone(struct ctx *cx, struct tenant *t, write_fn *fn, void *arg);

/* tenant_write_alone, but E_BUSY at once when another process writes. */
int tenant_write_if_free(struct ctx *cx, struct tenant *t, write_fn *fn, void *arg);

/* Inside tenant_write_alone, after a commit: fn reads what was committed while
** another thread copies it from the WAL into the file, which would be waited for
** anyway. The writer must not be used by fn. */
int tenant_read_committed(struct ctx *cx, struct tenant *t, write_fn *fn, void *arg);

/* What was read or written before is on the disk when this returns OK. A reader sees a commit when it is written, which may be
** a moment before the disk has it: for who tells others, out of the reach of a power cut, what he has read. */
int tenant_sync(struct ctx *cx, struct tenant *t);

/* Called after every commit of this process that changed a tenant's file, by the thread that
** committed, once the disk has it. Added at start, a second time does nothing; it must be quick and must not write. */
typedef void committed_hook(struct tenant *t);
void store_add_committed_hook(committed_hook *hook);

/* Notices commits of other processes, too: a connection that asks a number of SQLite's that they change.
** For one thread; closed with the unit of work. */
struct watch;
int tenant_watch(struct ctx *cx, struct tenant *t, struct watch **out);
bool watch_changed(struct watch *w); /* since it was last asked */

/* What a tenant's file holds, as a mark: between two looks that found the same, nothing was committed by anybody
** that a reader could have seen. Takes a microsecond. What is remembered of a file is taken with the mark
** that was there before it was read. false: it cannot be said now. */
enum { CONTENT_WORDS = 12 };
struct content {
  uint64_t dev, ino;
  uint32_t header[CONTENT_WORDS];
  uint64_t
      number; /* counts the commits of this process; 0: somebody else's are among them, or it is not known */
  bool whole; /* the header may be compared */
};
bool tenant_content(struct tenant *t, struct content *out);
bool content_same(const struct content *a, const struct content *b);

/* Tables, by numbers of the store's. */
enum { TABLES_COUNTED = 512 };
struct tables {
  uint64_t bit[TABLES_COUNTED / 64];
  bool any;
};
/* From now on, what this thread reads by any connection is noted there; NULL: no more. */
void store_note_reads(struct tables *into);
/* Whether what was made of these tables after the look `then` would be the same now; `now` is a look, too. It is as long as nobody has written
** them but this process, and this process has not. */
bool tenant_content_holds(struct tenant *t, const struct tables *of, const struct content *then,
                          const struct content *now);

/* A number that changes when tenants may have been added: of the files behind system.db. */
int64_t store_tenants_stamp(const struct store *s);

int db_begin(struct ctx *cx, struct db *db);
int db_commit(struct ctx *cx, struct db *db);
void db_rollback(struct db *db); /* harmless when no transaction is open */

/* ---- statements ----
**
** Fixed SQL stands in sql/query/ in named blocks and is prepared once per
** connection. A failure is recorded in cx; stmt_row then returns false:
**
**   struct stmt *s = db_stmt(cx, db, SQL_run_by_id);
**   stmt_text(s, 1, id);
**   while (stmt_row(cx, s)) total += col_int(s, 0);
**   if (cx->code) return cx->code;
**
** Parameters count from 1, columns from 0. Texts and blobs are not copied: they
** must live until the next stmt_row, and a column lives until then, too. */
struct stmt *db_stmt(struct ctx *cx, struct db *db, enum sql_id id); /* ready to bind; NULL on failure */
/* SQL composed at run time: only from descriptors' identifiers and bound
** values. Cached by its text, so there are few different ones. */
struct stmt *db_compose(struct ctx *cx, struct db *db, const char *sql);

/* The same for one unit of work: not cached, freed at its end. One of a writer is gone
** as soon as the write_fn returns. */
struct stmt *db_once(struct ctx *cx, struct db *db, const char *sql);

/* Writes many rows without entering the triggers for each: who calls this does what they would have done. All
** statements of the connection are compiled anew when they are next used. */
int db_run_untriggered(struct ctx *cx, struct db *db, enum sql_id id);

/* In SQL, besides SQLite's own functions:
**   crc32(a, b, ...)              see ingest/digest.h
**   group_digest(n, g1..gn, x...) an aggregate: a blob of GROUP_DIGEST_SUMS sums modulo
**                                 2^64 of hash(g1..gn) * x, see ingest/checks.c */
enum { GROUP_DIGEST_SUMS = 8 };

void stmt_int(struct stmt *s, int i, int64_t v);
void stmt_text(struct stmt *s, int i, const char *z); /* NULL binds NULL */
void stmt_str(struct stmt *s, int i, struct str v);   /* p NULL binds NULL */
void stmt_blob(struct stmt *s, int i, const void *p, size_t n);
void stmt_null(struct stmt *s, int i);
void stmt_named(struct stmt *s, const char *name,
                const char *z); /* ":run"; nothing when the SQL has it not */

bool stmt_row(struct ctx *cx, struct stmt *s); /* the next row; resets at the end */
int stmt_run(struct ctx *cx, struct stmt *s);  /* for statements that give no rows */
void stmt_done(struct stmt *s);                /* stops early */

/* The first row of a statement that reads and has no parameter but ?1, a text; NULL: there is none, or cx->code. For what is
** asked again and again and seldom written, such as a product by its SKU or how many stores there are: a writer remembers it as long as
** nobody has written a table that it was made of (known.h), and so do the readers in common (recall.h). Not for db_once. It lives as long as the unit of work. */
struct known_row {
  int count;
  size_t bytes;
  struct known_cell {
    int64_t number;
    struct str text; /* ends with a zero; p NULL: there is nothing */
  } cell[];
};
const struct known_row *stmt_known(struct ctx *cx, struct stmt *s, struct str key);
/* Who has just written knows what the statement would give now: this text alone. */
void stmt_learn(struct ctx *cx, struct stmt *s, struct str key, struct str text);

int stmt_columns(const struct stmt *s);
const char *col_name(const struct stmt *s, int i);
bool col_null(const struct stmt *s, int i);
/* The column of a table that it is, through views; false when it is computed. They live as long as s. */
bool col_origin(const struct stmt *s, int i, const char **table, const char **column);
int64_t col_int(const struct stmt *s, int i);
struct str col_str(const struct stmt *s, int i);            /* text or blob */
char *col_dup(struct ctx *cx, const struct stmt *s, int i); /* NULL for NULL */

/* From now on a statement that computes longer than so many microseconds is told in the log, as SLOW_QUERY with
** its plan, without the values that were bound. 0: none is. The time between rows does not count. */
void store_note_slow(int64_t us);

/* One value of one row; `otherwise` when there is no row. */
int64_t db_int(struct ctx *cx, struct db *db, enum sql_id id, int64_t otherwise);

/* Pages that a connection may hold in memory, in bytes; 0: as at first. For a bulk load that changes many
** pages again and again; what is held beyond it is given back. */
void db_cache(struct db *db, size_t bytes);

int64_t db_changes(const struct db *db); /* rows of the last insert, update, delete */
int64_t db_last_id(const struct db *db);

#include "store/bind.h" /* db_ask, db_act, stmt_bind: a statement and its values at once */

#endif
