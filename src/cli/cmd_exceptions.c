/* cmd_exceptions.c - the exceptions desk: look, correct, decide, give to somebody. */
#include "base/limits.h"
#include "cli/cli.h"
#include "export/desk.h"
#include "export/tables.h"
#include "ingest/correct.h"
#include "ingest/review.h"

static struct desk_filter filter_of(const struct cli *c) {
  return (struct desk_filter){ .run = cli_get(c, "run"),
                               .category = cli_get(c, "category"),
                               .control = cli_get(c, "control"),
                               .stage = cli_get(c, "stage"),
                               .source = cli_get(c, "source"),
                               .week = cli_get(c, "week"),
                               .state = cli_get(c, "state"),
                               .assignee = cli_get(c, "assignee"),
                               .pattern = cli_get(c, "pattern"),
                               .q = cli_get(c, "search") };
}

static bool is_filtered(const struct desk_filter *f) {
  return f->run || f->category || f->control || f->stage || f->source || f->week || f->state || f->assignee ||
         f->pattern || f->q;
}

/* ---- the list ---- */

static const char FAULT[] = "  - {reason} ({control})\n";

static int print_list(struct ctx *cx, struct str json) {
  struct jv *list;
  if (jv_parse(cx, json, &list)) return cx->code;
  for (size_t i = 0; i < jv_size(list) && !cx->code; i++) {
    cli_say(cx, jv_at(list, i), "{id}  line {line}  {category}  {state}[  {assignee}]\n  {raw}\n");
    cli_say_each(cx, jv_get(jv_at(list, i), "faults"), FAULT);
  }
  return cx->code;
}

/* One page, in a unit of work of its own; the documents of all pages make one array. */
static int print_page(struct ctx *cx, struct tenant *t, const struct desk_filter *f, int64_t after,
                      int64_t limit, bool json, bool *any, int64_t *next) {
  struct ctx page;
  struct buf out;
  struct jw w;
  int64_t total;
  ctx_begin(&page, cx->actor);
  buf_init(&out, LIMIT_REPLY_BYTES);
  jw_init(&w, &out);
  if (!desk_list(&page, t, f, after, limit, &w, NULL, &total, next)) {
    if (out.full)
      fail(&page, E_LIMIT, NULL, "these exceptions are too large to be listed; --csv writes them");
    else if (!json)
      print_list(&page, buf_view(&out));
    else if (out.n > 2)
      cli_print(&page, "%s%.*s", *any ? ",\n" : "", (int)out.n - 2, out.p + 1);
    *any = *any || out.n > 2;
  }
  buf_clear(&out);
  if (page.code) fail_from(cx, &page);
  ctx_end(&page);
  return cx->code;
}

static int print_pages(struct ctx *cx, struct cli *c, struct tenant *t, const struct desk_filter *f) {
  enum { PAGE = 500 };
  int64_t left, next = 0;
  bool json = cli_has(c, "json"), any = false;
  if (cli_int(cx, c, "limit", INT64_MAX, 0, INT64_MAX, &left)) return cx->code;
  if (json) cli_print(cx, "[");
  while (left > 0 && !cx->code) {
    int64_t limit = left < PAGE ? left : PAGE;
    print_page(cx, t, f, next, limit, json, &any, &next);
    if (!next) break;
    left -= limit;
  }
  if (json) cli_print(cx, "]\n");
  return cx->code;
}

/* ---- the summary ---- */

static void show_names(struct ctx *cx, const struct jv *summary, const char *key) {
  enum { SHOWN = 20 };
  const struct jv *list = jv_get(summary, key);
  cli_print(cx, "\n%-40s %10s %10s %10s\n", key, "open", "corrected", "accepted");
  for (size_t i = 0; i < jv_size(list) && i < SHOWN; i++)
    cli_say(cx, jv_at(list, i), "  {name:-38} {open:10} {corrected:10} {accepted:10}\n");
  if (jv_size(list) > SHOWN) cli_print(cx, "  and %zu more\n", jv_size(list) - SHOWN);
}

static void show_summary(struct ctx *cx, const struct jv *summary) {
  static const char *const keys[] = { "by_category", "by_control", "by_source", "by_week", "by_assignee" };
  const struct jv *patterns = jv_get(summary, "patterns");
  cli_say(cx, summary, "{total} exceptions: {open} open, {corrected} corrected, {accepted} accepted\n");
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) show_names(cx, summary, keys[i]);
  if (jv_size(patterns)) cli_print(cx, "\nwhat comes again and again\n");
  cli_say_each(cx, patterns, "  {pattern}  {text} ({control})\n");
}

int cmd_exceptions(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  struct db *db;
  struct desk_filter f = filter_of(c), rest = f;
  rest.run = NULL;
  if ((is_filtered(&rest) || cli_has(c, "limit")) && (cli_has(c, "file") || cli_has(c, "csv")))
    return cli_usage(cx, "--file and --csv write all exceptions; filters and --limit go with --json, "
                         "--summary or the list");
  if (cli_tenant(cx, c, &t)) return cx->code;
  if (cli_has(c, "summary"))
    return desk_summary(cx, t, &f, &c->json, NULL) ? (int)cx->code : cli_show(cx, c, show_summary);
  if (!cli_has(c, "file") && !cli_has(c, "csv")) return print_pages(cx, c, t, &f);
  if (tenant_read(cx, t, &db)) return cx->code;
  if (cli_has(c, "file")) return export_exception_file(cx, db, f.run ? f.run : "latest", cli_write, NULL);
  return export_table(cx, db, "exceptions", f.run, EXPORT_CSV, cli_write, NULL);
}

/* ---- one ---- */

static void show_one(struct ctx *cx, const struct jv *x) {
  const struct jv *cells = jv_get(x, "cells");
  cli_say(cx, x, "{id}  {state}\nline {line} of {source}, run {run}\n{raw}\n");
  cli_say_each(cx, jv_get(x, "faults"), FAULT);
  for (size_t i = 0; i < jv_size(cells); i++) {
    cli_print(cx, "%s", jv_size(jv_get(jv_at(cells, i), "controls")) ? "!" : " ");
    cli_say(cx, jv_at(cells, i), " {heading:-24} {field:-12} {value}\n");
  }
  cli_say_each(cx, jv_get(x, "history"), "{at}  {actor}  {text}\n");
}

static int not_a_number(struct ctx *cx, const char *operand) {
  return cli_usage(cx, "an exception is named by its number, not '%s'", operand);
}

int cmd_exception_show(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  int64_t id;
  if (!str_to_int(str_of(c->operand[0]), &id)) return not_a_number(cx, c->operand[0]);
  if (cli_tenant(cx, c, &t) || desk_one(cx, t, id, &c->json, NULL)) return cx->code;
  return cli_show(cx, c, show_one);
}

/* ---- which ones: by number, or all that fit ---- */

struct chosen {
  int64_t *id;
  size_t count;
  int operands; /* so many of them are numbers */
  bool by_filter;
};

static int choose(struct ctx *cx, struct cli *c, const char *state, struct tenant **t, struct chosen *out) {
  struct desk_filter f = filter_of(c);
  *out = (struct chosen){ .id = ctx_alloc(cx, ARGS_MAX * sizeof *out->id) };
  while (out->operands < c->operand_count &&
         str_to_int(str_of(c->operand[out->operands]), &out->id[out->count]))
    out->operands++, out->count++;
  out->by_filter = is_filtered(&f);
  if (out->by_filter == (out->count > 0))
    return cli_usage(cx, "say which exceptions: either their numbers, or a filter such as --control "
                         "region_known");
  if (!f.state) f.state = state;
  if (cli_tenant(cx, c, t)) return cx->code;
  return out->by_filter ? desk_select(cx, *t, &f, &out->id, &out->count) : OK;
}

/* ---- correcting ---- */

static int print_corrected(struct ctx *cx, struct cli *c, const struct chosen *chosen,
                           const struct correct_result *r) {
  if (cli_has(c, "json")) {
    struct jw *w = &c->json;
    jw_object(w, NULL);
    if (!chosen->by_filter && chosen->count == 1) {
      jw_int(w, "exception", chosen->id[0]);
      correct_write_one(w, r);
    } else {
      correct_write(w, r);
    }
    jw_close(w, '}');
    return cli_print_json(cx, &c->out);
  }
  for (int i = 0; i < r->fault_count; i++) {
    struct jv *faults;
    if (jv_parse(cx, str_of(r->fault[i].faults), &faults)) return cx->code;
    cli_print(cx, "exception %lld is still open:\n", (long long)r->fault[i].exception);
    cli_say_each(cx, faults, FAULT);
  }
  return cli_print(cx, "%lld corrected%s%s, %lld still open\n", (long long)r->corrected,
                   r->run_count ? " by run " : "", r->run_count ? r->run[0] : "", (long long)r->still_open);
}

int cmd_exception_fix(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  struct chosen chosen;
  struct correct_result *result = ctx_alloc(cx, sizeof *result);
  struct correct_change changes[ARGS_MAX];
  size_t count = 0;
  if (c->operand_count > 0 && !strchr(c->operand[0], '=') &&
      !str_to_int(str_of(c->operand[0]), &(int64_t){ 0 }))
    return not_a_number(cx, c->operand[0]);
  if (choose(cx, c, "open", &t, &chosen)) return cx->code;
  for (int i = chosen.operands; i < c->operand_count; i++)
    if (correct_change_read(cx, c->operand[i], &changes[count++])) return cx->code;
  if (correct_many(cx, t, chosen.id, chosen.count, changes, count, chosen.by_filter, result) ||
      cli_follow(cx, t))
    return cx->code;
  if (result->still_open) c->exit_code = EXIT_EXCEPTIONS;
  return print_corrected(cx, c, &chosen, result);
}

/* ---- deciding ---- */

static int review(struct ctx *cx, struct cli *c, const char *state, const struct review_change *change,
                  const char *done) {
  struct tenant *t;
  struct chosen chosen;
  int64_t changed;
  if (choose(cx, c, state, &t, &chosen)) return cx->code;
  if (chosen.operands < c->operand_count) return not_a_number(cx, c->operand[chosen.operands]);
  if (review_many(cx, t, chosen.id, chosen.count, change, chosen.by_filter, &changed)) return cx->code;
  jw_record(&c->json, NULL, "chosen", (int64_t)chosen.count, "changed", changed);
  return cli_answer(cx, c, ctx_printf(cx, "{changed} exceptions %s\n", done));
}

int cmd_exception_accept(struct ctx *cx, struct cli *c) {
  const char *reason = cli_get(c, "reason");
  if (!reason) return cli_usage(cx, "who accepts an exception says why: --reason TEXT");
  return review(cx, c, "open",
                &(struct review_change){ .decides = true, .decision = "accepted", .reason = reason },
                "were accepted");
}

int cmd_exception_reopen(struct ctx *cx, struct cli *c) {
  return review(cx, c, "accepted", &(struct review_change){ .decides = true }, "are open again");
}

int cmd_exception_assign(struct ctx *cx, struct cli *c) {
  const char *to = cli_get(c, "to");
  if (!to) return cli_usage(cx, "say who gets them: --to WHO, or --to - for nobody");
  bool nobody = !strcmp(to, "-");
  return review(cx, c, "open", &(struct review_change){ .assigns = true, .assignee = nobody ? NULL : to },
                nobody ? "belong to nobody now" : "were given away");
}
