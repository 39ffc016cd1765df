/* cmd_events.c - topics in the terminal: publishing, reading, how the groups do, what was parked. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/boot.h"
#include "base/limits.h"
#include "base/time.h"
#include "cli/cli.h"
#include "event/client.h"
#include "event/consume.h"
#include "event/keep.h"
#include "event/park.h"
#include "event/report.h"
#include "event/stream.h"
#include "job/engine.h"

static void close_fd(void *fd) { close(*(int *)fd); }

static int open_input(struct ctx *cx, const char *name, int *out) {
  if (strcmp(name, "-") == 0) {
    *out = STDIN_FILENO;
    return OK;
  }
  int *fd = ctx_alloc(cx, sizeof *fd);
  *fd = open(name, O_RDONLY | O_CLOEXEC);
  if (*fd < 0)
    return fail(cx, errno == ENOENT ? E_NOT_FOUND : E_DENIED, "file", "%s cannot be read: %s", name,
                strerror(errno));
  ctx_defer(cx, close_fd, fd);
  *out = *fd;
  return OK;
}

static void show_published(struct ctx *cx, const struct jv *r) {
  int64_t refused = 0;
  size_t told = jv_size(jv_get(r, "refusals"));
  str_to_int(jv_text(jv_get(r, "refused")), &refused);
  cli_say(cx, r, "taken    {taken}\nknown    {known}\nrefused  {refused}\n");
  cli_say_each(cx, jv_get(r, "refusals"), "  line {line}[, event {id}]: {why}\n");
  if (refused > (int64_t)told) cli_print(cx, "  ... and %lld more\n", (long long)refused - (long long)told);
  if (refused) cli_print(cx, "What was refused is parked: outpost events parked\n");
}

int cmd_events_publish(struct ctx *cx, struct cli *c) {
  struct publish_result *r = ctx_alloc(cx, sizeof *r);
  struct tenant *t;
  int fd = -1;
  if (cli_tenant(cx, c, &t) || open_input(cx, cli_operand(c, 1, "-"), &fd) ||
      event_publish_stream(cx, t, c->operand[0], fd, r))
    return cx->code;
  if (r->refused && cli_has(c, "strict")) c->exit_code = EXIT_EXCEPTIONS;
  publish_result_json(&c->json, NULL, r);
  if (cli_show(cx, c, show_published) || cli_has(c, "json")) return cx->code;
  return cli_print(cx, "%.2f s\n", r->seconds);
}

/* ---- working ---- */

int cmd_events_work(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  if (cli_tenant(cx, c, &t)) return cx->code;
  if (!cli_has(c, "until-idle")) return engine_run_on(cx, t);
  return consumers_run_idle(cx, t) ? (int)cx->code : consumers_leave(cx, t);
}

int cmd_events_keep(struct ctx *cx, struct cli *c) {
  struct keep_result r;
  struct tenant *t;
  if (cli_tenant(cx, c, &t) || events_keep(cx, t, cli_has(c, "now"), &r)) return cx->code;
  jw_record(&c->json, NULL, "joined", r.joined, "packed", r.packed, "bytes_plain", r.bytes_plain, "bytes",
            r.bytes, "expired", r.expired, "expired_events", r.expired_events, "held", r.held);
  return cli_answer(
      cx, c,
      "{joined} segments joined into {packed}, {bytes_plain} bytes into {bytes}; {expired} segments "
      "with {expired_events} events went\n");
}

/* ---- reading ---- */

struct tail {
  struct ctx *cx;
  struct cli *c;
  struct tenant *tenant;
  const char *topic;
  int64_t left; /* events that may still be printed */
  bool follow;
};

static int print_event(struct ctx *cx, const struct tail *t, const struct event *e) {
  char at[TIME_SIZE];
  struct buf out;
  struct jw w;
  if (!cli_has(t->c, "json"))
    return cli_print(cx, "%d:%lld  %s  %-20.*s  %.*s  %.*s\n", e->partition, (long long)e->offset,
                     time_iso(at, e->at), STR_ARG(e->type), STR_ARG(e->key), STR_ARG(e->body));
  buf_init(&out, LIMIT_REPLY_BYTES);
  jw_init(&w, &out);
  event_json(&w, NULL, tenant_slug(t->tenant), t->topic, e);
  return cli_print_json(cx, &out);
}

static int print_events(struct ctx *cx, struct tail *t, const struct event *events, size_t n) {
  for (size_t i = 0; i < n && !cx->code; i++) print_event(cx, t, &events[i]);
  t->left -= (int64_t)n;
  return cx->code ? (int)cx->code : cli_flush(cx);
}

/* The group is moved behind what was printed once that is out of our hands. */
static int tail_group(struct tail *t, const char *group) {
  while (t->left > 0) {
    struct ctx cx;
    struct event_poll p = {
      .topic = t->topic, .group = group, .member = process_name(), .wait_ms = t->follow ? 1000 : 0
    };
    p.max = t->left < POLL_MOST ? (size_t)t->left : POLL_MOST;
    ctx_begin(&cx, t->cx->actor);
    if (!event_poll(&cx, t->tenant, &p) && p.count && !print_events(&cx, t, p.events, p.count))
      event_commit(&cx, t->tenant, t->topic, group, p.member, p.positions, p.position_count);
    if (cx.code) fail_from(t->cx, &cx);
    ctx_end(&cx);
    if (t->cx->code || (!p.count && !t->follow)) break;
  }
  struct ctx last; /* whatever came of it, others need not wait for the lease to end */
  ctx_begin(&last, t->cx->actor);
  event_leave(&last, t->tenant, t->topic, group, process_name());
  ctx_end(&last);
  return t->cx->code;
}

static int tail_part(struct ctx *cx, struct tail *t, int64_t *next, size_t *n) {
  enum { MOST = 1000 };
  struct event *events = ctx_alloc(cx, MOST * sizeof *events);
  struct topic *topic;
  struct db *db;
  *n = 0;
  if (tenant_read(cx, t->tenant, &db) || topic_find(cx, db, t->topic, &topic)) return cx->code;
  for (int i = 0; i < topic->partitions && t->left > 0; i++) {
    size_t got;
    size_t most = t->left < MOST ? (size_t)t->left : MOST;
    if (event_read(cx, db, topic, i, next[i], most, events, &got) || print_events(cx, t, events, got))
      return cx->code;
    if (got) next[i] = events[got - 1].offset + 1;
    *n += got;
  }
  return OK;
}

/* Without a group: from the oldest that is kept, partition by partition. */
static int tail_all(struct tail *t) {
  int64_t next[EVENT_PARTITIONS] = { 0 };
  size_t n = 1;
  while (t->left > 0 && (n || t->follow) && !t->cx->code) {
    struct ctx cx;
    ctx_begin(&cx, t->cx->actor);
    if (tail_part(&cx, t, next, &n)) fail_from(t->cx, &cx);
    ctx_end(&cx);
    if (!n && t->follow) usleep(200000);
  }
  return t->cx->code;
}

int cmd_events_tail(struct ctx *cx, struct cli *c) {
  struct tail t = { .cx = cx, .c = c, .topic = c->operand[0], .follow = cli_has(c, "follow") };
  const char *group = cli_get(c, "group");
  if (cli_tenant(cx, c, &t.tenant) || cli_int(cx, c, "limit", INT64_MAX, 0, INT64_MAX, &t.left))
    return cx->code;
  return group ? tail_group(&t, group) : tail_all(&t);
}

/* ---- how it goes ---- */

static int print_groups(struct ctx *cx, struct cli *c, bool lag_only) {
  struct group_report *list;
  size_t count;
  struct db *db;
  if (cli_read(cx, c, &db) || groups_report(cx, db, cli_operand(c, 0, NULL), &list, &count)) return cx->code;
  for (size_t i = 0; i < count; i++) {
    const struct group_report *g = &list[i];
    cli_print(cx, "%-18s %-24s lag %-9lld", g->topic, g->group, (long long)g->lag);
    if (!lag_only)
      cli_print(cx, " consumed %-9lld p50 %.1f ms  p99 %.1f ms  errors %lld  parked %lld%s%s",
                (long long)g->consumed, (double)g->p50_us / 1000, (double)g->p99_us / 1000,
                (long long)g->errors, (long long)g->parked, g->cause ? "  " : "", g->cause ? g->cause : "");
    cli_print(cx, "\n");
  }
  if (!count) cli_print(cx, "no group reads\n");
  return cx->code;
}

int cmd_events_groups(struct ctx *cx, struct cli *c) {
  struct db *db;
  if (!cli_has(c, "json")) return print_groups(cx, c, false);
  if (cli_read(cx, c, &db) || groups_json(cx, db, cli_operand(c, 0, NULL), &c->json, NULL)) return cx->code;
  return cli_print_json(cx, &c->out);
}

int cmd_events_lag(struct ctx *cx, struct cli *c) {
  struct group_report *list;
  size_t count;
  struct db *db;
  struct jw *w = &c->json;
  if (!cli_has(c, "json")) return print_groups(cx, c, true);
  if (cli_read(cx, c, &db) || groups_report(cx, db, cli_operand(c, 0, NULL), &list, &count)) return cx->code;
  jw_array(w, NULL);
  for (size_t i = 0; i < count; i++)
    jw_record(w, NULL, "topic", list[i].topic, "group", list[i].group, "lag", list[i].lag);
  jw_close(w, ']');
  return cli_print_json(cx, &c->out);
}

static void show_topics(struct ctx *cx, const struct jv *topics) {
  cli_say_each(cx, topics, "{name:-18} {events:9} events {bytes:10} bytes  {help}\n");
}

int cmd_events_topics(struct ctx *cx, struct cli *c) {
  struct db *db;
  if (cli_read(cx, c, &db) || topics_json(cx, db, &c->json, NULL)) return cx->code;
  return cli_show(cx, c, show_topics);
}

/* ---- parked ---- */

static void show_parked(struct ctx *cx, const struct jv *list) {
  cli_say_each(cx, list, "{id:-6} {state:-9} {topic}[, {group}]: {reason}\n       {body}\n");
}

int cmd_events_parked(struct ctx *cx, struct cli *c) {
  struct parked_filter f = { .topic = cli_operand(c, 0, NULL),
                             .group = cli_get(c, "group"),
                             .state = cli_get(c, "state") };
  struct db *db;
  int64_t total;
  if (!f.state) f.state = "waiting";
  if (strcmp(f.state, "all") == 0) f.state = NULL;
  if (cli_int(cx, c, "limit", 100, 0, INT64_MAX, &f.limit) || cli_read(cx, c, &db) ||
      parked_list(cx, db, &f, &c->json, NULL, &total) || cli_show(cx, c, show_parked) || cli_has(c, "json"))
    return cx->code;
  return cli_print(cx, "%lld in all\n", (long long)total);
}

static int parked_asked(struct ctx *cx, const struct cli *c, int64_t *id) {
  if (str_to_int(str_of(c->operand[0]), id)) return OK;
  return cli_usage(cx, "'%s' is no number of a parked event; outpost events parked lists them",
                   c->operand[0]);
}

int cmd_events_replay(struct ctx *cx, struct cli *c) {
  struct parked_deed d = { 0 };
  struct tenant *t;
  int64_t replayed = 1, refused = 0;
  if (cli_tenant(cx, c, &t)) return cx->code;
  if (c->operand_count == 0) {
    if (parked_replay_all(cx, t, NULL, &replayed, &refused)) return cx->code;
  } else {
    if (parked_asked(cx, c, &d.id)) return cx->code;
    if (c->operand_count > 1) d.body = str_of(c->operand[1]);
    if (tenant_write(cx, t, parked_replay, &d)) return cx->code;
  }
  jw_record(&c->json, NULL, "replayed", replayed, "refused", refused);
  return cli_answer(cx, c, "replayed {replayed}\nrefused  {refused}\n");
}

int cmd_events_discard(struct ctx *cx, struct cli *c) {
  struct parked_deed d = { .reason = cli_get(c, "reason") };
  struct tenant *t;
  if (parked_asked(cx, c, &d.id) || cli_tenant(cx, c, &t) || tenant_write(cx, t, parked_discard, &d))
    return cx->code;
  jw_record(&c->json, NULL, "discarded", d.id);
  return cli_answer(cx, c, "discarded {discarded}\n");
}
