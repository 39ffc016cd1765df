#include "base/map.h"

#include <stdio.h>

#include "unit.h"

UNIT(map_many, "a hundred thousand keys keep their values while the table grows") {
  struct map m;
  bool added;
  char key[32];
  enum { N = 100000 };
  map_init(&m);
  CHECK(!map_get(&m, STR("x")));
  for (int i = 0; i < N; i++) {
    int n = snprintf(key, sizeof key, "key-%d", i);
    *map_put(&m, (struct str){ key, (size_t)n }, &added) = (uint64_t)i * 7;
    if (!CHECK(added)) return;
  }
  CHECK_INT(m.count, N);
  for (int i = 0; i < N; i++) {
    int n = snprintf(key, sizeof key, "key-%d", i);
    uint64_t *v = map_get(&m, (struct str){ key, (size_t)n });
    if (!CHECK(v) || !CHECK_INT((int64_t)*v, i * INT64_C(7))) return;
  }
  CHECK(!map_get(&m, STR("key-100000")));
  CHECK_INT((int64_t)*map_put(&m, STR("key-99"), &added), 99 * 7);
  CHECK(!added);
  CHECK_INT(m.count, N);
  map_clear(&m);
  CHECK(!map_get(&m, STR("key-1")));
}

UNIT(map_odd_keys, "keys are bytes: empty, with zeros, of any length") {
  struct map m;
  map_init(&m);
  CHECK_INT((int64_t)*map_put(&m, STR(""), NULL), 0);
  *map_put(&m, STR(""), NULL) = 1;
  *map_put(&m, STR("\0"), NULL) = 2;
  *map_put(&m, STR("\0\0"), NULL) = 3;
  char same[2000];
  memset(same, 'x', sizeof same);
  for (size_t n = 1; n < sizeof same; n++) *map_put(&m, (struct str){ same, n }, NULL) = n;
  for (size_t n = 1; n < sizeof same; n++)
    CHECK_INT((int64_t)*map_get(&m, (struct str){ same, n }), (int64_t)n);
  CHECK_INT((int64_t)*map_get(&m, STR("")), 1);
  CHECK_INT((int64_t)*map_get(&m, STR("\0")), 2);
  CHECK_INT((int64_t)*map_get(&m, STR("\0\0")), 3);
  map_clear(&m);
}

UNIT(map_next, "every key comes once, with its value") {
  struct map m;
  struct str key;
  uint64_t value, sum = 0;
  size_t count = 0, at = 0;
  map_init(&m);
  CHECK(!map_next(&m, &at, &key, &value));
  for (uint64_t i = 1; i <= 1000; i++) *map_put(&m, (struct str){ (const char *)&i, sizeof i }, NULL) = i;
  for (at = 0; map_next(&m, &at, &key, &value); count++) {
    uint64_t i;
    memcpy(&i, key.p, sizeof i);
    CHECK_INT((int64_t)value, (int64_t)i);
    sum += value;
  }
  CHECK_INT((int64_t)count, 1000);
  CHECK_INT((int64_t)sum, 500500);
  map_clear(&m);
}
