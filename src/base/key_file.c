#include "base/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int key_file_read(struct ctx *cx, const char *what, const char *path, void *to, size_t room, size_t *n) {
  struct stat st;
  *n = 0;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0 && errno == ENOENT) return OK;
  if (fd < 0) return fail(cx, E_DENIED, NULL, "%s %s cannot be read: %s", what, path, strerror(errno));
  ssize_t got = read(fd, to, room);
  fstat(fd, &st);
  close(fd);
  if (st.st_mode & 077)
    return fail(cx, E_DENIED, NULL,
                "%s %s can be read by others; `chmod 600` it, or, if others had it, "
                "move it away, so that a new one is made",
                what, path);
  *n = got > 0 ? (size_t)got : 0;
  return OK;
}

static int sync_folder(const char *dir) {
  int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int rc = fd < 0 ? -1 : fsync(fd);
  if (fd >= 0) close(fd);
  return rc;
}

/* A whole file under a name of its own, then the real name as a second one for it,
** which link() gives to one process only. */
static bool put_file(const char *folder, const char *path, const char *aside, mode_t mode, struct str bytes) {
  int fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) return false;
  bool good = write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n && fsync(fd) == 0;
  good = close(fd) == 0 && good;
  if (good && link(aside, path) != 0) good = errno == EEXIST;
  int why = errno;
  unlink(aside);
  errno = why;
  return good && sync_folder(folder) == 0;
}

int key_file_make(struct ctx *cx, const char *what, const char *folder, const char *path, mode_t mode,
                  struct str bytes) {
  bool there = mkdir(folder, 0700) == 0 || errno == EEXIST;
  if (!there) return fail(cx, E_FAIL, NULL, "the folder %s cannot be made: %s", folder, strerror(errno));
  if (put_file(folder, path, ctx_printf(cx, "%s.%s", path, cx->id), mode, bytes)) return OK;
  return fail(cx, E_FAIL, NULL, "%s %s cannot be written: %s", what, path, strerror(errno));
}
