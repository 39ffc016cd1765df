/* fuzz_event.c - an event that is taken reads the same from its compact form, and is JSON to the JSON reader, too. */
#include <stdint.h>
#include <stdlib.h>

#include "event/event.h"
#include "event/internal.h"
#include "event/segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct event_type types[] = { { STR("SALE"), 7 }, { STR("NOTE"), 0 } };
static const struct topic topic = {
  .name = "fuzz",
  .partitions = 4,
  .fields = { { STR("sku"), EVENT_TEXT },
              { STR("warehouseId"), EVENT_TEXT },
              { STR("quantityChange"), EVENT_DECIMAL },
              { STR("count"), EVENT_INTEGER },
              { STR("from"), EVENT_INSTANT },
              { STR("last"), EVENT_BOOLEAN },
              { STR("details"), EVENT_JSON } },
  .field_count = 7,
  .types = types,
  .type_count = 2,
  .keys = { 1, 0 },
  .key_count = 2,
};

static void same(const struct event *a, const struct event *b) {
  if (!str_eq(a->id, b->id) || !str_eq(a->type, b->type) || !str_eq(a->key, b->key)) abort();
  if (a->partition != b->partition || a->at != b->at) abort();
  for (int i = 0; i < topic.field_count; i++)
    if (a->value[i].number != b->value[i].number || !a->value[i].text.p != !b->value[i].text.p) abort();
}

static void in_segment(struct str body) {
  struct buf out;
  struct str back;
  size_t at = 0;
  buf_init(&out, SIZE_MAX / 2);
  segment_put(&out, body);
  if (!segment_next(buf_view(&out), &at, &back) || !str_eq(back, body) || at != out.n) abort();
  buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct ctx cx;
  struct event first, second, brief;
  struct str back;
  struct jv *v;
  size_t at = 0;
  ctx_begin(&cx, "fuzz");
  while (segment_next((struct str){ (const char *)data, size }, &at, &back))
    if (at > size) abort();
  if (event_parse(&cx, &topic, (struct str){ (const char *)data, size }, &first)) {
    if (!first.why || first.outcome != EVENT_REFUSED) abort();
  } else {
    if (event_parse(&cx, &topic, first.body, &second)) abort();
    same(&first, &second);
    if (!str_eq(first.body, second.body)) abort(); /* compact is compact */
    if (event_reread(&cx, &topic, first.body, &second)) abort();
    if (event_reread_brief(&cx, &topic, first.body, &brief)) abort();
    if (!str_eq(brief.id, first.id) || !str_eq(brief.type, first.type) || brief.at != first.at) abort();
    same(&first, &second);
    if (jv_parse(&cx, first.body, &v)) abort();
    in_segment(first.body);
  }
  ctx_end(&cx);
  return 0;
}
