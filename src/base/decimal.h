/*
** decimal.h - money and quantities: 64-bit integers with a stated scale.
**
** The value 12.34 at scale 2 is 1234. No double touches money. Where digits
** must go, they go by rounding half to even (IEEE 754, "banker's rounding").
*/
#ifndef BASE_DECIMAL_H
#define BASE_DECIMAL_H

#include "base/buf.h"

enum { SCALE_MAX = 18 };
extern const int64_t dec_pow10[SCALE_MAX + 1];

/* a / b, rounded half to even; b != 0. */
int64_t dec_div(int64_t a, int64_t b);

/* From one scale to another, rounded half to even; false on overflow. */
bool dec_rescale(int64_t v, int from, int to, int64_t *out);

/* Plain decimal text: digits [. digits], optional sign, nothing else; one side of
** the point may be bare ("5.", ".5"). Digits
** beyond the scale are rounded half to even and *rounded is set. */
bool dec_parse(struct str s, int scale, int64_t *out, bool *rounded);

/* Prints at least `min` and at most `scale` decimals: trailing zeros beyond min
** are left out. 9575775 at scale 4, min 2 is "957.5775"; 2619600 is "261.96". */
void dec_print(struct buf *b, int64_t v, int scale, int min);

#endif
