#include "inventory/scan.h"

#include "base/time.h"
#include "inventory/gs1.h"
#include "store/column.h"

/* ---- one question after the other ---- */

/* The rows of a statement as matches; 0 when it has none. */
static int64_t write_matches(struct ctx *cx, struct stmt *s, struct jw *w, const char *kind,
                             const char *members) {
  int64_t found = 0;
  for (; stmt_row(cx, s); found++) {
    if (!found) {
      jw_text(w, "kind", kind);
      jw_array(w, "matches");
    }
    jw_object(w, NULL);
    columns_write(w, s, 0, members);
    jw_close(w, '}');
  }
  if (found) jw_close(w, ']');
  return found;
}

static bool plain(struct ctx *cx, struct db *db, const char *code, struct jw *w) {
  static const struct {
    const char *kind, *members;
    enum sql_id sql;
  } questions[] = {
    { "item", "sku!", SQL_scan_item },
    { "item", "sku!", SQL_scan_booked },
    { "item", "sku!", SQL_scan_barcode },
    { "location", "warehouse!, location!", SQL_scan_location },
    { "serial", "sku!, warehouse!, location!", SQL_scan_serial },
    { "serial", "sku!", SQL_scan_serial_record },
    { "lot", "sku!, lot!, expires!", SQL_scan_lot },
  };
  char gtin[15] = "";
  size_t n = strlen(code);
  bool digits = n >= 8 && n <= 14 && strspn(code, "0123456789") == n;
  if (digits) {
    memset(gtin, '0', 14 - n);
    memcpy(gtin + 14 - n, code, n + 1);
  }
  for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
    struct stmt *s = db_ask(cx, db, questions[i].sql, code);
    if (questions[i].sql == SQL_scan_barcode) stmt_text(s, 2, gtin);
    if (write_matches(cx, s, w, questions[i].kind, questions[i].members)) return true;
    if (cx->code) return false;
  }
  return false;
}

/* ---- a GS1 element string ---- */

static void write_day(struct jw *w, const char *key, int32_t day) {
  char iso[DATE_SIZE];
  if (day != GS1_NO_DAY) jw_text(w, key, date_iso(iso, day));
}

static void write_text(struct jw *w, const char *key, const char *text) {
  if (text[0]) jw_text(w, key, text);
}

static int write_gs1(struct ctx *cx, struct db *db, const struct gs1 *g, struct jw *w) {
  jw_object(w, "gs1");
  write_text(w, "gtin", g->gtin);
  write_text(w, "content", g->content);
  write_text(w, "sscc", g->sscc);
  write_text(w, "lot", g->lot);
  write_text(w, "serial", g->serial);
  write_text(w, "order", g->order);
  write_day(w, "made", g->made);
  write_day(w, "best_before", g->best_before);
  write_day(w, "expires", g->expires);
  if (g->count >= 0) jw_int(w, "count", g->count);
  jw_close(w, '}');
  const char *gtin = g->gtin[0] ? g->gtin : g->content;
  struct stmt *s = db_ask(cx, db, SQL_scan_barcode, gtin, gtin);
  if (gtin[0] && write_matches(cx, s, w, "gs1", "sku!")) return OK;
  if (cx->code) return cx->code;
  jw_text(w, "kind", "gs1");
  jw_array(w, "matches");
  jw_close(w, ']');
  return OK;
}

int stock_scan(struct ctx *cx, struct db *db, const char *code, struct jw *w, const char *key) {
  struct gs1 g;
  char why[160];
  int year, month, day;
  if (!code || !*code) return fail(cx, E_INVALID, "code", "code is needed: what the scanner read");
  jw_object(w, key);
  jw_text(w, "code", code);
  if (!plain(cx, db, code, w) && !cx->code) {
    date_civil((int32_t)(cx->now / DAY_US), &year, &month, &day);
    if (!gs1_parse(str_of(code), year, &g, why, sizeof why))
      return fail(cx, E_NOT_FOUND, "code",
                  "'%.80s' is no SKU, barcode, location, lot or serial number that is known, "
                  "and no GS1 element string: %s",
                  code, why);
    write_gs1(cx, db, &g, w);
  }
  jw_close(w, '}');
  return cx->code;
}
