/* cmd_reorder.c - what should be ordered, and what becomes of it. */
#include "cli/cli.h"
#include "inventory/reorder.h"

enum { SHOWN = 100, SHOWN_MOST = 10000 };

static void show_proposals(struct ctx *cx, const struct jv *list) {
  if (!jv_size(list)) cli_print(cx, "there is nothing to order\n");
  cli_say_each(cx, list,
               "{id}  {status:-9} {state:-10} {quantity:10} of {sku} for {warehouse}\n    {reason}\n");
}

static int list(struct ctx *cx, struct cli *c) {
  struct db *db;
  int64_t limit;
  if (cli_int(cx, c, "limit", SHOWN, 1, SHOWN_MOST, &limit) || cli_read(cx, c, &db) ||
      reorder_list(cx, db, cli_get(c, "state"), limit, &c->json, NULL))
    return cx->code;
  return cli_show(cx, c, show_proposals);
}

int cmd_stock_reorder(struct ctx *cx, struct cli *c) {
  const char *what = cli_operand(c, 0, NULL), *id = cli_operand(c, 1, NULL);
  if (!what) return list(cx, c);
  bool accept = !strcmp(what, "accept");
  if (!accept && strcmp(what, "dismiss") != 0)
    return cli_usage(cx, "a proposal is accepted or dismissed: `stock reorder accept ID`, not '%s'", what);
  if (!id) return cli_usage(cx, "say which proposal: `stock reorder %s ID`", what);
  return cli_decide(cx, c, id, accept ? reorder_accept : reorder_dismiss, accept ? "accepted" : "dismissed");
}
