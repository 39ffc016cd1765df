/*
** fuzz_websocket.c - any bytes as what a client of a WebSocket sends. However they are cut, the same is told of
** them; no message is beyond its ceiling, and every text is UTF-8. What is put into a frame is read from it again.
*/
#include <stdlib.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "gate/websocket.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds) {
  if (!holds) abort();
}

struct told {
  uint64_t sum;
  int count;
  bool over;
};

static bool note(void *arg, enum websocket_opcode kind, int code, struct str bytes) {
  struct told *t = arg;
  must(!t->over);
  must(kind == WS_TEXT || kind == WS_BINARY || kind == WS_CLOSE || kind == WS_PING || kind == WS_PONG);
  must(bytes.n <= (size_t)(kind >= WS_CLOSE ? WEBSOCKET_CONTROL : WEBSOCKET_MESSAGE));
  if (kind == WS_TEXT || kind == WS_CLOSE) must(utf8_valid(bytes));
  t->sum = t->sum * 31 + hash64(bytes.p, bytes.n) + (uint64_t)kind * 7 + (uint64_t)code;
  t->count++;
  t->over = kind == WS_CLOSE;
  return !t->over;
}

static int take(struct str bytes, size_t step, struct told *t) {
  struct websocket w;
  int code = 0;
  websocket_init(&w);
  while (bytes.n && !code && !t->over) {
    size_t n = bytes.n < step ? bytes.n : step;
    code = websocket_take(&w, (struct str){ bytes.p, n }, note, t);
    bytes.p += n;
    bytes.n -= n;
  }
  websocket_clear(&w);
  return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct str all = { (const char *)data, size };
  struct told whole = { 0 }, cut = { 0 }, again = { 0 };
  int code = take(all, size ? size : 1, &whole);
  must(code == take(all, 1, &cut) && whole.sum == cut.sum && whole.count == cut.count);
  must(code == 0 || (code >= WS_PROTOCOL && code <= WS_TOO_LARGE));
  if (size > WEBSOCKET_MESSAGE) return 0;

  /* A server's frame becomes a client's with the mask that changes nothing. */
  struct buf frame, masked;
  buf_init(&frame, 1 << 20);
  buf_init(&masked, 1 << 20);
  websocket_put(&frame, WS_BINARY, all);
  size_t head = frame.n - size;
  buf_add(&masked, frame.p, head);
  masked.p[1] = (char)(masked.p[1] | 0x80);
  buf_add(&masked, "\0\0\0\0", 4);
  buf_add(&masked, data, size);
  must(take(buf_view(&masked), 7, &again) == 0 && again.count == 1);
  must(again.sum == hash64(data, size) + WS_BINARY * 7);
  buf_clear(&frame);
  buf_clear(&masked);
  return 0;
}
