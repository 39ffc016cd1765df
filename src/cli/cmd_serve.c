/* cmd_serve.c - the server, and the engine beside it. */
#include <unistd.h>

#include "auth/auth.h"
#include "auth/session.h"
#include "base/log.h"
#include "cli/cli.h"
#include "export/support.h"
#include "gate/gate.h"
#include "gate/trust.h"
#include "http/http.h"
#include "job/engine.h"
#include "replicate/worker.h"

struct serving {
  struct opened *tenants;
  struct engine *engine;
  int64_t workers;
};

static int begin(struct ctx *cx, void *arg) {
  struct serving *s = arg;
  if (!s->workers) return OK;
  sync_start();
  return engine_start(cx, s->tenants, (int)s->workers, &s->engine);
}

static void end(void *arg) {
  struct serving *s = arg;
  if (s->engine) engine_stop(s->engine);
  sync_stop();
}

enum { RATE_PER_MINUTE = 100, RATE_MOST = 1000000, SLOW_QUERY_MS = 250 };

/* "https://shop.example, acme=http://localhost:3000": a browser names origins so, and they are compared as texts. */
static int check_origins(struct ctx *cx, const char *list) {
  size_t n;
  for (const char *p = list ? list : ""; *p; p += n + strspn(p + n, ", ")) {
    n = strcspn(p, ", ");
    const char *is = memchr(p, '=', n), *origin = is ? is + 1 : p;
    size_t left = n - (size_t)(origin - p);
    size_t scheme = strncmp(origin, "https://", 8) == 0 ? 8 : strncmp(origin, "http://", 7) == 0 ? 7 : 0;
    if (n && (is == p || !scheme || left <= scheme || memchr(origin + scheme, '/', left - scheme) ||
              memchr(origin, '*', left)))
      return fail(
          cx, E_INVALID, "allow-origin",
          "--allow-origin takes origins such as https://shop.example, or acme=https://shop.example for "
          "one tenant, without a path or *, not %.*s",
          (int)n, p);
  }
  return OK;
}

/* --allow-origin may be repeated, too. */
static const char *origins_asked(struct ctx *cx, const struct cli *c) {
  const char *one, *all = NULL;
  for (int i = 0; (one = cli_next(c, "allow-origin", &i));)
    all = all ? ctx_printf(cx, "%s, %s", all, one) : one;
  return all ? all : cli_get(c, "allow-origin");
}

/* Who sits at the terminal may make the first account from another machine or another browser, too. */
static int make_setup(struct ctx *cx, struct store *s, const char **token) {
  const struct tenant_info *list;
  struct tenant *t;
  size_t count;
  if (!isatty(STDOUT_FILENO) || auth_any_in(s)) return OK;
  if (tenant_list(cx, s, &list, &count) || !count || tenant_open(cx, s, list[0].slug, &t)) return cx->code;
  return session_setup_link(cx, t, NULL, token);
}

/* A flag, which in a configuration is "public = yes". */
static bool is_on(const struct cli *c, const char *option) {
  const char *value = cli_get(c, option);
  return value && strcmp(value, "no") != 0 && strcmp(value, "false") != 0 && strcmp(value, "0") != 0;
}

/* Beyond this machine there is nothing but TLS. */
static int read_trust(struct ctx *cx, struct cli *c, struct trust_options *trust, struct serve_options *o) {
  bool everywhere = is_on(c, "public");
  if (cli_trust_options(cx, c, trust)) return cx->code;
  if (everywhere || is_on(c, "tls") || trust->cert_file) o->trust = trust;
  if (everywhere && !o->listen) o->listen = "0.0.0.0:8443";
  o->open_to_others = everywhere;
  if (!o->trust && trust->own.count) return cli_usage(cx, "--name belongs to --public or --tls");
  return OK;
}

static int read_ceilings(struct ctx *cx, struct cli *c, struct serve_options *o) {
  int64_t all, one;
  if (cli_int(cx, c, "connections", GATE_CONNECTIONS, GATE_CONNECTIONS_LEAST, GATE_CONNECTIONS_MOST, &all) ||
      cli_int(cx, c, "connections-per-address", 0, 0, all, &one))
    return cx->code;
  o->connections = (int)all;
  o->per_address = (int)one;
  return OK;
}

int cmd_serve(struct ctx *cx, struct cli *c) {
  struct store *s;
  struct trust_options trust;
  struct serving serving = { 0 };
  struct serve_options o = { .listen = cli_get(c, "listen"),
                             .www_dir = cli_get(c, "www"),
                             .rate_exempt = cli_get(c, "rate-exempt"),
                             .allow_origins = origins_asked(cx, c),
                             .begin = begin,
                             .end = end,
                             .arg = &serving };
  int64_t slow_ms;
  if (cli_has(c, "demo") && (is_on(c, "public") || !http_is_local(o.listen)))
    return cli_usage(cx, "--demo is for this machine alone: without --public, and with no other --listen "
                         "than a loopback address");
  if (cli_has(c, "demo") && demo_prepare(cx, c)) return cx->code;
  if (cli_store(cx, c, &s) ||
      cli_int(cx, c, "workers", ENGINE_WORKERS, 0, ENGINE_WORKERS_MOST, &serving.workers) ||
      cli_int(cx, c, "rate", RATE_PER_MINUTE, 0, RATE_MOST, &o.rate_per_minute) ||
      cli_int(cx, c, "slow-query", SLOW_QUERY_MS, INT64_MIN, INT64_MAX, &slow_ms) ||
      check_origins(cx, o.allow_origins) || read_trust(cx, c, &trust, &o) || read_ceilings(cx, c, &o))
    return cx->code;
  store_note_slow(slow_ms * 1000);
  if (make_setup(cx, s, &o.setup)) return cx->code;
  support_set_settings(cli_settings(cx, c));
  log_to_stderr(true);
  serving.tenants = opened_new(s);
  int rc = http_serve(cx, serving.tenants, &o);
  opened_free(serving.tenants);
  return rc;
}
