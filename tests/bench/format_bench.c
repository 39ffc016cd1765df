/*
** format_bench.c - how fast bytes become rows, on one thread.
**
** A million rows are made in memory; every figure is the best of five runs:
** encoding and profile, splitter alone, splitter and parser, dates, numbers.
** Limits stand behind the figures; a figure beyond its limit fails the run.
*/
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "format/format.h"

enum { ROWS = 1000000, RUNS = 5 };

static struct str make_rows(void) {
  static const char *const regions[] = { "South", "North", "East", "West" };
  static const char *const products[] = { "Ready-to-Eat", "Snacks", "Dairy", "Beverages" };
  struct buf b;
  buf_init(&b, (size_t)ROWS * 80);
  buf_puts(&b, "order_id,date,region,product,quantity,revenue\n");
  for (int i = 1; i <= ROWS; i++)
    buf_printf(&b, "ORD-%07d,2024-%02d-%02d,%s,%s,%d,%d.%02d\n", i, i % 12 + 1, i % 28 + 1, regions[i % 4],
               products[i / 3 % 4], i % 19 + 1, i % 4000 + 10, i % 100);
  size_t n = b.n;
  return (struct str){ buf_take(&b), n };
}

static struct profile *profile_of(struct ctx *cx, struct input **in, struct str text) {
  struct dialect d;
  struct profile *p = NULL;
  dialect_init(&d);
  *in = input_memory(cx, text, "rows");
  if (profile_file(cx, *in, &d, &p)) abort();
  return p;
}

static uint64_t read_rows(struct str text, bool parse) {
  struct ctx cx;
  struct input *in;
  ctx_begin(&cx, "bench");
  struct profile *p = profile_of(&cx, &in, text);
  struct parser *parser = parser_new(p);
  struct splitter *s = splitter_new(&cx, in, p, 1 << 20);
  struct batch b;
  uint64_t rows = 0;
  batch_init(&b);
  while (!splitter_next(&cx, s, &b) && b.count) {
    uint64_t at = 0;
    for (uint32_t i = 0; i < b.count; i++) {
      struct row r = { .kind = ROW_DATA };
      if (parse) parser_row(parser, (struct str){ b.bytes + at, b.spans[i].length }, b.offset + at, &r);
      rows += r.kind == ROW_DATA;
      at += b.spans[i].length;
    }
  }
  batch_clear(&b);
  parser_free(parser);
  ctx_end(&cx);
  return rows;
}

static void run_profile(struct str text) {
  struct ctx cx;
  struct input *in;
  ctx_begin(&cx, "bench");
  profile_of(&cx, &in, text);
  ctx_end(&cx);
}
static void run_split(struct str text) {
  if (read_rows(text, false) < ROWS) abort();
}
static void run_parse(struct str text) {
  if (read_rows(text, true) != ROWS) abort();
}

static void run_dates(struct str text) {
  volatile int64_t sum = 0;
  char z[] = "2024-03-05";
  (void)text;
  for (int i = 0; i < ROWS; i++) {
    int32_t days = 0;
    z[9] = (char)('0' + i % 10);
    value_date((struct str){ z, 10 }, DATE_YMD, &days);
    sum += days;
  }
}

static void run_numbers(struct str text) {
  volatile int64_t sum = 0;
  char z[] = "1234.50";
  (void)text;
  for (int i = 0; i < ROWS; i++) {
    int64_t v = 0;
    bool rounded;
    z[6] = (char)('0' + i % 10);
    value_number((struct str){ z, 7 }, '.', 2, &v, &rounded);
    sum += v;
  }
}

static double best(void (*run)(struct str), struct str text) {
  double least = 1e9;
  for (int i = 0; i < RUNS; i++) {
    double t = time_seconds();
    run(text);
    t = time_seconds() - t;
    if (t < least) least = t;
  }
  return least;
}

int main(void) {
  struct str text = make_rows();
  double megabytes = (double)text.n / 1e6;
  double profile = best(run_profile, text), split = best(run_split, text) - profile,
         parse = best(run_parse, text) - profile, dates = best(run_dates, text),
         numbers = best(run_numbers, text);
  printf("profile            %7.3f s  %6.0f MB/s\n", profile, megabytes / profile);
  printf("splitter           %7.3f s  %6.0f MB/s\n", split, megabytes / split);
  printf("splitter + parser  %7.3f s  %6.0f MB/s  at most 0.200 s\n", parse, megabytes / parse);
  printf("value_date         %7.1f ns\n", dates * 1e9 / ROWS);
  printf("value_number       %7.1f ns\n", numbers * 1e9 / ROWS);
  free((void *)(uintptr_t)text.p);
  return parse <= 0.2 ? 0 : 1;
}
