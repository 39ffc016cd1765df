#include "http/uploads.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/ids.h"
#include "base/time.h"

enum { UPLOADS_MOST = 200 };
static const int64_t LIFETIME = DAY_US;
static const int64_t DISK_RESERVE = (int64_t)256 << 20; /* an import of it needs room, too */

struct kept_upload {
  struct kept_upload *next;
  struct upload is;
};

/* ---- the folder ---- */

static const char *folder_of(struct ctx *cx, const struct server *server) {
  return ctx_printf(cx, "%s/uploads", store_dir(server->store));
}

int uploads_begin(struct ctx *cx, struct server *server) {
  const char *dir = folder_of(cx, server);
  if (mkdir(dir, 0700) != 0 && errno != EEXIST)
    return fail(cx, E_FAIL, NULL, "cannot make the folder %s: %s", dir, strerror(errno));
  DIR *d = opendir(dir);
  for (struct dirent *entry; d && (entry = readdir(d));)
    if (uuid_valid(str_of(entry->d_name))) unlinkat(dirfd(d), entry->d_name, 0);
  if (d) closedir(d);
  return OK;
}

/* ---- the list ---- */

/* Takes out the first that fits; id NULL: one that is too old. The caller holds the lock. */
static struct kept_upload *take(struct server *server, const char *id, int64_t before) {
  for (struct kept_upload **at = &server->uploads; *at; at = &(*at)->next) {
    struct kept_upload *found = *at;
    if (id ? strcmp(found->is.id, id) != 0 : found->is.at >= before) continue;
    *at = found->next;
    server->upload_count--;
    return found;
  }
  return NULL;
}

static void drop(struct server *server, const char *id, int64_t before) {
  pthread_mutex_lock(&server->uploads_lock);
  struct kept_upload *u = take(server, id, before);
  pthread_mutex_unlock(&server->uploads_lock);
  if (!u) return;
  unlink(u->is.path); /* who reads it still has it open */
  free(u);
}

void upload_remove(struct server *server, const char *id) { drop(server, id, 0); }
void uploads_reap(struct server *server, int64_t now) { drop(server, NULL, now - LIFETIME); }
void uploads_end(struct server *server) {
  while (server->uploads) drop(server, NULL, INT64_MAX);
}

int upload_find(struct request *rq, struct tenant *tenant, const char *id, struct upload *out) {
  bool found = false;
  uploads_reap(rq->server, rq->cx->now);
  pthread_mutex_lock(&rq->server->uploads_lock);
  for (struct kept_upload *u = rq->server->uploads; u && !found; u = u->next) {
    found = !strcmp(u->is.id, id) && !strcmp(u->is.tenant, tenant_slug(tenant));
    if (found) *out = u->is;
  }
  pthread_mutex_unlock(&rq->server->uploads_lock);
  if (found) return OK;
  return fail(rq->cx, E_NOT_FOUND, "upload", "there is no upload %.40s any more; send the file again", id);
}

static int keep(struct request *rq, const struct upload *u) {
  struct server *server = rq->server;
  struct kept_upload *k = xcalloc(1, sizeof *k);
  k->is = *u;
  pthread_mutex_lock(&server->uploads_lock);
  bool full = server->upload_count >= UPLOADS_MOST;
  if (!full) {
    k->next = server->uploads;
    server->uploads = k;
    server->upload_count++;
  }
  pthread_mutex_unlock(&server->uploads_lock);
  if (!full) return OK;
  free(k);
  return fail(rq->cx, E_BUSY, NULL, "%d files wait to be imported; import or delete some first",
              UPLOADS_MOST);
}

/* ---- receiving ---- */

int upload_name(struct request *rq, const char *name, char out[static UPLOAD_NAME]) {
  for (const char *p = name; p && *p; p++)
    if ((*p == '/' || *p == '\\') && p[1]) name = p + 1;
  if (!name || !*name) name = "upload";
  if (strlen(name) >= UPLOAD_NAME)
    return fail(rq->cx, E_INVALID, "name", "the name of a file has at most %d bytes", UPLOAD_NAME - 1);
  str_copy(out, UPLOAD_NAME, str_of(name));
  for (char *p = out; *p; p++)
    if ((unsigned char)*p < 0x20 || *p == 0x7f) *p = '_';
  return OK;
}

static int64_t room_of(const char *dir) {
  struct statvfs disk;
  if (statvfs(dir, &disk) != 0) return INT64_MAX; /* the write will tell */
  return (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
}

int uploads_scratch(struct request *rq, int64_t room) {
  const char *dir = folder_of(rq->cx, rq->server);
  return room_of(dir) < room + DISK_RESERVE ? -1 : open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

int upload_room(struct request *rq, const char *dir, int64_t more) {
  int64_t room = room_of(dir);
  if (room >= more + DISK_RESERVE) return OK;
  rq->status = 507;
  return fail(rq->cx, E_LIMIT, NULL,
              "the disk has room for %lld MiB, and the file needs more; make room or send a smaller file",
              (long long)((room > DISK_RESERVE ? room - DISK_RESERVE : 0) >> 20));
}

static int write_part(struct request *rq, int fd, const char *p, size_t n) {
  while (n > 0) {
    ssize_t wrote = write(fd, p, n);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG))
      return refuse(rq, 507, E_LIMIT, "the disk is full; make room and send the file again");
    if (wrote <= 0) return fail(rq->cx, E_FAIL, NULL, "an upload cannot be written: %s", strerror(errno));
    p += wrote;
    n -= (size_t)wrote;
  }
  return OK;
}

static int copy_body(struct request *rq, const char *dir, int fd, struct sha256 *digest, struct upload *u) {
  char part[16384];
  size_t got = 0;
  int64_t looked = 0;
  int rc = upload_room(rq, dir, rq->body_stated > 0 ? rq->body_stated : 0);
  while (!rc && !(rc = body_next(rq, part, sizeof part, &got)) && got > 0) {
    sha256_add(digest, part, got);
    rc = write_part(rq, fd, part, got);
    u->bytes += (int64_t)got;
    if (!rc && u->bytes - looked > UPLOAD_LOOK) rc = upload_room(rq, dir, 0), looked = u->bytes;
  }
  if (!rc && u->bytes == 0)
    rc = fail(rq->cx, E_INVALID, "body", "the request needs a body: the bytes of the file");
  return rc;
}

int upload_receive(struct request *rq, struct tenant *tenant, const char *name, struct upload *out) {
  unsigned char sum[SHA256_SIZE];
  const char *dir = folder_of(rq->cx, rq->server);
  *out = (struct upload){ .at = rq->cx->now };
  uuid7(out->id, rq->cx->now);
  str_copy(out->tenant, sizeof out->tenant, str_of(tenant_slug(tenant)));
  if (upload_name(rq, name, out->name)) return rq->cx->code;
  if (!str_copy(out->path, sizeof out->path, str_of(ctx_printf(rq->cx, "%s/%s", dir, out->id))))
    return fail(rq->cx, E_LIMIT, NULL, "the path of the data folder is too long");
  int fd = open(out->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return fail(rq->cx, E_FAIL, NULL, "an upload cannot be written: %s", strerror(errno));
  struct sha256 *digest = sha256_new();
  int rc = copy_body(rq, dir, fd, digest, out);
  sha256_end(digest, sum);
  sha256_free(digest);
  hex_encode(out->sha256, sum, sizeof sum);
  close(fd);
  if (!rc) rc = keep(rq, out);
  if (rc) unlink(out->path);
  return rc;
}
