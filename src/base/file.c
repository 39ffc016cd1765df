#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crash.h"
#include "base/hash.h"
#include "base/limits.h"

static void give_up(void *arg) {
  struct file_out *o = arg;
  if (o->fd < 0) return; /* ended */
  unlink(o->part);
  close(o->fd);
}

static bool is_at(const char *path, const struct stat *st) {
  struct stat now;
  return lstat(path, &now) == 0 && now.st_dev == st->st_dev && now.st_ino == st->st_ino;
}

/* Ours alone: what another process writes is not emptied under its hands, nor does it get the bytes of two
** after it was named. -1: EWOULDBLOCK when somebody has it, or was just done with it. */
static int open_part(const char *part) {
  struct stat st;
  int fd = open(part, O_WRONLY | O_CREAT | O_CLOEXEC, 0600), why;
  if (fd < 0) return fd;
  if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &st) == 0) {
    if (st.st_nlink > 0 && is_at(part, &st) && ftruncate(fd, 0) == 0) return fd;
    errno = EWOULDBLOCK;
  }
  why = errno;
  close(fd);
  errno = why;
  return -1;
}

int file_begin(struct ctx *cx, struct file_out **out, const char *path, bool replace) {
  struct file_out *o = *out = ctx_alloc(cx, sizeof *o);
  *o = (struct file_out){ .path = ctx_strdup(cx, str_of(path)), .fd = -1 };
  if (!replace && access(path, F_OK) == 0) return fail(cx, E_CONFLICT, "out", "%s exists already", path);
  o->part = ctx_printf(cx, "%s.part", path);
  o->fd = open_part(o->part);
  if (o->fd < 0 && errno == EWOULDBLOCK)
    return fail(cx, E_BUSY, "out", "%s is being written by another process just now", o->path);
  if (o->fd < 0) return fail(cx, E_FAIL, "out", "%s cannot be written: %s", o->part, strerror(errno));
  ctx_defer(cx, give_up, o);
  return OK;
}

int file_write(struct ctx *cx, void *arg, const char *p, size_t n) {
  struct file_out *o = arg;
  while (n) {
    ssize_t written = write(o->fd, p, n);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return fail(cx, E_FAIL, "out", "%s could not be written: %s", o->path, strerror(errno));
    p += written;
    n -= (size_t)written;
    o->bytes += written;
  }
  return OK;
}

/* The right to the name goes with the closing: not before the file has the other name, or is gone. */
int file_end(struct ctx *cx, struct file_out *o) {
  bool good = fsync(o->fd) == 0;
  crash_point("file written");
  if (good && !cx->code) good = rename(o->part, o->path) == 0;
  int why = errno;
  if (!good || cx->code) unlink(o->part);
  close(o->fd); /* what it could tell, fsync has told */
  o->fd = -1;
  if (!good) fail(cx, E_FAIL, "out", "%s could not be written: %s", o->path, strerror(why));
  if (cx->code) return cx->code;
  crash_point("file named");
  return file_sync_folder_of(cx, o->path);
}

static int sync_path(struct ctx *cx, const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  bool good = fd >= 0 && fsync(fd) == 0;
  int why = errno;
  if (fd >= 0) close(fd);
  return good ? OK : fail(cx, E_FAIL, NULL, "%s could not be brought onto the disk: %s", path, strerror(why));
}

int file_sync_folder_of(struct ctx *cx, const char *path) {
  const char *slash = strrchr(path, '/');
  if (!slash) return sync_path(cx, ".");
  return sync_path(cx, slash == path ? "/" : ctx_strdup(cx, (struct str){ path, (size_t)(slash - path) }));
}

int file_make_folders(struct ctx *cx, const char *path) {
  char *part = ctx_strdup(cx, str_of(path));
  for (char *p = part + 1;; p++) {
    char c = *p;
    if (c != '/' && c != 0) continue;
    *p = 0;
    if (mkdir(part, 0700) == 0) {
      if (file_sync_folder_of(cx, part)) return cx->code;
    } else if (errno != EEXIST) {
      return fail(cx, E_FAIL, NULL, "the folder %s cannot be made: %s", part, strerror(errno));
    }
    *p = c;
    if (!c) return OK;
  }
}

int file_digest(struct ctx *cx, const char *path, struct file_digest *out) {
  unsigned char digest[SHA256_SIZE];
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return fail(cx, errno == ENOENT ? E_NOT_FOUND : E_FAIL, NULL, "%s cannot be read: %s", path,
                strerror(errno));
  struct sha256 *h = sha256_new();
  char *block = xmalloc(KIB(64));
  ssize_t n;
  out->bytes = 0;
  while ((n = read(fd, block, KIB(64))) > 0) {
    sha256_add(h, block, (size_t)n);
    out->bytes += n;
  }
  int why = errno;
  close(fd);
  free(block);
  sha256_end(h, digest);
  sha256_free(h);
  hex_encode(out->sha256, digest, sizeof digest);
  return n < 0 ? fail(cx, E_FAIL, NULL, "%s cannot be read: %s", path, strerror(why)) : OK;
}
