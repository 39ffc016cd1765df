#include "format/parquet.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/time.h"
#include "unit.h"

enum { COLUMNS = 8, ROWS_MOST = 40000 };

static const struct parquet_column all_kinds[COLUMNS] = {
  { .name = "id", .kind = PARQUET_INT, .required = true },
  { .name = "flag", .kind = PARQUET_BOOLEAN },
  { .name = "amount", .kind = PARQUET_DECIMAL, .scale = 4 },
  { .name = "day", .kind = PARQUET_DAY },
  { .name = "at", .kind = PARQUET_TIME },
  { .name = "few", .kind = PARQUET_TEXT },
  { .name = "text", .kind = PARQUET_TEXT },
  { .name = "bytes", .kind = PARQUET_BYTES },
};

/* A table of any length that can be made again, row by row. */
static uint64_t seed_now;
static uint64_t below(uint64_t n) {
  seed_now = seed_now * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (seed_now >> 33) % n;
}

static struct str any_text(char *room, size_t most) {
  static const char *const parts[] = {
    "a", "Ünïcode", "₹", "\xf0\x9f\x93\xa6", " ", "\"", "\n", "0", "=1+1"
  };
  size_t n = 0, count = below(6);
  for (size_t i = 0; i < count && n + 8 < most; i++) {
    const char *part = parts[below(9)];
    memcpy(room + n, part, strlen(part));
    n += strlen(part);
  }
  if (below(500) == 0)
    while (n + 1 < most) room[n++] = 'x';
  return (struct str){ room, n };
}

static void make_row(uint64_t seed, int64_t i, int nulls, struct parquet_value *row) {
  static char text[2][3000], few[16];
  seed_now = seed * 1000003 + (uint64_t)i;
  below(2);
  memset(row, 0, COLUMNS * sizeof *row);
  row[0].n = i * 3 - 7;
  row[1].n = below(3) == 0;
  row[2].n = below(2) ? (int64_t)(below(1000) * 10000) : (int64_t)below(UINT64_C(1) << 31) * 400000 - 7;
  row[3].n = (int64_t)below(30000) - 10000;
  row[4].n = INT64_C(1700000000000000) + (int64_t)below(1000000) * 999983;
  row[5].s = (struct str){ few, (size_t)snprintf(few, sizeof few, "kind %d", (int)below(7)) };
  row[6].s = any_text(text[0], sizeof text[0]);
  row[7].s = any_text(text[1], 40);
  for (int c = 1; c < COLUMNS; c++)
    if (nulls && below(100) < (uint64_t)nulls) row[c] = (struct parquet_value){ .null = true };
}

struct table {
  uint64_t seed;
  int64_t rows;
  int nulls, group;
  bool plain, no_dictionary;
};

static int into_buf(struct ctx *cx, void *arg, const char *p, size_t n) {
  buf_add(arg, p, n);
  return (int)cx->code;
}

static void written(struct ctx *cx, const struct table *t, struct buf *out) {
  struct parquet_writer *w;
  struct parquet_value row[COLUMNS];
  struct parquet_setup setup = { .columns = all_kinds,
                                 .column_count = COLUMNS,
                                 .plain = t->plain,
                                 .no_dictionary = t->no_dictionary,
                                 .group_rows = t->group,
                                 .write = into_buf,
                                 .arg = out };
  buf_init(out, (size_t)1 << 30);
  CHECK_INT(parquet_new(cx, &setup, &w), OK);
  for (int64_t i = 0; i < t->rows && !cx->code; i++) {
    make_row(t->seed, i, t->nulls, row);
    parquet_add(cx, w, row);
  }
  parquet_note(cx, w, "table", "random");
  CHECK_INT(parquet_end(cx, w), OK);
}

static int from_buf(struct ctx *cx, void *arg, int64_t offset, char *to, size_t n) {
  struct str *s = arg;
  if (offset < 0 || (size_t)offset > s->n || n > s->n - (size_t)offset)
    return fail(cx, E_FAIL, NULL, "beyond the end");
  memcpy(to, s->p + offset, n);
  return OK;
}

struct compared {
  const struct table *t;
  int64_t row;
  bool same;
};

static int compare_row(struct ctx *cx, void *arg, const struct parquet_value *row) {
  struct compared *c = arg;
  struct parquet_value wanted[COLUMNS];
  make_row(c->t->seed, c->row++, c->t->nulls, wanted);
  for (int i = 0; i < COLUMNS; i++) {
    bool same = row[i].null == wanted[i].null;
    if (same && !row[i].null)
      same = all_kinds[i].kind >= PARQUET_TEXT ? str_eq(row[i].s, wanted[i].s) : row[i].n == wanted[i].n;
    c->same = c->same && same;
  }
  return (int)cx->code;
}

/* Whether all of it can be read; *same: and is what was written. */
static bool read_again(struct str bytes, const struct table *t, bool *same) {
  struct ctx cx;
  struct parquet_reader *r;
  struct compared c = { t, 0, true };
  ctx_begin(&cx, "test");
  struct parquet_source source = { from_buf, &bytes, (int64_t)bytes.n, "the file" };
  if (!parquet_open(&cx, &source, &r) && parquet_column_count(r) == COLUMNS)
    for (int g = 0; g < parquet_group_count(r) && !cx.code; g++) parquet_read(&cx, r, g, compare_row, &c);
  *same = !cx.code && c.same && c.row == t->rows;
  bool good = cx.code == OK;
  if (cx.code) CHECK_INT(cx.code, E_FAIL);
  ctx_end(&cx);
  return good;
}

UNIT(parquet_roundtrip, "rows come back as they were written: all kinds, nulls, groups, encodings") {
  static const struct table tables[] = {
    { 1, 0, 0, 0, false, false },     { 2, 1, 0, 0, false, false },      { 3, 1, 100, 0, true, false },
    { 4, 9, 30, 0, false, false },    { 5, 1000, 20, 7, false, false },  { 6, 1000, 100, 100, false, false },
    { 7, 5000, 10, 900, true, true }, { 8, 5000, 0, 0, false, false },   { 9, 5000, 50, 4096, true, false },
    { 10, 4097, 5, 0, false, true },  { 11, 129, 0, 128, false, false },
  };
  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
    struct ctx cx;
    struct buf file;
    bool same = false;
    ctx_begin(&cx, "test");
    written(&cx, &tables[i], &file);
    CHECK(read_again(buf_view(&file), &tables[i], &same));
    CHECK(same);
    buf_clear(&file);
    ctx_end(&cx);
  }
}

UNIT_SLOW(parquet_large, "and so do many, in several row groups whose dictionaries overflow") {
  struct table t = { 12, 300000, 10, 0, false, false };
  struct ctx cx;
  struct buf file;
  bool same = false;
  ctx_begin(&cx, "test");
  written(&cx, &t, &file);
  CHECK(read_again(buf_view(&file), &t, &same));
  CHECK(same);
  buf_clear(&file);
  ctx_end(&cx);
}

/* The footer has no checksum of its own: whoever keeps a file keeps its SHA-256. */
UNIT(parquet_flipped, "a flipped bit in the pages never gives other rows, and no flipped bit does harm") {
  struct table t = { 13, 300, 20, 100, false, false };
  struct ctx cx;
  struct buf file;
  bool same;
  int unnoticed = 0;
  ctx_begin(&cx, "test");
  written(&cx, &t, &file);
  uint32_t footer;
  memcpy(&footer, file.p + file.n - 8, 4);
  size_t pages = file.n - 8 - footer;
  for (size_t i = 0; i < file.n; i++) {
    file.p[i] ^= (char)(1 << i % 8);
    bool good = read_again(buf_view(&file), &t, &same);
    if (i < pages && good) {
      CHECK(same);
      unnoticed++;
    }
    file.p[i] ^= (char)(1 << i % 8);
  }
  CHECK(unnoticed < (int)pages / 50); /* bits of page headers that nobody reads */
  for (size_t n = 0; n < file.n; n += 37) {
    char *cut = xmalloc(n + 1);
    memcpy(cut, file.p, n);
    CHECK(!read_again((struct str){ cut, n }, &t, &same));
    free(cut);
  }
  buf_clear(&file);
  ctx_end(&cx);
}

UNIT(parquet_ranges, "a group tells its smallest and largest values, and texts that are long it does not") {
  static const struct parquet_column columns[] = { { .name = "n", .kind = PARQUET_INT },
                                                   { .name = "t", .kind = PARQUET_TEXT },
                                                   { .name = "long", .kind = PARQUET_TEXT } };
  struct ctx cx;
  struct buf file;
  struct parquet_writer *w;
  struct parquet_reader *r;
  struct parquet_value min, max;
  char text[300];
  memset(text, 'y', sizeof text);
  buf_init(&file, 1 << 20);
  ctx_begin(&cx, "test");
  struct parquet_setup setup = {
    .columns = columns, .column_count = 3, .group_rows = 10, .write = into_buf, .arg = &file
  };
  CHECK_INT(parquet_new(&cx, &setup, &w), OK);
  for (int i = 0; i < 25; i++) {
    struct parquet_value row[3] = { { .n = -i, .null = i == 3 },
                                    { .s = { i % 2 ? "b" : "äa", i % 2 ? 1 : 3 } },
                                    { .s = { text, i == 5 ? 300u : 3u } } };
    CHECK_INT(parquet_add(&cx, w, row), OK);
  }
  CHECK_INT(parquet_end(&cx, w), OK);
  struct str bytes = buf_view(&file);
  CHECK_INT(parquet_open(&cx, &(struct parquet_source){ from_buf, &bytes, (int64_t)bytes.n, "f" }, &r), OK);
  CHECK_INT(parquet_group_count(r), 3);
  CHECK(parquet_group_range(r, 1, 0, &min, &max));
  CHECK_INT(min.n, -19);
  CHECK_INT(max.n, -10);
  CHECK(parquet_group_range(r, 0, 1, &min, &max));
  CHECK_STR(min.s, "b");
  CHECK_STR(max.s, "äa");
  CHECK(!parquet_group_range(r, 0, 2, &min, &max));
  CHECK(parquet_group_range(r, 1, 2, &min, &max));
  buf_clear(&file);
  ctx_end(&cx);
}

UNIT(parquet_refuses, "what a column cannot hold is refused, with its name") {
  struct ctx cx;
  struct buf file;
  struct parquet_writer *w;
  struct parquet_value row[COLUMNS];
  for (int what = 0; what < 4; what++) {
    buf_init(&file, 1 << 20);
    ctx_begin(&cx, "test");
    struct parquet_setup setup = {
      .columns = all_kinds, .column_count = COLUMNS, .write = into_buf, .arg = &file
    };
    CHECK_INT(parquet_new(&cx, &setup, &w), OK);
    make_row(1, 1, 0, row);
    if (what == 0) row[0].null = true;
    if (what == 1) row[2].n = INT64_MAX;
    if (what == 2) row[3].n = INT64_C(1) << 40;
    if (what == 3) row[6].s = STR("\xff");
    CHECK_INT(parquet_add(&cx, w, row), E_INVALID);
    static const char *const fields[] = { "id", "amount", "day", "text" };
    CHECK_STR(cx.field, fields[what]);
    buf_clear(&file);
    ctx_end(&cx);
  }
}

/* ---- for other programs to judge: tests/scenario/parquet.test.mjs ---- */

static void json_twin(struct ctx *cx, const struct table *t, const char *path) {
  struct parquet_value row[COLUMNS];
  struct file_out *out;
  struct buf line;
  char hex[100];
  buf_init(&line, (size_t)1 << 30);
  for (int64_t i = 0; i < t->rows; i++) {
    make_row(t->seed, i, t->nulls, row);
    for (int c = 0; c < COLUMNS; c++) {
      buf_puts(&line, c ? "," : "[");
      if (row[c].null)
        buf_puts(&line, "null");
      else if (all_kinds[c].kind == PARQUET_BYTES)
        buf_printf(&line, "\"%s\"", hex_encode(hex, row[c].s.p, row[c].s.n));
      else if (all_kinds[c].kind == PARQUET_TEXT)
        json_quote(&line, row[c].s);
      else
        buf_printf(&line, "\"%lld\"", (long long)row[c].n);
    }
    buf_puts(&line, "]\n");
  }
  CHECK_INT(file_begin(cx, &out, path, true) || file_write(cx, out, line.p ? line.p : "", line.n) ||
                file_end(cx, out),
            OK);
  buf_clear(&line);
}

UNIT(parquet_for_others, "tables are written for other readers, where OUTPOST_PARQUET names a folder") {
  static const struct table tables[] = {
    { 21, 0, 0, 0, false, false },
    { 22, 1, 0, 0, false, false },
    { 23, 700, 100, 0, false, false },
    { 24, 5000, 15, 1024, false, false },
    { 25, 5000, 15, 0, true, false },
    { 26, 3000, 15, 0, false, true },
    { 27, ROWS_MOST, 10, 15000, false, false },
  };
  const char *dir = getenv("OUTPOST_PARQUET");
  for (size_t i = 0; dir && i < sizeof tables / sizeof *tables; i++) {
    struct ctx cx;
    struct buf file;
    struct file_out *out;
    ctx_begin(&cx, "test");
    written(&cx, &tables[i], &file);
    const char *path = ctx_printf(&cx, "%s/%zu.parquet", dir, i);
    CHECK_INT(file_begin(&cx, &out, path, true) || file_write(&cx, out, file.p, file.n) || file_end(&cx, out),
              OK);
    json_twin(&cx, &tables[i], ctx_printf(&cx, "%s/%zu.jsonl", dir, i));
    buf_clear(&file);
    ctx_end(&cx);
  }
}
