/* doctor.c - see doctor.h. */
#include "export/doctor.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/limits.h"
#include "export/desk.h"

enum { SPACE_LOW = 256 }; /* MiB: an import of a large file needs more */

struct report {
  struct ctx *cx;
  doctor_tell_fn *tell;
  void *arg;
};

static void tell(struct report *r, const char *section, bool ok, const char *text) {
  r->tell(r->arg, section, ok, text);
}

/* A failure of a unit of work of its own, as a line. */
static bool told_failure(struct report *r, const char *section, const struct ctx *aside) {
  if (aside->code) tell(r, section, false, aside->message);
  return aside->code != OK;
}

static void look_at_folder(struct report *r, const struct store *s) {
  struct ctx *cx = r->cx;
  struct statvfs disk;
  const char *dir = store_dir(s);
  bool writable = access(dir, W_OK) == 0;
  tell(r, "connection", writable,
       writable ? ctx_printf(cx, "the folder %s can be written", dir)
                : ctx_printf(cx, "the folder %s cannot be written: %s", dir, strerror(errno)));
  if (statvfs(dir, &disk) != 0) return;
  long long free_mib = (long long)(disk.f_bavail * disk.f_frsize >> 20);
  tell(r, "connection", free_mib >= SPACE_LOW, ctx_printf(cx, "%lld MiB are free on its disk", free_mib));
}

static void look_at_runs(struct report *r, struct ctx *aside, struct tenant *t, struct db *db) {
  const char *slug = tenant_slug(t);
  struct desk_counts exceptions;
  struct stmt *s = db_stmt(aside, db, SQL_doctor_runs);
  if (!stmt_row(aside, s)) return;
  int64_t runs = col_int(s, 0), failed = col_int(s, 1), unaudited = col_int(s, 2);
  int64_t rate = col_int(s, 3);
  stmt_done(s);
  tell(r, "data", failed == 0,
       ctx_printf(
           aside,
           "%s: %lld runs failed or were interrupted since the last good one, of %lld (see `outpost runs`)",
           slug, (long long)failed, (long long)runs));
  tell(r, "data", unaudited == 0,
       ctx_printf(aside, "%s: the self-audit failed for %lld runs (see `outpost verify`)", slug,
                  (long long)unaudited));
  if (!desk_count(aside, t, NULL, &exceptions))
    tell(r, "data", true,
         ctx_printf(aside, "%s: %lld exceptions are open", slug, (long long)exceptions.open));
  if (rate)
    tell(r, "performance", true,
         ctx_printf(aside, "%s: the last run took in %lld records a second", slug, (long long)rate));
}

static void look_at_wal(struct report *r, struct ctx *aside, struct tenant *t) {
  struct stat wal = { 0 };
  stat(ctx_printf(aside, "%s-wal", tenant_path(t)), &wal);
  bool small = wal.st_size <= (off_t)MIB(64);
  tell(r, "performance", small,
       ctx_printf(aside, "%s: the write-ahead log has %lld MiB%s", tenant_slug(t),
                  (long long)(wal.st_size >> 20),
                  small ? "" : "; some program keeps a very old state open for reading"));
}

static void look_at_tenant(struct report *r, struct store *s, const char *slug) {
  struct ctx aside;
  struct tenant *t;
  struct db *db;
  ctx_begin(&aside, r->cx->actor);
  if (!tenant_open(&aside, s, slug, &t) && !tenant_read(&aside, t, &db)) {
    tell(r, "connection", true,
         ctx_printf(&aside, "%s: its file opens and is of this program's schema", slug));
    look_at_runs(r, &aside, t, db);
    look_at_wal(r, &aside, t);
  }
  told_failure(r, "connection", &aside);
  ctx_end(&aside);
}

int doctor_look(struct ctx *cx, struct store *s, doctor_tell_fn *fn, void *arg) {
  struct report r = { cx, fn, arg };
  struct tenant_info *list;
  size_t count;
  look_at_folder(&r, s);
  if (tenant_list(cx, s, &list, &count)) return cx->code;
  tell(&r, "data", count > 0,
       count ? ctx_printf(cx, "%zu tenant%s", count, count == 1 ? "" : "s")
             : "there is no tenant yet; `outpost tenant add SLUG` makes one");
  for (size_t i = 0; i < count; i++) look_at_tenant(&r, s, list[i].slug);
  return cx->code;
}
