/* cmd_serve.c - the server. */
#include "base/log.h"
#include "cli/cli.h"
#include "export/support.h"
#include "http/http.h"

int cmd_serve(struct ctx *cx, struct cli *c) {
  struct store *s;
  struct serve_options o = { .listen = cli_get(c, "listen"), .www_dir = cli_get(c, "www") };
  if (cli_store(cx, c, &s)) return cx->code;
  support_set_settings(cli_settings(cx, c));
  log_to_stderr(true);
  return http_serve(cx, s, &o);
}
