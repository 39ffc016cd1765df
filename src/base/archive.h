/*
** archive.h - a .tar.gz of small files, made in memory (POSIX ustar in gzip).
*/
#ifndef BASE_ARCHIVE_H
#define BASE_ARCHIVE_H

#include "base/buf.h"
#include "base/ctx.h"

struct archive; /* lives as long as the unit of work */

/* when: the time of all its files, UTC microseconds. max: bytes of the whole, compressed. */
struct archive *archive_new(struct ctx *cx, int64_t when, size_t max);
/* name: at most 99 bytes, with / between folders. */
void archive_add(struct archive *a, const char *name, struct str bytes);
/* All of it; E_LIMIT when it does not fit. The bytes live as long as the archive. */
int archive_end(struct ctx *cx, struct archive *a, struct str *out);

#endif
