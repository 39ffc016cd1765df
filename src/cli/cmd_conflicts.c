/* cmd_conflicts.c - changes that did not hold, because somebody else changed the same: the inbox. */
#include "cli/cli.h"
#include "replicate/conflict.h"
#include "replicate/same_key.h"

enum { SHOWN = 100, SHOWN_MOST = 1000 };

int cmd_sync_conflicts(struct ctx *cx, struct cli *c) {
  static const struct cli_column columns[] = {
    { "id", "id", -36 },       { "state", "state", -7 },
    { "lost_by", "lost", -9 }, { "happened_at", "found (UTC)", -19 },
    { "kind", "kind", -16 },   { "field", "field", -16 },
    { "title", "record", 0 },  { 0 },
  };
  struct db *db;
  int64_t limit;
  if (cli_int(cx, c, "limit", SHOWN, 1, SHOWN_MOST, &limit) || cli_read(cx, c, &db) ||
      conflict_list(cx, db, cli_has(c, "all"), limit, &c->json, NULL))
    return cx->code;
  return cli_print_list(cx, c, columns, "there are no conflicts");
}

int cmd_sync_take(struct ctx *cx, struct cli *c) {
  return cli_decide(cx, c, c->operand[0], conflict_take, "taken");
}
int cmd_sync_keep(struct ctx *cx, struct cli *c) {
  return cli_decide(cx, c, c->operand[0], conflict_keep, "kept");
}
int cmd_sync_reopen(struct ctx *cx, struct cli *c) {
  return cli_decide(cx, c, c->operand[0], conflict_reopen, "open");
}

int cmd_sync_rename(struct ctx *cx, struct cli *c) {
  struct same_key_rename r = { .id = c->operand[0], .note = cli_get(c, "reason") };
  struct tenant *t;
  if (jv_parse(cx, str_of(c->operand[1]), &r.values) || cli_tenant(cx, c, &t) ||
      tenant_write(cx, t, same_key_rename, &r))
    return cx->code;
  jw_record(&c->json, NULL, "id", r.id, "status", "taken");
  return cli_answer(cx, c, "renamed: both are there now\n");
}
