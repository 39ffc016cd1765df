/* utf8.h - one character at a time, as RFC 3629 has it: no overlong forms, no
** surrogates, nothing beyond U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/str.h"

size_t utf8_step(const char *p, size_t n);                   /* bytes of the character at p; 0: not valid */
bool utf8_valid(struct str s);                               /* fast where all is ASCII */
uint32_t utf8_decode(const char *p, size_t n, size_t *step); /* U+FFFD and step 1 when not valid */
size_t utf8_put(char out[static 4], uint32_t c); /* not utf8_encode: that is a symbol of libjansson.a */

#endif
