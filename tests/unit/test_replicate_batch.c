#include "replicate/batch.h"

#include "replicate/apply_cells.h"
#include "replicate/merkle.h"
#include "replicate/net.h"
#include "unit.h"

UNIT(batch_cells, "values become the text that PostgreSQL prints") {
  struct up_batch b;
  up_init(&b);
  struct up_section *s = up_section(&b, &(struct up_section){ .table = "thing", .columns = "a,b,c,d,e,f,g" });
  cell_text(&s->copy, STR("a\tb\\c\nd\re"));
  cell_text(&s->copy, (struct str){ NULL, 0 });
  cell_decimal(&s->copy, -125000, 4);
  cell_bytes(&s->copy, STR("\x00\xff\\"));
  cell_time(&s->copy, 1709250899123456);
  cell_day(&s->copy, 19782);
  cell_bool(&s->copy, true);
  up_row_end(&b, s);
  CHECK_STR(s->copy.p,
            "a\\tb\\\\c\\nd\\re\t\\N\t-12.5000\t\\\\x00ff5c\t2024-02-29 23:54:59.123456+00\t2024-02-29\tt\n");
  CHECK_INT(b.rows, 1);
  CHECK(up_section(&b, &(struct up_section){ .table = "thing" }) == s);
  up_clear(&b);
}

UNIT(batch_odd_text, "what PostgreSQL has no place for is replaced, and nothing else") {
  struct buf out;
  buf_init(&out, 1000);
  cell_text(&out, (struct str){ "a\0b\xff\xc3\xbc\\N", 8 });
  CHECK_STR(out.p, "a\xe2\x90\x80"
                   "b\xef\xbf\xbd\xc3\xbc\\\\N\t");
  buf_clear(&out);
}

/* Every byte there is, in pieces, comes back as it was: read by the reader that hashes rows. */
UNIT(batch_round_trip, "a cell comes back as it was") {
  struct buf out, plain;
  struct str value;
  char text[127];
  for (int i = 1; i < 128; i++) text[i - 1] = (char)i;
  buf_init(&out, 1000);
  buf_init(&plain, 1000);
  for (size_t from = 0; from < sizeof text; from++) {
    size_t at = 0;
    buf_reset(&out);
    cell_text(&out, (struct str){ text + from, sizeof text - from });
    CHECK(copy_value((struct str){ out.p, out.n - 1 }, &at, &plain, &value));
    CHECK(str_eq(value, (struct str){ text + from, sizeof text - from }));
  }
  buf_clear(&out);
  buf_clear(&plain);
}

/* ---- net changes ---- */

static void entry(struct up_batch *b, struct up_section *s, int64_t seq, const char *unit, const char *key,
                  const char *before, const char *after) {
  cell_int(&s->copy, seq);
  cell_int(&s->copy, 0);
  cell_time(&s->copy, 0);
  cell_text(&s->copy, STR("me"));
  cell_text(&s->copy, str_of(unit));
  cell_text(&s->copy, STR("RECORD_UPDATED"));
  cell_text(&s->copy, STR("note"));
  cell_text(&s->copy, str_of(key));
  cell_text(&s->copy, str_of(before));
  cell_text(&s->copy, str_of(after));
  cell_int(&s->copy, 1);
  cell_text(&s->copy, STR(""));
  cell_bytes(&s->copy, STR("h"));
  cell_int(&s->copy, seq * 100);
  up_row_end(b, s);
}

static const struct up_section log_like = { .table = "change_log", .columns = "seq" };

UNIT(net_collapses, "changes of one record become one, each field with its last stamp") {
  struct ctx cx;
  struct up_batch b;
  struct net net;
  entity_register_declared();
  ctx_begin(&cx, "test");
  up_init(&b);
  struct up_section *s = up_section(&b, &log_like);
  entry(&b, s, 1, "u", "A", NULL, "{\"id\":\"A\",\"key\":\"k\",\"text\":\"1, \\\"}\",\"updated_at\":1}");
  entry(&b, s, 2, "u", "B", "{\"id\":\"B\",\"key\":\"k\",\"text\":\"1\",\"updated_at\":1}",
        "{\"id\":\"B\",\"key\":\"l\",\"text\":\"1\",\"updated_at\":2}");
  entry(&b, s, 3, "u", "A", "{\"id\":\"A\",\"key\":\"k\",\"text\":\"1, \\\"}\",\"updated_at\":1}",
        "{\"id\":\"A\",\"key\":\"k\",\"text\":\"2\",\"updated_at\":3}");
  entry(&b, s, 4, "u", "B", "{\"id\":\"B\",\"key\":\"l\",\"text\":\"1\",\"updated_at\":2}",
        "{\"id\":\"B\",\"key\":\"l\",\"text\":\"3\",\"updated_at\":4}");
  entry(&b, s, 5, "hq:7", "C", NULL, "{\"id\":\"C\"}");
  CHECK_INT(net_make(&cx, s, 9, &net), OK);
  CHECK_INT(net.count, 1);
  CHECK_STR(net.entities[0].entity->name, "note");
  CHECK_STR(net.entities[0].copy.p, "A\t1\t3\t300\t"
                                    "{\"\":[100,9],\"text\":[300,9],\"updated_at\":[300,9]}\tt\tt\n"
                                    "B\t2\t4\t400\t"
                                    "{\"key\":[200,9],\"text\":[400,9],\"updated_at\":[400,9]}\tf\tt\n");
  up_clear(&b);
  ctx_end(&cx);
}

UNIT(net_one_go, "a record that was made in one go has no stamps of its own") {
  struct ctx cx;
  struct up_batch b;
  struct net net;
  entity_register_declared();
  ctx_begin(&cx, "test");
  up_init(&b);
  struct up_section *s = up_section(&b, &log_like);
  entry(&b, s, 1, "u", "A", NULL, "{\"id\":\"A\",\"text\":\"1\"}");
  CHECK_INT(net_make(&cx, s, 9, &net), OK);
  CHECK_STR(net.entities[0].copy.p, "A\t1\t1\t100\t\\N\tt\tt\n");
  up_clear(&b);
  ctx_end(&cx);
}

UNIT(net_damaged, "a record that the log has not whole is refused, and nothing behind it is read") {
  static const char *const damaged[] = {
    "", "{", "{\"id\":\"A\"", "{\"id\":\"A\",\"text\":\"", "null", "7}"
  };
  entity_register_declared();
  for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
    struct ctx cx;
    struct up_batch b;
    struct net net;
    ctx_begin(&cx, "test");
    up_init(&b);
    struct up_section *s = up_section(&b, &log_like);
    entry(&b, s, 1, "u", "A", NULL, damaged[i]);
    CHECK_INT(net_make(&cx, s, 9, &net), E_INVALID);
    up_clear(&b);
    ctx_end(&cx);
  }
}

UNIT(cells_damaged, "of a record that ends too early come the cells that are whole") {
  static const char *const records[][2] = {
    { "{\"id\":\"A\",\"text\":\"1\"}", "A\t1\t" },  { "{\"id\":\"A\",\"text\":\"}", "A\t\\N\t" },
    { "{\"id\":\"A\",\"text\":\"\\", "A\t\\N\t" },  { "{\"id\":\"A\",\"text\":", "A\t\\N\t" },
    { "{\"id\":\"A\",\"text\":\"1\"", "A\t\\N\t" }, { "{\"id\":\"", "\\N\t\\N\t" },
  };
  struct cell_column list[] = { { .name = "id" }, { .name = "text" } };
  const struct cell_columns columns = { .list = list, .count = 2 };
  for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
    struct ctx cx;
    struct buf out;
    ctx_begin(&cx, "test");
    buf_init(&out, 1000);
    CHECK_INT(record_cells(&cx, &columns, str_of(records[i][0]), &out), OK);
    CHECK_STR(out.p, records[i][1]);
    buf_clear(&out);
    ctx_end(&cx);
  }
}
