/*
** str.h - a slice of bytes that somebody else owns.
**
** Slices are passed by value, are not terminated, and live as long as what
** they point into. Text is UTF-8 unless a header says otherwise.
*/
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
  const char *p;
  size_t n;
};

#define STR(literal) ((struct str){ (literal), sizeof(literal) - 1 })
#define STR_FMT "%.*s" /* printf("... " STR_FMT, STR_ARG(s)) */
#define STR_ARG(s) (int)(s).n, (s).p

static inline struct str str_of(const char *z) { return (struct str){ z, z ? strlen(z) : 0 }; }

static inline bool str_eq(struct str a, struct str b) {
  return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

struct str str_trim(struct str s);              /* without ASCII blanks at both ends */
bool str_eq_nocase(struct str a, struct str b); /* ASCII case folded */
bool str_starts(struct str s, struct str prefix);
bool str_to_int(struct str s, int64_t *out); /* whole slice, decimal, no overflow */

/* Copies at most size-1 bytes and terminates; false when it had to cut. */
bool str_copy(char *to, size_t size, struct str s);

#endif
