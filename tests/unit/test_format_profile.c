/* What is found out about a file: encoding, header, types, formats, oddities. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "base/limits.h"

#include "format/format.h"
#include "format/peek.h"
#include "unit.h"

static struct profile *profile_of(struct ctx *cx, struct str text) {
  struct dialect d;
  struct profile *p = NULL;
  ctx_begin(cx, "test");
  dialect_init(&d);
  CHECK_INT(profile_file(cx, input_memory(cx, text, "test"), &d, &p), OK);
  return p;
}

static bool has_oddity(const struct profile *p, const char *code) {
  for (size_t i = 0; i < p->oddity_count; i++)
    if (strcmp(p->oddities[i].code, code) == 0) return true;
  return false;
}

static void check_encoding(struct str text, const char *want) {
  struct ctx cx;
  struct profile *p = profile_of(&cx, text);
  if (p) CHECK_STR(p->dialect.encoding, want);
  ctx_end(&cx);
}

UNIT(profile_encodings, "the encoding is found out") {
  check_encoding(STR("a,b\n1,2\n"), "UTF-8");
  check_encoding(STR("\xef\xbb\xbf"
                     "a,b\n1,2\n"),
                 "UTF-8");
  check_encoding(STR("a,b\n1,caf\xc3\xa9\n"), "UTF-8");
  check_encoding(STR("a,b\n1,caf\xe9\n"), "ISO-8859-1");
  check_encoding(STR("a,b\n1,\x80 5 \x93x\x94\n"), "WINDOWS-1252");
  check_encoding(STR("a,b\n1,John\x92s\n"), "WINDOWS-1252");
  check_encoding(STR("\xff\xfe"
                     "a\0,\0b\0\n\0"
                     "1\0,\0"
                     "2\0\n\0"),
                 "UTF-16LE");
  check_encoding(STR("\0a\0,\0b\0\n\0"
                     "1\0,\0"
                     "2\0\n"),
                 "UTF-16BE");
  check_encoding(STR("a,b\n1,\x93\xfa\x96\x7b\x8c\xea\x82\xcc\x83\x65\x83\x58\x83\x67\n"), "SHIFT_JIS");
  check_encoding(STR("a,b\n1,\xd6\xd0\xce\xc4\xb2\xe2\xca\xd4\n"), "GB18030");
}

UNIT(profile_types, "each column has the type of nearly all of its values") {
  struct ctx cx;
  struct profile *p =
      profile_of(&cx, STR("id,code,price,day,paid,note,nothing\n1,00123,1.50,2024-03-05,yes,x,\n"
                          "2,00124,2,2024-03-06,no,y,\n3,00125,-3.25,2024-03-07,yes,z,\n"));
  static const enum column_type want[] = { COLUMN_INTEGER, COLUMN_TEXT, COLUMN_DECIMAL, COLUMN_DATE,
                                           COLUMN_BOOLEAN, COLUMN_TEXT, COLUMN_EMPTY };
  CHECK_INT(p->column_count, 7);
  for (size_t i = 0; i < 7; i++) CHECK_INT(p->columns[i].type, want[i]);
  CHECK_INT(p->rows_estimate, 3);
  CHECK_INT(p->table_begin, 36);
  ctx_end(&cx);
}

UNIT(profile_date_order, "the whole file decides whether the day comes first") {
  struct ctx cx;
  struct profile *p = profile_of(&cx, STR("d,n\n1/2/2024,1\n13/2/2024,2\n"));
  CHECK_INT(p->columns[0].date_order, DATE_DMY);
  CHECK_STR(p->columns[0].evidence, "13/2/2024 in line 3 can only be day first");
  ctx_end(&cx);
  p = profile_of(&cx, STR("d,n\n1/2/2024,1\n3/4/2024,2\n"));
  CHECK(p->columns[0].ambiguous && has_oddity(p, "ambiguous_dates"));
  ctx_end(&cx);
  p = profile_of(&cx, STR("d,n\n2/13/2024,1\n2/14/2024,2\n15/2/2024,3\n1/1/2024,4\n"));
  CHECK_INT(p->columns[0].date_order, DATE_MDY);
  CHECK(has_oddity(p, "contradicting_dates"));
  ctx_end(&cx);
}

UNIT(profile_date_order_late, "the value that decides may stand beyond the sample") {
  struct ctx cx;
  struct buf b;
  buf_init(&b, MIB(8));
  buf_puts(&b, "d,amount,text\n");
  for (int i = 0; i < 60000; i++)
    buf_printf(&b, "%d/%d/2024,\"1,%03d\",some words here\n", i % 12 + 1, i % 11 + 1, i % 1000);
  buf_puts(&b, "3/25/2024,\"2,5\",x\n");
  struct profile *p = profile_of(&cx, buf_view(&b));
  CHECK_INT(p->columns[0].date_order, DATE_MDY);
  CHECK(!p->columns[0].ambiguous);
  CHECK_INT(p->columns[1].decimal, ',');
  CHECK_STR(p->columns[1].evidence, "2,5 in line 60002 can only have a decimal comma");
  ctx_end(&cx);
  buf_clear(&b);
}

UNIT(profile_decimal, "the decimal sign is found for each column") {
  struct ctx cx;
  struct profile *p = profile_of(&cx, STR("a;b;c\n1.234,50;1,5;7\n2.000,00;2,25;8\n"));
  CHECK_INT(p->columns[0].decimal, ',');
  CHECK_INT(p->columns[1].decimal, ',');
  CHECK_INT(p->dialect.decimal, ',');
  ctx_end(&cx);
  p = profile_of(&cx, STR("a;b\n1,234;x\n5,678;y\n"));
  CHECK_INT(p->columns[0].decimal, '.');
  CHECK(has_oddity(p, "ambiguous_numbers"));
  ctx_end(&cx);
}

UNIT(profile_header, "headings are found, made whole and made unique") {
  struct ctx cx;
  struct profile *p = profile_of(&cx, STR("Report of March\n\nid,name,,name\n1,x,2,y\n2,z,3,w\nTotal,,5,\n"));
  CHECK_STR(p->columns[2].heading, "column 3");
  CHECK_STR(p->columns[3].heading, "name 2");
  CHECK_STR(p->columns[3].label, "name");
  CHECK_INT(p->dialect.skip, 2);
  CHECK_INT(p->rows_estimate, 2);
  CHECK(has_oddity(p, "preamble") && has_oddity(p, "footer") && has_oddity(p, "same_heading"));
  ctx_end(&cx);
  p = profile_of(&cx, STR("1,2024-03-05,x\n2,2024-03-06,y\n"));
  CHECK_INT(p->dialect.header, 0);
  CHECK_STR(p->columns[1].heading, "column 2");
  ctx_end(&cx);
}

UNIT(dialect_settings_checked, "a wrong setting is refused with what it may be") {
  struct ctx cx;
  struct dialect d;
  ctx_begin(&cx, "test");
  dialect_init(&d);
  CHECK_INT(dialect_set(&cx, &d, "delimiter", "tab"), OK);
  CHECK_STR(d.delimiter, "\t");
  CHECK_INT(dialect_set(&cx, &d, "quote", "none"), OK);
  CHECK_INT(d.quote, QUOTE_NONE);
  CHECK_INT(dialect_set(&cx, &d, "encoding", "latin1"), OK);
  CHECK_STR(d.encoding, "ISO-8859-1");
  CHECK_INT(dialect_set(&cx, &d, "date-order", "dym"), E_INVALID);
  CHECK_STR(cx.field, "date-order");
  CHECK_STR(cx.message, "date-order may be dmy, mdy or ymd, not \"dym\"");
  CHECK_INT(dialect_set(&cx, &d, "encoding", "EBCDIC-US"), E_INVALID);
  CHECK_INT(dialect_set(&cx, &d, "colour", "red"), E_INVALID);
  ctx_end(&cx);
}

/* ---- inputs ---- */

static const char *path_in(const char *name) {
  static char path[500];
  snprintf(path, sizeof path, "%s/%s", unit_dir(), name);
  return path;
}

UNIT(input_gzip, "a gzip file is read as what it holds, a damaged one is refused") {
  struct ctx cx;
  struct input *in;
  char got[64];
  size_t n;
  gzFile z = gzopen(path_in("a.gz"), "wb");
  gzputs(z, "a,b\n1,2\n");
  gzclose(z);
  ctx_begin(&cx, "test");
  CHECK_INT(input_open(&cx, path_in("a.gz"), unit_dir(), &in), OK);
  CHECK_INT(input_size(in), 8);
  CHECK_INT(input_read(&cx, in, 4, got, sizeof got, &n), OK);
  CHECK_STR(((struct str){ got, n }), "1,2\n");
  CHECK_INT(truncate(path_in("a.gz"), 15), 0);
  CHECK_INT(input_open(&cx, path_in("a.gz"), unit_dir(), &in), E_INVALID);
  CHECK(strstr(cx.message, "ends too early") != NULL);
  ctx_end(&cx);
}

UNIT(input_gzip_bomb, "a gzip file that grows beyond measure is refused before it fills the disk") {
  enum { LINE = 1000, LINES = 100000 };
  struct ctx cx;
  struct input *in;
  char line[LINE];
  for (int honest = 0; honest < 2; honest++) {
    uint32_t seed = 1;
    gzFile z = gzopen(path_in("bomb.gz"), "wb9");
    for (int i = 0; i < (honest ? LINES / 5 : LINES); i++) {
      memset(line, '0', LINE);
      for (int k = 0; honest && k < LINE; k += 100)
        line[k] = (char)('0' + (seed = seed * 1103515245 + 12345) % 10);
      line[LINE - 1] = '\n';
      gzwrite(z, line, LINE);
    }
    gzclose(z);
    ctx_begin(&cx, "test");
    CHECK_INT(input_open(&cx, path_in("bomb.gz"), unit_dir(), &in), honest ? OK : E_LIMIT);
    ctx_end(&cx);
  }
}

UNIT(input_pipe, "a pipe is read like a file") {
  struct ctx cx;
  struct input *in;
  int fd[2];
  CHECK_INT(pipe(fd), 0);
  CHECK_INT(write(fd[1], "a,b\n1,2\n", 8), 8);
  close(fd[1]);
  dup2(fd[0], STDIN_FILENO);
  ctx_begin(&cx, "test");
  CHECK_INT(input_open(&cx, "-", unit_dir(), &in), OK);
  CHECK_STR(input_name(in), "stdin");
  CHECK_INT(input_size(in), 8);
  ctx_end(&cx);
}

UNIT(input_refused, "folders and missing files are refused") {
  struct ctx cx;
  struct input *in;
  ctx_begin(&cx, "test");
  CHECK_INT(input_open(&cx, unit_dir(), unit_dir(), &in), E_INVALID);
  ctx_forgive(&cx);
  CHECK_INT(input_open(&cx, path_in("missing.csv"), unit_dir(), &in), E_NOT_FOUND);
  ctx_end(&cx);
}
