#include "replicate/holdings.h"

#include <string.h>

#include "model/dataset.h"
#include "model/entity.h"
#include "replicate/stream.h"

struct rule {
  const char *table;
  enum holding how;
  const char *why;
};

static const struct rule rules[] = {
  { "organizations", HELD_WITHIN, "organizations there, made when the device was enrolled" },
  { "schema_migration", HELD_HERE, "the schema of this file; headquarters' own number is in hq" },
  { "change_log", HELD_ROWS, NULL },

  /* imports */
  { "run_undone", HELD_WITHIN, "run.undone_at and run.undone_by" },
  { "term", HELD_WITHIN, "rows have the texts themselves" },
  { "kept_verdict", HELD_HERE, "empty but while exceptions are derived again" },

  /* work of this machine: what it changed is in the log and in the tables that it changed */
  { "job", HELD_HERE, "work of this machine; what it did is in the log" },
  { "job_try", HELD_HERE, "work of this machine" },
  { "job_step", HELD_HERE, "work of this machine" },
  { "job_queue_state", HELD_HERE, "whose turn it is on this machine" },
  { "graph_run", HELD_HERE, "work of this machine; what it did is in the log" },
  { "graph_task", HELD_HERE, "work of this machine" },
  { "schedule_slot", HELD_HERE, "what this machine started, and when" },
  { "schedule_state", HELD_HERE, "when this machine looks again" },
  { "circuit_breaker", HELD_HERE, "what this machine reaches, now" },
  { "follow_up", HELD_HERE, "how far this machine has followed its imports" },
  { "sync_log", HELD_DERIVED,
    "what the stages made of invoices: the records that came of it have each step in the log" },
  { "bulk_upload_jobs", HELD_HERE,
    "where uploaded files wait on this machine; the run that comes of one is held" },
  { "bulk_upload_errors", HELD_DERIVED, "the exceptions of the upload's run" },

  /* events: what they meant is held as what followed from them */
  { "event_segment", HELD_HERE,
    "topics end at their retention; movements of stock are in stock_transactions, batches in the log" },
  { "event_partition", HELD_HERE, "positions of this machine's topics" },
  { "event_seen", HELD_HERE, "which events this machine knows" },
  { "event_position", HELD_HERE, "how far this machine's readers are" },
  { "event_group", HELD_HERE, "this machine's readers" },
  { "event_member", HELD_HERE, "this machine's readers" },
  { "event_minute", HELD_HERE, "how much this machine's topics took" },
  { "event_parked", HELD_HERE, "events that this machine refused, until somebody mends them" },
  { "event_tally", HELD_HERE, "how much this machine's readers did" },

  /* stock */
  { "stock_name", HELD_WITHIN, "movements have the codes themselves" },
  { "stock_kind", HELD_WITHIN, "movements have the kinds' names" },
  { "stock_level", HELD_DERIVED, "stock_levels there: the sum of all movements" },
  { "stock_serial_place", HELD_DERIVED, "follows from the movements of a serial number" },
  { "stock_reserved", HELD_DERIVED, "follows from stock_reservations" },
  { "stock_position", HELD_HERE, "how far sums have been brought up here" },
  { "stock_daily", HELD_DERIVED, "sums of movements by day" },
  { "stock_weekly", HELD_DERIVED, "sums of movements by week" },
  { "stock_dirty_week", HELD_HERE, "what is to be summed up again here" },
  { "stock_metric", HELD_DERIVED, "figures of sums of movements" },
  { "stock_snapshot_day", HELD_DERIVED, "levels at a day's end: movements up to then" },
  { "stock_snapshot", HELD_DERIVED, "levels at a day's end: movements up to then" },
  { "stock_report", HELD_DERIVED, "a report over movements, as it was shown" },
  { "stock_check_run", HELD_HERE, "when this machine checked its own sums" },
  { "stock_check", HELD_HERE, "what this machine found in its own sums" },
  { "stock_risk", HELD_DERIVED, "worked out of movements and rules" },
  { "stock_archiving", HELD_HERE, "empty but while movements are archived" },
  { "stock_archived", HELD_DERIVED,
    "sums of movements that left the device; headquarters keeps the movements" },
  { "stock_archived_event", HELD_DERIVED,
    "ids of movements that left the device; headquarters keeps the movements" },
  { "plan_position", HELD_HERE, "how far planning has come here" },

  /* figures */
  { "metric_dirty", HELD_HERE, "what is to be worked out again here" },
  { "monthly_revenue_store", HELD_DERIVED, "monthly_revenue there" },
  { "monthly_revenue_state", HELD_HERE, "which generation of months is shown here" },
  { "cached_figure", HELD_DERIVED, "figures that are kept to be quick" },

  /* what goes out to people from here */
  { "alert_seen", HELD_HERE, "who has seen an alert on this machine" },
  { "alert_notice", HELD_HERE, "what was sent out because of an alert" },
  { "outbox", HELD_HERE, "mails and calls of this machine, with addresses and texts" },
  { "webhook_position", HELD_HERE, "how far this machine's webhooks are" },

  /* who gets in here */
  { "secret", HELD_HERE, "sealed with a key that is on this machine alone" },
  { "credential", HELD_HERE, "proofs of who somebody is never leave the device" },
  { "sessions", HELD_HERE, "proofs of who somebody is never leave the device" },
  { "login_failure", HELD_HERE, "who tried to get into this machine" },
  { "idempotent_reply", HELD_HERE, "replies of this server, for a day" },

  /* field sales */
  { "invoice_items", HELD_DERIVED, "invoice_items there: a view of the rows that count" },
  { "field_source", HELD_DERIVED, "what the invoices said of stores and products" },
  { "field_sale", HELD_DERIVED, "sums over orders and invoices" },
  { "field_store", HELD_DERIVED, "sums over orders and invoices" },
  { "field_product", HELD_DERIVED, "sums over orders and invoices" },
  { "field_total", HELD_DERIVED, "sums over orders and invoices" },
  { "field_rule", HELD_DERIVED, "what is bought together, worked out of what was sold" },

  /* copies */
  { "archive_partition", HELD_HERE, "files on this machine; headquarters keeps the rows that are in them" },
  { "backup_made", HELD_HERE, "copies on this machine" },

  /* the way there itself */
  { "sync_upstream", HELD_WITHIN, "edge there" },
  { "sync_origin", HELD_WITHIN, "origin there" },
  { "sync_lane", HELD_WITHIN, "lane there" },
  { "sync_batch", HELD_WITHIN, "batch there" },
  { "sync_contact", HELD_HERE, "this machine's clock" },
  { "sync_error", HELD_HERE, "what is wrong with the way there, now" },
  { "sync_day", HELD_HERE, "how much this machine sent" },
  { "sync_history", HELD_HERE, "how the way there went" },
  { "sync_pull", HELD_HERE, "how far headquarters was read" },
  { "sync_parked", HELD_HERE, "rows of headquarters that break a rule here" },
  { "sync_request", HELD_WITHIN, "request there" },
};

enum { RULES = sizeof rules / sizeof *rules };

static bool is_streamed(const char *table) {
  const struct stream *st;
  for (int i = 0; (st = stream_at(i)); i++)
    if (strcmp(st->like.table, table) == 0) return true;
  return false;
}

/* Of a dataset: rows go up, from whichever of its two tables they are in; sums follow from them. */
static bool of_dataset(const char *table, enum holding *out, const char **why) {
  const struct dataset *d;
  for (int i = 0; (d = dataset_at(i)); i++) {
    *out = HELD_ROWS;
    *why = NULL;
    if (strcmp(table, d->table) == 0) return true;
    *out = HELD_WITHIN;
    *why = "every version of a row is in one table there";
    if (strcmp(table, d->past_table) == 0) return true;
    *out = HELD_DERIVED;
    *why = "sums over rows";
    if (strcmp(table, d->total_table) == 0 || strcmp(table, d->current_table) == 0) return true;
  }
  return false;
}

bool holding_of(const char *table, enum holding *out, const char **why) {
  const struct entity *e = entity_of_table(table);
  *out = HELD_ROWS;
  *why = NULL;
  if (is_streamed(table) || of_dataset(table, out, why)) return true;
  if (e) {
    *out = e->sync == SYNC_NONE ? HELD_HERE : HELD_RECORDS;
    if (e->sync == SYNC_NONE) *why = "of this device and its people: it says `sync none`";
    return true;
  }
  for (int i = 0; i < RULES; i++) {
    if (strcmp(rules[i].table, table) != 0) continue;
    *out = rules[i].how;
    *why = rules[i].why;
    return true;
  }
  return false;
}

static void put(struct jw *w, const char *table, enum holding how, const char *why) {
  static const char *const names[] = { "rows", "records", "within", "derived", "here" };
  jw_record(w, NULL, "table", table, "how", names[how], "why", why);
}

void holdings_json(struct jw *w, const char *key) {
  const struct entity *e;
  enum holding how;
  const char *why;
  jw_array(w, key);
  for (int i = 0; i < RULES; i++)
    if (rules[i].why) put(w, rules[i].table, rules[i].how, rules[i].why);
  for (int i = 0; (e = entity_at(i)); i++)
    if (holding_of(e->table, &how, &why) && why) put(w, e->table, how, why);
  jw_close(w, ']');
}
