/*
** tables.c - the tables that can leave for files: the master copy.
*/
#include "archive/table.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof *(a)))
#define NAME_OF(number) "(SELECT text FROM stock_name WHERE id = " number ")"

/* ---- the ledger of stock ---- */

/* A UUID is kept as 16 bytes and goes out as people know it. */
#define UUID_TEXT                                                                                            \
  "CASE WHEN typeof(t.event_id) = 'blob' AND length(t.event_id) = 16 THEN lower(substr(hex(t.event_id), 1, " \
  "8) "                                                                                                      \
  "|| '-' || substr(hex(t.event_id), 9, 4) || '-' || substr(hex(t.event_id), 13, 4) || '-' || "              \
  "substr(hex(t.event_id), 17, 4) || '-' || substr(hex(t.event_id), 21)) ELSE CAST(t.event_id AS TEXT) END"

static const struct archive_column ledger_columns[] = {
  { { .name = "id", .kind = PARQUET_INT, .required = true }, "t.id" },
  { { .name = "event_id", .kind = PARQUET_TEXT, .required = true }, UUID_TEXT },
  { { .name = "kind", .kind = PARQUET_TEXT, .required = true },
    "(SELECT name FROM stock_kind WHERE id = t.kind)" },
  { { .name = "sku", .kind = PARQUET_TEXT, .required = true }, NAME_OF("t.item") },
  { { .name = "warehouse", .kind = PARQUET_TEXT, .required = true }, NAME_OF("t.warehouse") },
  { { .name = "location", .kind = PARQUET_TEXT }, NAME_OF("t.location") },
  { { .name = "lot", .kind = PARQUET_TEXT }, NAME_OF("t.lot") },
  { { .name = "serial", .kind = PARQUET_TEXT }, NAME_OF("t.serial") },
  { { .name = "quantity", .kind = PARQUET_DECIMAL, .scale = 4, .required = true }, "t.quantity" },
  { { .name = "reserved", .kind = PARQUET_DECIMAL, .scale = 4, .required = true }, "t.reserved" },
  { { .name = "on_hand_after", .kind = PARQUET_DECIMAL, .scale = 4, .required = true }, "t.on_hand_after" },
  { { .name = "reserved_after", .kind = PARQUET_DECIMAL, .scale = 4, .required = true }, "t.reserved_after" },
  { { .name = "at", .kind = PARQUET_TIME, .required = true }, "t.at" },
  { { .name = "recorded_at", .kind = PARQUET_TIME, .required = true }, "t.recorded_at" },
  { { .name = "reference_id", .kind = PARQUET_TEXT }, "t.reference_id" },
  { { .name = "notes", .kind = PARQUET_TEXT }, "t.notes" },
  { { .name = "actor", .kind = PARQUET_TEXT }, NAME_OF("t.actor") },
  { { .name = "device", .kind = PARQUET_TEXT }, NAME_OF("t.device") },
  { { .name = "device_seq", .kind = PARQUET_INT }, "t.device_seq" },
  { { .name = "unit_cost", .kind = PARQUET_DECIMAL, .scale = 4 }, "t.unit_cost" },
};

/* Its trigger lets rows go only while stock_archiving names them, and keeps their sums. */
static const struct archive_table ledger = {
  .name = "stock_transactions",
  .rows = "FROM stock_transactions t",
  .id = "t.id",
  .at = "t.at",
  .place = "t.warehouse",
  .place_is = "SELECT text FROM stock_name WHERE id = ?1",
  .ready = "t.id <= (SELECT ledger FROM stock_position)",
  .before = "INSERT INTO stock_archiving (warehouse, from_at, to_at) VALUES (?1, ?2, ?3)",
  .after = "DELETE FROM stock_archiving WHERE warehouse = ?1 AND from_at = ?2 AND to_at = ?3",
  .remove = "DELETE FROM stock_transactions WHERE warehouse = ?1 AND at >= ?2 AND at < ?3 AND id <= ?4",
  .columns = ledger_columns,
  .column_count = COUNT(ledger_columns),
  .id_column = 0,
  .key_column = 3,
  .place_column = 4,
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
