/* cmd_rules.c - the rules: what they are, what others would do to history, and making them hold. */
#include "base/limits.h"
#include "cli/cli.h"
#include "format/input.h"
#include "ingest/import.h"
#include "ingest/kept.h"
#include "ingest/rejudge.h"
#include "record/record.h"

/* ---- list ---- */

static void show_rules(struct ctx *cx, const struct jv *rules, const struct dataset *d) {
  cli_print(cx, "%-22s %4s  %-3s %-10s %-11s %-10s %-23s %-36s  %s\n", "rule", "v", "", "stage", "kind",
            "field", "category", "id", "parameters");
  for (size_t i = 0; i < jv_size(rules) && !cx->code; i++) {
    const struct jv *rule = jv_at(rules, i);
    struct buf params;
    if (!str_eq(jv_text(jv_get(rule, "dataset")), str_of(d->name))) continue;
    cli_say(
        cx, rule,
        "{name:-22} {version:4}  {active?on :off} {stage:-10} {kind:-11} {field:-10} {category:-23} {id}  ");
    buf_init(&params, LIMIT_TEXT_BYTES);
    jv_write(&params, jv_get(rule, "params"));
    cli_print(cx, "%s\n", params.n > 2 ? params.p : "");
    buf_clear(&params);
  }
}

int cmd_rules(struct ctx *cx, struct cli *c) {
  const struct dataset *d;
  struct db *db;
  struct jv *rules;
  if (cli_dataset(cx, c, &d) || cli_read(cx, c, &db) ||
      record_list(cx, db, entity_find("rule"), false, 0, &c->json, NULL, NULL))
    return cx->code;
  if (cli_has(c, "json")) return cli_print_json(cx, &c->out);
  if (!jv_parse(cx, buf_view(&c->out), &rules)) show_rules(cx, rules, d);
  return cx->code;
}

/* ---- try ---- */

/* JSON as it stands, or a file that holds it; - is standard input. */
static int read_changes(struct ctx *cx, const char *operand, struct jv **out) {
  struct input *in;
  size_t got;
  if (operand[strspn(operand, " \t\r\n")] == '{') return jv_parse(cx, str_of(operand), out);
  if (input_open(cx, operand, "/tmp", &in)) return cx->code;
  if (input_size(in) > LIMIT_BODY_BYTES)
    return fail(cx, E_LIMIT, NULL, "%s is larger than %zu bytes", input_name(in), LIMIT_BODY_BYTES);
  char *bytes = ctx_alloc(cx, (size_t)input_size(in) + 1);
  if (input_read(cx, in, 0, bytes, (size_t)input_size(in), &got)) return cx->code;
  return jv_parse(cx, (struct str){ bytes, got }, out);
}

static void print_counts(struct ctx *cx, const struct jv *part, const char *title) {
  const struct jv *controls = jv_get(part, "by_control");
  cli_print(cx, "\n%-32s", title);
  cli_say(cx, part, " {total:10}\n");
  for (void *it = jv_first(controls); it; it = jv_next(controls, it))
    cli_print(cx, "  %-30.*s %10.*s\n", STR_ARG(jv_key(it)), STR_ARG(jv_text(jv_value(it))));
}

static void print_examples(struct ctx *cx, const struct jv *part) {
  enum { SHOWN = 3 };
  const struct jv *rows = jv_get(part, "sample");
  for (size_t i = 0; i < jv_size(rows) && i < SHOWN; i++) {
    const struct jv *row = jv_at(rows, i);
    cli_say(cx, row, "  line {line}: ");
    cli_print(cx, STR_FMT "\n", STR_ARG(str_trim(jv_text(jv_get(row, "raw")))));
    cli_say_each(cx, jv_get(row, "faults"), "    - {reason} ({control})\n");
  }
}

static void print_figures(struct ctx *cx, const struct jv *figures) {
  const struct jv *before = jv_get(figures, "before"), *after = jv_get(figures, "after");
  cli_print(cx, "\n%-14s %20s %20s\n", "", "before", "after");
  for (void *it = jv_first(before); it; it = jv_next(before, it)) {
    const char *name = ctx_strdup(cx, jv_key(it));
    cli_print(cx, "%-14s %20.*s %20.*s\n", name, STR_ARG(jv_text(jv_value(it))),
              STR_ARG(jv_text(jv_get(after, name))));
  }
}

static void show_trial(struct ctx *cx, const struct jv *r) {
  const struct jv *runs = jv_get(r, "runs"), *rejected = jv_get(r, "newly_rejected"),
                  *released = jv_get(r, "newly_released");
  cli_print(cx, "%zu runs, ", jv_size(runs));
  cli_say(cx, r, "{rows} rows judged again in {seconds} s; nothing was changed\n");
  print_counts(cx, rejected, "newly rejected");
  print_examples(cx, rejected);
  print_counts(cx, released, "newly released");
  print_examples(cx, released);
  print_figures(cx, jv_get(r, "figures"));
  cli_print(cx, "\n%-36s %10s %14s %14s  %s\n", "run", "rows", "newly rejected", "newly released", "source");
  cli_say_each(cx, runs, "{run:-36} {rows:10} {newly_rejected:14} {newly_released:14}  {source}\n");
}

int cmd_rules_try(struct ctx *cx, struct cli *c) {
  struct rejudge_request r = { .run = cli_get(c, "run") };
  struct rejudge_result result;
  struct tenant *t;
  if (cli_dataset(cx, c, &r.dataset) || read_changes(cx, c->operand[0], &r.changes) ||
      cli_tenant(cx, c, &t) || rejudge_try(cx, t, &r, &result))
    return cx->code;
  rejudge_json(&c->json, NULL, &result);
  return cli_show(cx, c, show_trial);
}

/* ---- promote ---- */

struct promotion {
  struct jv *changes;
  struct jw *w;
};

static int promote(struct ctx *cx, struct db *db, void *arg) {
  struct promotion *p = arg;
  return proposal_apply(cx, db, p->changes, p->w);
}

static void show_promotion(struct ctx *cx, const struct jv *done) {
  cli_say_each(cx, jv_get(done, "rules"), "rule {name}: version {version}[, deleted{deleted_at:.0}]\n");
  cli_say_each(cx, jv_get(done, "items"),
               "item {list} {value}: version {version}[, deleted{deleted_at:.0}]\n");
}

/* ---- history judged again ---- */

struct again {
  const char *run, *source, *kind;
  int64_t clean, rejected;     /* as it was */
  struct import_result result; /* what stands in its place */
  const char *failed;          /* why it stays as it was, or NULL */
};

/* The runs of the dataset that count, oldest first: keys that one gives up are there for the next. */
static int find_runs(struct ctx *cx, struct tenant *t, const struct dataset *d, struct again **list,
                     size_t *count) {
  struct kept_run *runs;
  struct db *db;
  size_t n = 0;
  *count = 0;
  if (tenant_read(cx, t, &db) || kept_list(cx, db, &runs, &n)) return cx->code;
  tenant_read_end(db); /* before anything is written */
  *list = ctx_alloc(cx, (n + 1) * sizeof **list);
  for (size_t i = 0; i < n; i++)
    if (runs[i].dataset == d && !runs[i].undone)
      (*list)[(*count)++] = (struct again){ .run = runs[i].uuid,
                                            .source = runs[i].source,
                                            .kind = runs[i].kind,
                                            .clean = runs[i].clean,
                                            .rejected = runs[i].rejected };
  return OK;
}

/* Each in a unit of work of its own: one that fails stays as it was, and the others go on. */
static void judge_again(struct ctx *cx, struct cli *c, struct tenant *t, struct again *list, size_t count) {
  const struct import_request nothing_else = { .dry_run = false };
  for (size_t i = 0; i < count; i++) {
    struct ctx aside;
    ctx_begin(&aside, cx->actor);
    if (import_again(&aside, t, list[i].run, &nothing_else, &list[i].result))
      list[i].failed = ctx_strdup(cx, str_of(aside.message));
    ctx_end(&aside);
    if (list[i].failed || !list[i].result.reconciled) c->exit_code = EXIT_FAILED;
  }
}

static void write_again(struct jw *w, const struct again *list, size_t count) {
  jw_array(w, "rejudged");
  for (size_t i = 0; i < count; i++) {
    const struct again *a = &list[i];
    jw_object(w, NULL);
    jw_put(w, "run", a->run, "source", a->source, "kind", a->kind, "replaced_by",
           a->failed ? NULL : a->result.run);
    jw_record(w, "before", "clean", a->clean, "rejected", a->rejected);
    if (a->failed) {
      jw_text(w, "after", NULL);
    } else {
      jw_record(w, "after", "clean", a->result.clean, "rejected", a->result.rejected);
    }
    jw_text(w, "message", a->failed);
    jw_close(w, '}');
  }
  jw_close(w, ']');
}

static int print_again(struct ctx *cx, const struct again *list, size_t count) {
  cli_print(cx, "\n%-36s %-36s %10s %10s %10s %10s  %s\n", "run", "judged again as", "clean", "now",
            "rejected", "now", "source");
  for (size_t i = 0; i < count; i++) {
    const struct again *a = &list[i];
    if (a->failed)
      cli_print(cx, "%-36s stays as it was: %s\n", a->run, a->failed);
    else
      cli_print(cx, "%-36s %-36s %10lld %10lld %10lld %10lld  %s%s\n", a->run, a->result.run,
                (long long)a->clean, (long long)a->result.clean, (long long)a->rejected,
                (long long)a->result.rejected, a->source, a->result.reconciled ? "" : " (self-audit FAILED)");
  }
  return cx->code;
}

int cmd_rules_promote(struct ctx *cx, struct cli *c) {
  struct promotion p = { .w = &c->json };
  const struct dataset *d;
  struct again *list = NULL;
  struct tenant *t;
  bool again = cli_has(c, "rejudge");
  size_t count = 0;
  if (cli_dataset(cx, c, &d) || read_changes(cx, c->operand[0], &p.changes) || cli_tenant(cx, c, &t))
    return cx->code;
  jw_object(&c->json, NULL);
  if (tenant_write(cx, t, promote, &p) || (again && find_runs(cx, t, d, &list, &count))) return cx->code;
  if (again) {
    judge_again(cx, c, t, list, count);
    write_again(&c->json, list, count);
  }
  jw_close(&c->json, '}');
  if (cli_show(cx, c, show_promotion) || cli_has(c, "json")) return cx->code;
  if (again) return print_again(cx, list, count);
  return cli_print(cx, "they judge what is imported from now on\n");
}
