/* cmd_archive.c - what leaves the tables for files that last. */
#include <stdio.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/time.h"
#include "cli/cli.h"
#include "export/tables.h"

static int day_option(struct ctx *cx, const struct cli *c, const char *option, int32_t *out) {
  const char *value = cli_get(c, option);
  int64_t at;
  if (!value) return OK;
  if (!time_parse_iso(str_of(value), &at) || strlen(value) != 10)
    return cli_usage(cx, "--%s takes a day such as 2024-02-29, not '%s'", option, value);
  *out = (int32_t)(at / DAY_US);
  return OK;
}

int cmd_archive_export(struct ctx *cx, struct cli *c) {
  struct db *db;
  struct file_out *file;
  const char *table = c->operand[0], *path = cli_get(c, "out");
  int32_t from = INT32_MIN, until = INT32_MAX;
  if (!path) path = ctx_printf(cx, "%s.parquet", table);
  if (day_option(cx, c, "from", &from) || day_option(cx, c, cli_has(c, "to") ? "to" : "until", &until) ||
      cli_read(cx, c, &db))
    return cx->code;
  if (file_begin(cx, &file, path, true)) return cx->code;
  if (export_parquet(cx, db, table, cli_get(c, "run"), from, until, file_write, file) || file_end(cx, file))
    return cx->code;
  if (!cli_has(c, "json")) return cli_print(cx, "%s: %lld bytes\n", path, (long long)file->bytes);
  struct buf out;
  struct jw w;
  buf_init(&out, KIB(8));
  jw_init(&w, &out);
  jw_object(&w, NULL);
  jw_text(&w, "file", path);
  jw_int(&w, "bytes", file->bytes);
  jw_close(&w, '}');
  return cli_print_json(cx, &out);
}
