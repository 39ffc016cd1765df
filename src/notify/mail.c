#include "notify/mail.h"

#include "net/http_client.h"
#include "notify/secret.h"

static enum mail_security security_of(struct str s) {
  if (str_eq(s, STR("tls"))) return MAIL_TLS;
  return str_eq(s, STR("none")) ? MAIL_PLAIN : MAIL_STARTTLS;
}

int mail_settings_read(struct ctx *cx, struct tenant *t, struct db *db, const char *name,
                       struct mail_settings *out) {
  struct stmt *s = db_ask(cx, db, SQL_mail_server_find, name);
  if (!s) return cx->code;
  if (!stmt_row(cx, s)) {
    if (cx->code) return cx->code;
    return fail(
        cx, E_NOT_FOUND, "mail_server",
        name ? "there is no active mail server '%s'"
             : "there is no mail server yet: `outpost record save mail_server '{\"name\":\"main\",...}'`%s",
        name ? name : "");
  }
  *out = (struct mail_settings){ .id = col_dup(cx, s, 0),
                                 .name = col_dup(cx, s, 1),
                                 .sender = col_dup(cx, s, 6),
                                 .hold = col_int(s, 8) != 0 };
  out->server = (struct mail_server){ .host = col_dup(cx, s, 2),
                                      .port = (int)col_int(s, 3),
                                      .security = security_of(col_str(s, 4)),
                                      .user = col_dup(cx, s, 5) };
  if (!col_null(s, 7) && col_str(s, 7).n) out->server.authorities = str_of(col_dup(cx, s, 7));
  stmt_done(s);
  return secret_get(cx, t, db, secret_name(cx, "mail_server", out->id), &out->server.password);
}

int mail_test(struct ctx *cx, struct tenant *t, const char *name, const char *to, struct mail_answer *out) {
  struct db *db;
  struct mail_settings set;
  struct mail_address from, rcpt;
  struct str bytes;
  if (tenant_read(cx, t, &db) || mail_settings_read(cx, t, db, name, &set)) return cx->code;
  struct mail m = { .from = set.sender,
                    .to = &to,
                    .to_count = 1,
                    .subject = "Outpost can send mail",
                    .id = cx->id,
                    .at = cx->now,
                    .text = ctx_printf(cx, "This is a test of the mail server %s (%s) of %s.\n", set.name,
                                       set.server.host, tenant_slug(t)) };
  if (mail_address_read(cx, "from", set.sender, &from) || mail_address_read(cx, "to", to, &rcpt) ||
      mail_make(cx, &m, &bytes))
    return cx->code;
  set.server.seconds = 30;
  return mail_send(cx, &set.server, from.address, rcpt.address, bytes, NULL, out);
}

/* ---- what the records must be ---- */

static int check_server(struct ctx *cx, struct db *db, const char *id) {
  struct mail_address a;
  struct stmt *s = db_ask(cx, db, SQL_mail_server_row, id);
  if (!s) return cx->code;
  if (!stmt_row(cx, s)) return cx->code;
  bool plain = str_eq(col_str(s, 1), STR("none")), login = col_str(s, 2).n > 0;
  const char *host = col_dup(cx, s, 0), *sender = col_dup(cx, s, 3);
  stmt_done(s);
  if (net_check_allowed(cx, "host", host) || mail_address_read(cx, "sender", sender, &a)) return cx->code;
  if (strchr(host, '/') || host[0] == '.')
    return fail(cx, E_INVALID, "host", "'%s' is no host's name or address", host);
  if (plain && login)
    return fail(cx, E_INVALID, "security", "a password is not sent without TLS: security is starttls or tls");
  return OK;
}

static int check_webhook(struct ctx *cx, struct db *db, const char *id) {
  struct stmt *s = db_ask(cx, db, SQL_webhook_row, id);
  if (!s) return cx->code;
  if (!stmt_row(cx, s)) return cx->code;
  const char *url = col_dup(cx, s, 0), *events = col_dup(cx, s, 1);
  stmt_done(s);
  if (http_check_url(cx, "url", url)) return cx->code;
  if (!(s = db_stmt(cx, db, SQL_webhook_begin))) return cx->code;
  stmt_text(s, 1, id); /* it is told of what comes from now on */
  if (stmt_run(cx, s)) return cx->code;
  if (events[strspn(events, "abcdefghijklmnopqrstuvwxyz_.*-, ")])
    return fail(cx, E_INVALID, "events",
                "events are names such as run.completed, run.* or *, separated by commas");
  return OK;
}

static int check_peer(struct ctx *cx, struct db *db, const char *id) {
  struct stmt *s = db_ask(cx, db, SQL_net_allow_row, id);
  if (!s) return cx->code;
  if (!stmt_row(cx, s)) return cx->code;
  const char *peer = col_dup(cx, s, 0);
  stmt_done(s);
  return net_check_allowed(cx, "peer", peer);
}

const struct entity_hooks mail_server_hooks = { .check_row = check_server };
const struct entity_hooks webhook_hooks = { .check_row = check_webhook };
const struct entity_hooks net_allow_hooks = { .check_row = check_peer };
