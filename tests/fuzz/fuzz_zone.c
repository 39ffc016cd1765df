/*
** fuzz_zone.c - any bytes as the file of a time zone. What is read covers all of time
** with spans that meet, each with an offset unlike the one before it.
*/
#include <stdlib.h>

#include "job/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds) {
  if (!holds) abort();
}

static void walk(const struct zone *z) {
  struct zone_span s = zone_span_at(z, INT64_MIN);
  while (s.until != INT64_MAX) {
    struct zone_span next = zone_span_at(z, s.until);
    must(s.from < s.until && next.from == s.until);
    must(next.before == s.offset && next.offset != s.offset);
    must(zone_span_at(z, s.until - 1).from == s.from);
    s = next;
  }
  must(s.offset >= -26 * 3600 && s.offset <= 26 * 3600);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct ctx cx;
  struct zone *z;
  char text[ZONE_TIME_SIZE];
  ctx_begin(&cx, "fuzz");
  if (!zone_parse(&cx, "Fuzz/Zone", (struct str){ (const char *)data, size }, &z)) {
    walk(z);
    zone_iso(text, z, INT64_C(1711846800000000));
    zone_free(z);
  }
  ctx_end(&cx);
  return 0;
}
