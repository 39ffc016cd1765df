#include "export/governance.h"

#include "base/time.h"
#include "store/change.h"
#include "store/column.h"

enum { CHANGES_SHOWN = 200, VERSIONS_MAX = 256 };

enum {
  DATASET,
  NAME,
  STAGE,
  KIND,
  FIELD,
  CATEGORY,
  RULE_VERSION, /* NULL: no such rule (any more) */
  ACTIVE,
  VERSION, /* that judged; NULL: none did */
  RUNS,
  RECORDS,
  FAILED,
  FIRST,
  LAST,
  CAUGHT,
  OWNER
};

/* ---- controls ---- */

struct version {
  int64_t version, runs, records, failed;
};

struct control {
  const char *dataset, *name, *stage, *kind, *field, *category, *owner;
  bool is_rule, active;
  int64_t rule_version, runs, records, failed, first, last, caught;
  int version_count;
  struct version versions[VERSIONS_MAX]; /* the first so many */
  int64_t newest;                        /* version that judged */
};

static void control_begin(struct ctx *cx, const struct stmt *s, struct control *c) {
  *c = (struct control){
    .dataset = col_dup(cx, s, DATASET),
    .name = col_dup(cx, s, NAME),
    .stage = col_dup(cx, s, STAGE),
    .kind = col_dup(cx, s, KIND),
    .field = col_dup(cx, s, FIELD),
    .category = col_dup(cx, s, CATEGORY),
    .owner = col_dup(cx, s, OWNER),
    .is_rule = !col_null(s, RULE_VERSION),
    .active = col_int(s, ACTIVE) == 1,
    .rule_version = col_int(s, RULE_VERSION),
  };
}

static void control_add(const struct stmt *s, struct control *c) {
  if (col_null(s, VERSION)) return;
  struct version v = { col_int(s, VERSION), col_int(s, RUNS), col_int(s, RECORDS), col_int(s, FAILED) };
  int64_t first = col_int(s, FIRST), last = col_int(s, LAST), caught = col_int(s, CAUGHT);
  if (c->version_count < VERSIONS_MAX) c->versions[c->version_count++] = v;
  c->runs += v.runs;
  c->records += v.records;
  c->failed += v.failed;
  c->newest = v.version;
  if (!c->first || first < c->first) c->first = first;
  if (last > c->last) c->last = last;
  if (caught > c->caught) c->caught = caught;
}

/* A control of version 0 is asked because storage needs it, whatever the rules are. */
static bool control_off(const struct control *c) { return c->is_rule ? !c->active : c->newest > 0; }

static const char *plural(int64_t n) { return n == 1 ? "" : "s"; }

static const char *describe(struct ctx *cx, const struct control *c) {
  char day[TIME_SIZE];
  const char *judged = ctx_printf(cx, "%lld record%s in %lld run%s", (long long)c->records,
                                  plural(c->records), (long long)c->runs, plural(c->runs));
  if (control_off(c))
    return ctx_printf(cx, "%s; it judged %s and rejected %lld",
                      c->is_rule ? "it is switched off" : "the rule was deleted", judged,
                      (long long)c->failed);
  if (c->runs == 0) return "it has judged nothing yet";
  if (c->failed == 0) return ctx_printf(cx, "nothing has failed it: %s", judged);
  time_iso(day, c->caught);
  return ctx_printf(cx, "it rejected %lld of %s, last on %.10s", (long long)c->failed, judged, day);
}

static void write_versions(struct jw *w, const struct control *c) {
  jw_array(w, "versions");
  for (int i = 0; i < c->version_count; i++)
    jw_record(w, NULL, "version", c->versions[i].version, "runs", c->versions[i].runs, "records",
              c->versions[i].records, "failed", c->versions[i].failed);
  jw_close(w, ']');
}

static void control_write(struct ctx *cx, struct jw *w, const struct control *c) {
  jw_object(w, NULL);
  jw_put(w, "dataset", c->dataset, "control", c->name, "version", c->is_rule ? c->rule_version : c->newest,
         "stage", c->stage, "kind", c->kind, "field", c->field, "category", c->category, "owner", c->owner,
         "runs", c->runs, "records", c->records, "failed", c->failed);
  if (c->records)
    jw_real(w, "pass_rate", (double)(c->records - c->failed) / (double)c->records, 6);
  else
    jw_text(w, "pass_rate", NULL);
  jw_put(w, "first_seen", arg_time_known(c->first), "last_seen", arg_time_known(c->last), "last_caught",
         arg_time_known(c->caught), "changes", c->is_rule ? c->rule_version : c->newest, "effective",
         control_off(c) ? "off"
         : c->failed    ? "catches"
                        : "silent");
  jw_text(w, "text", describe(cx, c));
  write_versions(w, c);
  jw_close(w, '}');
}

static int write_controls(struct ctx *cx, struct db *db, const struct governance_scope *scope, struct jw *w) {
  struct control *c = ctx_alloc(cx, sizeof *c);
  struct stmt *s = db_ask(cx, db, SQL_governance_controls, scope->dataset, scope->from, scope->to);
  jw_array(w, "controls");
  while (stmt_row(cx, s)) {
    bool same = c->name && str_eq(col_str(s, NAME), str_of(c->name)) &&
                str_eq(col_str(s, DATASET), str_of(c->dataset));
    if (!same && c->name) control_write(cx, w, c);
    if (!same) control_begin(cx, s, c);
    control_add(s, c);
  }
  if (c->name && !cx->code) control_write(cx, w, c);
  jw_close(w, ']');
  return cx->code;
}

static int write_changes(struct ctx *cx, struct db *db, const struct governance_scope *scope, struct jw *w) {
  struct stmt *s = db_ask(cx, db, SQL_governance_rule_changes, scope->from, scope->to, CHANGES_SHOWN);
  return columns_list(cx, s, w, "rule_changes",
                      "seq: int, at: known, actor, event, table, name: text?, text");
}

/* ---- figures of the file ---- */

/* ?1 to ?3 of every statement here; NULL when it could not be prepared. */
static struct stmt *scoped(struct ctx *cx, struct db *db, enum sql_id id,
                           const struct governance_scope *scope) {
  struct stmt *s = db_ask(cx, db, id, scope->dataset, scope->from, scope->to);
  return s;
}

static int write_runs(struct ctx *cx, struct db *db, const struct governance_scope *scope, struct jw *w) {
  static const char *const names[] = { "done", "failed", "undone", "interrupted", "running" };
  enum { STATES = sizeof names / sizeof *names };
  struct stmt *s = scoped(cx, db, SQL_governance_runs, scope);
  if (!stmt_row(cx, s)) return cx->code;
  jw_object(w, "runs");
  for (int i = 0; i < STATES; i++) jw_int(w, names[i], col_int(s, i));
  jw_close(w, '}');
  jw_record(w, "rows", "read", col_int(s, STATES), "rejected", col_int(s, STATES + 1));
  stmt_done(s);
  s = scoped(cx, db, SQL_governance_audits, scope);
  if (!stmt_row(cx, s)) return cx->code;
  jw_object(w, "audits");
  columns_write(w, s, 0, "passed: int, failed: int");
  jw_close(w, '}');
  stmt_done(s);
  return cx->code;
}

struct age {
  int64_t us, n;
};

/* The middle one of many, or the mean of the two in the middle; ages come in order. */
static double median(const struct age *ages, size_t count, int64_t total) {
  double sum = 0;
  int64_t seen = 0, low = (total - 1) / 2, high = total / 2;
  for (size_t i = 0; i < count; i++) {
    int64_t end = seen + ages[i].n;
    if (low >= seen && low < end) sum += (double)ages[i].us;
    if (high >= seen && high < end) sum += (double)ages[i].us;
    seen = end;
  }
  return sum / 2;
}

struct ages {
  struct age *list;
  size_t count;
  int64_t total;
};

static void ages_add(struct ctx *cx, struct ages *a, struct age age) {
  a->total += age.n;
  if (a->count > 0 && a->list[a->count - 1].us == age.us) {
    a->list[a->count - 1].n += age.n;
    return;
  }
  a->list = ctx_more(cx, a->list, a->count, sizeof *a->list);
  a->list[a->count++] = age;
}

static void write_median(struct jw *w, const char *key, const struct ages *a) {
  if (a->total)
    jw_real(w, key, median(a->list, a->count, a->total) / (double)DAY_US, 3);
  else
    jw_text(w, key, NULL);
}

static int write_exceptions(struct ctx *cx, struct db *db, const struct governance_scope *scope,
                            struct jw *w) {
  int64_t by_state[4] = { 0 };
  struct ages open = { 0 }, settled = { 0 };
  struct stmt *s = scoped(cx, db, SQL_governance_ages, scope);
  stmt_int(s, 4, cx->now);
  while (stmt_row(cx, s)) {
    struct age age = { col_int(s, 1), col_int(s, 2) };
    by_state[col_int(s, 0) & 3] += age.n;
    ages_add(cx, col_int(s, 0) == 3 ? &open : &settled, age);
  }
  jw_object(w, "exceptions");
  jw_put(w, "open", by_state[3], "corrected", by_state[1], "accepted", by_state[2]);
  write_median(w, "median_days_open", &open);
  write_median(w, "median_days_to_settle", &settled);
  jw_close(w, '}');
  return cx->code;
}

static int write_log(struct ctx *cx, struct db *db, struct jw *w) {
  struct change_end end;
  char hex[SHA256_HEX];
  if (change_last(cx, db, &end)) return cx->code;
  struct stmt *s = db_stmt(cx, db, SQL_governance_log);
  if (!stmt_row(cx, s)) return cx->code;
  jw_object(w, "log");
  jw_int(w, "entries", end.seq);
  columns_write(w, s, 0, "first: known, last: known");
  jw_put(w, "head", hex_encode(hex, end.hash, SHA256_SIZE), "verified", arg_time_known(col_int(s, 2)));
  jw_close(w, '}');
  stmt_done(s);
  return cx->code;
}

static void write_period(struct jw *w, const struct governance_scope *scope) {
  jw_record(w, "period", "from", arg_time_known(scope->from == INT64_MIN ? 0 : scope->from), "to",
            arg_time_known(scope->to == INT64_MAX ? 0 : scope->to));
}

int governance_report(struct ctx *cx, struct db *db, const struct governance_scope *scope, struct jw *w,
                      const char *key) {
  jw_object(w, key);
  write_period(w, scope);
  int rc = write_controls(cx, db, scope, w);
  if (!rc) rc = write_changes(cx, db, scope, w);
  if (!rc) rc = write_runs(cx, db, scope, w);
  if (!rc) rc = write_exceptions(cx, db, scope, w);
  if (!rc) rc = write_log(cx, db, w);
  jw_record(w, "proof", "key_fingerprint", scope->fingerprint);
  jw_close(w, '}');
  return rc;
}
