/* cmd_data.c - folders, tenants, schemas, backups. */
#include <stdio.h>

#include "archive/backups.h"
#include "archive/pit.h"
#include "base/time.h"
#include "cli/cli.h"
#include "replicate/state.h"
#include "store/backup.h"

int cmd_init(struct ctx *cx, struct cli *c) {
  const char *dir = c->operand[0];
  struct jw *w = &c->json;
  if (store_init(cx, dir)) return cx->code;
  if (!cli_has(c, "json"))
    return cli_print(cx, "%s is a data folder now; `outpost tenant add SLUG --data %s` is next\n", dir, dir);
  jw_record(w, NULL, "data", dir);
  return cli_print_json(cx, &c->out);
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
  const struct tenant_info *list;
  size_t count;
  struct jw *w = &c->json;
  if (cli_store(cx, c, &s) || tenant_list(cx, s, &list, &count)) return cx->code;
  if (!cli_has(c, "json")) {
    for (size_t i = 0; i < count; i++) cli_print(cx, "%-24s %s\n", list[i].slug, list[i].name);
    if (count == 0) cli_print(cx, "no tenant yet; `outpost tenant add SLUG` makes one\n");
    return cx->code;
  }
  jw_array(w, NULL);
  for (size_t i = 0; i < count; i++)
    jw_record(w, NULL, "tenant", list[i].slug, "name", list[i].name, "id", list[i].id, "created_at",
              arg_time(list[i].created_at));
  jw_close(w, ']');
  return cli_print_json(cx, &c->out);
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

static int print_backup(struct ctx *cx, struct cli *c, const char *path, const struct backup_info *info) {
  if (!cli_has(c, "json"))
    return cli_print(cx, "%s: %lld bytes, up to change %lld, SHA-256 %s\n", path, (long long)info->bytes,
                     (long long)info->last_seq, info->sha256);
  struct jw *w = &c->json;
  jw_record(w, NULL, "file", path, "bytes", info->bytes, "last_change", info->last_seq, "sha256",
            info->sha256);
  return cli_print_json(cx, &c->out);
}

int cmd_backup_create(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  struct backup_info info;
  const char *made;
  if (cli_tenant(cx, c, &t) || backup_create(cx, t, cli_get(c, "out"), &made, &info)) return cx->code;
  return print_backup(cx, c, made, &info);
}

int cmd_backup_run(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  struct backup_result r;
  struct backup_info info = { 0 };
  if (cli_tenant(cx, c, &t) || backups_make(cx, t, &backup_keep_usual, &r)) return cx->code;
  info.bytes = r.bytes;
  info.last_seq = r.last_seq;
  str_copy(info.sha256, sizeof info.sha256, str_of(r.sha256));
  return print_backup(cx, c, r.file, &info);
}

int cmd_backup_drill(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  struct drill_result r;
  if (cli_tenant(cx, c, &t) || backups_drill(cx, t, &r)) return cx->code;
  if (!cli_has(c, "json"))
    return cli_print(cx,
                     "%s was restored aside: %lld tables with %lld rows are as in the copy, whose log is the "
                     "beginning of the log in use, up to change %lld; %.1f s\n",
                     r.file, (long long)r.tables, (long long)r.rows, (long long)r.last_seq, r.seconds);
  return cli_print(cx,
                   "{\"file\":\"%s\",\"tables\":%lld,\"rows\":%lld,\"last_change\":%lld,\"seconds\":%.3f}\n",
                   r.file, (long long)r.tables, (long long)r.rows, (long long)r.last_seq, r.seconds);
}

int cmd_backup_list(struct ctx *cx, struct cli *c) {
  struct db *db;
  struct jw *w = &c->json;
  struct jv *root;
  if (cli_read(cx, c, &db) || backups_status(cx, db, w, NULL)) return cx->code;
  if (cli_has(c, "json")) return cli_print_json(cx, &c->out);
  if (jv_parse(cx, buf_view(&c->out), &root)) return cx->code;
  struct jv *copies = jv_get(root, "copies");
  for (size_t i = 0; i < jv_size(copies); i++) {
    struct jv *k = jv_at(copies, i);
    cli_print(cx, "%.19s  %12.*s bytes  %.*s%s\n", jv_text(jv_get(k, "made_at")).p,
              STR_ARG(jv_text(jv_get(k, "bytes"))), STR_ARG(jv_text(jv_get(k, "file"))),
              jv_kind(jv_get(k, "drilled_at")) != JV_NULL ? "  (restored in a drill)" : "");
  }
  if (jv_size(copies) == 0) cli_print(cx, "no copy was made yet; `outpost backup run` makes one\n");
  return cx->code;
}

int cmd_backup_verify(struct ctx *cx, struct cli *c) {
  struct backup_info info;
  if (backup_verify(cx, c->operand[0], &info)) return cx->code;
  return print_backup(cx, c, c->operand[0], &info);
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

static const char COMES_BACK[] = "; what headquarters holds beyond it comes back with the next sync";

static int restore_at(struct ctx *cx, struct cli *c, struct store *s, const char *slug) {
  struct pit_result r;
  int64_t at;
  char point[TIME_SIZE];
  struct jw *w = &c->json;
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
  time_iso(point, r.at);
  if (!cli_has(c, "json"))
    return cli_print(
        cx, "tenant %s is as it was at %s (entry %lld of its log); entries taken back: %lld; %s%s%s\n", slug,
        point, (long long)r.seq, (long long)r.cut,
        r.kept ? "what was there is kept as " : "what was there could not be read", r.kept ? r.kept : "",
        back ? COMES_BACK : "");
  jw_record(w, NULL, "tenant", slug, "restored_from", r.source, "at", point, "last_change", r.seq,
            "taken_back", r.cut, "kept", r.kept, "comes_back", back);
  return cli_print_json(cx, &c->out);
}

int cmd_backup_restore(struct ctx *cx, struct cli *c) {
  struct store *s;
  const char *slug, *kept = NULL;
  if (cli_store(cx, c, &s) || cli_slug(cx, c, s, &slug)) return cx->code;
  if (cli_get(c, "at")) return restore_at(cx, c, s, slug);
  if (!c->operand_count) return cli_usage(cx, "backup restore needs a backup, or --at a time");
  if (backup_restore(cx, s, slug, c->operand[0], &kept)) return cx->code;
  if (!cli_has(c, "json"))
    return cli_print(cx, "tenant %s was restored from %s; %s%s%s\n", slug, c->operand[0],
                     kept ? "what was there is kept as " : "what was there could not be read",
                     kept ? kept : "", is_replicated(cx, s, slug) ? COMES_BACK : "");
  struct jw *w = &c->json;
  jw_record(w, NULL, "tenant", slug, "restored_from", c->operand[0], "kept", kept);
  return cli_print_json(cx, &c->out);
}
