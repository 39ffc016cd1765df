/*
** scan.h - the tokens of one JSON document, without copies. Private to the folder.
**
** Every function is false when the bytes are no JSON (RFC 8259, UTF-8); then why says
** what is wrong and p stands where.
*/
#ifndef EVENT_SCAN_H
#define EVENT_SCAN_H

#include "base/ctx.h"

struct scan {
  struct ctx *cx; /* where texts with escapes are put */
  const char *from, *p, *end;
  bool loose; /* there were blanks between tokens */
  const char *why;
};

void scan_init(struct scan *s, struct ctx *cx, struct str json);
bool scan_char(struct scan *s, char c);  /* this one, after blanks */
bool scan_peek(struct scan *s, char *c); /* what comes after blanks */
bool scan_end(struct scan *s);           /* nothing but blanks is left */

/* The text of a string, decoded. */
bool scan_string(struct scan *s, struct str *out);
/* Anything, as it is written; of what nests only the brackets are matched. */
bool scan_raw(struct scan *s, struct str *out);

/* The value of a number at a scale; *why when it does not fit: too large, too many decimals. */
bool scan_decimal(struct str number, int scale, int64_t *out, const char **why);

/* A document that was found right, without the blanks between its tokens. */
struct str scan_compact(struct ctx *cx, struct str json);

#endif
