#include "inventory/quality.h"

#include "base/limits.h"
#include "notify/alert.h"
#include "store/column.h"

static const struct {
  const char *name, *group, *help;
  enum sql_id sql;
} checks[] = {
  { "negative_on_hand", "negative inventory", "nothing has less than nothing on hand",
    SQL_stock_quality_negative_on_hand },
  { "negative_reserved", "negative inventory", "nothing has less than nothing reserved",
    SQL_stock_quality_negative_reserved },
  { "negative_reorder_point", "negative inventory", "reorder points are not below zero",
    SQL_stock_quality_negative_reorder_point },
  { "over_reserved", "over-reserved", "no more is reserved than there is", SQL_stock_quality_over_reserved },
  { "invalid_reservation", "over-reserved",
    "open reservations hold something that there is, and their time is not over",
    SQL_stock_quality_invalid_reservation },
  { "reservation_conflict", "over-reserved", "a purpose has one open reservation, booked as its record says",
    SQL_stock_quality_reservation_conflict },
  { "missing_sku", "missing data", "what is booked is an item that there is", SQL_stock_quality_missing_sku },
  { "missing_warehouse", "missing data", "what is booked lies in a warehouse that there is",
    SQL_stock_quality_missing_warehouse },
  { "missing_product", "missing data", "items have a name, a category and a unit cost",
    SQL_stock_quality_missing_product },
  { "missing_transaction", "transaction integrity", "of what a device numbers nothing is missing",
    SQL_stock_quality_missing_transaction },
  { "duplicate_transaction", "transaction integrity", "no movement is there twice",
    SQL_stock_quality_duplicate_transaction },
  { "invalid_type", "transaction integrity", "movements have a type, and change what it changes",
    SQL_stock_quality_invalid_type },
  { "balance", "transaction consistency", "the balance of each movement follows from the one before it",
    SQL_stock_quality_balance },
  { "sequence", "transaction consistency",
    "movements are numbered without a gap, and in the order of their times", SQL_stock_quality_sequence },
  { "timestamps", "transaction consistency", "movements happened after 2000 and before they became known",
    SQL_stock_quality_timestamps },
  { "null_values", "data integrity", "what must say something is not blank", SQL_stock_quality_null_values },
  { "duplicate_records", "data integrity", "one thing has one record", SQL_stock_quality_duplicate_records },
  { "consistency", "data integrity", "levels are what the ledger comes to", SQL_stock_quality_consistency },
};
_Static_assert(sizeof checks / sizeof *checks == QUALITY_CHECKS,
               "QUALITY_CHECKS (quality.h) counts these rows");

/* ---- looking ---- */

static int look_one(struct ctx *cx, struct db *db, int i, struct quality_result *out) {
  struct buf b;
  struct jw w;
  *out = (struct quality_result){ .name = checks[i].name, .group = checks[i].group, .help = checks[i].help };
  buf_init(&b, LIMIT_BODY_BYTES);
  jw_init(&w, &b);
  jw_array(&w, NULL);
  struct stmt *s = db_ask(cx, db, checks[i].sql, cx->now);
  for (; stmt_row(cx, s); out->found++) {
    if (out->found >= QUALITY_SAMPLES) continue;
    jw_object(&w, NULL);
    columns_write(&w, s, 0, "subject, text");
    jw_close(&w, '}');
  }
  jw_close(&w, ']');
  out->samples = str_of(ctx_take(cx, &b));
  return cx->code;
}

int quality_look(struct ctx *cx, struct db *db, struct quality_result out[QUALITY_CHECKS]) {
  for (int i = 0; i < QUALITY_CHECKS && !cx->code; i++) look_one(cx, db, i, &out[i]);
  return cx->code;
}

/* ---- keeping ---- */

int quality_keep(struct ctx *cx, struct db *db, const struct quality_result results[QUALITY_CHECKS],
                 int64_t *failed) {
  *failed = 0;
  for (int i = 0; i < QUALITY_CHECKS; i++) *failed += results[i].found > 0;
  if (db_act(cx, db, SQL_stock_quality_run_add, cx->now, *failed)) return cx->code;
  int64_t run = db_last_id(db);
  for (int i = 0; i < QUALITY_CHECKS && !cx->code; i++) {
    db_act(cx, db, SQL_stock_quality_add, run, results[i].name, results[i].found, results[i].samples);
  }
  return db_act(cx, db, SQL_stock_quality_forget, QUALITY_RUNS_KEPT);
}

/* Figures that contradict each other are worse than records that lack something. */
static bool is_critical(const struct quality_result *r) {
  static const char *const names[] = { "balance", "sequence", "consistency" };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(r->name, names[i]) == 0) return true;
  return false;
}

static int raise_one(struct ctx *cx, struct db *db, const struct quality_result *r) {
  bool fresh;
  const struct alert a = { .kind = "stock_quality",
                           .subject = r->name,
                           .state = "failing",
                           .severity = is_critical(r) ? SEVERITY_CRITICAL : SEVERITY_WARNING,
                           .title = ctx_printf(cx, "Stock data: %s", r->name),
                           .text = ctx_printf(cx, "%lld faults; it should be that %s", (long long)r->found,
                                              r->help),
                           .address = "#/stock" };
  return alert_raise(cx, db, &a, &fresh);
}

int quality_alert(struct ctx *cx, struct db *db, const struct quality_result results[QUALITY_CHECKS]) {
  for (int i = 0; i < QUALITY_CHECKS && !cx->code; i++)
    if (results[i].found)
      raise_one(cx, db, &results[i]);
    else
      alert_settle(cx, db, "stock_quality", results[i].name);
  return cx->code;
}

int quality_latest(struct ctx *cx, struct db *db, struct quality_result out[QUALITY_CHECKS], int64_t *at) {
  *at = 0;
  for (int i = 0; i < QUALITY_CHECKS; i++)
    out[i] = (struct quality_result){
      .name = checks[i].name, .group = checks[i].group, .help = checks[i].help, .samples = STR("[]")
    };
  struct stmt *s = db_stmt(cx, db, SQL_stock_quality_latest);
  if (!stmt_row(cx, s)) return cx->code;
  int64_t run = col_int(s, 0);
  *at = col_int(s, 1);
  stmt_done(s);
  s = db_ask(cx, db, SQL_stock_quality_results, run);
  while (stmt_row(cx, s))
    for (int i = 0; i < QUALITY_CHECKS; i++) {
      if (!str_eq(col_str(s, 0), str_of(checks[i].name))) continue;
      out[i].found = col_int(s, 1);
      out[i].samples = str_of(col_dup(cx, s, 2));
    }
  return cx->code;
}

/* ---- telling ---- */

static void write_sample(struct ctx *cx, struct db *db, const char *check, const struct jv *sample,
                         struct jw *w) {
  struct str subject = jv_text(jv_get(sample, "subject"));
  struct stmt *s = db_ask(cx, db, SQL_stock_quality_verdict, check, subject);
  bool reviewed = stmt_row(cx, s);
  jw_object(w, NULL);
  jw_put(w, "subject", subject, "text", jv_text(jv_get(sample, "text")));
  if (reviewed) columns_write(w, s, 0, "assignee!, verdict!, note!");
  jw_close(w, '}');
  if (reviewed) stmt_done(s);
}

int quality_json(struct ctx *cx, struct db *db, const struct quality_result results[QUALITY_CHECKS],
                 struct jw *w, const char *key) {
  jw_array(w, key);
  for (int i = 0; i < QUALITY_CHECKS && !cx->code; i++) {
    struct jv *samples;
    if (jv_parse(cx, results[i].samples, &samples)) break;
    jw_object(w, NULL);
    jw_put(w, "check", results[i].name, "group", results[i].group, "help", results[i].help, "passed",
           arg_bool(results[i].found == 0), "failed", results[i].found);
    jw_array(w, "samples");
    for (size_t j = 0; j < jv_size(samples); j++) write_sample(cx, db, results[i].name, jv_at(samples, j), w);
    jw_close(w, ']');
    jw_close(w, '}');
  }
  jw_close(w, ']');
  return cx->code;
}

int quality_runs(struct ctx *cx, struct db *db, int64_t limit, struct jw *w, const char *key) {
  struct stmt *s = db_ask(cx, db, SQL_stock_quality_runs, limit);
  return columns_list(cx, s, w, key, "id: int, at: instant, ledger: int, failed: int");
}
