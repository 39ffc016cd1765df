#include "base/json.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "unit.h"

/* What comes out when a text is read and written again; "refused" when it is not read. */
static const char *again(struct str text) {
  static char out[4096];
  char why[256] = "";
  struct buf b;
  struct jv *v = jv_parse_raw(text, why, sizeof why);
  if (!v) return *why ? "refused" : "refused without a reason";
  buf_init(&b, sizeof out - 1);
  jv_write(&b, v);
  snprintf(out, sizeof out, STR_FMT, STR_ARG(buf_view(&b)));
  buf_clear(&b);
  jv_free(v);
  return out;
}

UNIT(json_writer, "commas and brackets come where they belong, and strings are quoted") {
  struct buf b;
  struct jw w;
  buf_init(&b, 4096);
  jw_init(&w, &b);
  jw_object(&w, NULL);
  jw_text(&w, "a", "x\"\\\n\t\r\x01/");
  jw_text(&w, "none", NULL);
  jw_array(&w, "list");
  jw_int(&w, NULL, -1);
  jw_object(&w, NULL);
  jw_close(&w, '}');
  jw_array(&w, NULL);
  jw_close(&w, ']');
  jw_bool(&w, NULL, true);
  jw_close(&w, ']');
  jw_real(&w, "real", 0.5, 3);
  jw_decimal(&w, "money", 9575775, 4, 2);
  jw_raw(&w, "raw", STR("[1]"));
  jw_str(&w, "bad", STR("a\xff\xc3\xa9\xed\xa0\x80z"));
  jw_close(&w, '}');
  CHECK_STR(buf_view(&b), "{\"a\":\"x\\\"\\\\\\n\\t\\r\\u0001/\",\"none\":null,\"list\":[-1,{},[],true],"
                          "\"real\":0.500,\"money\":\"957.5775\",\"raw\":[1],"
                          "\"bad\":\"a\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\"}");
  buf_clear(&b);
}

UNIT(json_quote_any, "whatever bytes are quoted, the result is valid JSON and valid UTF-8") {
  for (int a = 0; a < 256; a++)
    for (int c = 0; c < 256; c++) {
      char s[3] = { (char)a, (char)c, 'x' }, why[100];
      struct buf b;
      buf_init(&b, 100);
      json_quote(&b, (struct str){ s, 3 });
      CHECK(utf8_valid(buf_view(&b)));
      struct jv *v = jv_parse_raw(buf_view(&b), why, sizeof why);
      if (a == 0 || c == 0) /* quoted as \u0000, which our reader refuses */
        CHECK(!v);
      else if (CHECK(v) && utf8_valid((struct str){ s, 3 }))
        CHECK_STR(jv_text(v), ((struct str){ s, 3 }));
      jv_free(v);
      buf_clear(&b);
    }
}

UNIT(json_numbers, "the text of a number is kept as it was written") {
  static const char *const numbers[] = {
    "0", "-0", "1.50", "1234567890.12", "1e400", "1E-7", "-0.0", "1e+5", "123456789012345678901234567890.000"
  };
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    char text[100], why[100];
    CHECK_STR(again(str_of(numbers[i])), numbers[i]);
    snprintf(text, sizeof text, " [ %s ,\n%s]", numbers[i], numbers[i]);
    struct jv *v = jv_parse_raw(str_of(text), why, sizeof why);
    if (!CHECK(v)) continue;
    CHECK_INT(jv_kind(jv_at(v, 0)), JV_NUMBER);
    CHECK_STR(jv_text(jv_at(v, 1)), numbers[i]);
    jv_free(v);
  }
  static const char *const wrong[] = { "01",   "-",     "+1",    "1.",        ".5",
                                       "1e",   "1e+",   "0x1",   "nan",       "NaN",
                                       "-inf", "1 2",   "[1 2]", "[1\"a\"]",  "--1",
                                       "1-1",  "1true", "{1:2}", "{\"a\" 1}", "{\"a\":1,1 :2}" };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    if (!CHECK_STR(again(str_of(wrong[i])), "refused")) printf("  %s\n", wrong[i]);
}

UNIT(json_strings_that_look_like_numbers, "a string stays a string, whatever it begins with") {
  static const char *const texts[] = { "\"1\"",
                                       "\"\\u001f#5\"",
                                       "\"\\u001f$5\"",
                                       "\"\\u001f\"",
                                       "\"#5\"",
                                       "{\"\\u001f#5\":\"\\u001f#x\"}",
                                       "[\"\\u001f\\u001f#1\",2]" };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) CHECK_STR(again(str_of(texts[i])), texts[i]);
  char why[100];
  struct jv *v = jv_parse_raw(STR("\"\\u001F#5\""), why, sizeof why);
  CHECK_INT(jv_kind(v), JV_STRING);
  CHECK_STR(jv_text(v), "\x1f#5");
  jv_free(v);
}

UNIT(json_values, "members come in the order of the document, and what is absent is null") {
  struct ctx cx;
  struct jv *v;
  ctx_begin(&cx, "test");
  if (CHECK(jv_parse(&cx, STR("{\"z\":true,\"a\":[null,\"\\u00e9\\ud83d\\ude00\"],\"m\":{}}"), &v) == OK)) {
    static const char *const keys[] = { "z", "a", "m" };
    int i = 0;
    for (void *it = jv_first(v); it; it = jv_next(v, it)) CHECK_STR(jv_key(it), keys[i++]);
    CHECK_INT(i, 3);
    CHECK_INT((int64_t)jv_size(v), 3);
    CHECK_STR(jv_text(jv_get(v, "z")), "true");
    CHECK_INT(jv_kind(jv_get(v, "z")), JV_BOOL);
    CHECK_INT(jv_kind(jv_at(jv_get(v, "a"), 0)), JV_NULL);
    CHECK_STR(jv_text(jv_at(jv_get(v, "a"), 1)), "\xc3\xa9\xf0\x9f\x98\x80");
    CHECK(!jv_at(jv_get(v, "a"), 2));
    CHECK(!jv_get(v, "none"));
    CHECK_INT(jv_kind(NULL), JV_NULL);
    CHECK_STR(jv_text(NULL), (const char *)NULL);
    CHECK_INT((int64_t)jv_size(jv_get(v, "z")), 0);
  }
  CHECK(jv_parse(&cx, STR("{"), &v) == E_INVALID);
  CHECK_INT(cx.code, E_INVALID);
  ctx_end(&cx);
}

UNIT(json_refusals, "duplicate keys, bad UTF-8, zeros, and anything behind the document are refused") {
  static const struct str wrong[] = {
#define W(z) { z, sizeof(z) - 1 }
    W(""),
    W(" "),
    W("{\"a\":1,\"a\":2}"),
    W("{\"a\":1,\"\\u0061\":2}"),
    W("[1] x"),
    W("\"\xff\""),
    W("\"\xed\xa0\x80\""),
    W("\"\xc0\xaf\""),
    W("\"\\ud800\""),
    W("\"\\u0000\""),
    W("\"a\0b\""),
    W("[1]\0"),
    W("[1,]"),
    W("{\"a\":}"),
    W("\"a\nb\""),
    W("\"open"),
    W("\"\\"),
    W("[\"a\""),
    W("'a'"),
    W("tru"),
    W("\xef\xbb\xbf[]"),
    W("]"),
    W("[}"),
    W("{\"a\"}"),
    W("nul1"),
#undef W
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    if (!CHECK_STR(again(wrong[i]), "refused")) CHECK_STR(wrong[i], "refused");
}

UNIT(json_depth, "nesting is read and written down to the limit and refused beyond it") {
  char text[2 * (LIMIT_JSON_DEPTH + 1) + 8];
  for (int levels = LIMIT_JSON_DEPTH - 1; levels <= LIMIT_JSON_DEPTH + 1; levels++) {
    char *p = text;
    *p++ = '[';
    for (int i = 1; i < levels; i++) *p++ = '[';
    for (int i = 1; i < levels; i++) *p++ = ']';
    memcpy(p, ",2]", 4);
    CHECK_STR(again(str_of(text)), levels <= LIMIT_JSON_DEPTH ? (const char *)text : "refused");
  }
}
