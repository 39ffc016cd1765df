/* cmd_serve.c - the server, and the engine beside it. */
#include "base/log.h"
#include "cli/cli.h"
#include "export/support.h"
#include "http/http.h"
#include "job/engine.h"

struct serving {
  struct opened *tenants;
  struct engine *engine;
  int64_t workers;
};

static int begin(struct ctx *cx, void *arg) {
  struct serving *s = arg;
  return s->workers ? engine_start(cx, s->tenants, (int)s->workers, &s->engine) : OK;
}

static void end(void *arg) {
  struct serving *s = arg;
  if (s->engine) engine_stop(s->engine);
}

int cmd_serve(struct ctx *cx, struct cli *c) {
  struct store *s;
  struct serving serving = { 0 };
  struct serve_options o = {
    .listen = cli_get(c, "listen"), .www_dir = cli_get(c, "www"), .begin = begin, .end = end, .arg = &serving
  };
  if (cli_store(cx, c, &s) || cli_int(cx, c, "workers", ENGINE_WORKERS, &serving.workers)) return cx->code;
  if (serving.workers < 0 || serving.workers > ENGINE_WORKERS_MOST)
    return cli_usage(cx, "--workers is 0 to %d, not %lld", ENGINE_WORKERS_MOST, (long long)serving.workers);
  support_set_settings(cli_settings(cx, c));
  log_to_stderr(true);
  serving.tenants = opened_new(s);
  int rc = http_serve(cx, serving.tenants, &o);
  opened_free(serving.tenants);
  return rc;
}
