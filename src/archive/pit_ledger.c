/*
** pit_ledger.c - rows that were archived since are in their table again.
**
** What the removal of rows leaves behind (their sums, by a trigger) cannot be taken back row by
** row. So a month of a place of which something was archived since comes back as a
** whole, and what had been archived before leaves again, by the same trigger.
*/
#include <stdio.h>

#include "archive/pit_internal.h"
#include "base/time.h"

struct back {
  struct db *db;
  const struct archive_table *table;
  struct partition p;
  struct stmt *put, *remove;
};

struct file_part {
  int64_t id;
  const char *path;
  bool stays;
  struct file_part *next;
};

/* 16 bytes of 8-4-4-4-12 hexadecimal digits; false for what is none. */
static bool uuid_bytes(struct str s, unsigned char out[static 16]) {
  size_t n = 0;
  if (s.n != 36) return false;
  for (size_t i = 0; i < 36; i++) {
    char c = s.p[i];
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (dash ? c != '-' : digit < 0) return false;
    if (dash) continue;
    out[n / 2] = (unsigned char)(n % 2 ? out[n / 2] << 4 | digit : digit);
    n++;
  }
  return true;
}

static int put_back(struct ctx *cx, void *arg, const struct parquet_value *row) {
  struct back *b = arg;
  unsigned char uuid[16];
  for (int i = 0; i < b->table->column_count; i++) {
    const struct archive_column *c = &b->table->columns[i];
    if (row[i].null)
      stmt_null(b->put, i + 1);
    else if (c->uuid && uuid_bytes(row[i].s, uuid))
      stmt_blob(b->put, i + 1, uuid, sizeof uuid);
    else if (c->file.kind == PARQUET_TEXT)
      stmt_str(b->put, i + 1, row[i].s);
    else
      stmt_int(b->put, i + 1, row[i].n);
  }
  return stmt_run(cx, b->put);
}

static int take_out(struct ctx *cx, void *arg, const struct parquet_value *row) {
  struct back *b = arg;
  stmt_int(b->remove, 1, row[b->table->id_column].n);
  return stmt_run(cx, b->remove);
}

static int each_row(struct ctx *cx, struct back *b, const char *path, parquet_row_fn *fn) {
  struct ctx aside;
  struct parquet_reader *r;
  const char *folder;
  if (archive_folder(cx, b->db, &folder)) return cx->code;
  ctx_begin(&aside, cx->actor);
  if (archive_open(&aside, ctx_printf(&aside, "%s/%s", folder, path), &r)) fail_from(cx, &aside);
  if (!cx->code && parquet_column_count(r) != b->table->column_count)
    fail(cx, E_FAIL, NULL, "%s holds other columns than rows of %s have", path, b->table->name);
  for (int g = 0; !cx->code && g < parquet_group_count(r); g++) parquet_read(cx, r, g, fn, b);
  ctx_end(&aside);
  return cx->code;
}

static int list_parts(struct ctx *cx, const struct back *b, const struct pit *pit, struct file_part **out) {
  struct stmt *s = db_ask(cx, b->db, SQL_pit_parts_of, b->table->name, b->p.month, b->p.place, pit->seq);
  *out = NULL;
  for (struct file_part **last = out; stmt_row(cx, s); last = &(*last)->next) {
    *last = ctx_alloc(cx, sizeof **last);
    **last = (struct file_part){ .id = col_int(s, 0), .path = col_dup(cx, s, 1), .stays = col_int(s, 2) };
    if (!col_null(s, 3))
      return fail(
          cx, E_CONFLICT, NULL,
          "%s was deleted since, as the policy says: there is no way back to before its rows were archived",
          (*last)->path);
  }
  return cx->code;
}

static int between(struct ctx *cx, const struct back *b, const char *sql) {
  struct stmt *s = sql ? db_once(cx, b->db, sql) : NULL;
  if (!s) return cx->code;
  if (strstr(sql, "?1")) stmt_int(s, 1, b->p.place_number);
  stmt_int(s, 2, b->p.from);
  stmt_int(s, 3, b->p.to);
  return stmt_run(cx, s);
}

static int bring_partition(struct ctx *cx, struct back *b, const struct pit *pit) {
  struct file_part *parts;
  b->put = db_once(cx, b->db, b->table->put);
  b->remove = db_once(cx, b->db, b->table->remove_one);
  if (!b->put || !b->remove || list_parts(cx, b, pit, &parts)) return cx->code;
  for (struct file_part *f = parts; f && !cx->code; f = f->next) each_row(cx, b, f->path, put_back);
  for (int i = 0; !cx->code && b->table->unsum[i]; i++) between(cx, b, b->table->unsum[i]);
  if (between(cx, b, b->table->before)) return cx->code;
  for (struct file_part *f = parts; f && !cx->code; f = f->next) {
    if (f->stays) {
      each_row(cx, b, f->path, take_out);
      continue;
    }
    db_act(cx, b->db, SQL_pit_part_forget, f->id);
  }
  return between(cx, b, b->table->after);
}

static int name_partition(struct ctx *cx, struct back *b) {
  int year = 0, month = 0;
  if (sscanf(b->p.month, "%4d-%2d", &year, &month) != 2)
    return fail(cx, E_FAIL, NULL, "%s is no month", b->p.month);
  b->p.from = date_days(year, month, 1) * DAY_US;
  b->p.to = (month == 12 ? date_days(year + 1, 1, 1) : date_days(year, month + 1, 1)) * DAY_US;
  if (!b->table->place) return OK;
  struct stmt *s = stmt_bind(db_compose(cx, b->db, b->table->place_number), b->p.place);
  if (!stmt_row(cx, s))
    return cx->code ? (int)cx->code : fail(cx, E_FAIL, NULL, "there is no place %s", b->p.place);
  b->p.place_number = col_int(s, 0);
  stmt_done(s);
  return OK;
}

struct place_month {
  const char *month, *place;
  struct place_month *next;
};

static int bring_table(struct ctx *cx, struct db *db, const struct pit *pit, const struct archive_table *t) {
  struct place_month *list = NULL, **last = &list;
  struct stmt *s = db_ask(cx, db, SQL_pit_archived_since, t->name, pit->seq);
  for (; stmt_row(cx, s); last = &(*last)->next) {
    *last = ctx_alloc(cx, sizeof **last);
    (*last)->month = col_dup(cx, s, 0);
    (*last)->place = col_dup(cx, s, 1);
  }
  for (; list && !cx->code; list = list->next) {
    struct ctx aside;
    struct back b = { .db = db, .table = t, .p = { .table = t, .month = list->month, .place = list->place } };
    ctx_begin(&aside, cx->actor);
    if (name_partition(&aside, &b) || bring_partition(&aside, &b, pit)) fail_from(cx, &aside);
    ctx_end(&aside);
  }
  return cx->code;
}

int pit_bring_back(struct ctx *cx, struct db *db, const struct pit *p) {
  for (int i = 0; archive_table_at(i) && !cx->code; i++) bring_table(cx, db, p, archive_table_at(i));
  return cx->code;
}
