/*
** disk.c - a disk that says what it has taken, and fails when it is told to (LD_PRELOAD). What the kernel keeps in
** memory survives kill -9, so killing a process proves nothing about power cuts: this tells how much of a tenant's WAL
** would have survived one.
**
** DISK_LEDGER names a file of four 64-bit numbers: how many bytes of the WAL were there when a sync of it began that
** went well; how many syncs of it were begun; how many of the next are to fail with EIO; whether the disk is slow: as long as this is not 0,
** syncs of the WAL wait. With DISK_LIES=1 a sync does nothing and says that all is well.
*/
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct ledger {
  _Atomic int64_t taken, syncs, failing, slow;
};

static struct ledger *ledger(void) {
  static struct ledger *_Atomic known;
  struct ledger *l = atomic_load(&known);
  const char *path = getenv("DISK_LEDGER");
  if (l || !path) return l;
  int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) abort();
  l = mmap(NULL, sizeof *l, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (l == MAP_FAILED) abort();
  atomic_store(&known, l);
  return l;
}

static int is_wal(int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, path, sizeof path - 1);
  return n > 4 && memcmp(path + n - 4, "-wal", 4) == 0;
}

static int synced(int fd, const char *name) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  struct ledger *l = ledger();
  struct stat before;
  if (!l || !is_wal(fd) || fstat(fd, &before) != 0) return real(fd);
  atomic_fetch_add(&l->syncs, 1);
  while (atomic_load(&l->slow)) nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
  if (atomic_load(&l->failing) > 0) {
    atomic_fetch_sub(&l->failing, 1);
    errno = EIO;
    return -1;
  }
  if (getenv("DISK_LIES")) return 0;
  int rc = real(fd);
  int64_t taken = atomic_load(&l->taken);
  while (rc == 0 && taken < before.st_size && !atomic_compare_exchange_weak(&l->taken, &taken, before.st_size)) continue;
  return rc;
}

int fdatasync(int fd) { return synced(fd, "fdatasync"); }
int fsync(int fd) { return synced(fd, "fsync"); }
