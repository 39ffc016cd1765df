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
  if (cli_tenant(cx, c, &t) || mail_test(cx, t, cli_get(c, "server"), c->operand[0], &a)) return cx->code;
  if (a.end != MAIL_TAKEN)
    return fail(cx, a.end == MAIL_NEVER ? E_INVALID : E_BUSY, NULL, "the mail was not sent: %s", a.words);
  jw_record(&c->json, NULL, "to", c->operand[0], "code", a.code, "answer", a.words);
  return cli_answer(cx, c, "sent to {to}: {answer}\n");
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

/* Keeps it, and wipes the line that it was read into. */
static int keep_secret(struct ctx *cx, struct cli *c, struct tenant *t, const char *name,
                       char line[static CLI_SECRET], const char *what) {
  bool gone = line[0] == 0;
  secret_set(cx, t, name, str_of(line));
  explicit_bzero(line, CLI_SECRET);
  if (cx->code) return cx->code;
  jw_record(&c->json, NULL, "set", arg_bool(!gone));
  return cli_answer(cx, c, ctx_printf(cx, gone ? "the %s was removed\n" : "the %s is set\n", what));
}

int cmd_mail_password(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  const char *id;
  char line[CLI_SECRET];
  if (cli_tenant(cx, c, &t) ||
      find_owner(cx, t, SQL_mail_server_id, cli_operand(c, 0, NULL), "mail server", &id) ||
      cli_secret(cx, "password", line))
    return cx->code;
  return keep_secret(cx, c, t, secret_name(cx, "mail_server", id), line, "password");
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
  const char *id, *name, *made = NULL;
  char line[CLI_SECRET];
  if (cli_tenant(cx, c, &t) || find_owner(cx, t, SQL_webhook_id, c->operand[0], "webhook", &id))
    return cx->code;
  name = secret_name(cx, "webhook", id);
  if (!cli_has(c, "generate"))
    return cli_secret(cx, "secret", line) ? (int)cx->code : keep_secret(cx, c, t, name, line, "secret");
  made = make_secret(cx, line);
  if (secret_set(cx, t, name, str_of(line))) return cx->code;
  jw_record(&c->json, NULL, "secret", made);
  return cli_answer(cx, c, "{secret}\n");
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
  int64_t limit;
  if (cli_int(cx, c, "limit", 100, 1, 10000, &limit) || cli_read(cx, c, &db) ||
      outbox_list(cx, db, cli_get(c, "state"), channel, 0, limit, &c->json, NULL))
    return cx->code;
  return cli_print_list(cx, c, columns, "nothing went out");
}

int cmd_mail_list(struct ctx *cx, struct cli *c) { return list(cx, c, "mail"); }
int cmd_webhook_list(struct ctx *cx, struct cli *c) { return list(cx, c, "webhook"); }
