/* cmd_undo.c - imports taken back and brought back, rows changed: undo, redo, edit. */
#include "base/decimal.h"
#include "cli/cli.h"
#include "ingest/edit.h"
#include "ingest/undo.h"

static void print_figures(struct ctx *cx, const struct undo_result *r) {
  const struct dataset *d = r->dataset;
  cli_print(cx, "orders   %lld -> %lld\n", (long long)r->before[0], (long long)r->after[0]);
  for (int i = 0, n = 1; i < d->field_count; i++) {
    struct buf b;
    if (!d->fields[i].total) continue;
    buf_init(&b, 128);
    dec_print(&b, r->before[n], d->fields[i].scale, 2);
    buf_puts(&b, " -> ");
    dec_print(&b, r->after[n++], d->fields[i].scale, 2);
    cli_print(cx, "%-8s %s\n", d->fields[i].name, b.p);
    buf_clear(&b);
  }
}

static void print_rows(struct ctx *cx, const char *what, const struct undo_row *rows, int named,
                       int64_t all) {
  for (int i = 0; i < named; i++)
    cli_print(cx, "  %s %s: %s%s%s\n", what, rows[i].key, rows[i].reason, rows[i].run ? ", run " : "",
              rows[i].run ? rows[i].run : "");
  if (all > named) cli_print(cx, "  ... and %lld more\n", (long long)(all - named));
}

static int print_result(struct ctx *cx, const struct undo_result *r) {
  cli_print(cx, "%s of run %s%s\n", r->redo ? "redo" : "undo", r->run, r->dry_run ? ", as it would be" : "");
  if (r->redo)
    cli_print(cx, "placed   %lld\nreplaced %lld\nbelow    %lld\nstayed   %lld\nsettled  %lld exceptions\n",
              (long long)r->placed, (long long)r->replaced, (long long)r->below, (long long)r->there,
              (long long)r->settled);
  else
    cli_print(cx, "removed  %lld\nrestored %lld\nkept     %lld\nblocked  %lld\nreopened %lld exceptions\n",
              (long long)r->removed, (long long)r->restored, (long long)r->kept, (long long)r->blocked,
              (long long)r->reopened);
  print_rows(cx, "kept", r->kept_rows, r->kept_named, r->kept);
  print_rows(cx, "blocked", r->blocked_rows, r->blocked_named, r->blocked);
  for (int i = 0; i < r->dependent_count; i++) cli_print(cx, "  %s\n", r->dependent[i].text);
  print_figures(cx, r);
  return cli_print(cx, "%.2f s\n", r->seconds);
}

static int undo_or_redo(struct ctx *cx, struct cli *c, bool redo) {
  struct tenant *t;
  struct undo_result *r = ctx_alloc(cx, sizeof *r);
  struct jw *w = &c->json;
  if (cli_tenant(cx, c, &t)) return cx->code;
  if ((redo ? redo_run : undo_run)(cx, t, c->operand[0], cli_has(c, "dry-run"), r)) return cx->code;
  if (!r->dry_run && cli_follow(cx, t)) return cx->code;
  if (!cli_has(c, "json")) return print_result(cx, r);
  undo_json(w, NULL, r);
  return cli_print_json(cx, &c->out);
}

int cmd_undo(struct ctx *cx, struct cli *c) { return undo_or_redo(cx, c, false); }
int cmd_redo(struct ctx *cx, struct cli *c) { return undo_or_redo(cx, c, true); }

int cmd_edit(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  struct import_result result;
  struct correct_change *changes = ctx_alloc(cx, (size_t)c->operand_count * sizeof *changes);
  const struct dataset *d;
  if (cli_dataset(cx, c, &d)) return cx->code;
  for (int i = 1; i < c->operand_count; i++)
    if (correct_change_read(cx, c->operand[i], &changes[i - 1])) return cx->code;
  if (cli_tenant(cx, c, &t) ||
      edit_row(cx, t, d, str_of(c->operand[0]), changes, (size_t)c->operand_count - 1, &result) ||
      cli_follow(cx, t))
    return cx->code;
  jw_record(&c->json, NULL, "run", result.run, "changed", arg_bool(result.updated != 0));
  return cli_answer(cx, c,
                    result.updated ? "changed by run {run}\n" : "nothing differs; run {run} says the same\n");
}
