/*
** shapes.c - what several replies have in common: #name in a shape (shape.h).
*/
#include "http/shape.h"

static const struct {
  const char *name, *shape;
} shapes[] = {
  { "person", "{id: text?, email, name, role, tenant, must_change: bool}" },
  { "login", "{token, expires_in: int, refresh_token: text?, user: {id, email, name, role, tenant, "
             "must_change: bool, permissions: [text]}}" },
  { "session", "{id, kind, user_id: text?, name, role, address, agent, created_at, last_seen_at: text?, "
               "expires_at, created_by}" },
  { "account", "{user: @user, setup_link?}" },

  /* Runs and what came of them. The names of measures and groups are those of the dataset. */
  { "fault", "{control, version: int, field: text?, value: text?, reason}" },
  { "rows",
    "{read: int, clean: int, rejected: int, created?: int, updated?: int, unchanged?: int, edits?: int}" },
  { "sums", "{orders: int, *: decimal?}" },
  { "day", "{day, orders: int, *: decimal?}" },
  { "group", "{name: text?, orders: int, *: decimal?}" },
  { "undone", "{at: text?, actor, replaced_by?}?" },
  { "decision", "{subject, decision, evidence}" },
  { "moved",
    "{run, action, dry_run: bool, rows: {*: int}, kept: [{key, reason, run, actor, at}], blocked: [{...}], "
    "dependents: [{...}], figures: {before: #sums, after: #sums}, seconds: number}" },
  { "import",
    "{import, name, as: text?, dry_run: bool, state, rows: int, clean: int, rejected: int, bytes: int, "
    "bytes_total: int, seconds: number, seconds_left: number?, message: text?, run: text?, result: {rows: "
    "#rows, rejected: {*: int}, repeated: {rows: int, key}?, reconciled: bool, seconds: number, controls: "
    "[{control, stage, failed: int}], figures: #sums, sample: [{record: int, line: int, category, raw, "
    "faults: [#fault]}]}?}" },
  { "row",
    "{key, run, record: int, source, line: int, offset: int, length: int, fate, values: {*: text?}, raw?, "
    "sha256?, tick?: {ok: bool, text}}" },
  { "side",
    "{scope, run: text?, source?, undone?: bool, from: text?, to: text?, started?: text?, rows: #rows, "
    "quality: number}" },
  { "settled", "{name: text?, open: int, corrected: int, accepted: int}" },
  { "entry", "{seq: int, at: instant, actor, event, before: {...}?, after: {...}?}" },

  /* Work. */
  { "progress", "{done: int, total: int, text: text?}?" },
  { "job",
    "{id: int, queue, kind, state, priority: int, due_at, attempts: int, attempts_max: int, progress: "
    "#progress, cause: text?, unique: text?, created_at, created_by, started_at: text?, ended_at: text?, "
    "graph_run: int?, graph_task: text?, item: text?, payload: {...}, result: {...}?, steps: [{name, at}], "
    "tries: [{n: int, started_at, ended_at: text?, worker, outcome: text?, cause: text?, log: [text]}]}" },
  { "schedule",
    "{id, name, cron, zone, kind, graph: text?, catch_up, payload: {...}, active: bool, owner: text?, help: "
    "text?, words?, next?: [text], overdue_since: text?, missed: int, last: {slot, state, job: int?, run: "
    "int?}?}" },
  { "when", "{name, cron, zone, active: bool, next: text?}" },
  { "graph_run",
    "{id: int, graph, cause, state, from, to, created_at, created_by, started_at: text?, ended_at: text?, "
    "payload: {...}, notify: text?, tasks: [{name, item, kind, after: [text], map: text?, state, attempts: "
    "int, started_at: text?, ended_at: text?, seconds: number?, cause: text?, job: int?, output: {...}?, "
    "progress: #progress, log: [text]}]}" },
  { "event",
    "{specversion, id, source, type, subject, time, datacontenttype, partition: int, offset: int, data: "
    "{...}}" },

  { "conflict",
    "{id, kind, record, title: text?, field, property: text?, access: text?, base: any, lost: any, won: any, "
    "lost_by: here|elsewhere, policy: latest|review, happened_at: instant, state: "
    "open|taken|kept|settled, note: text?, decided_at: instant?, decided_by: text?, mine: {who, at: "
    "instant}?, theirs: {who, at: instant}?, names: {*: text}}" },
  { "sync", "{enrolled: bool, state: none|up to date|sending|waiting|refused|paused, sentence, went_back: "
            "bool, paused: bool, name: text?, organization: text?, edge: text?, upstream: text?, connection: "
            "{role: text?, tls: text?}?, origin: int, epoch: int, enrolled_at: instant?, holds_until: "
            "instant?, contact_at: instant?, lanes: [{lane, sequence: int, position: {...}, behind_rows: "
            "int, behind_bytes: int, behind_since: instant?, confirmed_at: instant?}], forecast: {rows: int, "
            "bytes: int, seconds: int?, measured_bytes_per_second: int}, cost: {rows: int, "
            "statements_a_thousand_rows: number?, bytes_a_thousand_rows: int?}, schema: int, "
            "upstream_schema: int?, put_back_at: instant?, conflicts: int, error: {code: text?, sentence, "
            "since: instant, tries: int, next_try: instant}?, last_receipt: {lane, sequence: int, "
            "received_at: instant?, receipt}?, metered: {bytes_a_day: int, left_today: int}?}" },

  /* Sales. */
  { "order_line",
    "{id, product_id: text?, product, sku: text?, unit: text?, quantity: number, unit_price: number, "
    "total_price: number, note: text?}" },
  { "order_row",
    "{id, number, store_id: text?, store_name: text?, order_date, requested_date: text?, due_date: text?, "
    "status, source, total_amount: number, item_count: int, invoice_id: text?, notes: text?}" },
  { "order", "{id, number, store_id: text?, store_name: text?, order_date, requested_date: text?, due_date: "
             "text?, status, source, total_amount: number, item_count: int, invoice_id: text?, notes: text?, "
             "source_id?: text?, over_limit?: bool, approved_at?: text?, approved_by?: text?, version?: int, "
             "created_at?, created_by?, updated_at?, updated_by?, items: [#order_line]}" },
  { "prediction",
    "{id, store_id, store_name, predicted_date, confidence: number, priority, total_amount: number, status, "
    "method, days: int, explanation: {...}, notes: text?, order_id: text?, order_number: text?, version: "
    "int, created_at, items: [{product_id, product, quantity: number, unit_price: number, total_price: "
    "number, chance: number}]}" },
  { "preferences", "{store_id, call_frequency: text?, payment_terms: int?, credit_limit: number?, "
                   "auto_approve_predictions: bool, version: int?}" },
  { "advice", "{product_id, product, because_id, because, support: number, confidence: number, lift: number, "
              "unit_price: number?, reason, both?: int, in_because?: int, in_product?: int, baskets?: int}" },
  { "bulk", "{job_id: int, status, source, dataset: text?, bytes: int, progress: int, total_records: int, "
            "processed_records: int, failed_records: int, batches: int, failed_batches: int, eta_ms: int?, "
            "created_at, started_at: text?, ended_at: text?, duration_ms: int?, attempts: int, run: text?, "
            "cause: text?}" },
};

const char *shape_named(struct str name) {
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
    if (str_eq(name, str_of(shapes[i].name))) return shapes[i].shape;
  return NULL;
}
