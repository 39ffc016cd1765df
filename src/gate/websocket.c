#include "gate/websocket.h"

#include <mbedtls/sha1.h>

#include "base/base64.h"
#include "base/utf8.h"

enum {
  FIN = 0x80,
  RESERVED = 0x70,
  OPCODE = 0x0f,
  MASKED = 0x80,
  LENGTH = 0x7f,
  SHORT = 126,
  LONG = 127,
  MASK_BYTES = 4
};

/* RFC 6455, 4.2.2: the key and a fixed text, SHA-1, base64. Nothing secret: it shows that the server
** understood the question. */
bool websocket_accept(struct str key, char out[static WEBSOCKET_ACCEPT]) {
  static const char magic[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char sum[20];
  char text[24 + sizeof magic];
  struct buf b;
  buf_init(&b, 32);
  bool good = key.n == 24 && base64_get(&b, key) && b.n == 16;
  buf_reset(&b);
  if (good) {
    memcpy(text, key.p, 24);
    memcpy(text + 24, magic, sizeof magic - 1);
    mbedtls_sha1_ret((const unsigned char *)text, 24 + sizeof magic - 1, sum);
    base64_put(&b, sum, sizeof sum);
    good = str_copy(out, WEBSOCKET_ACCEPT, buf_view(&b));
  }
  buf_clear(&b);
  return good;
}

void websocket_init(struct websocket *w) {
  *w = (struct websocket){ .head_need = 2 };
  buf_init(&w->message, WEBSOCKET_MESSAGE);
}

void websocket_clear(struct websocket *w) { buf_clear(&w->message); }

/* ---- the head of a frame ---- */

static int opcode_of(const struct websocket *w) { return w->head[0] & OPCODE; }
static bool is_control(const struct websocket *w) { return opcode_of(w) >= WS_CLOSE; }
static bool is_last(const struct websocket *w) { return (w->head[0] & FIN) != 0; }

/* How many bytes the head has in all, as its first two tell. */
static size_t head_size(const struct websocket *w) {
  int n = w->head[1] & LENGTH;
  return 2 + MASK_BYTES + (n == LONG ? 8 : n == SHORT ? 2 : 0);
}

static int check_start(const struct websocket *w) {
  int code = opcode_of(w);
  bool known = code <= WS_BINARY || (code >= WS_CLOSE && code <= WS_PONG);
  if ((w->head[0] & RESERVED) || !known || !(w->head[1] & MASKED)) return WS_PROTOCOL;
  if (is_control(w)) return is_last(w) && (w->head[1] & LENGTH) <= WEBSOCKET_CONTROL ? 0 : WS_PROTOCOL;
  return (code == WS_MORE) == (w->kind != 0) ? 0 : WS_PROTOCOL;
}

static int read_length(struct websocket *w) {
  int n = w->head[1] & LENGTH, bytes = n == LONG ? 8 : n == SHORT ? 2 : 0;
  w->left = bytes ? 0 : (uint64_t)n;
  for (int i = 0; i < bytes; i++) w->left = w->left << 8 | w->head[2 + i];
  if ((bytes == 2 && w->left < SHORT) || (bytes == 8 && (w->left <= 0xffff || w->left >> 63)))
    return WS_PROTOCOL;
  return !is_control(w) && w->left > WEBSOCKET_MESSAGE - w->message.n ? WS_TOO_LARGE : 0;
}

static const unsigned char *mask_of(const struct websocket *w) { return w->head + w->head_need - MASK_BYTES; }

/* ---- what is whole ---- */

/* Codes that may stand in a close frame (RFC 6455, 7.4). */
static bool code_valid(int code) {
  return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
         (code >= 3000 && code <= 4999);
}

static int tell_close(const struct websocket *w, websocket_fn *fn, void *arg) {
  struct str reason = { (const char *)w->control + 2, w->at >= 2 ? w->at - 2 : 0 };
  int code = w->at >= 2 ? w->control[0] << 8 | w->control[1] : WS_NO_CODE;
  if (w->at == 1 || (w->at >= 2 && !code_valid(code))) return WS_PROTOCOL;
  if (!utf8_valid(reason)) return WS_NOT_UTF8;
  fn(arg, WS_CLOSE, code, reason);
  return -1;
}

/* 0, a code, or -1: nothing of the rest is wanted. */
static int frame_over(struct websocket *w, websocket_fn *fn, void *arg) {
  int code = opcode_of(w), kind;
  if (code == WS_CLOSE) return tell_close(w, fn, arg);
  if (is_control(w))
    return fn(arg, (enum websocket_opcode)code, 0, (struct str){ (const char *)w->control, w->at }) ? 0 : -1;
  if (code != WS_MORE) w->kind = code;
  if (!is_last(w)) return 0;
  kind = w->kind;
  w->kind = 0;
  if (kind == WS_TEXT && !utf8_valid(buf_view(&w->message))) return WS_NOT_UTF8;
  bool on = fn(arg, (enum websocket_opcode)kind, 0, buf_view(&w->message));
  buf_reset(&w->message);
  return on ? 0 : -1;
}

/* ---- byte by byte ---- */

static size_t take_head(struct websocket *w, struct str bytes, int *code) {
  size_t n = 0;
  while (n < bytes.n && w->head_n < w->head_need && !*code) {
    w->head[w->head_n++] = (unsigned char)bytes.p[n++];
    if (w->head_n == 2) {
      *code = check_start(w);
      w->head_need = head_size(w);
    }
  }
  if (w->head_n < w->head_need || *code) return n;
  *code = read_length(w);
  w->in_payload = true;
  w->at = 0;
  return n;
}

static size_t take_payload(struct websocket *w, struct str bytes) {
  unsigned char part[512];
  const unsigned char *mask = mask_of(w);
  size_t n = bytes.n < w->left ? bytes.n : (size_t)w->left;
  if (n > sizeof part) n = sizeof part;
  for (size_t i = 0; i < n; i++) part[i] = (unsigned char)bytes.p[i] ^ mask[(w->at + i) & 3];
  if (is_control(w))
    memcpy(w->control + w->at, part, n);
  else
    buf_add(&w->message, part, n);
  w->at += n;
  w->left -= n;
  return n;
}

int websocket_take(struct websocket *w, struct str bytes, websocket_fn *fn, void *arg) {
  int code = 0;
  while (!code && (bytes.n || (w->in_payload && !w->left))) {
    size_t n = w->in_payload ? take_payload(w, bytes) : take_head(w, bytes, &code);
    bytes.p += n;
    bytes.n -= n;
    if (code || !w->in_payload || w->left) continue;
    code = frame_over(w, fn, arg);
    w->in_payload = false;
    w->head_n = 0;
    w->head_need = 2;
  }
  return code > 0 ? code : 0;
}

/* ---- out ---- */

void websocket_put(struct buf *out, enum websocket_opcode kind, struct str payload) {
  buf_char(out, (char)(FIN | kind));
  if (payload.n < SHORT) {
    buf_char(out, (char)payload.n);
  } else {
    int bytes = payload.n <= 0xffff ? 2 : 8;
    buf_char(out, bytes == 2 ? SHORT : LONG);
    while (bytes-- > 0) buf_char(out, (char)(payload.n >> (8 * bytes)));
  }
  buf_str(out, payload);
}

void websocket_put_close(struct buf *out, enum websocket_code code, const char *reason) {
  char payload[WEBSOCKET_CONTROL];
  size_t n = strlen(reason);
  if (n > sizeof payload - 2) n = sizeof payload - 2;
  payload[0] = (char)(code >> 8);
  payload[1] = (char)code;
  memcpy(payload + 2, reason, n);
  websocket_put(out, WS_CLOSE, (struct str){ payload, n + 2 });
}
