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
  const char *from;
  if (cli_store(cx, c, &s)) return cx->code;
  *o = (struct trust_options){ .dir = store_dir(s),
                               .cert_file = cli_get(c, "cert"),
                               .key_file = cli_get(c, "cert-key") };
  for (int i = 0; i < c->option_count; i++)
    if (strcmp(c->name[i], "name") == 0) add_names(&o->own, c->value[i]);
  if (!o->own.count) add_names(&o->own, config_get("name", &from));
  if (o->key_file && !o->cert_file) return cli_usage(cx, "--cert-key belongs to --cert FILE");
  if (net_authorities(cx, &o->authorities)) ctx_forgive(cx); /* without them nothing is public */
  return OK;
}

/* ---- show ---- */

static const char *member(struct ctx *cx, const struct jv *v, const char *name) {
  struct str s = jv_text(jv_get(v, name));
  return ctx_strdup(cx, s.p ? s : STR(""));
}

static void print_names(struct ctx *cx, const char *title, const struct jv *list) {
  cli_print(cx, "%-12s", title);
  for (size_t i = 0; i < jv_size(list); i++)
    cli_print(cx, "%s" STR_FMT, i ? ", " : "", STR_ARG(jv_text(jv_at(list, i))));
  cli_print(cx, "\n");
}

static int print_authority(struct ctx *cx, const struct jv *a) {
  cli_print(cx, "\nauthority   %s\n", member(cx, a, "name"));
  cli_print(cx, "valid       until %.10s\n", member(cx, a, "until"));
  cli_print(cx, "fingerprint %s\n", member(cx, a, "fingerprint"));
  print_names(cx, "vouches for", jv_get(a, "bounds"));
  return cli_print(cx,
                   "\n`outpost tls ca` prints the authority's certificate; devices have to trust it once.\n");
}

static int print_report(struct ctx *cx, const struct jv *v) {
  const struct jv *authority = jv_get(v, "authority");
  print_names(cx, "names", jv_get(v, "names"));
  cli_print(cx, "valid       %.10s until %.10s\n", member(cx, v, "from"), member(cx, v, "until"));
  cli_print(cx, "fingerprint %s\n", member(cx, v, "fingerprint"));
  cli_print(cx, "issuer      %s\n", member(cx, v, "issuer"));
  cli_print(cx, "file        %s\n", member(cx, v, "file"));
  if (authority) return print_authority(cx, authority);
  bool known = str_eq(jv_text(jv_get(v, "public")), STR("true"));
  return cli_print(cx, "trusted by  %s\n", known ? "every browser" : "who trusts its issuer");
}

static int show(struct ctx *cx, struct cli *c, const struct trust_options *o) {
  struct buf out;
  struct jw w;
  struct jv *report;
  jw_begin(&w, &out, KIB(64));
  if (trust_report(cx, o, &w)) {
    buf_clear(&out);
    return cx->code;
  }
  jw_close(&w, '}');
  if (cli_has(c, "json")) return cli_print_json(cx, &out);
  int rc = jv_parse(cx, buf_view(&out), &report);
  buf_clear(&out);
  return rc ? rc : print_report(cx, report);
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
  return cli_has(c, "json")
             ? cli_print(cx, "{\"source\":\"own\"}\n")
             : cli_print(cx, "the certificate of this machine's own authority is shown again\n");
}
