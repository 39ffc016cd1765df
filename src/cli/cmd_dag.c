/* cmd_dag.c - graphs of tasks: run them, look at their runs, and what to do about them. */
#include <stdio.h>

#include "base/limits.h"
#include "base/time.h"
#include "cli/cli.h"
#include "job/engine.h"
#include "job/graph.h"

enum { LIMIT_MOST = 10000 };

static const char *text_of(const struct jv *object, const char *key, char *out, size_t size) {
  struct str s = jv_text(jv_get(object, key));
  str_copy(out, size, s.p ? s : STR(""));
  return out;
}

/* ---- lists ---- */

static int print_graph(struct ctx *cx, const struct jv *g) {
  char name[70], next[TIME_SIZE], last[16], help[200];
  const struct jv *run = jv_get(g, "last_run"), *schedule = jv_get(g, "schedule");
  text_of(schedule, "next", next, sizeof next);
  if (strlen(next) > 16) next[10] = ' ', next[16] = 0;
  return cli_print(cx, "%-26s %5zu  %-18s %-10s %s\n", text_of(g, "name", name, sizeof name),
                   jv_size(jv_get(g, "tasks")), next, run ? text_of(run, "state", last, sizeof last) : "",
                   text_of(g, "help", help, sizeof help));
}

int cmd_dag_list(struct ctx *cx, struct cli *c) {
  struct db *db;
  struct jw *w = &c->json;
  struct jv *list;
  if (cli_read(cx, c, &db)) return cx->code;
  int rc = graph_list(cx, db, w, NULL);
  if (!rc && cli_has(c, "json")) return cli_print_json(cx, &c->out);
  if (!rc) rc = jv_parse(cx, buf_view(&c->out), &list);
  if (rc) return rc;
  cli_print(cx, "%-26s %5s  %-18s %-10s\n", "graph", "tasks", "next (UTC)", "last");
  for (size_t i = 0; i < jv_size(list) && !cx->code; i++) print_graph(cx, jv_at(list, i));
  return cx->code;
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
  struct jw *w = &c->json;
  if (cli_int(cx, c, "limit", 50, &limit) || cli_read(cx, c, &db)) return cx->code;
  if (limit < 1 || limit > LIMIT_MOST) return cli_usage(cx, "--limit is 1 to %d", LIMIT_MOST);
  if (graph_runs(cx, db, cli_operand(c, 0, NULL), limit, 0, w, NULL)) return cx->code;
  return cli_print_list(cx, c, NULL, columns, "no graph has run yet");
}

/* ---- one run ---- */

static int read_run(struct ctx *cx, struct db *db, int64_t id, struct buf *out) {
  struct jw w;
  buf_init(out, LIMIT_REPLY_BYTES);
  jw_init(&w, out);
  if (graph_run_show(cx, db, id, &w, NULL)) buf_clear(out);
  return cx->code;
}

static int print_task(struct ctx *cx, const struct jv *t) {
  char name[70], item[80], state[20], seconds[30], cause[300];
  text_of(t, "item", item, sizeof item);
  text_of(t, "cause", cause, sizeof cause);
  text_of(t, "seconds", seconds, sizeof seconds);
  return cli_print(cx, "  %-16s %s%s%s%s%s%s%s\n", text_of(t, "state", state, sizeof state),
                   text_of(t, "name", name, sizeof name), *item ? "/" : "", item, *seconds ? ", " : "",
                   seconds, *seconds ? " s" : "", *cause ? ctx_printf(cx, ": %s", cause) : "");
}

/* The heading of a run, and its tasks unless they were shown as they ended. */
static int print_run(struct ctx *cx, const struct cli *c, struct buf *out, bool tasks) {
  char id[24], graph[70], state[16], from[TIME_SIZE], to[TIME_SIZE];
  struct jv *run;
  if (cli_has(c, "json")) return cli_print_json(cx, out);
  int rc = jv_parse(cx, buf_view(out), &run);
  buf_clear(out);
  if (rc) return rc;
  cli_print(cx, "run %s of %s: %s, covering %s to %s\n", text_of(run, "id", id, sizeof id),
            text_of(run, "graph", graph, sizeof graph), text_of(run, "state", state, sizeof state),
            text_of(run, "from", from, sizeof from), text_of(run, "to", to, sizeof to));
  const struct jv *list = jv_get(run, "tasks");
  for (size_t i = 0; tasks && i < jv_size(list) && !cx->code; i++) print_task(cx, jv_at(list, i));
  return cx->code;
}

int cmd_dag_status(struct ctx *cx, struct cli *c) {
  struct db *db;
  struct buf out;
  int64_t id;
  if (cli_read(cx, c, &db) || graph_run_find(cx, db, c->operand[0], &id) || read_run(cx, db, id, &out))
    return cx->code;
  return print_run(cx, c, &out, true);
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
    print_task(cx, t);
  }
}

static bool over(struct ctx *cx, struct tenant *t, void *arg) {
  struct watched *r = arg;
  struct graph_run_state state;
  struct ctx look;
  struct db *db;
  struct buf out;
  struct jv *run;
  ctx_begin(&look, cx->actor);
  if (tenant_read(&look, t, &db) || graph_run_state(&look, db, r->run, &state)) {
    fail_from(cx, &look);
    ctx_end(&look);
    return true;
  }
  bool ended = r->over = state.over;
  r->failed = ended && strcmp(state.state, "done") != 0;
  if (!r->quiet && !read_run(&look, db, r->run, &out)) {
    if (!jv_parse(&look, buf_view(&out), &run)) tell_tasks(&look, r, jv_get(run, "tasks"));
    buf_clear(&out);
  }
  ctx_end(&look);
  fflush(stdout);
  return ended;
}

static int show_end(struct ctx *cx, struct cli *c, struct tenant *t, const struct watched *r, bool tasks) {
  struct db *db;
  struct buf out;
  if (tenant_read(cx, t, &db) || read_run(cx, db, r->run, &out)) return cx->code;
  return print_run(cx, c, &out, tasks);
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
  if (show_end(cx, c, t, &r, false)) return cx->code;
  if (r.failed) c->exit_code = EXIT_FAILED;
  if (!r.over && !cli_has(c, "detach"))
    c->exit_code = EXIT_AGAIN; /* interrupted: the run goes on in a server */
  return OK;
}

/* ---- acts ---- */

static int day_asked(struct ctx *cx, const struct cli *c, const char *option, int32_t *day) {
  const char *text = cli_get(c, option);
  int64_t at;
  if (!text || strlen(text) != 10 || !time_parse_iso(str_of(text), &at))
    return cli_usage(cx, "--%s takes a day, such as 2024-02-29", option);
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
  long long first = r.run, last = r.run + r.count - 1;
  if (cli_has(c, "json"))
    return cli_print(cx, "{\"runs\":%lld,\"first\":%lld,\"last\":%lld}\n", (long long)r.count, first, last);
  if (r.count == 1) return cli_print(cx, "run %lld is ordered\n", first);
  return cli_print(cx, "%lld runs are ordered: %lld to %lld\n", (long long)r.count, first, last);
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
  if (show_end(&after, c, t, &r, true)) fail_from(cx, &after);
  ctx_end(&after);
  return cx->code;
}

int cmd_dag_retry(struct ctx *cx, struct cli *c) { return act(cx, c, retry); }
int cmd_dag_clear(struct ctx *cx, struct cli *c) { return act(cx, c, clear); }
int cmd_dag_cancel(struct ctx *cx, struct cli *c) { return act(cx, c, cancel); }
