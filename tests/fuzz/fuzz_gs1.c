/*
** fuzz_gs1.c - any bytes as what a scanner read. What is taken has right check digits, days of the
** calendar and texts without control characters; written as it is printed it reads the same again.
*/
#include <stdlib.h>

#include "base/buf.h"
#include "base/time.h"
#include "inventory/gs1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds) {
  if (!holds) abort();
}

static void put_day(struct buf *b, const char *ai, int32_t day) {
  int year, month, dom;
  if (day == GS1_NO_DAY) return;
  date_civil(day, &year, &month, &dom);
  buf_printf(b, "(%s)%02d%02d%02d", ai, year % 100, month, dom);
}

static void put_text(struct buf *b, const char *ai, const char *text) {
  for (const char *p = text; *p; p++) must(*p > 0x20 && *p < 0x7f);
  if (text[0]) buf_printf(b, "(%s)%s", ai, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct gs1 g, again;
  char why[64];
  struct buf b;
  if (!gs1_parse((struct str){ (const char *)data, size }, 2026, &g, why, sizeof why)) {
    must(why[0] != '\0');
    return 0;
  }
  must(!g.gtin[0] || gs1_check_digit(str_of(g.gtin)));
  must(!g.sscc[0] || gs1_check_digit(str_of(g.sscc)));
  must(g.count >= -1);
  if (memchr(g.lot, '(', sizeof g.lot) || memchr(g.serial, '(', sizeof g.serial) ||
      memchr(g.order, '(', sizeof g.order))
    return 0; /* printed, a bracket in a value may look like an identifier */
  buf_init(&b, 1024);
  put_text(&b, "00", g.sscc);
  put_text(&b, "01", g.gtin);
  put_text(&b, "02", g.content);
  put_day(&b, "11", g.made);
  put_day(&b, "15", g.best_before);
  put_day(&b, "17", g.expires);
  if (g.count >= 0) buf_printf(&b, "(30)%lld", (long long)g.count);
  put_text(&b, "10", g.lot);
  put_text(&b, "21", g.serial);
  put_text(&b, "400", g.order);
  if (b.n) {
    must(gs1_parse(buf_view(&b), 2026, &again, why, sizeof why));
    must(strcmp(g.gtin, again.gtin) == 0 && strcmp(g.lot, again.lot) == 0 &&
         strcmp(g.serial, again.serial) == 0);
    must(g.expires == again.expires && g.made == again.made && g.count == again.count);
  }
  buf_clear(&b);
  return 0;
}
