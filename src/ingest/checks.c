#include "ingest/checks.h"

#include <stdio.h>

#include "base/decimal.h"
#include "store/change.h"

/* ---- figures ---- */

/* "orders 10, quantity 25, revenue 1234.50": a row of sums as one text. */
static const char *figure(struct ctx *cx, const struct dataset *d, int64_t orders, const int64_t *sums) {
  struct buf b;
  buf_init(&b, 4096);
  buf_printf(&b, "orders %lld", (long long)orders);
  for (int i = 0, n = 0; i < d->field_count; i++) {
    if (!d->fields[i].total) continue;
    buf_printf(&b, ", %s ", d->fields[i].name);
    dec_print(&b, sums[n++], d->fields[i].scale, 2);
  }
  char *text = ctx_strdup(cx, buf_view(&b));
  buf_clear(&b);
  return text;
}

/* ", sum(quantity), sum(revenue)": the totals of a SELECT over clean rows. */
static const char *sum_columns(struct ctx *cx, const struct dataset *d) {
  const char *sql = "";
  for (int i = 0; i < d->field_count; i++)
    if (d->fields[i].total) sql = ctx_printf(cx, "%s, coalesce(sum(%s), 0)", sql, d->fields[i].name);
  return sql;
}

static void read_sums(const struct stmt *s, int from, const struct dataset *d, int64_t *sums) {
  for (int i = 0, n = 0; i < d->field_count; i++)
    if (d->fields[i].total) sums[n] = col_int(s, from + n), n++;
}

/* The run's clean rows: those between its smallest and its largest key, which
** for keys that grow with time are few more than its own. */
static const char *FROM_RUN = "run = ?1 AND key BETWEEN ?2 AND ?3";

static void bind_run(struct stmt *s, const struct check_subject *c) {
  stmt_int(s, 1, c->run);
  stmt_str(s, 2, c->key_min);
  stmt_str(s, 3, c->key_max);
}

static struct check compare(const char *name, const char *expected, const char *actual, const char *text) {
  return (struct check){
    .name = name, .ok = strcmp(expected, actual) == 0, .expected = expected, .actual = actual, .text = text
  };
}

/* ---- the five ---- */

static int64_t count_rejects(struct ctx *cx, struct db *db, int64_t run) {
  struct stmt *s = db_stmt(cx, db, SQL_reject_count);
  stmt_int(s, 1, run);
  int64_t n = stmt_row(cx, s) ? col_int(s, 0) : 0;
  if (!cx->code) stmt_done(s);
  return n;
}

static int check_source(struct ctx *cx, struct db *db, const struct check_subject *c, int64_t clean,
                        struct check *out) {
  int64_t rejected = count_rejects(cx, db, c->run);
  *out = compare("source_vs_clean", ctx_printf(cx, "%lld", (long long)c->records),
                 ctx_printf(cx, "%lld", (long long)(clean + rejected)),
                 ctx_printf(cx, "%lld records in the file, %lld clean and %lld exceptions in the tables",
                            (long long)c->records, (long long)clean, (long long)rejected));
  return cx->code;
}

static int check_analytics(struct ctx *cx, struct db *db, const struct check_subject *c, int64_t clean,
                           struct check *out) {
  const struct dataset *d = c->dataset;
  int64_t shown[LIMIT_FIELDS] = { 0 }, raw[LIMIT_FIELDS] = { 0 }, orders = 0;
  struct stmt *s = db_compose(cx, db,
                              ctx_printf(cx, "SELECT coalesce(sum(orders), 0)%s FROM %s WHERE run = ?1",
                                         sum_columns(cx, d), d->total_table));
  if (s) stmt_int(s, 1, c->run);
  while (stmt_row(cx, s)) {
    orders = col_int(s, 0);
    read_sums(s, 1, d, shown);
  }
  for (int i = 0, n = 0; i < d->field_count; i++)
    if (d->fields[i].total) raw[n++] = c->raw_sums[i] - c->duplicate_sums[i];
  *out = compare("analytics_vs_raw", figure(cx, d, clean, raw), figure(cx, d, orders, shown),
                 "sums over the records as they were read, against the stored totals");
  return cx->code;
}

static int check_exceptions(struct ctx *cx, struct db *db, const struct check_subject *c, struct check *out) {
  const char *counted = "", *stored = "";
  struct stmt *s = db_stmt(cx, db, SQL_reject_categories);
  stmt_int(s, 1, c->run);
  while (stmt_row(cx, s))
    counted = ctx_printf(cx, "%s%s" STR_FMT " %lld", counted, *counted ? ", " : "", STR_ARG(col_str(s, 0)),
                         (long long)col_int(s, 1));
  s = db_stmt(cx, db, SQL_run_categories);
  stmt_int(s, 1, c->run);
  while (stmt_row(cx, s))
    stored = ctx_printf(cx, "%s%s" STR_FMT " %lld", stored, *stored ? ", " : "", STR_ARG(col_str(s, 0)),
                        (long long)col_int(s, 1));
  *out = compare("exception_count", *counted ? counted : "none", *stored ? stored : "none",
                 "exceptions by category: rows of the table against what is shown");
  return cx->code;
}

static int check_audit(struct ctx *cx, struct db *db, const struct check_subject *c, struct check *out) {
  const char *steps = "";
  struct stmt *s = db_stmt(cx, db, SQL_change_steps);
  stmt_text(s, 1, c->run_uuid);
  while (stmt_row(cx, s))
    steps = ctx_printf(cx, "%s%s" STR_FMT, steps, *steps ? ", " : "", STR_ARG(col_str(s, 0)));
  int64_t bad, last;
  if (cx->code || change_verify_since(cx, db, c->run_uuid, &bad, &last)) return cx->code;
  if (bad) steps = ctx_printf(cx, "%s; the chain breaks at entry %lld", steps, (long long)bad);
  *out = compare(
      "audit_completeness",
      "RUN_STARTED, DATA_INGESTED, DATA_VALIDATED, EXCEPTIONS_STORED, DATA_TRANSFORMED, ANALYTICS_CREATED",
      steps, "the steps of the run in the audit trail, and its hash chain");
  return cx->code;
}

/* Every group's sums as one text, digested: the two sides are equal only when
** every bar and every point of the page is. */
static int digest_groups(struct ctx *cx, struct db *db, const struct check_subject *c, const char *sql,
                         bool from_clean, char hex[static SHA256_HEX], int64_t *groups, int64_t *orders) {
  unsigned char sum[SHA256_SIZE];
  struct sha256 *h = sha256_new();
  *groups = *orders = 0;
  struct stmt *s = db_compose(cx, db, sql);
  if (s) stmt_int(s, 1, c->run);
  if (s && from_clean) bind_run(s, c);
  while (stmt_row(cx, s)) {
    for (int i = 0; i < stmt_columns(s); i++) {
      int64_t v = col_int(s, i);
      sha256_add(h, &v, sizeof v);
    }
    *groups += 1;
    *orders += col_int(s, stmt_columns(s) - 1);
  }
  sha256_end(h, sum);
  sha256_free(h);
  hex_encode(hex, sum, sizeof sum);
  return cx->code;
}

static int check_dashboard(struct ctx *cx, struct db *db, const struct check_subject *c, int64_t *clean,
                           struct check *out) {
  const struct dataset *d = c->dataset;
  const char *groups = "", *sums = "";
  char a[SHA256_HEX], b[SHA256_HEX];
  int64_t a_groups, b_groups, orders;
  for (int i = 0; i < d->field_count; i++) {
    if (d->fields[i].group) groups = ctx_printf(cx, "%s%s%s", groups, *groups ? ", " : "", d->fields[i].name);
    if (d->fields[i].total) sums = ctx_printf(cx, "%s, sum(%s)", sums, d->fields[i].name);
  }
  const char *of_rows = ctx_printf(cx, "SELECT %s%s, count(*) FROM %s WHERE %s GROUP BY %s", groups, sums,
                                   d->table, FROM_RUN, groups);
  const char *of_totals = ctx_printf(cx, "SELECT %s%s, sum(orders) FROM %s WHERE run = ?1 GROUP BY %s",
                                     groups, sums, d->total_table, groups);
  if (digest_groups(cx, db, c, of_rows, true, a, &a_groups, clean)) return cx->code;
  if (digest_groups(cx, db, c, of_totals, false, b, &b_groups, &orders)) return cx->code;
  a[16] = b[16] = 0; /* enough to tell them apart, short enough to be shown */
  *out = compare("dashboard_consistency", ctx_printf(cx, "%lld groups, digest %s", (long long)a_groups, a),
                 ctx_printf(cx, "%lld groups, digest %s", (long long)b_groups, b),
                 "figures of the page by group: clean rows against stored totals");
  return cx->code;
}

int checks_run(struct ctx *cx, struct db *db, const struct check_subject *s,
               struct check out[static CHECK_COUNT]) {
  int64_t clean = 0;
  int rc = check_dashboard(cx, db, s, &clean, &out[4]);
  if (!rc) rc = check_source(cx, db, s, clean, &out[0]);
  if (!rc) rc = check_analytics(cx, db, s, clean, &out[1]);
  if (!rc) rc = check_exceptions(cx, db, s, &out[2]);
  if (!rc) rc = check_audit(cx, db, s, &out[3]);
  return rc;
}

int checks_store(struct ctx *cx, struct db *db, int64_t run, const struct check checks[static CHECK_COUNT]) {
  for (int i = 0; i < CHECK_COUNT && !cx->code; i++) {
    struct stmt *s = db_stmt(cx, db, SQL_run_check_add);
    stmt_int(s, 1, run);
    stmt_int(s, 2, i + 1);
    stmt_text(s, 3, checks[i].name);
    stmt_int(s, 4, checks[i].ok);
    stmt_text(s, 5, checks[i].expected);
    stmt_text(s, 6, checks[i].actual);
    stmt_text(s, 7, checks[i].text);
    stmt_run(cx, s);
  }
  return cx->code;
}

bool checks_all_ok(const struct check checks[static CHECK_COUNT]) {
  for (int i = 0; i < CHECK_COUNT; i++)
    if (!checks[i].ok) return false;
  return true;
}

/* ---- digests of what is stored ---- */

static int64_t one_int(struct ctx *cx, struct stmt *s) {
  int64_t v = stmt_row(cx, s) ? col_int(s, 0) : 0;
  if (!cx->code && s) stmt_done(s);
  return v;
}

/* SELECT sum(crc32(key, record, fields...)): codes by their text, so that a
** changed term is noticed, too. */
static int64_t digest_clean(struct ctx *cx, struct db *db, const struct check_subject *c) {
  const struct dataset *d = c->dataset;
  const char *columns = "x.key, x.record", *joins = "";
  for (int i = 0; i < d->field_count; i++) {
    const char *name = d->fields[i].name;
    if (d->fields[i].kind == FIELD_CODE) {
      columns = ctx_printf(cx, "%s, t%d.text", columns, i);
      joins = ctx_printf(cx, "%s LEFT JOIN term t%d ON t%d.id = x.%s", joins, i, i, name);
    } else if (strcmp(name, d->key_field) == 0) {
      columns = ctx_printf(cx, "%s, coalesce(x.%s, x.key)", columns, name);
    } else {
      columns = ctx_printf(cx, "%s, x.%s", columns, name);
    }
  }
  struct stmt *s = db_compose(
      cx, db,
      ctx_printf(
          cx, "SELECT coalesce(sum(crc32(%s)), 0) FROM %s x%s WHERE x.run = ?1 AND x.key BETWEEN ?2 AND ?3",
          columns, d->table, joins));
  if (s) bind_run(s, c);
  return one_int(cx, s);
}

static int64_t digest_totals(struct ctx *cx, struct db *db, const struct check_subject *c) {
  const struct dataset *d = c->dataset;
  const char *columns = "orders";
  for (int i = 0; i < d->field_count; i++)
    if (d->fields[i].group || d->fields[i].total)
      columns = ctx_printf(cx, "%s, %s", columns, d->fields[i].name);
  struct stmt *s = db_compose(
      cx, db,
      ctx_printf(cx, "SELECT coalesce(sum(crc32(%s)), 0) FROM %s WHERE run = ?1", columns, d->total_table));
  if (s) stmt_int(s, 1, c->run);
  return one_int(cx, s);
}

int checks_digest(struct ctx *cx, struct db *db, const struct check_subject *c, int64_t *clean,
                  int64_t *rejects, int64_t *totals) {
  if (clean) *clean = digest_clean(cx, db, c);
  if (rejects) {
    struct stmt *s = db_stmt(cx, db, SQL_reject_digest);
    stmt_int(s, 1, c->run);
    *rejects = one_int(cx, s);
  }
  if (totals) *totals = digest_totals(cx, db, c);
  return cx->code;
}
