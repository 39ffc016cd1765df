/*
** crash.h - places where the test build can be made to die.
**
** With OUTPOST_CRASH=n in the environment, a test build kills itself without
** warning (SIGKILL) at the n-th crash point that it passes, as a power cut
** would. In a release build the macro is nothing.
*/
#ifndef BASE_CRASH_H
#define BASE_CRASH_H

#ifdef OUTPOST_TEST
void crash_point(const char *where);
#else
#define crash_point(where) ((void)0)
#endif

#endif
