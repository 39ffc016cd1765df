#include "base/crash.h"

#ifdef OUTPOST_TEST
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"

void crash_point(const char *where) {
  static _Atomic int64_t passed;
  static int64_t wanted = -1;
  if (wanted < 0) {
    const char *env = getenv("OUTPOST_CRASH");
    if (!env || !str_to_int(str_of(env), &wanted)) wanted = 0;
  }
  if (wanted == 0 || atomic_fetch_add(&passed, 1) + 1 != wanted) return;
  dprintf(STDERR_FILENO, "crash point %lld: %s\n", (long long)wanted, where);
  kill(getpid(), SIGKILL);
}
#else
typedef int crash_point_is_nothing; /* ISO C wants a declaration in every file */
#endif
