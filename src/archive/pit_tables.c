/*
** pit_tables.c - how every table is taken back to an earlier time: the master copy.
**
** Entities and the tables of datasets are known by their declarations. Every other table
** stands here, or nothing can be restored (and a unit test fails). Statements run in
** this order, those of `before` while the log still has its end, the others after it was
** cut. ?1: the time, UTC microseconds; ?2: the last entry that stays; ?3: the last
** row of the ledger that stays.
*/
#include "archive/pit_internal.h"
#include "model/dataset.h"
#include "model/entity.h"

struct rule {
  const char *table;
  enum pit_rule rule;
  bool before;
  const char *sql; /* NULL: nothing, or code */
};

static const struct rule rules[] = {
  { "organizations", PIT_KEPT, false, NULL },    /* never changes */
  { "schema_migration", PIT_KEPT, false, NULL }, /* the schema stays the present one */

  { "change_log", PIT_CUT, false, NULL }, /* by pit.c */

  /* Imports: what began later goes; what was on its way then is as if it had been interrupted. */
  { "run_check", PIT_CUT, false,
    "DELETE FROM run_check WHERE run NOT IN (SELECT r.id FROM run r JOIN change_log c ON c.unit = r.uuid "
    "WHERE c.event = 'RUN_AUDITED')" },
  { "run", PIT_CUT, false,
    "DELETE FROM run WHERE uuid NOT IN (SELECT unit FROM change_log WHERE event = 'RUN_STARTED')" },
  { "run", PIT_CUT, false,
    "UPDATE run SET state = 'running', ended_at = NULL, sha256 = NULL, rows_read = 0, rows_clean = 0, "
    "rows_rejected = 0, clean_crc = 0, reject_crc = 0, total_crc = 0, key_min = NULL, key_max = NULL, "
    "rows_updated = 0, rows_unchanged = 0, message = NULL WHERE uuid NOT IN "
    "(SELECT unit FROM change_log WHERE event IN ('RUN_COMPLETED', 'RUN_FAILED', 'RUN_INTERRUPTED'))" },
  { "raw_chunk", PIT_CUT, false,
    "DELETE FROM raw_chunk WHERE id >> 24 NOT IN (SELECT id FROM run WHERE state = 'done')" },
  { "run_control", PIT_CUT, false,
    "DELETE FROM run_control WHERE run NOT IN (SELECT id FROM run WHERE state = 'done')" },
  { "run_category", PIT_CUT, false,
    "DELETE FROM run_category WHERE run NOT IN (SELECT id FROM run WHERE state = 'done')" },
  { "rule_set", PIT_CUT, false,
    "DELETE FROM rule_set WHERE id NOT IN (SELECT rule_set FROM run WHERE rule_set IS NOT NULL)" },
  /* Which exceptions were settled follows from the runs that count, as their rows do. */
  { "reject", PIT_DERIVED, false,
    "DELETE FROM reject WHERE id >> 32 NOT IN (SELECT id FROM run WHERE state = 'done')" },
  { "reject", PIT_DERIVED, false,
    "UPDATE reject SET state = 'open', solved_run = NULL, note = NULL, updated_at = NULL, updated_by = NULL "
    "WHERE state <> 'open'" },
  { "kept_verdict", PIT_DERIVED, false, "DELETE FROM kept_verdict" },
  { "run_undone", PIT_DERIVED, false, "DELETE FROM run_undone" },
  { "undo_kept", PIT_DERIVED, false, "DELETE FROM undo_kept" },
  { "term", PIT_DERIVED, false, NULL }, /* texts: those that nobody needs go, by pit.c */

  /* Jobs that were ordered later are dropped; what was done in the meantime stays done. */
  { "job", PIT_CUT, false, "DELETE FROM job WHERE created_at > ?1" },
  { "job_try", PIT_CUT, false, "DELETE FROM job_try WHERE job NOT IN (SELECT id FROM job)" },
  { "job_step", PIT_CUT, false, "DELETE FROM job_step WHERE job NOT IN (SELECT id FROM job)" },
  { "job_queue_state", PIT_KEPT, false, NULL }, /* whose turn it is */
  { "graph_run", PIT_CUT, false, "DELETE FROM graph_run WHERE created_at > ?1" },
  { "graph_task", PIT_CUT, false, "DELETE FROM graph_task WHERE run NOT IN (SELECT id FROM graph_run)" },
  { "schedule_slot", PIT_KEPT, false, NULL }, /* what was started is not started again */
  { "schedule_state", PIT_CUT, false,
    "DELETE FROM schedule_state WHERE schedule NOT IN (SELECT id FROM schedule)" },

  /* Events: event_segment, event_partition, event_seen and event_position by pit_events.c. */
  { "event_segment", PIT_CUT, true, NULL },
  { "event_partition", PIT_CUT, true, NULL },
  { "event_seen", PIT_CUT, true, NULL },
  { "event_position", PIT_CUT, true, NULL },
  { "event_group", PIT_CUT, false, "DELETE FROM event_group WHERE created_at > ?1" },
  { "event_position", PIT_CUT, false,
    "DELETE FROM event_position WHERE NOT EXISTS (SELECT 1 FROM event_group g WHERE g.topic = "
    "event_position.topic "
    "AND g.name = event_position.grp)" },
  { "event_member", PIT_DERIVED, false, "DELETE FROM event_member" },
  { "event_minute", PIT_CUT, false, "DELETE FROM event_minute WHERE minute > ?1 / 60000000" },
  { "event_parked", PIT_CUT, false, "DELETE FROM event_parked WHERE at > ?1" },
  { "event_parked", PIT_CUT, false,
    "UPDATE event_parked SET state = 'waiting', ended_at = NULL, ended_by = NULL, ended_text = NULL "
    "WHERE ended_at > ?1" },
  { "event_tally", PIT_KEPT, false, NULL }, /* counts work that was done */

  /* Stock: the ledger ends where the log says; the rest follows from it. */
  { "stock_transactions", PIT_CUT, false, "DELETE FROM stock_transactions WHERE id > ?3" },
  { "stock_name", PIT_KEPT, false, NULL }, /* numbers of codes: more of them do no harm */
  { "stock_kind", PIT_KEPT, false, NULL },
  { "stock_archiving", PIT_DERIVED, false, "DELETE FROM stock_archiving" },
  { "stock_archived", PIT_DERIVED, true, NULL }, /* by pit_ledger.c */
  { "stock_archived_event", PIT_DERIVED, true, NULL },
  { "stock_level", PIT_DERIVED, false, NULL },
  { "stock_serial_place", PIT_DERIVED, false, NULL },
  { "stock_reserved", PIT_DERIVED, false, "DELETE FROM stock_reserved" },
  { "stock_reserved", PIT_DERIVED, false,
    "INSERT INTO stock_reserved (id, item, warehouse, location, lot, quantity) "
    "SELECT r.id, i.id, w.id, coalesce(l.id, 0), coalesce(o.id, 0), r.quantity FROM stock_reservations r "
    "JOIN stock_name i ON i.kind = 1 AND i.text = r.sku JOIN stock_name w ON w.kind = 2 AND w.text = "
    "r.warehouse "
    "LEFT JOIN stock_name l ON l.kind = 3 AND l.text = r.location "
    "LEFT JOIN stock_name o ON o.kind = 4 AND o.text = r.lot "
    "WHERE r.state = 'open' AND r.deleted_at IS NULL AND r.quantity <> 0" },
  /* Sums, as far as they had been brought up; rebuild makes them again. */
  { "stock_position", PIT_DERIVED, false,
    "UPDATE stock_position SET ledger = min(ledger, ?3), published = min(published, ?3)" },
  { "stock_daily", PIT_DERIVED, false, "DELETE FROM stock_daily" },
  { "stock_weekly", PIT_DERIVED, false, "DELETE FROM stock_weekly" },
  { "stock_dirty_week", PIT_DERIVED, false, "DELETE FROM stock_dirty_week" },
  { "stock_metric", PIT_DERIVED, false, "DELETE FROM stock_metric" },
  { "stock_report", PIT_CUT, false, "DELETE FROM stock_report WHERE made_at > ?1" },
  { "stock_snapshot_day", PIT_CUT, false, "DELETE FROM stock_snapshot_day WHERE made_at > ?1" },
  { "stock_snapshot", PIT_CUT, false,
    "DELETE FROM stock_snapshot WHERE day NOT IN (SELECT day FROM stock_snapshot_day)" },
  { "stock_check_run", PIT_CUT, false, "DELETE FROM stock_check_run WHERE at > ?1" },
  { "stock_check", PIT_CUT, false,
    "DELETE FROM stock_check WHERE run NOT IN (SELECT id FROM stock_check_run)" },
  { "stock_risk", PIT_DERIVED, false, "DELETE FROM stock_risk" },
  { "plan_position", PIT_CUT, false, "UPDATE plan_position SET ledger = min(ledger, ?3)" },

  /* Figures that are worked out again. */
  { "metric_dirty", PIT_DERIVED, false,
    "INSERT OR IGNORE INTO metric_dirty SELECT DISTINCT substr(metric_date, 1, 7) || '-01' FROM metric "
    "UNION SELECT month FROM monthly_revenue_store" },
  { "monthly_revenue_store", PIT_DERIVED, false, NULL },
  { "monthly_revenue_state", PIT_DERIVED, false, NULL },
  { "cached_figure", PIT_DERIVED, false, "DELETE FROM cached_figure" },

  /* What went out to people. */
  { "alert_seen", PIT_CUT, false, "DELETE FROM alert_seen WHERE alert NOT IN (SELECT id FROM alert)" },
  { "alert_notice", PIT_CUT, false, "DELETE FROM alert_notice WHERE alert NOT IN (SELECT id FROM alert)" },
  { "outbox", PIT_CUT, false, "DELETE FROM outbox WHERE state = 'waiting' AND made_at > ?1" },
  { "webhook_position", PIT_CUT, false,
    "UPDATE webhook_position SET seq = min(seq, (SELECT max(seq) FROM change_log))" },
  { "secret", PIT_KEPT, false, NULL }, /* passwords are not in the log */

  /* Passwords are not in the log; everybody logs in again. */
  { "credential", PIT_KEPT, false, "DELETE FROM credential WHERE user_id NOT IN (SELECT id FROM users)" },
  { "sessions", PIT_DERIVED, false, "DELETE FROM sessions" },
  { "login_failure", PIT_DERIVED, false, "DELETE FROM login_failure" },
  { "idempotent_reply", PIT_KEPT, false, NULL },
  { "circuit_breaker", PIT_KEPT, false, NULL }, /* of the world as it is */

  /* Field sales: lines follow from the rows that count, and what the invoices said of stores and products, too. */
  { "invoice_items", PIT_DERIVED, false, "DELETE FROM invoice_items" },
  { "field_source", PIT_DERIVED, false, "DELETE FROM field_source" },
  { "follow_up", PIT_KEPT, false, NULL },
  { "sync_log", PIT_CUT, false, "DELETE FROM sync_log WHERE at > ?1" },
  { "bulk_upload_jobs", PIT_CUT, false, "DELETE FROM bulk_upload_jobs WHERE created_at > ?1" },
  { "bulk_upload_errors", PIT_CUT, false,
    "DELETE FROM bulk_upload_errors WHERE id >> 32 NOT IN (SELECT id FROM run WHERE state = 'done')" },

  { "field_sale", PIT_DERIVED, false, "DELETE FROM field_sale" },
  { "field_sale", PIT_DERIVED, false,
    "INSERT INTO field_sale SELECT 1, id, store_id, CAST(julianday(order_date) - 2440587.5 AS INTEGER), "
    "total_amount * 100, item_count FROM orders WHERE deleted_at IS NULL AND status IN ('pending', "
    "'approved')" },
  { "field_store", PIT_DERIVED, false, "DELETE FROM field_store" },
  { "field_store", PIT_DERIVED, false,
    "INSERT INTO field_store SELECT store_id, count(*), sum(revenue), sum(kind * revenue) FROM field_sale "
    "GROUP BY store_id" },
  { "field_product", PIT_DERIVED, false, "DELETE FROM field_product" },
  { "field_product", PIT_DERIVED, false,
    "INSERT INTO field_product SELECT product_id, count(*), sum(quantity), sum(revenue) FROM field_line "
    "GROUP BY product_id" },
  { "field_total", PIT_DERIVED, false,
    "UPDATE field_total SET orders = (SELECT count(*) FROM field_sale), "
    "revenue = (SELECT coalesce(sum(revenue), 0) FROM field_sale)" },
  { "field_rule", PIT_DERIVED, false, "DELETE FROM field_rule" },
  { "archive_partition", PIT_CUT, true, NULL }, /* by pit_ledger.c */
  { "backup_made", PIT_KEPT, false, NULL },     /* the copies are still there */

  /* Headquarters holds what it was sent: replicate/epoch.h finds that the log went back. */
  { "sync_upstream", PIT_KEPT, false, NULL },
  { "sync_origin", PIT_KEPT, false, NULL },
  { "sync_lane", PIT_KEPT, false, NULL },
  { "sync_batch", PIT_KEPT, false, NULL },
  { "sync_contact", PIT_KEPT, false, "UPDATE sync_contact SET seq = min(seq, ?2)" },
  { "sync_error", PIT_KEPT, false, NULL },
  { "sync_day", PIT_KEPT, false, NULL },
  { "sync_history", PIT_KEPT, false, NULL },
  { "sync_pull", PIT_CUT, false, "DELETE FROM sync_pull" },
  { "sync_parked", PIT_CUT, false, "DELETE FROM sync_parked" },
  { "sync_request", PIT_KEPT, false, NULL },
};

enum { RULES = sizeof rules / sizeof *rules };

static bool is_dataset_table(const char *table) {
  for (int i = 0; dataset_at(i); i++) {
    const struct dataset *d = dataset_at(i);
    if (!strcmp(table, d->table) || !strcmp(table, d->total_table) || !strcmp(table, d->past_table) ||
        !strcmp(table, d->current_table))
      return true;
  }
  return false;
}

bool pit_rule_of(const char *table, enum pit_rule *rule) {
  *rule = PIT_RECORDS;
  if (entity_of_table(table)) return true;
  *rule = PIT_DERIVED;
  if (is_dataset_table(table)) return true;
  for (int i = 0; i < RULES; i++) {
    if (strcmp(rules[i].table, table) != 0) continue;
    *rule = rules[i].rule;
    return true;
  }
  return false;
}

bool pit_has_table(struct ctx *cx, struct db *db, const char *table) {
  return stmt_exists(cx, db_ask(cx, db, SQL_pit_has_table, table));
}

int pit_check_tables(struct ctx *cx, struct db *db) {
  enum pit_rule rule;
  struct stmt *s = db_stmt(cx, db, SQL_backup_tables);
  while (stmt_row(cx, s)) {
    const char *table = ctx_strdup(cx, col_str(s, 0));
    if (!pit_rule_of(table, &rule))
      fail(cx, E_FAIL, NULL, "nobody said how the table %s is taken back to an earlier time", table);
  }
  if (s) stmt_done(s);
  return cx->code;
}

int pit_run(struct ctx *cx, struct db *db, const struct pit *p, const char *sql) {
  struct stmt *s = db_once(cx, db, sql);
  if (!s) return cx->code;
  if (strstr(sql, "?1")) stmt_int(s, 1, p->at);
  if (strstr(sql, "?2")) stmt_int(s, 2, p->seq);
  if (strstr(sql, "?3")) stmt_int(s, 3, p->ledger);
  return stmt_run(cx, s);
}

int pit_cut_tables(struct ctx *cx, struct db *db, const struct pit *p, bool before) {
  for (int i = 0; i < RULES && !cx->code; i++)
    if (rules[i].sql && rules[i].before == before && pit_has_table(cx, db, rules[i].table))
      pit_run(cx, db, p, rules[i].sql);
  return cx->code;
}
