/* cmd_tls.c - the certificate that the server shows, and the authority behind it. */
#include <stdio.h>

#include "base/file.h"
#include "base/limits.h"
#include "cli/cli.h"
#include "cli/config.h"
#include "gate/authority.h"
#include "gate/trust.h"
#include "net/net.h"

/* --name may be repeated, hold several with commas between, or be a line of the configuration. */
static void add_names(struct names *list, const char *text) {
  while (text && *text) {
    size_t n = strcspn(text, ", ");
    names_add(list, (struct str){ text, n });
    text += n + strspn(text + n, ", ");
  }
}

int cli_trust_options(struct ctx *cx, const struct cli *c, struct trust_options *o) {
  struct store *s;
  const char *from, *name;
  if (cli_store(cx, c, &s)) return cx->code;
  *o = (struct trust_options){ .dir = store_dir(s),
                               .cert_file = cli_get(c, "cert"),
                               .key_file = cli_get(c, "cert-key") };
  for (int i = 0; (name = cli_next(c, "name", &i));) add_names(&o->own, name);
  if (!o->own.count) add_names(&o->own, config_get("name", &from));
  if (o->key_file && !o->cert_file) return cli_usage(cx, "--cert-key belongs to --cert FILE");
  if (net_authorities(cx, &o->authorities)) ctx_forgive(cx); /* without them nothing is public */
  return OK;
}

/* ---- show ---- */

static void print_names(struct ctx *cx, const char *title, const struct jv *list) {
  cli_print(cx, "%-12s", title);
  for (size_t i = 0; i < jv_size(list); i++)
    cli_print(cx, "%s" STR_FMT, i ? ", " : "", STR_ARG(jv_text(jv_at(list, i))));
  cli_print(cx, "\n");
}

static void show_report(struct ctx *cx, const struct jv *v) {
  const struct jv *authority = jv_get(v, "authority");
  print_names(cx, "names", jv_get(v, "names"));
  cli_say(cx, v,
          "valid       {from:.10} until {until:.10}\nfingerprint {fingerprint}\nissuer      {issuer}\n"
          "file        {file}\n");
  if (!authority) {
    cli_say(cx, v, "trusted by  {public?every browser:who trusts its issuer}\n");
    return;
  }
  cli_say(cx, authority, "\nauthority   {name}\nvalid       until {until:.10}\nfingerprint {fingerprint}\n");
  print_names(cx, "vouches for", jv_get(authority, "bounds"));
  cli_print(cx, "\n`outpost tls ca` prints the authority's certificate; devices have to trust it once.\n");
}

static int show(struct ctx *cx, struct cli *c, const struct trust_options *o) {
  jw_object(&c->json, NULL);
  if (trust_report(cx, o, &c->json)) return cx->code;
  jw_close(&c->json, '}');
  return cli_show(cx, c, show_report);
}

int cmd_tls_show(struct ctx *cx, struct cli *c) {
  struct trust_options o;
  return cli_trust_options(cx, c, &o) ? (int)cx->code : show(cx, c, &o);
}

/* ---- the own authority ---- */

int cmd_tls_renew(struct ctx *cx, struct cli *c) {
  struct trust_options o;
  const char *file;
  if (cli_trust_options(cx, c, &o) || (cli_has(c, "authority") && authority_replace(cx, o.dir, &o.own)) ||
      authority_certify(cx, o.dir, &o.own, !cli_has(c, "if-due"), &file))
    return cx->code;
  return show(cx, c, &o);
}

int cmd_tls_ca(struct ctx *cx, struct cli *c) {
  struct store *s;
  struct file_out *out;
  const char *pem, *path = cli_get(c, "out");
  if (cli_store(cx, c, &s) || trust_authority_pem(cx, store_dir(s), &pem)) return cx->code;
  if (!path) return cli_print(cx, "%s", pem);
  if (file_begin(cx, &out, path, false) || file_write(cx, out, pem, strlen(pem)) || file_end(cx, out))
    return cx->code;
  return cli_print(cx, "the authority's certificate is in %s\n", path);
}

/* ---- a certificate of somebody else ---- */

int cmd_tls_import(struct ctx *cx, struct cli *c) {
  struct trust_options o;
  const char *cert = c->operand[0], *warning;
  if (cli_trust_options(cx, c, &o) || trust_import(cx, o.dir, cert, cli_operand(c, 1, cert), &warning))
    return cx->code;
  if (warning) fprintf(stderr, "outpost: the certificate was imported, but %s\n", warning);
  return show(cx, c, &o);
}

int cmd_tls_forget(struct ctx *cx, struct cli *c) {
  struct trust_options o;
  if (cli_trust_options(cx, c, &o) || trust_forget(cx, o.dir)) return cx->code;
  jw_record(&c->json, NULL, "source", "own");
  return cli_answer(cx, c, "the certificate of this machine's own authority is shown again\n");
}
