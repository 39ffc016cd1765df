/* cmd_mail.c - mail and webhooks: trying them, their secrets, and what went c->out. */
#include <stdio.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/ids.h"
#include "cli/cli.h"
#include "notify/mail.h"
#include "notify/outbox.h"
#include "notify/secret.h"

enum { SECRET_BYTES = 32 };

int cmd_mail_test(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  struct mail_answer a;
  struct jw *w = &c->json;
  if (cli_tenant(cx, c, &t) || mail_test(cx, t, cli_get(c, "server"), c->operand[0], &a)) return cx->code;
  if (a.end != MAIL_TAKEN)
    return fail(cx, a.end == MAIL_NEVER ? E_INVALID : E_BUSY, NULL, "the mail was not sent: %s", a.words);
  if (!cli_has(c, "json")) return cli_print(cx, "sent to %s: %s\n", c->operand[0], a.words);
  jw_record(w, NULL, "to", c->operand[0], "code", a.code, "answer", a.words);
  return cli_print_json(cx, &c->out);
}

/* ---- secrets ---- */

/* The id of the record that a secret is for. */
static int find_owner(struct ctx *cx, struct tenant *t, enum sql_id sql, const char *name, const char *noun,
                      const char **id) {
  struct db *db;
  if (tenant_read(cx, t, &db)) return cx->code;
  struct stmt *s = db_ask(cx, db, sql, name);
  if (!s) return cx->code;
  if (!stmt_row(cx, s))
    return fail(cx, E_NOT_FOUND, NULL, name ? "there is no %s '%s'" : "there is no %s yet%s", noun,
                name ? name : "");
  *id = col_dup(cx, s, 0);
  stmt_done(s);
  return OK;
}

int cmd_mail_password(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  const char *id;
  char line[CLI_SECRET];
  if (cli_tenant(cx, c, &t) ||
      find_owner(cx, t, SQL_mail_server_id, cli_operand(c, 0, NULL), "mail server", &id) ||
      cli_secret(cx, "password", line))
    return cx->code;
  secret_set(cx, t, secret_name(cx, "mail_server", id), str_of(line));
  bool gone = line[0] == 0;
  explicit_bzero(line, sizeof line);
  if (cx->code) return cx->code;
  return cli_has(c, "json") ? cli_print(cx, "{\"set\":%s}\n", gone ? "false" : "true")
                            : cli_print(cx, gone ? "the password was removed\n" : "the password is set\n");
}

static const char *make_secret(struct ctx *cx, char line[static CLI_SECRET]) {
  unsigned char bytes[SECRET_BYTES];
  struct buf text;
  buf_init(&text, 200);
  random_bytes(bytes, sizeof bytes);
  buf_puts(&text, "whsec_");
  base64_put(&text, bytes, sizeof bytes);
  str_copy(line, CLI_SECRET, buf_view(&text));
  buf_clear(&text);
  return ctx_strdup(cx, str_of(line));
}

int cmd_webhook_secret(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  const char *id, *made = NULL;
  char line[CLI_SECRET];
  if (cli_tenant(cx, c, &t) || find_owner(cx, t, SQL_webhook_id, c->operand[0], "webhook", &id))
    return cx->code;
  if (cli_has(c, "generate"))
    made = make_secret(cx, line);
  else if (cli_secret(cx, "secret", line))
    return cx->code;
  secret_set(cx, t, secret_name(cx, "webhook", id), str_of(line));
  bool gone = line[0] == 0;
  explicit_bzero(line, sizeof line);
  if (cx->code) return cx->code;
  if (made) return cli_print(cx, cli_has(c, "json") ? "{\"secret\":\"%s\"}\n" : "%s\n", made);
  return cli_has(c, "json") ? cli_print(cx, "{\"set\":%s}\n", gone ? "false" : "true")
                            : cli_print(cx, gone ? "the secret was removed\n" : "the secret is set\n");
}

/* ---- what went out ---- */

static int list(struct ctx *cx, struct cli *c, const char *channel) {
  static const struct cli_column columns[] = {
    { "id", "id", 6 },         { "state", "state", -8 },
    { "tries", "tries", 5 },   { "made_at", "made (UTC)", -19 },
    { "target", "to", -32 },   { "subject", "subject", -32 },
    { "answer", "answer", 0 }, { 0 },
  };
  struct db *db;
  struct jw *w = &c->json;
  int64_t limit;
  if (cli_int(cx, c, "limit", 100, &limit) || cli_read(cx, c, &db)) return cx->code;
  if (limit < 1 || limit > 10000) return cli_usage(cx, "--limit is 1 to 10000");
  if (outbox_list(cx, db, cli_get(c, "state"), channel, 0, limit, w, NULL)) return cx->code;
  return cli_print_list(cx, c, NULL, columns, "nothing went out");
}

int cmd_mail_list(struct ctx *cx, struct cli *c) { return list(cx, c, "mail"); }
int cmd_webhook_list(struct ctx *cx, struct cli *c) { return list(cx, c, "webhook"); }
