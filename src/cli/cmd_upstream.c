/* cmd_upstream.c - headquarters' database, by who administers it: its schema, and who may come in. */
#include "base/limits.h"
#include "cli/cli.h"
#include "replicate/schema.h"

static int dial(struct ctx *cx, const struct cli *c, struct pg **out) {
  const char *dsn = cli_get(c, "dsn");
  if (!dsn)
    return cli_usage(cx, "--dsn DSN says where headquarters' database is, such as "
                         "postgresql://admin@db.example.com/hq?sslmode=verify-full");
  return pg_open(cx, dsn, NULL, out);
}

int cmd_upstream_init(struct ctx *cx, struct cli *c) {
  struct pg *p;
  struct jv *said;
  struct jw *w = &c->json;
  if (dial(cx, c, &p)) return cx->code;
  jw_object(w, NULL);
  jw_int(w, "schema", upstream_version());
  jw_array(w, "done");
  if (upstream_init(cx, p, w)) return cx->code;
  jw_close(w, ']');
  jw_close(w, '}');
  if (cli_has(c, "json")) return cli_print_json(cx, &c->out);
  if (jv_parse(cx, buf_view(&c->out), &said)) return cx->code;
  said = jv_get(said, "done");
  for (size_t i = 0; i < jv_size(said); i++) cli_print(cx, STR_FMT "\n", STR_ARG(jv_text(jv_at(said, i))));
  return cli_print(
      cx, jv_size(said) ? "headquarters has schema %d\n" : "nothing to do: headquarters has schema %d\n",
      upstream_version());
}
