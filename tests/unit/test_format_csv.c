/* From bytes to rows: quotes, record ends, ragged rows, limits, batches. */
#include <csv.h>
#include <stdlib.h>

#include "base/limits.h"
#include "format/format.h"
#include "format/peek.h"
#include "unit.h"

static int add(void *arg, const char *p, size_t n) {
  buf_add(arg, p, n);
  return 0;
}

/* The rows of a text as clean CSV; settings are name, value, ..., NULL. */
static const char *peek_with(struct str text, const char *const *settings) {
  static struct buf out;
  struct ctx cx;
  struct dialect d;
  struct profile *p;
  ctx_begin(&cx, "test");
  dialect_init(&d);
  int rc = OK;
  for (; settings && *settings && !rc; settings += 2) rc = dialect_set(&cx, &d, settings[0], settings[1]);
  struct input *in = input_memory(&cx, text, "test");
  buf_clear(&out);
  buf_init(&out, MIB(64));
  buf_puts(&out, "");
  if (!rc) rc = profile_file(&cx, in, &d, &p);
  if (!rc) rc = peek_csv(&cx, in, p, add, &out);
  if (rc) buf_printf(&out, "%s", cx.message);
  ctx_end(&cx);
  return out.p;
}
static const char *peek(const char *text) { return peek_with(str_of(text), NULL); }

struct counts {
  uint64_t data, outside, broken, bytes, batches;
  char why[200];
};

/* Every byte must come back once and in order. */
static struct counts count_rows(struct str text, size_t target) {
  struct ctx cx;
  struct dialect d;
  struct profile *p;
  struct counts k = { 0 };
  ctx_begin(&cx, "test");
  dialect_init(&d);
  struct input *in = input_memory(&cx, text, "test");
  if (profile_file(&cx, in, &d, &p)) {
    ctx_end(&cx);
    return k;
  }
  struct splitter *s = splitter_new(&cx, in, p, target);
  struct parser *parser = parser_new(p);
  struct batch b;
  batch_init(&b);
  while (!splitter_next(&cx, s, &b) && b.count) {
    CHECK_INT(b.offset, k.bytes);
    CHECK(memcmp(b.bytes, text.p + k.bytes, b.n) == 0);
    for (uint64_t i = 0, at = 0; i < b.count; at += b.spans[i++].length) {
      struct row r;
      parser_row(parser, (struct str){ b.bytes + at, b.spans[i].length }, b.offset + at, &r);
      k.data += r.kind == ROW_DATA;
      k.outside += r.kind == ROW_OUTSIDE;
      if (r.kind == ROW_BROKEN && k.broken++ == 0) str_copy(k.why, sizeof k.why, str_of(r.why));
    }
    k.bytes += b.n;
    k.batches++;
  }
  CHECK_INT(k.bytes, text.n);
  batch_clear(&b);
  parser_free(parser);
  ctx_end(&cx);
  return k;
}

UNIT(csv_ordinary, "quotes, doubled quotes and line breaks in cells") {
  CHECK_STR(peek("a,b\n1,\"x, y\"\n2,\"say \"\"hi\"\"\"\n3,\"two\nlines\"\n"),
            "a,b\n1,\"x, y\"\n2,\"say \"\"hi\"\"\"\n3,\"two\nlines\"\n");
  CHECK_STR(peek("id , name\r\n 1 , Ann \r\n2,\" Bob \"\r\n"), "id,name\n1,Ann\n2,\" Bob \"\n");
}

UNIT(csv_stray_quote, "a stray quote is text and costs nothing else") {
  CHECK_STR(peek("a,b,c\n1,5\" pipe,x\n2,\"y,z\n3,p,q\n4,r,s\n"),
            "a,b,c\n1,\"5\"\" pipe\",x\n2,\"\"\"y\",z\n3,p,q\n4,r,s\n");
  CHECK_STR(peek("a,b,c\n1,x,\"\n2,\"y\",z\n3,p,q\n"), "a,b,c\n1,x,\"\"\"\"\n2,y,z\n3,p,q\n");
  CHECK_STR(peek("a,b,c\n1,\"Round 48\"\",\"oak, dark\"\n2,x,y\n3,x,y\n"),
            "a,b,c\n1,\"Round 48\"\"\",\"oak, dark\"\n2,x,y\n3,x,y\n");
}

UNIT(csv_ragged, "short rows are filled, long rows keep what fits") {
  CHECK_STR(peek("a,b,c\n1,2,3\n4,5\n6,7,8,9\n1,2,3\n"), "a,b,c\n1,2,3\n4,5,\n6,7,8\n1,2,3\n");
}

UNIT(csv_other_ends, "CR, CRLF and LF end records, alone or mixed") {
  CHECK_STR(peek("a,b\r1,2\r3,4\r"), "a,b\n1,2\n3,4\n");
  CHECK_STR(peek("a,b\r\n1,2\n3,4\r5,6\r\n"), "a,b\n1,2\n3,4\n5,6\n");
  CHECK_STR(peek("a,b\n1,x\ry\n2,z\n3,w\n"), "a,b\n1,\"x\ry\"\n2,z\n3,w\n");
}

UNIT(csv_other_delimiters, "delimiters of one and of several characters") {
  CHECK_STR(peek("a;b\n1;2,5\n2;3,5\n"), "a,b\n1,\"2,5\"\n2,\"3,5\"\n");
  CHECK_STR(peek("a\t\tb\n1\t\tx\n2\t\ty\n"), "a,b\n1,x\n2,y\n");
  CHECK_STR(peek("a\\tb\n1\\tx\n2\\t\"y\\tz\"\n"), "a,b\n1,x\n2,y\\tz\n");
  CHECK_STR(peek("sep=;\na;b\n1;2\n"), "a,b\n1,2\n");
  CHECK_STR(peek("a||b\n1||\"x||y\"\n2||z\n"), "a,b\n1,x||y\n2,z\n");
}

UNIT(csv_escapes, "an escape character before a quote") {
  CHECK_STR(peek("a,b\n1,\"say \\\"hi\\\", you\"\n2,\"x\"\n"), "a,b\n1,\"say \"\"hi\"\", you\"\n2,x\n");
  const char *const settings[] = { "escape", "^", NULL };
  CHECK_STR(peek_with(STR("a,b\n1,\"x^\"y\"\n"), settings), "a,b\n1,\"x\"\"y\"\n");
}

UNIT(csv_stated, "what is stated is not detected") {
  const char *const settings[] = { "delimiter", ";", "header", "no", NULL };
  CHECK_STR(peek_with(STR("a,b;c\nd,e;f\n"), settings), "\"a,b\",c\n\"d,e\",f\n");
  const char *const skip[] = { "skip", "2", NULL };
  CHECK_STR(peek_with(STR("x,y\n1,2\na,b\n3,4\n"), skip), "a,b\n3,4\n");
}

UNIT(csv_refused, "what holds no table is refused with a sentence") {
  CHECK_STR(peek(""), "test is empty: it holds no table");
  CHECK(strstr(peek_with(STR("PK\003\004\0\0"), NULL), "XLSX") != NULL);
  CHECK(strstr(peek_with(STR("a,b\n1,\0002\n"), NULL), "byte 7 is zero") != NULL);
}

UNIT(csv_cut, "a file cut inside a quoted cell ends in a broken record") {
  struct counts k = count_rows(STR("a,b,c\n1,2,3\n4,5,6\n7,8,\"half of"), 4096);
  CHECK_INT(k.data, 2);
  CHECK_INT(k.broken, 1);
  CHECK(strstr(k.why, "cut") != NULL);
}

UNIT(csv_covers, "batches of every size cover every byte, for many random texts") {
  static const char *const parts[] = { "a",  "1",  ",",    ";",           "\n",    "\r\n",
                                       "\r", "\"", "\"\"", " ",           "x,y\n", "1,2,3\n",
                                       "\\", "'",  "\t",   "caf\xc3\xa9", "\xff" };
  char text[600];
  srand(7);
  for (int run = 0; run < 4000; run++) {
    size_t n = 0;
    for (int i = rand() % 60; i >= 0; i--) {
      const char *z = parts[(size_t)rand() % (sizeof parts / sizeof *parts)];
      memcpy(text + n, z, strlen(z));
      n += strlen(z);
    }
    count_rows((struct str){ text, n }, (size_t)1 << (rand() % 13));
  }
}

static void take(void *p, size_t n, void *arg) {
  struct buf *b = arg;
  buf_add(b, p, n);
  buf_char(b, '\1');
}

/* What libcsv makes of a record. */
static void by_library(struct str record, struct buf *out) {
  struct csv_parser c;
  csv_init(&c, CSV_STRICT | CSV_STRICT_FINI);
  buf_reset(out);
  csv_parse(&c, record.p, record.n, take, NULL, out);
  csv_fini(&c, take, NULL, out);
  csv_free(&c);
}

/* The cells of a row, as `take` writes them. */
static void by_parser(struct parser *parser, struct str record, struct buf *out) {
  struct row r;
  parser_row(parser, record, 1, &r);
  buf_reset(out);
  for (uint32_t i = 0; i + r.missing < r.count; i++) {
    buf_str(out, r.cells[i]);
    buf_char(out, '\1');
  }
}

static size_t random_record(char *to) {
  static const char letters[] = "ab1 ,,,\t .-'\xc3";
  size_t n = 1;
  to[0] = 'x'; /* a row without any value is no row */
  for (int i = rand() % 40; i > 0; i--) {
    char c = letters[(size_t)rand() % (sizeof letters - 1)];
    to[n++] = c;
    if (c & (char)0x80) to[n++] = (char)0xa9;
  }
  return n;
}

UNIT(csv_same_as_library, "the fast way and libcsv agree on a hundred thousand random records") {
  struct ctx cx;
  struct dialect d;
  struct profile *p;
  struct buf mine, theirs;
  char record[96];
  ctx_begin(&cx, "test");
  dialect_init(&d);
  buf_init(&mine, 4096);
  buf_init(&theirs, 4096);
  CHECK_INT(profile_file(&cx, input_memory(&cx, STR("a,b\n1,2\n"), "test"), &d, &p), OK);
  p->column_count = 60;
  p->table_begin = 0;
  p->table_end = UINT64_MAX;
  struct parser *parser = parser_new(p);
  srand(11);
  for (int run = 0; run < 100000; run++) {
    struct str s = { record, random_record(record) };
    by_library(s, &theirs);
    by_parser(parser, s, &mine);
    if (!CHECK_STR(buf_view(&mine), buf_view(&theirs))) break;
  }
  parser_free(parser);
  buf_clear(&mine);
  buf_clear(&theirs);
  ctx_end(&cx);
}

UNIT(csv_round_trip, "whatever csv_put writes is read back the same") {
  static const char letters[] = "ab ,\"\n;'\\\t";
  struct buf file;
  buf_init(&file, KIB(64));
  srand(5);
  for (int run = 0; run < 300; run++) {
    buf_reset(&file);
    buf_puts(&file, "k,name,value,note\n");
    for (int i = 0; i < 12; i++) {
      char cell[12];
      buf_printf(&file, "%d,2024-01-%02d,", i, i + 1);
      for (int c = 0; c < 2; c++) {
        size_t n = (size_t)rand() % 10;
        for (size_t k = 0; k < n; k++) cell[k] = letters[(size_t)rand() % (sizeof letters - 1)];
        csv_put(&file, (struct str){ cell, n });
        buf_char(&file, c ? '\n' : ',');
      }
    }
    struct str before = buf_view(&file);
    const char *const settings[] = {
      "delimiter", ",", "quote", "\"", "escape", "none", "header", "yes", NULL
    };
    if (!CHECK_STR(peek_with(before, settings), before)) break;
  }
  buf_clear(&file);
}

UNIT(csv_limits, "too large a cell, too many cells and an endless record are broken rows") {
  struct buf b;
  buf_init(&b, MIB(64));
  buf_puts(&b, "a,b\n1,2\n3,");
  for (size_t i = 0; i < LIMIT_FIELD_BYTES + 10; i++) buf_char(&b, 'x');
  buf_puts(&b, "\n5,6\n");
  struct counts k = count_rows(buf_view(&b), MIB(1));
  CHECK_INT(k.broken, 1);
  CHECK_INT(k.data, 2);
  CHECK_STR(k.why, "a cell is larger than 1 MiB");
  buf_reset(&b);
  buf_puts(&b, "a,b\n1,2\n");
  for (int i = 0; i < 5000; i++) buf_puts(&b, "x,");
  buf_puts(&b, "\n3,4\n");
  k = count_rows(buf_view(&b), MIB(1));
  CHECK_INT(k.broken, 1);
  CHECK_STR(k.why, "the record has more than 4096 cells");
  buf_reset(&b);
  buf_puts(&b, "a,b\n1,2\n3,\"");
  for (size_t i = 0; i < MIB(20); i++) buf_char(&b, 'x');
  k = count_rows(buf_view(&b), MIB(1));
  CHECK_INT(k.data, 1);
  CHECK(k.broken >= 1 && strstr(k.why, "8 MiB"));
  buf_clear(&b);
}

UNIT(csv_many_stray_quotes, "a file full of quotes that never close is read in good time") {
  struct buf b;
  buf_init(&b, MIB(64));
  buf_puts(&b, "a,b,c\n");
  for (int i = 0; i < 300000; i++) buf_puts(&b, "1,\" never closed,3\n");
  struct counts k = count_rows(buf_view(&b), MIB(1));
  CHECK_INT(k.data, 300000);
  buf_clear(&b);
}

UNIT(json_records, "JSON lines and arrays, nested, wrapped and broken") {
  CHECK_STR(peek("{\"a\":1,\"b\":{\"c\":\"x\"}}\n{\"a\":2.50,\"z\":null}\nnonsense\n{\"a\":3,\"b\":{\"c\":[1,"
                 "2]}}\n"),
            "a,b.c,z\n1,x,\n2.50,,\n3,\"[1,2]\",\n");
  CHECK_STR(peek("[\n  {\"id\":{\"$oid\":\"ab\"},\"n\":{\"$numberDecimal\":\"1.20\"}},\n  {\"id\":\"b\" "
                 "\"n\":1},\n  {\"id\":\"c\",\"n\":2}\n]\n"),
            "id,n\nab,1.20\nc,2\n");
  CHECK_STR(
      peek("[{\"d\":{\"$date\":\"2024-02-29T00:00:00Z\"}},{\"d\":{\"$date\":{\"$numberLong\":\"0\"}}}]"),
      "d\n2024-02-29T00:00:00Z\n1970-01-01T00:00:00.000000Z\n");
  struct counts k = count_rows(STR("{\"a\":1}\n{\"a\":\n{\"a\":2}\n\n[3]\n{\"a\":1,\"a\":2}\n"), 1);
  CHECK_INT(k.data, 2);
  CHECK_INT(k.broken, 3);
}
