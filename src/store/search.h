/* search.h - what somebody searches for, as patterns of LIKE ... ESCAPE '\'. */
#ifndef STORE_SEARCH_H
#define STORE_SEARCH_H

#include "base/buf.h"
#include "base/ctx.h"

enum { SEARCH_WORDS = 16 };

/* Text as a part of a pattern: %, _ and \ stand for themselves. */
void search_plain(struct buf *out, struct str text);

/* The next word of a search, cut off *rest; false at the end. */
bool search_word(const char **rest, struct str *word);

/* Each word of it as "%word%", in a JSON array for json_each; NULL when there is no word. E_INVALID: more than SEARCH_WORDS. */
int search_patterns(struct ctx *cx, const char *field, const char *search, const char **out);

#endif
