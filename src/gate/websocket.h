/*
** websocket.h - the frames of a WebSocket (RFC 6455), as a server reads and writes them. Pure: bytes in, messages out.
**
** Strict, because whoever sends something else is no browser: a client's frames are masked, lengths are in
** their shortest form, reserved bits are zero, control frames are whole and short, texts are UTF-8. A message
** has at most WEBSOCKET_MESSAGE bytes, and what its header announces is believed only up to there: nothing is
** reserved for a frame of 2 GiB.
*/
#ifndef GATE_WEBSOCKET_H
#define GATE_WEBSOCKET_H

#include "base/buf.h"

enum { WEBSOCKET_MESSAGE = 64 << 10, WEBSOCKET_CONTROL = 125, WEBSOCKET_ACCEPT = 29, WEBSOCKET_HEAD = 14 };

enum websocket_opcode { WS_MORE = 0, WS_TEXT = 1, WS_BINARY = 2, WS_CLOSE = 8, WS_PING = 9, WS_PONG = 10 };

/* Reasons for which a connection is closed (RFC 6455, 7.4.1). */
enum websocket_code {
  WS_NORMAL = 1000,
  WS_GOING_AWAY = 1001, /* this server stops */
  WS_PROTOCOL = 1002,
  WS_UNSUPPORTED = 1003, /* a kind of message that we take none of */
  WS_NO_CODE = 1005,     /* a close without one; is never sent */
  WS_NOT_UTF8 = 1007,
  WS_POLICY = 1008,
  WS_TOO_LARGE = 1009,
  WS_TRY_LATER = 1013,
};

/* Sec-WebSocket-Accept for a Sec-WebSocket-Key; false when the key is not 16 bytes in base64. */
bool websocket_accept(struct str key, char out[static WEBSOCKET_ACCEPT]);

struct websocket {
  struct buf message; /* of which fragments came */
  int kind;           /* WS_TEXT or WS_BINARY while a message is under way, else 0 */
  unsigned char head[WEBSOCKET_HEAD];
  size_t head_n, head_need;
  unsigned char control[WEBSOCKET_CONTROL];
  uint64_t left; /* payload of this frame that has not come yet */
  size_t at;     /* payload of this frame that has come */
  bool in_payload;
};

/* What came, whole. `bytes` live during the call. For WS_CLOSE they are the reason, and `code` is set.
** false: the rest is not looked at any more (the connection is over). */
typedef bool websocket_fn(void *arg, enum websocket_opcode kind, int code, struct str bytes);

void websocket_init(struct websocket *w);
void websocket_clear(struct websocket *w);
/* Takes bytes as they come. 0, or the code with which the connection must be closed. */
int websocket_take(struct websocket *w, struct str bytes, websocket_fn *fn, void *arg);

/* Appends one frame, unmasked, as a server sends it. */
void websocket_put(struct buf *out, enum websocket_opcode kind, struct str payload);
void websocket_put_close(struct buf *out, enum websocket_code code,
                         const char *reason); /* up to 123 bytes of it */

#endif
