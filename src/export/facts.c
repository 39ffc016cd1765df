#include "export/facts.h"

#include <ctype.h>

#include "model/entity.h"

/* ---- words ---- */

static const struct {
  const char *name, *text;
} tables[] = {
  { "change_log", "every change, in order, each with a hash over itself and the one before it" },
  { "unit_log", "the same by unit of work: a run, a request, a command" },
  { "organizations", "whose file this is" },
  { "schema_migration", "which migrations of the schema were applied, and when" },
  { "rule_set", "the rules and lists that runs were judged by, as they were" },
  { "run", "the imports: what came in, how it was read, and what became of it" },
  { "raw_chunk", "the original bytes of every file, as they came" },
  { "term", "the distinct texts of coded columns" },
  { "reject", "rejected records with their original bytes and everything that is wrong with them" },
  { "kept_verdict", "where verdicts on exceptions wait while exceptions are derived again; otherwise empty" },
  { "run_control", "the controls of every run as they were, and how many records failed each" },
  { "run_category", "how many records of a run were rejected, by category" },
  { "run_check", "the self-audit of every run: five checks of two figures each" },
  { "run_undone", "runs that do not count at present" },
  { "undo_kept", "rows of an undone run that stay all the same, and why" },
  { "job", "work to be done, and what became of it" },
  { "job_queue_state", "where the queues stand: whose turn it is, what their rate has left" },
  { "job_try", "attempts at jobs that failed or had something to say, with their log" },
  { "job_step", "the steps of jobs that are done" },
  { "schedule_state", "how far each schedule has come" },
  { "schedule_slot", "what became of every time at which something was due" },
  { "graph_run", "runs of graphs: what each covers, and how it ended" },
  { "graph_task", "the tasks of these runs" },
  { "topic", "streams of events: what each takes and how long it is kept" },
  { "event_partition", "how far each partition of a topic reaches" },
  { "event_segment", "the events of topics, many in a row" },
  { "event_seen", "the ids of events, so that none is taken twice" },
  { "event_parked", "events that could not be taken, and why" },
  { "event_group", "who reads a topic, and how well" },
  { "event_position", "how far each group has read, and who reads at present" },
  { "event_member", "who reads for a group at present" },
  { "event_minute", "events and errors by minute" },
  { "stock_transactions", "the ledger: every change of stock" },
  { "stock_name", "the codes of items, warehouses, locations, lots, pieces and who acted, once each" },
  { "stock_kind", "the kinds of movements" },
  { "stock_archiving", "which rows of the ledger are being moved into files; otherwise empty" },
  { "stock_archived", "what the rows of the ledger come to that lie in files" },
  { "stock_archived_event", "the event ids of the rows of the ledger that lie in files" },
  { "stock_level", "what is on hand and reserved: by item, warehouse, location and lot" },
  { "stock_levels", "what is on hand, reserved and available: by item and warehouse" },
  { "stock_serial_place", "where each piece with a serial number is" },
  { "stock_reserved", "what each reservation holds back" },
  { "stock_daily", "movements of an item in a warehouse, added up by day" },
  { "stock_weekly", "movements of an item in a warehouse, added up by week" },
  { "stock_dirty_week", "weeks that are to be added up again" },
  { "stock_position", "how far the ledger is added up" },
  { "stock_metric", "what velocity, trend and turnover of an item in a warehouse are made of" },
  { "stock_snapshot_day", "the days whose stock was put down" },
  { "stock_snapshot", "what there was at the end of a day, as it was known then" },
  { "stock_report", "what moved, week by week" },
  { "stock_check_run", "when the quality of the stock's data was checked" },
  { "stock_check", "what each quality check found" },
  { "alert_seen", "how often each alert was raised" },
  { "alert_notice", "what went out about alerts, and what waits to" },
  { "metric_dirty", "months whose revenue changed since it was added up" },
  { "monthly_revenue_store", "revenue by month, as it was last added up" },
  { "monthly_revenue_state", "when revenue by month was added up" },
  { "stock_risk",
    "how each item stands in each warehouse: what is there, what will be asked for, and the risk" },
  { "plan_position", "how far in the ledger the followers of events have come" },
  { "event_tally", "the events that each consumer group took, by day and type" },
  { "cached_figure", "answers that are kept ready, with the moment they speak of" },
  { "metrics", "figures of days: revenue, inventory, staffing, costs" },
  { "data_quality_alerts", "figures that are not as they should be" },
  { "daily_revenue_by_category", "revenue by day and category" },
  { "monthly_revenue", "revenue by month: total, average of a day, days with data" },
  { "connectors", "outside systems that data comes from" },
  { "outbox", "mails and requests that go out, and what was answered" },
  { "webhook_position", "how far each webhook has been told of what happened" },
  { "secret", "passwords and keys, sealed with a key that is not in this file" },
  { "archive_partition", "parts of tables that lie in files" },
  { "backup_made", "the copies of this file that were made, opened and verified" },
  { "credential", "passwords, PINs and badges of accounts, hashed" },
  { "sessions", "logins and tokens that were given, and when they ended" },
  { "login_failure", "logins that went wrong lately" },
  { "idempotent_reply", "replies that are given again when a request is repeated" },
  { "circuit_breaker", "whether work that kept failing is let through" },
  { "sync_upstream", "where headquarters is, and who we are there" },
  { "sync_origin", "the epochs of this edge: what it is called at headquarters, and since when" },
  { "sync_lane", "how far headquarters confirmed what was sent" },
  { "sync_batch", "every batch that was sent, with its hash, signature and receipt" },
  { "sync_contact", "what the clocks said here and at headquarters, whenever it was reached" },
  { "sync_error", "why headquarters is not reached now" },
  { "sync_day", "what was sent, day by day" },
  { "sync_history", "what happened on the way to headquarters" },
  { "sync_pull", "how far the tables of headquarters were read" },
  { "sync_parked", "records of headquarters that break a rule here, and why" },
  { "sync_request", "what headquarters asked for, and the job that did it" },
  { "field_sale", "what counts: invoices, and orders that no invoice has settled" },
  { "field_line", "the lines of what counts" },
  { "field_total", "how many of these there are, and what they come to" },
  { "field_store", "the same by store" },
  { "field_product", "what of each product was sold" },
  { "field_rule", "products that are bought together more often than by chance" },
  { "follow_up", "how often rows of a dataset began or ceased to count, and how much of it was followed" },
  { "field_source", "what the invoices last said of each store and product" },
  { "invoice_items", "invoice lines by store and product; what came free is a line of its own" },
  { "sync_log", "what was made of invoices, and how it was decided where they disagree" },
  { "bulk_upload_jobs", "files that were handed in, and how far they are" },
  { "bulk_upload_errors", "rows that every control let pass and the database refused" },
  { "analytics_summary", "the figures of every run: overall, by group and by day" },
  { "audit_log", "the audit trail: every step of every run and every change of a record" },
  { "exceptions", "rejected records with category, stage, reasons and the original line" },
  { "runs", "the imports with their figures, digests and states" },
  { "validation_results", "every control on every record: passed or failed, and why" },
  { "validation_summary", "how the controls of each run did" },
  { "controls_effectiveness",
    "what each version of each control judged and caught, over all runs that count" },
};

static const struct {
  const char *name, *text;
} columns[] = {
  { "id", "the record's own number or name" },
  { "version", "counts its changes" },
  { "created_at", "when it was made, UTC microseconds" },
  { "created_by", "who made it" },
  { "updated_at", "when it was changed last, UTC microseconds" },
  { "updated_by", "who changed it last" },
  { "deleted_at", "when it was deleted; empty while it is there" },
  { "deleted_by", "who deleted it" },
  { "run", "the run that brought it" },
  { "run_id", "the run that brought it" },
  { "record", "its number in the file, headings counted" },
  { "record_id", "its number in the file, headings counted" },
  { "original_record_id", "its number in the file, headings counted" },
  { "key", "what tells rows apart" },
  { "orders", "how many rows it adds up" },
  { "at", "when, UTC microseconds" },
  { "actor", "who did it" },
  { "state", "where it stands" },
  { "dataset", "the kind of row" },
  { "source", "the name of the file" },
  { "line", "where it begins in the file, from 1" },
  { "control", "the control's name" },
  { "rule_version", "the version of the rule that judged" },
  { "category", "the kind of fault" },
  { "error_category", "the kind of fault" },
  { "stage", "the layer of checks: schema, business, quality or duplicates" },
  { "validation_stage", "the layer of checks: schema, business, quality or duplicates" },
  { "pipeline_stage", "the layer of checks: schema, business, quality or duplicates" },
  { "hash", "SHA-256 over the entry and the hash before it" },
  { "sha256", "SHA-256 of the file's bytes" },
  { "bytes", "how many bytes the file has" },
};

static bool same(const char *a, const char *b) { return a && b && strcmp(a, b) == 0; }

const struct dataset *facts_dataset_of(const char *table) {
  for (int i = 0; dataset_at(i); i++) {
    const struct dataset *d = dataset_at(i);
    if (same(table, d->table) || same(table, d->total_table) || same(table, d->past_table) ||
        same(table, d->current_table))
      return d;
  }
  return NULL;
}

const struct dataset *facts_dataset_after(const char *name, const char *prefix) {
  size_t n = strlen(prefix);
  return strncmp(name, prefix, n) == 0 ? dataset_find(name + n) : NULL;
}

static const char *about_dataset_table(struct ctx *cx, const char *name) {
  const struct dataset *d = facts_dataset_of(name);
  if (d && same(name, d->table)) return ctx_printf(cx, "the clean rows of %s that count now", d->name);
  if (d && same(name, d->past_table))
    return ctx_printf(cx, "versions of rows of %s that later ones took the place of", d->name);
  if (d && same(name, d->current_table))
    return ctx_printf(cx, "sums of the rows of %s that count now, by group", d->name);
  if (d)
    return ctx_printf(cx, "sums of the clean rows of every run of %s, by group, as they were imported",
                      d->name);
  if ((d = facts_dataset_after(name, "clean_")))
    return ctx_printf(cx, "the clean rows of %s that count now, with what is computed for each", d->name);
  if ((d = facts_dataset_after(name, "raw_")))
    return ctx_printf(cx, "the rows of %s as they stand in the original files", d->name);
  return NULL;
}

const char *facts_about_table(struct ctx *cx, const char *name) {
  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
    if (strcmp(tables[i].name, name) == 0) return tables[i].text;
  const struct entity *e = entity_of_table(name);
  return e ? e->help : about_dataset_table(cx, name);
}

const char *facts_about_column(const char *name) {
  for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
    if (strcmp(columns[i].name, name) == 0) return columns[i].text;
  return NULL;
}

/* ---- what is read ---- */

static int read_stewards(struct ctx *cx, struct db *db, struct facts *f) {
  struct stmt *s = db_stmt(cx, db, SQL_catalogue_stewards);
  while (stmt_row(cx, s)) {
    f->stewards = ctx_more(cx, f->stewards, f->steward_count, sizeof *f->stewards);
    f->stewards[f->steward_count++] =
        (struct steward_fact){ col_dup(cx, s, 0), col_dup(cx, s, 1), col_dup(cx, s, 2) };
  }
  return cx->code;
}

static int read_fresh(struct ctx *cx, struct db *db, struct facts *f) {
  struct stmt *s = db_stmt(cx, db, SQL_catalogue_fresh);
  while (stmt_row(cx, s)) {
    f->fresh = ctx_more(cx, f->fresh, f->fresh_count, sizeof *f->fresh);
    f->fresh[f->fresh_count++] = (struct fresh_fact){ col_dup(cx, s, 0), col_int(s, 1) };
  }
  return cx->code;
}

static bool word_char(char c) { return isalnum((unsigned char)c) || c == '_'; }

/* Does the name stand in the text as a word? */
static bool mentions(const char *text, const char *name) {
  size_t n = strlen(name);
  for (const char *p = strstr(text, name); p; p = strstr(p + 1, name))
    if ((p == text || !word_char(p[-1])) && !word_char(p[n])) return true;
  return false;
}

/* The field that a rule names, and those of a key or a condition. */
static uint64_t fields_of(const struct dataset *d, const char *kind, const char *field, const char *params) {
  bool inside = strcmp(kind, "unique") == 0 || strcmp(kind, "expression") == 0;
  uint64_t bits = 0;
  for (int i = 0; i < d->field_count; i++)
    if ((field && strcmp(field, d->fields[i].name) == 0) || (inside && mentions(params, d->fields[i].name)))
      bits |= UINT64_C(1) << i;
  return bits;
}

static int read_rules(struct ctx *cx, struct db *db, const struct dataset *d, struct facts *f) {
  struct stmt *s = db_ask(cx, db, SQL_catalogue_rules, d->name);
  while (stmt_row(cx, s)) {
    f->rules = ctx_more(cx, f->rules, f->rule_count, sizeof *f->rules);
    f->rules[f->rule_count++] =
        (struct rule_fact){ d, col_dup(cx, s, 0),
                            fields_of(d, col_dup(cx, s, 1), col_dup(cx, s, 2), col_dup(cx, s, 3)) };
  }
  return cx->code;
}

static int synonyms_of(const struct field *f) {
  int n = f->synonyms && *f->synonyms;
  for (const char *p = f->synonyms; p && *p; p++) n += *p == '|';
  return n;
}

static const char *way(struct str how) {
  return str_eq(how, STR("given")) ? "by --map" : str_eq(how, STR("name")) ? "by its name" : "by a synonym";
}

static int read_lineage(struct ctx *cx, struct db *db, const struct dataset *d, const char **lineage) {
  struct stmt *s = db_ask(cx, db, SQL_catalogue_lineage, d->name);
  while (stmt_row(cx, s)) {
    int i = dataset_field(d, col_str(s, 0));
    if (i < 0) continue;
    lineage[i] = ctx_printf(cx, "%s \"" STR_FMT "\" of the file (%s, %lld of the last runs)",
                            lineage[i] ? ctx_printf(cx, "%s, or", lineage[i]) : "from column",
                            STR_ARG(col_str(s, 1)), way(col_str(s, 2)), (long long)col_int(s, 3));
  }
  for (int i = 0; i < d->field_count; i++)
    if (!lineage[i])
      lineage[i] =
          ctx_printf(cx,
                     "from the column of the file that has its name, one of %d synonyms, or is given by "
                     "--map; no run had it yet",
                     synonyms_of(&d->fields[i]));
  return cx->code;
}

int facts_read(struct ctx *cx, struct db *db, struct facts *f) {
  *f = (struct facts){ 0 };
  if (read_stewards(cx, db, f) || read_fresh(cx, db, f)) return cx->code;
  for (int i = 0; dataset_at(i); i++) {
    f->lineage[i] = ctx_alloc(cx, DATASET_FIELDS * sizeof *f->lineage[i]);
    if (read_rules(cx, db, dataset_at(i), f) || read_lineage(cx, db, dataset_at(i), f->lineage[i]))
      return cx->code;
  }
  return OK;
}

/* ---- answers ---- */

const struct steward_fact *facts_steward(const struct facts *f, const char *subject) {
  for (size_t i = 0; i < f->steward_count; i++)
    if (strcmp(f->stewards[i].subject, subject) == 0) return &f->stewards[i];
  return NULL;
}

int64_t facts_fresh(const struct facts *f, const char *table) {
  int64_t at = 0;
  for (size_t i = 0; i < f->fresh_count; i++)
    if (strcmp(f->fresh[i].table, table) == 0 && f->fresh[i].at > at) at = f->fresh[i].at;
  return at;
}

const char *facts_lineage(const struct facts *f, const struct dataset *d, int field) {
  for (int i = 0; dataset_at(i); i++)
    if (dataset_at(i) == d) return f->lineage[i][field];
  return NULL;
}
