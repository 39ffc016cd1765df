/*
** realtime.c - what happens, as it happens, over a WebSocket (GET /realtime): the greeting, and what a client may say.
**
**   server   {"type":"ready","seq":41}               where the client is
**            {"type":"data-update","seq":42,"table":"stores","op":"update","key":"...", ...}   after every commit
**            {"type":"job",...}  {"type":"progress",...}   as in live events
**            {"type":"reset","seq":7}                 the log was taken back to there
**   client   {"after":41}                             everything that came after this entry, then on as before
**
** A page of a stranger can open a WebSocket to any address, and the browser sends the cookie along. So who asks, and
** from which page, is looked at before anything is agreed on. Texts are the only messages; a client that sends many
** of them, or of another form, is sent away.
*/
#include <stdio.h>

#include "gate/gate.h"
#include "gate/websocket.h"
#include "http/hub.h"
#include "http/routes.h"

/* ---- the greeting (RFC 6455, 4.2) ---- */

static bool header_has(struct request *rq, const char *name, struct str word) {
  int count;
  const char *list = wire_header(rq, name, &count);
  while (list && *list) {
    size_t n = strcspn(list, ",");
    if (str_eq_nocase(str_trim((struct str){ list, n }), word)) return true;
    list += n + (list[n] == ',');
  }
  return false;
}

/* What a browser cannot hide: the page that asks. A program that is no browser names none; a page of another origin
** that may use the API shows a token, and no cookie counts (cors.c). */
static int check_page(struct request *rq) {
  if (rq->own_page || rq->foreign || !wire_header(rq, "Origin", NULL)) return OK;
  return refuse(rq, 403, E_DENIED, "only this server's own page may watch what happens here");
}

static int check_greeting(struct request *rq, char accept[static WEBSOCKET_ACCEPT]) {
  int keys;
  const char *key = wire_header(rq, "Sec-WebSocket-Key", &keys);
  if (!header_has(rq, "Upgrade", STR("websocket")) || !header_has(rq, "Connection", STR("upgrade"))) {
    rq->upgrade = "websocket";
    return refuse(rq, 426, E_INVALID,
                  "this address speaks WebSocket; GET /api/events has the same as a stream");
  }
  if (!header_has(rq, "Sec-WebSocket-Version", STR("13"))) {
    rq->upgrade = "websocket";
    return refuse(rq, 426, E_INVALID, "the version of WebSocket that is spoken here is 13");
  }
  if (!key || keys != 1 || !websocket_accept(str_of(key), accept))
    return refuse(rq, 400, E_INVALID, "Sec-WebSocket-Key is 16 bytes in base64");
  return OK;
}

int realtime_open(struct request *rq) {
  char accept[WEBSOCKET_ACCEPT];
  struct viewer *v;
  int64_t after;
  int rc = check_page(rq);
  if (!rc) rc = check_greeting(rq, accept);
  if (!rc) rc = query_int(rq, "after", 0, INT64_MAX, -1, &after);
  if (!rc) rc = hub_admit(rq, rq->tenant, true, after, &v);
  if (rc) return rc;
  reply_upgrade(rq, "websocket", ctx_printf(rq->cx, "Sec-WebSocket-Accept: %s\r\n", accept));
  hub_begin(v, rq->conn);
  return OK;
}

/* ---- what a client says, in the gate's loop ---- */

static void answer(struct viewer *v, enum websocket_opcode kind, struct str bytes) {
  struct buf out;
  buf_init(&out, 256);
  websocket_put(&out, kind, bytes);
  viewer_send(v, buf_view(&out));
  buf_clear(&out);
}

static void end(struct viewer *v, int code, const char *reason) {
  struct buf out;
  buf_init(&out, 256);
  if (code == WS_NO_CODE)
    websocket_put(&out, WS_CLOSE, STR(""));
  else
    websocket_put_close(&out, (enum websocket_code)code, reason);
  viewer_send(v, buf_view(&out));
  buf_clear(&out);
  viewer_leave(v);
}

/* {"after": 41} */
static bool take_text(struct viewer *v, struct str text) {
  char error[64];
  struct jv *message = jv_parse_raw(text, error, sizeof error);
  int64_t seq = -1;
  struct str after = jv_text(jv_get(message, "after"));
  bool good = after.p && str_to_int(after, &seq) && seq >= 0;
  jv_free(message);
  if (good) viewer_go_to(v, seq);
  return good;
}

/* What came at once. Of its pings the last is answered (RFC 6455, 5.5.3), so a flood of them costs little. */
struct heard {
  struct viewer *v;
  bool pinged;
  char ping[WEBSOCKET_CONTROL];
  size_t n;
};

static bool take_message(void *arg, enum websocket_opcode kind, int code, struct str bytes) {
  struct heard *h = arg;
  struct viewer *v = h->v;
  viewer_heard(v);
  if (kind == WS_PING) {
    h->pinged = true;
    h->n = bytes.n;
    memcpy(h->ping, bytes.p, bytes.n);
  }
  if (kind == WS_PING || kind == WS_PONG) return true;
  if (kind == WS_CLOSE)
    end(v, code, "");
  else if (kind == WS_BINARY)
    end(v, WS_UNSUPPORTED, "texts are the only messages");
  else if (!viewer_may_speak(v))
    end(v, WS_POLICY, "too many messages");
  else if (take_text(v, bytes))
    return true;
  else
    end(v, WS_POLICY, "the one message that is understood is {\"after\": the number of an entry}");
  return false;
}

void viewer_input(struct viewer *v, struct str bytes) {
  struct heard h = { .v = v };
  int code = websocket_take(viewer_socket(v), bytes, take_message, &h);
  if (h.pinged) answer(v, WS_PONG, (struct str){ h.ping, h.n });
  if (code) end(v, code, code == WS_TOO_LARGE ? "a message has at most 64 KiB" : "");
}
