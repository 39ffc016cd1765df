/* One record of a file that was profiled before: the head is enough to read it as the whole file did. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/limits.h"
#include "format/format.h"
#include "unit.h"

/* What a run keeps of how its file was read: no formats of columns. */
static struct dialect kept(const struct profile *p) {
  struct dialect d = p->dialect;
  d.decimal = 0;
  d.date_order = DATE_AUTO;
  return d;
}

static bool same_row(const struct row *a, const struct row *b) {
  if (a->kind != b->kind || a->count != b->count || a->extra != b->extra || a->missing != b->missing)
    return false;
  for (uint32_t i = 0; i < a->count; i++)
    if (!str_eq(a->cells[i], b->cells[i])) return false;
  return true;
}

/* Every record of the file, read by both profiles. Returns how many there were. */
static int compare(struct ctx *cx, const struct input *in, const struct dialect *given, const char *name) {
  struct profile *whole, *head;
  struct batch b;
  int records = 0;
  if (profile_file(cx, in, given, &whole)) return 0;
  struct dialect d = kept(whole);
  if (!CHECK_INT(profile_head(cx, in, &d, &head), OK)) return 0;
  head->oddities = whole->oddities;
  head->oddity_count = whole->oddity_count;
  CHECK_INT((int64_t)head->column_count, (int64_t)whole->column_count);
  for (size_t i = 0; i < whole->column_count && i < head->column_count; i++)
    CHECK_STR(head->columns[i].heading, whole->columns[i].heading);
  struct splitter *s = splitter_new(cx, in, whole, KIB(64));
  struct parser *first = parser_new(whole), *second = parser_new(head);
  batch_init(&b);
  while (!splitter_next(cx, s, &b) && b.count) {
    uint64_t offset = b.offset;
    for (uint32_t i = 0; i < b.count; i++) {
      struct str raw = { b.bytes + (offset - b.offset), b.spans[i].length };
      struct row x, y;
      parser_row(first, raw, offset, &x);
      if (x.kind != ROW_OUTSIDE) {
        parser_row(second, raw, offset, &y);
        if (!same_row(&x, &y)) printf("%s at byte %llu:\n", name, (unsigned long long)offset);
        CHECK(same_row(&x, &y));
        records++;
      }
      offset += b.spans[i].length;
    }
  }
  batch_clear(&b);
  parser_free(first);
  parser_free(second);
  return records;
}

static void take_args(struct ctx *cx, const char *input, struct dialect *d) {
  char path[512], text[65536];
  struct jv *root;
  snprintf(path, sizeof path, "%.*s/expected.json", (int)(strrchr(input, '/') - input), input);
  FILE *f = fopen(path, "r");
  if (!CHECK(f)) return;
  size_t n = fread(text, 1, sizeof text, f);
  fclose(f);
  if (jv_parse(cx, (struct str){ text, n }, &root)) return;
  struct jv *args = jv_get(root, "args");
  for (size_t i = 0; i + 1 < jv_size(args); i += 2)
    CHECK_INT(dialect_set(cx, d, ctx_strdup(cx, jv_text(jv_at(args, i))) + 2,
                          ctx_strdup(cx, jv_text(jv_at(args, i + 1)))),
              OK);
}

UNIT(head_golden, "every record of the golden files reads the same by the head of its file") {
  glob_t found;
  int records = 0;
  if (!CHECK_INT(glob("tests/golden/csv/*/input.*", 0, NULL, &found), 0)) return;
  CHECK(found.gl_pathc > 90);
  for (size_t i = 0; i < found.gl_pathc; i++) {
    struct ctx cx;
    struct dialect d;
    struct input *in;
    ctx_begin(&cx, "test");
    dialect_init(&d);
    take_args(&cx, found.gl_pathv[i], &d);
    if (!input_open(&cx, found.gl_pathv[i], "/tmp", &in)) records += compare(&cx, in, &d, found.gl_pathv[i]);
    ctx_end(&cx);
  }
  globfree(&found);
  CHECK(records > 200);
}

/* Larger than what is looked at of a file, with rows that are too short and too long, and a footer. */
UNIT(head_large, "records far behind the head of a large file read the same") {
  struct ctx cx;
  struct dialect d;
  struct buf b;
  buf_init(&b, MIB(8));
  buf_puts(&b, "Report of sales\n\nId;Name;Amount\n");
  for (int i = 0; i < 60000; i++) {
    buf_printf(&b, "%d;\"name; of %d\";%d,5%s\n", i, i, i % 100, i % 37 == 0 ? ";more" : "");
    if (i % 41 == 0) buf_printf(&b, "%d;short\n", i);
    if (i % 43 == 0) buf_printf(&b, "%d;a \"stray\" quote;1,0\n", i);
  }
  buf_puts(&b, "Total;;123,0\n");
  ctx_begin(&cx, "test");
  dialect_init(&d);
  CHECK(compare(&cx, input_memory(&cx, buf_view(&b), "large"), &d, "large") > 60000);
  ctx_end(&cx);
  buf_clear(&b);
}

UNIT(head_unstated, "a dialect without an encoding is refused") {
  struct ctx cx;
  struct dialect d;
  struct profile *p;
  ctx_begin(&cx, "test");
  dialect_init(&d);
  CHECK_INT(profile_head(&cx, input_memory(&cx, STR("a,b\n1,2\n"), "x"), &d, &p), E_INVALID);
  ctx_end(&cx);
}
