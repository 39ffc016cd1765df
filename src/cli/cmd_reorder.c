/* cmd_reorder.c - what should be ordered, and what becomes of it. */
#include "cli/cli.h"
#include "inventory/reorder.h"

enum { SHOWN = 100, SHOWN_MOST = 10000 };

static struct str text(const struct jv *object, const char *key) {
  struct str s = jv_text(jv_get(object, key));
  return s.p ? s : STR("");
}

static int print_proposals(struct ctx *cx, struct str json) {
  struct jv *list;
  if (jv_parse(cx, json, &list)) return cx->code;
  if (!jv_size(list)) return cli_print(cx, "there is nothing to order\n");
  for (size_t i = 0; i < jv_size(list) && !cx->code; i++) {
    struct jv *p = jv_at(list, i);
    cli_print(cx, "%.*s  %-9.*s %-10.*s %10.*s of %.*s for %.*s\n    %.*s\n", STR_ARG(text(p, "id")),
              STR_ARG(text(p, "status")), STR_ARG(text(p, "state")), STR_ARG(text(p, "quantity")),
              STR_ARG(text(p, "sku")), STR_ARG(text(p, "warehouse")), STR_ARG(text(p, "reason")));
  }
  return cx->code;
}

static int list(struct ctx *cx, struct cli *c) {
  struct db *db;
  struct jw *w = &c->json;
  int64_t limit;
  if (cli_int(cx, c, "limit", SHOWN, &limit)) return cx->code;
  if (limit < 1 || limit > SHOWN_MOST) return cli_usage(cx, "--limit is from 1 to %d", SHOWN_MOST);
  if (cli_read(cx, c, &db)) return cx->code;
  reorder_list(cx, db, cli_get(c, "state"), limit, w, NULL);
  if (cx->code) return cx->code;
  if (cli_has(c, "json")) return cli_print_json(cx, &c->out);
  print_proposals(cx, buf_view(&c->out));
  return cx->code;
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
