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
  int64_t limit, total;
  if (cli_int(cx, c, "limit", 100, 0, INT64_MAX, &limit) || cli_read(cx, c, &db)) return cx->code;
  if (cli_has(c, "csv")) return export_table(cx, db, "runs", NULL, EXPORT_CSV, cli_write, NULL);
  if (!cli_has(c, "json")) return print_runs(cx, db, limit);
  report_runs(cx, db, &c->json, NULL, limit, 0, &total);
  return cli_print_json(cx, &c->out);
}

/* Every "by_..." of the report: names, or days left out, with all their sums. */
static void print_groups(struct ctx *cx, const struct jv *run) {
  enum { SHOWN = 20 };
  for (void *it = jv_first(run); it; it = jv_next(run, it)) {
    const struct jv *list = jv_value(it);
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
static int print_repeated(struct ctx *cx, const struct jv *run) {
  const struct jv *repeated = jv_get(run, "repeated");
  int64_t rows = 0;
  if (!str_eq(jv_text(jv_get(run, "state")), STR("done"))) return OK;
  str_to_int(jv_text(jv_get(repeated, "rows")), &rows);
  return cli_print_repeated(
      cx, rows, jv_text(jv_get(repeated, "key")),
      ctx_printf(cx, "`outpost undo %.*s` and import again with", STR_ARG(jv_text(jv_get(run, "run")))));
}

static void print_oddity(struct ctx *cx, const struct jv *o) {
  struct str line = jv_text(jv_get(o, "line")), n = jv_text(jv_get(o, "count"));
  bool many = !str_eq(n, STR("1")), placed = !str_eq(line, STR("0"));
  cli_say(cx, o, "  {text}");
  if (placed) cli_say(cx, o, many ? " (line {line} first)" : " (line {line})");
  cli_say(cx, o, many ? ", {count} times\n" : "\n");
}

int cli_print_noted(struct ctx *cx, const struct jv *settings) {
  enum { SHOWN = 12 };
  const struct jv *odd = jv_get(settings, "oddities"), *unknown = jv_get(settings, "unknown_columns");
  size_t n = jv_size(unknown);
  for (size_t i = 0; i < jv_size(odd); i++) print_oddity(cx, jv_at(odd, i));
  if (n) cli_print(cx, "  columns that are no field, and stay in the kept bytes: ");
  for (size_t i = 0; i < n && i < SHOWN; i++)
    cli_print(cx, "%s%.*s", i ? ", " : "", STR_ARG(jv_text(jv_at(unknown, i))));
  if (n > SHOWN) cli_print(cx, " and %zu more", n - SHOWN);
  return cli_print(cx, n ? "\n" : "");
}

static void show_run(struct ctx *cx, const struct jv *run) {
  const struct jv *rejected = jv_get(run, "rejected");
  cli_say(cx, run,
          "run {run}  {state}  {started}\n{source}, SHA-256 {sha256}\n[{message}\n]\nread {rows.read}, clean "
          "{rows.clean}, rejected {rows.rejected}\n");
  for (void *it = jv_first(rejected); it; it = jv_next(rejected, it))
    cli_print(cx, "  %-26.*s %8.*s\n", STR_ARG(jv_key(it)), STR_ARG(jv_text(jv_value(it))));
  print_repeated(cx, run);
  cli_print(cx, "\nhow the file was read\n");
  cli_say_each(cx, jv_get(run, "decisions"), "  {subject:-24} {decision:-24} {evidence}\n");
  cli_print_noted(cx, run);
  if (jv_size(jv_get(run, "mapping"))) cli_print(cx, "\nfield, heading, and how it was found\n");
  cli_say_each(cx, jv_get(run, "mapping"), "  {field:-24} {heading:-24} {how}\n");
  cli_print(cx, "\ncontrols\n");
  cli_say_each(cx, jv_get(run, "controls"), "  {control:-24} v{version:-3} {stage:-10} failed {failed:8}\n");
  print_groups(cx, run);
  cli_print(cx, "\nself-audit\n");
  cli_say_each(cx, jv_get(run, "audits"), "  {ok?ok  :FAIL} {check:-22} {actual}\n");
}

int cmd_run_show(struct ctx *cx, struct cli *c) {
  struct db *db;
  if (cli_read(cx, c, &db) || report_run(cx, db, &c->json, NULL, cli_operand(c, 0, "latest")))
    return cx->code;
  return cli_show(cx, c, show_run);
}

/* ---- tables ---- */

int cmd_export(struct ctx *cx, struct cli *c) {
  struct db *db;
  enum export_format format = cli_has(c, "json") ? EXPORT_JSON : EXPORT_CSV;
  if (cli_read(cx, c, &db)) return cx->code;
  return export_table(cx, db, c->operand[0], cli_get(c, "run"), format, cli_write, NULL);
}

/* ---- the proof ---- */

static void show_verdict(struct ctx *cx, const struct jv *verdict) {
  size_t bad = 0, count = jv_size(jv_get(verdict, "checks"));
  for (size_t i = 0; i < count; i++) {
    const struct jv *check = jv_at(jv_get(verdict, "checks"), i);
    bad += !cli_is(check, "ok");
    cli_say(cx, check, "{ok?ok  :FAIL} {check:-22} [{run}  ]{text}\n");
  }
  if (bad)
    cli_print(cx, "%zu of %zu checks failed\n", bad, count);
  else
    cli_print(cx, "all %zu checks hold\n", count);
}

int cmd_verify(struct ctx *cx, struct cli *c) {
  struct store *s;
  const char *slug;
  struct verdict v;
  struct jw *w = &c->json;
  if (cli_store(cx, c, &s) || cli_slug(cx, c, s, &slug) || verify_tenant(cx, s, slug, &v)) return cx->code;
  if (v.bad) c->exit_code = EXIT_FAILED;
  jw_object(w, NULL);
  jw_put(w, "tenant", slug, "ok", arg_bool(v.bad == 0));
  jw_array(w, "checks");
  for (size_t i = 0; i < v.count; i++)
    jw_record(w, NULL, "check", v.finding[i].check, "run", v.finding[i].run, "ok", v.finding[i].ok, "text",
              v.finding[i].text);
  jw_close(w, ']');
  jw_close(w, '}');
  return cli_show(cx, c, show_verdict);
}

int cmd_rebuild(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  struct rebuild_result r;
  if (cli_tenant(cx, c, &t) || rebuild_all(cx, t, &r)) return cx->code;
  jw_record(&c->json, NULL, "runs", r.runs, "records", r.records, "same", arg_bool(!r.corrected), "corrected",
            r.corrected, "seconds", arg_real(r.seconds, 3));
  return cli_answer(
      cx, c,
      r.corrected
          ? "{corrected} levels and sums of stock were not what the ledger comes to, and are now; all "
            "else is the same, {seconds} s\n"
          : "{records} records of {runs} runs were derived again from the original bytes: everything "
            "is the same, {seconds} s\n");
}
