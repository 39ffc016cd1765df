/* cmd_data.c - folders, tenants, schemas, backups. */
#include <stdio.h>

#include "base/limits.h"
#include "base/time.h"
#include "cli/cli.h"
#include "store/backup.h"

int cmd_init(struct ctx *cx, struct cli *c) {
  const char *dir = c->operand[0];
  struct buf out;
  struct jw w;
  if (store_init(cx, dir)) return cx->code;
  if (!cli_has(c, "json"))
    return cli_print(cx, "%s is a data folder now; `outpost tenant add SLUG --data %s` is next\n", dir, dir);
  buf_init(&out, KIB(64));
  jw_init(&w, &out);
  jw_object(&w, NULL);
  jw_text(&w, "data", dir);
  jw_close(&w, '}');
  return cli_print_json(cx, &out);
}

int cmd_tenant_add(struct ctx *cx, struct cli *c) {
  struct store *s;
  const char *slug = c->operand[0], *name = cli_get(c, "name");
  if (cli_store(cx, c, &s) || tenant_add(cx, s, slug, name ? name : slug)) return cx->code;
  return cli_has(c, "json") ? cli_print(cx, "{\"tenant\":\"%s\"}\n", slug)
                            : cli_print(cx, "tenant %s was added\n", slug);
}

int cmd_tenant_list(struct ctx *cx, struct cli *c) {
  struct store *s;
  struct tenant_info *list;
  size_t count;
  char at[TIME_SIZE];
  struct buf out;
  struct jw w;
  if (cli_store(cx, c, &s) || tenant_list(cx, s, &list, &count)) return cx->code;
  if (!cli_has(c, "json")) {
    for (size_t i = 0; i < count; i++) cli_print(cx, "%-24s %s\n", list[i].slug, list[i].name);
    if (count == 0) cli_print(cx, "no tenant yet; `outpost tenant add SLUG` makes one\n");
    return cx->code;
  }
  buf_init(&out, LIMIT_REPLY_BYTES);
  jw_init(&w, &out);
  jw_array(&w, NULL);
  for (size_t i = 0; i < count; i++) {
    jw_object(&w, NULL);
    jw_text(&w, "tenant", list[i].slug);
    jw_text(&w, "name", list[i].name);
    jw_text(&w, "id", list[i].id);
    jw_text(&w, "created_at", time_iso(at, list[i].created_at));
    jw_close(&w, '}');
  }
  jw_close(&w, ']');
  return cli_print_json(cx, &out);
}

int cmd_migrate(struct ctx *cx, struct cli *c) {
  struct store *s;
  const char *slug;
  int64_t to, from;
  if (cli_int(cx, c, "to", -1, &to) || cli_store(cx, c, &s) || cli_slug(cx, c, s, &slug)) return cx->code;
  if (tenant_schema(cx, s, slug, (int)to, &from)) return cx->code;
  if (to < 0) to = from;
  return cli_has(c, "json") ? cli_print(cx, "{\"tenant\":\"%s\",\"from\":%lld,\"schema\":%lld}\n", slug,
                                        (long long)from, (long long)to)
                            : cli_print(cx, "tenant %s has schema %lld\n", slug, (long long)to);
}

static int print_backup(struct ctx *cx, const struct cli *c, const char *path,
                        const struct backup_info *info) {
  if (!cli_has(c, "json"))
    return cli_print(cx, "%s: %lld bytes, up to change %lld, SHA-256 %s\n", path, (long long)info->bytes,
                     (long long)info->last_seq, info->sha256);
  struct buf out;
  struct jw w;
  buf_init(&out, KIB(8));
  jw_init(&w, &out);
  jw_object(&w, NULL);
  jw_text(&w, "file", path);
  jw_int(&w, "bytes", info->bytes);
  jw_int(&w, "last_change", info->last_seq);
  jw_text(&w, "sha256", info->sha256);
  jw_close(&w, '}');
  return cli_print_json(cx, &out);
}

int cmd_backup_create(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  struct backup_info info;
  const char *made;
  if (cli_tenant(cx, c, &t) || backup_create(cx, t, cli_get(c, "out"), &made, &info)) return cx->code;
  return print_backup(cx, c, made, &info);
}

int cmd_backup_verify(struct ctx *cx, struct cli *c) {
  struct backup_info info;
  if (backup_verify(cx, c->operand[0], &info)) return cx->code;
  return print_backup(cx, c, c->operand[0], &info);
}

int cmd_backup_restore(struct ctx *cx, struct cli *c) {
  struct store *s;
  const char *slug, *kept = NULL;
  if (cli_store(cx, c, &s) || cli_slug(cx, c, s, &slug)) return cx->code;
  if (backup_restore(cx, s, slug, c->operand[0], &kept)) return cx->code;
  if (!cli_has(c, "json"))
    return cli_print(cx, "tenant %s was restored from %s; %s%s\n", slug, c->operand[0],
                     kept ? "what was there is kept as " : "what was there could not be read",
                     kept ? kept : "");
  struct buf out;
  struct jw w;
  buf_init(&out, KIB(8));
  jw_init(&w, &out);
  jw_object(&w, NULL);
  jw_text(&w, "tenant", slug);
  jw_text(&w, "restored_from", c->operand[0]);
  jw_text(&w, "kept", kept);
  jw_close(&w, '}');
  return cli_print_json(cx, &out);
}
