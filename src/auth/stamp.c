#include "auth/stamp.h"

#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct stamp {
  _Atomic uint64_t *number; /* shared with other processes */
  _Atomic uint64_t none;    /* where there is no file */
};

static _Atomic uint64_t *map_file(const char *dir) {
  char path[PATH_MAX];
  if (snprintf(path, sizeof path, "%s/accounts.stamp", dir) >= (int)sizeof path) return NULL;
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return NULL;
  void *p = MAP_FAILED;
  if (ftruncate(fd, sizeof(uint64_t)) == 0)
    p = mmap(NULL, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  return p == MAP_FAILED ? NULL : p;
}

struct stamp *stamp_open(const char *dir) {
  struct stamp *s = xcalloc(1, sizeof *s);
  s->number = map_file(dir);
  if (!s->number) s->number = &s->none;
  return s;
}

void stamp_close(struct stamp *s) {
  if (s->number != &s->none) munmap((void *)s->number, sizeof(uint64_t));
  free(s);
}

uint64_t stamp_now(const struct stamp *s) { return atomic_load(s->number); }

/* The thread that runs a transaction's parts is the one that commits it. */
static _Thread_local bool touched;

void stamp_touch(void) { touched = true; }

void stamp_move(const char *dir) {
  struct stamp *s = stamp_open(dir);
  atomic_fetch_add(s->number, 1);
  stamp_close(s);
}

void stamp_committed(struct tenant *t) {
  if (!touched) return;
  touched = false;
  stamp_move(store_dir(tenant_store(t)));
}
