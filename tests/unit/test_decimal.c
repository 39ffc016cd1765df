#include "base/decimal.h"

#include <stdio.h>

#include "unit.h"

/* An independent computation in 128 bits: floor, then look at twice the rest. */
static int64_t half_even(__int128 a, __int128 b) {
  if (b < 0) a = -a, b = -b;
  __int128 q = a / b;
  if (a % b < 0) q--;
  __int128 twice = 2 * (a - q * b);
  if (twice > b || (twice == b && q % 2 != 0)) q++;
  return (int64_t)q;
}

/* A small generator of our own, so that a failure can be repeated. */
static uint64_t seed = 1;
static uint64_t next_random(void) {
  uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}
/* Any size of number is as likely as any other. */
static int64_t any_int(void) {
  return (int64_t)(next_random() >> (next_random() % 64)) * (next_random() & 1 ? 1 : -1);
}

static const char *printed(int64_t v, int scale, int min) {
  static char text[64];
  struct buf b;
  buf_init(&b, 60);
  dec_print(&b, v, scale, min);
  snprintf(text, sizeof text, STR_FMT, STR_ARG(buf_view(&b)));
  buf_clear(&b);
  return text;
}

UNIT(dec_half_even, "ties go to the even neighbour on both sides of zero") {
  CHECK_INT(dec_div(5, 10), 0);
  CHECK_INT(dec_div(15, 10), 2);
  CHECK_INT(dec_div(25, 10), 2);
  CHECK_INT(dec_div(26, 10), 3);
  CHECK_INT(dec_div(-5, 10), 0);
  CHECK_INT(dec_div(-15, 10), -2);
  CHECK_INT(dec_div(-25, 10), -2);
  CHECK_INT(dec_div(25, -10), -2);
  CHECK_INT(dec_div(-35, -10), 4);
  CHECK_INT(dec_div(INT64_MIN, 1), INT64_MIN);
  CHECK_INT(dec_div(INT64_MIN, 2), INT64_MIN / 2);
  CHECK_INT(dec_div(INT64_MAX, INT64_MIN), -1);
  CHECK_INT(dec_div(INT64_MIN, INT64_MIN), 1);
  CHECK_INT(dec_div(1, INT64_MIN), 0);
}

UNIT(dec_div_small, "every quotient of small numbers agrees with a second computation") {
  for (int a = -300; a <= 300; a++)
    for (int b = -40; b <= 40; b++)
      if (b != 0 && !CHECK_INT(dec_div(a, b), half_even(a, b))) printf("  %d / %d\n", a, b);
}

UNIT(dec_div_any, "a million quotients of any size agree with a second computation") {
  for (int i = 0; i < 1000000; i++) {
    int64_t a = any_int(), b = any_int();
    if (b == 0 || (b == -1 && a == INT64_MIN)) continue;
    if (!CHECK_INT(dec_div(a, b), half_even(a, b))) {
      printf("  %lld / %lld\n", (long long)a, (long long)b);
      return;
    }
  }
}

UNIT(dec_rescaling, "rescaling is exact upwards, half-even downwards, and reports overflow") {
  int64_t v = 0;
  CHECK(dec_rescale(1234, 2, 4, &v));
  CHECK_INT(v, 123400);
  CHECK(dec_rescale(-12345, 3, 2, &v));
  CHECK_INT(v, -1234);
  CHECK(dec_rescale(-12355, 3, 2, &v));
  CHECK_INT(v, -1236);
  CHECK(!dec_rescale(INT64_MAX / 10 + 1, 0, 1, &v));
  CHECK(!dec_rescale(INT64_MIN / 10 - 1, 0, 1, &v));
  CHECK(dec_rescale(INT64_MAX, 18, 0, &v));
  CHECK_INT(v, 9);
}

UNIT(dec_parsing, "text becomes a scaled integer, digits beyond the scale round half to even") {
  static const struct {
    const char *text;
    int scale;
    int64_t value;
    bool rounded;
  } cases[] = {
    { "0", 2, 0, false },
    { "12.34", 2, 1234, false },
    { "-12.3", 2, -1230, false },
    { "+1", 2, 100, false },
    { "12.3400", 2, 1234, false },
    { "0.005", 2, 0, true },
    { "0.015", 2, 2, true },
    { "0.0150000001", 2, 2, true },
    { "0.025", 2, 2, true },
    { "0.02500000000000000000000000000000001", 2, 3, true },
    { "0.0249999999999999999999999999999", 2, 2, true },
    { "-0.005", 2, 0, true },
    { "-0.015", 2, -2, true },
    { "-2.5", 0, -2, true },
    { "-3.5", 0, -4, true },
    { "9.995", 2, 1000, true },
    { "1234567890.12", 2, INT64_C(123456789012), false },
    { "9223372036854775807", 0, INT64_MAX, false },
    { "-9223372036854775808", 0, INT64_MIN, false },
    { "92233720368547758.07", 2, INT64_MAX, false },
    { "-92233720368547758.08", 2, INT64_MIN, false },
    { "-92233720368547758.085", 2, INT64_MIN, true },
    { ".5", 2, 50, false },
    { "5.", 2, 500, false },
    { "000000000000000000000000000001", 2, 100, false },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int64_t v = 0;
    bool rounded = false;
    bool ok = dec_parse(str_of(cases[i].text), cases[i].scale, &v, &rounded);
    if (!CHECK(ok) || !CHECK_INT(v, cases[i].value) || !CHECK_INT(rounded, cases[i].rounded))
      printf("  \"%s\" at scale %d\n", cases[i].text, cases[i].scale);
  }
  static const char *const wrong[] = { "",
                                       "-",
                                       "+",
                                       ".",
                                       "-.",
                                       "1.2.3",
                                       "1,2",
                                       " 1",
                                       "1 ",
                                       "1e3",
                                       "0x10",
                                       "nan",
                                       "inf",
                                       "--1",
                                       "+-1",
                                       "1-",
                                       "\xc2\xbd",
                                       "92233720368547758.08",
                                       "-92233720368547758.09",
                                       "92233720368547758.075",
                                       "99999999999999999999" };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    int64_t v = 42;
    if (!CHECK(!dec_parse(str_of(wrong[i]), 2, &v, NULL))) printf("  \"%s\"\n", wrong[i]);
    CHECK_INT(v, 42);
  }
}

UNIT(dec_parse_rounds, "what is parsed with too many digits equals the long value, rescaled") {
  for (int i = 0; i < 200000; i++) {
    int64_t v = any_int() / 1000, short_way = 0, long_way = 0;
    if (!CHECK(dec_parse(str_of(printed(v, 9, 9)), 4, &short_way, NULL))) return;
    if (!CHECK(dec_rescale(v, 9, 4, &long_way))) return;
    if (!CHECK_INT(short_way, long_way)) return;
  }
}

UNIT(dec_round_trip, "what was printed is parsed to the same value, at every scale and minimum") {
  for (int i = 0; i < 300000; i++) {
    int64_t v = i == 0 ? INT64_MIN : i == 1 ? INT64_MAX : any_int(), back = 0;
    int scale = (int)(next_random() % (SCALE_MAX + 1)), min = (int)(next_random() % (uint64_t)(scale + 1));
    bool rounded = false;
    const char *text = printed(v, scale, min);
    if (!CHECK(dec_parse(str_of(text), scale, &back, &rounded)) || !CHECK_INT(back, v) || !CHECK(!rounded)) {
      printf("  %lld at scale %d is \"%s\"\n", (long long)v, scale, text);
      return;
    }
  }
}

UNIT(dec_printing, "trailing zeros beyond the minimum are left out") {
  CHECK_STR(printed(9575775, 4, 2), "957.5775");
  CHECK_STR(printed(2619600, 4, 2), "261.96");
  CHECK_STR(printed(2600000, 4, 2), "260.00");
  CHECK_STR(printed(2600000, 4, 0), "260");
  CHECK_STR(printed(-5, 2, 2), "-0.05");
  CHECK_STR(printed(0, 0, 0), "0");
  CHECK_STR(printed(INT64_MIN, 2, 2), "-92233720368547758.08");
  CHECK_STR(printed(INT64_MIN, 18, 0), "-9.223372036854775808");
}
