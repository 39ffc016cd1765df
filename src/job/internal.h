/*
** internal.h - private to the folder.
**
**   job.c       kinds, orders
**   acts.c      what people do to jobs
**   queue.c     settings of queues; which jobs are to be begun next
**   lease.c     whose a running job is
**   attempt.c   what a job may call while it runs
**   outcome.c   what becomes of a job
**   pool.c      the jobs that one process has of one tenant
**   engine.c    threads
**   notice.c    for live pages; news.c what other processes do
**   report.c    JSON
**   tidy.c      old jobs go
*/
#ifndef JOB_INTERNAL_H
#define JOB_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/limits.h"
#include "base/time.h"
#include "job/engine.h"
#include "job/job.h"

extern atomic_uint_fast64_t jobs_ordered; /* grows with whatever may make a job ready in this process */
int job_check_payload(struct ctx *cx, struct str payload);

/* ---- settings of a queue: a record of the entity job_queue ---- */

struct queue_settings {
  int64_t weight, attempts, backoff_ms, backoff_cap_ms, rate_count, rate_seconds, at_once, keep_days;
  bool paused, jitter;
};
/* false when there is no such queue (any more): out has the defaults then. */
bool queue_settings(struct ctx *cx, struct db *db, const char *queue, struct queue_settings *out);

/* ---- leases (lease.c) ---- */

/* A process that works. Its file in DIR/workers is locked as long as it lives, so that others know at once
** when it does not; and a lease that runs out tells when it lives but stands still. */
struct holder {
  char name[37];
  const char *dir;
  char *path;
  int fd;
};
int holder_open(struct ctx *cx, const char *dir, struct holder *h);
void holder_close(struct holder *h);
bool holder_lives(const char *dir, const char *name);

int64_t boot_clock(void);  /* microseconds since the machine's start; sleep included; nobody can set it */
const char *boot_id(void); /* of that start */
int64_t lease_us(void);    /* how long a lease is */

/* ---- one attempt ---- */

enum job_end {
  JOB_UNDECIDED,
  JOB_DONE,
  JOB_FAILED,   /* cx says why */
  JOB_RELEASED, /* stopped by us: waits again, and the attempt does not count */
  JOB_TAKEN,    /* by somebody else: nothing is to be written */
  JOB_WRITTEN,  /* its outcome is in the file */
};

struct job {
  struct ctx cx; /* the unit of work */
  struct pool *pool;
  struct tenant *tenant;
  const struct job_kind *kind; /* NULL: this program does not know it */
  const char *kind_name, *queue, *payload_text, *item, *graph_task;
  struct jv *payload; /* read when it is asked for */
  int64_t id, fence, graph_run;
  int attempt, attempts_max;
  int64_t retry_ms; /* -1: the queue's backoff */
  bool has_window;
  struct job_window window;
  struct buf log, result;
  int64_t began; /* UTC microseconds */

  pthread_mutex_t lock; /* over the progress */
  int64_t done, total;
  char text[160];
  bool told;            /* there was any progress */
  double noticed, kept; /* when it was last told and stored */

  atomic_bool stopped; /* it is to end */
  atomic_bool heard;   /* and was told so: whatever it returns, it is not done */
  atomic_bool taken;   /* it is another's now, or nobody's */
  enum job_end end;
  const char *state; /* as the file has it once the outcome is written */
  int64_t ended;
  struct job *next;
};

void job_free(struct job *job);
/* Runs it; the outcome is in end and cx. */
void job_run(struct job *job);
void job_tell(struct job *job, const char *state); /* a notice */

/* ---- outcomes (outcome.c): inside tenant_write ---- */

int outcome_write(struct ctx *cx, struct db *db, struct job *job);
/* A job whose process is gone waits again, or is dead when it took too many processes with it. */
int outcome_lost(struct ctx *cx, struct db *db, int64_t id, const char *why);
/* Tells the graph that a job has ended; all of it is read from its row. */
int outcome_tell_graph(struct ctx *cx, struct db *db, int64_t id);
/* The attempt that runs is over. */
int outcome_cancelled(struct ctx *cx, struct db *db, int64_t id);
int note_act(struct ctx *cx, struct db *db, const char *event, int64_t id, struct str before,
             struct str after, const char *text);

#define ENGINE_AS_IT_IS INT64_MIN /* a `next`: what was said before holds */

/* ---- what is to be begun (queue.c) ---- */

struct claim {
  const char *dir;    /* of the data folder */
  const char *holder; /* who asks */
  struct tenant *tenant;
  int want;
  struct job *first, *last; /* what was claimed; the caller has them */
  int count;
};
/* Whether a claim would find something; *next: when there may be, UTC microseconds. Reads only. */
int queue_look(struct ctx *cx, struct db *db, const struct claim *c, bool *any, int64_t *next);
/* Inside tenant_write. */
int queue_claim(struct ctx *cx, struct db *db, struct claim *c);

/* ---- the jobs that a process has of a tenant (pool.c) ---- */

struct pool {
  struct tenant *tenant;
  const struct holder *holder;
  int workers;             /* threads that there are for jobs */
  atomic_int *busy;        /* of these that run a job now, of any tenant */
  void (*more)(void *arg); /* somebody else may look, too */
  void *arg;

  pthread_mutex_t lock;           /* over all below */
  struct job *ready, *ready_last; /* claimed, nobody runs it yet */
  struct job *running;
  struct job *ended, *ended_last; /* their outcomes are not in the file yet */
  int ready_count, running_count;
  bool flushing, look_again, closed;
  int64_t mean_us; /* how long jobs take, lately */
  int64_t tidied;  /* when old jobs were last looked for */
};
void pool_init(struct pool *p, struct tenant *t, const struct holder *h, int workers, atomic_int *busy);
/* The work of the part `jobs`. */
int pool_work(struct ctx *cx, struct pool *p, bool *did, int64_t *next);
bool pool_has_jobs(struct pool *p);
void pool_stop(struct pool *p);                 /* tells what runs to end, and begins nothing more */
int pool_renew(struct ctx *cx, struct pool *p); /* the leases of what it has */
int pool_check(struct ctx *cx, struct pool *p); /* which of the running ones were cancelled or lost */
int pool_give_back(struct ctx *cx,
                   struct pool *p); /* at the end: outcomes are written, the rest waits again */

/* ---- notices (notice.c) ---- */

enum { JOB_STATE_SIZE = 12 };
struct notice {
  int64_t id;
  const char *slug, *kind, *queue, *state, *cause, *text;
  int64_t done, total; /* total -1: no progress was told */
  int attempt;
};
void job_notice(const struct notice *n);

/* ---- what others do (news.c) ---- */

enum { NEWS_MOST = 64 };
struct news {
  int64_t last;               /* the newest job that was told of */
  int64_t running[NEWS_MOST]; /* by others, when last looked */
  int count;
  bool begun;
};
int news_tell(struct ctx *cx, struct news *n, struct tenant *t, const char *holder);

/* ---- what is shown (report.c) ---- */

/* "progress": three columns from this one on: done, total, text. */
void job_progress_json(struct jw *w, const struct stmt *s, int column);

/* ---- old jobs (tidy.c) ---- */

extern const struct job_kind job_tidy_kind;
void job_register_test_kinds(void);                         /* in test builds (test_kinds.c) */
int tidy_look(struct ctx *cx, struct db *db, bool *needed); /* whether there are any */
int tidy_order(struct ctx *cx, struct tenant *t);           /* the job that does it */

#endif
