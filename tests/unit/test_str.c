#include "base/str.h"

#include "unit.h"

UNIT(str_trim_blanks, "trimming takes ASCII blanks from both ends and nothing else") {
  CHECK_STR(str_trim(STR(" \t\r\n\f\v a b \n")), "a b");
  CHECK_STR(str_trim(STR("   ")), "");
  CHECK_STR(str_trim(STR("")), "");
  CHECK_STR(str_trim(STR("\xc2\xa0x")), "\xc2\xa0x"); /* a no-break blank is text */
}

UNIT(str_nocase, "only ASCII letters are folded") {
  CHECK(str_eq_nocase(STR("Order ID"), STR("oRDER id")));
  CHECK(!str_eq_nocase(STR("a"), STR("ab")));
  CHECK(!str_eq_nocase(STR("@"), STR("`"))); /* next to A and a */
  CHECK(!str_eq_nocase(STR("["), STR("{"))); /* next to Z and z */
  CHECK(!str_eq_nocase(STR("\xc3\x84"), STR("\xc3\xa4")));
  CHECK(str_eq_nocase(STR(""), (struct str){ 0 }));
}

UNIT(str_prefix, "every string starts with the empty one") {
  CHECK(str_starts(STR("abc"), STR("ab")));
  CHECK(str_starts(STR("abc"), STR("abc")));
  CHECK(!str_starts(STR("ab"), STR("abc")));
  CHECK(str_starts(STR("ab"), STR("")));
  CHECK(str_starts((struct str){ 0 }, STR("")));
}

UNIT(str_int, "an integer is the whole slice, and does not overflow") {
  int64_t v = 7;
  CHECK(str_to_int(STR("-9223372036854775808"), &v));
  CHECK_INT(v, INT64_MIN);
  CHECK(str_to_int(STR("9223372036854775807"), &v));
  CHECK_INT(v, INT64_MAX);
  CHECK(str_to_int(STR("-0"), &v));
  CHECK_INT(v, 0);
  CHECK(str_to_int(STR("007"), &v));
  CHECK_INT(v, 7);
  static const char *const wrong[] = { "",
                                       "-",
                                       "+1",
                                       " 1",
                                       "1 ",
                                       "1a",
                                       "1.0",
                                       "9223372036854775808",
                                       "--1",
                                       "-9223372036854775809",
                                       "99999999999999999999" };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    if (!CHECK(!str_to_int(str_of(wrong[i]), &v))) CHECK_STR(wrong[i], "refused");
  CHECK_INT(v, 7);
}

UNIT(str_copying, "a copy is always terminated and says when it was cut") {
  char to[4] = "xxx";
  CHECK(str_copy(to, sizeof to, STR("abc")));
  CHECK_STR(to, "abc");
  CHECK(!str_copy(to, sizeof to, STR("abcd")));
  CHECK_STR(to, "abc");
  CHECK(str_copy(to, sizeof to, (struct str){ 0 }));
  CHECK_STR(to, "");
  CHECK(!str_copy(to, 1, STR("a")));
  CHECK_STR(to, "");
}
