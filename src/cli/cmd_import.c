/* cmd_import.c - files in: peek, import. */
#include <stdio.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/time.h"
#include "cli/cli.h"
#include "format/peek.h"
#include "ingest/import.h"

static int read_dialect(struct ctx *cx, const struct cli *c, struct dialect *d) {
  dialect_init(d);
  for (int i = 0; dialect_settings[i]; i++) {
    const char *value = cli_get(c, dialect_settings[i]);
    if (value && dialect_set(cx, d, dialect_settings[i], value)) return cx->code;
  }
  return OK;
}

/* ---- peek ---- */

static int write_piece(void *cx, const char *p, size_t n) { return cli_write(cx, NULL, p, n); }

int cmd_peek(struct ctx *cx, struct cli *c) {
  struct input *in;
  struct dialect d;
  struct profile *p;
  struct buf out;
  if (read_dialect(cx, c, &d) || input_open(cx, c->operand[0], "/tmp", &in)) return cx->code;
  if (profile_file(cx, in, &d, &p)) return cx->code;
  if (cli_has(c, "csv")) return peek_csv(cx, in, p, write_piece, cx);
  buf_init(&out, LIMIT_REPLY_BYTES);
  if (cli_has(c, "json"))
    profile_json(p, &out);
  else
    profile_text(p, &out, cli_color());
  return cli_print_json(cx, &out);
}

/* ---- import ---- */

struct bar {
  double began, shown;
  bool used;
};

/* On a terminal only, ten times a second. */
static void show_progress(void *arg, const struct import_progress *p) {
  struct bar *bar = arg;
  double now = time_seconds();
  if (now - bar->shown < 0.1 && p->bytes < p->bytes_total) return;
  bar->shown = now;
  bar->used = true;
  double part = p->bytes_total ? (double)p->bytes / (double)p->bytes_total : 1, seconds = now - bar->began;
  char line[41];
  for (int i = 0; i < 40; i++) line[i] = i < (int)(part * 40) ? '#' : '-';
  line[40] = 0;
  fprintf(stderr, "\r%s %3.0f %%  %lld rows, %.0f s left ", line, part * 100, (long long)p->rows,
          part > 0 ? seconds / part - seconds : 0);
}

int cli_print_repeated(struct ctx *cx, int64_t rows, struct str key, const char *what) {
  if (!key.p) return OK;
  return cli_print(cx,
                   "%lld rows have the key (" STR_FMT
                   ") of an earlier row of this file. If each is a row of its own, %s "
                   "--unique \"" STR_FMT ",...\" and the columns that tell them apart.\n",
                   (long long)rows, STR_ARG(key), what, STR_ARG(key));
}

/* What a look at the file should follow, for nothing of it was asked and all of it was decided. */
static int print_reading(struct ctx *cx, const struct import_result *result) {
  struct jv *settings;
  if (jv_parse(cx, str_of(result->settings), &settings)) return cx->code;
  if (!result->read) cli_print(cx, "the file has headings and no rows below them\n");
  return cli_print_noted(cx, settings);
}

static int print_result(struct ctx *cx, const struct import_request *r, const struct import_result *result) {
  cli_print(cx, "%s %s\n", r->dry_run ? "test run" : "run     ", result->run);
  cli_print(cx, "read     %lld\nclean    %lld\nrejected %lld\n", (long long)result->read,
            (long long)result->clean, (long long)result->rejected);
  if (r->update)
    cli_print(cx, "created  %lld\nupdated  %lld (of which %lld edits by people)\nunchanged %lld\n",
              (long long)(result->clean - result->updated - result->unchanged), (long long)result->updated,
              (long long)result->edits, (long long)result->unchanged);
  for (int i = 0; i < result->category_count; i++)
    cli_print(cx, "  %-26s %lld\n", result->category[i].name, (long long)result->category[i].rows);
  print_reading(cx, result);
  cli_print_repeated(cx, result->repeated, str_of(result->repeated_key),
                     r->dry_run ? "import with" : "`outpost undo latest` and import again with");
  return cli_print(cx, "self-audit %s, %.2f s\n",
                   result->reconciled ? "passed: all five checks hold" : "FAILED, see `outpost run show`",
                   result->seconds);
}

static int print_import(struct ctx *cx, struct cli *c, const struct import_request *r,
                        const struct import_result *result) {
  if (cli_has(c, "strict") && result->rejected) c->exit_code = EXIT_EXCEPTIONS;
  if (!result->reconciled) c->exit_code = EXIT_FAILED;
  if (!cli_has(c, "json")) return print_result(cx, r, result);
  import_result_json(&c->json, r, result);
  return cli_print_json(cx, &c->out);
}

static void collect_maps(struct ctx *cx, const struct cli *c, struct mapping_request *m) {
  const char **maps = ctx_alloc(cx, ((size_t)c->option_count + 1) * sizeof *maps);
  for (int i = 0; (maps[m->map_count] = cli_next(c, "map", &i));) m->map_count++;
  m->maps = maps;
  m->unique = cli_get(c, "unique");
}

int cmd_import(struct ctx *cx, struct cli *c) {
  struct tenant *t;
  struct input *in;
  struct import_result result;
  struct bar bar = { .began = time_seconds() };
  struct import_request r = { .dry_run = cli_has(c, "dry-run"), .remember = true };
  const char *existing = cli_get(c, "existing");
  if (existing && strcmp(existing, "reject") != 0 && strcmp(existing, "update") != 0)
    return cli_usage(cx, "--existing is reject or update, not '%s'", existing);
  r.update = existing && strcmp(existing, "update") == 0;
  const char *as = cli_get(c, "as");
  if (!as) return cli_usage(cx, "say what the rows are with --as: %s", dataset_names());
  r.dataset = dataset_find(as);
  if (!r.dataset) return cli_usage(cx, "there is no dataset %s; there are %s", as, dataset_names());
  if (read_dialect(cx, c, &r.dialect) || cli_tenant(cx, c, &t)) return cx->code;
  if (input_open(cx, c->operand[0], store_dir(tenant_store(t)), &in)) return cx->code;
  r.input = in;
  collect_maps(cx, c, &r.mapping);
  if (isatty(STDERR_FILENO) && !cli_has(c, "json")) {
    r.progress = show_progress;
    r.progress_arg = &bar;
  }
  import_run(cx, t, &r, &result);
  if (bar.used) fputs("\r\033[K", stderr);
  if (cx->code || (!r.dry_run && cli_follow(cx, t))) return cx->code;
  return print_import(cx, c, &r, &result);
}
