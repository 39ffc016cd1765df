/*
** reply.c - what goes back to the client.
**
** A success is {"success":true,"data":...,"total":n}, or a file of the page. A
** failure is application/problem+json (RFC 9457). Both carry the same security
** headers. A success has a strong ETag, and whoever sends it back in
** If-None-Match gets 304 and no body; everything must be asked for again
** (no-cache), which costs a 304 as long as nothing has changed. What no write can change - the
** document of the API, what kinds of records and problems there are - may be kept
** for a quarter of an hour.
**
** What is wrong with this machine (E_FAIL) is told in the log and not to the
** client, who gets the id of the unit of work to find it there.
*/
#include <civetweb.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/hash.h"
#include "base/limits.h"
#include "gate/gate.h"
#include "gate/trust.h"
#include "http/cors.h"
#include "http/gzip.h"
#include "http/rate.h"
#include "http/request.h"

static const char SECURITY_HEADERS[] =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; require-trusted-types-for 'script'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n";

/* Only with a certificate that every browser trusts: who is told so cannot click a warning away any more. */
#define HALF_A_YEAR "max-age=15552000"

void reply_begin(struct request *rq) {
  jw_init(&rq->json, &rq->body);
  jw_object(&rq->json, NULL);
  jw_bool(&rq->json, "success", true);
}

static int status_of(enum err code) {
  static const int statuses[] = {
    [OK] = 200,       [E_INVALID] = 422, [E_NOT_FOUND] = 404, [E_CONFLICT] = 409,
    [E_DENIED] = 403, [E_LIMIT] = 413,   [E_BUSY] = 503,      [E_FAIL] = 500,
  };
  return statuses[code];
}

static const char *title_of(int status) {
  const char *title = problem_title(status);
  return title ? title : mg_get_response_code_text(NULL, status);
}

/* ---- failure ---- */

static const char *detail_of(const struct request *rq) {
  if (rq->cx->code != E_FAIL) return rq->cx->message;
  return ctx_printf(rq->cx, "Something is wrong with this machine. Its log tells more under %s.", rq->cx->id);
}

/* "items[0].quantity" in the body of the request is at /items/0/quantity, "body" is all of it. What already is a pointer
** stays. */
static const char *pointer_of(struct ctx *cx, const char *field) {
  struct buf out;
  if (!strcmp(field, "body")) return "";
  buf_init(&out, LIMIT_HEADING * 2);
  if (*field != '/') buf_char(&out, '/');
  for (const char *p = field; *p; p++) {
    if (*p == '.' || *p == '[')
      buf_char(&out, '/');
    else if (*p == '~')
      buf_puts(&out, "~0");
    else if (*p != ']')
      buf_char(&out, *p);
  }
  return ctx_take(cx, &out);
}

static void error_write(struct request *rq, const char *field, const char *detail) {
  struct jw *w = &rq->json;
  const char *last = strrchr(field, '/');
  if (!*field) return;
  jw_object(w, NULL);
  jw_text(w, "field", *field == '/' && last ? last + 1 : field);
  if (rq->body_known.n) jw_text(w, "pointer", pointer_of(rq->cx, field));
  jw_text(w, "detail", detail);
  jw_close(w, '}');
}

static void problem_write(struct request *rq) {
  struct ctx *cx = rq->cx;
  struct jw *w = &rq->json;
  buf_reset(&rq->body);
  jw_init(w, &rq->body);
  jw_object(w, NULL);
  jw_text(w, "type", ctx_printf(cx, "/problems/%s", problem_name(rq->status)));
  jw_text(w, "title", title_of(rq->status));
  jw_int(w, "status", rq->status);
  jw_text(w, "detail", detail_of(rq));
  jw_text(w, "instance", ctx_printf(cx, "urn:uuid:%s", cx->id));
  jw_array(w, "errors");
  for (const struct flaw *f = cx->flaws; f; f = f->next) error_write(rq, f->field, f->message);
  if (!cx->flaws) error_write(rq, cx->field, detail_of(rq));
  jw_close(w, ']');
  jw_close(w, '}');
}

/* ---- the parts of a success ---- */

const char *reply_etag(struct ctx *cx, struct str body) {
  unsigned char digest[SHA256_SIZE];
  char hex[SHA256_HEX];
  sha256_of(body.p, body.n, digest);
  return ctx_printf(cx, "\"%s\"", hex_encode(hex, digest, 16));
}

bool etag_next(const char **list, struct str *tag, bool *weak) {
  const char *at = *list + strspn(*list, " \t,");
  *weak = !strncmp(at, "W/", 2);
  if (*weak) at += 2;
  const char *end = *at == '"' ? strchr(at + 1, '"') : NULL;
  if (!end || !strchr(" \t,", end[1])) return false;
  *tag = (struct str){ at, (size_t)(end + 1 - at) };
  *list = end + 1;
  return true;
}

bool etag_any(const char *list) { return str_eq(str_trim(str_of(list)), STR("*")); }

/* By the weak comparison: W/ makes no difference. */
static bool etag_listed(const char *list, const char *etag) {
  struct str tag;
  bool weak;
  if (etag_any(list)) return true;
  while (etag_next(&list, &tag, &weak))
    if (str_eq(tag, str_of(etag))) return true;
  return false;
}

static void line(struct buf *head, const char *name, const char *value) {
  if (!value) return;
  buf_puts(head, name);
  buf_str(head, STR(": "));
  buf_puts(head, value);
  buf_str(head, STR("\r\n"));
}

static void success_head(struct request *rq, struct buf *head) {
  bool asked = rq->head || !strcmp(rq->method, "GET"); /* and not told to do something */
  if (asked && !rq->streamed) {
    const char *etag = rq->etag ? rq->etag : reply_etag(rq->cx, rq->content);
    const char *known = wire_list(rq, "If-None-Match");
    if (rq->status == 200 && known && etag_listed(known, etag)) rq->status = 304;
    line(head, "ETag", rq->packed ? ctx_printf(rq->cx, "W/%s", etag) : etag);
  } else if (!asked) {
    line(head, "ETag", rq->etag); /* of what came of it */
  }
  bool fixed = asked && rq->route && rq->route->fixed;
  line(head, "Cache-Control",
       fixed                    ? "private, max-age=900"
       : asked && !rq->streamed ? "no-cache"
                                : "no-store");
  line(head, "Location", rq->location);
  if (rq->repeated) line(head, "Idempotent-Replayed", "true");
  if (rq->attachment)
    buf_printf(head, "Content-Disposition: attachment; filename=\"%s\"\r\n", rq->attachment);
  line(head, "Vary", "Accept, Accept-Encoding");
  line(head, "Link", rq->link);
  if (rq->status != 304) line(head, "Content-Encoding", rq->encoding);
}

static void failure_head(struct request *rq, struct buf *head) {
  if (rq->status == 401) line(head, "WWW-Authenticate", "Bearer");
  line(head, "Cache-Control", "no-store");
  line(head, "Allow", rq->allow);
  line(head, "Upgrade", rq->upgrade);
  if (rq->status == 503 && !rq->retry_after) rq->retry_after = 5;
  if (rq->retry_after) buf_printf(head, "Retry-After: %d\r\n", rq->retry_after);
}

/* After what we did not understand, nothing on this connection can be trusted. */
static bool closes(const struct request *rq) {
  return wire_closes(rq) || rq->status == 400 || rq->status == 413 || rq->status >= 500;
}

static void date_write(struct request *rq, struct buf *head) {
  static _Thread_local char text[40]; /* of the second that it was made in */
  static _Thread_local time_t made;
  time_t seconds = (time_t)(rq->cx->now / 1000000);
  struct tm utc;
  if (seconds != made) strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&seconds, &utc));
  made = seconds;
  line(head, "Date", text);
}

void reply_head(struct request *rq, bool failed, struct buf *head) {
  struct buf special;
  buf_init(&special, KIB(8));
  if (failed)
    failure_head(rq, &special);
  else
    success_head(rq, &special);
  buf_printf(head, "HTTP/1.1 %d %s\r\n", rq->status, title_of(rq->status));
  date_write(rq, head);
  buf_str(head, buf_view(&special));
  line(head, "X-Request-Id", rq->cx->id);
  rate_head(rq, head);
  if (rq->server->origins) line(head, "Vary", "Origin");
  cors_head(rq, head);
  buf_puts(head, SECURITY_HEADERS);
  if (rq->cookies) buf_puts(head, rq->cookies);
  if (rq->server->trust && trust_is_public(rq->server->trust))
    line(head, "Strict-Transport-Security", HALF_A_YEAR);
  if (rq->status != 304 && rq->status != 204) {
    line(head, "Content-Type", rq->type);
    if (!rq->streamed) buf_printf(head, "Content-Length: %zu\r\n", rq->content.n);
    if (rq->streamed && !rq->endless && !wire_old(rq)) line(head, "Transfer-Encoding", "chunked");
  }
  if (closes(rq)) {
    wire_close_after(rq);
    line(head, "Connection", "close");
  } else {
    buf_printf(head, "Keep-Alive: timeout=%d\r\n", GATE_IDLE_SECONDS);
  }
  buf_puts(head, "\r\n");
  buf_clear(&special);
}

/* A long answer, for a client that takes gzip. A tag that somebody may send back
** in If-Match stays as it is, and so does its answer. */
static void pack(struct request *rq) {
  bool asked = rq->head || !strcmp(rq->method, "GET");
  if (!asked || rq->status != 200 || rq->etag || rq->encoding || strcmp(rq->type, "application/json")) return;
  struct str packed = gzip_taken(rq) ? gzip_pack(rq->content) : (struct str){ 0 };
  if (!packed.p) return;
  ctx_defer(rq->cx, free, (char *)(uintptr_t)packed.p);
  rq->etag = reply_etag(rq->cx, rq->content);
  rq->content = packed;
  rq->encoding = "gzip";
  rq->packed = true;
}

void reply_send(struct request *rq) {
  struct buf head;
  if (rq->endless) return;
  if (rq->streamed || (rq->streams && !rq->cx->code)) {
    stream_end(rq);
    return;
  }
  buf_init(&head, KIB(16));
  if (!rq->cx->code && !rq->content.p) jw_close(&rq->json, '}');
  if (!rq->cx->code && rq->body.full)
    fail(rq->cx, E_LIMIT, NULL, "the reply is too large; ask for less at once");
  bool failed = rq->cx->code != OK;
  if (!rq->status) rq->status = status_of(rq->cx->code);
  if (failed) {
    problem_write(rq);
    rq->type = "application/problem+json";
    rq->content.p = NULL;
  }
  if (!rq->content.p) rq->content = buf_view(&rq->body);
  if (!rq->type) rq->type = "application/json";
  if (!failed) pack(rq);
  reply_head(rq, failed, &head);
  bool has_body = !rq->head && rq->status != 304;
  wire_write_parts(rq, (struct str[]){ buf_view(&head), rq->content }, has_body ? 2 : 1);
  buf_clear(&head);
}

/* Without a length, so that it ends with the connection. */
void reply_endless(struct request *rq) {
  struct buf head;
  rq->status = 200;
  rq->streamed = rq->endless = true;
  wire_close_after(rq);
  buf_init(&head, KIB(16));
  reply_head(rq, false, &head);
  wire_write(rq, buf_view(&head));
  buf_clear(&head);
}

void reply_upgrade(struct request *rq, const char *protocol, const char *lines) {
  rq->status = 101;
  rq->endless = true;
  wire_write(rq,
             str_of(ctx_printf(
                 rq->cx, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: %s\r\nConnection: Upgrade\r\n%s\r\n",
                 protocol, lines)));
}
