/* cmd_archive.c - what leaves the tables for files that last. */
#include <stdio.h>

#include "archive/archive.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/time.h"
#include "cli/cli.h"
#include "export/tables.h"
#include "record/record.h"

static int day_option(struct ctx *cx, const struct cli *c, const char *option, int32_t *out) {
  const char *value = cli_get(c, option);
  int64_t at;
  if (!value) return OK;
  if (!time_parse_iso(str_of(value), &at) || strlen(value) != 10)
    return cli_usage(cx, "--%s takes a day such as 2024-02-29, not '%s'", option, value);
  *out = (int32_t)(at / DAY_US);
  return OK;
}

static int days(struct ctx *cx, const struct cli *c, int32_t *from, int32_t *until) {
  *from = INT32_MIN;
  *until = INT32_MAX;
  return day_option(cx, c, "from", from) || day_option(cx, c, cli_has(c, "to") ? "to" : "until", until)
             ? (int)cx->code
             : OK;
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
  if (!cli_has(c, "json")) return cli_print(cx, "%s: %lld bytes\n", path, (long long)file->bytes);
  struct jw *w = &c->json;
  jw_record(w, NULL, "file", path, "bytes", file->bytes);
  return cli_print_json(cx, &c->out);
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
  struct jw *w = &c->json;
  bool dry = cli_has(c, "dry-run");
  if (cli_tenant(cx, c, &t) || archive_run(cx, t, dry, NULL, NULL, &r)) return cx->code;
  if (!cli_has(c, "json")) return print_result(cx, &r, dry);
  archive_result_json(w, NULL, &r);
  return cli_print_json(cx, &c->out);
}

int cmd_archive_list(struct ctx *cx, struct cli *c) {
  struct db *db;
  struct jw *w = &c->json;
  struct jv *root;
  if (cli_read(cx, c, &db) || archive_list(cx, db, w, NULL)) return cx->code;
  if (cli_has(c, "json")) return cli_print_json(cx, &c->out);
  if (jv_parse(cx, buf_view(&c->out), &root)) return cx->code;
  for (size_t i = 0; i < jv_size(root); i++) {
    struct jv *p = jv_at(root, i);
    bool gone = jv_kind(jv_get(p, "purged_at")) != JV_NULL;
    cli_print(cx, "%10.*s rows %12.*s bytes  %.*s%s\n", STR_ARG(jv_text(jv_get(p, "rows"))),
              STR_ARG(jv_text(jv_get(p, "bytes"))), STR_ARG(jv_text(jv_get(p, "path"))),
              gone ? "  (deleted)" : "");
  }
  if (jv_size(root) == 0) cli_print(cx, "nothing was archived\n");
  return cx->code;
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
  if (!cx->code && cli_has(c, "summary"))
    cli_print(cx,
              "{\"rows\":%lld,\"rows_read\":%lld,\"groups_read\":%lld,\"groups\":%lld,\"files_read\":%lld,"
              "\"files\":%lld}\n",
              (long long)effort.rows, (long long)effort.rows_read, (long long)effort.groups_read,
              (long long)effort.groups, (long long)effort.files_read, (long long)effort.files);
  return cx->code;
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

static int print_holds(struct ctx *cx, struct cli *c, const struct entity *e) {
  struct db *db;
  struct jw *w = &c->json;
  struct jv *root;
  if (cli_read(cx, c, &db) || record_list(cx, db, e, cli_has(c, "deleted"), 0, w, NULL, NULL))
    return cx->code;
  if (cli_has(c, "json")) return cli_print_json(cx, &c->out);
  if (jv_parse(cx, buf_view(&c->out), &root)) return cx->code;
  for (size_t i = 0; i < jv_size(root); i++) {
    struct jv *h = jv_at(root, i);
    static const char *const parts[] = { "warehouse", "sku", "from_day", "until_day" };
    cli_print(cx, "%.*s  %.*s", STR_ARG(jv_text(jv_get(h, "id"))), STR_ARG(jv_text(jv_get(h, "subject"))));
    for (int k = 0; k < 4; k++)
      if (jv_text(jv_get(h, parts[k])).p)
        cli_print(cx, "  %s %.*s", parts[k], STR_ARG(jv_text(jv_get(h, parts[k]))));
    cli_print(cx, "  %.*s\n", STR_ARG(jv_text(jv_get(h, "reason"))));
  }
  if (jv_size(root) == 0) cli_print(cx, "there is no legal hold\n");
  return cx->code;
}

int cmd_archive_hold(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  struct hold_request r = { .entity = entity_find("legal_hold") };
  const char *what = c->operand[0];
  bool add = strcmp(what, "add") == 0;
  if (strcmp(what, "list") == 0) return print_holds(cx, c, r.entity);
  if (!add && strcmp(what, "release") != 0)
    return cli_usage(cx, "archive hold takes add, list or release, not '%s'", what);
  if (c->operand_count < 2)
    return cli_usage(cx, "archive hold %s needs %s", what, add ? "a table" : "the id of a hold");
  if (add && hold_object(cx, c, &r.object)) return cx->code;
  if (!add) str_copy(r.id, sizeof r.id, str_of(c->operand[1]));
  if (cli_tenant(cx, c, &t) || tenant_write(cx, t, hold_write, &r)) return cx->code;
  if (cli_has(c, "json")) return cli_print(cx, "{\"id\":\"%s\"}\n", r.id);
  return cli_print(cx, add ? "held; its id is %s\n" : "hold %s was released\n", r.id);
}
