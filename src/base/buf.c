#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/ctx.h"

enum { FIRST = 1000 }; /* the largest piece that malloc keeps at hand for its thread, about */

void buf_init(struct buf *b, size_t max) { *b = (struct buf){ .max = max }; }

void buf_clear(struct buf *b) {
  free(b->p);
  buf_init(b, b->max);
}

void buf_reset(struct buf *b) {
  b->n = 0;
  b->full = false;
  if (b->p) b->p[0] = 0;
}

char *buf_take(struct buf *b) {
  char *p = b->p ? b->p : xcalloc(1, 1);
  buf_init(b, b->max);
  return p;
}

/* Room for n more bytes and the zero; false, and full, beyond the ceiling. */
static bool reserve(struct buf *b, size_t n) {
  if (b->full || n > b->max - b->n) {
    b->full = true;
    return false;
  }
  size_t need = b->n + n + 1;
  if (need > b->room) {
    size_t room = b->room ? b->room : FIRST;
    while (room < need) room *= 2;
    if (room - 1 > b->max) room = b->max + 1;
    b->p = xrealloc(b->p, room);
    b->room = room;
  }
  return true;
}

void buf_grow_and_add(struct buf *b, const void *p, size_t n) {
  if (!reserve(b, n)) return;
  if (n) memcpy(b->p + b->n, p, n);
  b->n += n;
  b->p[b->n] = 0;
}

void buf_int(struct buf *b, int64_t v) {
  char digits[24];
  size_t i = sizeof digits;
  uint64_t u = v < 0 ? -(uint64_t)v : (uint64_t)v;
  do digits[--i] = (char)('0' + u % 10);
  while ((u /= 10) != 0);
  if (v < 0) digits[--i] = '-';
  buf_add(b, digits + i, sizeof digits - i);
}

void buf_printf(struct buf *b, const char *fmt, ...) {
  va_list ap, again;
  va_start(ap, fmt);
  va_copy(again, ap);
  int n = vsnprintf(NULL, 0, fmt, ap);
  if (n > 0 && reserve(b, (size_t)n)) {
    vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
    b->n += (size_t)n;
  }
  va_end(again);
  va_end(ap);
}
