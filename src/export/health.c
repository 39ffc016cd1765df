/* health.c - how things are, in sentences; see operations.h. */
#include <sys/stat.h>

#include "base/limits.h"
#include "base/metrics.h"
#include "base/time.h"
#include "event/park.h"
#include "event/report.h"
#include "export/machine.h"
#include "export/operations.h"

enum {
  DISK_LOW = 256, /* MiB: an import of a large file needs more */
  DISK_SCARCE = 1024,
  FILES_SHARE = 80,  /* percent */
  BACKUP_HOURS = 26, /* a day, and time to make it */
  BACKUP_BAD = 24 * 7,
  LAG_MUCH = 100000,
  LATE_SECONDS = 60,
  ERRORS_LEAST = 1000, /* units of work before a share of them says anything */
};

const char *const health_names[] = { "ok", "warn", "bad" };

struct teller {
  struct ctx *cx;
  health_tell_fn *tell;
  void *arg;
};

static void say(const struct teller *t, const char *section, enum health state, const char *text) {
  t->tell(t->arg, section, state, text);
}

/* ---- the machine ---- */

static void say_disk(const struct teller *t, const struct machine *m) {
  long long mib = (long long)(m->disk_free >> 20);
  enum health state = mib < DISK_LOW ? HEALTH_BAD : mib < DISK_SCARCE ? HEALTH_WARN : HEALTH_OK;
  say(t, "disk", state,
      ctx_printf(t->cx, "%lld MiB of the disk are free%s", mib,
                 state ? ": imports and copies may not find room, make some" : ""));
}

static void say_memory(const struct teller *t, const struct machine *m) {
  bool scarce = m->memory_free >= 0 && m->memory_free < (int64_t)MIB(128);
  say(t, "memory", scarce ? HEALTH_WARN : HEALTH_OK,
      ctx_printf(t->cx, "this process has %lld MiB, at most it had %lld; the machine has %lld MiB left",
                 (long long)(m->rss >> 20), (long long)(m->peak >> 20), (long long)(m->memory_free >> 20)));
  if (m->open_files * 100 > m->most_files * FILES_SHARE)
    say(t, "memory", HEALTH_WARN,
        ctx_printf(t->cx, "%lld of %lld files and connections are open", (long long)m->open_files,
                   (long long)m->most_files));
}

/* Errors of the system are less than one in a thousand, or something is wrong with it. */
static void say_errors(const struct teller *t) {
  uint64_t all = metric_sum(&metric_units, NULL), system = metric_sum(&metric_units, "system");
  bool many = all >= ERRORS_LEAST && system * 1000 >= all;
  say(t, "errors", many ? HEALTH_WARN : HEALTH_OK,
      ctx_printf(
          t->cx,
          "%llu of %llu requests and jobs of this process failed because of the program or the machine",
          (unsigned long long)system, (unsigned long long)all));
}

void health_machine(struct ctx *cx, const char *dir, health_tell_fn *tell, void *arg) {
  const struct teller t = { cx, tell, arg };
  struct machine m;
  machine_look(dir, &m);
  say_disk(&t, &m);
  say_memory(&t, &m);
  say_errors(&t);
}

/* ---- a tenant ---- */

static struct stmt *ask(const struct teller *t, struct db *db, enum sql_id sql) {
  struct stmt *s = db_ask(t->cx, db, sql, t->cx->now);
  if (!s) return NULL;
  return stmt_row(t->cx, s) ? s : NULL;
}

static void say_jobs(const struct teller *t, struct db *db) {
  struct stmt *s = ask(t, db, SQL_health_jobs);
  if (!s) return;
  long long late = col_int(s, 0), dead = col_int(s, 1), running = col_int(s, 2), waiting = col_int(s, 4);
  const char *paused = col_dup(t->cx, s, 3);
  stmt_done(s);
  bool idle = late > 0 && running == 0;
  say(t, "engine",
      idle   ? HEALTH_BAD
      : late ? HEALTH_WARN
             : HEALTH_OK,
      idle   ? ctx_printf(t->cx,
                          "%lld jobs have been due for a minute and nobody works on them: is a server running, "
                            "with workers?",
                          late)
      : late ? ctx_printf(t->cx, "%lld jobs have been due for more than a minute; %lld run", late, running)
             : ctx_printf(t->cx, "%lld jobs run, %lld wait, none is late", running, waiting));
  say(t, "queues", dead || paused ? HEALTH_WARN : HEALTH_OK,
      dead ? ctx_printf(t->cx, "%lld jobs are dead and wait for a person (`outpost jobs list --state dead`)",
                        dead)
      : paused ? ctx_printf(t->cx, "paused: %s", paused)
               : "no job is dead, no queue is paused");
}

static void say_schedules(const struct teller *t, struct db *db) {
  struct stmt *s = ask(t, db, SQL_health_schedules);
  if (!s) return;
  long long late = col_int(s, 0), missed = col_int(s, 1), active = col_int(s, 2), failed = col_int(s, 3);
  stmt_done(s);
  say(t, "schedules",
      late > LATE_SECONDS ? HEALTH_BAD
      : missed || failed  ? HEALTH_WARN
                          : HEALTH_OK,
      late > LATE_SECONDS
          ? ctx_printf(t->cx, "a schedule is %lld seconds late: nobody looks at them; is a server running?",
                       late)
          : ctx_printf(t->cx,
                       "%lld schedules are active; in the last day %lld slots were missed and %lld runs of "
                       "graphs failed",
                       active, missed, failed));
}

static void say_topics(const struct teller *t, struct db *db) {
  struct group_report *list;
  size_t count;
  const struct group_report *worst = NULL, *stuck = NULL;
  if (groups_report(t->cx, db, NULL, &list, &count)) return;
  for (size_t i = 0; i < count; i++) {
    if (list[i].active && list[i].cause && !stuck) stuck = &list[i];
    if (list[i].active && (!worst || list[i].lag > worst->lag)) worst = &list[i];
  }
  if (stuck) {
    say(t, "topics", HEALTH_BAD,
        ctx_printf(t->cx, "%s of %s does not go on: %s", stuck->group, stuck->topic, stuck->cause));
    return;
  }
  long long lag = worst ? (long long)worst->lag : 0, parked = parked_waiting(t->cx, db, NULL, NULL);
  const char *reading =
      !worst ? "no group reads a topic"
      : lag  ? ctx_printf(t->cx, "%s is the furthest behind: events of %s that it has yet to read: %lld",
                          worst->group, worst->topic, lag)
             : "every group has read all events";
  bool full = parked >= PARKED_MOST;
  const char *aside =
      full     ? ctx_printf(t->cx,
                            "%lld events that were refused wait for a person, and no more are kept: publish them "
                                "again or discard them (`outpost events parked`)",
                            parked)
      : parked ? ctx_printf(t->cx,
                            "events that were refused and wait for a person (`outpost events parked`): %lld",
                            parked)
               : "none is parked";
  say(t, "topics",
      full                       ? HEALTH_BAD
      : parked || lag > LAG_MUCH ? HEALTH_WARN
                                 : HEALTH_OK,
      ctx_printf(t->cx, "%s; %s", reading, aside));
}

static void say_wal(const struct teller *t, struct tenant *tenant) {
  struct stat wal = { 0 };
  stat(ctx_printf(t->cx, "%s-wal", tenant_path(tenant)), &wal);
  bool large = wal.st_size > (off_t)MIB(64);
  say(t, "wal", large ? HEALTH_WARN : HEALTH_OK,
      ctx_printf(t->cx, "the write-ahead log has %lld MiB%s", (long long)(wal.st_size >> 20),
                 large ? "; some program keeps a very old state open for reading" : ""));
}

static void say_sync(const struct teller *t, struct db *db) {
  struct stmt *s = ask(t, db, SQL_health_sync);
  if (!s) return; /* not enrolled */
  bool paused = col_int(s, 0) != 0;
  const char *wrong = col_dup(t->cx, s, 1);
  int64_t at = col_int(s, 2);
  char iso[TIME_SIZE];
  stmt_done(s);
  say(t, "headquarters", paused || wrong ? HEALTH_WARN : HEALTH_OK,
      paused  ? "replication is paused: `outpost sync resume` lets it go on"
      : wrong ? wrong
      : at    ? ctx_printf(t->cx, "headquarters last confirmed something at %.16s UTC", time_iso(iso, at))
              : "headquarters has confirmed nothing yet");
}

static void say_backups(const struct teller *t, struct db *db) {
  struct stmt *s = ask(t, db, SQL_health_backups);
  if (!s) return;
  bool none = col_null(s, 0);
  long long hours = col_int(s, 0);
  bool young = none && t->cx->now - col_int(s, 1) < INT64_C(3600000000) * BACKUP_HOURS;
  stmt_done(s);
  if (none)
    say(t, "backups", young ? HEALTH_OK : HEALTH_BAD,
        young ? "there is no copy yet; the first is made within a day"
              : "there is no verified copy; `outpost backup create` makes one, a running server makes one a "
                "day");
  else
    say(t, "backups",
        hours > BACKUP_BAD     ? HEALTH_BAD
        : hours > BACKUP_HOURS ? HEALTH_WARN
                               : HEALTH_OK,
        ctx_printf(t->cx, "the newest verified copy is %lld hours old", hours));
}

static void say_mail(const struct teller *t, struct db *db) {
  struct stmt *s = ask(t, db, SQL_health_outbox);
  if (!s) return;
  long long dead = col_int(s, 0), wait = col_int(s, 1), servers = col_int(s, 3), jobs = col_int(s, 4);
  const char *answer = col_dup(t->cx, s, 2);
  stmt_done(s);
  if (!servers && jobs)
    say(t, "mail", HEALTH_BAD,
        ctx_printf(t->cx, "%lld mails wait for a mail server, and there is none", jobs));
  else if (wait && answer)
    say(t, "mail", HEALTH_WARN,
        ctx_printf(t->cx, "%lld mails and requests wait; the last answer was: %s", wait, answer));
  else
    say(t, "mail", dead ? HEALTH_WARN : HEALTH_OK,
        ctx_printf(t->cx, "%lld mails and requests wait, %lld were refused for good in the last week", wait,
                   dead));
}

int health_tenant(struct ctx *cx, struct tenant *tenant, struct db *db, health_tell_fn *tell, void *arg) {
  const struct teller t = { cx, tell, arg };
  say_jobs(&t, db);
  say_schedules(&t, db);
  say_topics(&t, db);
  say_wal(&t, tenant);
  say_backups(&t, db);
  say_sync(&t, db);
  say_mail(&t, db);
  return cx->code;
}
