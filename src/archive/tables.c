/*
** tables.c - the tables that can leave for files: the master copy.
*/
#include "archive/table.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof *(a)))
#define NAME_OF(number) "(SELECT text FROM stock_name WHERE id = " number ")"

#define NUMBER_OF(kind, text) "(SELECT id FROM stock_name WHERE kind = " kind " AND text = " text ")"

/* ---- the ledger of stock ---- */

/* A UUID is kept as 16 bytes and goes out as people know it. */
#define UUID_TEXT                                                                                            \
  "CASE WHEN typeof(t.event_id) = 'blob' AND length(t.event_id) = 16 THEN lower(substr(hex(t.event_id), 1, " \
  "8) "                                                                                                      \
  "|| '-' || substr(hex(t.event_id), 9, 4) || '-' || substr(hex(t.event_id), 13, 4) || '-' || "              \
  "substr(hex(t.event_id), 17, 4) || '-' || substr(hex(t.event_id), 21)) ELSE CAST(t.event_id AS TEXT) END"

static const struct archive_column ledger_columns[] = {
  { .file = { .name = "id", .kind = PARQUET_INT, .required = true }, .sql = "t.id" },
  { .file = { .name = "event_id", .kind = PARQUET_TEXT, .required = true }, .sql = UUID_TEXT, .uuid = true },
  { .file = { .name = "kind", .kind = PARQUET_TEXT, .required = true },
    .sql = "(SELECT name FROM stock_kind WHERE id = t.kind)",
    .json = "type" },
  { .file = { .name = "sku", .kind = PARQUET_TEXT, .required = true }, .sql = NAME_OF("t.item") },
  { .file = { .name = "warehouse", .kind = PARQUET_TEXT, .required = true }, .sql = NAME_OF("t.warehouse") },
  { .file = { .name = "location", .kind = PARQUET_TEXT }, .sql = NAME_OF("t.location") },
  { .file = { .name = "lot", .kind = PARQUET_TEXT }, .sql = NAME_OF("t.lot") },
  { .file = { .name = "serial", .kind = PARQUET_TEXT }, .sql = NAME_OF("t.serial") },
  { .file = { .name = "quantity", .kind = PARQUET_DECIMAL, .scale = 4, .required = true },
    .sql = "t.quantity" },
  { .file = { .name = "reserved", .kind = PARQUET_DECIMAL, .scale = 4, .required = true },
    .sql = "t.reserved" },
  { .file = { .name = "on_hand_after", .kind = PARQUET_DECIMAL, .scale = 4, .required = true },
    .sql = "t.on_hand_after" },
  { .file = { .name = "reserved_after", .kind = PARQUET_DECIMAL, .scale = 4, .required = true },
    .sql = "t.reserved_after" },
  { .file = { .name = "at", .kind = PARQUET_TIME, .required = true }, .sql = "t.at" },
  { .file = { .name = "recorded_at", .kind = PARQUET_TIME, .required = true }, .sql = "t.recorded_at" },
  { .file = { .name = "reference_id", .kind = PARQUET_TEXT }, .sql = "t.reference_id", .json = "reference" },
  { .file = { .name = "notes", .kind = PARQUET_TEXT }, .sql = "t.notes" },
  { .file = { .name = "actor", .kind = PARQUET_TEXT }, .sql = NAME_OF("t.actor") },
  { .file = { .name = "device", .kind = PARQUET_TEXT }, .sql = NAME_OF("t.device") },
  { .file = { .name = "device_seq", .kind = PARQUET_INT }, .sql = "t.device_seq" },
  { .file = { .name = "unit_cost", .kind = PARQUET_DECIMAL, .scale = 4 }, .sql = "t.unit_cost" },
};

/* Its trigger lets rows go only while stock_archiving names them, and keeps their sums. The last
** row stays: the next one is numbered after it. */
static const struct archive_table
    ledger = {
      .name = "stock_transactions",
      .rows = "FROM stock_transactions t",
      .id = "t.id",
      .at = "t.at",
      .place = "t.warehouse",
      .place_is = "SELECT text FROM stock_name WHERE id = ?1",
      .ready =
          "t.id <= (SELECT ledger FROM stock_position) AND t.id < (SELECT max(id) FROM stock_transactions)",
      .before = "INSERT INTO stock_archiving (warehouse, from_at, to_at) VALUES (?1, ?2, ?3)",
      .after = "DELETE FROM stock_archiving WHERE warehouse = ?1 AND from_at = ?2 AND to_at = ?3",
      .remove = "DELETE FROM stock_transactions WHERE warehouse = ?1 AND at >= ?2 AND at < ?3 AND +id <= ?4",
      .put = "INSERT INTO stock_transactions (id, event_id, kind, item, warehouse, location, lot, serial, "
             "quantity, "
             "reserved, on_hand_after, reserved_after, at, recorded_at, reference_id, notes, actor, device, "
             "device_seq, "
             "unit_cost) VALUES (?1, ?2, (SELECT id FROM stock_kind WHERE name = ?3), " NUMBER_OF("1", "?4") ", " NUMBER_OF("2", "?5") ", coalesce(" NUMBER_OF(
                 "3",
                 "?6") ", 0), coalesce(" NUMBER_OF("4",
                                                   "?7") ", 0), coalesce(" NUMBER_OF("5",
                                                                                     "?8") ", 0), "
                                                                                           "?9, ?10, ?11, "
                                                                                           "?12, ?13, ?14, "
                                                                                           "?15, "
                                                                                           "?16, " NUMBER_OF("6", "?17") ", " NUMBER_OF(
                                                                                               "7",
                                                                                               "?18") ", "
                                                                                                      "?19, "
                                                                                                      "?20)",
      .place_number = "SELECT id FROM stock_name WHERE kind = 2 AND text = ?1",
      .unsum = { "DELETE FROM stock_archived_event WHERE event_id IN "
                 "(SELECT event_id FROM stock_transactions WHERE warehouse = ?1 AND at >= ?2 AND at < ?3)",
                 "DELETE FROM stock_archived WHERE warehouse = ?1 AND day >= ?2 / 86400000000 AND day < ?3 / "
                 "86400000000" },
      .remove_one = "DELETE FROM stock_transactions WHERE id = ?1",
      .columns = ledger_columns,
      .column_count = COUNT(ledger_columns),
      .id_column = 0,
      .key_column = 3,
      .at_column = 12,
    };

static const struct archive_table *const tables[] = { &ledger };

/* ---- from outside ---- */

const struct archive_table *archive_table_at(int i) { return i < COUNT(tables) ? tables[i] : NULL; }

const struct archive_table *archive_table_find(const char *name) {
  for (int i = 0; i < COUNT(tables); i++)
    if (strcmp(tables[i]->name, name) == 0) return tables[i];
  return NULL;
}

const char *archive_table_names(struct ctx *cx) {
  const char *names = "";
  for (int i = 0; i < COUNT(tables); i++)
    names = ctx_printf(cx, "%s%s%s", names, i ? ", " : "", tables[i]->name);
  return names;
}
