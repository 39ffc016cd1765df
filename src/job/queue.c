/*
** queue.c - which jobs are to be begun next.
**
** Within a queue the highest priority goes first, then the oldest. Between queues it is
** start-time fair queueing (Goyal, Vin, Cheng 1996): a job of a queue of weight w takes 1/w of
** virtual time; each queue's next job has a start, the later of the queue's own and the common
** virtual time; the smallest start is begun, and is the common time from then on. So queues that
** have work share in proportion to their weights, and one that was idle has saved up nothing.
**
** A rate is a token bucket: rate_count jobs in rate_seconds, and not more than rate_count at
** a stroke. Its clock is the machine's since its start, which nobody can set.
**
** All of it stands in the tenant's file and is decided in the transaction that claims, so it
** holds for several processes together.
*/
#include <stdlib.h>

#include "job/internal.h"

enum { CLAIM_MOST = 256, LOOK_THROUGH = 10000, SUSPECT = 3 /* times lost */ };
static const int64_t VIRTUAL = 1000000; /* virtual time of a job of weight 1 */
static const int64_t TOKEN = 1000000;
static const int64_t OTHERS_US = 1000000; /* how often other processes' jobs are looked at */

bool queue_settings(struct ctx *cx, struct db *db, const char *queue, struct queue_settings *out) {
  *out = (struct queue_settings){ 1, 5, 1000, 300000, 0, 1, 0, 30, false, true };
  struct stmt *s = db_ask(cx, db, SQL_job_queue_settings, queue);
  if (!stmt_row(cx, s)) return false;
  *out = (struct queue_settings){ .weight = col_int(s, 0),
                                  .paused = col_int(s, 1),
                                  .attempts = col_int(s, 2),
                                  .backoff_ms = col_int(s, 3),
                                  .backoff_cap_ms = col_int(s, 4),
                                  .jitter = col_int(s, 5),
                                  .rate_count = col_int(s, 6),
                                  .rate_seconds = col_int(s, 7),
                                  .at_once = col_int(s, 8),
                                  .keep_days = col_int(s, 9) };
  stmt_done(s);
  return true;
}

/* ---- one queue that has something ready ---- */

struct lane {
  const char *queue;
  struct queue_settings set;
  int64_t pass, tokens;
  int64_t *ids; /* ready ones, in their order */
  int count, taken;
  int room; /* so many of them may begin */
  struct lane *next;
};

struct plan {
  struct lane *lanes;
  int64_t virtual_time;
  int64_t boot_now;
  int64_t token_at; /* by the machine's clock, when a bucket has one again; INT64_MAX */
};

/* How many more of a kind may begin; counted once per plan. */
struct quota {
  const struct job_kind *kind; /* NULL: of suspects, whatever their kind */
  int64_t left;
  struct quota *next;
};

static struct quota *find_quota(struct ctx *cx, struct db *db, struct quota **all,
                                const struct job_kind *kind) {
  struct quota *q = *all;
  while (q && q->kind != kind) q = q->next;
  if (q) return q;
  struct stmt *s = db_stmt(cx, db, kind ? SQL_job_running_of_kind : SQL_job_running_suspects);
  if (kind)
    stmt_text(s, 1, kind->name);
  else
    stmt_int(s, 1, SUSPECT);
  q = ctx_alloc(cx, sizeof *q);
  *q = (struct quota){ kind, kind ? kind->at_once : 1, *all };
  if (stmt_row(cx, s)) q->left -= col_int(s, 0), stmt_done(s);
  return *all = q;
}

struct candidate {
  int64_t id, lost;
  char kind[64];
};

/* Jobs that were lost several times are begun one by one: then the one that takes its process with it
** is found, and those that only ran beside it are done. */
static bool may_begin(struct ctx *cx, struct db *db, struct quota **all, const struct candidate *c) {
  const struct job_kind *kind = job_kind_find(c->kind);
  struct quota *suspects = c->lost >= SUSPECT ? find_quota(cx, db, all, NULL) : NULL;
  struct quota *of_kind = kind && kind->at_once ? find_quota(cx, db, all, kind) : NULL;
  if ((suspects && suspects->left <= 0) || (of_kind && of_kind->left <= 0)) return false;
  if (suspects) suspects->left--;
  if (of_kind) of_kind->left--;
  return true;
}

/* Tokens as of now, in millionths. */
static int64_t fill(const struct queue_settings *set, int64_t tokens, int64_t elapsed) {
  int64_t most = set->rate_count * TOKEN, full = set->rate_seconds * 1000000;
  if (elapsed >= full) return most;
  if (elapsed > 0) tokens += elapsed * set->rate_count / set->rate_seconds;
  return tokens < most ? tokens : most;
}

static void read_state(struct ctx *cx, struct db *db, struct plan *p, struct lane *lane) {
  lane->tokens = lane->set.rate_count * TOKEN;
  struct stmt *s = db_ask(cx, db, SQL_job_queue_state_get, lane->queue);
  if (!stmt_row(cx, s)) return;
  bool this_start = str_eq(col_str(s, 2), str_of(boot_id()));
  lane->pass = col_int(s, 0);
  lane->tokens = fill(&lane->set, col_int(s, 1), this_start ? p->boot_now - col_int(s, 3) : 0);
  stmt_done(s);
}

static int64_t running_in(struct ctx *cx, struct db *db, const char *queue) {
  return stmt_number(cx, db_ask(cx, db, SQL_job_running_in_queue, queue), 0);
}

static void set_room(struct ctx *cx, struct db *db, struct plan *p, struct lane *lane, int want) {
  int64_t room = lane->set.paused ? 0 : want;
  if (room && lane->set.at_once) {
    int64_t left = lane->set.at_once - running_in(cx, db, lane->queue);
    if (left < room) room = left > 0 ? left : 0;
  }
  if (room && lane->set.rate_count && lane->tokens / TOKEN < room) {
    room = lane->tokens / TOKEN;
    int64_t wait = (TOKEN - lane->tokens % TOKEN) * lane->set.rate_seconds / lane->set.rate_count + 1;
    if (p->boot_now + wait < p->token_at) p->token_at = p->boot_now + wait;
  }
  lane->room = (int)room;
}

/* Jobs of a kind that is full are passed over, but not for ever: a claim takes a bounded time. */
static void read_ready(struct ctx *cx, struct db *db, struct lane *lane, struct quota **quotas) {
  struct candidate c;
  struct stmt *s = db_stmt(cx, db, SQL_job_ready);
  lane->ids = ctx_alloc(cx, (size_t)lane->room * sizeof *lane->ids);
  stmt_bind(s, lane->queue, LOOK_THROUGH);
  while (lane->count < lane->room && stmt_row(cx, s)) {
    c.id = col_int(s, 0);
    c.lost = col_int(s, 2);
    str_copy(c.kind, sizeof c.kind, col_str(s, 1));
    if (may_begin(cx, db, quotas, &c)) lane->ids[lane->count++] = c.id;
  }
  if (s) stmt_done(s);
}

static const char *next_queue(struct ctx *cx, struct db *db, const char *after) {
  struct stmt *s = db_ask(cx, db, SQL_job_next_queue, after);
  if (!stmt_row(cx, s)) return NULL;
  char *name = col_dup(cx, s, 0);
  stmt_done(s);
  return name;
}

static int read_plan(struct ctx *cx, struct db *db, int want, struct plan *p) {
  struct quota *quotas = NULL;
  struct lane **end = &p->lanes, clock = { .queue = "" };
  p->boot_now = boot_clock();
  p->token_at = INT64_MAX;
  read_state(cx, db, p, &clock);
  p->virtual_time = clock.pass;
  for (const char *q = next_queue(cx, db, ""); q; q = next_queue(cx, db, q)) {
    struct lane *lane = ctx_alloc(cx, sizeof *lane);
    lane->queue = q;
    queue_settings(cx, db, q, &lane->set);
    read_state(cx, db, p, lane);
    set_room(cx, db, p, lane, want);
    if (lane->room) read_ready(cx, db, lane, &quotas);
    *end = lane;
    end = &lane->next;
  }
  return cx->code;
}

static int64_t start_of(const struct plan *p, const struct lane *lane) {
  return lane->pass > p->virtual_time ? lane->pass : p->virtual_time;
}

/* The lane whose turn it is; NULL when none has anything. */
static struct lane *pick(struct plan *p) {
  struct lane *best = NULL;
  for (struct lane *l = p->lanes; l; l = l->next)
    if (l->taken < l->count && (!best || start_of(p, l) < start_of(p, best))) best = l;
  if (!best) return NULL;
  p->virtual_time = start_of(p, best);
  best->pass = p->virtual_time + VIRTUAL / best->set.weight;
  best->tokens -= best->set.rate_count ? TOKEN : 0;
  best->taken++;
  return best;
}

/* ---- looking ---- */

static int64_t first(struct ctx *cx, struct db *db, enum sql_id id, const char *arg) {
  struct stmt *s = db_stmt(cx, db, id);
  if (arg) stmt_text(s, 1, arg);
  int64_t at = stmt_row(cx, s) ? col_int(s, 0) : INT64_MAX;
  if (s) stmt_done(s);
  return at;
}

struct orphan {
  int64_t id;
  const char *why;
  struct orphan *next;
};

/* Running jobs whose process is gone or stands still. *others: somebody else works here. */
static struct orphan *orphans(struct ctx *cx, struct db *db, const struct claim *c, bool *others) {
  struct orphan *list = NULL;
  const char *asked = "";
  bool lives = true;
  struct stmt *s = db_ask(cx, db, SQL_job_running_others, c->holder);
  *others = false;
  while (stmt_row(cx, s)) {
    const char *worker = ctx_strdup(cx, col_str(s, 1));
    bool started_again = !str_eq(col_str(s, 2), str_of(boot_id()));
    bool expired = !started_again && col_int(s, 3) < boot_clock();
    if (strcmp(worker, asked) != 0) lives = holder_lives(c->dir, worker), asked = worker;
    *others = true;
    if (lives && !expired && !started_again) continue;
    struct orphan *o = ctx_alloc(cx, sizeof *o);
    *o = (struct orphan){ col_int(s, 0),
                          started_again ? "the machine was started again"
                          : !lives      ? "the process that worked on it ended"
                                        : "the process that worked on it stood still longer than its lease",
                          list };
    list = o;
  }
  return list;
}

static void earlier(int64_t *next, int64_t at) {
  if (at < *next) *next = at;
}

int queue_look(struct ctx *cx, struct db *db, const struct claim *c, bool *any, int64_t *next) {
  struct plan p = { 0 };
  bool others;
  int64_t now = time_now(), boot_now = boot_clock();
  *next = INT64_MAX;
  *any = orphans(cx, db, c, &others) != NULL;
  if (others) *next = now + OTHERS_US;
  int64_t due = first(cx, db, SQL_job_first_due, NULL);
  int64_t due_boot = first(cx, db, SQL_job_first_due_boot, boot_id());
  if (due <= now || due_boot <= boot_now) *any = true;
  earlier(next, due);
  if (due_boot < INT64_MAX) earlier(next, now + due_boot - boot_now);
  if (*any || read_plan(cx, db, 1, &p)) return cx->code;
  *any = pick(&p) != NULL;
  if (p.token_at < INT64_MAX) earlier(next, now + p.token_at - p.boot_now);
  return cx->code;
}

/* ---- claiming ---- */

/* What waited for its time and is due is ready now. */
static int promote(struct ctx *cx, struct db *db) {
  int64_t now = time_now(), boot_now = boot_clock();
  if (first(cx, db, SQL_job_first_due, NULL) <= now) {
    db_act(cx, db, SQL_job_promote, now);
  }
  if (first(cx, db, SQL_job_first_due_boot, boot_id()) <= boot_now) {
    db_act(cx, db, SQL_job_promote_boot, boot_now, boot_id());
  }
  return cx->code;
}

static int mark_claimed(struct ctx *cx, struct db *db, const struct claim *c, int64_t id, int64_t now) {
  return db_act(cx, db, SQL_job_claim, id, c->holder, boot_id(), boot_clock() + lease_us(), now);
}

static struct job *job_from(struct ctx *cx, struct db *db, const struct claim *c, int64_t id, int64_t now) {
  struct stmt *s = db_ask(cx, db, SQL_job_to_claim, id);
  if (!stmt_row(cx, s)) return NULL;
  struct job *job = xcalloc(1, sizeof *job);
  ctx_begin(&job->cx, "job");
  job->tenant = c->tenant;
  job->id = id;
  job->kind_name = col_dup(&job->cx, s, 0);
  job->kind = job_kind_find(job->kind_name);
  job->queue = col_dup(&job->cx, s, 1);
  job->fence = col_int(s, 2);
  job->attempt = (int)col_int(s, 3);
  job->attempts_max = (int)col_int(s, 4);
  job->payload_text = col_dup(&job->cx, s, 5);
  job->graph_run = col_int(s, 6);
  job->graph_task = col_dup(&job->cx, s, 7);
  job->item = col_dup(&job->cx, s, 8);
  job->has_window = !col_null(s, 9);
  job->window = (struct job_window){ col_int(s, 9), col_int(s, 10), col_int(s, 11) };
  job->retry_ms = col_null(s, 12) ? -1 : col_int(s, 12);
  job->began = now;
  job->total = -1;
  buf_init(&job->log, LIMIT_JOB_LOG);
  buf_init(&job->result, LIMIT_JOB_RESULT);
  pthread_mutex_init(&job->lock, NULL);
  stmt_done(s);
  if (!mark_claimed(cx, db, c, id, now)) return job;
  job_free(job);
  return NULL;
}

/* An upsert or a RETURNING would copy whole pages aside before it begins. */
static int keep_state(struct ctx *cx, struct db *db, const struct plan *p, const char *queue, int64_t pass,
                      int64_t tokens) {
  static const enum sql_id statements[] = { SQL_job_queue_state_put, SQL_job_queue_state_add };
  for (int i = 0; i < 2; i++) {
    if (db_act(cx, db, statements[i], queue, pass, tokens, boot_id(), p->boot_now) || db_changes(db) > 0)
      return cx->code;
  }
  return OK;
}

static int keep_plan(struct ctx *cx, struct db *db, const struct plan *p) {
  for (const struct lane *l = p->lanes; l && !cx->code; l = l->next)
    if (l->taken) keep_state(cx, db, p, l->queue, l->pass, l->tokens);
  return cx->code ? (int)cx->code : keep_state(cx, db, p, "", p->virtual_time, 0);
}

int queue_claim(struct ctx *cx, struct db *db, struct claim *c) {
  struct plan p = { 0 };
  struct lane *lane;
  bool others;
  if (c->want > CLAIM_MOST) c->want = CLAIM_MOST;
  for (struct orphan *o = orphans(cx, db, c, &others); o; o = o->next)
    if (outcome_lost(cx, db, o->id, o->why)) return cx->code;
  if (promote(cx, db) || read_plan(cx, db, c->want, &p)) return cx->code;
  int64_t now = time_now();
  while (c->count < c->want && (lane = pick(&p))) {
    struct job *job = job_from(cx, db, c, lane->ids[lane->taken - 1], now);
    if (!job) return cx->code;
    if (c->last)
      c->last->next = job;
    else
      c->first = job;
    c->last = job;
    c->count++;
  }
  return c->count ? keep_plan(cx, db, &p) : OK;
}
