/*
** pit.c - the way back, step by step. pit.h says what it means.
*/
#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "archive/pit_internal.h"
#include "base/crash.h"
#include "base/time.h"
#include "model/dataset.h"
#include "model/entity.h"
#include "record/record.h"
#include "store/backup.h"
#include "store/change.h"

static struct pit_hooks hooks;
void pit_set_hooks(const struct pit_hooks *h) { hooks = *h; }

/* ---- the source ---- */

/* Copies of this tenant, of whatever origin. The one to take: the oldest that reaches the time, else the newest. */
struct choice {
  const char *path;
  int64_t clock;
};

static int64_t clock_of(const char *path) {
  struct ctx aside;
  struct db *db;
  struct change_end end = { 0 };
  ctx_begin(&aside, "restore");
  bool good = !backup_open(&aside, path, &db) && !change_last(&aside, db, &end);
  ctx_end(&aside);
  return good ? end.hlc : -1;
}

static void consider(struct ctx *cx, const char *path, int64_t wanted, struct choice *best) {
  int64_t clock = clock_of(path);
  bool reaches = clock >= wanted, best_reaches = best->clock >= wanted;
  bool better = !best->path || (reaches && (!best_reaches || clock < best->clock)) ||
                (!reaches && !best_reaches && clock > best->clock);
  if (clock < 0 || !better) return;
  best->path = ctx_strdup(cx, str_of(path));
  best->clock = clock;
}

static int choose_copy(struct ctx *cx, struct store *s, const char *slug, int64_t at, const char **out) {
  struct choice best = { 0 };
  const char *folder = ctx_printf(cx, "%s/backups", store_dir(s)), *begin = ctx_printf(cx, "%s-", slug);
  DIR *d = opendir(folder);
  for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
    size_t n = strlen(e->d_name);
    if (strncmp(e->d_name, begin, strlen(begin)) == 0 && n > 3 && strcmp(e->d_name + n - 3, ".db") == 0)
      consider(cx, ctx_printf(cx, "%s/%s", folder, e->d_name), at / 1000 << 16, &best);
  }
  if (d) closedir(d);
  *out = best.path;
  return best.path
             ? OK
             : fail(cx, E_NOT_FOUND, NULL,
                    "the file of tenant %s is not sound, and there is no copy of it in %s to restore from",
                    slug, folder);
}

/* The file itself, copied and examined; E_... when it is not sound. */
static int copy_live(struct ctx *cx, struct store *s, const char *slug, const char *to) {
  struct tenant *t;
  struct backup_info info;
  const char *made;
  struct ctx aside;
  ctx_begin(&aside, cx->actor);
  int rc = tenant_inspect(&aside, s, slug, &t) || backup_create(&aside, t, to, &made, &info) ||
           backup_verify(&aside, to, &info);
  ctx_end(&aside);
  return rc;
}

/* ---- the cut ---- */

static int find_point(struct ctx *cx, struct db *db, struct pit *p) {
  char at[TIME_SIZE], begins[TIME_SIZE];
  struct change_end end;
  struct stmt *s = db_ask(cx, db, SQL_pit_point, p->at);
  if (!stmt_row(cx, s)) {
    if (cx->code) return cx->code;
    int64_t first = db_int(cx, db, SQL_pit_log_begins, 0);
    return fail(cx, E_INVALID, "at", "there is nothing at %s yet: the log begins at %s", time_iso(at, p->at),
                time_iso(begins, first));
  }
  p->seq = p->out->seq = col_int(s, 0);
  p->out->at = col_int(s, 1);
  stmt_done(s);
  if (change_last(cx, db, &end)) return cx->code;
  p->out->cut = end.seq - p->seq;
  s = db_ask(cx, db, SQL_pit_ledger_end, p->seq);
  if (stmt_row(cx, s)) {
    p->ledger = col_int(s, 0);
    stmt_done(s);
  }
  return cx->code;
}

struct trigger {
  const char *name, *sql;
  struct trigger *next;
};

/* What guards the tables in everyday work would forbid all this. */
static int drop_triggers(struct ctx *cx, struct db *db, struct trigger **out) {
  struct stmt *s = db_stmt(cx, db, SQL_pit_triggers);
  *out = NULL;
  for (struct trigger **last = out; stmt_row(cx, s); last = &(*last)->next) {
    *last = ctx_alloc(cx, sizeof **last);
    (*last)->name = col_dup(cx, s, 0);
    (*last)->sql = col_dup(cx, s, 1);
  }
  for (struct trigger *t = *out; t && !cx->code; t = t->next)
    stmt_run(cx, db_once(cx, db, ctx_printf(cx, "DROP TRIGGER \"%s\"", t->name)));
  return cx->code;
}

static int make_triggers(struct ctx *cx, struct db *db, const struct trigger *t) {
  for (; t && !cx->code; t = t->next) stmt_run(cx, db_once(cx, db, t->sql));
  return cx->code;
}

static int cut_records(struct ctx *cx, struct db *db, const struct pit *p) {
  for (int i = 0; entity_at(i) && !cx->code; i++)
    if (pit_has_table(cx, db, entity_at(i)->table))
      record_cut(cx, db, entity_at(i), p->seq, &p->out->records);
  return cx->code;
}

static int cut_log(struct ctx *cx, struct db *db, const struct pit *p) {
  struct stmt *s = db_ask(cx, db, SQL_pit_schema_changed, p->seq);
  bool changed = stmt_row(cx, s) && col_int(s, 0) > 0;
  if (s) stmt_done(s);
  if (db_act(cx, db, SQL_pit_cut_log, p->seq) || !changed) return cx->code;
  /* The log has to seal the schema that the file has now. */
  const char *after =
      ctx_printf(cx, "{\"ledger_crc\":%lld}", (long long)db_int(cx, db, SQL_ledger_digest, 0));
  return change_append(cx, db,
                       &(struct change){ .event = "SCHEMA_MIGRATED",
                                         .table = "schema_migration",
                                         .after = str_of(after),
                                         .count = 1,
                                         .text = "the schema stayed as it was before the way back" });
}

static int cut_in_transaction(struct ctx *cx, struct db *db, struct pit *p) {
  struct trigger *triggers;
  if (pit_check_tables(cx, db) || find_point(cx, db, p)) return cx->code;
  if (stmt_run(cx, db_once(cx, db, "PRAGMA defer_foreign_keys = ON"))) return cx->code;
  if (pit_bring_back(cx, db, p) || drop_triggers(cx, db, &triggers)) return cx->code;
  if (cut_records(cx, db, p) || pit_cut_events(cx, db, p) || pit_cut_tables(cx, db, p, true)) return cx->code;
  return cut_log(cx, db, p) || pit_cut_tables(cx, db, p, false) || make_triggers(cx, db, triggers)
             ? (int)cx->code
             : OK;
}

static int cut_alone(struct ctx *cx, struct db *db, void *arg) {
  if (db_begin(cx, db) || cut_in_transaction(cx, db, arg)) return cx->code;
  return db_commit(cx, db);
}

/* Texts that came with later imports: numbers above all that are in use. */
static int cut_terms(struct ctx *cx, struct db *db, void *arg) {
  const char *used = "SELECT 0 AS id";
  (void)arg;
  for (int i = 0; dataset_at(i); i++) {
    const struct dataset *d = dataset_at(i);
    for (int f = 0; f < d->field_count; f++) {
      if (d->fields[f].kind != FIELD_CODE) continue;
      const char *name = d->fields[f].name;
      used = ctx_printf(cx, "%s UNION ALL SELECT max(%s) FROM %s UNION ALL SELECT max(%s) FROM %s", used,
                        name, d->table, name, d->past_table);
      if (d->fields[f].group)
        used = ctx_printf(cx, "%s UNION ALL SELECT max(%s) FROM %s", used, name, d->total_table);
    }
  }
  return stmt_run(
      cx, db_once(cx, db, ctx_printf(cx, "DELETE FROM term WHERE id > (SELECT max(id) FROM (%s))", used)));
}

/* ---- all of it ---- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at) {
  (void)st, (void)type, (void)at;
  return remove(path);
}

static void remove_folder(void *folder) { nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS); }

/* A data folder aside, with the tenant as the source has it. Files of the archive are read where they are. */
static int stage(struct ctx *cx, struct store *s, const char *slug, const char *folder, const char *source,
                 struct store **aside, struct tenant **t) {
  const char *kept, *dir = store_dir(s);
  char absolute[4096];
  if (!realpath(dir, absolute)) return fail(cx, E_FAIL, NULL, "%s cannot be found", dir);
  if (store_open(cx, folder, aside) || tenant_add(cx, *aside, slug, slug)) return cx->code;
  if (symlink(ctx_printf(cx, "%s/archive", absolute), ctx_printf(cx, "%s/archive", folder)) != 0)
    return fail(cx, E_FAIL, NULL, "%s/archive cannot be made", folder);
  if (backup_restore(cx, *aside, slug, source, &kept)) return cx->code;
  return tenant_open(cx, *aside, slug, t);
}

static int go_back(struct ctx *cx, struct store *s, const char *slug, const char *folder, const char *source,
                   struct pit *p) {
  struct store *aside;
  struct tenant *t;
  struct backup_info info;
  char at[TIME_SIZE];
  const char *made, *result = ctx_printf(cx, "%s/result.db", folder);
  if (stage(cx, s, slug, folder, source, &aside, &t) || tenant_write_alone(cx, t, cut_alone, p))
    return cx->code;
  if (hooks.rebuild && hooks.rebuild(cx, t)) return cx->code;
  if (tenant_write(cx, t, cut_terms, NULL)) return cx->code;
  if (hooks.verify && hooks.verify(cx, aside, slug)) return cx->code;
  if (backup_create(cx, t, result, &made, &info)) return cx->code;
  crash_point("restored aside");
  time_iso(at, p->at);
  const char *after = ctx_printf(cx, "{\"to\":\"%s\",\"seq\":%lld}", at, (long long)p->seq);
  const char *text = ctx_printf(cx, "the file was restored to %s, entry %lld of its log, from %s", at,
                                (long long)p->seq, p->out->source);
  return backup_restore_noted(cx, s, slug, result, text, str_of(after), &p->out->kept);
}

int pit_restore(struct ctx *cx, struct store *s, const char *slug, int64_t at, const char *from,
                struct pit_result *out) {
  struct pit p = { .at = at, .out = out };
  char text[TIME_SIZE];
  *out = (struct pit_result){ 0 };
  if (at > time_now()) return fail(cx, E_INVALID, "at", "%s is still to come", time_iso(text, at));
  char *folder = ctx_printf(cx, "%s/.restore-%s", store_dir(s), slug);
  remove_folder(folder); /* of one that was killed */
  ctx_defer(cx, remove_folder, folder);
  if (store_init(cx, folder)) return cx->code;
  const char *source = from;
  if (!source) {
    source = ctx_printf(cx, "%s/source.db", folder);
    out->source = "the file itself";
    if (copy_live(cx, s, slug, source) && choose_copy(cx, s, slug, at, &source)) return cx->code;
  }
  if (!out->source || !strstr(source, "/source.db")) out->source = source;
  return go_back(cx, s, slug, folder, source, &p);
}
