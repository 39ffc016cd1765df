/*
** unit.h - the harness of the unit tests.
**
**   UNIT(half_even, "a tie goes to the even neighbour") {
**     CHECK_INT(dec_div(25, 10), 2);
**   }
**
** A test registers itself; its sentence says what holds. Checks print file, line
** and both values when they fail, and go on: they return whether it held, for
** tests that cannot (if (!CHECK(p)) return;).
**
** Each test runs in a process of its own, so that one that crashes or hangs
** (beyond UNIT_SECONDS) fails alone. UNIT_SLOW runs only with --slow.
*/
#ifndef UNIT_H
#define UNIT_H

#include "base/str.h"

enum { UNIT_SECONDS = 120 };

struct unit_test {
  const char *name, *sentence, *file;
  bool slow;
  void (*run)(void);
  struct unit_test *next;
};
void unit_add(struct unit_test *t);

#define UNIT_TEST(name_, sentence_, slow_)                                                                   \
  static void unit_##name_(void);                                                                            \
  __attribute__((constructor)) static void unit_add_##name_(void) {                                          \
    static struct unit_test t = { #name_, sentence_, __FILE__, slow_, unit_##name_, 0 };                     \
    unit_add(&t);                                                                                            \
  }                                                                                                          \
  static void unit_##name_(void)
#define UNIT(name, sentence) UNIT_TEST(name, sentence, false)
#define UNIT_SLOW(name, sentence) UNIT_TEST(name, sentence, true)

/* A fresh folder for the running test; removed with all it holds afterwards. */
const char *unit_dir(void);

#define CHECK(x) unit_check((x), #x, __FILE__, __LINE__)
#define CHECK_INT(got, want) unit_check_int((got), (want), #got, __FILE__, __LINE__)
/* Each side a const char * or a struct str. */
#define CHECK_STR(got, want) unit_check_str(UNIT_STR(got), UNIT_STR(want), #got, __FILE__, __LINE__)

bool unit_check(bool held, const char *what, const char *file, int line);
bool unit_check_int(int64_t got, int64_t want, const char *what, const char *file, int line);
bool unit_check_str(struct str got, struct str want, const char *what, const char *file, int line);

#define UNIT_STR(x) _Generic((x), struct str : unit_str_same, char * : str_of, const char * : str_of)(x)
static inline struct str unit_str_same(struct str s) { return s; }

#endif
