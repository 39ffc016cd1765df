/*
** move.c - rows leave their table for a file.
** archive.h says what holds at every moment.
*/
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/internal.h"
#include "base/crash.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/time.h"
#include "store/change.h"

/* A file on its way: what will be noted of it. */
struct part {
  struct partition p;
  const char *folder, *path; /* DIR/archive/SLUG; below it */
  int64_t number, rows, first_id, last_id, first_at, last_at;
  const char *first_key, *last_key;
  struct parquet_writer *writer;
  struct sha256 *hash;
  char digest[SHA256_HEX];
  struct file_digest file;
};

/* ---- digests ---- */

static void free_hash(void *hash) { sha256_free(hash); }

static void digest_begin(struct ctx *cx, struct part *part) {
  part->hash = sha256_new();
  part->rows = 0;
  ctx_defer(cx, free_hash, part->hash);
}

static void digest_end(struct part *part, char out[static SHA256_HEX]) {
  unsigned char digest[SHA256_SIZE];
  sha256_end(part->hash, digest);
  hex_encode(out, digest, sizeof digest);
}

static int digest_row(struct ctx *cx, void *arg, const struct parquet_value *row) {
  struct part *part = arg;
  parquet_digest(part->hash, row, part->p.table->column_count);
  part->rows++;
  return (int)cx->code;
}

/* ---- the file ---- */

static void note_key(struct ctx *cx, struct part *part, struct str key) {
  if (!part->first_key || strcmp(part->first_key, ctx_strdup(cx, key)) > 0)
    part->first_key = ctx_strdup(cx, key);
  if (!part->last_key || strcmp(part->last_key, ctx_strdup(cx, key)) < 0)
    part->last_key = ctx_strdup(cx, key);
}

static int write_row(struct ctx *cx, void *arg, const struct parquet_value *row) {
  struct part *part = arg;
  const struct archive_table *t = part->p.table;
  int64_t id = row[t->id_column].n, at = row[t->at_column].n;
  if (part->rows == 0) {
    part->first_id = id;
    part->first_at = part->last_at = at;
  }
  part->last_id = id;
  if (at < part->first_at) part->first_at = at;
  if (at > part->last_at) part->last_at = at;
  if (t->key_column >= 0) {
    struct ctx aside; /* keys that are neither the first nor the last are not kept */
    struct str key = row[t->key_column].s;
    ctx_begin(&aside, cx->actor);
    const char *text = ctx_strdup(&aside, key);
    if (!part->first_key || strcmp(text, part->first_key) < 0 || strcmp(text, part->last_key) > 0)
      note_key(cx, part, key);
    ctx_end(&aside);
  }
  return digest_row(cx, part, row) || parquet_add(cx, part->writer, row) ? (int)cx->code : OK;
}

/* A place as a part of a path, as Hive writes it: what is no plain character as %XX. */
static const char *place_path(struct ctx *cx, const char *place) {
  struct buf b;
  buf_init(&b, 4096);
  for (const char *c = place; *c; c++) {
    bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
                 (*c == '.' && c > place) || *c == '-' || *c == '_';
    if (plain)
      buf_char(&b, *c);
    else
      buf_printf(&b, "%%%02X", (unsigned char)*c);
  }
  if (b.n > 180) { /* a file's name has 255 bytes at most */
    char hex[SHA256_HEX];
    unsigned char digest[SHA256_SIZE];
    sha256_of(place, strlen(place), digest);
    b.n = 160;
    buf_printf(&b, "-%.16s", hex_encode(hex, digest, sizeof digest));
  }
  return ctx_take(cx, &b);
}

static int name_part(struct ctx *cx, struct db *db, struct part *part) {
  const struct partition *p = &part->p;
  if (archive_folder(cx, db, &part->folder)) return cx->code;
  struct stmt *s = db_ask(cx, db, SQL_archive_partition_next, p->table->name, p->place, p->month);
  if (stmt_row(cx, s)) {
    part->number = col_int(s, 0);
    stmt_done(s);
  }
  const char *place = p->table->place ? ctx_printf(cx, "/warehouse=%s", place_path(cx, p->place)) : "";
  part->path = ctx_printf(cx, "%s/date=%s%s/part-%04lld.parquet", p->table->name, p->month, place,
                          (long long)part->number);
  return cx->code;
}

static int write_file(struct ctx *cx, struct db *db, struct part *part, const char *path) {
  const struct archive_table *t = part->p.table;
  struct file_out *out;
  struct parquet_column *columns = ctx_alloc(cx, (size_t)t->column_count * sizeof *columns);
  for (int i = 0; i < t->column_count; i++) columns[i] = t->columns[i].file;
  const char *slash = strrchr(path, '/');
  if (file_make_folders(cx, ctx_strdup(cx, (struct str){ path, (size_t)(slash - path) })) ||
      file_begin(cx, &out, path, false))
    return cx->code;
  struct parquet_setup setup = {
    .columns = columns, .column_count = t->column_count, .write = file_write, .arg = out
  };
  digest_begin(cx, part);
  if (parquet_new(cx, &setup, &part->writer) || partition_each(cx, db, &part->p, write_row, part))
    return cx->code;
  digest_end(part, part->digest);
  parquet_note(cx, part->writer, "table", t->name);
  parquet_note(cx, part->writer, "month", part->p.month);
  if (t->place) parquet_note(cx, part->writer, "place", part->p.place);
  parquet_note(cx, part->writer, "digest", part->digest);
  crash_point("archive rows written");
  return parquet_end(cx, part->writer) || file_end(cx, out) ? (int)cx->code : OK;
}

/* Reads a file completely; the digest of what came out. */
static int read_back(struct ctx *cx, struct part *part, const char *path, char digest[static SHA256_HEX]) {
  struct parquet_reader *r;
  struct part again = { .p = part->p };
  if (archive_open(cx, path, &r)) return cx->code;
  if (parquet_column_count(r) != part->p.table->column_count)
    return fail(cx, E_FAIL, NULL, "%s holds other columns", path);
  again.hash = sha256_new();
  for (int g = 0; g < parquet_group_count(r) && !cx->code; g++) parquet_read(cx, r, g, digest_row, &again);
  digest_end(&again, digest);
  sha256_free(again.hash);
  return cx->code;
}

/* A file of that name that nobody registered: a process died before it could, or an older copy
** of the tenant's file was restored. It is taken over when it holds the very rows. */
static int put_aside_or_keep(struct ctx *cx, struct part *part, const char *path, bool *keep) {
  struct ctx aside;
  char digest[SHA256_HEX] = "";
  *keep = false;
  if (access(path, F_OK) != 0) return OK;
  ctx_begin(&aside, cx->actor);
  *keep = !read_back(&aside, part, path, digest) && strcmp(digest, part->digest) == 0;
  ctx_end(&aside);
  if (*keep) return OK;
  const char *to = ctx_printf(cx, "%s.unregistered-%lld", path, (long long)cx->now);
  if (rename(path, to) == 0) return file_sync_folder_of(cx, path);
  return fail(cx, E_FAIL, NULL, "%s is in the way and could not be renamed: %s", path, strerror(errno));
}

static int digest_table(struct ctx *cx, struct db *db, struct part *part) {
  digest_begin(cx, part);
  if (partition_each(cx, db, &part->p, digest_row, part)) return cx->code;
  digest_end(part, part->digest);
  return OK;
}

/* The file, whole and compared with the rows of the table as the reader sees them. */
static int make_file(struct ctx *cx, struct db *db, struct part *part) {
  char again[SHA256_HEX];
  bool keep = false;
  const char *path = ctx_printf(cx, "%s/%s", part->folder, part->path);
  if (access(path, F_OK) == 0 && (digest_table(cx, db, part) || put_aside_or_keep(cx, part, path, &keep)))
    return cx->code;
  if (!keep && write_file(cx, db, part, path)) return cx->code;
  crash_point("archive file written");
  if (read_back(cx, part, path, again) || file_digest(cx, path, &part->file)) return cx->code;
  if (strcmp(again, part->digest) == 0) return OK;
  return fail(cx, E_FAIL, NULL, "%s does not give back the rows that were written; they stay in the table",
              path);
}

/* ---- the transaction ---- */

static struct str describe(struct ctx *cx, const struct part *part) {
  return json_one(cx, "path", part->path, "month", part->p.month, "place", part->p.place, "part",
                  part->number, "rows", part->rows, "first_id", part->first_id, "last_id", part->last_id,
                  "bytes", part->file.bytes, "first_at", part->first_at, "last_at", part->last_at,
                  "first_key", part->first_key, "last_key", part->last_key, "sha256", part->file.sha256,
                  "digest", part->digest);
}

static int run_between(struct ctx *cx, struct db *db, const struct partition *p, const char *sql) {
  struct stmt *s = sql ? db_once(cx, db, sql) : NULL;
  if (!s) return cx->code;
  if (strstr(sql, "?1")) stmt_int(s, 1, p->place_number);
  stmt_int(s, 2, p->from);
  stmt_int(s, 3, p->to);
  if (strstr(sql, "?4")) stmt_int(s, 4, p->last_id);
  return stmt_run(cx, s);
}

static int remove_rows(struct ctx *cx, struct db *db, const struct part *part) {
  const struct archive_table *t = part->p.table;
  if (run_between(cx, db, &part->p, t->before) || run_between(cx, db, &part->p, t->remove)) return cx->code;
  int64_t gone = db_changes(db);
  if (gone != part->rows)
    return fail(cx, E_FAIL, NULL, "%lld rows of %s would go, but %lld were written to %s; nothing was moved",
                (long long)gone, t->name, (long long)part->rows, part->path);
  return run_between(cx, db, &part->p, t->after);
}

static int register_part(struct ctx *cx, struct db *db, const struct part *part) {
  return db_act(cx, db, SQL_archive_partition_add, part->p.table->name, part->p.month, part->p.place,
                part->number, part->path, part->rows, part->file.bytes, part->first_id, part->last_id,
                part->first_at, part->last_at, part->first_key, part->last_key, part->file.sha256,
                part->digest, cx->now, cx->actor);
}

static int leave(struct ctx *cx, struct db *db, void *arg) {
  struct part *part = arg;
  struct part now = { .p = part->p };
  const char *held;
  if (hold_on(cx, db, &part->p, NULL, &held) || digest_table(cx, db, &now)) return cx->code;
  if (held) return fail(cx, E_CONFLICT, NULL, "a legal hold was put on the rows meanwhile: %s", held);
  if (strcmp(now.digest, part->digest) != 0)
    return fail(cx, E_CONFLICT, NULL, "the rows of %s are other ones than were written; nothing was moved",
                part->path);
  if (remove_rows(cx, db, part) || register_part(cx, db, part)) return cx->code;
  crash_point("archive rows leave");
  return change_append(
      cx, db,
      &(struct change){ .event = "ARCHIVED",
                        .table = part->p.table->name,
                        .key = part->path,
                        .after = describe(cx, part),
                        .count = part->rows,
                        .text = ctx_printf(cx, "%lld rows of %s moved to %s", (long long)part->rows,
                                           part->p.month, part->path) });
}

/* ---- partitions ---- */

struct archive_step *archive_step_add(struct ctx *cx, struct archive_result *r, const struct partition *p) {
  r->step = ctx_more(cx, r->step, r->count, sizeof *r->step);
  struct archive_step *step = &r->step[r->count++];
  *step = (struct archive_step){ .table = p->table->name,
                                 .month = ctx_strdup(cx, str_of(p->month)),
                                 .place = ctx_strdup(cx, str_of(p->place)),
                                 .rows = p->rows };
  return step;
}

static int move_partition(struct ctx *cx, struct ctx *aside, struct tenant *t, const struct partition *p,
                          bool dry, struct archive_result *out) {
  struct part *part =
      ctx_alloc(aside, sizeof *part); /* releases that wait for the end of aside point to it */
  struct db *db;
  const char *held;
  part->p = *p;
  if (tenant_read(aside, t, &db) || hold_on(aside, db, p, NULL, &held)) return aside->code;
  struct archive_step *step = archive_step_add(cx, out, p);
  if (held) {
    step->held = ctx_strdup(cx, str_of(held));
    out->held++;
    return OK;
  }
  if (name_part(aside, db, part)) return aside->code;
  step->path = ctx_strdup(cx, str_of(part->path));
  if (!dry && (make_file(aside, db, part) || tenant_write(aside, t, leave, part))) {
    out->count--;
    return aside->code;
  }
  step->bytes = part->file.bytes;
  out->rows += p->rows;
  out->bytes += step->bytes;
  return OK;
}

/* Whole months that lie before the bound, of all places. */
static int list_partitions(struct ctx *cx, struct db *db, const struct archive_table *t, int64_t before,
                           struct partition **list, size_t *count) {
  *list = NULL;
  *count = 0;
  const char *place = t->place ? t->place : "0";
  struct stmt *s =
      db_once(cx, db,
              ctx_printf(cx,
                         "SELECT %s, strftime('%%Y-%%m', %s / 1000000, 'unixepoch'), count(*), max(%s) %s "
                         "WHERE %s >= 0 AND %s < ?1%s%s GROUP BY 1, 2 ORDER BY 2, 1",
                         place, t->at, t->id, t->rows, t->at, t->at, t->ready ? " AND " : "",
                         t->ready ? t->ready : ""));
  stmt_int(s, 1, before);
  while (stmt_row(cx, s)) {
    *list = ctx_more(cx, *list, *count, sizeof **list);
    struct partition *p = &(*list)[(*count)++];
    *p = (struct partition){ .table = t,
                             .place_number = col_int(s, 0),
                             .place = "",
                             .month = col_dup(cx, s, 1),
                             .rows = col_int(s, 2),
                             .last_id = col_int(s, 3) };
    int year = 0, month = 0;
    if (sscanf(p->month, "%4d-%2d", &year, &month) != 2)
      return fail(cx, E_FAIL, NULL, "a row of %s has no month", t->name);
    p->from = date_days(year, month, 1) * DAY_US;
    p->to = (month == 12 ? date_days(year + 1, 1, 1) : date_days(year, month + 1, 1)) * DAY_US;
  }
  return cx->code;
}

static int name_places(struct ctx *cx, struct db *db, struct partition *list, size_t count) {
  for (size_t i = 0; i < count && !cx->code; i++) {
    if (!list[i].table->place) continue;
    struct stmt *s = stmt_bind(db_compose(cx, db, list[i].table->place_is), list[i].place_number);
    if (stmt_row(cx, s)) {
      list[i].place = ctx_strdup(cx, col_str(s, 0));
      stmt_done(s);
    }
  }
  return cx->code;
}

/* The beginning of the month that a moment lies in. */
static int64_t month_begin(int64_t at) {
  int year, month, day;
  date_civil((int32_t)(at / DAY_US), &year, &month, &day);
  return date_days(year, month, 1) * DAY_US;
}

static int move_table(struct ctx *cx, struct tenant *t, const struct archive_table *table, int64_t cold_days,
                      bool dry, bool (*stop)(void *), void *arg, struct archive_result *out) {
  struct partition *list = NULL;
  struct db *db;
  size_t count = 0;
  struct ctx first; /* its reader goes back before anything is written */
  ctx_begin(&first, cx->actor);
  if (tenant_read(&first, t, &db) ||
      list_partitions(&first, db, table, month_begin(cx->now - cold_days * DAY_US), &list, &count) ||
      name_places(&first, db, list, count))
    fail_from(cx, &first);
  for (size_t i = 0; !cx->code && i < count && !(stop && stop(arg)); i++) {
    struct ctx aside;
    ctx_begin(&aside, cx->actor);
    if (move_partition(cx, &aside, t, &list[i], dry, out)) fail_from(cx, &aside);
    ctx_end(&aside);
  }
  ctx_end(&first);
  return cx->code;
}

/* ---- all policies ---- */

struct policy {
  const char *subject;
  int64_t cold_days, keep_days; /* keep 0: for ever */
};

static int read_policies(struct ctx *cx, struct tenant *t, struct policy *list, size_t room, size_t *count) {
  struct ctx aside;
  struct db *db;
  *count = 0;
  ctx_begin(&aside, cx->actor);
  if (tenant_read(&aside, t, &db)) fail_from(cx, &aside);
  struct stmt *s = cx->code ? NULL : db_stmt(cx, db, SQL_archive_policies);
  while (stmt_row(cx, s) && *count < room)
    list[(*count)++] = (struct policy){ .subject = col_dup(cx, s, 0),
                                        .cold_days = col_int(s, 1),
                                        .keep_days = col_int(s, 2) };
  ctx_end(&aside);
  return cx->code;
}

int archive_run(struct ctx *cx, struct tenant *t, bool dry, bool (*stop)(void *), void *arg,
                struct archive_result *out) {
  struct policy list[64];
  size_t count;
  *out = (struct archive_result){ 0 };
  if (read_policies(cx, t, list, 64, &count)) return cx->code;
  for (size_t i = 0; i < count && !cx->code; i++) {
    const struct archive_table *table = archive_table_find(list[i].subject);
    if (!table) {
      struct partition none = { .table = &(struct archive_table){ .name = list[i].subject },
                                .month = "",
                                .place = "" };
      archive_step_add(cx, out, &none)->held = "rows of this table do not leave for files";
      continue;
    }
    if (!move_table(cx, t, table, list[i].cold_days, dry, stop, arg, out) && list[i].keep_days)
      archive_purge(cx, t, table, list[i].keep_days, dry, out);
  }
  return cx->code;
}
