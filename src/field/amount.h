/* amount.h - money of lines: exact, and rounded half to even once. */
#ifndef FIELD_AMOUNT_H
#define FIELD_AMOUNT_H

#include <stdbool.h>
#include <stdint.h>

/* quantity and unit_price in 1/10000, the product in 1/100. False when it cannot be held. */
bool amount_of_line(int64_t quantity, int64_t unit_price, int64_t *out);

#endif
