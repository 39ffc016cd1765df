#include "field/amount.h"

bool amount_of_line(int64_t quantity, int64_t unit_price, int64_t *out) {
  const __int128 unit = 1000000; /* 10^(4 + 4 - 2) */
  __int128 exact = (__int128)quantity * unit_price, whole = exact / unit, rest = exact % unit;
  if (rest < 0) rest = -rest;
  if (rest * 2 > unit || (rest * 2 == unit && whole % 2)) whole += exact < 0 ? -1 : 1;
  *out = (int64_t)whole;
  return whole == *out;
}
