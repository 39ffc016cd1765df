/* cmd_show.c - what is there: runs, exceptions, tables, and the proof. */
#include <stdio.h>

#include "cli/cli.h"
#include "export/reports.h"
#include "export/tables.h"
#include "ingest/rebuild.h"
#include "ingest/verify.h"

/* ---- runs ---- */

static int print_runs(struct ctx *cx, struct db *db, int64_t limit) {
  struct stmt *s = db_ask(cx, db, SQL_report_runs, limit, 0);
  cli_print(cx, "%-36s  %-11s %10s %10s %9s  %s\n", "run", "state", "read", "clean", "rejected", "source");
  while (stmt_row(cx, s))
    cli_print(cx, "%.*s  %-11.*s %10lld %10lld %9lld  %.*s\n", STR_ARG(col_str(s, 1)), STR_ARG(col_str(s, 4)),
              (long long)col_int(s, 8), (long long)col_int(s, 9), (long long)col_int(s, 10),
              STR_ARG(col_str(s, 3)));
  return cx->code;
}

int cmd_runs(struct ctx *cx, struct cli *c) {
  struct db *db;
  struct jw *w = &c->json;
  int64_t limit, total;
  if (cli_int(cx, c, "limit", 100, &limit) || cli_read(cx, c, &db)) return cx->code;
  if (cli_has(c, "csv")) return export_table(cx, db, "runs", NULL, EXPORT_CSV, cli_write, NULL);
  if (!cli_has(c, "json")) return print_runs(cx, db, limit);
  report_runs(cx, db, w, NULL, limit, 0, &total);
  return cli_print_json(cx, &c->out);
}

static struct str text(struct jv *object, const char *key) {
  struct str s = jv_text(jv_get(object, key));
  return s.p ? s : STR("-");
}

/* Every "by_..." of the report: names, or days left out, with all their sums. */
static void print_groups(struct ctx *cx, struct jv *run) {
  enum { SHOWN = 20 };
  for (void *it = jv_first(run); it; it = jv_next(run, it)) {
    struct jv *list = jv_value(it);
    if (!str_starts(jv_key(it), STR("by_")) || str_eq(jv_key(it), STR("by_day"))) continue;
    cli_print(cx, "\n%.*s\n", STR_ARG(jv_key(it)));
    for (size_t i = 0; i < jv_size(list) && i < SHOWN; i++) {
      for (void *m = jv_first(jv_at(list, i)); m; m = jv_next(jv_at(list, i), m))
        cli_print(cx, str_eq(jv_key(m), STR("name")) ? "  %-32.*s" : " %16.*s",
                  STR_ARG(jv_text(jv_value(m))));
      cli_print(cx, "\n");
    }
    if (jv_size(list) > SHOWN) cli_print(cx, "  and %zu more\n", jv_size(list) - SHOWN);
  }
}

/* Of a run that is undone it has been seen to. */
static int print_repeated(struct ctx *cx, struct jv *run) {
  struct jv *repeated = jv_get(run, "repeated");
  int64_t rows = 0;
  if (!str_eq(text(run, "state"), STR("done"))) return OK;
  str_to_int(jv_text(jv_get(repeated, "rows")), &rows);
  return cli_print_repeated(
      cx, rows, jv_text(jv_get(repeated, "key")),
      ctx_printf(cx, "`outpost undo %.*s` and import again with", STR_ARG(text(run, "run"))));
}

static void print_oddity(struct ctx *cx, struct jv *o) {
  struct str line = text(o, "line"), n = text(o, "count");
  bool many = !str_eq(n, STR("1")), placed = !str_eq(line, STR("0"));
  cli_print(cx, "  %.*s", STR_ARG(text(o, "text")));
  if (placed) cli_print(cx, " (line %.*s%s)", STR_ARG(line), many ? " first" : "");
  if (many) cli_print(cx, ", %.*s times", STR_ARG(n));
  cli_print(cx, "\n");
}

int cli_print_noted(struct ctx *cx, struct jv *settings) {
  enum { SHOWN = 12 };
  struct jv *odd = jv_get(settings, "oddities"), *unknown = jv_get(settings, "unknown_columns");
  size_t n = jv_size(unknown);
  for (size_t i = 0; i < jv_size(odd); i++) print_oddity(cx, jv_at(odd, i));
  if (n) cli_print(cx, "  columns that are no field, and stay in the kept bytes: ");
  for (size_t i = 0; i < n && i < SHOWN; i++)
    cli_print(cx, "%s%.*s", i ? ", " : "", STR_ARG(jv_text(jv_at(unknown, i))));
  if (n > SHOWN) cli_print(cx, " and %zu more", n - SHOWN);
  return cli_print(cx, n ? "\n" : "");
}

static void print_mapping(struct ctx *cx, struct jv *mapping) {
  for (size_t i = 0; i < jv_size(mapping); i++)
    cli_print(cx, "  %-24.*s %-24.*s %.*s\n", STR_ARG(text(jv_at(mapping, i), "field")),
              STR_ARG(text(jv_at(mapping, i), "heading")), STR_ARG(text(jv_at(mapping, i), "how")));
}

static int print_run(struct ctx *cx, struct str json) {
  struct jv *run;
  if (jv_parse(cx, json, &run)) return cx->code;
  struct jv *rows = jv_get(run, "rows"), *rejected = jv_get(run, "rejected"), *audits = jv_get(run, "audits"),
            *controls = jv_get(run, "controls"), *decisions = jv_get(run, "decisions");
  cli_print(cx, "run %.*s  %.*s  %.*s\n%.*s, SHA-256 %.*s\n", STR_ARG(text(run, "run")),
            STR_ARG(text(run, "state")), STR_ARG(text(run, "started")), STR_ARG(text(run, "source")),
            STR_ARG(text(run, "sha256")));
  if (jv_get(run, "message")) cli_print(cx, "%.*s\n", STR_ARG(text(run, "message")));
  cli_print(cx, "\nread %.*s, clean %.*s, rejected %.*s\n", STR_ARG(text(rows, "read")),
            STR_ARG(text(rows, "clean")), STR_ARG(text(rows, "rejected")));
  for (void *it = jv_first(rejected); it; it = jv_next(rejected, it))
    cli_print(cx, "  %-26.*s %8.*s\n", STR_ARG(jv_key(it)), STR_ARG(jv_text(jv_value(it))));
  print_repeated(cx, run);
  cli_print(cx, "\nhow the file was read\n");
  for (size_t i = 0; i < jv_size(decisions); i++)
    cli_print(cx, "  %-24.*s %-24.*s %.*s\n", STR_ARG(text(jv_at(decisions, i), "subject")),
              STR_ARG(text(jv_at(decisions, i), "decision")), STR_ARG(text(jv_at(decisions, i), "evidence")));
  cli_print_noted(cx, run);
  if (jv_size(jv_get(run, "mapping"))) cli_print(cx, "\nfield, heading, and how it was found\n");
  print_mapping(cx, jv_get(run, "mapping"));
  cli_print(cx, "\ncontrols\n");
  for (size_t i = 0; i < jv_size(controls); i++)
    cli_print(cx, "  %-24.*s v%-3.*s %-10.*s failed %8.*s\n", STR_ARG(text(jv_at(controls, i), "control")),
              STR_ARG(text(jv_at(controls, i), "version")), STR_ARG(text(jv_at(controls, i), "stage")),
              STR_ARG(text(jv_at(controls, i), "failed")));
  print_groups(cx, run);
  cli_print(cx, "\nself-audit\n");
  for (size_t i = 0; i < jv_size(audits); i++) {
    struct jv *a = jv_at(audits, i);
    bool ok = str_eq(text(a, "ok"), STR("true"));
    cli_print(cx, "  %s %-22.*s %.*s\n", ok ? "ok  " : "FAIL", STR_ARG(text(a, "check")),
              STR_ARG(text(a, "actual")));
  }
  return cx->code;
}

int cmd_run_show(struct ctx *cx, struct cli *c) {
  struct db *db;
  struct jw *w = &c->json;
  if (cli_read(cx, c, &db)) return cx->code;
  if (!report_run(cx, db, w, NULL, cli_operand(c, 0, "latest"))) {
    if (cli_has(c, "json")) return cli_print_json(cx, &c->out);
    print_run(cx, buf_view(&c->out));
  }
  return cx->code;
}

/* ---- tables ---- */

int cmd_export(struct ctx *cx, struct cli *c) {
  struct db *db;
  enum export_format format = cli_has(c, "json") ? EXPORT_JSON : EXPORT_CSV;
  if (cli_read(cx, c, &db)) return cx->code;
  return export_table(cx, db, c->operand[0], cli_get(c, "run"), format, cli_write, NULL);
}

/* ---- the proof ---- */

static int print_verdict(struct ctx *cx, const struct verdict *v) {
  for (size_t i = 0; i < v->count; i++) {
    const struct finding *f = &v->finding[i];
    cli_print(cx, "%s %-22s %s%s%s\n", f->ok ? "ok  " : "FAIL", f->check, f->run ? f->run : "",
              f->run ? "  " : "", f->text);
  }
  return v->bad ? cli_print(cx, "%zu of %zu checks failed\n", v->bad, v->count)
                : cli_print(cx, "all %zu checks hold\n", v->count);
}

int cmd_verify(struct ctx *cx, struct cli *c) {
  struct store *s;
  const char *slug;
  struct verdict v;
  struct jw *w = &c->json;
  if (cli_store(cx, c, &s) || cli_slug(cx, c, s, &slug) || verify_tenant(cx, s, slug, &v)) return cx->code;
  if (v.bad) c->exit_code = EXIT_FAILED;
  if (!cli_has(c, "json")) return print_verdict(cx, &v);
  jw_object(w, NULL);
  jw_put(w, "tenant", slug, "ok", arg_bool(v.bad == 0));
  jw_array(w, "checks");
  for (size_t i = 0; i < v.count; i++)
    jw_record(w, NULL, "check", v.finding[i].check, "run", v.finding[i].run, "ok", v.finding[i].ok, "text",
              v.finding[i].text);
  jw_close(w, ']');
  jw_close(w, '}');
  return cli_print_json(cx, &c->out);
}

int cmd_rebuild(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  struct rebuild_result r;
  if (cli_tenant(cx, c, &t) || rebuild_all(cx, t, &r)) return cx->code;
  if (cli_has(c, "json"))
    return cli_print(cx, "{\"runs\":%lld,\"records\":%lld,\"same\":%s,\"corrected\":%lld,\"seconds\":%.3f}\n",
                     (long long)r.runs, (long long)r.records, r.corrected ? "false" : "true",
                     (long long)r.corrected, r.seconds);
  if (r.corrected)
    return cli_print(cx,
                     "%lld levels and sums of stock were not what the ledger comes to, and are now; all else "
                     "is the same, %.2f s\n",
                     (long long)r.corrected, r.seconds);
  return cli_print(cx,
                   "%lld records of %lld runs were derived again from the original bytes: everything is the "
                   "same, %.2f s\n",
                   (long long)r.records, (long long)r.runs, r.seconds);
}
