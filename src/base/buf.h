/*
** buf.h - a growing buffer with a ceiling.
**
** buf_init cannot fail and allocates nothing. Beyond the ceiling nothing is
** added any more and `full` is set, so a writer may check once at the end.
** The bytes are always followed by a zero, which is not counted.
*/
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>

#include "base/str.h"

struct buf {
  char *p;     /* owned */
  size_t n;    /* bytes in use */
  size_t room; /* bytes allocated, at most max and the zero */
  size_t max;  /* ceiling of n */
  bool full;   /* something did not fit */
};

void buf_init(struct buf *b, size_t max);
void buf_clear(struct buf *b); /* frees; the buffer may be used again */
void buf_reset(struct buf *b); /* empties, keeps the memory */
char *buf_take(struct buf *b); /* ownership moves to the caller, who frees it */

void buf_grow_and_add(struct buf *b, const void *p, size_t n);

static inline void buf_add(struct buf *b, const void *p, size_t n) {
  if (n >= b->room - b->n || b->full) { /* the zero wants a place, too */
    buf_grow_and_add(b, p, n);
    return;
  }
  if (n) memcpy(b->p + b->n, p, n);
  b->n += n;
  b->p[b->n] = 0;
}
static inline void buf_char(struct buf *b, char c) { buf_add(b, &c, 1); }
static inline void buf_str(struct buf *b, struct str s) { buf_add(b, s.p, s.n); }
static inline void buf_puts(struct buf *b, const char *z) { buf_add(b, z, strlen(z)); }
void buf_int(struct buf *b, int64_t v);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static inline struct str buf_view(const struct buf *b) { return (struct str){ b->p ? b->p : "", b->n }; }

#endif
