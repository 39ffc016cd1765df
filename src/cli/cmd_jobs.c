/* cmd_jobs.c - jobs: what waits, runs, is done or dead, and what to do about it. */
#include "cli/cli.h"
#include "job/engine.h"
#include "job/job.h"

static int id_asked(struct ctx *cx, const struct cli *c, int64_t *id) {
  if (str_to_int(str_of(c->operand[0]), id) && *id > 0) return OK;
  return cli_usage(cx, "a job is named by its number, such as 12, not '%s'", c->operand[0]);
}

static int print_job(struct ctx *cx, struct cli *c, struct tenant *t, int64_t id) {
  struct db *db;
  if (tenant_read(cx, t, &db) || job_show(cx, db, id, &c->json, NULL)) return cx->code;
  return cli_print_json(cx, &c->out);
}

int cmd_jobs_list(struct ctx *cx, struct cli *c) {
  static const struct cli_column columns[] = {
    { "id", "id", 6 },
    { "state", "state", -9 },
    { "kind", "kind", -24 },
    { "attempts", "tries", 5 },
    { "created_at", "since (UTC)", -19 },
    { "cause", "cause", 0 },
    { 0 },
  };
  struct job_filter f = { .state = cli_get(c, "state"),
                          .queue = cli_get(c, "queue"),
                          .kind = cli_get(c, "kind") };
  int64_t total, next;
  struct db *db;
  if (cli_int(cx, c, "limit", 100, 1, 10000, &f.limit) || cli_read(cx, c, &db) ||
      job_list(cx, db, &f, &c->json, NULL, &total, &next))
    return cx->code;
  return cli_print_list(cx, c, columns, "there are no such jobs");
}

int cmd_jobs_show(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  int64_t id;
  if (id_asked(cx, c, &id) || cli_tenant(cx, c, &t)) return cx->code;
  return print_job(cx, c, t, id);
}

/* ---- acts ---- */

struct act {
  struct job_order order; /* of an add */
  int64_t id, count;
  const char *queue;
  struct str payload;
  int (*act)(struct ctx *cx, struct db *db, int64_t id);
};

static int add(struct ctx *cx, struct db *db, void *arg) {
  struct act *a = arg;
  return job_kind_allowed(cx, a->order.kind) ? (int)cx->code : job_enqueue(cx, db, &a->order, &a->id);
}

int cmd_jobs_add(struct ctx *cx, struct cli *c) {
  struct act a = { .order = { .kind = c->operand[0],
                              .queue = cli_get(c, "queue"),
                              .payload = str_of(cli_operand(c, 1, NULL)),
                              .unique = cli_get(c, "unique-key") } };
  struct tenant *t;
  int64_t priority, delay;
  if (cli_int(cx, c, "priority", 0, -1000000, 1000000, &priority) ||
      cli_int(cx, c, "delay", 0, 0, 366 * 86400, &delay))
    return cx->code;
  a.order.priority = (int)priority;
  a.order.wait = delay * 1000000;
  if (cli_tenant(cx, c, &t) || tenant_write(cx, t, add, &a)) return cx->code;
  return print_job(cx, c, t, a.id);
}

static int act_on_one(struct ctx *cx, struct db *db, void *arg) {
  struct act *a = arg;
  return a->payload.p ? job_edit(cx, db, a->id, a->payload) : a->act(cx, db, a->id);
}

static int change_one(struct ctx *cx, struct cli *c, struct act *a) {
  struct tenant *t;
  if (id_asked(cx, c, &a->id) || cli_tenant(cx, c, &t) || tenant_write(cx, t, act_on_one, a)) return cx->code;
  return print_job(cx, c, t, a->id);
}

int cmd_jobs_retry(struct ctx *cx, struct cli *c) {
  return change_one(cx, c, &(struct act){ .act = job_retry });
}
int cmd_jobs_cancel(struct ctx *cx, struct cli *c) {
  return change_one(cx, c, &(struct act){ .act = job_cancel });
}
int cmd_jobs_edit(struct ctx *cx, struct cli *c) {
  return change_one(cx, c, &(struct act){ .payload = str_of(c->operand[1]) });
}

static int replay(struct ctx *cx, struct db *db, void *arg) {
  struct act *a = arg;
  return job_replay_dead(cx, db, a->queue, &a->count);
}

int cmd_jobs_replay_dead(struct ctx *cx, struct cli *c) {
  struct act a = { .queue = cli_get(c, "queue") };
  struct tenant *t;
  if (c->operand_count) return cmd_jobs_retry(cx, c);
  if (cli_tenant(cx, c, &t) || tenant_write(cx, t, replay, &a)) return cx->code;
  jw_record(&c->json, NULL, "replayed", a.count);
  return cli_answer(cx, c, "{replayed} begun again\n");
}

/* ---- working ---- */

int cmd_jobs_work(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  if (cli_tenant(cx, c, &t)) return cx->code;
  return cli_has(c, "until-idle") ? engine_run_idle(cx, t) : engine_run_on(cx, t);
}
