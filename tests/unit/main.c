/*
** main.c - runs the unit tests.
**
**   unit [-v] [--slow] [--no-fork] [WORD...]
**
** WORD selects the tests whose file or name contains it. --no-fork is for a
** debugger. The last line is "N passed, N failed".
*/
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"
#include "unit.h"

static struct unit_test *tests; /* sorted by file, in a file by line: constructors run in that order */
static int failures;            /* of the running test */
static char dir[64];

void unit_add(struct unit_test *t) {
  struct unit_test **at = &tests;
  while (*at && strcmp((*at)->file, t->file) <= 0) at = &(*at)->next;
  t->next = *at;
  *at = t;
}

/* ---- checks ---- */

static void complain(const char *file, int line) {
  failures++;
  printf("%s:%d: ", file, line);
}

bool unit_check(bool held, const char *what, const char *file, int line) {
  if (!held) {
    complain(file, line);
    printf("%s does not hold\n", what);
  }
  return held;
}

bool unit_check_int(int64_t got, int64_t want, const char *what, const char *file, int line) {
  if (got != want) {
    complain(file, line);
    printf("%s is %lld, not %lld\n", what, (long long)got, (long long)want);
  }
  return got == want;
}

static void print_bytes(struct str s) {
  if (!s.p) {
    fputs("NULL", stdout);
    return;
  }
  putchar('"');
  for (size_t i = 0; i < s.n && i < 2000; i++) {
    unsigned char c = (unsigned char)s.p[i];
    if (c < 0x20 || c == 0x7f)
      printf("\\x%02x", c);
    else
      putchar(c);
  }
  printf(s.n > 2000 ? "\"... (%zu bytes)" : "\"", s.n);
}

bool unit_check_str(struct str got, struct str want, const char *what, const char *file, int line) {
  bool same = !got.p == !want.p && str_eq(got, want);
  if (!same) {
    complain(file, line);
    printf("%s is\n    ", what);
    print_bytes(got);
    printf(", not\n    ");
    print_bytes(want);
    putchar('\n');
  }
  return same;
}

/* ---- the folder of a test ---- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at) {
  (void)st, (void)type, (void)at;
  return remove(path);
}

const char *unit_dir(void) {
  if (!*dir) {
    snprintf(dir, sizeof dir, "/tmp/outpost-unit-XXXXXX");
    if (!mkdtemp(dir)) {
      perror(dir);
      exit(1);
    }
  }
  return dir;
}

/* ---- running ---- */

static bool run_here(const struct unit_test *t) {
  failures = 0;
  t->run();
  if (*dir) nftw(dir, remove_one, 32, FTW_DEPTH | FTW_PHYS);
  *dir = 0;
  return failures == 0;
}

static bool run_apart(const struct unit_test *t) {
  fflush(stdout);
  pid_t child = fork();
  if (child < 0) {
    perror("fork");
    exit(1);
  }
  if (child == 0) {
    alarm(UNIT_SECONDS);
    exit(run_here(t) ? 0 : 1); /* exit, not _exit: a leak checker reports here */
  }
  int status;
  if (waitpid(child, &status, 0) < 0) return false;
  if (WIFSIGNALED(status))
    printf("%s: ended by signal %d (%s)\n", t->file, WTERMSIG(status), strsignal(WTERMSIG(status)));
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool selected(const struct unit_test *t, int words, char **word) {
  if (words == 0) return true;
  for (int i = 0; i < words; i++)
    if (strstr(t->name, word[i]) || strstr(t->file, word[i])) return true;
  return false;
}

int main(int argc, char **argv) {
  bool verbose = false, slow = false, apart = true;
  int passed = 0, failed = 0, i = 1;
  for (; i < argc && argv[i][0] == '-'; i++) {
    if (strcmp(argv[i], "-v") == 0)
      verbose = true;
    else if (strcmp(argv[i], "--slow") == 0)
      slow = true;
    else if (strcmp(argv[i], "--no-fork") == 0)
      apart = false;
    else {
      fputs("usage: unit [-v] [--slow] [--no-fork] [WORD...]\n", stderr);
      return 2;
    }
  }
  for (const struct unit_test *t = tests; t; t = t->next) {
    if ((t->slow && !slow) || !selected(t, argc - i, argv + i)) continue;
    double began = time_seconds();
    bool held = apart ? run_apart(t) : run_here(t);
    if (held)
      passed++;
    else
      failed++;
    if (verbose || !held)
      printf("%s %s: %s (%.0f ms)\n", held ? "ok  " : "FAIL", t->name, t->sentence,
             (time_seconds() - began) * 1000);
  }
  printf("%d passed, %d failed\n", passed, failed);
  return failed ? 1 : 0;
}
