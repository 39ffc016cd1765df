#include "store/mark.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int mark_read(struct ctx *cx, const char *path, struct mark *out) {
  char text[128] = { 0 };
  long long seq;
  *out = (struct mark){ 0 };
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return OK;
  ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof text - 1, 0);
  if (fd >= 0) close(fd);
  if (n < 0) return fail(cx, E_FAIL, NULL, "%s cannot be read: %s", path, strerror(errno));
  if (n == 0) return OK;
  if (sscanf(text, "%lld %64[0-9a-f]\n", &seq, out->hash) != 2 || strlen(out->hash) != SHA256_HEX - 1)
    return fail(cx, E_CONFLICT, NULL, "%s is not a high-water mark; remove it if you know why it was changed",
                path);
  out->seq = seq;
  return OK;
}

int mark_write(struct ctx *cx, const char *path, const struct change_end *end) {
  char text[128], hex[SHA256_HEX];
  /* Always the same length, so that writing in place replaces all of it. */
  int n = snprintf(text, sizeof text, "%020lld %s\n", (long long)end->seq,
                   hex_encode(hex, end->hash, SHA256_SIZE));
  int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  ssize_t written = fd < 0 ? -1 : pwrite(fd, text, (size_t)n, 0);
  int why = errno;
  if (fd >= 0) close(fd);
  if (written != n) return fail(cx, E_FAIL, NULL, "%s cannot be written: %s", path, strerror(why));
  return OK;
}

int mark_check(struct ctx *cx, struct db *db, const char *slug, const char *path) {
  struct mark mark;
  struct change_end end;
  if (mark_read(cx, path, &mark) || mark.seq == 0) return cx->code;
  if (change_last(cx, db, &end)) return cx->code;
  if (end.seq < mark.seq)
    return fail(
        cx, E_CONFLICT, NULL,
        "the file of tenant %s ends at change %lld, but change %lld was acknowledged: it was replaced by an "
        "older copy, or its -wal file was removed. Put the right file back, or run `outpost backup restore`",
        slug, (long long)end.seq, (long long)mark.seq);

  char hex[SHA256_HEX] = "";
  struct stmt *s = db_ask(cx, db, SQL_change_hash, mark.seq);
  if (stmt_row(cx, s)) {
    struct str hash = col_str(s, 0);
    if (hash.n == SHA256_SIZE) hex_encode(hex, hash.p, hash.n);
    stmt_done(s);
  }
  if (cx->code) return cx->code;
  if (strcmp(hex, mark.hash) != 0)
    return fail(
        cx, E_CONFLICT, NULL,
        "change %lld of tenant %s is not the one that was acknowledged: the file is another copy with a "
        "history of its own",
        (long long)mark.seq, slug);
  return OK;
}
