/* doctor.c - see doctor.h. */
#include "export/doctor.h"

#include <errno.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "export/desk.h"
#include "export/operations.h"
#include "notify/mail.h"

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

/* The sections of health are those of a page; here they are three. */
static const char *section_of(const char *section) {
  static const char *const others[][2] = { { "mail", "connection" },
                                           { "queues", "data" },
                                           { "topics", "data" },
                                           { "backups", "data" },
                                           { NULL, "performance" } };
  int i = 0;
  while (others[i][0] && strcmp(others[i][0], section) != 0) i++;
  return others[i][1];
}

struct health_report {
  struct report *report;
  struct ctx *cx;
  const char *slug; /* NULL: of the machine */
};

static void tell_health(void *arg, const char *section, enum health state, const char *text) {
  const struct health_report *h = arg;
  if (!h->slug && strcmp(section, "disk") == 0) return; /* look_at_folder has told it */
  tell(h->report, section_of(section), state != HEALTH_BAD,
       h->slug ? ctx_printf(h->cx, "%s: %s", h->slug, text) : text);
}

static void look_at_mail(struct report *r, struct ctx *aside, struct tenant *t, struct db *db) {
  struct mail_settings set;
  struct mail_answer a;
  if (mail_settings_read(aside, t, db, NULL, &set) == E_NOT_FOUND) {
    ctx_forgive(aside);
    return;
  }
  set.server.seconds = 15;
  if (aside->code || mail_probe(aside, &set.server, &a)) return;
  bool good = a.end == MAIL_TAKEN;
  tell(r, "connection", good,
       ctx_printf(aside, "%s: the mail server %s (%s:%d) %s%s", tenant_slug(t), set.name, set.server.host,
                  set.server.port, good ? "answers" : "cannot be used: ", a.words));
}

static void look_at_authorities(struct report *r) {
  struct ctx aside;
  const char *path;
  ctx_begin(&aside, r->cx->actor);
  bool good = net_authorities(&aside, &path) == OK;
  tell(r, "connection", good,
       good ? ctx_printf(&aside, "servers are trusted by the authorities in %s", path) : aside.message);
  ctx_end(&aside);
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
    struct health_report h = { r, &aside, slug };
    health_tenant(&aside, t, db, tell_health, &h);
    look_at_mail(r, &aside, t, db);
  }
  told_failure(r, "connection", &aside);
  ctx_end(&aside);
}

int doctor_look(struct ctx *cx, struct store *s, doctor_tell_fn *fn, void *arg) {
  struct report r = { cx, fn, arg };
  const struct tenant_info *list;
  size_t count;
  look_at_folder(&r, s);
  look_at_authorities(&r);
  if (tenant_list(cx, s, &list, &count)) return cx->code;
  tell(&r, "data", count > 0,
       count ? ctx_printf(cx, "%zu tenant%s", count, count == 1 ? "" : "s")
             : "there is no tenant yet; `outpost tenant add SLUG` makes one");
  for (size_t i = 0; i < count; i++) look_at_tenant(&r, s, list[i].slug);
  health_machine(cx, store_dir(s), tell_health, &(struct health_report){ .report = &r, .cx = cx });
  return cx->code;
}
