/* cmd_rules.c - the rules: what they are, what others would do to history, and making them hold. */
#include "base/limits.h"
#include "cli/cli.h"
#include "format/input.h"
#include "ingest/import.h"
#include "ingest/kept.h"
#include "ingest/rejudge.h"
#include "record/record.h"

static int find_dataset(struct ctx *cx, const struct cli *c, const struct dataset **out) {
  const char *as = cli_get(c, "as");
  *out = as ? dataset_find(as) : dataset_at(0); /* the first need not be named */
  return *out ? OK : cli_usage(cx, "there is no dataset %s; there are %s", as, dataset_names());
}

/* ---- list ---- */

static struct str text(struct jv *object, const char *key) {
  struct str s = jv_text(jv_get(object, key));
  return s.p ? s : STR("");
}

static int print_rule(struct ctx *cx, struct jv *rule) {
  struct buf params;
  buf_init(&params, LIMIT_TEXT_BYTES);
  jv_write(&params, jv_get(rule, "params"));
  cli_print(cx, "%-22.*s %4.*s  %-3s %-10.*s %-11.*s %-10.*s %-23.*s %.*s  %.*s\n",
            STR_ARG(text(rule, "name")), STR_ARG(text(rule, "version")),
            str_eq(text(rule, "active"), STR("true")) ? "on" : "off", STR_ARG(text(rule, "stage")),
            STR_ARG(text(rule, "kind")), STR_ARG(text(rule, "field")), STR_ARG(text(rule, "category")),
            STR_ARG(text(rule, "id")), STR_ARG(params.n > 2 ? buf_view(&params) : STR("")));
  buf_clear(&params);
  return cx->code;
}

static int print_rules(struct ctx *cx, const struct dataset *d, struct str json) {
  struct jv *rules;
  if (jv_parse(cx, json, &rules)) return cx->code;
  cli_print(cx, "%-22s %4s  %-3s %-10s %-11s %-10s %-23s %-36s  %s\n", "rule", "v", "", "stage", "kind",
            "field", "category", "id", "parameters");
  for (size_t i = 0; i < jv_size(rules) && !cx->code; i++)
    if (str_eq(text(jv_at(rules, i), "dataset"), str_of(d->name))) print_rule(cx, jv_at(rules, i));
  return cx->code;
}

int cmd_rules(struct ctx *cx, struct cli *c) {
  const struct dataset *d;
  struct db *db;
  struct jw *w = &c->json;
  if (find_dataset(cx, c, &d) || cli_read(cx, c, &db)) return cx->code;
  record_list(cx, db, entity_find("rule"), false, 0, w, NULL, NULL);
  if (cx->code) return cx->code;
  if (cli_has(c, "json")) return cli_print_json(cx, &c->out);
  print_rules(cx, d, buf_view(&c->out));
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

static void print_counts(struct ctx *cx, struct jv *part, const char *title) {
  struct jv *controls = jv_get(part, "by_control");
  cli_print(cx, "\n%-32s %10.*s\n", title, STR_ARG(text(part, "total")));
  for (void *it = jv_first(controls); it; it = jv_next(controls, it))
    cli_print(cx, "  %-30.*s %10.*s\n", STR_ARG(jv_key(it)), STR_ARG(jv_text(jv_value(it))));
}

static void print_examples(struct ctx *cx, struct jv *part) {
  enum { SHOWN = 3 };
  struct jv *rows = jv_get(part, "sample");
  for (size_t i = 0; i < jv_size(rows) && i < SHOWN; i++) {
    struct jv *row = jv_at(rows, i), *faults = jv_get(row, "faults");
    cli_print(cx, "  line %.*s: %.*s\n", STR_ARG(text(row, "line")), STR_ARG(str_trim(text(row, "raw"))));
    for (size_t k = 0; k < jv_size(faults); k++)
      cli_print(cx, "    - %.*s (%.*s)\n", STR_ARG(text(jv_at(faults, k), "reason")),
                STR_ARG(text(jv_at(faults, k), "control")));
  }
}

static void print_figures(struct ctx *cx, struct jv *figures) {
  struct jv *before = jv_get(figures, "before"), *after = jv_get(figures, "after");
  cli_print(cx, "\n%-14s %20s %20s\n", "", "before", "after");
  for (void *it = jv_first(before); it; it = jv_next(before, it)) {
    const char *name = ctx_strdup(cx, jv_key(it));
    cli_print(cx, "%-14s %20.*s %20.*s\n", name, STR_ARG(text(before, name)), STR_ARG(text(after, name)));
  }
}

static int print_trial(struct ctx *cx, struct str json) {
  struct jv *r;
  if (jv_parse(cx, json, &r)) return cx->code;
  struct jv *runs = jv_get(r, "runs"), *rejected = jv_get(r, "newly_rejected"),
            *released = jv_get(r, "newly_released");
  cli_print(cx, "%zu runs, %.*s rows judged again in %.*s s; nothing was changed\n", jv_size(runs),
            STR_ARG(text(r, "rows")), STR_ARG(text(r, "seconds")));
  print_counts(cx, rejected, "newly rejected");
  print_examples(cx, rejected);
  print_counts(cx, released, "newly released");
  print_examples(cx, released);
  print_figures(cx, jv_get(r, "figures"));
  cli_print(cx, "\n%-36s %10s %14s %14s  %s\n", "run", "rows", "newly rejected", "newly released", "source");
  for (size_t i = 0; i < jv_size(runs) && !cx->code; i++)
    cli_print(cx, "%-36.*s %10.*s %14.*s %14.*s  %.*s\n", STR_ARG(text(jv_at(runs, i), "run")),
              STR_ARG(text(jv_at(runs, i), "rows")), STR_ARG(text(jv_at(runs, i), "newly_rejected")),
              STR_ARG(text(jv_at(runs, i), "newly_released")), STR_ARG(text(jv_at(runs, i), "source")));
  return cx->code;
}

int cmd_rules_try(struct ctx *cx, struct cli *c) {
  struct rejudge_request r = { .run = cli_get(c, "run") };
  struct rejudge_result result;
  struct tenant *t;
  struct jw *w = &c->json;
  if (find_dataset(cx, c, &r.dataset) || read_changes(cx, c->operand[0], &r.changes)) return cx->code;
  if (cli_tenant(cx, c, &t) || rejudge_try(cx, t, &r, &result)) return cx->code;
  rejudge_json(w, NULL, &result);
  if (cli_has(c, "json")) return cli_print_json(cx, &c->out);
  print_trial(cx, buf_view(&c->out));
  return cx->code;
}

/* ---- promote ---- */

struct promotion {
  struct jv *changes;
  struct jw w;
};

static int promote(struct ctx *cx, struct db *db, void *arg) {
  struct promotion *p = arg;
  return proposal_apply(cx, db, p->changes, &p->w);
}

static int print_promotion(struct ctx *cx, struct str json) {
  struct jv *done;
  if (jv_parse(cx, json, &done)) return cx->code;
  for (void *it = jv_first(done); it; it = jv_next(done, it))
    for (size_t i = 0; i < jv_size(jv_value(it)); i++) {
      struct jv *record = jv_at(jv_value(it), i);
      bool rule = str_eq(jv_key(it), STR("rules"));
      cli_print(cx, "%s %.*s%s%.*s: version %.*s%s\n", rule ? "rule" : "item",
                STR_ARG(text(record, rule ? "name" : "list")), rule ? "" : " ",
                STR_ARG(rule ? STR("") : text(record, "value")), STR_ARG(text(record, "version")),
                text(record, "deleted_at").n ? ", deleted" : "");
    }
  return cx->code;
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
  struct ctx aside; /* its end gives the reader back before anything is written */
  struct kept_run *runs;
  struct db *db;
  size_t n = 0;
  *count = 0;
  ctx_begin(&aside, cx->actor);
  if (!tenant_read(&aside, t, &db) && !kept_list(&aside, db, &runs, &n)) {
    *list = ctx_alloc(cx, (n + 1) * sizeof **list);
    for (size_t i = 0; i < n; i++)
      if (runs[i].dataset == d && !runs[i].undone)
        (*list)[(*count)++] = (struct again){ .run = ctx_strdup(cx, str_of(runs[i].uuid)),
                                              .source = ctx_strdup(cx, str_of(runs[i].source)),
                                              .kind = ctx_strdup(cx, str_of(runs[i].kind)),
                                              .clean = runs[i].clean,
                                              .rejected = runs[i].rejected };
  }
  if (aside.code) fail_from(cx, &aside);
  ctx_end(&aside);
  return cx->code;
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
  struct promotion p = { 0 };
  const struct dataset *d;
  struct again *list = NULL;
  struct tenant *t;
  struct buf out;
  bool again = cli_has(c, "rejudge");
  size_t count = 0;
  if (find_dataset(cx, c, &d) || read_changes(cx, c->operand[0], &p.changes) || cli_tenant(cx, c, &t))
    return cx->code;
  buf_init(&out, LIMIT_REPLY_BYTES);
  jw_init(&p.w, &out);
  jw_object(&p.w, NULL);
  if (!tenant_write(cx, t, promote, &p) && !(again && find_runs(cx, t, d, &list, &count))) {
    if (again) judge_again(cx, c, t, list, count);
    if (again && cli_has(c, "json")) write_again(&p.w, list, count);
    jw_close(&p.w, '}');
    if (cli_has(c, "json")) return cli_print_json(cx, &out);
    print_promotion(cx, buf_view(&out));
    if (again)
      print_again(cx, list, count);
    else
      cli_print(cx, "they judge what is imported from now on\n");
  }
  buf_clear(&out);
  return cx->code;
}
