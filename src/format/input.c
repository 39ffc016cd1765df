/*
** input.c - the bytes of a file, of a pipe or of a gzip file, at any offset.
**
** A regular file is read where it lies. Everything that cannot be read twice
** (pipes, gzip) is copied once into a temporary file without a name, so that
** nothing is left behind whatever happens. Reading is pread: no position is
** shared, so threads do not disturb each other. The size is what it was when
** the file was opened; a file that shrinks meanwhile simply ends earlier.
**
** Not here: what the bytes mean.
*/
#include "format/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

struct input {
  input_read_fn *read; /* of input_kept */
  void *arg;
  int fd;          /* -1 for bytes in memory and kept bytes */
  const char *mem; /* of input_memory */
  uint64_t size;
  const char *name;
};

enum { PIECE = 256 * 1024 };

static void close_input(void *arg) {
  struct input *in = arg;
  if (in->fd >= 0) close(in->fd);
}

static struct input *new_input(struct ctx *cx, const char *name, int fd) {
  struct input *in = ctx_alloc(cx, sizeof *in);
  in->fd = fd;
  in->name = ctx_strdup(cx, str_of(name));
  ctx_defer(cx, close_input, in);
  return in;
}

/* ---- spooling ---- */

static int open_unnamed(struct ctx *cx, const char *dir, int *fd) {
  *fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (*fd >= 0) return OK;
  char *path = ctx_printf(cx, "%s/.spool-XXXXXX", dir);
  *fd = mkostemp(path, O_CLOEXEC);
  if (*fd < 0) return fail(cx, E_FAIL, "input", "cannot keep the input in %s: %s", dir, strerror(errno));
  unlink(path);
  return OK;
}

static int write_all(struct ctx *cx, int fd, const void *p, size_t n, const char *dir) {
  const char *from = p;
  while (n > 0) {
    ssize_t wrote = write(fd, from, n);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return fail(cx, E_FAIL, "input", "cannot keep the input in %s: %s", dir, strerror(errno));
    from += wrote;
    n -= (size_t)wrote;
  }
  return OK;
}

static int read_some(struct ctx *cx, int fd, const char *name, void *to, size_t n, size_t *got) {
  ssize_t r;
  do r = read(fd, to, n);
  while (r < 0 && errno == EINTR);
  if (r < 0) return fail(cx, E_FAIL, "input", "cannot read %s: %s", name, strerror(errno));
  *got = (size_t)r;
  return OK;
}

/* What no honest file does: it is meant to fill the disk. */
enum { GZIP_RATIO_MOST = 200 };
static const uint64_t GZIP_RATIO_FROM = 10 << 20;

struct spool {
  int from, to;
  uint64_t taken, made; /* bytes of a gzip file, and what was in them */
  const char *name, *dir;
  unsigned char in[PIECE], out[PIECE];
};

static int copy_plain(struct ctx *cx, struct spool *s, size_t got) {
  while (got > 0) {
    int rc = write_all(cx, s->to, s->in, got, s->dir);
    if (!rc) rc = read_some(cx, s->from, s->name, s->in, PIECE, &got);
    if (rc) return rc;
  }
  return OK;
}

static int inflate_piece(struct ctx *cx, struct spool *s, z_stream *z, bool *ended) {
  while (z->avail_in > 0) {
    if (*ended) {               /* several gzip files one after the other are one file */
      if (z->next_in[0] == 0) { /* padding of tapes and tools */
        z->next_in++, z->avail_in--;
        continue;
      }
      if (inflateReset(z) != Z_OK) return fail(cx, E_FAIL, "input", "zlib cannot start");
      *ended = false;
    }
    z->next_out = s->out;
    z->avail_out = PIECE;
    int zr = inflate(z, Z_NO_FLUSH);
    if (zr != Z_OK && zr != Z_STREAM_END && zr != Z_BUF_ERROR)
      return fail(cx, E_INVALID, "input", "%s is a damaged gzip file (%s): send it again", s->name,
                  z->msg ? z->msg : "the data does not fit together");
    s->made += PIECE - z->avail_out;
    if (s->made > GZIP_RATIO_FROM && s->made / GZIP_RATIO_MOST > s->taken)
      return fail(cx, E_LIMIT, "input",
                  "%s grows to more than %d times its size, as no table does: unpack it first", s->name,
                  GZIP_RATIO_MOST);
    int rc = write_all(cx, s->to, s->out, PIECE - z->avail_out, s->dir);
    if (rc) return rc;
    *ended = zr == Z_STREAM_END;
  }
  return OK;
}

static int copy_gzip(struct ctx *cx, struct spool *s, size_t got) {
  z_stream z = { 0 };
  if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK) return fail(cx, E_FAIL, "input", "zlib cannot start");
  bool ended = false;
  int rc = OK;
  while (!rc && got > 0) {
    z.next_in = s->in;
    z.avail_in = (uInt)got;
    s->taken += got;
    rc = inflate_piece(cx, s, &z, &ended);
    if (!rc) rc = read_some(cx, s->from, s->name, s->in, PIECE, &got);
  }
  inflateEnd(&z);
  if (!rc && !ended)
    rc = fail(cx, E_INVALID, "input", "%s is a gzip file that ends too early: send it again", s->name);
  return rc;
}

static bool is_gzip(const unsigned char *p, size_t n) { return n >= 2 && p[0] == 0x1f && p[1] == 0x8b; }

/* Reads until there are enough bytes to know a gzip file by its first two. */
static int read_first(struct ctx *cx, struct spool *s, size_t *got) {
  size_t more = 1;
  *got = 0;
  while (*got < 2 && more > 0) {
    int rc = read_some(cx, s->from, s->name, s->in + *got, PIECE - *got, &more);
    if (rc) return rc;
    *got += more;
  }
  return OK;
}

static int spool(struct ctx *cx, int from, const char *name, const char *dir, int *to) {
  struct spool *s = xmalloc(sizeof *s);
  s->from = from, s->to = -1, s->name = name, s->dir = dir;
  s->taken = s->made = 0;
  size_t got = 0;
  int rc = open_unnamed(cx, dir, &s->to);
  if (!rc) rc = read_first(cx, s, &got);
  if (!rc) rc = is_gzip(s->in, got) ? copy_gzip(cx, s, got) : copy_plain(cx, s, got);
  *to = s->to;
  if (rc && s->to >= 0) close(s->to);
  free(s);
  return rc;
}

/* ---- opening ---- */

static int open_failed(struct ctx *cx, const char *path) {
  switch (errno) {
  case ENOENT:
  case ENOTDIR: return fail(cx, E_NOT_FOUND, "input", "there is no file %s", path);
  case EACCES:
  case EPERM: return fail(cx, E_DENIED, "input", "%s may not be read: permission denied", path);
  default: return fail(cx, E_FAIL, "input", "cannot open %s: %s", path, strerror(errno));
  }
}

static int needs_spool(struct ctx *cx, int fd, const char *name, bool *yes) {
  struct stat st;
  if (fstat(fd, &st) != 0) return fail(cx, E_FAIL, "input", "cannot open %s: %s", name, strerror(errno));
  if (S_ISDIR(st.st_mode)) return fail(cx, E_INVALID, "input", "%s is a folder: name one file in it", name);
  unsigned char magic[2];
  /* A standard input that somebody has read from already starts where it stands. */
  *yes = !S_ISREG(st.st_mode) || lseek(fd, 0, SEEK_CUR) != 0 ||
         (pread(fd, magic, 2, 0) == 2 && is_gzip(magic, 2));
  return OK;
}

int input_open(struct ctx *cx, const char *path, const char *spool_dir, struct input **out) {
  return input_open_as(cx, path, strcmp(path, "-") == 0 ? "stdin" : path, spool_dir, out);
}

int input_open_as(struct ctx *cx, const char *path, const char *name, const char *spool_dir,
                  struct input **out) {
  bool standard = strcmp(path, "-") == 0, yes = false;
  int fd = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return open_failed(cx, name);
  int rc = needs_spool(cx, fd, name, &yes);
  if (!rc && yes) {
    int to = -1;
    rc = spool(cx, fd, name, spool_dir, &to);
    close(fd);
    fd = rc ? -1 : to;
  }
  struct stat st;
  if (!rc && fstat(fd, &st) != 0) rc = fail(cx, E_FAIL, "input", "cannot read %s: %s", name, strerror(errno));
  if (rc) {
    if (fd >= 0) close(fd);
    return rc;
  }
  *out = new_input(cx, name, fd);
  (*out)->size = (uint64_t)st.st_size;
  return OK;
}

struct input *input_memory(struct ctx *cx, struct str bytes, const char *name) {
  struct input *in = new_input(cx, name, -1);
  in->mem = bytes.p;
  in->size = bytes.n;
  return in;
}

const char *input_name(const struct input *in) { return in->name; }
uint64_t input_size(const struct input *in) { return in->size; }

struct input *input_kept(struct ctx *cx, const char *name, uint64_t size, input_read_fn *read, void *arg) {
  struct input *in = new_input(cx, name, -1);
  in->read = read;
  in->arg = arg;
  in->size = size;
  return in;
}

int input_read(struct ctx *cx, const struct input *in, uint64_t offset, void *to, size_t n, size_t *got) {
  *got = 0;
  if (offset >= in->size) return OK;
  if (n > in->size - offset) n = (size_t)(in->size - offset);
  if (in->read) {
    *got = n;
    return in->read(cx, in->arg, offset, to, n);
  }
  if (in->fd < 0) {
    if (n) memcpy(to, in->mem + offset, n);
    *got = n;
    return OK;
  }
  while (*got < n) {
    ssize_t r = pread(in->fd, (char *)to + *got, n - *got, (off_t)(offset + *got));
    if (r < 0 && errno == EINTR) continue;
    if (r < 0) return fail(cx, E_FAIL, "input", "cannot read %s: %s", in->name, strerror(errno));
    if (r == 0) break;
    *got += (size_t)r;
  }
  return OK;
}
