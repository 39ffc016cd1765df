/*
** jobs_bench.c [FOLDER] - jobs ordered and done, each durably, against rows inserted and
** committed one by one.
**
**   reference   a loop of INSERTs of one row of the same size, each a transaction of its own:
**               WAL, synchronous=FULL, one prepared statement, the fastest there is with
**               one writer
**   jobs        32 threads order jobs of a kind that does nothing, one tenant_write each,
**               which returns when the order is on the disk (so many as there are requests of a
**               busy server), while eight workers do them; timed until the last one is done
**               in the file
**
** Both on the disk of FOLDER (build/bench/files), in turn, three rounds; the medians count.
** Demanded: twice the rate.
*/
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/time.h"
#include "job/engine.h"
#include "job/job.h"

enum { ROUNDS = 3, PRODUCERS = 32, WORKERS = 8, JOBS = 32000, SECONDS = 3 };
static const char PAYLOAD[] = "{\"file\":\"orders-2024-02-29.csv\",\"dataset\":\"sales\",\"line\":12345}";

static void must(bool good, const char *what) {
  if (good) return;
  fprintf(stderr, "jobs_bench: %s\n", what);
  exit(2);
}

/* ---- the reference ---- */

static double commits_per_second(const char *folder) {
  char path[4096];
  sqlite3 *db;
  sqlite3_stmt *s;
  int64_t n = 0;
  snprintf(path, sizeof path, "%s/reference-%d.db", folder, (int)getpid());
  must(sqlite3_open(path, &db) == SQLITE_OK, path);
  sqlite3_exec(db,
               "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE job (id INTEGER PRIMARY KEY, "
               "payload TEXT)",
               NULL, NULL, NULL);
  sqlite3_prepare_v2(db, "INSERT INTO job (payload) VALUES (?1)", -1, &s, NULL);
  sqlite3_bind_text(s, 1, PAYLOAD, -1, SQLITE_STATIC);
  double began = time_seconds(), took = 0;
  for (; took < SECONDS; n++) {
    must(sqlite3_step(s) == SQLITE_DONE, sqlite3_errmsg(db));
    sqlite3_reset(s);
    took = time_seconds() - began;
  }
  sqlite3_finalize(s);
  sqlite3_close(db);
  unlink(path);
  return (double)n / took;
}

/* ---- jobs ---- */

static int nothing(struct ctx *cx, struct job *job) {
  (void)job;
  return cx->code;
}
static const struct job_kind kind = {
  .name = "nothing", .queue = "default", .help = "nothing", .run = nothing
};

static int order(struct ctx *cx, struct db *db, void *arg) {
  (void)arg;
  return job_enqueue(cx, db, &(struct job_order){ .kind = "nothing", .payload = str_of(PAYLOAD) }, NULL);
}

static double ordered_at;
static void *produce(void *tenant) {
  for (int i = 0; i < JOBS / PRODUCERS; i++) {
    struct ctx cx;
    ctx_begin(&cx, "bench");
    must(!tenant_write(&cx, tenant, order, NULL), cx.message);
    ctx_end(&cx);
  }
  return NULL;
}

static int64_t done_count(struct tenant *t) {
  struct ctx cx;
  struct db *db;
  int64_t n = 0;
  ctx_begin(&cx, "bench");
  must(!tenant_read(&cx, t, &db), cx.message);
  struct stmt *s = db_compose(&cx, db, "SELECT count(*) FROM job WHERE state = 'done'");
  if (stmt_row(&cx, s)) n = col_int(s, 0);
  stmt_done(s);
  ctx_end(&cx);
  return n;
}

static double jobs_per_second(const char *folder, int round) {
  struct ctx cx;
  struct store *s;
  struct tenant *t;
  struct engine *e;
  pthread_t threads[PRODUCERS];
  ctx_begin(&cx, "bench");
  const char *dir = ctx_printf(&cx, "%s/jobs-%d-%d", folder, (int)getpid(), round);
  must(!store_init(&cx, dir) && !store_open(&cx, dir, &s) && !tenant_add(&cx, s, "demo", "Demo"), cx.message);
  struct opened *o = opened_new(s);
  must(!opened_find(&cx, o, "demo", &t) && !engine_start(&cx, o, WORKERS, &e), cx.message);
  double began = time_seconds();
  for (int i = 0; i < PRODUCERS; i++) pthread_create(&threads[i], NULL, produce, t);
  for (int i = 0; i < PRODUCERS; i++) pthread_join(threads[i], NULL);
  ordered_at = time_seconds() - began;
  while (done_count(t) < JOBS) usleep(20000);
  double took = time_seconds() - began;
  engine_stop(e);
  opened_free(o);
  must(system(ctx_printf(&cx, "rm -rf '%s'", dir)) == 0, "cleaning up");
  ctx_end(&cx);
  return JOBS / took;
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  const char *folder = argc > 1 ? argv[1] : "build/bench/files";
  double commits[ROUNDS], jobs[ROUNDS];
  job_kind_register(&kind);
  for (int i = 0; i < ROUNDS; i++) {
    commits[i] = commits_per_second(folder);
    jobs[i] = jobs_per_second(folder, i);
    printf("round %d            %8.0f commits/s  %8.0f jobs/s (ordered after %.2f s)  ratio %.2f\n", i + 1,
           commits[i], jobs[i], ordered_at, jobs[i] / commits[i]);
  }
  qsort(commits, ROUNDS, sizeof *commits, compare);
  qsort(jobs, ROUNDS, sizeof *jobs, compare);
  double ratio = jobs[ROUNDS / 2] / commits[ROUNDS / 2];
  printf("jobs, 8 workers    ratio %.2f of single-row commits at FULL  at least 2.00\n", ratio);
  return ratio >= 2 ? 0 : 1;
}
