#include "http/shape.h"
#include "unit.h"

static void check(const char *shape, bool reply, const char *expected) {
  struct buf out;
  struct jw w;
  buf_init(&out, 65536);
  jw_init(&w, &out);
  shape_write(&w, NULL, str_of(shape), reply, "#/x");
  CHECK_STR(out.p, expected);
  buf_clear(&out);
}

UNIT(shape_types, "a word is a type, and may be null") {
  check("text", true, "{\"type\":\"string\"}");
  check(" int? ", true, "{\"type\":[\"integer\",\"null\"]}");
  check("any", true, "{}");
  check("day", true, "{\"type\":\"string\",\"format\":\"date\"}");
  check("a|b", true, "{\"type\":\"string\",\"enum\":[\"a\",\"b\"]}");
  check("a|b?", true, "{\"type\":[\"string\",\"null\"],\"enum\":[\"a\",\"b\",null]}");
  check("@", true, "{\"$ref\":\"#/x\"}");
  check("[[int]]", true,
        "{\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}}");
}

UNIT(shape_objects,
     "members: needed in a reply unless they say otherwise, in a request only when they say so") {
  check("{a, b?: int}", true,
        "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"},\"b\":{\"type\":\"integer\"}},"
        "\"additionalProperties\":false,\"required\":[\"a\"]}");
  check(
      "{a!, b: [{c}], ...}", false,
      "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"},\"b\":{\"type\":\"array\",\"items\":{"
      "\"type\":\"object\",\"properties\":{\"c\":{\"type\":\"string\"}},\"additionalProperties\":false}}},"
      "\"required\":[\"a\"]}");
}

UNIT(shape_members, "a list is asked for its members") {
  CHECK(shape_has("limit: int, state: open|done, q", "q"));
  CHECK(shape_has("{a: {b, c}, d}", "d"));
  CHECK(!shape_has("{a: {b, c}, d}", "b"));
  CHECK(!shape_has("", "a"));
  CHECK(!shape_has("limit: int", "limi"));
}
