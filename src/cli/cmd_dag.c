/* cmd_dag.c - graphs of tasks: run them, look at their runs, and what to do about them. */
#include <stdio.h>

#include "base/limits.h"
#include "base/time.h"
#include "cli/cli.h"
#include "job/engine.h"
#include "job/graph.h"

enum { LIMIT_MOST = 10000 };

/* ---- lists ---- */

static void show_graphs(struct ctx *cx, const struct jv *list) {
  cli_print(cx, "%-26s %5s  %-18s %-10s\n", "graph", "tasks", "next (UTC)", "last");
  for (size_t i = 0; i < jv_size(list); i++) {
    const struct jv *g = jv_at(list, i);
    cli_say(cx, g, "{name:-26} ");
    cli_print(cx, "%5zu  ", jv_size(jv_get(g, "tasks")));
    cli_say(cx, g, "{schedule.next:-18.16} {last_run.state:-10} {help}\n");
  }
}

int cmd_dag_list(struct ctx *cx, struct cli *c) {
  struct db *db;
  if (cli_read(cx, c, &db) || graph_list(cx, db, &c->json, NULL)) return cx->code;
  return cli_show(cx, c, show_graphs);
}

int cmd_dag_runs(struct ctx *cx, struct cli *c) {
  static const struct cli_column columns[] = {
    { "id", "id", 6 },
    { "graph", "graph", -26 },
    { "state", "state", -9 },
    { "cause", "cause", -10 },
    { "created_at", "since (UTC)", -19 },
    { "ended_at", "ended (UTC)", 0 },
    { 0 },
  };
  int64_t limit;
  struct db *db;
  if (cli_int(cx, c, "limit", 50, 1, LIMIT_MOST, &limit) || cli_read(cx, c, &db) ||
      graph_runs(cx, db, cli_operand(c, 0, NULL), limit, 0, &c->json, NULL))
    return cx->code;
  return cli_print_list(cx, c, columns, "no graph has run yet");
}

/* ---- one run ---- */

static const char TASK[] = "  {state:-16} {name}[/{item}][, {seconds} s][: {cause}]\n";

static void show_heading(struct ctx *cx, const struct jv *run) {
  cli_say(cx, run, "run {id} of {graph}: {state}, covering {from} to {to}\n");
}

static void show_run(struct ctx *cx, const struct jv *run) {
  show_heading(cx, run);
  cli_say_each(cx, jv_get(run, "tasks"), TASK);
}

int cmd_dag_status(struct ctx *cx, struct cli *c) {
  struct db *db;
  int64_t id;
  if (cli_read(cx, c, &db) || graph_run_find(cx, db, c->operand[0], &id) ||
      graph_run_show(cx, db, id, &c->json, NULL))
    return cx->code;
  return cli_show(cx, c, show_run);
}

/* ---- a run in the foreground ---- */

struct watched {
  struct graph_order order;
  int64_t run, count; /* count: of a backfill */
  int32_t from, to;
  const char *task;
  bool quiet, over, failed;
  char shown[LIMIT_MOST]; /* the first tasks: the letter of the state that was told */
};

static int start(struct ctx *cx, struct db *db, void *arg) {
  struct watched *r = arg;
  return graph_start(cx, db, &r->order, &r->run);
}

static bool is_over(struct str state) {
  return !str_eq(state, STR("waiting")) && !str_eq(state, STR("ready")) && !str_eq(state, STR("running"));
}

/* Tells what has ended since the last look. Tasks that were mapped come in as rows of their own. */
static void tell_tasks(struct ctx *cx, struct watched *r, const struct jv *tasks) {
  for (size_t i = 0; i < jv_size(tasks) && i < sizeof r->shown; i++) {
    const struct jv *t = jv_at(tasks, i);
    struct str state = jv_text(jv_get(t, "state"));
    if (!is_over(state) || r->shown[i] == *state.p) continue;
    r->shown[i] = *state.p;
    cli_say(cx, t, TASK);
  }
}

static bool over(struct ctx *cx, struct tenant *t, void *arg) {
  struct watched *r = arg;
  struct graph_run_state state;
  struct ctx look;
  struct db *db;
  struct buf out;
  struct jw w;
  struct jv *run;
  ctx_begin(&look, cx->actor);
  if (tenant_read(&look, t, &db) || graph_run_state(&look, db, r->run, &state)) {
    fail_from(cx, &look);
    ctx_end(&look);
    return true;
  }
  bool ended = r->over = state.over;
  r->failed = ended && strcmp(state.state, "done") != 0;
  buf_init(&out, LIMIT_REPLY_BYTES);
  jw_init(&w, &out);
  if (!r->quiet && !graph_run_show(&look, db, r->run, &w, NULL) && !jv_parse(&look, buf_view(&out), &run))
    tell_tasks(&look, r, jv_get(run, "tasks"));
  buf_clear(&out);
  ctx_end(&look);
  fflush(stdout);
  return ended;
}

static int show_end(struct ctx *cx, struct cli *c, struct tenant *t, int64_t run, cli_show_fn *show) {
  struct db *db;
  if (tenant_read(cx, t, &db) || graph_run_show(cx, db, run, &c->json, NULL)) return cx->code;
  return cli_show(cx, c, show);
}

int cmd_dag_run(struct ctx *cx, struct cli *c) {
  struct watched r = { .order = { .graph = c->operand[0], .cause = "manual", .notify = cli_get(c, "notify") },
                       .quiet = cli_has(c, "json") };
  const char *payload = cli_get(c, "payload");
  struct tenant *t;
  struct jv *object;
  if (payload && (jv_parse(cx, str_of(payload), &object) || jv_kind(object) != JV_OBJECT)) {
    ctx_forgive(cx);
    return cli_usage(cx, "--payload takes a JSON object, such as '{\"frequency\":\"daily\"}'");
  }
  r.order.payload = str_of(payload);
  if (cli_tenant(cx, c, &t) || tenant_write(cx, t, start, &r)) return cx->code;
  if (!cli_has(c, "detach") && engine_run_until(cx, t, over, &r)) return cx->code;
  if (show_end(cx, c, t, r.run, show_heading)) return cx->code;
  if (r.failed) c->exit_code = EXIT_FAILED;
  if (!r.over && !cli_has(c, "detach"))
    c->exit_code = EXIT_AGAIN; /* interrupted: the run goes on in a server */
  return OK;
}

/* ---- acts ---- */

/* A day that has to be said. */
static int day_asked(struct ctx *cx, const struct cli *c, const char *option, int32_t *day) {
  int64_t at = 0;
  if (!cli_has(c, option)) return cli_usage(cx, "--%s takes a day, such as 2024-02-29", option);
  if (cli_day(cx, c, option, &at)) return cx->code;
  *day = (int32_t)(at / DAY_US);
  return OK;
}

static int backfill(struct ctx *cx, struct db *db, void *arg) {
  struct watched *r = arg;
  return graph_backfill(cx, db, r->order.graph, r->from, r->to, &r->run, &r->count);
}

int cmd_dag_backfill(struct ctx *cx, struct cli *c) {
  struct watched r = { .order = { .graph = c->operand[0] } };
  struct tenant *t;
  if (day_asked(cx, c, "from", &r.from) || day_asked(cx, c, "to", &r.to) || cli_tenant(cx, c, &t) ||
      tenant_write(cx, t, backfill, &r))
    return cx->code;
  jw_record(&c->json, NULL, "runs", r.count, "first", r.run, "last", r.run + r.count - 1);
  return cli_answer(
      cx, c, r.count == 1 ? "run {first} is ordered\n" : "{runs} runs are ordered: {first} to {last}\n");
}

static int retry(struct ctx *cx, struct db *db, void *arg) {
  struct watched *r = arg;
  return graph_retry(cx, db, r->run, r->task);
}
static int clear(struct ctx *cx, struct db *db, void *arg) {
  struct watched *r = arg;
  return graph_clear(cx, db, r->run, r->task);
}
static int cancel(struct ctx *cx, struct db *db, void *arg) {
  struct watched *r = arg;
  return graph_cancel(cx, db, r->run);
}

static int act(struct ctx *cx, struct cli *c, write_fn *fn) {
  struct watched r = { .task = cli_operand(c, 1, NULL) };
  struct tenant *t;
  struct db *db;
  if (cli_tenant(cx, c, &t) || tenant_read(cx, t, &db) || graph_run_find(cx, db, c->operand[0], &r.run) ||
      tenant_write(cx, t, fn, &r))
    return cx->code;
  struct ctx after; /* a reader that sees what was written */
  ctx_begin(&after, cx->actor);
  if (show_end(&after, c, t, r.run, show_run)) fail_from(cx, &after);
  ctx_end(&after);
  return cx->code;
}

int cmd_dag_retry(struct ctx *cx, struct cli *c) { return act(cx, c, retry); }
int cmd_dag_clear(struct ctx *cx, struct cli *c) { return act(cx, c, clear); }
int cmd_dag_cancel(struct ctx *cx, struct cli *c) { return act(cx, c, cancel); }
