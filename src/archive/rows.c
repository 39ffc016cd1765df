/*
** rows.c - the rows of a table, where they are: in the table as they would look in a
** file, and in files.
*/
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/internal.h"
#include "base/time.h"

/* ---- in the table ---- */

/* By the index of the partitions: without the plus the table would be walked through in the order of its ids. */
static const char *partition_select(struct ctx *cx, const struct archive_table *t, const char *where,
                                    bool all) {
  const char *sql = "SELECT ";
  for (int i = 0; i < t->column_count; i++)
    sql = ctx_printf(cx, "%s%s%s", sql, i ? ", " : "", t->columns[i].sql);
  return ctx_printf(cx, "%s %s WHERE %s ORDER BY %s%s", sql, t->rows, where, all ? "" : "+", t->id);
}

/* The row that a statement stands on. */
static void partition_row(const struct archive_table *t, const struct stmt *s, struct parquet_value *row) {
  for (int i = 0; i < t->column_count; i++) {
    enum parquet_kind kind = t->columns[i].file.kind;
    row[i] = (struct parquet_value){ .null = col_null(s, i) };
    if (row[i].null) continue;
    if (kind == PARQUET_TEXT || kind == PARQUET_BYTES)
      row[i].s = col_str(s, i);
    else
      row[i].n = col_int(s, i);
  }
}

int partition_each(struct ctx *cx, struct db *db, const struct partition *p, parquet_row_fn *fn, void *arg) {
  struct parquet_value row[PARQUET_COLUMNS];
  const struct archive_table *t = p->table;
  const char *where = ctx_printf(cx, "%s >= ?2 AND %s < ?3 AND +%s <= ?4%s%s%s%s%s", t->at, t->at, t->id,
                                 t->place ? " AND " : "", t->place ? t->place : "", t->place ? " = ?1" : "",
                                 t->ready ? " AND " : "", t->ready ? t->ready : "");
  struct stmt *s = db_once(cx, db, partition_select(cx, t, where, false));
  if (t->place) stmt_int(s, 1, p->place_number);
  stmt_int(s, 2, p->from);
  stmt_int(s, 3, p->to);
  stmt_int(s, 4, p->last_id);
  while (stmt_row(cx, s)) {
    partition_row(t, s, row);
    if (fn(cx, arg, row)) break;
  }
  if (s) stmt_done(s);
  return cx->code;
}

/* ---- files ---- */

int archive_folder(struct ctx *cx, struct db *db, const char **out) {
  struct stmt *s = db_stmt(cx, db, SQL_archive_where);
  if (!stmt_row(cx, s)) return cx->code ? (int)cx->code : fail(cx, E_FAIL, NULL, "the file has no tenant");
  char *path = ctx_strdup(cx, col_str(s, 0));
  for (int up = 0; up < 2; up++) { /* DIR/tenants/SLUG.db */
    char *slash = strrchr(path, '/');
    if (slash) *slash = 0;
  }
  *out = ctx_printf(cx, "%s/archive/%s", path, ctx_strdup(cx, col_str(s, 1)));
  stmt_done(s);
  return OK;
}

struct opened_file {
  int fd;
  const char *path;
};

static void close_file(void *arg) { close(((struct opened_file *)arg)->fd); }

static int read_at(struct ctx *cx, void *arg, int64_t offset, char *to, size_t n) {
  struct opened_file *f = arg;
  while (n) {
    ssize_t got = pread(f->fd, to, n, offset);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0)
      return fail(cx, E_FAIL, NULL, "%s cannot be read: %s", f->path,
                  got ? strerror(errno) : "it is too short");
    to += got;
    n -= (size_t)got;
    offset += got;
  }
  return OK;
}

int archive_open(struct ctx *cx, const char *path, struct parquet_reader **out) {
  struct stat st;
  struct opened_file *f = ctx_alloc(cx, sizeof *f);
  f->path = path;
  f->fd = open(path, O_RDONLY | O_CLOEXEC);
  if (f->fd < 0)
    return fail(cx, E_FAIL, NULL,
                errno == ENOENT ? "%s is missing: rows that were archived are in it; put it back%s"
                                : "%s cannot be opened: %s",
                path, errno == ENOENT ? "" : strerror(errno));
  ctx_defer(cx, close_file, f);
  if (fstat(f->fd, &st) != 0) return fail(cx, E_FAIL, NULL, "%s cannot be read: %s", path, strerror(errno));
  struct parquet_source source = { read_at, f, st.st_size, path };
  return parquet_open(cx, &source, out);
}

/* ---- asking ---- */

struct search {
  const struct archive_table *table;
  const struct archive_filter *filter;
  parquet_row_fn *fn;
  void *arg;
  struct archive_effort *effort;
};

static bool within(const struct archive_filter *f, int64_t at) {
  return at >= f->from && (!f->to || at < f->to);
}

/* Is there any number from first to last that is asked for? */
static bool id_fits(const struct archive_filter *f, int64_t first, int64_t last) {
  return !f->last_id || (first <= f->last_id && last >= f->first_id);
}

static int take_row(struct ctx *cx, void *arg, const struct parquet_value *row) {
  struct search *s = arg;
  const struct archive_table *t = s->table;
  s->effort->rows_read++;
  if (!within(s->filter, row[t->at_column].n) ||
      !id_fits(s->filter, row[t->id_column].n, row[t->id_column].n))
    return OK;
  if (s->filter->key && (t->key_column < 0 || !str_eq(row[t->key_column].s, str_of(s->filter->key))))
    return OK;
  s->effort->rows++;
  return s->fn(cx, s->arg, row);
}

/* Is the text outside of what the bounds say? */
static bool outside(const char *text, struct str min, struct str max) {
  struct str s = str_of(text);
  int low = memcmp(s.p, min.p, s.n < min.n ? s.n : min.n),
      high = memcmp(s.p, max.p, s.n < max.n ? s.n : max.n);
  return low < 0 || (low == 0 && s.n < min.n) || high > 0 || (high == 0 && s.n > max.n);
}

static bool group_fits(const struct search *s, const struct parquet_reader *r, int group) {
  struct parquet_value min, max;
  const struct archive_filter *f = s->filter;
  if (parquet_group_range(r, group, s->table->at_column, &min, &max) &&
      (max.n < f->from || (f->to && min.n >= f->to)))
    return false;
  if (parquet_group_range(r, group, s->table->id_column, &min, &max) && !id_fits(f, min.n, max.n))
    return false;
  if (!f->key || s->table->key_column < 0) return true;
  return !parquet_group_range(r, group, s->table->key_column, &min, &max) || !outside(f->key, min.s, max.s);
}

/* The columns must be those of the descriptor: its numbers are used on the rows. */
static int check_columns(struct ctx *cx, const struct archive_table *t, const struct parquet_reader *r,
                         const char *path) {
  bool same = parquet_column_count(r) == t->column_count;
  for (int i = 0; same && i < t->column_count; i++)
    same = strcmp(parquet_column_at(r, i)->name, t->columns[i].file.name) == 0 &&
           parquet_column_at(r, i)->kind == t->columns[i].file.kind;
  return same ? OK : fail(cx, E_FAIL, NULL, "%s holds other columns than rows of %s have", path, t->name);
}

static int search_file(struct ctx *cx, struct search *s, const char *path) {
  struct ctx aside;
  struct parquet_reader *r;
  ctx_begin(&aside, cx->actor);
  int rc = archive_open(&aside, path, &r) || check_columns(&aside, s->table, r, path);
  if (rc) fail_from(cx, &aside);
  s->effort->files_read++;
  for (int g = 0; !cx->code && g < parquet_group_count(r); g++) {
    s->effort->groups++;
    if (!group_fits(s, r, g)) continue;
    s->effort->groups_read++;
    parquet_read(cx, r, g, take_row, s);
  }
  ctx_end(&aside);
  return cx->code;
}

struct file_entry {
  const char *path;
  struct file_entry *next;
};

/* Files that may hold rows, in their order: the index answers, no file is opened. */
static struct file_entry *choose(struct ctx *cx, struct db *db, struct search *s, const char *folder) {
  struct file_entry *first = NULL, **last = &first;
  const struct archive_filter *f = s->filter;
  char from[TIME_SIZE], to[TIME_SIZE];
  str_copy(from, 8, str_of(f->from > 0 ? time_iso(to, f->from) : "0000-00"));
  str_copy(to, 8, str_of(f->to ? time_iso((char[TIME_SIZE]){ 0 }, f->to - 1) : "9999-99"));
  struct stmt *q = db_ask(cx, db, f->place ? SQL_archive_partitions_of_place : SQL_archive_partitions,
                          s->table->name, from, to);
  if (f->place) stmt_text(q, 4, f->place);
  while (stmt_row(cx, q)) {
    if (!col_null(q, 8)) continue; /* deleted, as the policy says */
    s->effort->files++;
    if (!id_fits(f, col_int(q, 13), col_int(q, 14))) continue;
    if (f->key && !col_null(q, 6) && outside(f->key, col_str(q, 6), col_str(q, 7))) continue;
    *last = ctx_alloc(cx, sizeof **last);
    (*last)->path = ctx_printf(cx, "%s/%s", folder, ctx_strdup(cx, col_str(q, 1)));
    last = &(*last)->next;
  }
  return first;
}

int archive_rows_each(struct ctx *cx, struct db *db, const struct archive_table *table,
                      const struct archive_filter *filter, parquet_row_fn *fn, void *arg,
                      struct archive_effort *effort) {
  struct archive_effort own = { 0 };
  struct search s = { table, filter, fn, arg, effort ? effort : &own };
  const char *folder;
  if (archive_folder(cx, db, &folder)) return cx->code;
  for (struct file_entry *e = choose(cx, db, &s, folder); e && !cx->code; e = e->next)
    search_file(cx, &s, e->path);
  return cx->code;
}

/* ---- all of it ---- */

static int put_row(struct ctx *cx, void *arg, const struct parquet_value *row) {
  return parquet_add(cx, arg, row);
}

int archive_export(struct ctx *cx, struct db *db, const struct archive_table *table, int32_t from,
                   int32_t until, parquet_write_fn *write, void *arg) {
  struct parquet_writer *w;
  struct parquet_value row[PARQUET_COLUMNS];
  struct parquet_column *columns = ctx_alloc(cx, (size_t)table->column_count * sizeof *columns);
  struct archive_filter filter = { .from = from == INT32_MIN ? 0 : from * DAY_US,
                                   .to = until == INT32_MAX ? 0 : (until + INT64_C(1)) * DAY_US };
  for (int i = 0; i < table->column_count; i++) columns[i] = table->columns[i].file;
  struct parquet_setup setup = {
    .columns = columns, .column_count = table->column_count, .write = write, .arg = arg
  };
  if (parquet_new(cx, &setup, &w) || archive_rows_each(cx, db, table, &filter, put_row, w, NULL))
    return cx->code;
  const char *where = ctx_printf(cx, "%s >= ?1 AND (?2 = 0 OR %s < ?2)", table->at, table->at);
  struct stmt *s = stmt_bind(db_once(cx, db, partition_select(cx, table, where, true)),
                             from == INT32_MIN ? INT64_MIN : filter.from, filter.to);
  while (stmt_row(cx, s)) {
    partition_row(table, s, row);
    if (parquet_add(cx, w, row)) break;
  }
  if (cx->code) return cx->code;
  parquet_note(cx, w, "table", table->name);
  return parquet_end(cx, w);
}
