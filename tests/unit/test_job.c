/* Jobs: orders, whose turn it is, leases and fences, attempts, what people do. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "job/internal.h"
#include "store/db.h"
#include "store/tenant.h"
#include "unit.h"

static struct store *store;

static int ok_run(struct ctx *cx, struct job *job) {
  (void)job;
  return cx->code;
}
static int64_t ran;
static int count_run(struct ctx *cx, struct job *job) {
  (void)job;
  __atomic_fetch_add(&ran, 1, __ATOMIC_SEQ_CST);
  return cx->code;
}
static const struct job_kind kinds[] = {
  { .name = "ok", .queue = "default", .help = "ok", .run = ok_run },
  { .name = "count", .queue = "default", .help = "counts", .run = count_run },
  { .name = "pair", .queue = "default", .help = "two at once", .run = ok_run, .at_once = 2 },
  { .name = "bulk", .queue = "bulk-upload", .help = "bulk", .run = ok_run },
};

static struct tenant *opened(struct ctx *cx) {
  static char dir[PATH_MAX];
  struct tenant *t = NULL;
  snprintf(dir, sizeof dir, "%s/data", unit_dir());
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (!job_kind_find(kinds[i].name)) job_kind_register(&kinds[i]);
  ctx_begin(cx, "test");
  if (store_init(cx, dir) || store_open(cx, dir, &store) || tenant_add(cx, store, "demo", "Demo") ||
      tenant_open(cx, store, "demo", &t))
    printf("%s\n", cx->message);
  CHECK_INT(cx->code, OK);
  return t;
}

/* ---- shorthand ---- */

struct ordered {
  struct job_order o;
  int64_t id;
};
static int order_write(struct ctx *cx, struct db *db, void *arg) {
  struct ordered *o = arg;
  return job_enqueue(cx, db, &o->o, &o->id);
}
static int64_t order(struct tenant *t, struct job_order o) {
  struct ctx cx;
  struct ordered a = { o, 0 };
  ctx_begin(&cx, "test");
  tenant_write(&cx, t, order_write, &a);
  ctx_end(&cx);
  return cx.code ? -(int64_t)cx.code : a.id;
}

static int sql_write(struct ctx *cx, struct db *db, void *arg) { return stmt_run(cx, db_once(cx, db, arg)); }
static void sql(struct tenant *t, const char *text) {
  struct ctx cx;
  ctx_begin(&cx, "test");
  if (!CHECK_INT(tenant_write(&cx, t, sql_write, (void *)(uintptr_t)text), OK)) printf("%s\n", cx.message);
  ctx_end(&cx);
}
static int64_t ask(struct tenant *t, const char *text) {
  struct ctx cx;
  struct db *db;
  int64_t v = -1;
  ctx_begin(&cx, "test");
  if (!tenant_read(&cx, t, &db)) {
    struct stmt *s = db_once(&cx, db, text);
    if (stmt_row(&cx, s)) v = col_int(s, 0);
  }
  if (cx.code) printf("%s\n", cx.message);
  ctx_end(&cx);
  return v;
}

static int claim_write(struct ctx *cx, struct db *db, void *arg) { return queue_claim(cx, db, arg); }
/* Claims as `holder`, which lives only if it was opened. */
static struct claim claim(struct tenant *t, const char *holder, int want) {
  struct ctx cx;
  struct claim c = { .dir = store_dir(store), .holder = holder, .tenant = t, .want = want };
  ctx_begin(&cx, "test");
  if (!CHECK_INT(tenant_write(&cx, t, claim_write, &c), OK)) printf("%s\n", cx.message);
  ctx_end(&cx);
  return c;
}
static void free_claim(struct claim *c) {
  for (struct job *j = c->first, *next; j; j = next) {
    next = j->next;
    job_free(j);
  }
}
static int outcome(struct ctx *cx, struct db *db, void *arg) {
  struct job *job = arg;
  return job_held(cx, db, job) ? (int)cx->code : outcome_write(cx, db, job);
}
/* Ends an attempt as if `run` had returned this. */
static int finish(struct tenant *t, struct job *job, enum err code, const char *why) {
  struct ctx cx;
  if (code) fail(&job->cx, code, NULL, "%s", why);
  job->end = code ? JOB_FAILED : JOB_DONE;
  job->ended = time_now();
  ctx_begin(&cx, "test");
  tenant_write(&cx, t, outcome, job);
  ctx_end(&cx);
  return cx.code;
}

static struct holder holder;
static void hold(struct ctx *cx) { CHECK_INT(holder_open(cx, store_dir(store), &holder), OK); }

/* ---- orders ---- */

UNIT(job_orders, "an order names a kind and a queue that there are, and a JSON object") {
  struct ctx cx;
  struct tenant *t = opened(&cx);
  if (!t) return;
  CHECK_INT(order(t, (struct job_order){ .kind = "nope" }), -E_INVALID);
  CHECK_INT(order(t, (struct job_order){ .kind = "ok", .queue = "nope" }), -E_INVALID);
  CHECK_INT(order(t, (struct job_order){ .kind = "ok", .payload = STR("[1]") }), -E_INVALID);
  CHECK_INT(order(t, (struct job_order){ .kind = "ok", .payload = STR("{") }), -E_INVALID);
  CHECK_INT(order(t, (struct job_order){ .kind = "ok", .attempts = 101 }), -E_INVALID);
  CHECK_INT(order(t, (struct job_order){ .kind = "ok" }), 1);
  CHECK_INT(
      ask(t, "SELECT count(*) FROM job WHERE attempts_max = 5 AND payload = '{}' AND queue = 'default'"), 1);
  CHECK_INT(order(t, (struct job_order){ .kind = "bulk", .payload = STR("{\"a\":1.50}") }), 2);
  CHECK_INT(ask(t, "SELECT count(*) FROM job WHERE attempts_max = 3 AND payload = '{\"a\":1.50}'"), 1);
  ctx_end(&cx);
}

UNIT(job_unique, "while a job of a key waits or runs there is no second one; afterwards there is") {
  struct ctx cx;
  struct tenant *t = opened(&cx);
  if (!t) return;
  hold(&cx);
  CHECK_INT(order(t, (struct job_order){ .kind = "ok", .unique = "a" }), 1);
  CHECK_INT(order(t, (struct job_order){ .kind = "ok", .unique = "a" }), 1);
  CHECK_INT(order(t, (struct job_order){ .kind = "ok", .unique = "b" }), 2);
  CHECK_INT(order(t, (struct job_order){ .kind = "pair", .unique = "a" }), 3);
  struct claim c = claim(t, holder.name, 1);
  CHECK_INT(c.first->id, 1);
  CHECK_INT(order(t, (struct job_order){ .kind = "ok", .unique = "a" }), 1);
  CHECK_INT(finish(t, c.first, OK, ""), OK);
  CHECK_INT(order(t, (struct job_order){ .kind = "ok", .unique = "a" }), 4);
  free_claim(&c);
  holder_close(&holder);
  ctx_end(&cx);
}

/* ---- whose turn it is ---- */

UNIT(job_priority, "within a queue the highest priority goes first, then the oldest; what is not due waits") {
  struct ctx cx;
  struct tenant *t = opened(&cx);
  if (!t) return;
  hold(&cx);
  order(t, (struct job_order){ .kind = "ok", .priority = 1 });
  order(t, (struct job_order){ .kind = "ok", .priority = 5 });
  order(t, (struct job_order){ .kind = "ok", .priority = -1 });
  order(t, (struct job_order){ .kind = "ok", .priority = 5 });
  order(t, (struct job_order){ .kind = "ok", .priority = 9, .due = time_now() + 3600000000 });
  static const int64_t want[] = { 2, 4, 1, 3 };
  struct claim c = claim(t, holder.name, 10);
  int n = 0;
  for (struct job *j = c.first; j && n < 4; j = j->next) CHECK_INT(j->id, want[n++]);
  CHECK_INT(c.count, 4);
  free_claim(&c);
  sql(t, "UPDATE job SET due_at = 1 WHERE id = 5");
  c = claim(t, holder.name, 10);
  CHECK_INT(c.count, 1);
  free_claim(&c);
  holder_close(&holder);
  ctx_end(&cx);
}

static int of_queue(const struct claim *c, const char *queue, int first) {
  int n = 0, seen = 0;
  for (struct job *j = c->first; j && seen < first; j = j->next, seen++) n += strcmp(j->queue, queue) == 0;
  return n;
}

UNIT(job_fair,
     "queues that have work share by their weights at every moment, and an idle one saves up nothing") {
  struct ctx cx;
  struct tenant *t = opened(&cx);
  if (!t) return;
  hold(&cx);
  sql(t, "UPDATE job_queue SET weight = 3, updated_at = 1 WHERE name = 'rfq-queue'");
  sql(t, "UPDATE job_queue SET at_once = 0, weight = CASE name WHEN 'rfq-queue' THEN 3 ELSE 1 END, "
         "updated_at = 2");
  for (int i = 0; i < 100; i++) order(t, (struct job_order){ .kind = "ok", .queue = "email-queue" });
  struct claim c = claim(t, holder.name, 40); /* alone, it gets everything */
  CHECK_INT(c.count, 40);
  free_claim(&c);
  for (int i = 0; i < 100; i++) order(t, (struct job_order){ .kind = "ok", .queue = "rfq-queue" });
  for (int i = 0; i < 100; i++) order(t, (struct job_order){ .kind = "ok", .queue = "trial-queue" });
  c = claim(t, holder.name, 50); /* 3 : 1 : 1 from now on, not first a catching up of 40 */
  CHECK_INT(c.count, 50);
  for (int first = 5; first <= 50; first += 5) {
    CHECK(abs(of_queue(&c, "rfq-queue", first) - first * 3 / 5) <= 2);
    CHECK(abs(of_queue(&c, "email-queue", first) - first / 5) <= 1);
    CHECK(abs(of_queue(&c, "trial-queue", first) - first / 5) <= 1);
  }
  free_claim(&c);
  holder_close(&holder);
  ctx_end(&cx);
}

UNIT(job_limits,
     "no more of a queue or kind than may run at once, none of a paused queue, no more than the rate") {
  struct ctx cx;
  struct tenant *t = opened(&cx);
  if (!t) return;
  hold(&cx);
  sql(t, "UPDATE job_queue SET at_once = 3, updated_at = 1 WHERE name = 'email-queue'");
  sql(t, "UPDATE job_queue SET paused = 1, updated_at = 1 WHERE name = 'rfq-queue'");
  sql(t, "UPDATE job_queue SET rate_count = 5, rate_seconds = 1, updated_at = 1 WHERE name = 'bulk-upload'");
  for (int i = 0; i < 10; i++) {
    order(t, (struct job_order){ .kind = "ok", .queue = "email-queue" });
    order(t, (struct job_order){ .kind = "ok", .queue = "rfq-queue" });
    order(t, (struct job_order){ .kind = "pair" });
    order(t, (struct job_order){ .kind = "bulk" });
  }
  order(t, (struct job_order){ .kind = "ok" }); /* behind those that may not run */
  double began = time_seconds();
  struct claim c = claim(t, holder.name, 100);
  CHECK_INT(of_queue(&c, "email-queue", 100), 3);
  CHECK_INT(of_queue(&c, "rfq-queue", 100), 0);
  CHECK_INT(of_queue(&c, "default", 100), 3);
  CHECK_INT(of_queue(&c, "bulk-upload", 100), 5);
  for (struct job *j = c.first; j; j = j->next)
    if (strcmp(j->queue, "email-queue") == 0) finish(t, j, OK, "");
  free_claim(&c);
  c = claim(t, holder.name, 100);
  CHECK_INT(of_queue(&c, "email-queue", 100), 3);
  int more = of_queue(&c, "bulk-upload", 100);
  CHECK(more <= (time_seconds() - began) * 5);
  free_claim(&c);
  int64_t next;
  bool any = true;
  struct db *db;
  CHECK_INT(tenant_read(&cx, t, &db), OK);
  CHECK_INT(
      queue_look(&cx, db, &(struct claim){ .dir = store_dir(store), .holder = holder.name }, &any, &next),
      OK);
  CHECK(!any);
  CHECK(next > time_now() - 1000 && next < time_now() + 220000); /* a fifth of a second for a token */
  while (more < 5 && time_seconds() - began < 5) {
    usleep(20000);
    c = claim(t, holder.name, 100);
    more += of_queue(&c, "bulk-upload", 100);
    free_claim(&c);
  }
  double took = time_seconds() - began;
  CHECK_INT(more, 5);
  CHECK(took >= 0.99 && took < 1.5); /* five tokens at five a second, the bucket was empty */
  holder_close(&holder);
  ctx_end(&cx);
}

/* ---- attempts ---- */

UNIT(job_backoff,
     "bulk-upload: 2 s, 4 s, dead; elsewhere full jitter below a cap; wrong data is dead at once") {
  struct ctx cx;
  struct tenant *t = opened(&cx);
  if (!t) return;
  hold(&cx);
  order(t, (struct job_order){ .kind = "bulk" });
  static const int64_t delays[] = { 2000000, 4000000 };
  for (int i = 0; i < 3; i++) {
    struct claim c = claim(t, holder.name, 1);
    if (!CHECK_INT(c.count, 1)) return;
    CHECK_INT(c.first->attempt, i + 1);
    CHECK_INT(finish(t, c.first, E_FAIL, "sick"), OK);
    if (i < 2)
      CHECK_INT(ask(t, "SELECT due_at - ended_at FROM job WHERE state = 'waiting' AND delayed"), delays[i]);
    CHECK_INT(claim(t, holder.name, 1).count, 0);
    sql(t, "UPDATE job SET due_at = 1 WHERE delayed");
    free_claim(&c);
  }
  CHECK_INT(ask(t, "SELECT count(*) FROM job WHERE state = 'dead' AND cause = 'sick' AND attempts = 3"), 1);
  CHECK_INT(ask(t, "SELECT count(*) FROM job_try WHERE outcome = 'failed' AND cause = 'sick'"), 3);
  CHECK_INT(ask(t, "SELECT count(*) FROM change_log WHERE event = 'JOB_DEAD' AND key = '1'"), 1);

  sql(t,
      "UPDATE job_queue SET backoff_ms = 1000, backoff_cap_ms = 1500, updated_at = 1 WHERE name = 'default'");
  int64_t least = INT64_MAX, most = 0;
  for (int i = 0; i < 40; i++) order(t, (struct job_order){ .kind = "ok" });
  struct claim c = claim(t, holder.name, 100);
  for (struct job *j = c.first; j; j = j->next) {
    j->attempt = 3; /* 4 s without the cap */
    finish(t, j, E_BUSY, "busy");
  }
  least = ask(t, "SELECT min(due_at - ended_at) FROM job WHERE queue = 'default'");
  most = ask(t, "SELECT max(due_at - ended_at) FROM job WHERE queue = 'default'");
  CHECK(least < 500000 && most > 1000000 && most <= 1500000);
  free_claim(&c);

  order(t, (struct job_order){ .kind = "ok", .priority = 9 });
  c = claim(t, holder.name, 1);
  finish(t, c.first, E_INVALID, "wrong");
  CHECK_INT(ask(t, "SELECT count(*) FROM job WHERE state = 'dead' AND cause = 'wrong' AND attempts = 1"), 1);
  free_claim(&c);
  holder_close(&holder);
  ctx_end(&cx);
}

/* ---- leases and fences ---- */

UNIT(job_fence, "an attempt whose lease ran out cannot commit when another one has the job") {
  struct ctx cx;
  struct tenant *t = opened(&cx);
  struct holder other;
  if (!t) return;
  hold(&cx);
  CHECK_INT(holder_open(&cx, store_dir(store), &other), OK);
  order(t, (struct job_order){ .kind = "ok" });
  struct claim first = claim(t, holder.name, 1);
  CHECK_INT(first.count, 1);
  CHECK_INT(claim(t, other.name, 1).count, 0); /* it lives, and its lease runs */
  sql(t, "UPDATE job SET lease_until = 0");
  struct claim second = claim(t, other.name, 1);
  CHECK_INT(second.count, 1);
  CHECK_INT(second.first->fence, first.first->fence + 1);
  CHECK_INT(second.first->attempt, 1); /* what was lost was no attempt */
  CHECK_INT(finish(t, first.first, OK, ""), E_CONFLICT);
  CHECK(atomic_load(&first.first->stopped));
  CHECK_INT(ask(t, "SELECT count(*) FROM job WHERE state = 'running'"), 1);
  CHECK_INT(finish(t, second.first, OK, ""), OK);
  CHECK_INT(ask(t, "SELECT count(*) FROM job WHERE state = 'done' AND fence = 2"), 1);
  CHECK_INT(ask(t, "SELECT count(*) FROM job_try WHERE outcome = 'lost'"), 1);
  free_claim(&first);
  free_claim(&second);
  holder_close(&other);
  holder_close(&holder);
  ctx_end(&cx);
}

UNIT(job_lost, "the jobs of a process that ended are taken at once; one that ends ten of them is dead") {
  struct ctx cx;
  struct tenant *t = opened(&cx);
  if (!t) return;
  order(t, (struct job_order){ .kind = "ok" });
  for (int i = 0; i < 10; i++) {
    hold(&cx);
    struct claim c = claim(t, holder.name, 1);
    if (!CHECK_INT(c.count, 1)) printf("at %d\n", i);
    if (i == 4)
      sql(t, "UPDATE job SET boot = 'another', lease_until = 9e18"); /* the machine was started again */
    free_claim(&c);
    holder_close(&holder);
  }
  hold(&cx);
  CHECK_INT(claim(t, holder.name, 1).count, 0);
  CHECK_INT(ask(t, "SELECT count(*) FROM job WHERE state = 'dead' AND lost = 9 AND attempts = 1"), 1);
  CHECK_INT(ask(t, "SELECT count(*) FROM job_try WHERE outcome = 'lost'"), 10);
  holder_close(&holder);
  ctx_end(&cx);
}

/* ---- steps ---- */

static int note(struct ctx *cx, struct db *db, void *arg) {
  struct stmt *s = db_once(
      cx, db, "INSERT INTO job_try VALUES (?1, (SELECT count(*) FROM job_try), 1, 1, '', 'done', NULL, '')");
  stmt_int(s, 1, *(int64_t *)arg);
  return stmt_run(cx, s);
}

UNIT(job_steps, "a step happens once over several attempts, and not at all when the job was cancelled") {
  struct ctx cx;
  struct tenant *t = opened(&cx);
  int64_t mark = 77;
  if (!t) return;
  hold(&cx);
  order(t, (struct job_order){ .kind = "ok" });
  struct claim c = claim(t, holder.name, 1);
  CHECK_INT(job_step(&c.first->cx, c.first, "one", note, &mark), OK);
  CHECK_INT(job_step(&c.first->cx, c.first, "one", note, &mark), OK);
  CHECK(job_step_done(&c.first->cx, c.first, "one"));
  CHECK(!job_step_done(&c.first->cx, c.first, "two"));
  finish(t, c.first, E_FAIL, "sick");
  free_claim(&c);
  sql(t, "UPDATE job SET due_at = 1");
  c = claim(t, holder.name, 1);
  CHECK_INT(job_step(&c.first->cx, c.first, "one", note, &mark), OK);
  CHECK_INT(job_step(&c.first->cx, c.first, "two", note, &mark), OK);
  CHECK_INT(ask(t, "SELECT count(*) FROM job_try WHERE job = 77"), 2);
  struct ctx other;
  ctx_begin(&other, "test");
  sql(t, "UPDATE job SET state = 'cancelled', fence = fence + 1");
  CHECK_INT(job_step(&other, c.first, "three", note, &mark), E_CONFLICT);
  ctx_end(&other);
  ctx_begin(&other, "test");
  CHECK_INT(job_finish(&other, c.first, note, &mark), E_CONFLICT);
  ctx_end(&other);
  CHECK_INT(ask(t, "SELECT count(*) FROM job_try WHERE job = 77"), 2);
  free_claim(&c);
  holder_close(&holder);
  ctx_end(&cx);
}

/* ---- the end of a graph's task ---- */

static int ended_count;
static enum err ended_code;
static char ended_state[16];
static int on_ended(struct ctx *cx, struct db *db, const struct job_ended *job) {
  ended_count++;
  str_copy(ended_state, sizeof ended_state, str_of(job->state));
  if (ended_code && strcmp(job->state, "done") == 0) return fail(cx, ended_code, NULL, "not so");
  return stmt_run(cx, db_once(cx, db, "INSERT INTO job_step VALUES (0, 'told', 1)"));
}

static struct pool pool;
static atomic_int busy;
static void work_off(struct tenant *t) {
  for (int i = 0; i < 20; i++) {
    struct ctx cx;
    bool did = false;
    int64_t next;
    ctx_begin(&cx, "test");
    pool_work(&cx, &pool, &did, &next);
    ctx_end(&cx);
    if (!did) break;
  }
  (void)t;
}

UNIT(job_graph,
     "the end of a graph's task is told in the same transaction; one that is refused is dead of it") {
  struct ctx cx;
  struct tenant *t = opened(&cx);
  if (!t) return;
  hold(&cx);
  job_set_ended_hook(on_ended);
  pool_init(&pool, t, &holder, 4, &busy);
  struct job_window w = { 5, 6, true };
  order(t, (struct job_order){ .kind = "ok", .graph_run = 4, .graph_task = "a", .window = &w, .item = "x" });
  order(t, (struct job_order){ .kind = "ok" });
  work_off(t);
  CHECK_INT(ended_count, 1);
  CHECK_STR((const char *)ended_state, "done");
  CHECK_INT(ask(t, "SELECT count(*) FROM job WHERE state = 'done'"), 2);
  sql(t, "DELETE FROM job_step");
  ended_code = E_INVALID;
  order(t, (struct job_order){ .kind = "ok", .graph_run = 4, .graph_task = "b" });
  order(t, (struct job_order){ .kind = "ok" });
  work_off(t);
  CHECK_STR((const char *)ended_state, "dead");
  CHECK_INT(ask(t, "SELECT count(*) FROM job WHERE state = 'done'"), 3);
  CHECK_INT(ask(t, "SELECT count(*) FROM job WHERE state = 'dead' AND cause = 'not so'"), 1);
  CHECK(!pool_has_jobs(&pool));
  holder_close(&holder);
  ctx_end(&cx);
}

/* ---- the engine ---- */

static bool enough(struct ctx *cx, struct tenant *t, void *arg) {
  (void)cx, (void)t;
  return __atomic_load_n(&ran, __ATOMIC_SEQ_CST) >= *(int64_t *)arg;
}

static void *order_some(void *arg) {
  for (int i = 0; i < 50; i++) order(arg, (struct job_order){ .kind = "count" });
  return NULL;
}

UNIT(job_engine, "every job that several threads order is run once, without anybody waiting for a poll") {
  struct ctx cx;
  struct tenant *t = opened(&cx);
  int64_t all = 200;
  pthread_t threads[4];
  if (!t) return;
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, order_some, t);
  double began = time_seconds();
  CHECK_INT(engine_run_until(&cx, t, enough, &all), OK);
  CHECK(time_seconds() - began < 30);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  CHECK_INT(engine_run_idle(&cx, t), OK);
  CHECK_INT(__atomic_load_n(&ran, __ATOMIC_SEQ_CST), 200);
  CHECK_INT(ask(t, "SELECT count(*) FROM job WHERE state = 'done' AND fence = 1"), 200);
  ctx_end(&cx);
}

/* A part that never finds anything to do: how often it looked, and how many commits it saw when it looked last. */
enum { COMMITS = 1000 };
static atomic_llong looks, seen;
static int look(struct ctx *cx, struct tenant *t, bool *did, int64_t *next) {
  (void)did, (void)next;
  looks++;
  seen = ask(t, "SELECT count(*) FROM job");
  return cx->code;
}
static const struct engine_part looker = { .name = "looker", .at_once = 1, .work = look };

static void *commit_many(void *arg) {
  for (int i = 0; i < COMMITS; i++) order(arg, (struct job_order){ .kind = "ok", .due = INT64_MAX / 2 });
  return NULL;
}

static bool saw_all(struct ctx *cx, struct tenant *t, void *began) {
  (void)cx, (void)t;
  return seen == COMMITS || time_seconds() - *(double *)began > 60;
}

UNIT(job_engine_rests, "a part that finds nothing to do does not look after each commit") {
  struct ctx cx;
  struct tenant *t = opened(&cx);
  pthread_t thread;
  if (!t) return;
  engine_part_register(&looker);
  double began = time_seconds();
  pthread_create(&thread, NULL, commit_many, t);
  CHECK_INT(engine_run_until(&cx, t, saw_all, &began), OK);
  double seconds = time_seconds() - began;
  pthread_join(thread, NULL);
  CHECK_INT(seen, COMMITS);
  CHECK(looks > 17);
  /* 17 without a rest, then one in 10 ms, and one more where a commit came while it looked, and what the clock looks at. */
  CHECK((double)looks <= 20 + 250 * seconds);
  ctx_end(&cx);
}
