/* ids.h - UUIDv7 (RFC 9562): sorts by time, never goes back within a process. */
#ifndef BASE_IDS_H
#define BASE_IDS_H

#include "base/str.h"

void uuid7(char out[static 37], int64_t now_us);
bool uuid_valid(struct str s);
void random_bytes(void *to, size_t n); /* from the kernel; aborts if it has none */

#endif
