/* cmd_data.c - folders, tenants, schemas, backups. */
#include <stdio.h>

#include "archive/backups.h"
#include "archive/pit.h"
#include "base/time.h"
#include "cli/cli.h"
#include "replicate/state.h"
#include "store/backup.h"

int cmd_init(struct ctx *cx, struct cli *c) {
  if (store_init(cx, c->operand[0])) return cx->code;
  jw_record(&c->json, NULL, "data", c->operand[0]);
  return cli_answer(cx, c, "{data} is a data folder now; `outpost tenant add SLUG --data {data}` is next\n");
}

int cmd_tenant_add(struct ctx *cx, struct cli *c) {
  struct store *s;
  const char *slug = c->operand[0], *name = cli_get(c, "name");
  if (cli_store(cx, c, &s) || tenant_add(cx, s, slug, name ? name : slug)) return cx->code;
  jw_record(&c->json, NULL, "tenant", slug);
  return cli_answer(cx, c, "tenant {tenant} was added\n");
}

static void show_tenants(struct ctx *cx, const struct jv *list) {
  cli_say_each(cx, list, "{tenant:-24} {name}\n");
  if (!jv_size(list)) cli_print(cx, "no tenant yet; `outpost tenant add SLUG` makes one\n");
}

int cmd_tenant_list(struct ctx *cx, struct cli *c) {
  struct store *s;
  const struct tenant_info *list;
  size_t count;
  struct jw *w = &c->json;
  if (cli_store(cx, c, &s) || tenant_list(cx, s, &list, &count)) return cx->code;
  jw_array(w, NULL);
  for (size_t i = 0; i < count; i++)
    jw_record(w, NULL, "tenant", list[i].slug, "name", list[i].name, "id", list[i].id, "created_at",
              arg_time(list[i].created_at));
  jw_close(w, ']');
  return cli_show(cx, c, show_tenants);
}

int cmd_migrate(struct ctx *cx, struct cli *c) {
  struct store *s;
  const char *slug;
  int64_t to, from;
  if (cli_int(cx, c, "to", -1, -1, INT32_MAX, &to) || cli_store(cx, c, &s) || cli_slug(cx, c, s, &slug) ||
      tenant_schema(cx, s, slug, (int)to, &from))
    return cx->code;
  jw_record(&c->json, NULL, "tenant", slug, "from", from, "schema", to < 0 ? from : to);
  return cli_answer(cx, c, "tenant {tenant} has schema {schema}\n");
}

static int tell_backup(struct ctx *cx, struct cli *c, const char *path, const struct backup_info *info) {
  jw_record(&c->json, NULL, "file", path, "bytes", info->bytes, "last_change", info->last_seq, "sha256",
            info->sha256);
  return cli_answer(cx, c, "{file}: {bytes} bytes, up to change {last_change}, SHA-256 {sha256}\n");
}

int cmd_backup_create(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  struct backup_info info;
  const char *made;
  if (cli_tenant(cx, c, &t) || backup_create(cx, t, cli_get(c, "out"), &made, &info)) return cx->code;
  return tell_backup(cx, c, made, &info);
}

int cmd_backup_run(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  struct backup_result r;
  struct backup_info info = { 0 };
  if (cli_tenant(cx, c, &t) || backups_make(cx, t, &backup_keep_usual, &r)) return cx->code;
  info.bytes = r.bytes;
  info.last_seq = r.last_seq;
  str_copy(info.sha256, sizeof info.sha256, str_of(r.sha256));
  return tell_backup(cx, c, r.file, &info);
}

int cmd_backup_drill(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  struct drill_result r;
  if (cli_tenant(cx, c, &t) || backups_drill(cx, t, &r)) return cx->code;
  jw_record(&c->json, NULL, "file", r.file, "tables", r.tables, "rows", r.rows, "last_change", r.last_seq,
            "seconds", arg_real(r.seconds, 3));
  return cli_answer(
      cx, c,
      "{file} was restored aside: {tables} tables with {rows} rows are as in the copy, whose log is "
      "the beginning of the log in use, up to change {last_change}; {seconds} s\n");
}

static void show_backups(struct ctx *cx, const struct jv *status) {
  const struct jv *copies = jv_get(status, "copies");
  cli_say_each(cx, copies,
               "{made_at:.19}  {bytes:12} bytes  {file}[  (restored in a drill){drilled_at:.0}]\n");
  if (jv_size(copies) == 0) cli_print(cx, "no copy was made yet; `outpost backup run` makes one\n");
}

int cmd_backup_list(struct ctx *cx, struct cli *c) {
  struct db *db;
  if (cli_read(cx, c, &db) || backups_status(cx, db, &c->json, NULL)) return cx->code;
  return cli_show(cx, c, show_backups);
}

int cmd_backup_verify(struct ctx *cx, struct cli *c) {
  struct backup_info info;
  if (backup_verify(cx, c->operand[0], &info)) return cx->code;
  return tell_backup(cx, c, c->operand[0], &info);
}

/* 2024-02-29T10:15, with seconds or without; UTC. */
static int point_in_time(struct ctx *cx, const char *text, int64_t *at) {
  const char *full = strlen(text) == 16 ? ctx_printf(cx, "%s:00", text) : text;
  if (time_parse_iso(str_of(full), at)) return OK;
  return cli_usage(cx, "--at takes a time such as 2024-02-29T10:15 (UTC), not '%s'", text);
}

/* Does headquarters hold what this file has? No, when nobody can read it. */
static bool is_replicated(struct ctx *cx, struct store *s, const char *slug) {
  struct ctx aside;
  struct tenant *t;
  struct db *db;
  struct sync_upstream u = { 0 };
  ctx_begin(&aside, cx->actor);
  bool is = !tenant_inspect(&aside, s, slug, &t) && !tenant_read(&aside, t, &db) &&
            !sync_upstream_read(&aside, db, &u) && u.enrolled;
  ctx_end(&aside);
  return is;
}

/* The document is begun by who restored. */
static int tell_restored(struct ctx *cx, struct cli *c, const char *what, bool kept, bool comes_back) {
  return cli_answer(
      cx, c,
      ctx_printf(cx, "tenant {tenant} %s; %s%s\n", what,
                 kept ? "what was there is kept as {kept}" : "what was there could not be read",
                 comes_back ? "; what headquarters holds beyond it comes back with the next sync" : ""));
}

static int restore_at(struct ctx *cx, struct cli *c, struct store *s, const char *slug) {
  struct pit_result r;
  int64_t at;
  char point[TIME_SIZE];
  bool back = is_replicated(cx, s, slug);
  if (point_in_time(cx, cli_get(c, "at"), &at)) return cx->code;
  if (back && !cli_has(c, "force"))
    return fail(
        cx, E_CONFLICT, "at",
        "tenant %s replicates: headquarters holds what would be taken back, and the next sync fetches it "
        "back. Take back what people did by undo (outpost undo, outpost record restore); when it is this "
        "file that is wrong, add --force",
        slug);
  if (pit_restore(cx, s, slug, at, cli_operand(c, 0, NULL), &r)) return cx->code;
  jw_record(&c->json, NULL, "tenant", slug, "restored_from", r.source, "at", time_iso(point, r.at),
            "last_change", r.seq, "taken_back", r.cut, "kept", r.kept, "comes_back", back);
  return tell_restored(
      cx, c, "is as it was at {at} (entry {last_change} of its log); entries taken back: {taken_back}",
      r.kept, back);
}

int cmd_backup_restore(struct ctx *cx, struct cli *c) {
  struct store *s;
  const char *slug, *kept = NULL;
  if (cli_store(cx, c, &s) || cli_slug(cx, c, s, &slug)) return cx->code;
  if (cli_get(c, "at")) return restore_at(cx, c, s, slug);
  if (!c->operand_count) return cli_usage(cx, "backup restore needs a backup, or --at a time");
  if (backup_restore(cx, s, slug, c->operand[0], &kept)) return cx->code;
  jw_record(&c->json, NULL, "tenant", slug, "restored_from", c->operand[0], "kept", kept);
  return tell_restored(cx, c, "was restored from {restored_from}", kept, is_replicated(cx, s, slug));
}
