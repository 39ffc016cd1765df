/* cmd_generate.c - files whose contents are known beforehand. */
#include <errno.h>
#include <stdio.h>

#include "base/decimal.h"
#include "base/limits.h"
#include "base/time.h"
#include "cli/cli.h"
#include "field/generate.h"
#include "format/format.h"
#include "sales/generate.h"

static int write_file(struct ctx *cx, void *arg, const char *p, size_t n) {
  if (fwrite(p, 1, n, arg) == n) return OK;
  return fail(cx, E_FAIL, "file", "a file could not be written: %s", strerror(errno));
}

/* NULL without the option. */
static int open_file(struct ctx *cx, const struct cli *c, const char *option, FILE **out) {
  const char *path = cli_get(c, option);
  *out = path ? fopen(path, "we") : NULL;
  if (path && !*out) return fail(cx, E_FAIL, option, "%s cannot be written: %s", path, strerror(errno));
  return OK;
}

static void close_file(struct ctx *cx, const struct cli *c, const char *option, FILE *f) {
  if (f && fclose(f) != 0)
    fail(cx, E_FAIL, option, "%s could not be written: %s", cli_get(c, option), strerror(errno));
}

int cmd_generate_sales(struct ctx *cx, struct cli *c) {
  const char *errors = cli_get(c, "format-errors");
  struct generate_request r = { .write = cli_write };
  int64_t seed;
  FILE *ledger = NULL;
  if (cli_int(cx, c, "rows", 5000, 0, INT64_MAX, &r.rows) ||
      cli_int(cx, c, "seed", 1, INT64_MIN, INT64_MAX, &seed))
    return cx->code;
  if (errors && (!dec_parse(str_of(errors), 3, &r.format_errors, NULL) || r.format_errors < 0 ||
                 r.format_errors > 90000))
    return cli_usage(cx, "--format-errors takes a percentage from 0 to 90, not '%s'", errors);
  r.seed = (uint64_t)seed;
  if (open_file(cx, c, "ledger", &ledger)) return cx->code;
  if (ledger) r.ledger = write_file, r.ledger_arg = ledger;
  generate_sales(cx, &r);
  close_file(cx, c, "ledger", ledger);
  return cx->code;
}

static int read_invoices(struct ctx *cx, const struct cli *c, struct generate_invoices *g) {
  const char *until = cli_get(c, "until");
  int64_t seed;
  int rc = cli_int(cx, c, "stores", 211, INT64_MIN, INT64_MAX, &g->stores);
  if (!rc) rc = cli_int(cx, c, "products", 424, INT64_MIN, INT64_MAX, &g->products);
  if (!rc) rc = cli_int(cx, c, "invoices", 14464, INT64_MIN, INT64_MAX, &g->invoices);
  if (!rc) rc = cli_int(cx, c, "poison", 0, INT64_MIN, INT64_MAX, &g->poison);
  if (!rc) rc = cli_int(cx, c, "seed", 1, INT64_MIN, INT64_MAX, &seed);
  if (rc) return rc;
  g->seed = (uint64_t)seed;
  g->until = date_days(2025, 8, 31);
  if (until && !value_date(str_of(until), DATE_YMD, &g->until))
    return cli_usage(cx, "--until takes a day such as 2025-08-31, not '%s'", until);
  return OK;
}

int cmd_generate_invoices(struct ctx *cx, struct cli *c) {
  struct generate_invoices g = { .write = cli_write };
  struct buf truth;
  FILE *ledger = NULL, *told = NULL;
  buf_init(&truth, LIMIT_REPLY_BYTES);
  if (read_invoices(cx, c, &g) || open_file(cx, c, "ledger", &ledger)) return cx->code;
  if (ledger) g.ledger = write_file, g.ledger_arg = ledger;
  if (!open_file(cx, c, "truth", &told)) {
    if (told) g.truth = &truth;
    if (!generate_invoices(cx, &g) && told) write_file(cx, told, truth.p, truth.n);
  }
  close_file(cx, c, "ledger", ledger);
  close_file(cx, c, "truth", told);
  buf_clear(&truth);
  return cx->code;
}
