/*
** fuzz_cron.c - any bytes as a cron expression. What is read has slots that go forward,
** whose wall time fits, and that looking back finds again.
*/
#include <stdlib.h>

#include "base/limits.h"
#include "job/cron.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds) {
  if (!holds) abort();
}

static void walk(const struct cron *c, const struct zone *z, int64_t from) {
  int64_t at = from, next, back;
  for (int i = 0; i < 5 && cron_next(c, z, at, &next); i++, at = next) {
    must(next > at && next % 60000000 == 0);
    must(c->minutes >> ((next / 1000000 + zone_span_at(z, next).offset) / 60 % 60) & 1 ||
         zone_span_at(z, next).before != zone_span_at(z, next).offset);
    must(cron_previous(c, z, next + 1, &back) && back == next);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct ctx cx;
  struct cron c;
  struct buf words;
  const struct zone *z;
  ctx_begin(&cx, "fuzz");
  if (!cron_parse(&cx, (struct str){ (const char *)data, size }, &c)) {
    buf_init(&words, KIB(4));
    cron_words(&c, &words);
    must(!words.full && words.n > 0);
    buf_clear(&words);
    walk(&c, zone_utc(), 0);
    if (!zone_find(&cx, "Europe/Berlin", &z))
      walk(&c, z, INT64_C(1711846800000000) - 7200000000); /* to summer */
    if (!cx.code && !zone_find(&cx, "Australia/Lord_Howe", &z))
      walk(&c, z, INT64_C(1712415600000000) - 7200000000);
  } else {
    must(cx.message[0] != 0);
  }
  ctx_end(&cx);
  return 0;
}
