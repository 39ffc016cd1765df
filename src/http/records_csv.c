/*
** records_csv.c - a page of a list as a table for a spreadsheet: the same rows, the same order, a column for each
** member. Texts that a spreadsheet would take for formulas are guarded.
*/
#include <ctype.h>

#include "base/limits.h"
#include "format/format.h"
#include "http/routes.h"
#include "record/record.h"

/* Those of the first row, which all rows have. */
static void put_heading(struct buf *out, const struct jv *row) {
  const char *between = "";
  for (void *it = jv_first(row); it; it = jv_next(row, it), between = ",") {
    buf_puts(out, between);
    csv_put_guarded(out, jv_key(it));
  }
  buf_puts(out, "\r\n");
}

static void put_row(struct buf *out, const struct jv *row) {
  const char *between = "";
  for (void *it = jv_first(row); it; it = jv_next(row, it), between = ",") {
    struct str text = jv_text(jv_value(it));
    enum jv_kind kind = jv_kind(jv_value(it));
    buf_puts(out, between);
    if (text.p) csv_put_guarded(out, text);
    if (kind != JV_OBJECT && kind != JV_ARRAY) continue;
    struct buf json;
    buf_init(&json, LIMIT_TEXT_BYTES * 2);
    jv_write(&json, jv_value(it));
    csv_put_guarded(out, buf_view(&json));
    buf_clear(&json);
  }
  buf_puts(out, "\r\n");
}

static int send_rows(struct request *rq, const struct jv *rows, const char *members) {
  struct buf part;
  buf_init(&part, LIMIT_REPLY_BYTES);
  if (jv_size(rows))
    put_heading(&part, jv_at(rows, 0));
  else
    buf_printf(&part, "%s\r\n", members);
  for (size_t i = 0; i < jv_size(rows) && !rq->cx->code; i++) {
    put_row(&part, jv_at(rows, i));
    if (part.n < STREAM_PART) continue;
    reply_write(rq->cx, rq, part.p, part.n);
    buf_reset(&part);
  }
  if (!rq->cx->code) reply_write(rq->cx, rq, part.p, part.n);
  buf_clear(&part);
  return rq->cx->code;
}

/* What ";q=0.5" behind a range of Accept says, in thousandths (RFC 9110, 12.4.2). */
static int weight_of(struct str range) {
  const char *semicolon = memchr(range.p, ';', range.n), *end = range.p + range.n;
  for (const char *p = semicolon; p; p = memchr(p, ';', (size_t)(end - p))) {
    p += 1 + strspn(p + 1, " \t");
    if ((*p != 'q' && *p != 'Q') || p[1] != '=') continue;
    int weight = p[2] == '1' ? 1000 : 0;
    if (p[2] != '0' || p[3] != '.') return weight;
    for (int worth = 100; worth && isdigit((unsigned char)p[4]); p++, worth /= 10)
      weight += (p[4] - '0') * worth;
    return weight;
  }
  return 1000;
}

static bool is_json(struct str type) {
  return str_eq_nocase(type, STR("application/json")) || str_eq_nocase(type, STR("application/*")) ||
         str_eq_nocase(type, STR("*/*"));
}

/* Of what weighs the same the first counts. */
bool csv_preferred(const struct request *rq) {
  const char *p = wire_list(rq, "Accept");
  int best = 0;
  bool csv = false;
  for (; p && *p; p += strcspn(p, ","), p += *p == ',') {
    struct str range = str_trim((struct str){ p, strcspn(p, ",") });
    struct str type = str_trim((struct str){ range.p, strcspn(range.p, ";,") });
    bool table = str_eq_nocase(type, STR("text/csv"));
    int weight = weight_of(range);
    if (weight <= best || (!table && !is_json(type))) continue;
    best = weight;
    csv = table;
  }
  return csv;
}

int csv_asked(struct request *rq, bool *csv) {
  const char *format;
  if (query_text(rq, "format", &format)) return rq->cx->code;
  *csv = format ? !strcmp(format, "csv") : csv_preferred(rq);
  if (!format || *csv || !strcmp(format, "json")) return OK;
  return fail(rq->cx, E_INVALID, "format", "format is json or csv, not '%.40s'", format);
}

int rows_csv(struct request *rq, struct buf *list, const char *name, const char *members) {
  struct jv *root = NULL;
  if (!rq->cx->code && list->full) fail(rq->cx, E_LIMIT, NULL, "the list is too large; ask for less at once");
  if (!rq->cx->code) jv_parse(rq->cx, buf_view(list), &root);
  buf_clear(list);
  if (rq->cx->code) return rq->cx->code;
  reply_stream(rq, "text/csv; charset=utf-8", ctx_printf(rq->cx, "%s.csv", name));
  return send_rows(rq, jv_get(root, "data"), members);
}

int records_csv(struct request *rq, struct db *db, const struct record_query *q) {
  struct record_page page;
  struct buf list;
  struct jw w;
  jw_begin(&w, &list, LIMIT_REPLY_BYTES);
  record_query(rq->cx, db, rq->entity, q, &w, "data", &page);
  jw_close(&w, '}');
  if (!rq->cx->code) link_next(rq, "cursor", page.next);
  return rows_csv(rq, &list, rq->entity->name, record_members(rq->cx, rq->entity, q->fields));
}
