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

static struct str text(struct jv *object, const char *key) {
  struct str s = jv_text(jv_get(object, key));
  return s.p ? s : STR("-");
}

/* ---- the list ---- */

static void print_faults(struct ctx *cx, struct jv *faults) {
  for (size_t k = 0; k < jv_size(faults); k++)
    cli_print(cx, "  - %.*s (%.*s)\n", STR_ARG(text(jv_at(faults, k), "reason")),
              STR_ARG(text(jv_at(faults, k), "control")));
}

static int print_list(struct ctx *cx, struct str json) {
  struct jv *list;
  if (jv_parse(cx, json, &list)) return cx->code;
  for (size_t i = 0; i < jv_size(list) && !cx->code; i++) {
    struct jv *x = jv_at(list, i);
    struct str who = jv_text(jv_get(x, "assignee"));
    cli_print(cx, "%.*s  line %.*s  %.*s  %.*s%s%.*s\n  %.*s\n", STR_ARG(text(x, "id")),
              STR_ARG(text(x, "line")), STR_ARG(text(x, "category")), STR_ARG(text(x, "state")),
              who.p ? "  " : "", STR_ARG(who), STR_ARG(text(x, "raw")));
    print_faults(cx, jv_get(x, "faults"));
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
  if (cli_int(cx, c, "limit", INT64_MAX, &left)) return cx->code;
  if (left < 0) return cli_usage(cx, "--limit takes 0 or more");
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

static void print_names(struct ctx *cx, struct jv *summary, const char *key) {
  enum { SHOWN = 20 };
  struct jv *list = jv_get(summary, key);
  cli_print(cx, "\n%-40s %10s %10s %10s\n", key, "open", "corrected", "accepted");
  for (size_t i = 0; i < jv_size(list) && i < SHOWN; i++) {
    struct jv *x = jv_at(list, i);
    cli_print(cx, "  %-38.*s %10.*s %10.*s %10.*s\n", STR_ARG(text(x, "name")), STR_ARG(text(x, "open")),
              STR_ARG(text(x, "corrected")), STR_ARG(text(x, "accepted")));
  }
  if (jv_size(list) > SHOWN) cli_print(cx, "  and %zu more\n", jv_size(list) - SHOWN);
}

static int print_summary(struct ctx *cx, struct str json) {
  static const char *const keys[] = { "by_category", "by_control", "by_source", "by_week", "by_assignee" };
  struct jv *x;
  if (jv_parse(cx, json, &x)) return cx->code;
  cli_print(cx, "%.*s exceptions: %.*s open, %.*s corrected, %.*s accepted\n", STR_ARG(text(x, "total")),
            STR_ARG(text(x, "open")), STR_ARG(text(x, "corrected")), STR_ARG(text(x, "accepted")));
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) print_names(cx, x, keys[i]);
  struct jv *patterns = jv_get(x, "patterns");
  if (jv_size(patterns)) cli_print(cx, "\nwhat comes again and again\n");
  for (size_t i = 0; i < jv_size(patterns); i++)
    cli_print(cx, "  %.*s  %.*s (%.*s)\n", STR_ARG(text(jv_at(patterns, i), "pattern")),
              STR_ARG(text(jv_at(patterns, i), "text")), STR_ARG(text(jv_at(patterns, i), "control")));
  return cx->code;
}

static int show_summary(struct ctx *cx, struct cli *c, struct tenant *t, const struct desk_filter *f) {
  struct jw *w = &c->json;
  if (!desk_summary(cx, t, f, w, NULL)) {
    if (cli_has(c, "json")) return cli_print_json(cx, &c->out);
    print_summary(cx, buf_view(&c->out));
  }
  return cx->code;
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
  if (cli_has(c, "summary")) return show_summary(cx, c, t, &f);
  if (!cli_has(c, "file") && !cli_has(c, "csv")) return print_pages(cx, c, t, &f);
  if (tenant_read(cx, t, &db)) return cx->code;
  if (cli_has(c, "file")) return export_exception_file(cx, db, f.run ? f.run : "latest", cli_write, NULL);
  return export_table(cx, db, "exceptions", f.run, EXPORT_CSV, cli_write, NULL);
}

/* ---- one ---- */

static int print_one(struct ctx *cx, struct str json) {
  struct jv *x;
  if (jv_parse(cx, json, &x)) return cx->code;
  struct jv *cells = jv_get(x, "cells"), *history = jv_get(x, "history");
  cli_print(cx, "%.*s  %.*s\nline %.*s of %.*s, run %.*s\n%.*s\n", STR_ARG(text(x, "id")),
            STR_ARG(text(x, "state")), STR_ARG(text(x, "line")), STR_ARG(text(x, "source")),
            STR_ARG(text(x, "run")), STR_ARG(text(x, "raw")));
  print_faults(cx, jv_get(x, "faults"));
  for (size_t i = 0; i < jv_size(cells); i++) {
    struct jv *cell = jv_at(cells, i);
    cli_print(cx, "%s %-24.*s %-12.*s %.*s\n", jv_size(jv_get(cell, "controls")) ? "!" : " ",
              STR_ARG(text(cell, "heading")), STR_ARG(text(cell, "field")), STR_ARG(text(cell, "value")));
  }
  for (size_t i = 0; i < jv_size(history); i++)
    cli_print(cx, "%.*s  %.*s  %.*s\n", STR_ARG(text(jv_at(history, i), "at")),
              STR_ARG(text(jv_at(history, i), "actor")), STR_ARG(text(jv_at(history, i), "text")));
  return cx->code;
}

int cmd_exception_show(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  struct jw *w = &c->json;
  int64_t id;
  if (!str_to_int(str_of(c->operand[0]), &id))
    return cli_usage(cx, "an exception is named by its number, not '%s'", c->operand[0]);
  if (cli_tenant(cx, c, &t)) return cx->code;
  if (!desk_one(cx, t, id, w, NULL)) {
    if (cli_has(c, "json")) return cli_print_json(cx, &c->out);
    print_one(cx, buf_view(&c->out));
  }
  return cx->code;
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
    print_faults(cx, faults);
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
    return cli_usage(cx, "an exception is named by its number, not '%s'", c->operand[0]);
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
  if (chosen.operands < c->operand_count)
    return cli_usage(cx, "an exception is named by its number, not '%s'", c->operand[chosen.operands]);
  if (review_many(cx, t, chosen.id, chosen.count, change, chosen.by_filter, &changed)) return cx->code;
  if (cli_has(c, "json"))
    return cli_print(cx, "{\"chosen\":%zu,\"changed\":%lld}\n", chosen.count, (long long)changed);
  return cli_print(cx, "%lld exceptions %s\n", (long long)changed, done);
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
