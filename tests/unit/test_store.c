/* The store: every statement, the change log, group commit, readers, marks. */
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/change.h"
#include "store/db.h"
#include "store/expression.h"
#include "store/mark.h"
#include "store/migrate.h"
#include "store/tenant.h"
#include "unit.h"

/* A data folder with the tenant demo, for as long as the unit of work lasts. */
static struct tenant *opened(struct ctx *cx) {
  static char dir[PATH_MAX];
  struct store *s;
  struct tenant *t = NULL;
  snprintf(dir, sizeof dir, "%s/data", unit_dir());
  ctx_begin(cx, "test");
  if (store_init(cx, dir) || store_open(cx, dir, &s) || tenant_add(cx, s, "demo", "Demo") ||
      tenant_open(cx, s, "demo", &t))
    printf("%s\n", cx->message);
  CHECK_INT(cx->code, OK);
  return t;
}

static int append(struct ctx *cx, struct db *db, void *arg) {
  return change_append(
      cx, db,
      &(struct change){ .event = "NOTED", .key = arg, .after = STR("{}"), .count = 1, .text = "noted" });
}

static int append_then_fail(struct ctx *cx, struct db *db, void *arg) {
  if (append(cx, db, arg)) return cx->code;
  return fail(cx, E_INVALID, NULL, "not this one");
}

static int64_t ask(struct ctx *cx, struct tenant *t, const char *sql) {
  struct db *db;
  struct ctx aside;
  int64_t v = -1;
  ctx_begin(&aside, "test");
  if (!tenant_read(&aside, t, &db)) {
    struct stmt *s = db_compose(&aside, db, sql);
    if (stmt_row(&aside, s)) v = col_int(s, 0);
    if (s) stmt_done(s);
  }
  if (aside.code) fail_from(cx, &aside);
  ctx_end(&aside);
  return v;
}

static bool has_log(struct ctx *cx, struct tenant *t) {
  struct db *db;
  int64_t bad = -1, last = -1;
  if (tenant_read(cx, t, &db) || change_verify(cx, db, &bad, &last)) return false;
  return CHECK_INT(bad, 0) && CHECK_INT(last, ask(cx, t, "SELECT max(seq) FROM change_log")) &&
         CHECK_INT(last, ask(cx, t, "SELECT count(*) FROM change_log"));
}

UNIT(store_statements_prepare, "every statement of sql/ can be prepared in a new file") {
  struct ctx cx;
  struct tenant *t = opened(&cx);
  struct db *db, *system;
  if (!t || tenant_read(&cx, t, &db)) return;
  CHECK_INT(db_open(&cx, tenant_store(t)->system_path, "system.db", DB_READ, &system), OK);
  for (int i = 0; i < SQL_COUNT; i++) {
    bool of_system = sql_texts[i].scope && strcmp(sql_texts[i].scope, "system") == 0;
    struct ctx aside;
    ctx_begin(&aside, "test");
    if (!CHECK(db_stmt(&aside, of_system ? system : db, (enum sql_id)i) != NULL))
      printf("%s: %s\n", sql_texts[i].name, aside.message);
    ctx_end(&aside);
  }
  for (size_t i = 0; i < report_count; i++)
    if (!CHECK(db_compose(&cx, db, report_texts[i].text) != NULL))
      printf("%s: %s\n", report_texts[i].name, cx.message);
  CHECK(report_count >= 5);
  db_close(system);
  ctx_end(&cx);
}

UNIT(store_reports_columns, "a report names as many columns as it selects") {
  struct ctx cx;
  struct tenant *t = opened(&cx);
  struct db *db;
  if (!t || tenant_read(&cx, t, &db)) return;
  for (size_t i = 0; i < report_count; i++) {
    int named = 1;
    for (const char *p = report_texts[i].columns; *p; p++) named += *p == ',' && p[1];
    struct stmt *s = db_compose(&cx, db, report_texts[i].text);
    if (s && !CHECK_INT(stmt_columns(s), named)) printf("%s\n", report_texts[i].name);
  }
  ctx_end(&cx);
}

UNIT(store_slugs, "a tenant's short name can be no path") {
  static const char *const bad[] = {
    "", "A", "a/b", "..", ".a", "-a", "_a", "a b", "\xc3\xa4", "a.db", "a%00"
  };
  static const char *const good[] = { "a", "0", "a-b_c9" };
  char longest[LIMIT_SLUG + 2];
  struct ctx cx;
  struct store s = { .dir = "/tmp" };
  struct tenant t;
  memset(longest, 'a', sizeof longest);
  longest[LIMIT_SLUG + 1] = 0;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    ctx_begin(&cx, "test");
    CHECK_INT(tenant_init(&cx, &s, bad[i], &t), E_INVALID);
    ctx_end(&cx);
  }
  ctx_begin(&cx, "test");
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) CHECK_INT(tenant_init(&cx, &s, good[i], &t), OK);
  CHECK_INT(tenant_init(&cx, &s, longest + 1, &t), OK);
  CHECK_INT(tenant_init(&cx, &s, longest, &t), E_INVALID);
  ctx_end(&cx);
}

/* ---- the change log ---- */

UNIT(store_chain, "the log is gapless, its clock never goes back, each hash stands on the one before") {
  struct ctx cx;
  struct tenant *t = opened(&cx);
  if (!t) return;
  int64_t now = cx.now, first = ask(&cx, t, "SELECT max(seq) FROM change_log");
  for (int i = 0; i < 40; i++) {
    cx.now = i % 3 == 0 ? now - 3600000000LL * i : now + i; /* a clock that jumps */
    CHECK_INT(tenant_write(&cx, t, append, "k"), OK);
  }
  CHECK_INT(ask(&cx, t, "SELECT max(seq) FROM change_log"), first + 40);
  CHECK_INT(
      ask(&cx, t,
          "SELECT count(*) FROM change_log a JOIN change_log b ON b.seq = a.seq + 1 WHERE b.hlc <= a.hlc"),
      0);
  CHECK_INT(ask(&cx, t, "SELECT count(DISTINCT hash) FROM change_log"), first + 40);
  CHECK(has_log(&cx, t));
  ctx_end(&cx);
}

static int run_sql(struct ctx *cx, struct db *db, void *arg) { return db_run(cx, db, arg); }

UNIT(store_chain_breaks, "the log names the first entry that was changed") {
  static const char *const changes[] = {
    "UPDATE change_log SET text = 'other' WHERE seq = 5",
    "UPDATE change_log SET actor = 'other' WHERE seq = 5",
    "UPDATE change_log SET at = at + 1 WHERE seq = 5",
    "UPDATE change_log SET hlc = hlc + 1 WHERE seq = 5",
    "UPDATE change_log SET unit = 'other' WHERE seq = 5",
    "UPDATE change_log SET event = 'OTHER' WHERE seq = 5",
    "UPDATE change_log SET tbl = 'other' WHERE seq = 5",
    "UPDATE change_log SET key = NULL WHERE seq = 5",
    "UPDATE change_log SET before = '{}' WHERE seq = 5",
    "UPDATE change_log SET after = NULL WHERE seq = 5",
    "UPDATE change_log SET count = 2 WHERE seq = 5",
    "UPDATE change_log SET hash = zeroblob(32) WHERE seq = 5",
    "DELETE FROM change_log WHERE seq = 5",
    "UPDATE change_log SET text = text || key, key = '' WHERE seq = 5",
  };
  struct ctx cx;
  struct tenant *t = opened(&cx);
  if (!t) return;
  for (int i = 0; i < 12; i++) tenant_write(&cx, t, append, "k");
  CHECK_INT(tenant_write(&cx, t, run_sql, "DROP TRIGGER change_log_keeps; DROP TRIGGER change_log_stays"),
            OK);
  for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
    struct ctx w;
    struct db *db;
    int64_t bad = 0, last;
    ctx_begin(&w, "test");
    CHECK_INT(tenant_writer(&w, t, &db), OK);
    CHECK_INT(db_begin(&w, db), OK);
    CHECK_INT(db_run(&w, db, changes[i]), OK);
    CHECK_INT(change_verify(&w, db, &bad, &last), OK);
    if (!CHECK_INT(bad, 5)) printf("%s\n", changes[i]);
    db_rollback(db);
    ctx_end(&w);
  }
  CHECK(has_log(&cx, t));
  ctx_end(&cx);
}

static int append_thrice(struct ctx *cx, struct db *db, void *arg) {
  for (int i = 0; i < 3 && !cx->code; i++) append(cx, db, arg);
  return cx->code;
}

static int append_long(struct ctx *cx, struct db *db, void *arg) {
  for (int i = 0; i < 2 && !cx->code; i++)
    change_append(cx, db, &(struct change){ .event = "NOTED", .unit = arg, .text = "noted" });
  return cx->code;
}

/* Entry n from the end goes on from the one before it: a digit 1, of the last entry the last digit. */
static int64_t going_on(struct ctx *cx, struct tenant *t, int n) {
  return ask(
      cx, t,
      ctx_printf(cx,
                 "SELECT CAST(group_concat(coalesce(goes_on, 0), '') AS INTEGER) FROM (SELECT goes_on FROM "
                 "(SELECT seq, goes_on FROM change_log ORDER BY seq DESC LIMIT %d) ORDER BY seq)",
                 n));
}

static int64_t of_unit(struct ctx *cx, struct tenant *t, const char *unit) {
  int64_t all = ask(cx, t, ctx_printf(cx, "SELECT sum(seq * seq) FROM change_log WHERE unit = '%s'", unit));
  int64_t found = ask(cx, t, ctx_printf(cx, "SELECT sum(seq * seq) FROM unit_log WHERE unit = '%s'", unit));
  return all > 0 && found == all
             ? ask(cx, t, ctx_printf(cx, "SELECT count(*) FROM unit_log WHERE unit = '%s'", unit))
             : -1;
}

static int append_undone(struct ctx *cx, struct db *db, void *arg) {
  if (db_begin(cx, db) || append(cx, db, arg)) return cx->code;
  db_rollback(db);
  return db_begin(cx, db) || append(cx, db, arg) ? (int)cx->code : db_commit(cx, db);
}

UNIT(store_log_units, "an entry goes on only from one of its unit, and the entries of a unit are found") {
  static char longer[] = "a unit of work whose name is longer than that of any other";
  struct ctx cx, one, other;
  struct tenant *t = opened(&cx);
  if (!t) return;
  ctx_begin(&one, "test");
  ctx_begin(&other, "test");
  CHECK_INT(tenant_write(&one, t, append_thrice, "k"), OK);
  CHECK_INT(going_on(&cx, t, 3), 11);
  CHECK_INT(tenant_write(&one, t, append_thrice, "k"), OK); /* a transaction later */
  CHECK_INT(going_on(&cx, t, 6), 11111);
  CHECK_INT(tenant_write(&other, t, append_thrice, "k"), OK);
  CHECK_INT(tenant_write(&one, t, append, "k"), OK);
  CHECK_INT(going_on(&cx, t, 4), 110);
  CHECK_INT(tenant_write(&other, t, append, "k"), OK);
  CHECK_INT(tenant_write_alone(&one, t, append_undone, "k"), OK); /* what it follows is not what was undone */
  CHECK_INT(going_on(&cx, t, 2), 0);
  /* Somebody else was here. */
  struct db *db;
  CHECK_INT(db_open(&cx, t->path, "other", DB_WRITE, &db), OK);
  CHECK_INT(
      db_run(&cx, db,
             "INSERT INTO change_log SELECT seq + 1, hlc, at, actor, 'x', event, tbl, key, before, after, "
             "count, text, hash, NULL FROM change_log ORDER BY seq DESC LIMIT 1"),
      OK);
  db_close(db);
  CHECK_INT(tenant_write(&one, t, append_thrice, "k"), OK);
  CHECK_INT(going_on(&cx, t, 4), 11);
  CHECK_INT(tenant_write(&other, t, append_long, longer), OK); /* is not remembered */
  CHECK_INT(going_on(&cx, t, 3), 100);
  CHECK_INT(of_unit(&cx, t, one.id), 11);
  CHECK_INT(of_unit(&cx, t, other.id), 4);
  CHECK_INT(of_unit(&cx, t, longer), 2);
  ctx_end(&other);
  ctx_end(&one);
  ctx_end(&cx);
}

/* ---- group commit ---- */

enum { THREADS = 16, CALLS = 50 };

static struct {
  struct tenant *t;
  pthread_barrier_t start;
  int commits;
  bool some_fail, again;
  atomic_int failed;
} group;

static int count_commit(void *arg) {
  (void)arg;
  group.commits++; /* by the leader only */
  return 0;
}

static int hook(struct ctx *cx, struct db *db, void *arg) {
  (void)cx, (void)arg;
  sqlite3_commit_hook(db->lite, count_commit, NULL);
  return OK;
}

/* What a task that may be done twice leaves in memory. */
struct kept {
  char *key;
  bool bad, early; /* fails after its change, or before it */
  int made, undone;
};

static int append_kept(struct ctx *cx, struct db *db, void *arg) {
  struct kept *k = arg;
  if (k->early) return fail(cx, E_INVALID, NULL, "early");
  k->made++;
  return k->bad ? append_then_fail(cx, db, k->key) : append(cx, db, k->key);
}

static void append_again(void *arg) {
  struct kept *k = arg;
  k->made--;
  k->undone++;
}

static atomic_int undone;

static int write_one(struct ctx *cx, char *key, bool bad, bool early) {
  struct kept k = { key, bad, early, 0, 0 };
  if (!group.again) return tenant_write(cx, group.t, bad ? append_then_fail : append, key);
  int rc = tenant_write_again(cx, group.t, append_kept, append_again, &k);
  undone += k.undone;
  return k.made == !early ? rc : E_FAIL; /* as if it had been done once */
}

static void *write_often(void *arg) {
  int64_t thread = *(int64_t *)arg, wrong = 0;
  pthread_barrier_wait(&group.start);
  for (int i = 0; i < CALLS; i++) {
    struct ctx cx;
    char key[32];
    int64_t turn = (i + thread) % 7; /* else all of a group would fail together */
    bool bad = group.some_fail && turn == 3, early = group.again && group.some_fail && turn == 5;
    snprintf(key, sizeof key, "%s%02d-%02d", bad ? "x" : "", (int)thread, i);
    ctx_begin(&cx, "test");
    int rc = write_one(&cx, key, bad, early);
    wrong += rc != (bad || early ? E_INVALID : OK);
    group.failed += bad || early;
    /* What was acknowledged is on the disk: another connection sees it. */
    if (!bad && !early && i % 10 == 0) {
      const char *sql = ctx_printf(&cx, "SELECT count(*) FROM change_log WHERE key = '%s'", key);
      wrong += ask(&cx, group.t, sql) != 1;
    }
    ctx_end(&cx);
  }
  *(int64_t *)arg = wrong;
  return NULL;
}

static void write_together(bool some_fail, bool again) {
  struct ctx cx;
  pthread_t thread[THREADS];
  int64_t number[THREADS];
  group.t = opened(&cx);
  group.some_fail = some_fail;
  group.again = again;
  group.failed = 0;
  group.commits = 0;
  if (!group.t) return;
  CHECK_INT(tenant_write_alone(&cx, group.t, hook, NULL), OK);
  int64_t before = ask(&cx, group.t, "SELECT max(seq) FROM change_log");
  pthread_barrier_init(&group.start, NULL, THREADS);
  for (int i = 0; i < THREADS; i++) {
    number[i] = i;
    pthread_create(&thread[i], NULL, write_often, &number[i]);
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_join(thread[i], NULL);
    CHECK_INT(number[i], 0);
  }
  int64_t failed = group.failed;
  CHECK(some_fail == (failed >= 7 * THREADS));
  CHECK_INT(ask(&cx, group.t, "SELECT max(seq) FROM change_log"), before + THREADS * CALLS - failed);
  CHECK_INT(ask(&cx, group.t,
                "SELECT count(DISTINCT key) FROM change_log WHERE key GLOB '[0-9]*-*' AND length(key) = 5"),
            THREADS * CALLS - failed);
  CHECK_INT(ask(&cx, group.t, "SELECT count(*) FROM change_log WHERE key GLOB 'x*'"), 0);
  CHECK(group.commits > 0);
  CHECK(group.commits < THREADS * CALLS / 2);
  CHECK(has_log(&cx, group.t));
  ctx_end(&cx);
}

UNIT(store_group_commit, "writes of many threads share commits, and all of them are on the disk") {
  write_together(false, false);
}
UNIT(store_group_undo, "a write that fails is undone alone") { write_together(true, false); }

UNIT(store_group_again,
     "tasks that can be done again: one that fails halfway is undone alone, the others count once") {
  write_together(true, true);
  CHECK(undone > 0);
}

static int fail_at_commit(struct ctx *cx, struct db *db, void *arg) {
  if (append(cx, db, arg)) return cx->code;
  return db_run(
      cx, db,
      "PRAGMA defer_foreign_keys=ON; INSERT INTO run_category (run, category, rows) VALUES (99, 'x', 1)");
}

static int change_slowly(struct ctx *cx, struct db *db, void *arg) {
  struct stmt *s = db_compose(cx, db,
                              "INSERT INTO term (id, text) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT "
                              "i + 1 FROM n WHERE i < 60000) SELECT 1000000 + i, hex(i) FROM n");
  if (!stmt_run(cx, s)) *(int64_t *)arg = db_changes(db);
  return cx->code;
}

/* To explain a statement is to run one, which SQLite takes for the last. */
UNIT(store_slow_changes, "what a slow statement changed is known although its plan was told") {
  struct ctx cx;
  struct tenant *t = opened(&cx);
  int64_t changed = 0;
  if (!t) return;
  store_note_slow(1);
  CHECK_INT(tenant_write(&cx, t, change_slowly, &changed), OK);
  store_note_slow(0);
  CHECK_INT(changed, 60000);
  ctx_end(&cx);
}

UNIT(store_commit_fails, "a commit that fails is told to who asked for it, and the next one is well") {
  struct ctx cx, w;
  struct tenant *t = opened(&cx);
  if (!t) return;
  int64_t before = ask(&cx, t, "SELECT max(seq) FROM change_log");
  ctx_begin(&w, "test");
  CHECK(tenant_write(&w, t, fail_at_commit, "k") != OK);
  CHECK(w.message[0] != 0);
  ctx_end(&w);
  CHECK_INT(ask(&cx, t, "SELECT max(seq) FROM change_log"), before);
  CHECK_INT(tenant_write(&cx, t, append, "k"), OK);
  CHECK(has_log(&cx, t));
  ctx_end(&cx);
}

static int prepare_once(struct ctx *cx, struct db *db, void *arg) {
  (void)arg;
  return db_once(cx, db, "SELECT 1") && db_once(cx, db, "SELECT 2") ? OK : cx->code;
}

static int count_statements(struct ctx *cx, struct db *db, void *arg) {
  int *n = arg;
  (void)cx;
  for (sqlite3_stmt *s = NULL; (s = sqlite3_next_stmt(db->lite, s));) ++*n;
  return OK;
}

UNIT(store_once,
     "statements of one unit of work are gone when another one writes, though that has not ended") {
  struct ctx cx, first, second;
  struct tenant *t = opened(&cx);
  int before = 0, between = 0, after = 0;
  ctx_begin(&first, "test");
  ctx_begin(&second, "test");
  CHECK_INT(tenant_write(&second, t, append, "warm"), OK);
  CHECK_INT(tenant_write(&second, t, count_statements, &before), OK);
  CHECK_INT(tenant_write_alone(&first, t, prepare_once, NULL), OK);
  CHECK_INT(tenant_write(&second, t, count_statements, &between), OK);
  ctx_end(&first);
  CHECK_INT(tenant_write(&second, t, count_statements, &after), OK);
  CHECK_INT(between, before);
  CHECK_INT(after, before);
  ctx_end(&second);
  ctx_end(&cx);
}

static int leave_open(struct ctx *cx, struct db *db, void *arg) {
  if (db_begin(cx, db) || append(cx, db, arg)) return cx->code;
  return OK; /* no commit */
}

UNIT(store_alone_left_open, "what a task alone does not commit is undone") {
  struct ctx cx;
  struct tenant *t = opened(&cx);
  if (!t) return;
  int64_t before = ask(&cx, t, "SELECT max(seq) FROM change_log");
  CHECK_INT(tenant_write_alone(&cx, t, leave_open, "k"), OK);
  CHECK_INT(ask(&cx, t, "SELECT max(seq) FROM change_log"), before);
  CHECK_INT(tenant_write(&cx, t, append, "k"), OK);
  CHECK_INT(ask(&cx, t, "SELECT max(seq) FROM change_log"), before + 1);
  ctx_end(&cx);
}

UNIT(store_busy, "when another process writes, who does not want to wait is told so") {
  struct ctx cx, w;
  struct tenant *t = opened(&cx);
  if (!t) return;
  int fd = open(t->lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  CHECK_INT(flock(fd, LOCK_EX), 0);
  ctx_begin(&w, "test");
  CHECK_INT(tenant_write_if_free(&w, t, append, "k"), E_BUSY);
  CHECK(strstr(w.message, "another process") != NULL);
  ctx_end(&w);
  close(fd);
  CHECK_INT(tenant_write_if_free(&cx, t, run_sql, "SELECT 1"), OK);
  ctx_end(&cx);
}

/* ---- readers, marks, hardening ---- */

/* Another process asks whether somebody has the lock that every connection keeps while it is open
** (https://sqlite.org/atomiccommit.html: SHARED_FIRST, 510 bytes from 2^30 + 2 on). */
static bool shared_lock_is_held(const char *path) {
  int status = 0;
  pid_t child = fork();
  if (child == 0) {
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0x40000002, .l_len = 510 };
    int fd = open(path, O_RDWR | O_CLOEXEC);
    _exit(fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type == F_RDLCK ? 0 : 1);
  }
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

UNIT(store_locks_stay, "opening a tenant once more takes no lock from those who have it open") {
  struct ctx cx, again;
  struct tenant *t = opened(&cx), *other;
  struct db *db;
  if (!t || !CHECK_INT(tenant_read(&cx, t, &db), OK)) return;
  CHECK_INT(db_int(&cx, db, SQL_change_last, -1) >= 0, true);
  CHECK(shared_lock_is_held(tenant_path(t)));
  ctx_begin(&again, "test");
  CHECK_INT(tenant_inspect(&again, tenant_store(t), "demo", &other), OK);
  CHECK_INT(tenant_open(&again, tenant_store(t), "demo", &other), OK);
  ctx_end(&again);
  CHECK(shared_lock_is_held(tenant_path(t)));
  ctx_end(&cx);
}

UNIT(store_reader_stands_still, "a reader sees one state until its unit of work ends") {
  struct ctx cx, reader;
  struct tenant *t = opened(&cx);
  struct db *db;
  if (!t) return;
  ctx_begin(&reader, "test");
  CHECK_INT(tenant_read(&reader, t, &db), OK);
  struct change_end was, is;
  CHECK_INT(change_last(&reader, db, &was), OK);
  for (int i = 0; i < 5; i++) tenant_write(&cx, t, append, "k");
  CHECK_INT(change_last(&reader, db, &is), OK);
  CHECK_INT(is.seq, was.seq);
  CHECK(db_run(&reader, db, "DELETE FROM rule") != OK); /* and cannot write */
  ctx_end(&reader);
  CHECK_INT(ask(&cx, t, "SELECT max(seq) FROM change_log"), was.seq + 5);
  ctx_end(&cx);
}

static int append_much(struct ctx *cx, struct db *db, void *arg) {
  for (int i = 0; i < 200; i++)
    if (append(cx, db, arg)) return cx->code;
  return OK;
}

UNIT(store_reader_too_slow,
     "a reader that keeps a state open while the log grows and grows is told to begin again") {
  struct ctx cx, reading;
  struct tenant *t = opened(&cx);
  struct db *db;
  ctx_begin(&reading, "test");
  CHECK_INT(tenant_read(&reading, t, &db), OK);
  struct stmt *s = db_compose(
      &reading, db, "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT i FROM n");
  CHECK(stmt_row(&reading, s));
  tenant_set_reading(0, 0);
  CHECK_INT(tenant_write(&cx, t, append_much, "a"), OK);
  for (int i = 0; i < 100000 && stmt_row(&reading, s);) i++;
  CHECK_INT(reading.code, E_BUSY);
  CHECK(strstr(reading.message, "begin again") != NULL);
  ctx_end(&reading);
  tenant_set_reading(0, INT64_C(1) << 40);
  CHECK(ask(&cx, t,
            "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 100000) "
            "SELECT count(*) FROM n") == 100000);
  tenant_set_reading(300, 256 << 20);
  CHECK_INT(cx.code, OK);
  ctx_end(&cx);
}

UNIT(store_mark_follows, "the mark is the last change, and a file without it is refused") {
  struct ctx cx, w;
  struct tenant *t = opened(&cx);
  struct mark mark;
  struct db *db;
  struct change_end end;
  char hex[SHA256_HEX];
  if (!t) return;
  for (int i = 0; i < 3; i++) {
    CHECK_INT(tenant_write(&cx, t, append, "k"), OK);
    CHECK_INT(mark_read(&cx, t->mark_path, &mark), OK);
    ctx_begin(&w, "test");
    CHECK_INT(tenant_read(&w, t, &db), OK);
    CHECK_INT(change_last(&w, db, &end), OK);
    CHECK_INT(mark.seq, end.seq);
    CHECK_STR(mark.hash, hex_encode(hex, end.hash, SHA256_SIZE));
    CHECK_INT(mark_check(&w, db, "demo", t->mark_path), OK);
    ctx_end(&w);
  }
  for (int what = 0; what < 2; what++) {
    struct change_end wrong = end;
    if (what == 0) wrong.seq++;
    if (what == 1) wrong.hash[7] ^= 1;
    CHECK_INT(mark_write(&cx, t->mark_path, &wrong), OK);
    ctx_begin(&w, "test");
    CHECK_INT(tenant_read(&w, t, &db), OK);
    CHECK_INT(mark_check(&w, db, "demo", t->mark_path), E_CONFLICT);
    ctx_end(&w);
  }
  CHECK_INT(mark_write(&cx, t->mark_path, &end), OK);
  ctx_end(&cx);
}

UNIT(store_no_attach, "no connection can reach another file") {
  static const char *const bad[] = { "ATTACH 'x.db' AS x",
                                     "ATTACH ':memory:' AS x",
                                     "DETACH main",
                                     "SELECT load_extension('x')",
                                     "SELECT \"no such column\"",
                                     "PRAGMA writable_schema=ON; UPDATE sqlite_master SET sql = ''" };
  struct ctx cx;
  struct tenant *t = opened(&cx);
  if (!t) return;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct ctx w;
    ctx_begin(&w, "test");
    if (!CHECK(tenant_write(&w, t, run_sql, (void *)(uintptr_t)bad[i]) != OK)) printf("%s\n", bad[i]);
    ctx_end(&w);
  }
  ctx_end(&cx);
}

/* ---- expressions ---- */

UNIT(store_expression, "a condition is true, false, unknown or cannot be evaluated") {
  static const char *const names[] = { "quantity", "region" };
  struct {
    const char *text;
    int wanted;
  } cases[] = { { "quantity > 2", EXPRESSION_TRUE },
                { "quantity > 3", EXPRESSION_FALSE },
                { "quantity * 2 = 6", EXPRESSION_TRUE },
                { "region = 'East'", EXPRESSION_TRUE },
                { "region IN ('West')", EXPRESSION_FALSE },
                { "NULL", EXPRESSION_UNKNOWN },
                { "0.5", EXPRESSION_TRUE },
                { "4294967296", EXPRESSION_TRUE },
                { "0.0", EXPRESSION_FALSE },
                { "abs(-9223372036854775807 - 1)", EXPRESSION_ERROR },
                { "quantity / 2 = 1.5 OR quantity / 2 = 1", EXPRESSION_TRUE } };
  struct ctx cx;
  ctx_begin(&cx, "test");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct expression *e;
    const char *why = "";
    if (!CHECK_INT(expression_new(&cx, cases[i].text, names, 2, &e), OK)) continue;
    expression_bind(e, 0, STR("3"), true);
    expression_bind(e, 1, STR("East"), false);
    if (!CHECK_INT(expression_test(e, &why), cases[i].wanted)) printf("%s %s\n", cases[i].text, why);
    CHECK_INT(expression_test(e, &why), cases[i].wanted); /* again */
    expression_free(e);
  }
  ctx_end(&cx);
}

/* ---- what is known ---- */

static int64_t weight_known(struct ctx *cx, struct db *db) {
  const struct known_row *row = stmt_known(
      cx, db_compose(cx, db, "SELECT weight FROM job_queue WHERE name = ?1 AND deleted_at IS NULL"),
      STR("default"));
  return row ? row->cell[0].number : -1;
}

static int set_weight(struct ctx *cx, struct db *db, int64_t weight) {
  struct stmt *s = db_compose(
      cx, db, "UPDATE job_queue SET weight = ?1, updated_at = updated_at + 1 WHERE name = 'default'");
  stmt_int(s, 1, weight);
  return stmt_run(cx, s);
}

/* A row that stands in the file is known until its table is written, by a statement or by a trigger of another table. */
static int known_by_writer(struct ctx *cx, struct db *db, void *arg) {
  (void)arg;
  set_weight(cx, db, 3);
  CHECK_INT(weight_known(cx, db), 3);
  CHECK_INT(weight_known(cx, db), 3);
  set_weight(cx, db, 4);
  CHECK_INT(weight_known(cx, db), 4);
  db_run(cx, db,
         "CREATE TABLE pulled (n INTEGER); CREATE TRIGGER pulled_added AFTER INSERT ON pulled BEGIN "
         "UPDATE job_queue SET weight = new.n, updated_at = updated_at + 1 WHERE name = 'default'; END");
  CHECK_INT(weight_known(cx, db), 4);
  db_run(cx, db, "INSERT INTO pulled VALUES (5)");
  CHECK_INT(weight_known(cx, db), 5);
  struct stmt *s = db_compose(cx, db, "INSERT INTO pulled VALUES (?1)");
  stmt_int(s, 1, 6);
  stmt_run(cx, s);
  CHECK_INT(weight_known(cx, db), 6);
  db_run(cx, db,
         "DROP TRIGGER pulled_added; CREATE TRIGGER pulled_again AFTER INSERT ON pulled BEGIN "
         "UPDATE job_queue SET weight = new.n + 1, updated_at = updated_at + 1 WHERE name = 'default'; END");
  CHECK_INT(weight_known(cx, db), 6);
  s = db_compose(cx, db, "INSERT INTO pulled VALUES (?1)");
  stmt_int(s, 1, 6);
  stmt_run(cx, s); /* compiled anew in its step */
  CHECK_INT(weight_known(cx, db), 7);
  db_do(cx, db, "SAVEPOINT here");
  set_weight(cx, db, 8);
  CHECK_INT(weight_known(cx, db), 8);
  db_do(cx, db, "ROLLBACK TO here");
  CHECK_INT(weight_known(cx, db), 7);
  set_weight(cx, db, 9);
  CHECK_INT(weight_known(cx, db), 9);
  return db_do(cx, db, "RELEASE here");
}

static int known_then_fail(struct ctx *cx, struct db *db, void *arg) {
  CHECK_INT(weight_known(cx, db), 9);
  set_weight(cx, db, 1);
  CHECK_INT(weight_known(cx, db), 1);
  (void)arg;
  return fail(cx, E_INVALID, NULL, "not this one");
}

static int known_is(struct ctx *cx, struct db *db, void *arg) {
  return CHECK_INT(weight_known(cx, db), *(int64_t *)arg) ? OK : (int)cx->code;
}

UNIT(store_known,
     "what a writer remembers is what it would read: after writes, triggers, rollbacks, other processes") {
  struct ctx cx, aside;
  struct tenant *t = opened(&cx);
  sqlite3 *other = NULL;
  int64_t nine = 9, two = 2;
  if (!t) return;
  CHECK_INT(tenant_write(&cx, t, known_by_writer, NULL), OK);
  CHECK_INT(tenant_write(&cx, t, known_is, &nine), OK);
  ctx_begin(&aside, "test");
  CHECK_INT(tenant_write(&aside, t, known_then_fail, NULL), E_INVALID);
  ctx_end(&aside);
  CHECK_INT(tenant_write(&cx, t, known_is, &nine), OK);
  CHECK_INT(sqlite3_open(tenant_path(t), &other), SQLITE_OK);
  CHECK_INT(sqlite3_exec(other, "UPDATE job_queue SET weight = 2 WHERE name = 'default'", NULL, NULL, NULL),
            SQLITE_OK);
  CHECK_INT(tenant_write(&cx, t, known_is, &two), OK);
  CHECK_INT(sqlite3_exec(other, "UPDATE job_queue SET weight = 9 WHERE name = 'default'", NULL, NULL, NULL),
            SQLITE_OK);
  sqlite3_close(other);
  CHECK_INT(tenant_write(&cx, t, known_is, &nine), OK);
  ctx_end(&cx);
}

/* ---- what was made of tables ---- */

static int run_stmt(struct ctx *cx, struct db *db, void *sql) { return stmt_run(cx, db_once(cx, db, sql)); }

static int run_then_fail(struct ctx *cx, struct db *db, void *sql) {
  run_stmt(cx, db, sql);
  return fail(cx, E_INVALID, NULL, "not this one");
}

/* The look that was taken before sql was read, and of what it was made. */
static struct content made_of(struct tenant *t, const char *sql, struct tables *of) {
  struct ctx cx;
  struct db *db;
  struct content then = { 0 };
  *of = (struct tables){ 0 };
  ctx_begin(&cx, "test");
  CHECK(tenant_content(t, &then));
  store_note_reads(of);
  if (!tenant_read(&cx, t, &db)) stmt_run(&cx, db_compose(&cx, db, sql));
  store_note_reads(NULL);
  CHECK_INT(cx.code, OK);
  ctx_end(&cx);
  return then;
}

static bool holds(struct tenant *t, const struct tables *of, const struct content *then) {
  struct content now;
  return tenant_content(t, &now) && tenant_content_holds(t, of, then, &now);
}

#define LIGHTER "UPDATE job_queue SET weight = weight + 1, updated_at = updated_at + 1 WHERE name = 'default'"
#define ELSEWHERE "INSERT INTO term (id, text) SELECT max(id) + 1, hex(randomblob(8)) FROM term"

UNIT(store_content_tables,
     "what was made of tables holds until one of them is written, by a trigger, through a view, by others") {
  struct ctx cx, aside;
  struct tenant *t = opened(&cx);
  struct tables queues, texts, viewed, all;
  struct content q, x, v, a;
  sqlite3 *other = NULL;
  if (!t) return;
  CHECK_INT(
      tenant_write(&cx, t, run_sql,
                   "CREATE VIEW heavy AS SELECT name FROM job_queue WHERE weight > 0;"
                   "CREATE TABLE pulled (n INTEGER); CREATE TRIGGER pulled_added AFTER INSERT ON pulled "
                   "BEGIN " LIGHTER "; END; INSERT INTO term (id, text) VALUES (1000, 'first')"),
      OK);
  q = made_of(t, "SELECT weight FROM job_queue", &queues);
  x = made_of(t, "SELECT text FROM term", &texts);
  v = made_of(t, "SELECT count(*) FROM heavy", &viewed);
  a = made_of(t, "PRAGMA page_count", &all);
  CHECK(holds(t, &queues, &q) && holds(t, &texts, &x) && holds(t, &viewed, &v) && holds(t, &all, &a));
  CHECK_INT(tenant_write(&cx, t, run_stmt, ELSEWHERE), OK);
  CHECK(holds(t, &queues, &q) && !holds(t, &texts, &x) && holds(t, &viewed, &v) && !holds(t, &all, &a));
  x = made_of(t, "SELECT text FROM term", &texts);
  CHECK_INT(tenant_write(&cx, t, run_stmt, "INSERT INTO pulled VALUES (1)"), OK);
  CHECK(!holds(t, &queues, &q) && holds(t, &texts, &x) && !holds(t, &viewed, &v));

  q = made_of(t, "SELECT weight FROM job_queue", &queues);
  ctx_begin(&aside, "test");
  CHECK_INT(tenant_write(&aside, t, run_then_fail, LIGHTER), E_INVALID);
  ctx_end(&aside);
  CHECK(holds(t, &queues, &q));

  CHECK_INT(sqlite3_open(tenant_path(t), &other), SQLITE_OK);
  CHECK_INT(sqlite3_exec(other, ELSEWHERE, NULL, NULL, NULL), SQLITE_OK);
  CHECK(!holds(t, &queues, &q) && !holds(t, &texts, &x)); /* nobody tells what others write */
  CHECK_INT(tenant_write(&cx, t, run_stmt, ELSEWHERE), OK);
  CHECK(!holds(t, &queues, &q) && !holds(t, &texts, &x));
  q = made_of(t, "SELECT weight FROM job_queue", &queues);
  CHECK_INT(tenant_write(&cx, t, run_stmt, ELSEWHERE), OK);
  CHECK(holds(t, &queues, &q));
  CHECK_INT(sqlite3_exec(other, LIGHTER, NULL, NULL, NULL), SQLITE_OK);
  CHECK_INT(tenant_write(&cx, t, run_stmt, ELSEWHERE), OK); /* and ours right after theirs */
  CHECK(!holds(t, &queues, &q));
  q = made_of(t, "SELECT weight FROM job_queue", &queues);
  CHECK_INT(tenant_write(&cx, t, run_sql, "DROP VIEW heavy"), OK);
  CHECK(!holds(t, &queues, &q)); /* a table may be another one by then */
  sqlite3_close(other);
  ctx_end(&cx);
}

static int64_t weights(struct ctx *cx, struct db *db) {
  const struct known_row *row =
      stmt_known(cx, db_compose(cx, db, "SELECT sum(weight) FROM job_queue"), STR(""));
  return row ? row->cell[0].number : -1;
}

/* A reader of the state that there is now. */
static struct db *reader(struct ctx *cx, struct tenant *t) {
  struct db *db;
  ctx_begin(cx, "test");
  CHECK_INT(tenant_read(cx, t, &db), OK);
  stmt_run(cx, db_compose(cx, db, "SELECT count(*) FROM term"));
  return db;
}

static int64_t weights_now(struct tenant *t, struct tables *of) {
  struct ctx cx;
  struct db *db = reader(&cx, t);
  *of = (struct tables){ 0 };
  store_note_reads(of);
  int64_t sum = weights(&cx, db);
  store_note_reads(NULL);
  ctx_end(&cx);
  return sum;
}

UNIT(store_recall,
     "what readers remember in common is what each of them would read in the state that he sees") {
  struct ctx cx, old_cx;
  struct tenant *t = opened(&cx);
  struct tables read, recalled;
  sqlite3 *other = NULL;
  if (!t) return;
  CHECK_INT(tenant_write(&cx, t, run_stmt, LIGHTER), OK);
  int64_t first = weights_now(t, &read);
  CHECK_INT(weights_now(t, &recalled), first);
  CHECK(read.any && memcmp(&read, &recalled, sizeof read) == 0); /* a reply is made of it all the same */
  CHECK_INT(tenant_write(&cx, t, run_stmt, LIGHTER), OK);
  CHECK_INT(weights_now(t, &read), first + 1);

  struct db *old = reader(&old_cx, t);
  CHECK_INT(tenant_write(&cx, t, run_stmt, LIGHTER), OK);
  CHECK_INT(weights_now(t, &read), first + 2);
  CHECK_INT(weights(&old_cx, old), first + 1); /* it sees what was there when it began ... */
  CHECK_INT(weights_now(t, &read), first + 2); /* ... and tells nobody */
  CHECK_INT(tenant_write(&cx, t, run_stmt, ELSEWHERE), OK);
  CHECK_INT(weights(&old_cx, old), first + 1);
  CHECK_INT(weights_now(t, &read), first + 2);
  ctx_end(&old_cx);

  CHECK_INT(sqlite3_open(tenant_path(t), &other), SQLITE_OK);
  CHECK_INT(sqlite3_exec(other, LIGHTER, NULL, NULL, NULL), SQLITE_OK);
  CHECK_INT(weights_now(t, &read), first + 3);
  CHECK_INT(tenant_write(&cx, t, run_stmt, ELSEWHERE), OK);
  CHECK_INT(weights_now(t, &read), first + 3);
  CHECK_INT(sqlite3_exec(other, LIGHTER, NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(other);
  CHECK_INT(weights_now(t, &read), first + 4);
  ctx_end(&cx);
}
