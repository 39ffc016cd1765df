/* routes_health.c - how things are, what goes out, and the secrets that it takes. */
#include "base/limits.h"
#include "export/operations.h"
#include "gate/gate.h"
#include "http/routes.h"
#include "notify/mail.h"
#include "notify/outbox.h"
#include "notify/secret.h"

static void put_connections(struct gate *gate, struct buf *out) {
  struct gate_numbers n;
  gate_numbers(gate, &n);
  const struct {
    const char *name, *help, *type;
    int64_t value;
  } rows[] = {
    { "outpost_connections", "Connections of clients that are open.", "gauge", n.connections },
    { "outpost_connections_live", "Those of them that watch what happens.", "gauge", n.live },
    { "outpost_requests_serving", "Requests that a worker serves.", "gauge", n.serving },
    { "outpost_requests_queued", "Requests that wait for a worker.", "gauge", n.queued },
    { "outpost_reply_bytes_owed", "Bytes that clients have not taken yet.", "gauge", n.owed },
    { "outpost_connections_accepted_total", "Connections since the start.", "counter", n.accepted },
    { "outpost_connections_refused_total", "Requests that were none, and connections beyond the ceiling.",
      "counter", n.refused },
    { "outpost_connections_evicted_total", "Connections that made room for others.", "counter", n.evicted },
    { "outpost_connections_timed_out_total", "Connections that were too slow, or idle for long.", "counter",
      n.timed_out },
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n%s %lld\n", rows[i].name, rows[i].help, rows[i].name,
               rows[i].type, rows[i].name, (long long)rows[i].value);
}

static int prometheus_show(struct request *rq) {
  struct buf out;
  buf_init(&out, LIMIT_REPLY_BYTES);
  operations_metrics(rq->cx, rq->server->opened, rq->who->open ? NULL : rq->who->tenant, &out);
  put_connections(rq->server->gate, &out);
  rq->content = (struct str){ ctx_strdup(rq->cx, buf_view(&out)), out.n };
  rq->type = "text/plain; version=0.0.4; charset=utf-8";
  buf_clear(&out);
  return rq->cx->code;
}

/* ---- health ---- */

struct report {
  struct jw *w;
  enum health worst;
};

static void tell(void *arg, const char *section, enum health state, const char *text) {
  struct report *r = arg;
  if (state > r->worst) r->worst = state;
  jw_record(r->w, NULL, "section", section, "state", health_names[state], "text", text);
}

static int health_report(struct request *rq) {
  struct ctx *cx = rq->cx;
  struct report r = { .w = &rq->json };
  jw_object(&rq->json, "data");
  jw_text(&rq->json, "tenant", tenant_slug(rq->tenant));
  jw_array(&rq->json, "sections");
  health_tenant(cx, rq->tenant, rq->db, tell, &r);
  health_machine(cx, store_dir(rq->server->store), tell, &r);
  jw_close(&rq->json, ']');
  jw_text(&rq->json, "state", health_names[r.worst]);
  jw_close(&rq->json, '}');
  return cx->code;
}

/* ---- what goes out ---- */

static int outbox_rows(struct request *rq) {
  const char *state, *channel;
  int64_t limit, before;
  if (query_text(rq, "state", &state) || query_text(rq, "channel", &channel) ||
      query_int(rq, "limit", 1, PAGE_ROWS_MOST, PAGE_ROWS, &limit) ||
      query_int(rq, "before", 0, INT64_MAX, 0, &before))
    return rq->cx->code;
  return outbox_list(rq->cx, rq->db, state, channel, before, limit, &rq->json, "data");
}

static int mail_test_post(struct request *rq) {
  struct ctx *cx = rq->cx;
  struct jv *body;
  struct mail_answer a;
  const char *to, *server;
  if (body_members(rq, "to, server", &body) || member_text(rq, body, "to", &to) ||
      member_text(rq, body, "server", &server))
    return cx->code;
  if (!to) return fail(cx, E_INVALID, "to", "say who gets it: {\"to\":\"me@example.org\"}");
  if (mail_test(cx, rq->tenant, server, to, &a)) return cx->code;
  if (a.end != MAIL_TAKEN)
    return fail(cx, a.end == MAIL_NEVER ? E_INVALID : E_BUSY, "to", "the mail was not sent: %s", a.words);
  jw_record(&rq->json, "data", "to", to, "code", a.code, "answer", a.words);
  return OK;
}

static int check_owner(struct request *rq, struct tenant *t, const char *entity, const char *id) {
  struct ctx *cx = rq->cx;
  struct db *db;
  bool mail = entity && strcmp(entity, "mail_server") == 0, hook = entity && strcmp(entity, "webhook") == 0;
  if (!mail && !hook) return fail(cx, E_INVALID, "entity", "entity is mail_server or webhook");
  if (tenant_read(cx, t, &db)) return cx->code;
  struct stmt *s = db_ask(cx, db, mail ? SQL_mail_server_row : SQL_webhook_row, id);
  if (!s) return cx->code;
  if (!stmt_row(cx, s))
    return fail(cx, E_NOT_FOUND, "id", "there is no such %s", mail ? "mail server" : "webhook");
  stmt_done(s);
  return OK;
}

static int secret_post(struct request *rq) {
  struct ctx *cx = rq->cx;
  struct jv *body;
  const char *entity, *id;
  if (body_members(rq, "entity, id, value", &body) || member_text(rq, body, "entity", &entity) ||
      member_text(rq, body, "id", &id))
    return cx->code;
  struct str value = jv_text(jv_get(body, "value"));
  if (!value.p) return fail(cx, E_INVALID, "value", "say what it is: \"value\"");
  if (check_owner(rq, rq->tenant, entity, id) ||
      secret_set(cx, rq->tenant, secret_name(cx, entity, id), value))
    return cx->code;
  jw_record(&rq->json, "data", "set", arg_bool(value.n > 0));
  return OK;
}

/* ---- the addresses ---- */

const struct route health_routes[] = {
  { "GET", "/metrics", prometheus_show, "system.read",
    "Figures of this process and of all tenants, in the text format of Prometheus.", .reply = "*text/plain",
    .quiet = true, .apart = true },
  { "GET", "/api/health", health_report, "system.read",
    "How things are, in sentences: {state, sections: [{section, state, text}]}; a state is ok, warn or bad.",
    .reply = "{tenant, sections: [{section, state, text}], state}", .quiet = true, .reads = true },
  { "GET", "/api/outbox", outbox_rows, "system.read",
    "Mails and requests that went out or are to, newest first. channel: mail or webhook.",
    .reply = "[{id: int, channel, job: int, sender, target, subject, state, tries: int, repeats: int, "
             "answer, made_at, changed_at}]",
    .query = "state, channel: mail|webhook, limit: int, before: int", .reads = true },
  { "POST", "/api/mail/test", mail_test_post, "system.write",
    "Sends a short mail at once: {\"to\":\"...\", \"server\":\"name\"}; 503 with the server's words when it "
    "was not taken.",
    .reply = "{to, code: int, answer}", .body = "{to!, server}", .body_max = KIB(4) },
  { "POST", "/api/secrets", secret_post, "system.write",
    "Sets the password of a mail server or the secret of a webhook: {\"entity\":\"mail_server\", "
    "\"id\":\"...\", \"value\":\"...\"}; an empty value removes it. Nobody gets it back.",
    .reply = "{set: bool}", .body = "{entity!: mail_server|webhook, id!: id, value!}", .body_max = KIB(16) },
  { 0 },
};
