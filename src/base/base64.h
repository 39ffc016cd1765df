/* base64.h - RFC 4648, with padding, without line breaks. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/buf.h"

void base64_put(struct buf *out, const void *p, size_t n);

#endif
