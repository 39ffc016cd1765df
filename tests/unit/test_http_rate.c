#include "http/rate.h"
#include "unit.h"

enum { LIMIT = 100 };
static const int64_t SECOND = 1000000;

UNIT(rate_burst, "a hundred at once, and then one every 600 ms") {
  struct rate *r = rate_new(LIMIT, NULL);
  int64_t now = 5000 * SECOND;
  for (int i = 0; i < LIMIT; i++) {
    struct rate_answer a = rate_ask(r, 7, LIMIT, now);
    CHECK(a.passes);
    CHECK_INT(a.left, LIMIT - 1 - i);
  }
  struct rate_answer a = rate_ask(r, 7, LIMIT, now);
  CHECK(!a.passes);
  CHECK_INT(a.left, 0);
  CHECK_INT(a.wait, 600000);
  CHECK_INT(a.reset, 60 * SECOND);
  CHECK(!rate_ask(r, 7, LIMIT, now + 599999).passes);
  CHECK(rate_ask(r, 7, LIMIT, now + 600000).passes);
  CHECK(!rate_ask(r, 7, LIMIT, now + 600000).passes);
  CHECK(rate_ask(r, 8, LIMIT, now).passes); /* somebody else */
  rate_free(r);
}

/* Ten times too much for ten minutes: a hundred at first, and a hundred a minute. */
UNIT(rate_long_run, "in the long run so many a minute and no more") {
  struct rate *r = rate_new(LIMIT, NULL);
  int passed = 0;
  for (int64_t at = 0; at < 600 * SECOND; at += 60000) passed += rate_ask(r, 7, LIMIT, at).passes;
  CHECK(passed >= 1099 && passed <= 1101);
  rate_free(r);
}

UNIT(rate_full, "more askers than buckets: nobody who is near his limit is forgotten") {
  struct rate *r = rate_new(LIMIT, NULL);
  for (int i = 0; i < LIMIT; i++) rate_ask(r, 7, LIMIT, SECOND);
  for (uint64_t who = 1000; who < 60000; who++) rate_ask(r, who, LIMIT, SECOND);
  CHECK(!rate_ask(r, 7, LIMIT, SECOND).passes);
  rate_free(r);
}
