/*
** fuzz_values.c - any bytes as a date and as a number. A date that is read is a
** day of the calendar; a number that is read prints and reads back the same.
*/
#include <stdlib.h>

#include "base/decimal.h"
#include "base/time.h"
#include "format/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds) {
  if (!holds) abort();
}

static void check_date(struct str s, enum date_order order) {
  int32_t days = 0, again = 0;
  char iso[DATE_SIZE];
  if (!value_date(s, order, &days)) return;
  date_iso(iso, days);
  must(value_date(str_of(iso), DATE_YMD, &again) && again == days);
}

static void check_number(struct str s, char decimal, int scale) {
  int64_t v = 0, again = 0;
  bool rounded;
  struct buf out;
  if (!value_number(s, decimal, scale, &v, &rounded)) return;
  buf_init(&out, 64);
  dec_print(&out, v, scale, 0);
  must(value_number(buf_view(&out), '.', scale, &again, &rounded) && again == v && !rounded);
  buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct str s = { (const char *)data, size };
  for (int order = DATE_AUTO; order <= DATE_MDY; order++) check_date(s, (enum date_order)order);
  for (int scale = 0; scale <= 18; scale += 6) {
    check_number(s, '.', scale);
    check_number(s, ',', scale);
  }
  struct buf out;
  buf_init(&out, 4 * size + 16);
  csv_put(&out, s);
  must(!out.full);
  buf_clear(&out);
  return 0;
}
