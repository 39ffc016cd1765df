/*
** lease.c - whose a running job is.
**
** A claim gives a job to a process for some time, by a clock that nobody can set and that goes
** on while the machine sleeps (CLOCK_BOOTTIME); what was promised before the machine was
** started again is worth nothing. The process renews its leases while it lives.
**
** Waiting for a lease to run out is needed only for a process that stands still. One that has
** ended is known at once: each holds the lock on a file of its own, which the system takes
** away with it.
*/
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/ids.h"
#include "base/time.h"
#include "job/internal.h"

int64_t boot_clock(void) {
  struct timespec ts;
  clock_gettime(CLOCK_BOOTTIME, &ts);
  return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t lease_us(void) {
#ifdef OUTPOST_TEST
  const char *ms = getenv("OUTPOST_LEASE_MS");
  if (ms) return strtoll(ms, NULL, 10) * 1000;
#endif
  return 30 * 1000000;
}

/* ---- holders ---- */

static bool is_locked(int fd) { return flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK; }

/* Files of processes that have ended. */
static void sweep(const char *folder) {
  DIR *d = opendir(folder);
  for (struct dirent *e; d && (e = readdir(d));) {
    int fd = e->d_name[0] == '.' ? -1 : openat(dirfd(d), e->d_name, O_RDWR | O_CLOEXEC);
    if (fd < 0) continue;
    if (!is_locked(fd)) unlinkat(dirfd(d), e->d_name, 0);
    close(fd);
  }
  if (d) closedir(d);
}

/* The file may have been swept away between its making and its locking: then once more. */
static bool make_file(struct holder *h) {
  struct stat st;
  for (int i = 0; i < 10; i++) {
    h->fd = open(h->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (h->fd < 0) return false;
    if (flock(h->fd, LOCK_EX | LOCK_NB) == 0 && fstat(h->fd, &st) == 0 && st.st_nlink > 0) return true;
    close(h->fd);
  }
  return false;
}

int holder_open(struct ctx *cx, const char *dir, struct holder *h) {
  const char *folder = ctx_printf(cx, "%s/workers", dir);
  *h = (struct holder){ .dir = dir, .fd = -1 };
  uuid7(h->name, time_now());
  if (mkdir(folder, 0700) != 0 && errno != EEXIST)
    return fail(cx, E_DENIED, NULL, "cannot make the folder %s: %s", folder, strerror(errno));
  sweep(folder);
  h->path = ctx_printf(cx, "%s/%s", folder, h->name);
  if (!make_file(h)) return fail(cx, E_DENIED, NULL, "%s cannot be written: %s", h->path, strerror(errno));
  return OK;
}

void holder_close(struct holder *h) {
  if (h->fd < 0) return;
  unlink(h->path);
  close(h->fd);
  h->fd = -1;
}

bool holder_lives(const char *dir, const char *name) {
  char path[4096];
  if (strchr(name, '/') || snprintf(path, sizeof path, "%s/workers/%s", dir, name) >= (int)sizeof path)
    return false;
  int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return errno != ENOENT; /* one that cannot be asked is left its lease */
  bool lives = is_locked(fd);
  close(fd);
  return lives;
}
