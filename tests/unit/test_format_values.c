/* Dates and numbers: what is read, as what, and what is refused. */
#include <stdlib.h>

#include "base/decimal.h"
#include "base/time.h"
#include "format/format.h"
#include "unit.h"

static const char *read_date(const char *z, enum date_order order) {
  static char iso[DATE_SIZE];
  int32_t days;
  return value_date(str_of(z), order, &days) ? date_iso(iso, days) : "no";
}

static const char *read_number(const char *z, char decimal) {
  static char text[64];
  int64_t v;
  bool rounded;
  if (!value_number(str_of(z), decimal, 4, &v, &rounded)) return "no";
  struct buf b;
  buf_init(&b, 60);
  dec_print(&b, v, 4, 0);
  if (rounded) buf_char(&b, '~');
  str_copy(text, sizeof text, buf_view(&b));
  buf_clear(&b);
  return text;
}

UNIT(value_date_iso, "a date that begins with its year is read in every order") {
  static const char *const forms[] = { "2024-02-29",       "2024/02/29",
                                       "2024.2.29",        "20240229",
                                       "2024 02 29",       "2024-02-29T23:59:59.123Z",
                                       "2024-02-29 10:30", "2024-02-29 10:30:00 +05:30",
                                       "  2024-02-29 ",    "2024-Feb-29" };
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
    for (int order = DATE_AUTO; order <= DATE_MDY; order++)
      CHECK_STR(read_date(forms[i], (enum date_order)order), "2024-02-29");
}

UNIT(value_date_order,
     "two small numbers are read in the column's order, and not at all where there is none") {
  CHECK_STR(read_date("1/2/2024", DATE_DMY), "2024-02-01");
  CHECK_STR(read_date("1/2/2024", DATE_MDY), "2024-01-02");
  CHECK_STR(read_date("1/2/2024", DATE_AUTO), "no");
  CHECK_STR(read_date("1/2/2024", DATE_YMD), "no");
  CHECK_STR(read_date("13/2/2024", DATE_AUTO), "2024-02-13");
  CHECK_STR(read_date("13/2/2024", DATE_MDY), "no");
  CHECK_STR(read_date("2/13/2024", DATE_DMY), "no");
  CHECK_STR(read_date("5-3-24", DATE_DMY), "2024-03-05");
  CHECK_STR(read_date("05.03.1970", DATE_DMY), "1970-03-05");
  CHECK_STR(read_date("1/2/69", DATE_DMY), "2069-02-01");
  CHECK_STR(read_date("1/2/70", DATE_DMY), "1970-02-01");
  CHECK_STR(read_date("5/3/2024 11:15:00 PM", DATE_DMY), "2024-03-05");
}

UNIT(value_date_names, "months may have names") {
  static const char *const forms[] = { "5 Mar 2024",           "05-Mar-24",      "5. March 2024",
                                       "Mar 5, 2024",          "March 5th 2024", "Tue, 5 Mar 2024",
                                       "Tuesday March 5 2024", "05MAR2024",      "5 MARCH 2024 08:00" };
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
    CHECK_STR(read_date(forms[i], DATE_DMY), "2024-03-05");
  CHECK_STR(read_date("Sept 9, 2024", DATE_MDY), "2024-09-09");
  CHECK_STR(read_date("5 Marsh 2024", DATE_DMY), "no");
}

UNIT(value_date_refused, "what is no day of the calendar is no date") {
  static const char *const wrong[] = { "",
                                       "2024-02-30",
                                       "2023-02-29",
                                       "31/04/2024",
                                       "2024-13-01",
                                       "45292",
                                       "2024-1",
                                       "0/1/2024",
                                       "32/1/2024",
                                       "12:30",
                                       "2024-02-29x",
                                       "1/2-2024",
                                       "2024-02-29 25:00",
                                       "2024-02-29 10:61",
                                       "yesterday",
                                       "1234567",
                                       "99999999" };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) CHECK_STR(read_date(wrong[i], DATE_DMY), "no");
}

UNIT(value_date_calendar, "every day from 1900 to 2150 is read as itself, and the days around it are not") {
  char iso[DATE_SIZE];
  for (int32_t day = -25567; day < 65744; day++) {
    int32_t got = 0;
    if (!CHECK(value_date(str_of(date_iso(iso, day)), DATE_YMD, &got)) || !CHECK_INT(got, day)) return;
  }
  CHECK_STR(read_date("2024-02-30", DATE_YMD), "no");
  CHECK_STR(read_date("2100-02-29", DATE_YMD), "no");
  CHECK_STR(read_date("2000-02-29", DATE_YMD), "2000-02-29");
  CHECK_STR(read_date("2023-00-10", DATE_YMD), "no");
}

UNIT(value_number_plain, "plain numbers are exact") {
  CHECK_STR(read_number("1234.50", '.'), "1234.5");
  CHECK_STR(read_number("-0.0001", '.'), "-0.0001");
  CHECK_STR(read_number("+7", '.'), "7");
  CHECK_STR(read_number(".5", '.'), "0.5");
  CHECK_STR(read_number("5.", '.'), "5");
  CHECK_STR(read_number("1234567890.12", '.'), "1234567890.12");
  CHECK_STR(read_number("0.00005", '.'), "0~");
  CHECK_STR(read_number("0.00015", '.'), "0.0002~");
  CHECK_STR(read_number("1,5", ','), "1.5");
}

UNIT(value_number_groups, "groups are read when they are well formed") {
  CHECK_STR(read_number("1,234.56", '.'), "1234.56");
  CHECK_STR(read_number("123,456.78", '.'), "123456.78");
  CHECK_STR(read_number("12,34,567.89", '.'), "1234567.89");
  CHECK_STR(read_number("1,23,456.78", '.'), "123456.78");
  CHECK_STR(read_number("1.234.567,5", ','), "1234567.5");
  CHECK_STR(read_number("1 234,56", ','), "1234.56");
  CHECK_STR(read_number("1\xc2\xa0"
                        "234,56",
                        ','),
            "1234.56");
  CHECK_STR(read_number("1\xe2\x80\xaf"
                        "234 567",
                        '.'),
            "no");
  CHECK_STR(read_number("1'234'567.25", '.'), "1234567.25");
  CHECK_STR(read_number("1,234", '.'), "1234");
  CHECK_STR(read_number("1,234", ','), "1.234");
  static const char *const wrong[] = { "12,34.5",   "1,2345", "1,23",        ",123", "1234,567",  "1,,234",
                                       "12,345,67", "1.2.3",  "1,234.567.8", "1 23", "123,45,678" };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) CHECK_STR(read_number(wrong[i], '.'), "no");
}

UNIT(value_number_money, "currency and signs stand at either end") {
  static const char *const same[] = { "-1,234.5",
                                      "(1,234.5)",
                                      "1,234.5-",
                                      "-$1,234.5",
                                      "$-1,234.5",
                                      "($1,234.5)",
                                      "-\xe2\x82\xb9 1,234.5",
                                      "Rs. -1,234.5",
                                      "-1,234.5 EUR",
                                      "INR (1,234.5)",
                                      "\xe2\x88\x92"
                                      "1234.5" };
  for (size_t i = 0; i < sizeof same / sizeof *same; i++) CHECK_STR(read_number(same[i], '.'), "-1234.5");
  static const char *const wrong[] = { "$",   "-",   "()",   "--5", "5 kg", "$5$", "12%",
                                       "nan", "inf", "0x10", "1e",  "e5",   "5 5", "" };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) CHECK_STR(read_number(wrong[i], '.'), "no");
}

UNIT(value_number_exponent, "an exponent moves the point") {
  CHECK_STR(read_number("1.5E3", '.'), "1500");
  CHECK_STR(read_number("1E+12", '.'), "1000000000000");
  CHECK_STR(read_number("25e-1", '.'), "2.5");
  CHECK_STR(read_number("1e999", '.'), "no");
  CHECK_STR(read_number("99999999999999999999", '.'), "no");
}

UNIT(csv_put_quotes, "a cell is quoted only when it must be") {
  struct buf b;
  buf_init(&b, 200);
  csv_put(&b, STR("plain"));
  csv_put(&b, STR("|a,b|"));
  csv_put(&b, STR("|say \"hi\""));
  csv_put(&b, STR(" x"));
  csv_put(&b, STR("two\nlines"));
  CHECK_STR(buf_view(&b), "plain\"|a,b|\"\"|say \"\"hi\"\"\"\" x\"\"two\nlines\"");
  buf_clear(&b);
}

/* A cell of CSV as a reader has it. */
static struct str unquoted(struct str s, char *out) {
  size_t n = 0;
  if (s.n == 0 || s.p[0] != '"') return s;
  for (size_t i = 1; i + 1 < s.n; i++) {
    out[n++] = s.p[i];
    i += s.p[i] == '"';
  }
  return (struct str){ out, n };
}

UNIT(csv_guard,
     "a guarded cell begins no formula, wherever it is cut, and is what it was without the guard") {
  static const char letters[] = "=+-@'';;\t\r\na1 \"";
  struct buf b;
  struct ctx cx;
  ctx_begin(&cx, "test");
  buf_init(&b, 200);
  srand(7);
  for (int run = 0; run < 20000; run++) {
    char cell[12], room[40];
    size_t n = (size_t)rand() % sizeof cell;
    for (size_t i = 0; i < n; i++) cell[i] = letters[(size_t)rand() % (sizeof letters - 1)];
    buf_reset(&b);
    csv_put_guarded(&b, (struct str){ cell, n });
    struct str read = unquoted(buf_view(&b), room);
    if (!CHECK_STR(csv_unguarded(&cx, read), ((struct str){ cell, n }))) break;
    for (size_t i = 1; i < read.n; i++)
      CHECK(!strchr(";\t\r\n", read.p[i - 1]) || !strchr("=+-@", read.p[i]));
  }
  buf_reset(&b);
  csv_put_guarded(&b, STR("-512.00"));
  csv_put_guarded(&b, STR("|a;=1"));
  csv_put_guarded(&b, STR("\xEF\xBC\x9D"
                          "1"));
  CHECK_STR(buf_view(&b), "-512.00\"|a;'=1\"\"'\xEF\xBC\x9D"
                          "1\"");
  buf_clear(&b);
  ctx_end(&cx);
}
