/*
** fuzz_net.c - any bytes as entries of the log on their way up. As one cell they come back as they were. As lines of COPY text they
** are refused, or come to changes of which each has its line, its record, and every cell of it.
*/
#include <stdlib.h>

#include "base/utf8.h"
#include "replicate/apply_cells.h"
#include "replicate/merkle.h"
#include "replicate/net.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds) {
  if (!holds) abort();
}

static int count_of(struct str s, char c) {
  int n = 0;
  for (size_t i = 0; i < s.n; i++) n += s.p[i] == c;
  return n;
}

static void check_cell(struct str text) {
  struct buf out, plain;
  struct str value;
  size_t at = 0;
  buf_init(&out, SIZE_MAX);
  buf_init(&plain, SIZE_MAX);
  cell_text(&out, text);
  must(out.n > 0 && out.p[out.n - 1] == '\t' && count_of(buf_view(&out), '\t') == 1 &&
       utf8_valid(buf_view(&out)));
  must(copy_value((struct str){ out.p, out.n - 1 }, &at, &plain, &value) && at == out.n);
  if (utf8_valid(text) && !count_of(text, 0)) must(value.p && str_eq(value, text));
  buf_clear(&out);
  buf_clear(&plain);
}

static void check_record(struct ctx *cx, const struct entity *e, struct str record) {
  const struct cell_columns c = { .list = ctx_alloc(cx, ((size_t)e->property_count + 2) * sizeof *c.list),
                                  .count = e->property_count + 2 };
  struct buf out;
  buf_init(&out, SIZE_MAX);
  c.list[0] = (struct cell_column){ .name = "id" };
  c.list[1] = (struct cell_column){ .name = "created_at", .moment = true };
  for (int i = 0; i < e->property_count; i++)
    c.list[i + 2] = (struct cell_column){ .name = e->properties[i].name, .json = i % 2 };
  if (record_cells(cx, &c, record, &out))
    must(cx->code == E_INVALID);
  else
    must(count_of(buf_view(&out), '\t') == c.count);
  ctx_forgive(cx);
  buf_clear(&out);
}

static void check_changes(struct ctx *cx, const struct up_section *log, const struct net_entity *n) {
  struct buf plain;
  struct str after;
  buf_init(&plain, SIZE_MAX);
  must(n->rows > 0 && count_of(buf_view(&n->copy), '\n') == n->rows && n->alone <= n->rows &&
       n->fresh <= n->alone);
  must(count_of(buf_view(&n->copy), '\t') == n->rows * count_of(STR(NET_COLUMNS), ','));
  for (int64_t i = 0; i < n->rows; i++) {
    must(net_after(log, n->afters[i], &plain, &after));
    check_record(cx, n->entity, after);
  }
  buf_clear(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static bool registered;
  struct ctx cx;
  struct net net;
  struct up_section log = { .table = "change_log", .columns = "seq" };
  if (!registered) entity_register_declared();
  registered = true;
  check_cell((struct str){ (const char *)data, size });
  ctx_begin(&cx, "fuzz");
  buf_init(&log.copy, SIZE_MAX);
  buf_add(&log.copy, data, size);
  if (net_make(&cx, &log, 7, &net) == OK)
    for (int i = 0; i < net.count; i++) check_changes(&cx, &log, &net.entities[i]);
  else
    must(cx.code == E_INVALID && cx.message[0]);
  buf_clear(&log.copy);
  ctx_end(&cx);
  return 0;
}
