#include "gate/websocket.h"

#include <stdio.h>

#include "unit.h"

/* RFC 6455, 1.3. */
UNIT(websocket_greeting, "the answer to a key is the published one") {
  char out[WEBSOCKET_ACCEPT];
  CHECK(websocket_accept(STR("dGhlIHNhbXBsZSBub25jZQ=="), out));
  CHECK_STR(out, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  CHECK(!websocket_accept(STR("dGhlIHNhbXBsZSBub25jZQ="), out));
  CHECK(!websocket_accept(STR("dGhlIHNhbXBsZSBub25jZTEyMzQ="), out));
  CHECK(!websocket_accept(STR("dGhlIHNhbXBsZSBub25!ZQ=="), out));
  CHECK(!websocket_accept(STR(""), out));
}

/* What was told, as text: "1:Hello;" is a text, "8:1000:bye;" a close. */
static bool note(void *arg, enum websocket_opcode kind, int code, struct str bytes) {
  buf_printf(arg, "%d:", (int)kind);
  if (kind == WS_CLOSE) buf_printf(arg, "%d:", code);
  buf_str(arg, bytes);
  buf_char(arg, ';');
  return kind != WS_CLOSE;
}

/* All in one piece, and byte by byte: both must come to the same. */
static int take(struct str bytes, char *told, size_t room) {
  int code[2] = { 0, 0 };
  struct buf out[2];
  for (int each = 0; each < 2; each++) {
    struct websocket w;
    websocket_init(&w);
    buf_init(&out[each], 256 << 10);
    if (!each) code[0] = websocket_take(&w, bytes, note, &out[0]);
    for (size_t i = 0; each && !code[1] && i < bytes.n; i++) {
      code[1] = websocket_take(&w, (struct str){ bytes.p + i, 1 }, note, &out[1]);
      if (out[1].n && strstr(out[1].p, "8:")) break; /* after a close nothing is read */
    }
    websocket_clear(&w);
  }
  CHECK_INT(code[0], code[1]);
  CHECK_STR(buf_view(&out[0]), buf_view(&out[1]));
  str_copy(told, room, buf_view(&out[0]));
  buf_clear(&out[0]);
  buf_clear(&out[1]);
  return code[0];
}

#define FRAMES(bytes) ((struct str){ (bytes), sizeof(bytes) - 1 })

/* RFC 6455, 5.7 and 5.5. */
UNIT(websocket_frames, "texts, fragments and control frames between them are told whole") {
  char told[256];
  CHECK_INT(take(FRAMES("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), told, sizeof told), 0);
  CHECK_STR(told, "1:Hello;");
  CHECK_INT(take(FRAMES("\x01\x83\0\0\0\0Hel\x89\x82\0\0\0\0hi\x80\x82\0\0\0\0lo"), told, sizeof told), 0);
  CHECK_STR(told, "9:hi;1:Hello;");
  CHECK_INT(take(FRAMES("\x81\x80\0\0\0\0\x82\x81\x01\x01\x01\x01\x40"), told, sizeof told), 0);
  CHECK_STR(told, "1:;2:A;");
  CHECK_INT(take(FRAMES("\x8a\x80\0\0\0\0"), told, sizeof told), 0);
  CHECK_STR(told, "10:;");
  CHECK_INT(take(FRAMES("\x88\x85\0\0\0\0\x03\xe8"
                        "bye\x81\x81\0\0\0\0x"),
                 told, sizeof told),
            0);
  CHECK_STR(told, "8:1000:bye;");
  CHECK_INT(take(FRAMES("\x88\x80\0\0\0\0"), told, sizeof told), 0);
  CHECK_STR(told, "8:1005:;");
}

UNIT(websocket_refused, "what no browser sends has the code that the standard names") {
  static const struct {
    struct str bytes;
    int code;
  } bad[] = {
    { FRAMES("\x81\x05Hello"), WS_PROTOCOL },    /* not masked */
    { FRAMES("\xc1\x80\0\0\0\0"), WS_PROTOCOL }, /* a reserved bit */
    { FRAMES("\x83\x80\0\0\0\0"), WS_PROTOCOL }, /* no such frame */
    { FRAMES("\x8b\x80\0\0\0\0"), WS_PROTOCOL },
    { FRAMES("\x09\x80\0\0\0\0"), WS_PROTOCOL },                   /* a ping in fragments */
    { FRAMES("\x89\xfe\0\x7e\0\0\0\0"), WS_PROTOCOL },             /* a ping of 126 bytes */
    { FRAMES("\x80\x80\0\0\0\0"), WS_PROTOCOL },                   /* the rest of nothing */
    { FRAMES("\x01\x81\0\0\0\0a\x81\x81\0\0\0\0b"), WS_PROTOCOL }, /* a message within a message */
    { FRAMES("\x81\xfe\0\x7d\0\0\0\0"), WS_PROTOCOL },             /* not the shortest length */
    { FRAMES("\x81\xff\0\0\0\0\0\0\xff\xff\0\0\0\0"), WS_PROTOCOL },
    { FRAMES("\x81\xff\x80\0\0\0\0\0\0\0\0\0\0\0"), WS_PROTOCOL },  /* a length below zero */
    { FRAMES("\x81\xff\0\0\0\0\x80\0\0\0\0\0\0\0"), WS_TOO_LARGE }, /* 2 GiB are announced */
    { FRAMES("\x81\xff\0\0\0\0\0\x01\0\x01\0\0\0\0"), WS_TOO_LARGE },
    { FRAMES("\x81\x81\0\0\0\0\xff"), WS_NOT_UTF8 },
    { FRAMES("\x81\x83\0\0\0\0\xed\xa0\x80"), WS_NOT_UTF8 },
    { FRAMES("\x88\x81\0\0\0\0\x03"), WS_PROTOCOL },     /* half a code */
    { FRAMES("\x88\x82\0\0\0\0\x03\xed"), WS_PROTOCOL }, /* 1005 is never sent */
    { FRAMES("\x88\x82\0\0\0\0\x03\xe7"), WS_PROTOCOL },
    { FRAMES("\x88\x83\0\0\0\0\x03\xe8\xff"), WS_NOT_UTF8 },
  };
  char told[64];
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    if (!CHECK_INT(take(bad[i].bytes, told, sizeof told), bad[i].code)) CHECK_INT((int64_t)i, -1);
    CHECK(!strstr(told, "1:"));
  }
}

UNIT(websocket_sizes, "a message has at most 64 KiB, whole or in fragments") {
  struct websocket w;
  struct buf in, told;
  for (int over = 0; over < 2; over++) {
    websocket_init(&w);
    buf_init(&in, 1 << 20);
    buf_init(&told, 1 << 20);
    for (int i = 0; i < 64 + over; i++) { /* 64 fragments of 1 KiB */
      buf_add(&in, i ? i == 63 ? "\x80" : "\0" : "\x01", 1);
      buf_add(&in, "\xfe\x04\0\0\0\0\0", 7);
      for (int j = 0; j < 1024; j++) buf_char(&in, 'x');
      if (over && i == 62) in.p[in.n - 1024 - 8] = 0;
    }
    if (over) in.p[63 * 1032] = 0; /* the 64th is not the last */
    CHECK_INT(websocket_take(&w, buf_view(&in), note, &told), over ? WS_TOO_LARGE : 0);
    CHECK_INT(told.n, over ? 0 : WEBSOCKET_MESSAGE + 3);
    websocket_clear(&w);
    buf_clear(&in);
    buf_clear(&told);
  }
}

UNIT(websocket_written, "lengths are written in their shortest form") {
  static char text[70000];
  struct buf out;
  memset(text, 'x', sizeof text);
  buf_init(&out, 1 << 20);
  websocket_put(&out, WS_TEXT, (struct str){ text, 125 });
  CHECK(memcmp(out.p, "\x81\x7d", 2) == 0);
  buf_reset(&out);
  websocket_put(&out, WS_TEXT, (struct str){ text, 126 });
  CHECK(memcmp(out.p, "\x81\x7e\0\x7e", 4) == 0);
  buf_reset(&out);
  websocket_put(&out, WS_BINARY, (struct str){ text, 65535 });
  CHECK(memcmp(out.p, "\x82\x7e\xff\xff", 4) == 0);
  buf_reset(&out);
  websocket_put(&out, WS_TEXT, (struct str){ text, 65536 });
  CHECK(memcmp(out.p, "\x81\x7f\0\0\0\0\0\x01\0\0", 10) == 0);
  CHECK_INT(out.n, 65546);
  buf_reset(&out);
  websocket_put_close(&out, WS_GOING_AWAY, "bye");
  CHECK(out.n == 7 && memcmp(out.p,
                             "\x88\x05\x03\xe9"
                             "bye",
                             7) == 0);
  buf_clear(&out);
}
