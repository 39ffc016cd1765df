/* cmd_events.c - topics in the terminal: publishing, reading, how the groups do, what was parked. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/limits.h"
#include "cli/cli.h"
#include "event/consume.h"
#include "event/stream.h"

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

static int print_result(struct ctx *cx, const struct publish_result *r) {
  cli_print(cx, "taken    %lld\nknown    %lld\nrefused  %lld\n", (long long)r->taken, (long long)r->known,
            (long long)r->refused);
  for (int i = 0; i < r->told; i++)
    cli_print(cx, "  line %lld%s%s: %s\n", (long long)r->refusals[i].line,
              r->refusals[i].id ? ", event " : "", r->refusals[i].id ? r->refusals[i].id : "",
              r->refusals[i].why);
  if (r->refused > r->told) cli_print(cx, "  ... and %lld more\n", (long long)(r->refused - r->told));
  if (r->refused) cli_print(cx, "What was refused is parked: outpost events parked\n");
  return cli_print(cx, "%.2f s\n", r->seconds);
}

int cmd_events_publish(struct ctx *cx, struct cli *c) {
  struct publish_result *r = ctx_alloc(cx, sizeof *r);
  struct tenant *t;
  struct buf out;
  struct jw w;
  int fd = -1;
  if (cli_tenant(cx, c, &t) || open_input(cx, cli_operand(c, 1, "-"), &fd) ||
      event_publish_stream(cx, t, c->operand[0], fd, r))
    return cx->code;
  if (r->refused && cli_has(c, "strict")) c->exit_code = EXIT_EXCEPTIONS;
  if (!cli_has(c, "json")) return print_result(cx, r);
  buf_init(&out, LIMIT_REPLY_BYTES);
  jw_init(&w, &out);
  publish_result_json(&w, NULL, r);
  return cli_print_json(cx, &out);
}

int cmd_events_work(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  if (cli_tenant(cx, c, &t) || consumers_run_idle(cx, t)) return cx->code;
  return consumers_leave(cx, t);
}
