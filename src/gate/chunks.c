/* chunks.c - see chunks.h. */
#include "gate/chunks.h"

enum {
  SIZE_FIRST,
  SIZE,
  EXTENSION,
  SIZE_LF,
  DATA,
  DATA_CR,
  DATA_LF,
  TRAILER_FIRST,
  TRAILER,
  TRAILER_LF,
  END_LF,
  OVER
};

static int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool is_text(char c) { return c == '\t' || ((unsigned char)c >= 0x20 && c != 0x7f); }

static int in_size(struct chunks *c, char byte) {
  int digit = digit_of(byte);
  if (digit >= 0) {
    if (c->left >> 56) return CHUNKS_FAULT;
    c->left = c->left << 4 | (unsigned)digit;
    return SIZE;
  }
  if (c->state == SIZE_FIRST) return CHUNKS_FAULT;
  if (byte == '\r') return SIZE_LF;
  return byte == ';' ? EXTENSION : CHUNKS_FAULT;
}

static int in_trailer(struct chunks *c, char byte) {
  if (byte == '\r') return c->state == TRAILER_FIRST ? END_LF : TRAILER_LF;
  if (c->state == TRAILER_FIRST && (byte == ' ' || byte == '\t')) return CHUNKS_FAULT;
  return is_text(byte) ? TRAILER : CHUNKS_FAULT;
}

/* The state after one byte that is none of the body's. */
static int step(struct chunks *c, char byte) {
  bool trailer = c->state >= TRAILER_FIRST;
  if (++c->line > (trailer ? CHUNK_TRAILERS : CHUNK_LINE)) return CHUNKS_FAULT;
  switch (c->state) {
  case SIZE_FIRST:
  case SIZE: return in_size(c, byte);
  case EXTENSION: return byte == '\r' ? SIZE_LF : is_text(byte) ? EXTENSION : CHUNKS_FAULT;
  case SIZE_LF: return byte != '\n' ? CHUNKS_FAULT : c->left ? DATA : TRAILER_FIRST;
  case DATA_CR: return byte == '\r' ? DATA_LF : CHUNKS_FAULT;
  case DATA_LF: return byte == '\n' ? SIZE_FIRST : CHUNKS_FAULT;
  case TRAILER_LF: return byte == '\n' ? TRAILER_FIRST : CHUNKS_FAULT;
  case END_LF: return byte == '\n' ? OVER : CHUNKS_FAULT;
  default: return in_trailer(c, byte);
  }
}

int64_t chunks_take(struct chunks *c, const char *from, size_t n, char *to, size_t room, size_t *took) {
  size_t put = 0;
  *took = 0;
  while (*took < n && c->state != OVER) {
    if (c->state == DATA) {
      size_t part = n - *took < room - put ? n - *took : room - put;
      if (part > c->left) part = (size_t)c->left;
      if (!part) return (int64_t)put;
      memmove(to + put, from + *took, part);
      put += part;
      *took += part;
      c->left -= part;
      c->line = 0;
      if (!c->left) c->state = DATA_CR;
      continue;
    }
    int next = step(c, from[*took]);
    if (next < 0) return CHUNKS_FAULT;
    c->state = next;
    ++*took;
    if (next == DATA || next == SIZE_FIRST) c->line = 0;
  }
  return (int64_t)put;
}

bool chunks_over(const struct chunks *c) { return c->state == OVER; }
