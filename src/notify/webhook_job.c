/*
** webhook_job.c - the job kind webhook_send: a POST of one event, {"target" or "url", "type", "subject", "data"}.
**
** target is the name of a webhook, or an address. The body is a CloudEvent (1.0, JSON); the headers are those of
** Standard Webhooks: webhook-id and webhook-timestamp, and, when the webhook has a secret, webhook-signature, by
** which the receiver knows that it comes from here and is not old. Idempotency-Key says the same as webhook-id: it is
** the same at every attempt, so a receiver that keeps them does the thing once.
**
** What an answer means: 2xx done; 408, 425, 429 and 5xx are tried again, not before Retry-After says so; everything
** else (400, 404, 410, a redirect) is dead with what was answered.
*/
#include <stdlib.h>

#include "base/base64.h"
#include "base/crash.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/time.h"
#include "net/http_client.h"
#include "notify/outbox.h"
#include "notify/secret.h"

enum { ALLOWED_MOST = 1000, SECONDS = 30, RETRY_AFTER_MOST = 24 * 3600, ANSWER_KEPT = 200 };

struct notice {
  struct ctx *cx;
  struct job *job;
  const char *url, *secret; /* "" without */
  struct net_rules rules;
  struct outbox_row row;
};

/* ---- the order ---- */

static const char *text_of(struct ctx *cx, const struct jv *o, const char *name, const char *other) {
  struct str s = jv_text(jv_get(o, name));
  if (!s.p && other) s = jv_text(jv_get(o, other));
  return s.p && s.n ? ctx_strdup(cx, s) : NULL;
}

static int read_rules(struct notice *n, struct db *db) {
  struct ctx *cx = n->cx;
  const char **list = ctx_alloc(cx, ALLOWED_MOST * sizeof *list);
  struct stmt *s = db_stmt(cx, db, SQL_net_allowed);
  if (!s) return cx->code;
  n->rules.allowed = list;
  while (n->rules.count < ALLOWED_MOST && stmt_row(cx, s)) list[n->rules.count++] = col_dup(cx, s, 0);
  stmt_done(s);
  return cx->code;
}

/* A webhook of that name, or an address as it is. */
static int read_target(struct notice *n, struct db *db) {
  struct ctx *cx = n->cx;
  const char *target = text_of(cx, job_payload(n->job), "target", "url");
  struct stmt *s = db_stmt(cx, db, SQL_webhook_find);
  if (!s) return cx->code;
  if (!target)
    return fail(cx, E_INVALID, "payload", "a request has a \"target\": a webhook's name, or an address");
  n->url = target;
  n->secret = "";
  stmt_text(s, 1, target);
  if (!stmt_row(cx, s)) {
    if (cx->code || strstr(target, "://")) return cx->code;
    return fail(cx, E_NOT_FOUND, "target", "there is no active webhook '%.60s'", target);
  }
  const char *id = col_dup(cx, s, 0), *own = col_dup(cx, s, 2);
  n->url = col_dup(cx, s, 1);
  if (own && *own) n->rules.authorities = str_of(own);
  stmt_done(s);
  return secret_get(cx, job_tenant(n->job), db, secret_name(cx, "webhook", id), &n->secret);
}

static void put_event(struct notice *n, struct jw *w) {
  struct ctx *cx = n->cx;
  const struct jv *o = job_payload(n->job), *data = jv_get(o, "data");
  const char *subject = text_of(cx, o, "subject", NULL);
  struct buf raw;
  jw_object(w, NULL);
  jw_put(w, "specversion", "1.0", "id", n->row.key);
  jw_text(w, "source", ctx_printf(cx, "/outpost/%s", tenant_slug(job_tenant(n->job))));
  jw_text(w, "type", n->row.subject);
  if (subject) jw_text(w, "subject", subject);
  jw_put(w, "time", arg_time(cx->now), "datacontenttype", "application/json");
  if (!data) data = jv_get(o, "body");
  buf_init(&raw, LIMIT_BODY_BYTES);
  if (data) jv_write(&raw, data);
  if (data) jw_raw(w, "data", buf_view(&raw));
  buf_clear(&raw);
  jw_close(w, '}');
}

static int make_row(struct notice *n, struct db *db) {
  struct ctx *cx = n->cx;
  const struct jv *o = job_payload(n->job);
  const char *key = text_of(cx, o, "key", NULL), *type = text_of(cx, o, "type", NULL);
  const char *cause =
      key ? ctx_printf(cx, "key %s", key) : ctx_printf(cx, "job %lld", (long long)job_id(n->job));
  struct buf body;
  struct jw w;
  n->row = (struct outbox_row){ .channel = "webhook",
                                .target = n->url,
                                .subject = type ? type : "outpost.notice" };
  if (outbox_key(cx, db, cause, n->url, &n->row.key)) return cx->code;
  buf_init(&body, LIMIT_BODY_BYTES + KIB(4));
  jw_init(&w, &body);
  put_event(n, &w);
  n->row.body = (struct str){ ctx_strdup(cx, buf_view(&body)), body.n };
  bool full = body.full;
  buf_clear(&body);
  if (full) return fail(cx, E_LIMIT, "data", "an event has at most %zu bytes", LIMIT_BODY_BYTES);
  return outbox_put(cx, n->job, &n->row);
}

/* ---- the request ---- */

/* HMAC-SHA256 over id.timestamp.body, as Standard Webhooks has it. A secret that begins with whsec_ is base64. */
static const char *signature(struct notice *n, int64_t seconds) {
  struct ctx *cx = n->cx;
  unsigned char sum[SHA256_SIZE];
  struct buf key, text;
  buf_init(&key, KIB(8));
  buf_init(&text, 4 * LIMIT_BODY_BYTES);
  if (strncmp(n->secret, "whsec_", 6) != 0 || !base64_get(&key, str_of(n->secret + 6))) {
    buf_reset(&key);
    buf_puts(&key, n->secret);
  }
  buf_printf(&text, "%s.%lld.", n->row.key, (long long)seconds);
  buf_str(&text, n->row.body);
  hmac_sha256(buf_view(&key), buf_view(&text), sum);
  buf_reset(&text);
  base64_put(&text, sum, sizeof sum);
  const char *header = ctx_printf(cx, "webhook-signature: v1,%s", buf_view(&text).p);
  explicit_bzero(key.p, key.n);
  buf_clear(&key);
  buf_clear(&text);
  return header;
}

static bool stopped(void *arg) { return job_stopped(((const struct notice *)arg)->job); }

static int post(struct notice *n, struct http_answer *a) {
  struct ctx *cx = n->cx;
  int64_t seconds = time_now() / 1000000;
  const char *headers[] = { "Content-Type: application/cloudevents+json; charset=UTF-8",
                            ctx_printf(cx, "Idempotency-Key: %s", n->row.key),
                            ctx_printf(cx, "webhook-id: %s", n->row.key),
                            ctx_printf(cx, "webhook-timestamp: %lld", (long long)seconds),
                            *n->secret ? signature(n, seconds) : NULL,
                            NULL };
  return http_call(cx, &n->rules,
                   &(struct http_call){ .url = n->url,
                                        .headers = headers,
                                        .body = n->row.body,
                                        .seconds = SECONDS,
                                        .most = KIB(64),
                                        .stopped = stopped,
                                        .stopped_arg = n },
                   a);
}

/* ---- the answer ---- */

static bool is_for_now(int status) {
  return status == 408 || status == 425 || status == 429 || status >= 500;
}

static const char *words_of(struct ctx *cx, const struct http_answer *a) {
  struct str text = str_trim(a->body);
  if (text.n > ANSWER_KEPT) text.n = ANSWER_KEPT;
  return ctx_printf(cx, "answered %d%s" STR_FMT, a->status, text.n ? ": " : "", STR_ARG(text));
}

static int judge(struct notice *n, const struct http_answer *a) {
  struct ctx *cx = n->cx;
  const char *words = words_of(cx, a);
  bool good = a->status >= 200 && a->status < 300, later = is_for_now(a->status);
  job_log(n->job, "%s: %s", n->url, words);
  crash_point("webhook: answered, not yet noted");
  if (outbox_mark(cx, n->job, &n->row, good ? "sent" : later ? "waiting" : "dead", a->status, words))
    return cx->code;
  if (good) return OK;
  if (later && a->retry_after >= 0)
    job_retry_after(n->job, 1000 * (a->retry_after < RETRY_AFTER_MOST ? a->retry_after : RETRY_AFTER_MOST));
  return fail(cx, later ? E_BUSY : E_INVALID, NULL, "%s %s", n->url, words);
}

/* There was no answer. Whether the receiver has the request nobody knows, unless no connection came about at all; it
** goes out again under the same key. */
static int no_answer(struct notice *n) {
  struct ctx *cx = n->cx, aside;
  bool dead = cx->code != E_BUSY && cx->code != E_FAIL;
  ctx_begin(&aside, cx->actor);
  job_log(n->job, "%s: %s", n->url, cx->message);
  outbox_mark(&aside, n->job, &n->row, dead ? "dead" : "ending", 0, cx->message);
  ctx_end(&aside);
  return cx->code;
}

/* The reader is given back before anything is called: an answer may take long. */
static int prepare(struct notice *n) {
  struct ctx reading;
  struct db *db;
  ctx_begin(&reading, n->cx->actor);
  if (tenant_read(&reading, job_tenant(n->job), &db))
    fail_from(n->cx, &reading);
  else if (!read_rules(n, db) && !read_target(n, db))
    make_row(n, db);
  ctx_end(&reading);
  return n->cx->code;
}

static int run(struct ctx *cx, struct job *job) {
  struct http_answer a;
  struct notice *n = ctx_alloc(cx, sizeof *n);
  n->cx = cx;
  n->job = job;
  if (prepare(n)) return cx->code;
  if (strcmp(n->row.state, "sent") == 0) return OK;
  if (strcmp(n->row.state, "dead") == 0) return fail(cx, E_INVALID, NULL, "%s %s", n->url, n->row.answer);
  if (outbox_begin(cx, job, &n->row) || outbox_mark(cx, job, &n->row, "ending", 0, NULL)) return cx->code;
  if (post(n, &a)) return no_answer(n);
  return judge(n, &a);
}

const struct job_kind webhook_send_kind = {
  .name = "webhook_send",
  .queue = "webhook-queue",
  .help = "posts an event: {\"target\", \"type\", \"subject\", \"data\"}",
  .need = "system.write",
  .run = run,
};
