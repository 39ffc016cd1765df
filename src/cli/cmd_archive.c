/* cmd_archive.c - what leaves the tables for files that last. */
#include <stdio.h>

#include "archive/archive.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/time.h"
#include "cli/cli.h"
#include "export/tables.h"
#include "record/record.h"

/* --from, and --until or --to: the days asked for, both of them in it. */
static int days(struct ctx *cx, const struct cli *c, int32_t *from, int32_t *until) {
  int64_t first = 0, last = 0;
  const char *end = cli_has(c, "to") ? "to" : "until";
  *from = INT32_MIN;
  *until = INT32_MAX;
  if (cli_day(cx, c, "from", &first) || cli_day(cx, c, end, &last)) return cx->code;
  if (cli_has(c, "from")) *from = (int32_t)(first / DAY_US);
  if (cli_has(c, end)) *until = (int32_t)(last / DAY_US);
  return OK;
}

int cmd_archive_export(struct ctx *cx, struct cli *c) {
  struct db *db;
  struct file_out *file;
  const char *table = c->operand[0], *path = cli_get(c, "out");
  const struct archive_table *archived = archive_table_find(table);
  int32_t from, until;
  if (!path) path = ctx_printf(cx, "%s.parquet", table);
  if (days(cx, c, &from, &until) || cli_read(cx, c, &db) || file_begin(cx, &file, path, true))
    return cx->code;
  int rc = archived ? archive_export(cx, db, archived, from, until, file_write, file)
                    : export_parquet(cx, db, table, cli_get(c, "run"), from, until, file_write, file);
  if (rc || file_end(cx, file)) return cx->code;
  jw_record(&c->json, NULL, "file", path, "bytes", file->bytes);
  return cli_answer(cx, c, "{file}: {bytes} bytes\n");
}

/* ---- run ---- */

static int print_result(struct ctx *cx, const struct archive_result *r, bool dry) {
  for (size_t i = 0; i < r->count; i++) {
    const struct archive_step *s = &r->step[i];
    cli_print(cx, "%s %s%s%s  %lld rows  %s%s\n", s->table, s->month, s->place[0] ? " " : "", s->place,
              (long long)s->rows,
              s->held     ? "stay: "
              : s->purged ? dry ? "would be deleted: " : "deleted: "
                          : "",
              s->held ? s->held : s->path);
  }
  return cli_print(cx, "%s%lld rows in %lld bytes%s\n", dry ? "would move " : "moved ", (long long)r->rows,
                   (long long)r->bytes,
                   r->count ? "" : "; nothing is old enough (`outpost record list retention_policy`)");
}

int cmd_archive_run(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  struct archive_result r;
  bool dry = cli_has(c, "dry-run");
  if (cli_tenant(cx, c, &t) || archive_run(cx, t, dry, NULL, NULL, &r)) return cx->code;
  if (!cli_has(c, "json")) return print_result(cx, &r, dry);
  archive_result_json(&c->json, NULL, &r);
  return cli_print_json(cx, &c->out);
}

static void show_list(struct ctx *cx, const struct jv *list) {
  cli_say_each(cx, list, "{rows:10} rows {bytes:12} bytes  {path}[  (deleted){purged_at:.0}]\n");
  if (jv_size(list) == 0) cli_print(cx, "nothing was archived\n");
}

int cmd_archive_list(struct ctx *cx, struct cli *c) {
  struct db *db;
  if (cli_read(cx, c, &db) || archive_list(cx, db, &c->json, NULL)) return cx->code;
  return cli_show(cx, c, show_list);
}

/* ---- rows ---- */

struct printer {
  const struct archive_table *table;
  struct buf line;
};

static void put_value(struct jw *w, const struct parquet_column *c, const struct parquet_value *v) {
  char at[TIME_SIZE];
  if (v->null)
    jw_text(w, c->name, NULL);
  else if (c->kind == PARQUET_TEXT)
    jw_str(w, c->name, v->s);
  else if (c->kind == PARQUET_DECIMAL)
    jw_decimal(w, c->name, v->n, c->scale, 0);
  else if (c->kind == PARQUET_TIME)
    jw_text(w, c->name, time_iso(at, v->n));
  else
    jw_int(w, c->name, v->n);
}

static int print_row(struct ctx *cx, void *arg, const struct parquet_value *row) {
  struct printer *p = arg;
  struct jw w;
  buf_reset(&p->line);
  jw_init(&w, &p->line);
  jw_object(&w, NULL);
  for (int i = 0; i < p->table->column_count; i++) put_value(&w, &p->table->columns[i].file, &row[i]);
  jw_close(&w, '}');
  buf_char(&p->line, '\n');
  return cli_write(cx, NULL, p->line.p, p->line.n);
}

int cmd_archive_rows(struct ctx *cx, struct cli *c) {
  struct db *db;
  struct archive_effort effort = { 0 };
  int32_t from, until;
  struct printer p = { .table = archive_table_find(c->operand[0]) };
  if (!p.table)
    return fail(cx, E_NOT_FOUND, "table", "rows of '%s' do not leave for files; those of %s do",
                c->operand[0], archive_table_names(cx));
  if (days(cx, c, &from, &until) || cli_read(cx, c, &db)) return cx->code;
  struct archive_filter f = { .place = cli_get(c, "warehouse"),
                              .key = cli_get(c, "sku"),
                              .from = from == INT32_MIN ? 0 : from * DAY_US,
                              .to = until == INT32_MAX ? 0 : (until + INT64_C(1)) * DAY_US };
  buf_init(&p.line, LIMIT_REPLY_BYTES);
  archive_rows_each(cx, db, p.table, &f, print_row, &p, &effort);
  buf_clear(&p.line);
  if (cx->code || !cli_has(c, "summary")) return cx->code;
  jw_record(&c->json, NULL, "rows", effort.rows, "rows_read", effort.rows_read, "groups_read",
            effort.groups_read, "groups", effort.groups, "files_read", effort.files_read, "files",
            effort.files);
  return cli_print_json(cx, &c->out);
}

/* ---- holds ---- */

struct hold_request {
  const struct entity *entity;
  struct jv *object; /* NULL: release */
  char id[37];
};

static int hold_write(struct ctx *cx, struct db *db, void *arg) {
  struct hold_request *r = arg;
  return r->object ? record_save(cx, db, r->entity, r->object, r->id)
                   : record_delete(cx, db, r->entity, r->id);
}

static int hold_object(struct ctx *cx, const struct cli *c, struct jv **out) {
  static const char *const options[][2] = {
    { "warehouse", "warehouse" }, { "sku", "sku" }, { "from", "from_day" }, { "reason", "reason" }
  };
  struct buf b;
  struct jw w;
  jw_begin(&w, &b, KIB(64));
  jw_text(&w, "subject", cli_operand(c, 1, ""));
  for (size_t i = 0; i < sizeof options / sizeof *options; i++)
    if (cli_get(c, options[i][0])) jw_text(&w, options[i][1], cli_get(c, options[i][0]));
  const char *until = cli_get(c, cli_has(c, "to") ? "to" : "until");
  if (until) jw_text(&w, "until_day", until);
  const char *json = jw_end(cx, &w);
  return jv_parse(cx, str_of(json), out);
}

static void show_holds(struct ctx *cx, const struct jv *list) {
  cli_say_each(cx, list,
               "{id}  {subject}[  warehouse {warehouse}][  sku {sku}][  from_day {from_day}][  until_day "
               "{until_day}]  {reason}\n");
  if (jv_size(list) == 0) cli_print(cx, "there is no legal hold\n");
}

static int list_holds(struct ctx *cx, struct cli *c, const struct entity *e) {
  struct db *db;
  if (cli_read(cx, c, &db) || record_list(cx, db, e, cli_has(c, "deleted"), 0, &c->json, NULL, NULL))
    return cx->code;
  return cli_show(cx, c, show_holds);
}

int cmd_archive_hold(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  struct hold_request r = { .entity = entity_find("legal_hold") };
  const char *what = c->operand[0];
  bool add = strcmp(what, "add") == 0;
  if (strcmp(what, "list") == 0) return list_holds(cx, c, r.entity);
  if (!add && strcmp(what, "release") != 0)
    return cli_usage(cx, "archive hold takes add, list or release, not '%s'", what);
  if (c->operand_count < 2)
    return cli_usage(cx, "archive hold %s needs %s", what, add ? "a table" : "the id of a hold");
  if (add && hold_object(cx, c, &r.object)) return cx->code;
  if (!add) str_copy(r.id, sizeof r.id, str_of(c->operand[1]));
  if (cli_tenant(cx, c, &t) || tenant_write(cx, t, hold_write, &r)) return cx->code;
  jw_record(&c->json, NULL, "id", r.id);
  return cli_answer(cx, c, add ? "held; its id is {id}\n" : "hold {id} was released\n");
}
