/* peek.h - a file's rows as clean CSV, for looking at them. */
#ifndef FORMAT_PEEK_H
#define FORMAT_PEEK_H

#include "format/format.h"

/* Writes the rows as UTF-8 RFC 4180 with LF: first what the header lines say
** (several lines joined by blanks; no line at all when the file has none), then
** every row of the table. Broken rows are left out: the profile reports them.
** write returns 0 to go on; anything else ends it with that value. */
int peek_csv(struct ctx *cx, const struct input *in, const struct profile *p,
             int (*write)(void *arg, const char *p, size_t n), void *arg);

#endif
