/* cmd_why.c - where a figure, a row or a line comes from and goes to; what breaks if something changes. */
#include "base/limits.h"
#include "cli/cli.h"
#include "export/impact.h"
#include "export/trace.h"
#include "export/why.h"

/* ---- for people ---- */

static void print_place(struct ctx *cx, const struct jv *d) {
  int64_t offset = 0, length = 0;
  if (!jv_get(d, "offset")) return;
  str_to_int(jv_text(jv_get(d, "offset")), &offset);
  str_to_int(jv_text(jv_get(d, "length")), &length);
  cli_say(cx, d, "{source} line {line}, bytes {offset} to ");
  cli_print(cx, "%lld", (long long)(offset + length - 1));
}

static void print_values(struct ctx *cx, const struct jv *row) {
  const struct jv *values = jv_get(row, "values");
  for (void *it = jv_first(values); it; it = jv_next(values, it))
    cli_print(cx, "  %-16.*s %.*s\n", STR_ARG(jv_key(it)), STR_ARG(jv_text(jv_value(it))));
}

static void print_item(struct ctx *cx, const struct jv *item) {
  if (jv_get(item, "figure")) {
    cli_say(cx, item, "  run {run}  read {read}, clean {clean}, rejected {rejected}  {source}\n");
    return;
  }
  cli_print(cx, "  ");
  print_place(cx, item);
  cli_say(cx, item, "[, row {key}][, {reason}]\n    {raw}\n");
}

static void show_figure(struct ctx *cx, const struct jv *d) {
  const struct jv *tick = jv_get(d, "tick"), *items = jv_get(jv_get(d, "rows"), "items");
  cli_say(cx, d, "{title}\n  {value}\n  {formula}\n");
  if (jv_kind(tick) != JV_OBJECT)
    cli_say(cx, d, "- no second computation: {tick_reason}\n");
  else if (cli_is(tick, "ok"))
    cli_say(cx, tick, "✓ a second computation gives the same, {second}\n  {method}\n");
  else
    cli_say(cx, tick, "✗ the page shows {first}, a second computation gives {second}\n  {method}\n");
  cli_say(cx, d, "  {sql}\n\n");
  cli_print(cx, "%zu of ", jv_size(items));
  cli_say(cx, d, "{rows.total} {rows.kind}\n");
  for (size_t i = 0; i < jv_size(items); i++) print_item(cx, jv_at(items, i));
}

static void show_row(struct ctx *cx, const struct jv *d) {
  const struct jv *versions = jv_get(d, "versions");
  cli_say(cx, d, "{key}\n");
  print_values(cx, d);
  cli_say(cx, jv_get(d, "tick"), "{ok?✓:✗} {text}\n  ");
  print_place(cx, d);
  cli_say(cx, d, "\n    {raw}\n  SHA-256 {sha256}\n  run {run}\n");
  if (jv_size(versions) > 1) cli_print(cx, "\nversions\n");
  for (size_t i = 0; jv_size(versions) > 1 && i < jv_size(versions); i++) {
    cli_say(cx, jv_at(versions, i), "  {at}  {fate:-8} run {run} by {actor}  ");
    print_place(cx, jv_at(versions, i));
    cli_print(cx, "\n");
  }
  cli_say_each(cx, jv_get(d, "notes"), "note of {actor}, {at}: {text}\n");
}

static void show_line(struct ctx *cx, const struct jv *d) {
  const struct jv *row = jv_get(d, "row"), *exception = jv_get(d, "exception"),
                  *figures = jv_get(d, "figures");
  bool data = str_eq(jv_text(jv_get(d, "kind")), STR("data"));
  print_place(cx, d);
  cli_say(cx, d, "\n    {raw}\n  SHA-256 {sha256}\n");
  if (!cli_is(d, "intact")) cli_print(cx, "✗ the kept bytes around it are not those that came in\n");
  cli_say(cx, d, data ? "it is a record, and became: {fate}\n" : "it is no record: {kind}\n");
  if (jv_kind(exception) == JV_OBJECT)
    cli_say(cx, exception, "  exception {id}, {state}, {category}: {reason}\n");
  if (jv_kind(row) == JV_OBJECT) {
    print_values(cx, row);
    cli_say(cx, jv_get(row, "tick"), "{ok?✓:✗} {text}\n");
  }
  if (jv_size(figures)) cli_print(cx, "it counts in\n");
  cli_say_each(cx, figures, "  {}\n");
}

/* ---- which of the three ---- */

/* What was found stands in w, and is shown by `show`; NULL: as it is. */
struct answer {
  cli_show_fn *show;
  struct jw *w;
};

static int add_param(struct ctx *cx, struct params *p, const char *name, const char *value) {
  if (p->count == PARAMS_MOST)
    return fail(cx, E_LIMIT, NULL, "there are more than %d parameters", PARAMS_MOST);
  p->name[p->count] = name;
  p->value[p->count++] = value;
  return OK;
}

static int ask_figure(struct ctx *cx, struct db *db, const char *operand, const char *limit,
                      struct answer *a) {
  struct params p;
  size_t path = strcspn(operand, "?"), slash = strcspn(operand, "/");
  const char *dataset = ctx_strdup(cx, (struct str){ operand, slash });
  const char *measure = ctx_strdup(cx, (struct str){ operand + slash + 1, path - slash - 1 });
  struct str query = str_of(operand[path] ? operand + path + 1 : "");
  if (params_read(cx, query, &p)) return cx->code;
  if (!params_get(&p, "tick")) add_param(cx, &p, "tick", "all");
  if (limit && !params_get(&p, "limit")) add_param(cx, &p, "limit", limit);
  a->show = params_get(&p, "tick") && strcmp(params_get(&p, "tick"), "1") == 0 ? NULL : show_figure;
  return why_show(cx, db, a->w, NULL, dataset, measure, &p);
}

static int ask_row(struct ctx *cx, struct db *db, const char *dataset, const char *key, struct answer *a) {
  struct params p = { .count = 2, .name = { "as", "key" }, .value = { dataset, key } };
  a->show = show_row;
  return row_show(cx, db, a->w, NULL, &p);
}

static int ask_line(struct ctx *cx, struct db *db, const char *operand, struct answer *a) {
  const char *colon = strrchr(operand, ':');
  if (!colon || colon == operand || !colon[1])
    return cli_usage(
        cx, "'%s' is no figure (sales/revenue?region=North), no row (sales:KEY) and no line (RUN:LINE)",
        operand);
  const char *run = ctx_strdup(cx, (struct str){ operand, (size_t)(colon - operand) });
  struct params p = { .count = 2, .name = { "run", "line" }, .value = { run, colon + 1 } };
  a->show = show_line;
  return line_show(cx, db, a->w, NULL, &p);
}

static int ask(struct ctx *cx, struct db *db, const char *operand, const char *limit, struct answer *a) {
  size_t colon = strcspn(operand, ":");
  const char *before = ctx_strdup(cx, (struct str){ operand, colon });
  if (operand[colon] && dataset_find(before)) return ask_row(cx, db, before, operand + colon + 1, a);
  if (strchr(operand, '/')) return ask_figure(cx, db, operand, limit, a);
  return ask_line(cx, db, operand, a);
}

/* A row's tick stands in its document, a line's in that of its row. */
static bool is_red(const struct jv *d) {
  const struct jv *row = jv_get(d, "row"), *tick = jv_get(jv_kind(row) == JV_OBJECT ? row : d, "tick");
  bool damaged = jv_get(d, "intact") && !cli_is(d, "intact");
  return damaged || (jv_kind(tick) == JV_OBJECT && !cli_is(tick, "ok"));
}

int cmd_why(struct ctx *cx, struct cli *c) {
  struct answer a = { .w = &c->json };
  struct jv *d;
  struct db *db;
  if (cli_read(cx, c, &db) || ask(cx, db, c->operand[0], cli_get(c, "limit"), &a) ||
      jv_parse(cx, buf_view(&c->out), &d))
    return cx->code;
  if (is_red(d)) c->exit_code = EXIT_FAILED;
  return a.show ? cli_show(cx, c, a.show) : cli_print_json(cx, &c->out);
}

/* ---- impact ---- */

static void show_impact(struct ctx *cx, const struct jv *d) {
  cli_say(cx, d, "{text}\n");
  cli_say_each(cx, jv_get(d, "items"), "  {kind:-10} {name}: {text}\n");
}

int cmd_impact(struct ctx *cx, struct cli *c) {
  struct params p;
  struct db *db;
  if (params_read(cx, str_of(c->operand[0]), &p) || cli_read(cx, c, &db) ||
      impact_show(cx, db, &c->json, NULL, &p))
    return cx->code;
  return cli_show(cx, c, show_impact);
}
