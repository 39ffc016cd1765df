/* base64.h - RFC 4648. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/buf.h"

void base64_put(struct buf *out, const void *p, size_t n); /* with padding, without line breaks */

/* The alphabet for addresses (section 5), without padding. */
void base64url_put(struct buf *out, const void *p, size_t n);
bool base64url_get(struct buf *out, struct str text); /* false: text is not what base64url_put writes */

bool base64_get(struct buf *out, struct str text); /* of at most 256 bytes; false when it is not base64 */

#endif
