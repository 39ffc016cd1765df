/* cmd_upstream.c - headquarters' database, by who administers it: its schema, and who may come in. */
#include "cli/cli.h"
#include "replicate/enroll.h"
#include "replicate/schema.h"

static int dial(struct ctx *cx, const struct cli *c, struct pg **out) {
  const char *dsn = cli_get(c, "dsn");
  if (!dsn)
    return cli_usage(cx, "--dsn DSN says where headquarters' database is, such as "
                         "postgresql://admin@db.example.com/hq?sslmode=verify-full");
  return pg_open(cx, dsn, NULL, out);
}

static void show_init(struct ctx *cx, const struct jv *said) {
  const struct jv *done = jv_get(said, "done");
  cli_say_each(cx, done, "{}\n");
  cli_say(cx, said,
          jv_size(done) ? "headquarters has schema {schema}\n"
                        : "nothing to do: headquarters has schema {schema}\n");
}

int cmd_upstream_init(struct ctx *cx, struct cli *c) {
  struct pg *p;
  struct jw *w = &c->json;
  if (dial(cx, c, &p)) return cx->code;
  jw_object(w, NULL);
  jw_int(w, "schema", upstream_version());
  jw_array(w, "done");
  if (upstream_init(cx, p, w)) return cx->code;
  jw_close(w, ']');
  jw_close(w, '}');
  return cli_show(cx, c, show_init);
}

/* ---- edges ---- */

static void put_edge(struct jw *w, const struct upstream_edge *e) {
  jw_object(w, NULL);
  jw_put(w, "organization", e->organization, "organization_id", e->organization_id, "edge", e->edge_id,
         "name", e->name, "role", e->role);
}

/* What holds only as long as nobody stands in between. */
static void warn_of_tls(struct ctx *cx, const struct cli *c) {
  const char *mode = NULL;
  if (pg_dsn_part(cx, cli_get(c, "dsn"), "sslmode", &mode) || (mode && strncmp(mode, "verify", 6) == 0))
    return;
  cli_print(cx,
            "sslmode is %s: nobody checks that it is headquarters who answers; sslmode=verify-full and "
            "sslrootcert=FILE in the dsn do\n",
            mode ? mode : "prefer");
}

int cmd_upstream_enroll(struct ctx *cx, struct cli *c) {
  struct pg *p;
  struct tenant *t;
  struct upstream_edge e;
  if (cli_tenant(cx, c, &t) || dial(cx, c, &p) ||
      upstream_enroll(cx, p, t, cli_get(c, "organization"), cli_get(c, "name"), &e))
    return cx->code;
  put_edge(&c->json, &e);
  jw_int(&c->json, "origin", e.origin);
  jw_close(&c->json, '}');
  if (cli_has(c, "json")) return cli_print_json(cx, &c->out);
  cli_print(cx, "%s is enrolled as %s of %s (edge %s, role %s)\n", tenant_slug(t), e.name, e.organization,
            e.edge_id, e.role);
  warn_of_tls(cx, c);
  return cli_print(cx, "`outpost sync` or a running server brings it up to date\n");
}

int cmd_upstream_revoke(struct ctx *cx, struct cli *c) {
  struct pg *p;
  struct upstream_edge e;
  int64_t ended;
  const char *who = cli_get(c, "edge");
  if (!who)
    return cli_usage(cx,
                     "--edge EDGE says whose: an id, a role or a name, as `outpost upstream list` has them");
  if (dial(cx, c, &p) || upstream_revoke(cx, p, who, &e, &ended)) return cx->code;
  put_edge(&c->json, &e);
  jw_int(&c->json, "connections_ended", ended);
  jw_close(&c->json, '}');
  return cli_answer(
      cx, c,
      "{name} of {organization} is revoked; {connections_ended} of its connections were ended. What "
      "it brought stays\n");
}

int cmd_upstream_list(struct ctx *cx, struct cli *c) {
  static const struct cli_column columns[] = { { "organization", "organization", -16 },
                                               { "name", "edge", -20 },
                                               { "edge", "id", -36 },
                                               { "enrolled_at", "enrolled", -19 },
                                               { "last_seen_at", "last seen", -19 },
                                               { "revoked_at", "revoked", -19 },
                                               { NULL, NULL, 0 } };
  struct pg *p;
  if (dial(cx, c, &p) || upstream_list(cx, p, &c->json)) return cx->code;
  return cli_print_list(cx, c, columns, "no edge is enrolled yet; `outpost upstream enroll` does it");
}
