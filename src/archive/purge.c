/*
** purge.c - files that are old enough are deleted. The row that notes a file says so first, in a transaction with the entry of the
** log; whoever is killed before the file is gone deletes it the next time. A file stays while a legal hold names its rows,
** somebody else needs them, or the clock is not to be believed.
*/
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "archive/internal.h"
#include "base/crash.h"
#include "base/time.h"
#include "notify/alert.h"
#include "store/change.h"

struct purge {
  int64_t id, rows, first_id, last_id, last_at;
  struct partition p;
  const char *path, *doubt;
};

enum { SETTLED_DAYS = 30, GAP_DAYS = 90, LONG_DAYS = 7 };

/* A clock that jumped years ahead must not delete anything for good. It shows in the change log, which
** has nothing from the time between; after SETTLED_DAYS of work by that clock it is believed. */
static int clock_doubt(struct ctx *cx, struct db *db, const char **why) {
  char day[DATE_SIZE];
  int64_t lately = cx->now - SETTLED_DAYS * DAY_US;
  *why = NULL;
  struct stmt *s = db_ask(cx, db, SQL_archive_entry_before, lately);
  if (!stmt_row(cx, s)) return cx->code; /* a young tenant */
  int64_t at = col_int(s, 0);
  stmt_done(s);
  if (at < lately - GAP_DAYS * DAY_US)
    *why = ctx_printf(cx,
                      "nothing happened here between %s and the last %d days: if the clock is right, files "
                      "are deleted when it has been so for %d days",
                      date_iso(day, (int32_t)(at / DAY_US)), SETTLED_DAYS, SETTLED_DAYS);
  return OK;
}

static int (*waits)(struct ctx *cx, struct db *db, const char *table, int64_t first, int64_t last,
                    const char **why);
void archive_set_waits(int (*fn)(struct ctx *cx, struct db *db, const char *table, int64_t first,
                                 int64_t last, const char **why)) {
  waits = fn;
}

static int needed_by_others(struct ctx *cx, struct db *db, const struct purge *u, const char **why) {
  *why = NULL;
  return waits ? waits(cx, db, u->p.table->name, u->first_id, u->last_id, why) : OK;
}

static int purge_write(struct ctx *cx, struct db *db, void *arg) {
  const struct purge *u = arg;
  const char *held;
  if (hold_on(cx, db, &u->p, u->path, &held)) return cx->code;
  if (held) return fail(cx, E_CONFLICT, NULL, "a legal hold was put on %s meanwhile: %s", u->path, held);
  if (needed_by_others(cx, db, u, &held)) return cx->code;
  if (held) return fail(cx, E_CONFLICT, NULL, "%s stays: %s", u->path, held);
  struct stmt *s = db_ask(cx, db, SQL_archive_partition_purge, u->id, cx->now, cx->actor);
  if (stmt_run(cx, s)) return cx->code;
  return change_append(
      cx, db,
      &(struct change){
          .event = "ARCHIVE_PURGED",
          .table = u->p.table->name,
          .key = u->path,
          .before = str_of(ctx_printf(cx, "{\"path\":\"%s\",\"rows\":%lld}", u->path, (long long)u->rows)),
          .count = u->rows,
          .text = ctx_printf(cx, "%s was deleted: it was kept as long as the policy says", u->path) });
}

static int purge_one(struct ctx *cx, struct tenant *t, struct db *db, const struct purge *u, bool dry,
                     struct archive_result *out, bool *needed) {
  const char *held, *others, *folder;
  if (hold_on(cx, db, &u->p, u->path, &held) || archive_folder(cx, db, &folder) ||
      needed_by_others(cx, db, u, &others))
    return cx->code;
  if (!held) held = u->doubt;
  *needed = !held && others;
  if (!held) held = others;
  struct archive_step *step = archive_step_add(cx, out, &u->p);
  step->path = u->path;
  step->rows = u->rows;
  step->held = held;
  step->purged = !held;
  if (held) out->held++;
  if (held || dry) return OK;
  if (tenant_write(cx, t, purge_write, (void *)(uintptr_t)u)) return cx->code;
  crash_point("archive purged");
  const char *path = ctx_printf(cx, "%s/%s", folder, u->path);
  if (unlink(path) != 0 && errno != ENOENT)
    return fail(cx, E_FAIL, NULL, "%s could not be deleted: %s", path, strerror(errno));
  out->purged++;
  return OK;
}

/* Files that a policy would have deleted a week ago. */
struct waiting {
  const struct archive_table *table;
  int64_t files;
};

static int tell_waiting(struct ctx *cx, struct db *db, void *arg) {
  static const char kind[] = "archive_waits";
  const struct waiting *w = arg;
  bool fresh;
  if (!w->files) return alert_settle(cx, db, kind, w->table->name);
  return alert_raise(
      cx, db,
      &(struct alert){
          .kind = kind,
          .subject = w->table->name,
          .state = "waiting",
          .severity = SEVERITY_WARNING,
          .title = "Old files cannot be deleted: headquarters does not have them",
          .text = ctx_printf(
              cx,
              "%lld files of %s are kept for a week longer than the policy says, or more, because their rows "
              "have not gone up to headquarters. They go when headquarters has been reached",
              (long long)w->files, w->table->name),
          .address = "#/sync" },
      &fresh);
}

int archive_purge(struct ctx *cx, struct tenant *t, const struct archive_table *table, int64_t keep_days,
                  bool dry, struct archive_result *out) {
  struct ctx aside;
  struct db *db;
  struct purge *list[4096];
  size_t count = 0;
  ctx_begin(&aside, cx->actor);
  const char *folder = NULL, *doubt = NULL;
  if (tenant_read(&aside, t, &db) || archive_folder(&aside, db, &folder)) fail_from(cx, &aside);
  if (!cx->code) clock_doubt(cx, db, &doubt);
  struct stmt *s = cx->code ? NULL : db_stmt(cx, db, SQL_archive_partitions);
  stmt_bind(s, table->name, "0000-00", "9999-99");
  while (stmt_row(cx, s)) {
    const char *path = col_dup(cx, s, 1);
    if (!col_null(s, 8)) { /* killed before the file was gone */
      if (!dry) unlink(ctx_printf(cx, "%s/%s", folder, path));
      continue;
    }
    if (col_int(s, 12) >= cx->now - keep_days * DAY_US || count == 4096) continue;
    struct purge *u = list[count++] = ctx_alloc(cx, sizeof *u);
    int year = 0, month = 0;
    *u = (struct purge){ .id = col_int(s, 0),
                         .rows = col_int(s, 2),
                         .first_id = col_int(s, 13),
                         .last_id = col_int(s, 14),
                         .last_at = col_int(s, 12),
                         .path = path,
                         .doubt = doubt };
    u->p = (struct partition){ .table = table, .month = col_dup(cx, s, 3), .place = col_dup(cx, s, 4) };
    if (sscanf(u->p.month, "%4d-%2d", &year, &month) != 2) continue;
    u->p.from = date_days(year, month, 1) * DAY_US;
    u->p.to = (month == 12 ? date_days(year + 1, 1, 1) : date_days(year, month + 1, 1)) * DAY_US;
  }
  struct waiting waiting = { .table = table };
  for (size_t i = 0; i < count && !cx->code; i++) {
    bool needed = false;
    purge_one(cx, t, db, list[i], dry, out, &needed);
    waiting.files += needed && list[i]->last_at < cx->now - (keep_days + LONG_DAYS) * DAY_US;
  }
  ctx_end(&aside);
  return cx->code || dry ? (int)cx->code : tenant_write(cx, t, tell_waiting, &waiting);
}
