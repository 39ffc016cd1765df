/* cmd_why.c - where a figure, a row or a line comes from and goes to; what breaks if something changes. */
#include "base/limits.h"
#include "cli/cli.h"
#include "export/impact.h"
#include "export/trace.h"
#include "export/why.h"

static struct str text(struct jv *object, const char *key) {
  struct str s = jv_text(jv_get(object, key));
  return s.p ? s : STR("-");
}

static bool is_true(struct jv *object, const char *key) {
  return str_eq(jv_text(jv_get(object, key)), STR("true"));
}

static const char *mark(bool ok) { return ok ? "✓" : "✗"; }

/* ---- for people ---- */

static void print_place(struct ctx *cx, struct jv *d) {
  int64_t offset = 0, length = 0;
  if (!jv_get(d, "offset")) return;
  str_to_int(text(d, "offset"), &offset);
  str_to_int(text(d, "length"), &length);
  cli_print(cx, "%.*s line %.*s, bytes %lld to %lld", STR_ARG(text(d, "source")), STR_ARG(text(d, "line")),
            (long long)offset, (long long)(offset + length - 1));
}

static void print_values(struct ctx *cx, struct jv *row) {
  struct jv *values = jv_get(row, "values");
  for (void *it = jv_first(values); it; it = jv_next(values, it))
    cli_print(cx, "  %-16.*s %.*s\n", STR_ARG(jv_key(it)), STR_ARG(jv_text(jv_value(it))));
}

static void print_item(struct ctx *cx, struct jv *item) {
  if (jv_get(item, "figure")) {
    cli_print(cx, "  run %.*s  read %.*s, clean %.*s, rejected %.*s  %.*s\n", STR_ARG(text(item, "run")),
              STR_ARG(text(item, "read")), STR_ARG(text(item, "clean")), STR_ARG(text(item, "rejected")),
              STR_ARG(text(item, "source")));
    return;
  }
  cli_print(cx, "  ");
  print_place(cx, item);
  if (jv_get(item, "key")) cli_print(cx, ", row %.*s", STR_ARG(text(item, "key")));
  if (jv_get(item, "reason")) cli_print(cx, ", %.*s", STR_ARG(text(item, "reason")));
  cli_print(cx, "\n    %.*s\n", STR_ARG(text(item, "raw")));
}

static void print_figure(struct ctx *cx, struct jv *d) {
  struct jv *tick = jv_get(d, "tick"), *rows = jv_get(d, "rows"), *items = jv_get(rows, "items");
  cli_print(cx, "%.*s\n  %.*s\n  %.*s\n", STR_ARG(text(d, "title")), STR_ARG(text(d, "value")),
            STR_ARG(text(d, "formula")));
  if (jv_kind(tick) != JV_OBJECT)
    cli_print(cx, "- no second computation: %.*s\n", STR_ARG(text(d, "tick_reason")));
  else if (is_true(tick, "ok"))
    cli_print(cx, "%s a second computation gives the same, %.*s\n", mark(true),
              STR_ARG(text(tick, "second")));
  else
    cli_print(cx, "%s the page shows %.*s, a second computation gives %.*s\n", mark(false),
              STR_ARG(text(tick, "first")), STR_ARG(text(tick, "second")));
  if (jv_kind(tick) == JV_OBJECT) cli_print(cx, "  %.*s\n", STR_ARG(text(tick, "method")));
  cli_print(cx, "  %.*s\n\n%zu of %.*s %.*s\n", STR_ARG(text(d, "sql")), jv_size(items),
            STR_ARG(text(rows, "total")), STR_ARG(text(rows, "kind")));
  for (size_t i = 0; i < jv_size(items); i++) print_item(cx, jv_at(items, i));
}

static void print_row(struct ctx *cx, struct jv *d) {
  struct jv *tick = jv_get(d, "tick"), *versions = jv_get(d, "versions"), *notes = jv_get(d, "notes");
  cli_print(cx, "%.*s\n", STR_ARG(text(d, "key")));
  print_values(cx, d);
  cli_print(cx, "%s %.*s\n  ", mark(is_true(tick, "ok")), STR_ARG(text(tick, "text")));
  print_place(cx, d);
  cli_print(cx, "\n    %.*s\n  SHA-256 %.*s\n  run %.*s\n", STR_ARG(text(d, "raw")),
            STR_ARG(text(d, "sha256")), STR_ARG(text(d, "run")));
  if (jv_size(versions) > 1) cli_print(cx, "\nversions\n");
  for (size_t i = 0; jv_size(versions) > 1 && i < jv_size(versions); i++) {
    struct jv *v = jv_at(versions, i);
    cli_print(cx, "  %.*s  %-8.*s run %.*s by %.*s  ", STR_ARG(text(v, "at")), STR_ARG(text(v, "fate")),
              STR_ARG(text(v, "run")), STR_ARG(text(v, "actor")));
    print_place(cx, v);
    cli_print(cx, "\n");
  }
  for (size_t i = 0; i < jv_size(notes); i++)
    cli_print(cx, "note of %.*s, %.*s: %.*s\n", STR_ARG(text(jv_at(notes, i), "actor")),
              STR_ARG(text(jv_at(notes, i), "at")), STR_ARG(text(jv_at(notes, i), "text")));
}

static void print_line(struct ctx *cx, struct jv *d) {
  struct jv *row = jv_get(d, "row"), *exception = jv_get(d, "exception"), *figures = jv_get(d, "figures");
  print_place(cx, d);
  cli_print(cx, "\n    %.*s\n  SHA-256 %.*s\n", STR_ARG(text(d, "raw")), STR_ARG(text(d, "sha256")));
  if (!is_true(d, "intact"))
    cli_print(cx, "%s the kept bytes around it are not those that came in\n", mark(false));
  if (!str_eq(text(d, "kind"), STR("data")))
    cli_print(cx, "it is no record: %.*s\n", STR_ARG(text(d, "kind")));
  else
    cli_print(cx, "it is a record, and became: %.*s\n", STR_ARG(text(d, "fate")));
  if (jv_kind(exception) == JV_OBJECT)
    cli_print(cx, "  exception %.*s, %.*s, %.*s: %.*s\n", STR_ARG(text(exception, "id")),
              STR_ARG(text(exception, "state")), STR_ARG(text(exception, "category")),
              STR_ARG(text(exception, "reason")));
  if (jv_kind(row) == JV_OBJECT) {
    struct jv *tick = jv_get(row, "tick");
    print_values(cx, row);
    cli_print(cx, "%s %.*s\n", mark(is_true(tick, "ok")), STR_ARG(text(tick, "text")));
  }
  if (jv_size(figures)) cli_print(cx, "it counts in\n");
  for (size_t i = 0; i < jv_size(figures); i++)
    cli_print(cx, "  %.*s\n", STR_ARG(jv_text(jv_at(figures, i))));
}

/* ---- which of the three ---- */

struct answer {
  void (*print)(struct ctx *cx, struct jv *d);
  struct buf out;
  struct jw w;
  bool red;
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
  a->print = params_get(&p, "tick") && strcmp(params_get(&p, "tick"), "1") == 0 ? NULL : print_figure;
  return why_show(cx, db, &a->w, NULL, dataset, measure, &p, &a->red);
}

static int ask_row(struct ctx *cx, struct db *db, const char *dataset, const char *key, struct answer *a) {
  struct params p = { .count = 2, .name = { "as", "key" }, .value = { dataset, key } };
  a->print = print_row;
  return row_show(cx, db, &a->w, NULL, &p);
}

static int ask_line(struct ctx *cx, struct db *db, const char *operand, struct answer *a) {
  const char *colon = strrchr(operand, ':');
  if (!colon || colon == operand || !colon[1])
    return cli_usage(
        cx, "'%s' is no figure (sales/revenue?region=North), no row (sales:KEY) and no line (RUN:LINE)",
        operand);
  const char *run = ctx_strdup(cx, (struct str){ operand, (size_t)(colon - operand) });
  struct params p = { .count = 2, .name = { "run", "line" }, .value = { run, colon + 1 } };
  a->print = print_line;
  return line_show(cx, db, &a->w, NULL, &p);
}

static int ask(struct ctx *cx, struct db *db, const char *operand, const char *limit, struct answer *a) {
  size_t colon = strcspn(operand, ":");
  const char *before = ctx_strdup(cx, (struct str){ operand, colon });
  if (operand[colon] && dataset_find(before)) return ask_row(cx, db, before, operand + colon + 1, a);
  if (strchr(operand, '/')) return ask_figure(cx, db, operand, limit, a);
  return ask_line(cx, db, operand, a);
}

/* A row's tick stands in its document, a line's in that of its row. */
static bool is_red(struct jv *d) {
  struct jv *row = jv_get(d, "row"), *tick = jv_get(jv_kind(row) == JV_OBJECT ? row : d, "tick");
  bool damaged = jv_get(d, "intact") && !is_true(d, "intact");
  return damaged || (jv_kind(tick) == JV_OBJECT && !is_true(tick, "ok"));
}

int cmd_why(struct ctx *cx, struct cli *c) {
  struct answer a = { 0 };
  struct jv *d;
  struct db *db;
  if (cli_read(cx, c, &db)) return cx->code;
  buf_init(&a.out, LIMIT_REPLY_BYTES);
  jw_init(&a.w, &a.out);
  if (!ask(cx, db, c->operand[0], cli_get(c, "limit"), &a) && !jv_parse(cx, buf_view(&a.out), &d)) {
    if (is_red(d)) c->exit_code = EXIT_FAILED;
    if (cli_has(c, "json") || !a.print) return cli_print_json(cx, &a.out);
    a.print(cx, d);
  }
  buf_clear(&a.out);
  return cx->code;
}

/* ---- impact ---- */

int cmd_impact(struct ctx *cx, struct cli *c) {
  struct params p;
  struct jw *w = &c->json;
  struct jv *d;
  struct db *db;
  if (params_read(cx, str_of(c->operand[0]), &p) || cli_read(cx, c, &db)) return cx->code;
  if (!impact_show(cx, db, w, NULL, &p)) {
    if (cli_has(c, "json")) return cli_print_json(cx, &c->out);
    if (!jv_parse(cx, buf_view(&c->out), &d)) {
      struct jv *items = jv_get(d, "items");
      cli_print(cx, "%.*s\n", STR_ARG(text(d, "text")));
      for (size_t i = 0; i < jv_size(items); i++)
        cli_print(cx, "  %-10.*s %.*s: %.*s\n", STR_ARG(text(jv_at(items, i), "kind")),
                  STR_ARG(text(jv_at(items, i), "name")), STR_ARG(text(jv_at(items, i), "text")));
    }
  }
  return cx->code;
}
