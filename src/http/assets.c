/*
** assets.c - the files of the page: compressed in the binary, or, with --www,
** from a folder while somebody edits them.
**
** From the binary they go out as they are stored, because every browser takes
** gzip; for a client that does not, they are inflated on the way.
**
** From a folder only regular files are served, and a path is walked one segment
** at a time from the folder's descriptor without following links, so that no
** path and no link leads out of it.
*/
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/limits.h"
#include "gen/assets.h"
#include "http/gzip.h"

#define ASSET_MAX_BYTES MIB(8)

static const char *file_of(const char *path) { return strcmp(path, "/") ? path + 1 : "index.html"; }

/* ---- from the binary ---- */

static const struct asset *asset_find(const char *name) {
  for (size_t i = 0; i < asset_count; i++)
    if (!strcmp(assets[i].path + (assets[i].path[0] == '/'), name)) return &assets[i];
  return NULL;
}

static int inflate_into(struct request *rq, const struct asset *a, char *to) {
  z_stream z = { .next_in = (unsigned char *)(uintptr_t)a->gzip,
                 .avail_in = (uInt)a->gzip_size,
                 .next_out = (unsigned char *)to,
                 .avail_out = (uInt)a->size };
  if (inflateInit2(&z, 15 + 16) != Z_OK) return fail(rq->cx, E_FAIL, NULL, "zlib cannot be started");
  int rc = inflate(&z, Z_FINISH);
  inflateEnd(&z);
  return rc == Z_STREAM_END && !z.avail_out
             ? OK
             : fail(rq->cx, E_FAIL, NULL, "the file %s in the binary is damaged", a->path);
}

static const char *etag_quoted(struct ctx *cx, const char *etag, const char *variant) {
  size_t n = strlen(etag);
  bool quoted = n > 1 && etag[0] == '"';
  return ctx_printf(cx, "\"%.*s%s\"", (int)(quoted ? n - 2 : n), etag + quoted, variant);
}

static int embedded_serve(struct request *rq, const char *name) {
  const struct asset *a = asset_find(name);
  if (!a) return fail(rq->cx, E_NOT_FOUND, NULL, "there is nothing at this address");
  rq->type = a->type;
  if (gzip_taken(rq)) {
    rq->etag = etag_quoted(rq->cx, a->etag, "");
    rq->encoding = "gzip";
    rq->content = (struct str){ (const char *)a->gzip, a->gzip_size };
    return OK;
  }
  char *plain = ctx_alloc(rq->cx, a->size + 1);
  rq->etag = etag_quoted(rq->cx, a->etag, "-plain");
  rq->content = (struct str){ plain, a->size };
  return inflate_into(rq, a, plain);
}

/* ---- from a folder ---- */

/* Opened anew for every request: a build may replace the folder. */
static int folder_open(const char *dir) { return open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC); }

int asset_check_folder(struct ctx *cx, const char *dir) {
  int fd = folder_open(dir);
  if (fd < 0) return fail(cx, E_NOT_FOUND, "www", "%s is no folder that can be read", dir);
  close(fd);
  return OK;
}

static const char *type_of(const char *name) {
  static const char *const types[][2] = {
    { ".html", "text/html; charset=utf-8" },
    { ".js", "text/javascript; charset=utf-8" },
    { ".css", "text/css; charset=utf-8" },
    { ".json", "application/json" },
    { ".map", "application/json" },
    { ".webmanifest", "application/manifest+json" },
    { ".svg", "image/svg+xml" },
    { ".png", "image/png" },
    { ".woff2", "font/woff2" },
    { ".txt", "text/plain; charset=utf-8" },
  };
  const char *dot = strrchr(name, '.');
  for (size_t i = 0; dot && i < sizeof types / sizeof *types; i++)
    if (!strcmp(dot, types[i][0])) return types[i][1];
  return "application/octet-stream";
}

/* Opens a file below the folder; -1 when a part of the path is no folder, a
** link, hidden, or not there. */
static int open_below(struct ctx *cx, const char *folder, const char *name) {
  int at = folder_open(folder);
  while (at >= 0) {
    size_t n = strcspn(name, "/");
    bool last = !name[n];
    const char *part = ctx_strdup(cx, (struct str){ name, n });
    int next =
        n && part[0] != '.'
            ? openat(at, part, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | (last ? 0 : O_DIRECTORY))
            : -1;
    close(at);
    if (last) return next;
    at = next;
    name += n + 1;
  }
  return -1;
}

static int read_whole(struct request *rq, int fd) {
  struct stat st;
  if (fstat(fd, &st) || !S_ISREG(st.st_mode))
    return fail(rq->cx, E_NOT_FOUND, NULL, "there is nothing at this address");
  if ((uint64_t)st.st_size > ASSET_MAX_BYTES) return fail(rq->cx, E_LIMIT, NULL, "this file is too large");
  char *bytes = ctx_alloc(rq->cx, (size_t)st.st_size + 1);
  ssize_t n = read(fd, bytes, (size_t)st.st_size);
  if (n < 0) return fail(rq->cx, E_FAIL, NULL, "a file of the page cannot be read");
  rq->content = (struct str){ bytes, (size_t)n };
  return OK;
}

static int folder_serve(struct request *rq, const char *name) {
  int fd = open_below(rq->cx, rq->server->www, name);
  if (fd < 0) return fail(rq->cx, E_NOT_FOUND, NULL, "there is nothing at this address");
  rq->type = type_of(name);
  int rc = read_whole(rq, fd);
  close(fd);
  return rc;
}

int asset_serve(struct request *rq) {
  const char *name = file_of(rq->path);
  return rq->server->www ? folder_serve(rq, name) : embedded_serve(rq, name);
}
