/*
** db.h - one connection and its prepared statements. Private to the store.
*/
#ifndef STORE_DB_H
#define STORE_DB_H

#include <sqlite3.h>
#include <sys/stat.h>

#include "store/change.h"

enum { COMPOSED = 64 };

struct known;
struct uses;

/* When something was read, see known.h. */
struct moment {
  uint64_t age, count;
};

struct db {
  sqlite3 *lite;
  bool writes; /* the tenant's writer, or system.db */
  int64_t page_size,
      wal_bytes;    /* of a writer: what stands in the WAL since it began anew, as of its last commit */
  bool committed;   /* of a writer: something, since db_begin */
  bool explained;   /* since the last statement: SQLite does not know any more what that changed */
  int64_t changed;  /* then: it is here */
  struct stat file; /* whose dev and ino tell whether it was replaced */
  const char *name; /* for messages: "tenant demo" */
  struct stmt *fixed[SQL_COUNT];   /* by sql_id, prepared when first used */
  struct stmt *composed[COMPOSED]; /* lists of those made by db_compose, by their hashes */
  struct known *known;             /* of a writer, see known.h */
  struct change_end log_end;       /* of a writer ... */
  struct moment log_end_at;        /* ... as it was then */
  char log_unit[37];               /* of its last entry; empty where that is not known */
  struct uses *compiled;           /* of the statement that SQLite may compile just now */
  struct once *once;               /* list of those made by db_once that are still there */
  struct db *next;                 /* in the tenant's pool of idle readers */
  struct content_watch
      *watch;           /* of a tenant's writer: who is told of its commits; of a reader: who knows of them */
  struct content as_of; /* of a reader: a look before it began to read */
  const char *path;     /* the tenant's file; of a reader: since when its state is kept open */
  double since, looked; /* seconds, as of time_seconds; looked: at how long the WAL is */
};

/* DB_WATCH: whether the file was written, by PRAGMA data_version; it never parses the schema (4 ms, 0.9 MB). */
enum { DB_READ, DB_WRITE, DB_WATCH };
enum { DB_BUSY_MS = 5000 }; /* how long a statement waits for a lock */

/* Opens an existing file (or makes one, with db_create). E_FAIL, E_DENIED, E_BUSY. */
int db_open(struct ctx *cx, const char *path, const char *name, int mode, struct db **out);
int db_create(struct ctx *cx, const char *path, const char *name, struct db **out);
void db_close(struct db *db);
void db_trim(struct db *db);     /* of a writer: gives its cache back if it is more than half full */
void db_end_once(struct db *db); /* frees what db_once made: before somebody else uses the connection */

/* Whether the path still leads to the file that was opened (a restore puts another
** one in its place). */
bool db_is_current(const struct db *db, const char *path);

/* One that is run again and again, kept prepared. */
int db_do(struct ctx *cx, struct db *db, const char *sql);

/* What s would read now is what it would have read at an equal moment; false: nothing is known now. */
bool stmt_moment(const struct stmt *s, struct moment *out);

/* Statements without parameters and results: pragmas, schema changes. Stops at
** the first failure; crash points lie between them. */
int db_run(struct ctx *cx, struct db *db, const char *sql);
int64_t db_pragma_int(struct ctx *cx, struct db *db, const char *sql);

/* db_commit, but what was committed is not on the disk before the WAL is synced (see wal_file.h). */
int db_commit_unsynced(struct ctx *cx, struct db *db);

/* Turns the connection's last error into a sentence. */
int db_fail(struct ctx *cx, const struct db *db, const char *doing);

#endif
