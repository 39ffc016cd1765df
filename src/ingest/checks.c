#include "ingest/checks.h"

#include <pthread.h>

#include "base/decimal.h"
#include "base/hash.h"
#include "base/time.h"
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
  return ctx_take(cx, &b);
}

static void read_sums(const struct stmt *s, int from, const struct dataset *d, int64_t *sums) {
  for (int i = 0, n = 0; i < d->field_count; i++)
    if (d->fields[i].total) sums[n] = col_int(s, from + n), n++;
}

static struct check compare(const char *name, const char *expected, const char *actual, const char *text) {
  return (struct check){
    .name = name, .ok = strcmp(expected, actual) == 0, .expected = expected, .actual = actual, .text = text
  };
}

/* ---- the five ---- */

static int check_source(struct ctx *cx, const struct check_subject *c, int64_t clean, int64_t rejected,
                        struct check *out) {
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
  struct stmt *s =
      db_compose(cx, db,
                 ctx_printf(cx, "SELECT coalesce(sum(orders), 0)%s FROM %s WHERE run = ?1",
                            dataset_total_columns(cx, d, "coalesce(sum(", "), 0)"), d->total_table));
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

static int check_exceptions(struct ctx *cx, struct db *db, const struct check_subject *c, int64_t *rejected,
                            struct check *out) {
  const char *counted = "", *stored = "";
  *rejected = 0;
  struct stmt *s = db_ask(cx, db, SQL_reject_categories, c->run);
  while (stmt_row(cx, s)) {
    counted = ctx_printf(cx, "%s%s" STR_FMT " %lld", counted, *counted ? ", " : "", STR_ARG(col_str(s, 0)),
                         (long long)col_int(s, 1));
    *rejected += col_int(s, 1);
  }
  s = db_ask(cx, db, SQL_run_categories, c->run);
  while (stmt_row(cx, s))
    stored = ctx_printf(cx, "%s%s" STR_FMT " %lld", stored, *stored ? ", " : "", STR_ARG(col_str(s, 0)),
                        (long long)col_int(s, 1));
  *out = compare("exception_count", *counted ? counted : "none", *stored ? stored : "none",
                 "exceptions by category: rows of the table against what is shown");
  return cx->code;
}

static int check_audit(struct ctx *cx, struct db *db, const struct check_subject *c, struct check *out) {
  const char *steps = "";
  struct stmt *s = db_ask(cx, db, SQL_change_steps, c->run_uuid);
  while (stmt_row(cx, s))
    steps = ctx_printf(cx, "%s%s" STR_FMT, steps, *steps ? ", " : "", STR_ARG(col_str(s, 0)));
  int64_t bad = 0, last;
  if (cx->code || (!c->chain_holds && change_verify_since(cx, db, c->run_uuid, &bad, &last))) return cx->code;
  if (bad) steps = ctx_printf(cx, "%s; the chain breaks at entry %lld", steps, (long long)bad);
  *out = compare(
      "audit_completeness",
      "RUN_STARTED, DATA_INGESTED, DATA_VALIDATED, EXCEPTIONS_STORED, DATA_TRANSFORMED, ANALYTICS_CREATED, "
      "RUN_COMPLETED",
      steps, "the steps of the run in the audit trail, and its hash chain");
  return cx->code;
}

/* All groups' sums in one figure: the sum over rows of weight(group) * value, the
** weight being a hash of the group, all modulo 2^64 (group_digest, store/db.c). It
** is the same whether the values of a group are added before or after, so rows and
** stored totals agree if, but for a chance of 2^-64, every bar and every point of
** the page does. No sorting, no table in memory: one pass over rows as they lie. */
struct group_sums {
  uint64_t sum[GROUP_DIGEST_SUMS];
  int64_t orders;
};

static void add_groups(struct ctx *cx, struct stmt *s, struct group_sums *g) {
  if (!stmt_row(cx, s)) return;
  struct str blob = col_str(s, 0);
  uint64_t sum[GROUP_DIGEST_SUMS] = { 0 };
  memcpy(sum, blob.p, blob.n < sizeof sum ? blob.n : sizeof sum); /* of no rows it is NULL */
  for (int i = 0; i < GROUP_DIGEST_SUMS; i++) g->sum[i] += sum[i];
  g->orders += col_int(s, 1);
  stmt_done(s);
}

static const char *groups_text(struct ctx *cx, const struct group_sums *g) {
  char hex[SHA256_HEX];
  unsigned char sum[SHA256_SIZE];
  sha256_of(g->sum, sizeof g->sum, sum);
  return ctx_printf(cx, "orders %lld, digest of all groups %s", (long long)g->orders,
                    hex_encode(hex, sum, 8));
}

/* One range of the clean rows: from <= key < to, or <= the largest. Between its
** smallest and its largest key lie, for keys that grow with time, few rows more than
** the run's own. */
struct range {
  struct ctx cx;
  const struct check_subject *subject;
  const char *select;
  struct str from, to;
  bool to_the_end;
  struct group_sums sums;
};

static void read_range(struct ctx *cx, struct db *db, struct range *r) {
  struct stmt *s = db_compose(cx, db,
                              ctx_printf(cx, "%s FROM %s WHERE run = ?1 AND key >= ?2 AND key %s ?3",
                                         r->select, r->subject->dataset->table, r->to_the_end ? "<=" : "<"));
  if (!s) return;
  stmt_bind(s, r->subject->run, r->from, r->to);
  add_groups(cx, s, &r->sums);
}

static void *range_main(void *arg) {
  struct range *r = arg;
  struct db *db;
  if (!tenant_read(&r->cx, r->subject->tenant, &db)) read_range(&r->cx, db, r);
  return NULL;
}

/* Rows of the run that others have taken the place of since: they are still its rows. */
static void read_past(struct ctx *cx, struct db *db, const struct check_subject *c, const char *select,
                      struct group_sums *out) {
  struct stmt *s =
      db_compose(cx, db, ctx_printf(cx, "%s FROM %s WHERE run = ?1", select, c->dataset->past_table));
  if (!s) return;
  stmt_int(s, 1, c->run);
  add_groups(cx, s, out);
}

/* All clean rows of the run; where there is a middle key, its two halves at once. */
static int read_rows(struct ctx *cx, struct db *db, const struct check_subject *c, const char *select,
                     struct group_sums *out) {
  struct range low = {
    .subject = c, .select = select, .from = c->key_min, .to = c->key_max, .to_the_end = true
  };
  struct range high = low;
  pthread_t helper;
  bool halves = c->tenant && c->key_mid.p;
  if (halves) {
    low.to = high.from = c->key_mid;
    low.to_the_end = false;
    ctx_begin(&high.cx, cx->actor);
    bool started = pthread_create(&helper, NULL, range_main, &high) == 0;
    if (!started) range_main(&high);
    read_range(cx, db, &low);
    if (started) pthread_join(helper, NULL);
    if (high.cx.code) fail_from(cx, &high.cx);
    ctx_end(&high.cx);
  } else {
    read_range(cx, db, &low);
  }
  *out = low.sums;
  if (halves) out->orders += high.sums.orders;
  for (int i = 0; halves && i < GROUP_DIGEST_SUMS; i++) out->sum[i] += high.sums.sum[i];
  read_past(cx, db, c, select, out);
  return cx->code;
}

/* A digest of figures by group, see store.h; orders: what a row counts for. */
static const char *digest_sql(struct ctx *cx, const struct dataset *d, const char *orders) {
  int groups = 0;
  for (int i = 0; i < d->field_count; i++) groups += d->fields[i].group;
  return ctx_printf(cx, "group_digest(%d, %s, %s%s)", groups, dataset_group_columns(cx, d), orders,
                    dataset_total_columns(cx, d, "", ""));
}

static int check_dashboard(struct ctx *cx, struct db *db, const struct check_subject *c, int64_t *clean,
                           struct check *out) {
  const struct dataset *d = c->dataset;
  struct group_sums rows, totals = { 0 };
  if (read_rows(cx, db, c, ctx_printf(cx, "SELECT %s, count(*)", digest_sql(cx, d, "1")), &rows))
    return cx->code;
  struct stmt *s = db_compose(cx, db,
                              ctx_printf(cx, "SELECT %s, coalesce(sum(orders), 0) FROM %s WHERE run = ?1",
                                         digest_sql(cx, d, "orders"), d->total_table));
  if (s) stmt_int(s, 1, c->run);
  add_groups(cx, s, &totals);
  *clean = rows.orders;
  *out = compare("dashboard_consistency", groups_text(cx, &rows), groups_text(cx, &totals),
                 "figures of the page by group: clean rows against stored totals");
  return cx->code;
}

int checks_run(struct ctx *cx, struct db *db, const struct check_subject *s,
               struct check out[static CHECK_COUNT]) {
  int64_t clean = 0, rejected = 0;
  int rc = check_dashboard(cx, db, s, &clean, &out[4]);
  if (!rc) rc = check_exceptions(cx, db, s, &rejected, &out[2]);
  if (!rc) rc = check_source(cx, s, clean, rejected, &out[0]);
  if (!rc) rc = check_analytics(cx, db, s, clean, &out[1]);
  if (!rc) rc = check_audit(cx, db, s, &out[3]);
  return rc;
}

static int store(struct ctx *cx, struct db *db, int64_t run, const struct check checks[static CHECK_COUNT]) {
  for (int i = 0; i < CHECK_COUNT && !cx->code; i++) {
    db_act(cx, db, SQL_run_check_add, run, i + 1, checks[i].name, checks[i].ok, checks[i].expected,
           checks[i].actual, checks[i].text);
  }
  return cx->code;
}

int checks_commit(struct ctx *cx, struct db *db, int64_t run, const char *run_uuid,
                  const struct check checks[static CHECK_COUNT]) {
  int64_t crc = 0;
  cx->now = time_now();
  int rc = db_begin(cx, db);
  if (!rc) rc = store(cx, db, run, checks);
  if (!rc) rc = checks_digest_audit(cx, db, run, &crc);
  if (!rc)
    rc = change_append(cx, db,
                       &(struct change){ .event = "RUN_AUDITED",
                                         .unit = run_uuid,
                                         .table = "run_check",
                                         .after = str_of(ctx_printf(cx, "{\"run\":%lld,\"check_crc\":%lld}",
                                                                    (long long)run, (long long)crc)),
                                         .count = CHECK_COUNT,
                                         .text = checks_all_ok(checks)
                                                     ? "the self-audit passed: all five checks hold"
                                                     : "the self-audit FAILED" });
  if (!rc) rc = db_commit(cx, db);
  if (rc) db_rollback(db);
  return rc;
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

void checks_row_columns(struct ctx *cx, const struct dataset *d, const char **columns, const char **joins) {
  *columns = "x.key, x.record";
  *joins = "";
  for (int i = 0; i < d->field_count; i++) {
    const char *name = d->fields[i].name;
    if (d->fields[i].kind == FIELD_CODE) {
      *columns = ctx_printf(cx, "%s, t%d.text", *columns, i);
      *joins = ctx_printf(cx, "%s LEFT JOIN term t%d ON t%d.id = x.%s", *joins, i, i, name);
    } else if (strcmp(name, d->key_field) == 0) {
      *columns = ctx_printf(cx, "%s, coalesce(x.%s, x.key)", *columns, name);
    } else {
      *columns = ctx_printf(cx, "%s, x.%s", *columns, name);
    }
  }
}

/* SELECT sum(crc32(key, record, fields...)). */
static int64_t digest_clean(struct ctx *cx, struct db *db, const struct check_subject *c) {
  const struct dataset *d = c->dataset;
  const char *columns, *joins;
  checks_row_columns(cx, d, &columns, &joins);
  struct stmt *s = db_compose(cx, db,
                              ctx_printf(cx,
                                         "SELECT (SELECT coalesce(sum(crc32(%s)), 0) FROM %s x%s WHERE x.run "
                                         "= ?1 AND x.key BETWEEN ?2 AND ?3) + "
                                         "(SELECT coalesce(sum(crc32(%s)), 0) FROM %s x%s WHERE x.run = ?1)",
                                         columns, d->table, joins, columns, d->past_table, joins));
  if (!s) return 0;
  stmt_bind(s, c->run, c->key_min, c->key_max);
  return one_int(cx, s);
}

int checks_current(struct ctx *cx, struct db *db, const struct dataset *d, bool *same) {
  struct group_sums rows = { 0 }, totals = { 0 };
  const char *of_rows = ctx_printf(cx, "SELECT %s, count(*) FROM %s", digest_sql(cx, d, "1"), d->table);
  const char *of_totals = ctx_printf(cx, "SELECT %s, coalesce(sum(orders), 0) FROM %s",
                                     digest_sql(cx, d, "orders"), d->current_table);
  add_groups(cx, db_compose(cx, db, of_rows), &rows);
  add_groups(cx, db_compose(cx, db, of_totals), &totals);
  *same = memcmp(&rows, &totals, sizeof rows) == 0;
  return cx->code;
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
    struct stmt *s = db_ask(cx, db, SQL_reject_digest, c->run);
    *rejects = one_int(cx, s);
  }
  if (totals) *totals = digest_totals(cx, db, c);
  return cx->code;
}

static int digest_by(struct ctx *cx, struct db *db, enum sql_id statement, int64_t run, int64_t *crc) {
  struct stmt *s = db_ask(cx, db, statement, run);
  *crc = one_int(cx, s);
  return cx->code;
}

int checks_digest_run(struct ctx *cx, struct db *db, int64_t run, int64_t *crc) {
  return digest_by(cx, db, SQL_run_digest, run, crc);
}

int checks_digest_settled(struct ctx *cx, struct db *db, int64_t run, int64_t *crc) {
  return digest_by(cx, db, SQL_settled_digest, run, crc);
}

int checks_digest_audit(struct ctx *cx, struct db *db, int64_t run, int64_t *crc) {
  return digest_by(cx, db, SQL_run_check_digest, run, crc);
}
