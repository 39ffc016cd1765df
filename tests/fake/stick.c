/*
** stick.c - a file that is another one each time that it is opened (LD_PRELOAD): what a stick can do that is no stick.
** STICK names it; the first time STICK.1 is opened in its place, then STICK.2 ...
*/
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *opened(const char *path, const char *mode, const char *name) {
  static atomic_int times;
  FILE *(*real)(const char *, const char *) = (FILE * (*)(const char *, const char *)) dlsym(RTLD_NEXT, name);
  const char *stick = getenv("STICK");
  char other[4096];
  if (!stick || strcmp(path, stick) != 0) return real(path, mode);
  snprintf(other, sizeof other, "%s.%d", stick, atomic_fetch_add(&times, 1) + 1);
  return real(other, mode);
}

FILE *fopen(const char *path, const char *mode) { return opened(path, mode, "fopen"); }
FILE *fopen64(const char *path, const char *mode) { return opened(path, mode, "fopen64"); }
