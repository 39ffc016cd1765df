#include "base/ids.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/time.h"
#include "unit.h"

enum { IDS = 50000 };
static char made[2][IDS][37];

static void *make_ids(void *which) {
  char(*mine)[37] = made[*(int *)which];
  for (int i = 0; i < IDS; i++) uuid7(mine[i], time_now());
  return NULL;
}

static int compare(const void *a, const void *b) { return strcmp(a, b); }

UNIT(uuid7_monotone, "ids of two threads are all different, and each thread's never go back") {
  pthread_t thread[2];
  int which[2] = { 0, 1 };
  for (int i = 0; i < 2; i++)
    if (!CHECK(pthread_create(&thread[i], NULL, make_ids, &which[i]) == 0)) return;
  for (int i = 0; i < 2; i++) pthread_join(thread[i], NULL);
  for (int t = 0; t < 2; t++)
    for (int i = 1; i < IDS; i++)
      if (!CHECK(strcmp(made[t][i - 1], made[t][i]) < 0)) return;
  const char *all = &made[0][0][0];
  const size_t each = sizeof made[0][0];
  qsort(made, 2 * (size_t)IDS, each, compare);
  for (size_t i = 1; i < 2 * (size_t)IDS; i++)
    if (!CHECK(strcmp(all + (i - 1) * each, all + i * each) < 0)) return;
}

UNIT(uuid7_form, "an id is a UUID of version 7 and variant 2 that tells its millisecond") {
  char id[37];
  int64_t ms = INT64_C(4102444800123); /* far ahead, so that the last id does not matter */
  uuid7(id, ms * 1000);
  CHECK(uuid_valid(str_of(id)));
  CHECK_INT(id[14], '7');
  CHECK(strchr("89ab", id[19]) != NULL);
  char hex[13] = "";
  memcpy(hex, id, 8);
  memcpy(hex + 8, id + 9, 4);
  CHECK_INT(strtoll(hex, NULL, 16), ms);
}

UNIT(uuid7_clock_back, "a clock that stands still or jumps back does not move ids back") {
  char a[37], b[37];
  int64_t now = time_now() + INT64_C(3600000000);
  uuid7(a, now);
  for (int i = 0; i < 10000; i++) {
    uuid7(b, i % 2 ? now : now - INT64_C(3600000000));
    if (!CHECK(strcmp(a, b) < 0)) return;
    memcpy(a, b, sizeof a);
  }
}

UNIT(uuid_checking, "a UUID is 36 characters, lower case, dashes where they belong") {
  CHECK(uuid_valid(STR("0190a8c1-7e3f-7abc-8def-0123456789ab")));
  CHECK(!uuid_valid(STR("0190A8c1-7e3f-7abc-8def-0123456789ab")));
  CHECK(!uuid_valid(STR("0190a8c1-7e3f-7abc-8def-0123456789a")));
  CHECK(!uuid_valid(STR("0190a8c1-7e3f-7abc-8def-0123456789abc")));
  CHECK(!uuid_valid(STR("0190a8c17-e3f-7abc-8def-0123456789ab")));
  CHECK(!uuid_valid(STR("0190a8c1-7e3f-7abc-8def-0123456789ag")));
  CHECK(!uuid_valid(STR("")));
}
