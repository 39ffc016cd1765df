#include "base/crash.h"

#ifdef OUTPOST_TEST
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"

void crash_point(const char *where) {
  static _Atomic int64_t passed, wanted = -1;
  int64_t nth = wanted;
  if (nth < 0) { /* threads that are here at once come to the same */
    const char *env = getenv("OUTPOST_CRASH");
    if (!env || !str_to_int(str_of(env), &nth)) nth = 0;
    wanted = nth;
  }
  if (nth == 0 || atomic_fetch_add(&passed, 1) + 1 != nth) return;
  dprintf(STDERR_FILENO, "crash point %lld: %s\n", (long long)nth, where);
  kill(getpid(), SIGKILL);
}
#else
typedef int crash_point_is_nothing; /* ISO C wants a declaration in every file */
#endif
