/*
** routes_tables.c - tables to take away, as CSV, JSON or Parquet.
*/
#include "archive/archive.h"
#include "export/tables.h"
#include "http/routes.h"

static int tables_list(struct request *rq) {
  export_list(rq->cx, &rq->json, "data");
  return OK;
}

static int format_asked(struct request *rq, enum export_format *format) {
  const char *text;
  int rc = query_text(rq, "format", &text);
  if (rc) return rc;
  bool plain;
  if (query_flag(rq, "plain", &plain) || (plain && request_need(rq, "system.write"))) return rq->cx->code;
  *format = plain ? EXPORT_CSV_PLAIN : EXPORT_CSV;
  if (!text || !strcmp(text, "csv")) return OK;
  *format = !strcmp(text, "json") ? EXPORT_JSON : EXPORT_PARQUET;
  if (*format == EXPORT_JSON || !strcmp(text, "parquet")) return OK;
  return fail(rq->cx, E_INVALID, "format", "format is csv, json or parquet, not '%s'", text);
}

/* The route lets in who may read the data; these tell of other things, too. */
static int check_table(struct request *rq, const char *table, bool archived) {
  if (!strcmp(table, "audit_log")) return request_need(rq, "audit.read");
  return archived ? request_need(rq, "stock.read") : OK;
}

static int table_send(struct request *rq) {
  static const char *const types[] = {
    [EXPORT_CSV] = "text/csv; charset=utf-8",
    [EXPORT_JSON] = "application/json",
    [EXPORT_PARQUET] = "application/vnd.apache.parquet",
    [EXPORT_CSV_PLAIN] = "text/csv; charset=utf-8",
  };
  static const char *const endings[] = {
    [EXPORT_CSV] = "csv", [EXPORT_JSON] = "json", [EXPORT_PARQUET] = "parquet", [EXPORT_CSV_PLAIN] = "csv"
  };
  const char *table = rq->param[0], *run;
  enum export_format format = EXPORT_CSV;
  int rc = format_asked(rq, &format);
  if (!rc) rc = query_text(rq, "run", &run);
  const struct archive_table *archived = !rc && format == EXPORT_PARQUET ? archive_table_find(table) : NULL;
  if (!rc && !archived && !export_has(table, NULL))
    rc = fail(rq->cx, E_NOT_FOUND, "table", "there is no table %.80s; there are %s", table,
              export_names(rq->cx));
  if (!rc) rc = check_table(rq, table, archived);
  if (rc) return rc;
  reply_stream(rq, types[format], ctx_printf(rq->cx, "%s.%s", table, endings[format]));
  if (archived) return archive_export(rq->cx, rq->db, archived, INT32_MIN, INT32_MAX, reply_write, rq);
  return export_table(rq->cx, rq->db, table, run, format, reply_write, rq);
}

/* ---- the addresses ---- */

const struct route tables_routes[] = {
  { "GET", "/api/tables", tables_list, "data.read", "The tables that can be taken away, with their columns.",
    .reply = "[{name, columns: [{name, kind}]}]", .apart = true },
  { "GET", "/api/tables/{id}", table_send, "data.read",
    "A table as a file. plain=1: formulas are not guarded; it takes system.write.",
    .reply = "*text/csv|application/json|application/vnd.apache.parquet",
    .query = "format: csv|json|parquet, plain: 0|1, run", .reads = true },
  { 0 },
};
