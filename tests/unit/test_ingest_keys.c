/* The filter of seen keys: "no" must be certain. */
#include <stdio.h>

#include "base/hash.h"
#include "ingest/keys.h"
#include "unit.h"

static uint64_t key(const char *kind, int64_t i) {
  char text[48];
  int n = snprintf(text, sizeof text, "%s-%07lld", kind, (long long)i);
  return hash64(text, (size_t)n);
}

/* Adds `count` keys to a filter for `expected`: none may be forgotten, few foreign ones believed. */
static void try(uint64_t expected, int64_t count) {
  struct keys k;
  int64_t forgotten = 0, believed = 0, foreign = 200000;
  keys_init(&k, expected);
  for (int64_t i = 0; i < count; i++) {
    keys_add(&k, key("ORD", i));
    if (!keys_perhaps(&k, key("ORD", i)) || !keys_perhaps(&k, key("ORD", i / 2))) forgotten++;
  }
  for (int64_t i = 0; i < count; i++) forgotten += !keys_perhaps(&k, key("ORD", i));
  for (int64_t i = 0; i < foreign; i++) believed += keys_perhaps(&k, key("OTHER", i));
  CHECK_INT(forgotten, 0);
  if (!CHECK(believed * 100 < foreign))
    printf("expected %llu, %lld keys: %lld of %lld foreign ones believed\n", (unsigned long long)expected,
           (long long)count, (long long)believed, (long long)foreign);
  keys_clear(&k);
}

UNIT(keys_as_expected, "no key is forgotten, fewer than one in a hundred others is believed") {
  try(1000, 1000);
  try(100000, 100000);
  try(1000000, 1000000);
}
UNIT(keys_more_than_expected, "the same when many more came than were expected") {
  try(0, 50000);
  try(1, 300000);
  try(5000, 1000000);
}
UNIT(keys_none, "an empty filter knows nothing") {
  struct keys k;
  int believed = 0;
  keys_init(&k, 0);
  for (int64_t i = 0; i < 10000; i++) believed += keys_perhaps(&k, key("ORD", i));
  CHECK_INT(believed, 0);
  keys_clear(&k);
}
